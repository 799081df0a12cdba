"""A result as sentences for the student: where it is wrong, and which mistake it looks like. Never the solution."""

from minis2s.labs.spec import RUNGS

STATUS = {  # status of a task: what the table says
    "passed": "ok",
    "wrong": "WRONG",
    "absent": "no such function",
    "unwritten": "not written yet",
    "bad": "returns no arrays",
    "raised": "raises",
    "broken": "file does not load",
    "timeout": "too slow",
    "died": "ends the process",
    "garbled": "disturbs the grader",
}


def first_wrong(result):
    """The answers of the easiest rung that fails, wrong ones only."""
    failing = [rung for rung, passed in result.rungs().items() if not passed]
    return [a for a in result.answers if failing and a.case.rung == failing[0] and not a.verdict.passed]


def ladder(result):
    """(titles of the rungs passed, titles of those failed)."""
    rungs = result.rungs()
    return [RUNGS[rung] for rung in rungs if rungs[rung]], [RUNGS[rung] for rung in rungs if not rungs[rung]]


def where(result):
    """One sentence for each output that is wrong at the first rung that fails, or the reason why there are no numbers."""
    answers = first_wrong(result)
    sentences = []
    for answer in answers:
        if not answer.verdict.wrong and answer.verdict.reason:
            sentences.append(answer.verdict.reason)
    by_output = {}
    for answer in answers:
        for wrong in answer.verdict.wrong:
            by_output.setdefault(str(wrong.output), []).append(wrong)
    sentences += [f"{label} {_parts(wrongs)}" for label, wrongs in by_output.items()]
    right = [str(output) for output in result.task.outputs if str(output) not in by_output]
    if by_output and right:
        sentences.append(f"right there: {', '.join(right)}")
    return list(dict.fromkeys(sentences))


def _parts(wrongs):
    """Which part of one output is wrong, from all draws of the rung."""
    if reasons := [wrong.reason for wrong in wrongs if wrong.reason]:
        return reasons[0]
    parts, last = [], wrongs[-1]
    if last.blocks is not None:
        names = list(dict.fromkeys(block for wrong in wrongs for block in wrong.blocks))
        some = f"in block{'s' * (len(names) > 1)} {', '.join(names)} only"
        parts.append("in all blocks" if len(names) == len(last.all_blocks) else some)
    if last.steps is not None and last.steps_of > 1:
        parts.append(_indices("step", last.steps, last.steps_of))
    if last.rows is not None and last.rows_of > 1:
        parts.append(_indices("row", last.rows, last.rows_of))
    return "is wrong" + "".join(f"{', ' if n else ' '}{part}" for n, part in enumerate(parts))


def _indices(name, found, count):
    """"at step 0 of 5", "at steps 0–3 of 5", "at all 5 steps"; they are counted from 0, as in the arrays."""
    if len(found) == count:
        return f"at all {count} {name}s"
    runs = []
    for index in found:
        if runs and index == runs[-1][1] + 1:
            runs[-1][1] = index
        else:
            runs.append([index, index])
    text = ", ".join(str(a) if a == b else f"{a}–{b}" for a, b in runs)
    return f"at {name}{'s' * (len(found) > 1)} {text} (of 0–{count - 1})"


def mistake(result):
    """What the diagnosis says, as sentences; empty where nothing is wrong or nothing could be compared."""
    found = result.diagnosis
    if found is None or result.status not in ("wrong", "timeout", "raised", "died"):
        return []
    if not found.mistakes:
        return [found.reason or "not one I know"]
    told = [_said(faults) for faults in found.mistakes]
    if len(told) == 1:
        return told
    return ["one of these, which give the same numbers:", *(f"  {text}" for text in told)]


def _said(faults):
    return faults[0].says if len(faults) == 1 else "two at once: " + "; and ".join(fault.says for fault in faults)


def told(result):
    """The lines below the table for a task that is not right: the ladder, where it is wrong, the likely mistake."""
    right, failed = ladder(result)
    lines = [f"right for: {'; '.join(right)}"] * bool(right) + [f"wrong for: {'; '.join(failed)}"] * bool(failed)
    if failed and result.status == "wrong":
        lines.append(f"“{failed[0]}”: {'; '.join(where(result))}")
    else:
        lines += where(result)
    said = mistake(result)
    return lines + [f"likely mistake: {said[0]}", *said[1:]] if said else lines


def terms(result):
    """The terms of the formula to look at, if the mistake is known."""
    mistakes = result.diagnosis.mistakes if result.diagnosis else ()
    return list(dict.fromkeys(fault.term for faults in mistakes for fault in faults if fault.term))


def hint(result, stage):
    """The hint of stage 1 (where), 2 (what behaviour is expected there) or 3 (which term), as lines."""
    general = result.task.hints[stage - 1]
    if stage == 1:
        failed = ladder(result)[1]
        return [f"Where: {general}", f"The first thing that fails is “{failed[0]}”.", *where(result)]
    if stage == 2:
        return [f"What is expected: {general}"]
    return [f"Which term: {general}", *terms(result)]


def remarks(result):
    """What is worth saying of a function, right or wrong: float32, changed arguments."""
    found = [answer.verdict.remark for answer in result.answers if answer.verdict.remark]
    changed = sorted({name for answer in result.answers for name in answer.reply.changed})
    if changed:
        found.append(f"changes its argument{'s' * (len(changed) > 1)} {', '.join(changed)}: the caller may still need them")
    return list(dict.fromkeys(found))


def shapes(result):
    """"as expected", or the first output of another shape, as "∂L/∂W_h (6, 3), expected (3, 6)"."""
    if not any(answer.reply.status == "ok" for answer in result.answers):
        return "–"
    for answer in result.answers:
        for wrong in answer.verdict.wrong:
            if "shape" in wrong.reason:
                return f"{wrong.output} {wrong.reason.removeprefix('has shape ')}"
    return "as expected"

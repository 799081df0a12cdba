"""A result as sentences for the student: where it is wrong, and which mistake it looks like. Never the solution."""

from minis2s.labs.spec import RUNGS

STATUS = {  # status of a task: what the table says
    "passed": "ok",
    "wrong": "WRONG",
    "absent": "missing",
    "unwritten": "not written",
    "bad": "no arrays",
    "raised": "raises",
    "broken": "not loaded",
    "timeout": "too slow",
    "died": "exits",
    "garbled": "disturbs",
}


def first_wrong(result):
    """The answers of the easiest rung that fails, wrong ones only."""
    failing = [rung for rung, passed in result.rungs().items() if not passed]
    return _wrong_at(result, failing[0]) if failing else []


def _wrong_at(result, rung):
    return [answer for answer in result.answers if answer.case.rung == rung and not answer.verdict.passed]


def ladder(result):
    """(titles of the rungs passed, titles of those failed)."""
    rungs = result.rungs()
    return [RUNGS[rung] for rung in rungs if rungs[rung]], [RUNGS[rung] for rung in rungs if not rungs[rung]]


def where(result):
    """Sentences: what is wrong at the first rung that fails, in which part; then what a later rung adds, such as the steps."""
    sentences = _sentences(result, first_wrong(result))
    for rung in [rung for rung, passed in result.rungs().items() if not passed][1:]:
        more = [text for text in _sentences(result, _wrong_at(result, rung)) if "only" in text and text not in sentences]
        if more:
            return [*sentences, f"with {RUNGS[rung]}: {'; '.join(more)}"]
    return sentences


def _sentences(result, answers):
    """One sentence for each reason, with the outputs that it holds for."""
    said = [answer.verdict.reason for answer in answers if not answer.verdict.wrong and answer.verdict.reason]
    found, parts = {}, {}
    for wrong in (wrong for answer in answers for wrong in answer.verdict.wrong):
        found.setdefault(str(wrong.output), []).append(wrong)
    for label, wrongs in found.items():
        parts.setdefault(_parts(wrongs), []).append(label)
    said += [f"{', '.join(labels)}: {part}" for part, labels in parts.items()]
    right = [str(output) for output in result.task.outputs if str(output) not in found]
    if found and right:
        said.append(f"{', '.join(right)}: right")
    return list(dict.fromkeys(said))


def _parts(wrongs):
    """Which part of one output is wrong, from all draws of a rung."""
    if reasons := [wrong.reason for wrong in wrongs if wrong.reason]:
        return reasons[0]
    parts, last = [], wrongs[-1]
    if last.all_blocks:
        names = [name for name in last.all_blocks if any(name in wrong.blocks for wrong in wrongs)]
        some = f"block{'s' * (len(names) > 1)} {', '.join(names)} only"
        parts.append("all blocks" if len(names) == len(last.all_blocks) else some)
    for name, key in (("step", "steps"), ("row", "rows")):
        count = getattr(last, f"{key}_of")
        if count > 1:
            parts.append(_indices(name, sorted({index for wrong in wrongs for index in getattr(wrong, key)}), count))
    return "wrong" + "".join(f", {part}" for part in parts)


def _indices(name, found, count):
    """"step 0 only (of 0–4)", "steps 0–3 only (of 0–4)", "all steps"; counted from 0, as in the arrays."""
    if len(found) == count:
        return f"all {name}s"
    runs = []
    for index in found:
        if runs and index == runs[-1][1] + 1:
            runs[-1][1] = index
        else:
            runs.append([index, index])
    text = ", ".join(str(a) if a == b else f"{a}–{b}" for a, b in runs)
    return f"{name}{'s' * (len(found) > 1)} {text} only (of 0–{count - 1})"


def mistake(result):
    """What the diagnosis says, as sentences; empty where nothing is wrong or nothing could be compared."""
    found = result.diagnosis
    if found is None or (result.status != "wrong" and not found.mistakes):
        return []
    if not found.mistakes and not found.reason:
        return [] if result.error is None else ["not one I know"]  # a wrong shape is said already
    if not found.mistakes:
        return [found.reason]
    told = [_said(faults) for faults in found.mistakes]
    if len(told) == 1:
        return told
    return ["one of these, which give the same numbers:", *(f"  {text}" for text in told)]


def _said(faults):
    return faults[0].says if len(faults) == 1 else "two at once: " + "; and ".join(fault.says for fault in faults)


def told(result):
    """The lines below the table for a task that is not right: the ladder, where it is wrong, the likely mistake."""
    right, failed = ladder(result)
    lines = [f"right with {'; '.join(right)}"] * bool(right)
    lines += [f"wrong with {'; '.join(failed)}" if right else "wrong with everything that was tried"]
    if first_wrong(result)[0].verdict.wrong:
        lines.append(f"with {failed[0]}:")
        lines += [f"  {line}" for line in where(result)]
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
        return [f"Where: {general}", f"The first that fails is: {failed[0]}.", *where(result)]
    if stage == 2:
        return [f"What is expected: {general}"]
    return [f"Which term: {general}", *(f"Look at: {term}" for term in terms(result))]


def remarks(result):
    """What is worth saying of a function, right or wrong: float32, changed arguments."""
    found = [answer.verdict.remark for answer in result.answers if answer.verdict.remark]
    changed = sorted({name for answer in result.answers for name in answer.reply.changed})
    if changed:
        found.append(f"changes its argument{'s' * (len(changed) > 1)} {', '.join(changed)}: the caller may still need them")
    return list(dict.fromkeys(found))


def shapes(result):
    """"as expected", or the first output of another shape, as "∂L/∂W_h (6, 3), expected (3, 6)"; "–" without arrays."""
    if not any(answer.reply.status == "ok" for answer in result.answers):
        return "–"
    for answer in result.answers:
        for wrong in answer.verdict.wrong:
            if "shape" in wrong.reason:
                return f"{wrong.output} {wrong.reason.removeprefix('has shape ')}"
    return "as expected"

"""Gradescope's results.json: https://gradescope-autograders.readthedocs.io/en/latest/specs/."""

import math

from minis2s.labs import explain
from minis2s.labs.spec import RUNGS


def as_gradescope(graded, rubric):
    """The document for one student's labs, a list of batch.Graded. The total is the sum of the tests.

    Each task is a test, and a second one on hidden data if the rubric has such.
    """
    tests = []
    for n, each in enumerate(graded, start=1):
        if each.result is None:
            failure = {"name": f"{each.submission.lab}: could not be graded", "number": str(n), "output": each.failure}
            tests.append(_FRAME | {"score": 0, "max_score": 0, "status": "failed", "visibility": "visible"} | failure)
            continue
        for k, task in enumerate(each.result.tasks, start=1):
            tests += _tests(f"{n}.{k}", task, each.result.lab, rubric)
    broken = [f"{each.submission.lab}: {each.result.broken}" for each in graded if each.result and each.result.broken]
    labs = [each.submission.lab for each in graded]
    return {
        "score": round(sum(test["score"] for test in tests), 6),
        "execution_time": math.ceil(sum(each.seconds for each in graded)),
        "output": "\n".join(broken) or (f"graded: {', '.join(labs)}" if labs else "no lab was found in what was handed in"),
        "output_format": "text",
        "test_output_format": "text",
        "test_name_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "extra_data": {"labs": labs},
        "tests": tests,
    }


_FRAME = {"name_format": "text", "output_format": "text", "tags": [], "extra_data": {}}


def _tests(number, task, lab, rubric):
    share = rubric.hidden_share
    name = f"{lab}: {task.task.function} ({task.task.equation})"
    if share < 1:
        part = task.only(hidden=False)
        lines = [*([] if part.passed else explain.told(part)), *explain.remarks(part)]
        if not part.passed:
            lines += [line for stage in range(1, rubric.stage_now() + 1) for line in explain.hint(part, stage)]
        shown = {"visibility": "visible", "output": "\n".join(lines)}
        yield _test(part, 1 - share, rubric) | {"name": name, "number": number} | shown
    if share:
        part = task.only(hidden=True)
        lines = [f"{'right' if passed else 'wrong'}: {RUNGS[rung]}" for rung, passed in part.rungs().items()]
        shown = {"visibility": rubric.hidden_visibility, "output": "\n".join(lines)}
        yield _test(part, share, rubric) | {"name": f"{name}, hidden data", "number": f"{number}.1"} | shown


def _test(part, share, rubric):
    rungs = part.rungs()
    return _FRAME | {
        "score": round(part.points * share * rubric.credit(rungs), 6),
        "max_score": round(part.points * share, 6),
        "status": "passed" if part.passed else "failed",
        "tags": [part.task.equation],
        "extra_data": {"status": part.status, "error": part.error, "rungs": rungs},
    }

"""Which mistake: a student's numbers beside those of the catalogue's wrong functions, on the same arguments.

Equal numbers on every draw mean the same function as far as it was tried, hence the same mistake. So a name is stated only then;
where several mistakes give these numbers all are named; else the answer is "not one I know".
"""

from dataclasses import dataclass

from minis2s.labs.compare import distance, in_float32
from minis2s.labs.spec import Fault

EQUAL = 1e-9  # relative: two ways to compute the same in float64 differ by a thousandth of that
CASES = 2  # at least so many wrong answers must be explained: one could be chance


@dataclass(frozen=True)
class Diagnosis:
    """`mistakes`: alternatives, each one fault or two at once; none if it is not known. `reason`: why none was looked for."""

    mistakes: tuple[tuple[Fault, ...], ...] = ()
    reason: str = ""


def diagnose(faulty, task, answers):
    """The Diagnosis of answers (grading.Answer), some of which are wrong."""
    numbers = [(n, answer) for n, answer in enumerate(answers) if _comparable(task, answer)]
    if sum(not answer.verdict.passed for _, answer in numbers) < CASES:
        return Diagnosis(reason="there are too few numbers to compare with known mistakes")
    if any(in_float32(answer.reply.arrays) for _, answer in numbers):
        return Diagnosis(reason="float32 keeps too few digits to tell mistakes apart: try float64")
    for candidates in ([(fault,) for fault in task.faults], faulty.pairs(task)):
        found = tuple(tuple(faults) for faults in candidates if _explains(faulty, task, faults, numbers))
        if found:
            return Diagnosis(found)
    return Diagnosis()


def _comparable(task, answer):
    if answer.reply.status != "ok" or any(array is None for array in answer.reply.arrays):
        return False
    return len(answer.reply.arrays) == len(task.outputs)


def _explains(faulty, task, faults, numbers):
    """Whether the function with these faults gives the student's numbers, wrong and right ones, in every case."""
    if faulty.function(task, faults) is None:
        return False
    for n, answer in numbers:
        wrong = faulty.numbers(task, faults, n, answer.case)
        if wrong is None:
            return False
        for output, array in zip(task.outputs, answer.reply.arrays, strict=True):
            other = wrong[output.name]
            if output.name in answer.case.expected and (array.shape != other.shape or distance(array, other) > EQUAL):
                return False
    return True

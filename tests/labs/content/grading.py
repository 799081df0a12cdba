"""Judging a function of ours as the grader does, in this process: what is known to be harmless needs no child."""

import contextlib
import signal
from functools import lru_cache

from minis2s.labs.cases import cases
from minis2s.labs.catalogue import exercise, names, variants_of
from minis2s.labs.child import Reply
from minis2s.labs.compare import Verdict, judge
from minis2s.labs.diagnosis import diagnose
from minis2s.labs.faulty import Faulty, call, copied
from minis2s.labs.grading import Answer, TaskResult

SECONDS = 2  # for one call: a planted mistake may loop for ever


def exercises(variants=True):
    """Every lab, in each of its variants or in the default only."""
    return [exercise(name, choices) for name in names() for choices in (variants_of(exercise(name).lab) if variants else [{}])]


@lru_cache(maxsize=64)
def _faulty(name, choices):
    return Faulty(exercise(name, dict(choices)))


def faulty(exercise):
    return _faulty(exercise.name, tuple(sorted(exercise.variant.items())))


@lru_cache(maxsize=512)
def _cases(name, choices, function):
    lab = exercise(name, dict(choices))
    return cases(lab.task(function), lab.variant)


def asked(exercise, task):
    return _cases(exercise.name, tuple(sorted(exercise.variant.items())), task.function)


def answer(exercise, task, case, got):
    """The grader's Answer for {output: array}, or for None: it raised, or returned something else."""
    if got is None:
        return Answer(case, False, Reply("raised"), Verdict(False, reason="raises"))
    verdict = judge(task, task.blocks_of(exercise.variant), case.expected, got)
    return Answer(case, False, Reply("ok", tuple(got[output.name] for output in task.outputs)), verdict)


def result(exercise, task, answers):
    """The TaskResult, with the diagnosis."""
    passed = all(each.verdict.passed for each in answers)
    return TaskResult(task, task.points, 0.0, tuple(answers), None if passed else diagnose(faulty(exercise), task, answers))


def first_failure(exercise, task, function, module):
    """The Answer to the first case that `function` fails, or None if it passes all. Numbers only, no diagnosis."""
    for case in asked(exercise, task):
        with in_time():
            got = call(function, task, copied(case.arguments), module)
        found = answer(exercise, task, case, got)
        if not found.verdict.passed:
            return found
    return None


class OutOfTime(Exception):
    """A function did not come back."""


@contextlib.contextmanager
def in_time():
    """Interrupts what runs too long, where the system has alarms; `call` takes the exception for a failure."""
    if not hasattr(signal, "setitimer"):
        yield
        return

    def interrupt(number, frame):
        raise OutOfTime

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)

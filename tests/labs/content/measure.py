"""`python -m tests.labs.content.measure`: the grader is graded.

1  Wrong answers fail: every mistake of the catalogue, and every mutant of the solutions that is not equivalent.
2  Right answers pass, in whatever style: through the real grader, in its child process.
3  Mistakes that are not in the catalogue are put in the right place, and no name is stated for them.

The exit code is 1 if anything is not as it should be.
"""

import sys
from typing import NamedTuple

import numpy as np

from minis2s.labs import source
from minis2s.labs.catalogue import exercise
from minis2s.labs.faulty import call, copied
from minis2s.labs.grading import Grader

from .alternatives import ALTERNATIVES
from .equivalents import EQUIVALENT
from .grading import answer, asked, exercises, faulty, first_failure, result
from .mutants import every_task, survivors
from .strangers import STRANGERS
from .styles import STYLES, submission


class Count(NamedTuple):
    """How many were tried, and sentences about those that were not judged as they should be."""

    tried: int
    wrong: list

    def __str__(self):
        return f"{self.tried - len(self.wrong)} of {self.tried}"


def catalogue_faults(variants=True):
    """(faults failed, faults named), in each variant that has their text."""
    n, passed, unnamed = 0, [], []
    for lab in exercises(variants):
        for task in lab.lab.tasks:
            for fault in task.faults:
                wrong = faulty(lab)
                if wrong.function(task, (fault,)) is None:
                    continue  # this variant has no such line
                n += 1
                numbers = [wrong.numbers(task, (fault,), k, case) for k, case in enumerate(asked(lab, task))]
                answers = [answer(lab, task, *each) for each in zip(asked(lab, task), numbers, strict=True)]
                found = result(lab, task, answers)
                label = f"{lab.name} {dict(lab.variant)} {task.function}: {fault.name}"
                if found.passed:
                    passed.append(label)
                elif (fault,) not in found.diagnosis.mistakes:
                    unnamed.append(f"{label}: {[[f.name for f in each] for each in found.diagnosis.mistakes]}")
    return Count(n, passed), Count(n, unnamed)


def pairs(of_each=8, seed=0):
    """Two mistakes at once, some pairs of each task: named, or one name whose numbers are the same (it hides the other)."""
    n, unnamed, rng = 0, [], np.random.default_rng(seed)
    for lab in exercises(variants=False):
        for task in lab.lab.tasks:
            wrong = faulty(lab)
            fitting = [pair for pair in wrong.pairs(task) if wrong.function(task, pair) is not None]
            for k in rng.permutation(len(fitting))[:of_each]:
                numbers = [wrong.numbers(task, fitting[k], number, case) for number, case in enumerate(asked(lab, task))]
                if any(got is None for got in numbers):
                    continue  # together they raise
                found = result(lab, task, [answer(lab, task, *each) for each in zip(asked(lab, task), numbers, strict=True)])
                n += 1
                if found.passed or not found.diagnosis.mistakes:
                    unnamed.append(f"{lab.name} {task.function}: {[fault.name for fault in fitting[k]]}")
    return Count(n, unnamed)


def mutants():
    """(mutants failed, equivalent ones)."""
    n, passed, equivalent = 0, [], 0
    for lab, task in every_task():
        name = f"{lab.name}.{task.function}"
        tried, through = survivors(lab, task)
        known = EQUIVALENT.get(name, {})
        n += tried - sum(label in known for label in through)
        equivalent += sum(label in known for label in through)
        passed += [f"{name}: {label}" for label in through if label not in known]
    return Count(n, passed), equivalent


def right_answers(style, variants=True):
    """Solutions in one style that pass, each graded in the child process."""
    n, failed = 0, []
    for lab in exercises(variants):
        text, changed = submission(lab, style)
        for task in Grader(lab).grade(text.encode()).tasks:
            n += task.task.function in changed
            if task.task.function in changed and not task.passed:
                failed.append(f"{lab.name} {dict(lab.variant)} {task.task.function}: {task.status}")
    return Count(n, failed)


def alternatives():
    """Solutions written by hand that pass."""
    failed = []
    for name, function, text in ALTERNATIVES:
        lab = exercise(name)
        task = lab.task(function)
        module = source.module_of(f"{lab.text}\n\n{text}", "submission")
        if found := first_failure(lab, task, getattr(module, function), module):
            failed.append(f"{name} {function}: {found.case.rung}, {found.verdict}")
    return Count(len(ALTERNATIVES), failed)


def strangers():
    """(put in the right place, not misnamed). The place: the first rung that fails, the outputs and blocks wrong there."""
    misplaced, named = [], []
    for stranger in STRANGERS:
        lab = exercise(stranger.lab)
        task = lab.task(stranger.function)
        text = source.patched(lab.text, [source.Patch(stranger.function, stranger.old, stranger.new)])
        module = source.module_of(text, "submission")
        answers = []
        for case in asked(lab, task):
            answers.append(answer(lab, task, case, call(getattr(module, task.function), task, copied(case.arguments), module)))
        found = result(lab, task, answers)
        label = f"{stranger.lab} {stranger.function}: {stranger.old!r} → {stranger.new!r}"
        place = place_of(found)
        if place != (stranger.rung, set(stranger.wrong.split()), set(stranger.blocks) if stranger.blocks else None):
            misplaced.append(f"{label}: {place}")
        said = found.diagnosis and [[fault.name for fault in faults] for faults in found.diagnosis.mistakes]
        if said != ([[stranger.same_as]] if stranger.same_as else []):
            named.append(f"{label}: {found.diagnosis}")
    return Count(len(STRANGERS), misplaced), Count(len(STRANGERS), named)


def place_of(found):
    """(the first rung that fails, the outputs wrong there, the blocks wrong there or None if all are or there are none)."""
    rung = next((rung for rung, passed in found.rungs().items() if not passed), None)
    wrongs = [wrong for each in found.answers if each.case.rung == rung for wrong in each.verdict.wrong]
    blocks = {name for wrong in wrongs for name in wrong.blocks or ()}
    every = {name for wrong in wrongs for name in wrong.all_blocks}
    return rung, {wrong.output.name for wrong in wrongs}, blocks if blocks != every else None


def main():
    bad = []

    def show(text, count):
        print(f"{text:74} {count}", flush=True)
        bad.extend(count.wrong)

    print("1  wrong answers fail")
    failed, named = catalogue_faults()
    show("   faults of the catalogue that are failed, in all variants", failed)
    show("   … and named", named)
    show("   pairs of them, drawn by chance in each task: failed and named", pairs())
    failed, equivalent = mutants()
    show(f"   mutants of the solutions that are failed ({equivalent} more are equivalent, listed)", failed)
    print("2  right answers pass")
    for style in STYLES:
        show(f"   {style}", right_answers(style))
    show("   other ways, written by hand", alternatives())
    print("3  mistakes outside the catalogue")
    placed, named = strangers()
    show("   right rung, outputs and blocks", placed)
    show("   “not one I know”, or the name is right", named)
    print("\n".join(f"NOT AS IT SHOULD BE  {text}" for text in bad))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())

"""Run the mutants of one function and keep the score."""

from typing import NamedTuple

from .catalogue import MISTAKES
from .checks import failure
from .equivalents import EQUIVALENT
from .planting import mutant_from_text, mutants


class Row(NamedTuple):
    """The mutants of one function: how many, how many a check found by number or by an error, and the labels of the others."""

    name: str
    checks: list
    mutants: int
    by_number: int
    by_error: int
    unnoticed: list

    @property
    def equivalent(self):
        return [label for label in self.unnoticed if label in EQUIVALENT.get(self.name, {})]

    @property
    def survivors(self):
        return [label for label in self.unnoticed if label not in EQUIVALENT.get(self.name, {})]


ROWS = {}  # of this process, for the summary


def systematic(target):
    """The Row of a function's systematic mutants; computed once."""
    if target.name not in ROWS:
        verdicts = {}
        for mutant in mutants(target.name, target.function, target.lines):
            with target.planted(mutant.code):
                verdicts[mutant.label] = failure(target.checks)
        unnoticed = [label for label, verdict in verdicts.items() if verdict is None]
        by_number = sum("error" in verdict for verdict in verdicts.values() if verdict)
        by_error = len(verdicts) - len(unnoticed) - by_number
        checks = [check.name for check in target.checks]
        ROWS[target.name] = Row(target.name, checks, len(verdicts), by_number, by_error, unnoticed)
    return ROWS[target.name]


def by_hand(targets):
    """title → what the first failing check says (None: nobody noticed), for the catalogue's mistakes in these functions."""
    verdicts = {}
    functions = {target.name: target for target in targets}
    for mistake in MISTAKES:
        if mistake.function in functions:
            target = functions[mistake.function]
            mutant = mutant_from_text(target.name, target.function, mistake.before, mistake.after)
            with target.planted(mutant.code):
                verdicts[mistake.title] = failure(target.checks)
    return verdicts


def summary(rows):
    """One line: "1234 mutants of 56 functions: 1200 killed (900 by number), 34 equivalent, 0 survive: score 100.0 %"."""
    total = sum(row.mutants for row in rows)
    by_number, by_error = sum(row.by_number for row in rows), sum(row.by_error for row in rows)
    equivalent, survivors = sum(len(row.equivalent) for row in rows), sum(len(row.survivors) for row in rows)
    killed = by_number + by_error
    score = 100 * killed / max(1, killed + survivors)
    return (
        f"{total} mutants of {len(rows)} functions: {killed} killed ({by_number} by a number, {by_error} by an error), "
        f"{equivalent} equivalent, {survivors} survive: score {score:.1f} %"
    )

"""What a function is asked: arguments drawn from a seed, and the values that the equations give for them."""

import zlib
from typing import Any, NamedTuple

import numpy as np

from minis2s.labs.spec import RUNGS

PUBLIC_SEED, DRAWS = 0, 2  # what `lab check` asks; the hidden tests have a seed of their own


class Case(NamedTuple):
    """One call. `expected` never leaves the grader's process."""

    rung: str
    arguments: dict[str, Any]
    expected: dict[str, np.ndarray]


def cases(task, variant, seed=PUBLIC_SEED, draws=DRAWS):
    """A list of Case, `draws` for each rung of the task, easiest first. The same seed gives the same arguments everywhere."""
    made = []
    for rung in sorted(task.rungs, key=list(RUNGS).index):
        for draw in range(draws):
            rng = np.random.default_rng([seed, zlib.crc32(task.function.encode()), zlib.crc32(rung.encode()), draw])
            arguments = task.inputs(rng, rung, variant)
            if arguments is None:
                continue
            with np.errstate(all="ignore"):
                values = task.expected(dict(arguments), variant)
            made.append(Case(rung, arguments, {name: np.asarray(value) for name, value in values.items()}))
    return made

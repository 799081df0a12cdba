"""What a built-in task is: a name, how its text is split, and a function that makes its data."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from minis2s.data.files import Pair


class Splits(NamedTuple):
    """Pairs to learn from, to choose by, and to report on."""

    train: list[Pair]
    dev: list[Pair]
    test: list[Pair]


@dataclass(frozen=True)
class Task:
    """Built-in data. `generate(seed)` gives its Splits, the same ones for the same seed on every machine."""

    name: str
    description: str  # one line, for a list of tasks; says whether the data are synthetic
    source_tokeniser: str
    target_tokeniser: str
    generate: Callable[[int], Splits]
    settings: dict = field(default_factory=dict)  # of a training run, where the general ones do not suit it

"""What a built-in task is: a name, how its text is split, a function that makes its data, and what a model makes of them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from minis2s.data.files import Pair
from minis2s.errors import UsageError

MODELS = ("seq2seq", "language-model", "ctc", "regression")  # the kinds of model that a task can ask for


class Splits(NamedTuple):
    """Pairs to learn from, to choose by, and to report on."""

    train: list[Pair]
    dev: list[Pair]
    test: list[Pair]


class Expected(NamedTuple):
    """What a run with the task's own settings reached on the test part, rounded down: a measurement, not a hope."""

    score: str  # its name, as `minis2s evaluate --json` has it, or as the task's judge calls it
    value: float  # in percent where the score is a share
    seconds: int  # of `minis2s train --task NAME` on two otherwise idle cores


@dataclass(frozen=True, kw_only=True)
class Task:
    """Built-in data. `generate(seed)` gives its Splits, the same ones for the same seed on every machine.

    Dev and test consist of combinations that training never shows (`held_out` says which), so that a score on them shows
    that a model has learnt the rule. `judge(pairs, outputs)`, if there is one, returns scores in percent by name, beyond those
    that every task has: where many outputs are right, equality with one of them says little.
    """

    name: str
    description: str  # one line, for a list of tasks; says whether the data are synthetic
    held_out: str  # what dev and test have that training has not, in a sentence or two
    source_tokeniser: str
    target_tokeniser: str
    generate: Callable[[int], Splits]
    sizes: tuple[int, int, int]  # pairs of each part, for a list of tasks: making the data may take seconds
    example: Pair  # one of the test part, likewise
    settings: dict = field(default_factory=dict)  # of data, model and training, where the general ones do not suit the task
    model: str = "seq2seq"  # one of MODELS
    expected: Expected | None = None  # None: not measured yet
    judge: Callable[[list[Pair], list[str]], dict[str, float]] | None = None
    needs: str = ""  # the extra of the package whose libraries `generate` uses

    def __post_init__(self):
        if self.model not in MODELS:
            raise ValueError(f"{self.name}: no kind of model is called {self.model!r}")


def missing(task, library, extra):
    """The UsageError of a `generate` that cannot import a library."""
    return UsageError(f'the task {task!r} needs {library}, which is not installed: pip install "minis2s[{extra}]"')

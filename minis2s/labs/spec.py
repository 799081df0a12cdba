"""What a lab is made of, as data. How the parts are used stands in the docstring of `minis2s.labs`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

RUNGS = {  # the ladder: each rung adds one thing that can go wrong
    "one": "one step, one row",
    "rows": "several rows",
    "two": "two steps",
    "many": "many steps",
    "padding": "padding",
    "absent": "absent upstream gradients",
    "extreme": "very large and very small values",
}


@dataclass(frozen=True)
class Given:
    """As an argument's value: the function of this name that the master gives to the student."""

    name: str


@dataclass(frozen=True)
class Output:
    """One returned array. `axes`: the name of each axis, in one string; `label`: how it is written, as in "∂L/∂W_h"."""

    name: str
    axes: str = ""
    label: str = ""

    def __str__(self):
        return self.label or self.name


@dataclass(frozen=True)
class Fault:
    """A mistake: `old` becomes `new` in the solution of `function` (by default the task's own)."""

    name: str
    old: str
    new: str
    says: str
    term: str = ""
    function: str = ""


@dataclass(frozen=True)
class Task:
    """One function to write. `tolerance` is relative to the largest expected entry, for work in float64."""

    function: str
    equation: str
    points: float
    outputs: tuple[Output, ...]
    inputs: Callable[[Any, str, Mapping], dict | None]
    expected: Callable[[dict, Mapping], dict]
    rungs: tuple[str, ...] = ("one", "rows")
    blocks: Mapping[str, tuple[str, ...]] | Callable[[Mapping], Mapping] = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()
    hints: tuple[str, str, str] = ("", "", "")
    tolerance: float = 1e-9

    def blocks_of(self, variant):
        """{axis: names of its equal parts} in this variant."""
        return self.blocks(variant) if callable(self.blocks) else self.blocks


@dataclass(frozen=True)
class Variant:
    """What may differ from student to student: {value: patches of the master's text}; the first value is the default."""

    name: str
    choices: Mapping[str, tuple[tuple[str, str], ...]]


@dataclass(frozen=True)
class Lab:
    """The specification of one lab. Its name is its file's."""

    title: str
    tasks: tuple[Task, ...]
    variants: tuple[Variant, ...] = ()

"""The registry: what the documents print, and the code, derivation and check that belong to it.

Entries live in `minis2s.equations.catalogue`, one module per family; importing `equations()` or `equation()` loads them all.
The ids are those of the five documents D0…D4 (five Chinese articles on sequence-to-sequence models).
"""

import dis
import importlib
import inspect
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import minis2s
from minis2s import gradcheck
from minis2s.backend import to_host
from minis2s.errors import unknown_name

_ENTRIES = {}


@dataclass(frozen=True, kw_only=True)
class Equation:
    """One row of the documents.

    id, section: "D0.4", "D0 §3.1". A row with several forms has one entry for each: "D2.5" is the form that the models use, and
    "D2.5-dot" is the same row's variant "dot"; what a document prints wrongly is the variant "printed".
    printed: the formula as the document prints it, in plain text (for a row without a formula, what it says); latex: the
    formula that the code computes; symbols: name → "(shape) meaning"; derivation: how the backward pass follows, step by step, in
    the same symbols.

    forward, backward: the functions that implement it, shown to readers and called by the layers. checked: the pair that
    is differentiated, where that is more than (forward, backward) alone: the whole printed formula from its own inputs.
    inputs(rng) → dict of the arguments of `checked`, small float64 arrays; wrt: the differentiable ones.

    verify(rng, convert) → {target: (computed, expected)}: what the functions give beside what an independent way to compute it
    gives, compared by `check` as the method "oracle". Every `method` (a search, a metric, an update: no gradient, no backward)
    has one; a formula may.

    source: where the formula comes from if the document gives none. layer, model, lesson: where it is used and taught, by name.
    erratum: what is wrong with the printed form.
    """

    id: str
    title: str
    section: str
    printed: str
    latex: str
    symbols: dict
    forward: Callable
    backward: Callable | None = None
    checked: tuple | None = None
    inputs: Callable | None = None
    wrt: tuple = ()
    verify: Callable | None = None
    derivation: str = ""
    source: str = "as printed"
    layer: str = ""
    model: str = ""
    lesson: str = ""
    erratum: str = ""
    kind: str = "formula"

    @property
    def row(self):
        """The documents' row, "D2.5" for "D2.5-dot"."""
        return self.id.split("-")[0]

    @property
    def variant(self):
        """Which form of the row this is, "dot" for "D2.5-dot"; empty for the row's main entry."""
        return self.id[len(self.row) + 1 :]

    @property
    def document(self):
        return self.id.split(".")[0]

    @property
    def function(self):
        return f"{self.forward.__module__}.{self.forward.__name__}"

    def check(self, rng, methods=gradcheck.METHODS, convert=lambda x: x):
        """Check the entry at random inputs; `convert` moves each array to another backend. List of Result."""
        results = []
        if self.wrt:
            forward, backward = self.checked or (self.forward, self.backward)
            inputs = {name: convert(value) for name, value in self.inputs(rng).items()}
            numerical = [method for method in methods if method != gradcheck.ORACLE]
            results += gradcheck.check_pair(self.id, forward, backward, inputs, self.wrt, rng, numerical)
        if self.verify and gradcheck.ORACLE in methods:
            for target, (computed, expected) in self.verify(rng, convert).items():
                results.append(gradcheck.judge(self.id, target, gradcheck.ORACLE, to_host(computed), np.asarray(expected)))
        return results


def register(**fields):
    """Add an entry; ids are unique."""
    entry = Equation(**fields)
    key = entry.id.upper()
    if key in _ENTRIES:
        raise ValueError(f"{entry.id} is registered twice")
    _ENTRIES[key] = entry
    return entry


def equations():
    """All entries in the documents' order, a row's main entry before its variants."""
    _load()
    return sorted(_ENTRIES.values(), key=lambda e: ([int(n) for n in e.row[1:].split(".")], e.variant != ""))


def equation(id):
    """The entry called `id` ("D0.4" or "D2.5-dot", in any case); a UsageError with the nearest id if there is none."""
    _load()
    if id.upper() not in _ENTRIES:
        raise unknown_name("equation", id, [e.id for e in equations()])
    return _ENTRIES[id.upper()]


def view(forward, backward, output):
    """The pair that sees one output of (forward, backward) only: the other outputs receive no upstream gradient."""

    def forward_view(**inputs):
        out, cache = forward(**inputs)
        return getattr(out, output), (type(out), cache)

    def backward_view(d_out, cache):
        kind, cache = cache
        return backward(kind(**{name: d_out if name == output else None for name in kind._fields}), cache)

    return forward_view, backward_view


def source_of(function):
    """(file relative to the package's parent, line number, text) of a function, as the reader would find it."""
    function = inspect.unwrap(function)
    lines, number = inspect.getsourcelines(function)
    path = Path(inspect.getsourcefile(function))
    return path.relative_to(Path(minis2s.__file__).parent.parent), number, "".join(lines)


def helpers_of(function):
    """The functions of `minis2s.equations` that a function calls, directly or through one another, in the order of first use."""
    found = []

    def visit(f):
        f = inspect.unwrap(f)
        for step in dis.get_instructions(f):
            callee = f.__globals__.get(step.argval) if step.opname == "LOAD_GLOBAL" else None
            if inspect.isfunction(callee) and callee.__module__.startswith(__package__) and callee not in [function, *found]:
                found.append(callee)
                visit(callee)

    visit(function)
    return found


def _load():
    from minis2s.equations import catalogue

    for module in pkgutil.iter_modules(catalogue.__path__):
        importlib.import_module(f"{catalogue.__name__}.{module.name}")

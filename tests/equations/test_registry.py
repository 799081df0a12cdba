"""The registry is complete: every row of the documents, every entry checked, every public equation behind an entry."""

import importlib
import inspect
import pkgutil
import re
import sys
from pathlib import Path

import numpy as np
import pytest

import minis2s
from minis2s import equations as package
from minis2s.equations import registry
from minis2s.equations.registry import Equation, equation, equations, helpers_of, register, source_of
from minis2s.errors import UsageError

# The rows of the five documents.
ROWS = (
    *("D0.1", "D0.2", "D0.3", "D0.4", "D0.5", "D0.6", "D0.7", "D0.8", "D0.9"),
    *("D1.1", "D1.2", "D1.3", "D1.4", "D1.5"),
    *("D2.1", "D2.2", "D2.3", "D2.4", "D2.5", "D2.6", "D2.7", "D2.8", "D2.9", "D2.10"),
    *("D3.1", "D3.2", "D3.3", "D3.4", "D3.5", "D3.6", "D3.7", "D3.8", "D3.9", "D3.10"),
    *("D4.1", "D4.2", "D4.3", "D4.4", "D4.5", "D4.6", "D4.7"),
)
# Forms that a row must have beside its main entry.
VARIANTS = (
    *("D2.5-dot", "D2.5-scaled", "D2.5-general", "D2.5-cosine"),
    *("D0.9-cho", "D1.1-last", "D2.1-gru", "D2.1-rnn", "D2.9-location", "D3.2-weight", "D3.8-bridge"),
    *("D0.7-printed", "D1.1-printed", "D2.2-printed", "D3.2-printed", "D3.3-printed", "D3.5-printed", "D4.2-printed"),
    "D3.3-normalised",
)
ENTRIES = equations()
IDS = [entry.id for entry in ENTRIES]
PACKAGE = Path(minis2s.__file__).parent


def test_every_row_has_an_entry_and_every_entry_a_row():
    assert [entry.id for entry in ENTRIES if not entry.variant] == list(ROWS)  # in the documents' order, too
    assert {entry.row for entry in ENTRIES} == set(ROWS)


def test_every_form_of_a_row_is_there():
    assert set(VARIANTS) <= set(IDS)
    assert len(IDS) == len(set(IDS))


@pytest.mark.parametrize("id", IDS)
def test_an_entry_says_what_it_is(id):
    entry = equation(id)
    assert entry.title and entry.printed and entry.latex and entry.source
    assert entry.section.startswith(entry.document)
    assert entry.symbols and all(entry.symbols.values())
    assert entry.latex.count("{") == entry.latex.count("}")
    assert entry.kind in ("formula", "method")
    if entry.kind == "formula":
        assert entry.derivation


@pytest.mark.parametrize("id", IDS)
def test_no_entry_without_a_check(id):
    """Of a formula: every input that is a real number, by both methods. Of a method: an oracle."""
    entry = equation(id)
    results = entry.check(np.random.default_rng(0))
    if entry.kind == "method":
        assert entry.verify and not entry.backward
    else:
        inputs = entry.inputs(np.random.default_rng(0))
        differentiable = {name for name, value in inputs.items() if getattr(value, "dtype", np.dtype(bool)).kind == "f"}
        assert differentiable == set(entry.wrt)
        compared = {(r.target.split(" (")[0], r.method) for r in results}
        assert {(name, method) for name in entry.wrt for method in ("complex-step", "five-point")} <= compared
    assert results and all(r.passed for r in results)
    assert all(r.id == id for r in results)


@pytest.mark.parametrize("id", [id for id in IDS if equation(id).kind == "formula"])
def test_a_check_differentiates_what_the_entry_shows(id):
    """The functions that a reader is shown are those that the check runs."""
    entry = equation(id)
    called = functions_called(lambda: entry.check(np.random.default_rng(0), methods=()))
    for function in (entry.forward, entry.backward):
        assert inspect.unwrap(function).__code__ in called


def functions_called(run):
    """The code of every Python function that runs."""
    called = set()

    def profile(frame, event, argument):
        if event == "call":
            called.add(frame.f_code)

    before = sys.getprofile()
    sys.setprofile(profile)
    try:
        run()
    finally:
        sys.setprofile(before)
    return called


def public_functions():
    """Every public function of the textbook's own modules: not of the registry and the catalogue, which hold no equation."""
    for module in pkgutil.iter_modules(package.__path__):
        if module.name in ("registry", "catalogue"):
            continue
        module = importlib.import_module(f"{package.__name__}.{module.name}")
        for name, value in vars(module).items():
            if inspect.isfunction(value) and value.__module__ == module.__name__ and not name.startswith("_"):
                yield f"{module.__name__}.{name}", inspect.unwrap(value)


def test_no_public_equation_without_a_registration():
    """Each is an entry's function, or runs when an entry is checked."""
    named = {inspect.unwrap(f).__code__ for e in ENTRIES for f in (e.forward, e.backward) if f is not None}
    called = functions_called(lambda: [e.check(np.random.default_rng(0), methods=("oracle",)) for e in ENTRIES])
    called |= functions_called(lambda: [e.check(np.random.default_rng(0), methods=()) for e in ENTRIES if e.kind == "formula"])
    assert len(list(public_functions())) > 100
    missing = {name for name, function in public_functions() if function.__code__ not in named | called}
    assert missing == set()


def test_every_backward_function_of_the_textbook_is_run_by_a_check():
    called = functions_called(lambda: [e.check(np.random.default_rng(0), methods=()) for e in ENTRIES if e.kind == "formula"])
    backward = {name: f for name, f in public_functions() if "backward" in name.rsplit(".", 1)[1]}
    assert len(backward) > 40
    assert [name for name, function in backward.items() if function.__code__ not in called] == []


def resolve(name):
    """The object with a dotted name; an AttributeError or ImportError if there is none."""
    module, attribute = name.rsplit(".", 1)
    return getattr(importlib.import_module(module), attribute)


@pytest.mark.parametrize("id", IDS)
def test_layers_models_and_lessons_that_are_named_exist(id):
    entry = equation(id)
    for name in filter(None, (entry.layer, entry.model)):
        assert name.startswith("minis2s.") and callable(resolve(name))
    if entry.lesson:
        assert (PACKAGE.parent / "lessons" / f"{entry.lesson}.py").is_file()


@pytest.mark.parametrize("id", IDS)
def test_a_reader_finds_the_code_and_what_it_calls(id):
    entry = equation(id)
    for function in filter(None, (entry.forward, entry.backward)):
        path, line, text = source_of(function)
        assert (PACKAGE.parent / path).is_file() and line > 0
        assert f"def {inspect.unwrap(function).__name__}(" in text
        assert all(helper.__module__.startswith("minis2s.equations") for helper in helpers_of(function))


def test_the_errata_are_named_where_they_belong():
    told = {number for entry in ENTRIES for number in re.findall(r"X\d+", entry.erratum)}
    assert told >= {f"X{k}" for k in (1, 2, 3, 4, 5, 6, 7, 8, 11, 12, 13, 14, 15, 16, 17)}  # X9 and X10 are about programs


def test_entries_are_found_in_any_case_and_a_wrong_id_gets_a_suggestion():
    assert equation("d2.5-DOT") is equation("D2.5-dot")
    assert (equation("D2.5-dot").row, equation("D2.5-dot").variant, equation("D2.5").variant) == ("D2.5", "dot", "")
    with pytest.raises(UsageError, match=r"D2\.5"):
        equation("D2.55")


def test_an_id_is_registered_once(monkeypatch):
    monkeypatch.setattr(registry, "_ENTRIES", dict(registry._ENTRIES))
    with pytest.raises(ValueError, match="twice"):
        register(id="d4.1", title="", section="", printed="", latex="", symbols={}, forward=len)


def test_a_registered_mistake_fails_its_check():
    """The registry's own check, with one entry's backward wrong."""
    right = equation("D4.1")
    wrong = Equation(**(vars(right) | {"backward": lambda d, cache: right.backward(2 * d, cache)}))
    assert not any(r.passed for r in wrong.check(np.random.default_rng(0)))

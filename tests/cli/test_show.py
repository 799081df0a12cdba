"""`minis2s show` and `minis2s equations`."""

import json

import pytest

from minis2s.cli import main
from minis2s.equations import lstm
from minis2s.equations.registry import equation, equations, helpers_of, source_of


@pytest.mark.parametrize("id", [entry.id for entry in equations()])
def test_show_tells_all_that_the_registry_knows(id, capsys):
    entry = equation(id)
    assert main(["show", id.lower()]) == 0
    out = capsys.readouterr().out
    for text in (entry.id, entry.title, entry.section, entry.latex, entry.printed, entry.erratum, entry.layer, entry.model):
        assert text in out
    for symbol, meaning in entry.symbols.items():
        assert symbol in out and meaning in out
    for line in [*entry.derivation.split("\n"), entry.source]:
        assert line in out
    if entry.lesson:
        assert f"{entry.lesson} (minis2s lesson {int(entry.lesson[:2])})" in out
    assert any(line.startswith(id) and line.rstrip().endswith("ok") for line in out.split("\n"))


@pytest.mark.parametrize("id", [entry.id for entry in equations()])
def test_show_prints_the_code_that_runs_and_where_it_stands(id, capsys):
    main(["show", id])
    out = capsys.readouterr().out
    entry = equation(id)
    functions = [f for f in (entry.forward, entry.backward) if f]
    for function in [*functions, *(helper for f in functions for helper in helpers_of(f))]:
        path, line, text = source_of(function)
        assert f"{path.as_posix()}:{line}\n" in out
        assert all(f"    {code}".rstrip() in out for code in text.rstrip().split("\n"))


def test_the_helpers_hold_the_mathematics():
    assert [f.__name__ for f in helpers_of(lstm.lstm_cell_state)] == ["_cell_state"]
    assert [f.__name__ for f in helpers_of(lstm.lstm_gates_backward)] == ["_gate_slopes", "sigmoid_slope", "tanh_slope"]
    # through one another, each once, and not the equation named `tanh` where only NumPy's is used
    names = [f.__name__ for f in helpers_of(lstm.lstm_pointwise)]
    assert names == ["lstm_gates", "sigmoid_values", "lstm_cell_state", "_cell_state", "lstm_hidden_state", "_hidden_state"]


def test_show_fails_when_its_check_does(capsys, monkeypatch):
    monkeypatch.setattr(lstm, "sigmoid_slope", lambda d_y, y: d_y * y)
    assert main(["show", "D0.1"]) == 1
    assert "FAILED D0.1" in capsys.readouterr().out


def test_equations_as_json(capsys):
    assert main(["equations", "--json"]) == 0
    records = json.loads(capsys.readouterr().out)
    assert [record["id"] for record in records] == [entry.id for entry in equations()]
    for record in records:
        assert {"id", "document", "section", "latex", "function", "lesson", "erratum"} <= set(record)
        assert record["document"] == record["id"].split(".")[0]
    d0_4 = next(record for record in records if record["id"] == "D0.4")
    assert d0_4["function"] == "minis2s.equations.lstm.lstm_cell_state"
    assert d0_4["lesson"] == "05_lstm_cell" and d0_4["erratum"].startswith("X5")


def test_equations_as_a_table(capsys):
    assert main(["equations"]) == 0
    out = capsys.readouterr().out
    for entry in equations():
        line = next(line for line in out.split("\n") if line.startswith(f"{entry.id} "))
        assert entry.title in line and entry.section in line

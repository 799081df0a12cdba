"""`minis2s check`: everything passes, what is wrong is found and named, and the JSON is the documented one."""

import json

import pytest

from minis2s.cli import main
from minis2s.equations import lstm, softmax
from minis2s.equations.registry import equations
from minis2s.layers.cells import CELLS
from minis2s.models import check as model_check
from minis2s.models.combinations import COMBINATIONS, described
from minis2s.models.configuration import ATTENTIONS, KINDS

RESULT_KEYS = {"id", "target", "method", "error", "tolerance", "passed"}


def run_json(capsys, *arguments):
    code = main(["check", *arguments, "--json"])
    return code, json.loads(capsys.readouterr().out)


@pytest.mark.slow
def test_every_equation_passes_by_every_method(capsys):
    code, report = run_json(capsys, "--only", *(entry.id for entry in equations()))
    assert code == 0 and report["passed"] is True
    assert set(report) == {"backend", "dtype", "results", "passed"}
    assert (report["backend"], report["dtype"]) == ("numpy", "float64")
    assert all(set(result) == RESULT_KEYS for result in report["results"])
    for entry in equations():
        own = [result for result in report["results"] if result["id"] == entry.id]
        assert own, f"{entry.id} is not checked at all"
        assert bool(entry.verify) == any(result["method"] == "oracle" for result in own)
        for method, tolerance in (("complex-step", 1e-10), ("five-point", 1e-6)):
            checked = {result["target"].split(" (")[0] for result in own if result["method"] == method}
            assert checked == set(entry.wrt)
            assert all(result["tolerance"] == tolerance for result in own if result["method"] == method)


@pytest.mark.slow
def test_with_no_argument_the_model_is_checked_as_well(capsys):
    code, report = run_json(capsys)
    ids = {result["id"] for result in report["results"]}
    assert code == 0 and {entry.id for entry in equations()} < ids
    assert any(id.startswith("model ") for id in ids)


def test_only_model_runs_the_model_checks_on_the_chosen_methods(capsys, monkeypatch):
    seen = {}

    def checks(seed, backend, methods):
        seen.update(backend=backend.name, methods=methods)
        return [model_check.gradcheck.Result("model small", "W", "complex-step", 0.5, 1e-10, False)]

    monkeypatch.setattr(model_check, "whole_model_checks", checks)
    assert main(["check", "--only", "model", "--method", "complex-step"]) == 1
    out = capsys.readouterr().out
    assert seen == {"backend": "numpy", "methods": ["complex-step"]}
    assert "FAILED model small: W against complex-step: error 5.0e-01, tolerance 1e-10" in out


@pytest.mark.slow
def test_the_table_of_whole_models(capsys):
    assert main(["check", "--models"]) == 0
    out = capsys.readouterr().out
    assert len([line for line in out.splitlines() if line.rstrip().endswith(" ok")]) == len(COMBINATIONS) >= 60
    assert f"{len(COMBINATIONS)} models, " in out and "comparisons: all passed" in out
    used = {name: {described(settings)[name] for settings in COMBINATIONS.values()} for name in described({})}
    assert used["model"] == {*KINDS} and used["cell"] == {*CELLS} and used["padding"] == {"yes", "no"}
    assert used["directions"] == {1, 2, "-"} and used["layers"] == {1, 2} and used["attend"] == {"before", "after", "-"}
    assert {name.split(",")[0] for name in used["attention"]} == {*ATTENTIONS, "-"}
    assert used["loss"] == {"cross-entropy", "CTC", "squared error"}


@pytest.fixture
def three_models(monkeypatch):
    monkeypatch.setattr(model_check, "COMBINATIONS", {name: COMBINATIONS[name] for name in ("90", "91", "92")})


def test_the_table_names_what_a_model_is_made_of(three_models, capsys):
    assert main(["check", "--models"]) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines() if line.rstrip().endswith(" ok")]
    assert [row[:6] for row in rows][1] == ["91", "ctc", "CTC", "rnn", "1", "2"]
    code, report = run_json(capsys, "--models", "--method", "five-point")
    assert code == 0 and report["passed"] and {result["method"] for result in report["results"]} == {"five-point", "oracle"}
    (row,) = [row for row in report["models"] if row["combination"] == "91"]
    assert row["comparisons"] == len([r for r in report["results"] if r["id"] == "model 91"]) and row["worst"] < 1e-6
    assert row["parameters"] == 81 and row["passed"] is True


def test_a_wrong_model_is_named_in_the_table(three_models, capsys, monkeypatch):
    from minis2s.layers import cells

    right = cells.tanh_backward
    monkeypatch.setattr(cells, "tanh_backward", lambda d_y, cache: right(d_y, cache) * 1.001)
    assert main(["check", "--models"]) == 1
    out = capsys.readouterr().out
    assert out.count("FAILED") > 3 and "FAILED model 91: encoder.stack.layers.0.forwards.cell.W_x against complex-step" in out
    code, report = run_json(capsys, "--models")
    assert code == 1 and not report["passed"] and not all(row["passed"] for row in report["models"])


@pytest.mark.parametrize("more", ["--only D0.4", "--dtype float32", "--method oracle"])
def test_the_table_goes_with_nothing_else(more, capsys):
    assert main(["check", "--models", *more.split()]) == 2
    assert "--models checks all combinations in float64" in capsys.readouterr().err


def test_a_wrong_backward_fails_and_is_named(capsys, monkeypatch):
    right = lstm.lstm_cell_state_backward

    def wrong(d_c, cache):
        d_i, d_f, d_g, d_c_prev = right(d_c, cache)
        return lstm.LSTMCellStateGradients(d_i, d_f, d_g, 2 * d_c_prev)

    monkeypatch.setattr(lstm, "lstm_cell_state_backward", wrong)
    assert main(["check", "--only", "D0.3", "D0.4"]) == 1
    out = capsys.readouterr().out
    rows = {line.split()[0]: line.split()[-1] for line in out.split("\n") if line.startswith("D0.")}
    assert rows == {"D0.3": "ok", "D0.4": "FAILED"}
    assert "FAILED D0.4: c_prev against complex-step" in out
    assert "FAILED D0.4: c_prev against five-point" in out
    assert "2 FAILED" in out


def test_a_nan_fails_and_leaves_valid_json(capsys, monkeypatch):
    from dataclasses import replace

    from minis2s.equations import registry

    entry = registry.equation("D2.4")
    forward, _ = entry.checked
    broken = replace(entry, checked=(forward, lambda d_p, cache: softmax.softmax_backward(d_p, cache) * float("nan")))
    monkeypatch.setitem(registry._ENTRIES, "D2.4", broken)
    code, report = run_json(capsys, "--only", "D2.4")
    assert code == 1 and report["passed"] is False
    assert all(result["error"] is None and result["passed"] is False for result in report["results"])


def test_one_method(capsys):
    code, report = run_json(capsys, "--only", "D0.5", "--method", "five-point")
    assert code == 0 and {result["method"] for result in report["results"]} == {"five-point"}


@pytest.mark.slow
def test_float32_gradients_against_double_precision(capsys):
    code, report = run_json(capsys, "--dtype", "float32")
    assert code == 0 and report["dtype"] == "float32"
    errors = [result["error"] for result in report["results"]]
    assert max(errors) > 1e-9  # really computed in single precision
    assert not any(result["id"].startswith("model") for result in report["results"])
    assert main(["check", "--only", "model", "--dtype", "float32"]) == 2


def test_a_check_does_not_depend_on_the_others(capsys):
    _, alone = run_json(capsys, "--only", "D0.4")
    _, together = run_json(capsys, "--only", "D0.1", "d0.4", "D0.4")
    assert alone["results"] == [result for result in together["results"] if result["id"] == "D0.4"]
    _, other_seed = run_json(capsys, "--only", "D0.4", "--seed", "1")
    assert other_seed["results"] != alone["results"]


def test_what_has_no_gradient_is_compared_with_its_oracle(capsys):
    code, report = run_json(capsys, "--only", "D1.5", "D2.8")
    assert code == 0 and {result["method"] for result in report["results"]} == {"oracle"}
    assert main(["check", "--only", "D1.5", "--method", "five-point"]) == 2
    assert "D1.5: nothing here is checked by five-point" in capsys.readouterr().err


def test_a_wrong_search_fails(capsys, monkeypatch):
    from minis2s.equations import search

    monkeypatch.setattr(search.np, "argmax", search.np.argmin)
    assert main(["check", "--only", "D1.5"]) == 1
    assert "FAILED D1.5: tokens against oracle" in capsys.readouterr().out

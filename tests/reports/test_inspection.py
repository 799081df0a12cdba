"""`inspect` and `compare`: what they say is what the files hold; shapes of their JSON; errors in one line."""

import json
import os
import shutil

import numpy as np
import pytest

from minis2s.cli import main
from minis2s.cli.compare import _short
from minis2s.training.checkpoint import load_checkpoint, save_checkpoint
from minis2s.training.run import Run, load


def json_of(capsys, *arguments):
    assert main([*map(str, arguments), "--json"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    return json.loads(out)


@pytest.fixture
def copy(runs, tmp_path):
    shutil.copytree(runs / "well", tmp_path / "copy")
    return tmp_path / "copy"


# inspect


def test_a_checkpoint_as_json(runs, capsys):
    path = runs / "well" / "last.npz"
    found = json_of(capsys, "inspect", path)
    assert found["run"] is None and found["path"] == found["checkpoint"]["path"] == str(path)
    checkpoint, (arrays, record) = found["checkpoint"], load_checkpoint(path)
    assert (checkpoint["format"], checkpoint["version"]) == (record["format"], record["version"])
    assert checkpoint["checksum"] == "verified" and checkpoint["trainable"] and checkpoint["bytes"] == path.stat().st_size
    assert checkpoint["progress"]["epoch"] == 3 and checkpoint["model"]["hidden_size"] == 16
    model = load(path).model
    assert checkpoint["n_parameters"] == model.n_parameters()
    assert [p["name"] for p in checkpoint["parameters"]] == [name for name, _ in model.named_parameters()]
    for p in checkpoint["parameters"]:
        a = arrays[f"model/{p['name']}"]
        assert p["shape"] == list(a.shape) and p["dtype"] == "float32" and p["norm"] == pytest.approx(np.linalg.norm(a), rel=1e-6)
    assert checkpoint["other_arrays"] == {f"optimiser/{m}": [model.n_parameters()] for m in "mv"}
    words = checkpoint["vocabularies"]["source"]
    assert words["tokens"] == 6 and "<script>alert(1)</script>" in words["first"]
    assert checkpoint["tokenisers"]["target"]["name"] == "words"


def test_a_run_as_json(runs, capsys):
    found = json_of(capsys, "inspect", runs / "unwell")
    run, metrics = found["run"], Run(runs / "unwell").metrics()
    assert found["checkpoint"]["path"].endswith("best.npz") and not found["checkpoint"]["trainable"]
    assert run["epochs"] == 2 and run["best_by"] == "loss"
    assert run["best_score"] == min(m["dev_loss"] for m in metrics) == metrics[run["best_epoch"] - 1]["dev_loss"]
    assert run["settings"]["training"]["clip"] == 0.0001 and run["environment"]["backend"] == "numpy"
    assert run["counts"]["training_pairs"] == 100
    assert [f["name"] for f in run["findings"]] == ["exploding gradients"] and set(run["findings"][0]) == {"name", "what", "hint"}
    there = {p.relative_to(runs / "unwell").as_posix() for p in (runs / "unwell").rglob("*") if p.is_file() and p.name[0] != "."}
    assert {file["name"] for file in run["files"]} == there and "attention/epoch-01.png" in there
    assert found["checkpoint"]["scores"]["dev_loss"] == run["best_score"]


def test_for_people(runs, capsys):
    assert main(["inspect", str(runs / "well")]) == 0
    out = capsys.readouterr().out
    parameter = "encoder.stack.layers.0.forwards.cell.W_x"
    for word in ("checksum verified", parameter, "8 × 32", "best score", "learning_rate", "in 3 files"):
        assert word in out, word
    assert "'<script>alert(1)</script>'" in out and "\x1b" not in out


def test_it_fits_80_columns(runs, capsys, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "80")
    for arguments in (["inspect", str(runs / "well")], ["compare", str(runs / "well"), str(runs / "unwell")]):
        assert main(arguments) == 0
        lines = capsys.readouterr().out.replace("\x1b[1m", "").replace("\x1b[0m", "").split("\n")
        assert max(map(len, lines)) <= 80


def test_control_characters_of_a_vocabulary_do_not_reach_the_terminal(copy, capsys):
    arrays, record = load_checkpoint(copy / "best.npz")
    record["languages"]["source_vocabulary"][0] = "\x1b[2J\x07"
    save_checkpoint(copy / "best.npz", arrays, record)
    assert main(["inspect", str(copy / "best.npz")]) == 0
    out = capsys.readouterr().out
    assert "\x1b" not in out and "\x07" not in out and "\\x1b[2J\\x07" in out


def test_nor_do_those_of_settings(copy, runs, capsys):
    config = json.loads((copy / "config.json").read_text("utf-8"))
    config["data"]["train"] = ["\x1b[2Jname"]
    (copy / "config.json").write_text(json.dumps(config))
    for arguments in (["inspect", str(copy)], ["compare", str(copy), str(runs / "well")]):
        assert main(arguments) == 0
        out = capsys.readouterr().out
        assert "\x1b" not in out and "\\x1b[2Jname" in out


def test_a_run_before_its_first_epoch(copy, capsys):
    for path in copy.rglob("*"):
        if path.is_file() and path.name != "config.json":
            path.unlink()
    found = json_of(capsys, "inspect", copy)
    assert found["checkpoint"] is None and found["run"]["best_score"] is None and found["run"]["epochs"] == 0
    assert main(["inspect", str(copy)]) == 0
    assert "there is no checkpoint yet" in capsys.readouterr().out


def test_infinite_parameters_are_null(copy, capsys):
    arrays, record = load_checkpoint(copy / "best.npz")
    arrays["model/decoder.stack.layers.0.b"][0] = np.inf
    save_checkpoint(copy / "best.npz", arrays, record)
    norms = {p["name"]: p["norm"] for p in json_of(capsys, "inspect", copy)["checkpoint"]["parameters"]}
    assert norms["decoder.stack.layers.0.b"] is None and norms["decoder.W_c"] > 0


@pytest.mark.parametrize("command", ["inspect", "compare"])
@pytest.mark.parametrize("kind", ["nothing", "no run", "text", "flipped", "config", "metrics", "not ours"])
def test_errors_are_one_line(command, kind, copy, tmp_path, capsys):
    path, message = copy, "damaged"
    if kind == "nothing":
        path = tmp_path / "none"
        message = "cannot read the checkpoint" if command == "inspect" else "there is no such run directory"
    elif kind == "no run":
        (copy / "config.json").unlink()
        message = "this is not a run directory"
    elif kind == "text":
        path = tmp_path / "text"
        path.write_text("x")
        message = "not a minis2s checkpoint" if command == "inspect" else "not a run directory"
    elif kind == "flipped":
        content = bytearray((copy / "best.npz").read_bytes())
        content[len(content) // 3] ^= 16
        (copy / "best.npz").write_bytes(content)
    elif kind == "config":
        (copy / "config.json").write_text("[]")
        message = "not those of a run of this program"
    elif kind == "metrics":
        (copy / "metrics.jsonl").write_text("nonsense\n")
    elif kind == "not ours":
        arrays, _ = load_checkpoint(copy / "best.npz")
        save_checkpoint(copy / "best.npz", arrays, {"model": {}})
        message = "does not describe a model" if command == "inspect" else ""
    code = main([command, str(path), *([str(path)] if command == "compare" else [])])
    out, err = capsys.readouterr()
    if kind == "not ours" and command == "compare":  # it only counts the parameters
        assert code == 0
        return
    assert code == 2 and out == "" and err.startswith("minis2s: error: ") and err.count("\n") == 1 and message in err


# compare


def test_runs_side_by_side_as_json(runs, capsys):
    found = json_of(capsys, "compare", runs / "well", runs / "unwell", runs / "well")
    assert found["differences"] == {"training.epochs": [3, 2, 3], "training.clip": [1.0, 0.0001, 1.0]}
    well, unwell, again = found["runs"]
    assert well == again and [each["epochs"] for each in found["runs"]] == [3, 2, 3]
    assert unwell["findings"] == ["exploding gradients"] and well["findings"] == []
    metrics = Run(runs / "well").metrics()
    best = metrics[well["best_epoch"] - 1]
    for name in ("dev_loss", "dev_bleu", "dev_exact_match", "dev_chrf", "dev_token_error_rate", "train_loss"):
        assert well[name] == best[name]
    assert well["parameters"] == load(runs / "well").model.n_parameters()
    assert well["bytes"] == os.path.getsize(runs / "well" / "best.npz")
    assert well["seconds"] == pytest.approx(sum(m["seconds"] for m in metrics), abs=1e-3) and well["tokens_per_s"] > 0


def test_runs_side_by_side_for_people(runs, capsys):
    assert main(["compare", str(runs / "well"), str(runs / "unwell")]) == 0
    out = capsys.readouterr().out
    for word in ("well", "unwell", "training.clip", "0.0001", "dev loss", "exploding gradients", "target tokens/s", "none"):
        assert word in out
    assert main(["compare", str(runs / "well"), str(runs / "well")]) == 0
    assert "no setting differs" in capsys.readouterr().out


def test_a_run_that_has_not_begun_is_compared_too(copy, runs, capsys):
    for name in ("metrics.jsonl", "best.npz"):
        (copy / name).unlink()
    found = json_of(capsys, "compare", runs / "well", copy)
    assert found["runs"][1]["best_epoch"] is None and found["runs"][1]["parameters"] is None
    assert main(["compare", str(runs / "well"), str(copy)]) == 0
    assert "–" in capsys.readouterr().out


def test_one_run_cannot_be_compared(runs, capsys):
    assert main(["compare", str(runs / "well")]) == 2
    assert "give two or more runs" in capsys.readouterr().err


@pytest.mark.parametrize(
    "paths, names",
    [
        (["runs/a", "runs/b"], ["a", "b"]),
        (["x/run", "y/run"], ["x/run", "y/run"]),
        (["a", "a"], ["a (1)", "a (2)"]),
        (["a/"], ["a"]),
    ],
)
def test_names_are_as_short_as_they_can_be(paths, names):
    assert _short(paths) == names

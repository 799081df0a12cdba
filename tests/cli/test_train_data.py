"""What `minis2s train`, `translate` and `evaluate` make of the options about data: windows, normalisation, byte pairs."""

import builtins
import json

import pytest

from minis2s.cli import main, progress
from minis2s.cli.progress import Display

from .runs import assert_one_line_error, tiny_arguments, write_pairs


@pytest.fixture
def data(tmp_path):
    write_pairs(tmp_path / "train.tsv", 40, 0)
    write_pairs(tmp_path / "dev.tsv", 8, 9)
    return tmp_path


def test_a_stream_from_the_command_line(data, capsys):
    assert main([*tiny_arguments(data), "--epochs", "2", "--window-pairs", "15"]) == 0
    out, _ = capsys.readouterr()
    assert "40 training pairs are read again in each epoch, and shuffled 15 at a time (--window-pairs)" in out
    assert "40 training and 8 dev pairs" in out
    config = json.loads((data / "run" / "config.json").read_text("utf-8"))
    assert config["data"]["window_pairs"] == 15 and config["counts"]["windows"] == 3
    assert [json.loads(line)["steps"] for line in (data / "run" / "metrics.jsonl").open()] == [3, 6]


def test_normalisation_from_the_command_line_to_translate_and_evaluate(data, capsys):
    text = (data / "train.tsv").read_text("utf-8")
    (data / "train.tsv").write_text(text.upper(), encoding="utf-8")
    options = ["--source-lowercase", "--source-width", "half", "--target-width", "half", "--epochs", "1"]
    assert main([*tiny_arguments(data), *options]) == 0
    config = json.loads((data / "run" / "config.json").read_text("utf-8"))["data"]
    assert config["source_lowercase"] is True and config["source_width"] == "half" and config["target_lowercase"] is False
    capsys.readouterr()
    assert main(["translate", str(data / "run"), "A Ｂ", "a b", "--json"]) == 0
    full, half = json.loads(capsys.readouterr().out)
    assert full["source_tokens"] == half["source_tokens"] == ["a", "b"] and full["translation"] == half["translation"]
    scores = []

    def wide(text):
        return "".join("　" if character == " " else chr(ord(character) + 0xFEE0) for character in text)

    for name, change in (("plain.jsonl", str), ("wide.jsonl", wide)):
        rows = (row.split("\t") for row in (data / "dev.tsv").read_text("utf-8").splitlines())
        text = "".join(json.dumps({"source": change(source), "target": target}) + "\n" for source, target in rows)
        (data / name).write_text(text)
        assert main(["evaluate", str(data / "run"), str(data / name), "--json"]) == 0
        scores.append(json.loads(capsys.readouterr().out))
    assert scores[0] == scores[1] and scores[0]["sentences_with_unknown_words"] == 0


def test_byte_pairs_from_the_command_line(data, capsys):
    pytest.importorskip("tokenizers", reason="the extra 'bpe'")
    options = ["--source-tokeniser", "bpe", "--bpe-tokens", "20", "--epochs", "1"]
    assert main([*tiny_arguments(data), *options]) == 0
    capsys.readouterr()
    assert main(["translate", str(data / "run"), "a b c", "--json"]) == 0
    assert "".join(json.loads(capsys.readouterr().out)[0]["source_tokens"]) == "a b c"


def test_byte_pairs_without_the_library(data, capsys, monkeypatch):
    real = builtins.__import__

    def without(name, *rest):
        if name.split(".")[0] == "tokenizers":
            raise ModuleNotFoundError("No module named 'tokenizers'", name="tokenizers")
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    assert main([*tiny_arguments(data), "--source-tokeniser", "bpe"]) == 2
    assert_one_line_error(capsys.readouterr().err, "pip install 'minis2s[bpe]'")
    assert not (data / "run").exists()


def test_what_is_odd_about_the_data_is_said_before_the_training(data, capsys):
    train = (data / "train.tsv").read_text("utf-8").splitlines()
    (data / "dev.tsv").write_text(f"{train[4]}\nz a\t癸\n", encoding="utf-8")
    assert main([*tiny_arguments(data), "--epochs", "1"]) == 0
    notes = [line for line in capsys.readouterr().out.splitlines() if line.startswith("note ")]
    assert "tokens are unknown" in notes[0]
    assert "dev data: 1 of 2 pairs are training pairs, too (the first on line 1, in the training data on line" in notes[1]


def test_a_bad_json_line(data, capsys):
    (data / "bad.jsonl").write_text('{"source": "a", "target": "b"}\n{"source": "a"}\n')
    arguments = tiny_arguments(data)
    arguments[arguments.index("--train") + 1] = str(data / "bad.jsonl")
    assert main(arguments) == 2
    assert_one_line_error(capsys.readouterr().err, "bad.jsonl, line 2: the key 'target' is missing (there: 'source')")


def test_the_progress_of_reading(capsys, monkeypatch):
    clock = iter([0.0, 3.0, 6.0, 8.0, 100.0, 104.0, 106.0])
    monkeypatch.setattr(progress.time, "perf_counter", lambda: next(clock))
    display = Display()
    for pairs, share in ((10_000, 0.1), (20_000, 0.2), (30_000, 0.3), (40_000, 0.4)):
        display.reading(pairs, share)
    for pairs in (10_000, 20_000, 30_000):  # another pass, over a packed file
        display.reading(pairs, None)
    assert capsys.readouterr().err.splitlines() == [
        "reading the training data: 30,000 pairs, 30%, about 14 s left",
        "reading the training data: 30,000 pairs",
    ]

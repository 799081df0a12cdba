"""`minis2s translate`: sentences in, translations out, doubts said."""

import json

import pytest

from minis2s import plots
from minis2s.cli import main

from .runs import assert_one_line_error, child


def test_sentences_as_arguments(trained, capsys):
    assert main(["translate", str(trained), "a", "b a"]) == 0
    out, err = capsys.readouterr()
    assert out == "甲\n乙甲\n" and err == ""


def test_a_checkpoint_file_will_do(trained, capsys):
    assert main(["translate", str(trained / "last.npz"), "a"]) == 0
    assert capsys.readouterr().out == "甲\n"


def test_unknown_words_are_flagged_never_silently_translated(trained, capsys):
    assert main(["translate", str(trained), "a zebra a quagga", "a"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("[unknown: zebra, quagga] ") and lines[1] == "甲"


def test_json(trained, capsys):
    assert main(["translate", str(trained), "b a", "x", "--json"]) == 0
    one, two = json.loads(capsys.readouterr().out)
    assert (one["source"], one["translation"], one["tokens"], one["source_tokens"]) == ("b a", "乙甲", ["乙", "甲"], ["b", "a"])
    assert one["unknown"] == [] and one["complete"] is True and -5 < one["log_probability"] < 0
    assert two["unknown"] == ["x"]


def test_standard_input_line_by_line_in_a_process_of_its_own(trained, tmp_path):
    """More lines than go into one batch, Windows line ends, a byte-order mark; from another directory."""
    lines = ["a", "b a"] * 50
    code, out, err = child("translate", trained, cwd=tmp_path, stdin=("\ufeff" + "\r\n".join(lines)).encode())
    assert (code, err) == (0, "")
    assert out.splitlines() == ["甲", "乙甲"] * 50


def test_no_input_no_output(trained):
    assert child("translate", trained) == (0, "", "")


@pytest.mark.parametrize(
    "stdin, message",
    [
        (b"a\nb\xff\n", "standard input, line 2: not UTF-8"),
        (b"a\n\nb\n", "sentence 2 is empty: there is nothing to translate"),
        (b"a\n" * 70 + b"\n", "sentence 71 is empty"),
        (b"a " * 300, "sentence 1 has 300 tokens; the limit is 200 (--max-source raises it)"),
    ],
)
def test_bad_standard_input(trained, stdin, message):
    code, _, err = child("translate", trained, stdin=stdin)
    assert code == 2
    assert_one_line_error(err, message)


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["RUN", ""], "sentence 1 is empty"),
        (["RUN", "a", "  "], "sentence 2 is empty"),
        (["RUN", "a", "b", "--attention", "x.png"], "--attention draws one sentence"),
        (["RUN", "--attention", "x.png"], "--attention draws one sentence"),
        (["RUN", "a b c", "--max-source", "2"], "sentence 1 has 3 tokens; the limit is 2"),
        (["RUN", "a", "--max-length", "0"], "argument --max-length: 0 is not at least 1"),
        (["RUN", "a", "--max-length", "many"], "argument --max-length: 'many' is not a whole number"),
        (["RUN", "a", "--atention", "x.png"], "unknown option '--atention'; did you mean '--attention'?"),
        (["none", "a"], "none: there is no such run directory (minis2s train writes one)"),
        (["empty", "a"], "empty: this is not a run directory"),
        (["text.npz", "a"], "text.npz: this is not a minis2s checkpoint"),
        (["cut.npz", "a"], "cut.npz: the checkpoint is damaged or cut short"),
        ([], "the following arguments are required: RUN"),
    ],
)
def test_bad_requests(trained, arguments, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.npz").write_text("no model")
    (tmp_path / "cut.npz").write_bytes((trained / "best.npz").read_bytes()[:-1])
    assert main(["translate", *(str(trained) if a == "RUN" else a for a in arguments)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert_one_line_error(err, message)
    assert not (tmp_path / "x.png").exists()


def test_a_translation_that_was_cut_is_said(trained, capsys):
    assert main(["translate", str(trained), "a b a b", "--max-length", "1"]) == 0
    out, err = capsys.readouterr()
    assert len(out.strip()) == 1 and err == "minis2s: cut short at the length limit: a b a b\n"


def test_attention(trained, tmp_path, capsys):
    path = tmp_path / "map.png"
    assert main(["translate", str(trained), "a b", "--attention", str(path)]) == 0
    out, err = capsys.readouterr()
    assert out == "甲乙\n" and path.read_bytes().startswith(b"\x89PNG")
    assert str(path) in err or "fonts-noto-cjk" in err


def test_attention_without_a_font(trained, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(plots, "_installed_fonts", lambda: [])
    assert main(["translate", str(trained), "a b", "--attention", str(tmp_path / "map.png")]) == 0
    assert "labelled by number; install one, for instance Debian's package fonts-noto-cjk" in capsys.readouterr().err


def test_attention_where_nothing_can_be_written(trained, tmp_path, capsys):
    assert main(["translate", str(trained), "a b", "--attention", str(tmp_path / "none" / "map.png")]) == 1
    out, err = capsys.readouterr()
    assert out == "甲乙\n"
    assert_one_line_error(err, "cannot write")

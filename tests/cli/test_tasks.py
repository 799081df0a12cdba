"""`minis2s tasks`: the list, one task, and the same for programs."""

import json
import re
from dataclasses import replace

import pytest
from rich.cells import cell_len

from minis2s.cli import main
from minis2s.cli.tasks import SHOWN
from minis2s.data.files import Pair
from minis2s.data.tasks import TASKS, Expected, Splits, task

from .runs import assert_one_line_error, child


@pytest.fixture
def invented(monkeypatch):
    """A task of two rules: no data are made for the list, and twelve pairs for itself."""
    calls = []

    def generate(seed):
        calls.append(seed)
        pairs = [Pair(f"q{k}", f"答{k}") for k in range(12)]
        return Splits(pairs, pairs[:3], pairs)

    made = replace(
        task("copy"), name="invented", description="Questions", held_out="Nothing is.", generate=generate, sizes=(12, 3, 12),
        example=Pair("q7", "答7"), expected=Expected("same_value", 97.5, 42), settings={"epochs": 4}, needs="data", model="ctc",
    )  # fmt: skip
    monkeypatch.setitem(TASKS, made.name, made)
    return calls


def printed(capsys, *arguments):
    assert main(["tasks", *arguments]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    return out


def test_the_list_names_every_task_with_what_is_known_of_it(invented, capsys):
    out = printed(capsys)
    for each in TASKS.values():
        assert each.name in out and each.example.target[:40] in out
    assert "same value 97.5 %" in out and "after 42 s" in out and "12" in out and "3, 12" in out and "ctc" in out
    assert invented == []


def test_the_list_for_programs(invented, capsys):
    listed = json.loads(printed(capsys, "--json"))
    assert [each["name"] for each in listed] == list(TASKS)
    assert listed[-1] == {
        "name": "invented", "description": "Questions", "held_out": "Nothing is.", "model": "ctc", "source_tokeniser": "chars",
        "target_tokeniser": "chars", "settings": {"epochs": 4}, "sizes": {"train": 12, "dev": 3, "test": 12},
        "example": {"source": "q7", "target": "答7"}, "expected": {"score": "same_value", "value": 97.5, "seconds": 42},
        "needs": "data",
    }  # fmt: skip
    assert invented == []


def test_one_task_shows_ten_pairs_of_its_test_part_and_what_is_held_out(invented, capsys):
    out = printed(capsys, "invented")
    for text in ("Questions", "Nothing is.", "12 to train on", "ctc", "chars → chars", "epochs 4", "97.5 %", 'minis2s[data]'):
        assert text in out
    assert all((f"q{k} " in out and f"答{k}" in out) == (k < SHOWN) for k in range(12))
    record = json.loads(printed(capsys, "invented", "--json"))
    assert record["pairs"] == [{"source": f"q{k}", "target": f"答{k}"} for k in range(SHOWN)]
    assert record["held_out"] == "Nothing is." and invented == [0, 0]


def test_texts_without_a_source_are_listed_alone(invented, monkeypatch, capsys):
    pairs = [Pair("", "the moon hides")]
    monkeypatch.setitem(TASKS, "invented", replace(TASKS["invented"], generate=lambda seed: Splits(pairs, pairs, pairs)))
    out = printed(capsys, "invented")
    assert "the moon hides" in out and "source" not in out


def test_a_terminal_of_eighty_columns_is_enough(invented, monkeypatch, capsys):
    """What a person sees, the names whole and no line beyond the border; a long example is cut, and says so."""
    monkeypatch.setattr("rich.console.Console.is_terminal", property(lambda self: True))
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setitem(TASKS, "invented", replace(TASKS["invented"], example=Pair("q7", "word" * 30)))
    lines = re.sub(r"\x1b\[[0-9;]*m", "", printed(capsys)).split("\n")
    assert max(map(cell_len, lines)) <= 80
    for name in TASKS:
        assert any(line.startswith(f"{name} ") for line in lines)
    assert "word" * 30 not in "".join(lines) and any(line.endswith("…") for line in map(str.rstrip, lines))


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["copi"], "unknown task 'copi'; did you mean 'copy'?"),
        (["copy", "sort"], "unexpected argument 'sort'"),
        (["--jsno"], "unknown option '--jsno'; did you mean '--json'?"),
    ],
)
def test_bad_requests(arguments, message, capsys):
    assert main(["tasks", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert_one_line_error(err, message)


def test_as_a_process_of_its_own():
    code, out, err = child("tasks", "copy")
    assert (code, err) == (0, "")
    assert "copy" in out and "side by side" in out

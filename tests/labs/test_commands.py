"""`minis2s lab`, as students and instructors use it, on real labs."""

import csv
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

import minis2s
from minis2s.cli import main
from minis2s.labs import catalogue, source
from minis2s.labs.source import BEGIN, END, UNWRITTEN

from .schema import faults

LAB = "02_losses"
ROOT = Path(minis2s.__file__).parents[1]


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def solved(name=LAB, variant=None, old="", new=""):
    text = catalogue.exercise(name, variant).text
    assert old in text
    return "\n".join(line for line in text.replace(old, new).split("\n") if line.strip() not in (BEGIN, END))


def test_a_student_from_start_to_full_marks(here, capsys):
    assert main(["lab", "start", "losses"]) == 0
    assert main(["lab", "start", "2"]) == 2  # never overwritten
    assert "already there" in capsys.readouterr().err
    assert main(["lab", "check"]) == 1
    told = capsys.readouterr().out
    assert "not written" in told and "0 of 55 points" in told
    path = here / f"{LAB}.py"
    path.write_text(solved(old="slope = y * (1 - y)", new="slope = 1 - y"), "utf-8")
    assert main(["lab", "check"]) == 1
    told = capsys.readouterr().out
    assert "sigmoid_backward" in told and "WRONG" in told and "likely mistake: " in told and "not one I know" not in told
    path.write_text(solved(), "utf-8")
    assert main(["lab", "check", str(path)]) == 0
    assert "55 of 55 points" in capsys.readouterr().out
    assert main(["lab", "hint"]) == 0
    assert "Nothing to hint at" in capsys.readouterr().out


def test_hints_say_more_each_time_and_never_the_code(here, capsys):
    path = here / f"{LAB}.py"
    path.write_text(solved(old="slope = y * (1 - y)", new="slope = 1 - y"), "utf-8")
    told = []
    for _ in range(4):
        assert main(["lab", "hint"]) == 0
        told.append(capsys.readouterr().out)
    assert [f"hint {n} of 3" in text for n, text in zip((1, 2, 3, 3), told, strict=True)] == [True] * 4
    assert len(set(told[:3])) == 3 and told[2] == told[3]
    assert not any("slope = " in text for text in told)
    assert main(["lab", "hint", "--task", "no_such"]) == 2


def test_check_in_json(here, capsys):
    (here / f"{LAB}.py").write_text(solved(old="slope = y * (1 - y)", new="slope = 1 - y"), "utf-8")
    assert main(["lab", "check", "--json"]) == 1
    record = json.loads(capsys.readouterr().out)
    (wrong,) = (task for task in record["tasks"] if not task["passed"])
    assert wrong["function"] == "sigmoid_backward" and wrong["mistake"]["known"]
    assert record["max_score"] == 55 and record["file"] == f"{LAB}.py"


@pytest.mark.parametrize("argv", [["check"], ["check", "no.py"], ["start", "no such"], ["hint"], ["grade", "."], ["check", "."]])
def test_mistakes_on_the_command_line_end_with_2(here, capsys, argv):
    assert main(["lab", *argv]) == 2
    assert capsys.readouterr().err.startswith("minis2s: error:")


def test_a_release_holds_no_solution(here):
    """No line of any solution, unless it also stands outside the solutions; and every task raises."""
    assert main(["lab", "release", "out"]) == 0
    for name in catalogue.names():
        exercise = catalogue.exercise(name)
        released = (here / "out" / f"{name}.py").read_text("utf-8")
        assert released.count(UNWRITTEN) == len(exercise.lab.tasks) and BEGIN not in released
        module = source.module_of(released)
        given = source.release(exercise.text)
        for task in exercise.lab.tasks:
            assert getattr(module, task.function).__doc__
            lines = {line.strip() for line in source.body(exercise.text, task.function).split("\n")}
            told = lines & {line.strip() for line in released.split("\n")}
            assert told <= {line.strip() for line in given.split("\n")}
            assert len(lines - told) >= 1, f"{name}, {task.function}: all of its solution stands elsewhere in the file"
    assert main(["lab", "release", "out"]) == 2  # nothing is overwritten


def test_variants_from_release_to_grade(here, capsys):
    name = "05_lstm_backward"
    (here / "names.txt").write_text("ada\n张三\nbob\ncarl\n", "utf-8")
    arguments = ["lab", "release", "out", "--lab", "5", "--students", "names.txt", "--variant-seed", "5"]
    assert main(arguments) == 0
    (here / "rubric.toml").write_text("variant_seed = 5\n")
    variants = {student: catalogue.drawn_variant(name, 5, student) for student in ("ada", "张三", "bob", "carl")}
    assert len({str(variant) for variant in variants.values()}) > 1
    for student in variants:
        (here / "out" / student / f"{name}.py").write_text(solved(name, variants["ada"]), "utf-8")
    assert main(["lab", "grade", "out", "--rubric", "rubric.toml", "--out", "graded", "--json"]) == 0
    record = json.loads(capsys.readouterr().out.split("\n", 1)[1])
    scores = {each["student"]: each["score"] for each in record["students"]}
    for student, variant in variants.items():
        assert (scores[student] == 85) == (variant == variants["ada"]), student
    with open(here / "graded" / "scores.csv", encoding="utf-8") as file:
        assert {row["student"] for row in csv.DictReader(file)} == set(variants)
    assert json.loads((here / "graded" / "张三.json").read_text("utf-8"))["score"] == scores["张三"]


def test_grade_says_what_it_could_not_read(here, capsys, monkeypatch):
    (here / "ada").mkdir()
    (here / "ada" / f"{LAB}.py").write_text(solved(), "utf-8")
    (here / "notes.py").write_text("x")
    assert main(["lab", "grade", "."]) == 0
    told = capsys.readouterr()
    assert "left out: notes.py" in told.err and "ada" in told.out
    monkeypatch.setattr("minis2s.labs.batch.read", lambda path: 1 / 0)
    assert main(["lab", "grade", "."]) == 1
    assert "not graded" in capsys.readouterr().err


@pytest.mark.skipif(not shutil.which("bash"), reason="the autograder is a shell script")
def test_the_sample_autograder(tmp_path):
    root = tmp_path / "autograder"
    (root / "submission").mkdir(parents=True)
    (root / "results").mkdir()
    shutil.copytree(ROOT / "docs" / "labs" / "gradescope", root / "source")
    (root / "submission_metadata.json").write_text('{"users": [{"email": "ada@example.org"}]}')
    variant = catalogue.drawn_variant("05_lstm_backward", 5, "ada@example.org")
    (root / "submission" / "05_lstm_backward.py").write_text(solved("05_lstm_backward", variant), "utf-8")
    environment = os.environ | {"AUTOGRADER_ROOT": str(root), "AUTOGRADER_PYTHON": sys.executable, "PYTHONPATH": str(ROOT)}
    subprocess.run(["bash", str(root / "source" / "run_autograder")], env=environment, check=True, timeout=300)
    document = json.loads((root / "results" / "results.json").read_text("utf-8"))
    assert faults(document) == []
    assert document["score"] == sum(test["max_score"] for test in document["tests"]) == 95  # the rubric adds ten to one task
    assert {test["visibility"] for test in document["tests"]} == {"visible", "after_due_date"}


def test_the_file_changed_last_is_checked(here, capsys):
    for age, name in ((100, "01_gradient_check"), (0, LAB)):
        path = here / f"{name}.py"
        path.write_text(solved(name), "utf-8")
        os.utime(path, (time.time() - age, time.time() - age))
    assert main(["lab", "check"]) == 0
    assert LAB in capsys.readouterr().out

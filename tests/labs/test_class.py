"""A whole class: right, wrong, doubly wrong, unwritten and hostile submissions of all labs, in the variants of a course."""

import csv
import json
import random

import pytest

from minis2s.cli import main
from minis2s.labs import batch, catalogue, source
from minis2s.labs.files import Submission
from minis2s.labs.gradescope import as_gradescope
from minis2s.labs.rubric import read_rubric

from .schema import faults

pytestmark = pytest.mark.slow  # some hundred processes
STUDENTS, SEED = 60, 7
RUBRIC = f"seed = 81723\nvariant_seed = {SEED}\n[hidden]\nshare = 0.4\n[limits]\nseconds = 5\n"
HOSTILE = ("while True: pass\n", "import os; os._exit(0)\n", "def (:\n", "import minis2s\n", "print('x' * 10**7); 1 / 0\n")


def handed_in(rng, name, student):
    """(text, what it is, the faults in it) of one student's file."""
    exercise = catalogue.exercise(name, catalogue.drawn_variant(name, SEED, student))
    kind = rng.choice(["right", "wrong", "wrong", "doubly wrong", "unwritten", "hostile"])
    if kind == "right":
        return exercise.text, kind, ()
    if kind == "unwritten":
        return exercise.skeleton, kind, ()
    if kind == "hostile":
        return rng.choice(HOSTILE) + exercise.text, kind, ()
    while True:
        task = rng.choice(exercise.lab.tasks)
        chosen = rng.sample(task.faults, 1 if kind == "wrong" else 2)
        patches = [source.Patch(fault.function or task.function, fault.old, fault.new) for fault in chosen]
        if text := source.patched(exercise.text, patches):
            return text, kind, (task.function, {fault.name for fault in chosen})


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """(folder, {student: (lab, kind, faults)})."""
    folder, rng, truth = tmp_path_factory.mktemp("course"), random.Random(SEED), {}
    for n in range(STUDENTS):
        name, student = catalogue.names()[n % len(catalogue.names())], f"student_{n:03}"
        text, *what = handed_in(rng, name, student)
        (folder / "handed_in" / student).mkdir(parents=True)
        (folder / "handed_in" / student / f"{name}.py").write_text(text, "utf-8")
        truth[student] = (name, *what)
    (folder / "rubric.toml").write_text(RUBRIC)
    assert {kind for _, kind, _ in truth.values()} == {"right", "wrong", "doubly wrong", "unwritten", "hostile"}
    return folder, truth


def test_everyone_gets_what_is_due(course):
    folder, truth = course
    options = ["--rubric", str(folder / "rubric.toml"), "--out", str(folder / "graded"), "--jobs", "3"]
    assert main(["lab", "grade", str(folder / "handed_in"), *options]) == 0
    with open(folder / "graded" / "scores.csv", encoding="utf-8") as file:
        table = {row["student"]: row for row in csv.DictReader(file)}
    assert set(table) == set(truth)
    for student, (name, kind, wrong) in truth.items():
        record = json.loads((folder / "graded" / f"{student}.json").read_text("utf-8"))
        (lab,) = record["labs"]
        assert float(table[student]["score"]) == pytest.approx(record["score"], abs=1e-3) and lab["lab"] == name
        if kind == "right":
            assert record["score"] == record["max_score"], (student, name)
        elif kind in ("unwritten", "hostile"):
            assert record["score"] == 0, (student, name)
        else:
            function, names = wrong
            task = next(task for task in lab["tasks"] if task["function"] == function)
            assert not task["passed"] and record["score"] < record["max_score"], (student, name, wrong)
            _check_named(task["mistake"], names, kind)


def _check_named(mistake, names, kind):
    """One mistake is named, alone or among those with its numbers; of two, one may hide the other, or both give a third."""
    assert mistake["known"], names
    if kind == "wrong":
        assert [*names] in mistake["faults"], (names, mistake)


def test_gradescope_takes_what_each_of_them_gets(course):
    folder, truth = course
    rubric = read_rubric(folder / "rubric.toml", {})
    some = list(truth)[::6]
    paths = {student: folder / "handed_in" / student / f"{truth[student][0]}.py" for student in some}
    submissions = [Submission(student, truth[student][0], path) for student, path in paths.items()]
    for each in batch.grade_all(submissions, rubric, jobs=3):
        assert not each.failure
        document = json.loads(json.dumps(as_gradescope([each], rubric), allow_nan=False))
        assert faults(document) == [] and document["score"] == pytest.approx(each.result.score)

"""Many submissions: files found, all graded, records for programs."""

import csv
import io
import json
from types import SimpleNamespace

import pytest

from minis2s.errors import UsageError
from minis2s.labs import batch, catalogue, files, gradescope, records
from minis2s.labs.batch import grade_all
from minis2s.labs.child import Limits
from minis2s.labs.files import Submission
from minis2s.labs.rubric import Rubric

from .sample import EXERCISE, RIGHT, with_gates
from .schema import faults

RUBRIC = Rubric(limits=Limits(seconds=5, total=60))
HANDED_IN = {
    "ada": RIGHT.encode(),
    "张三": with_gates("return a"),
    "=cmd()": with_gates("return np.tanh(a)"),
    "eve": with_gates("import os; os._exit(0)"),
    "carl": b"def gates(a:\n",
    "dora": EXERCISE.skeleton.encode(),
}


@pytest.fixture
def sample_lab(monkeypatch):
    """The sample as the package's only lab."""
    exercise = lambda name, variant=None: EXERCISE  # noqa: E731
    for module in (batch, files):
        monkeypatch.setattr(module, "exercise", exercise)
    monkeypatch.setattr(files, "names", lambda: ["00_sample"])
    monkeypatch.setattr(files, "full_name", lambda name: "00_sample")


@pytest.fixture
def graded(tmp_path, sample_lab):
    handed_in = []
    for student, data in HANDED_IN.items():
        (tmp_path / f"{student}.py").write_bytes(data)
        handed_in.append(Submission(student, "00_sample", tmp_path / f"{student}.py"))
    handed_in.append(Submission("gone", "00_sample", tmp_path / "gone.py"))
    told = []
    result = grade_all(handed_in, RUBRIC, jobs=3, done=lambda each, count: told.append(count))
    assert told == list(range(1, len(handed_in) + 1))
    return result


def test_all_are_graded_in_order_whatever_one_of_them_does(graded):
    assert [each.submission.student for each in graded] == [*HANDED_IN, "gone"]
    assert [each.result.score if each.result else None for each in graded] == [10, 6, 6, 6, 0, 0, None]
    assert "No such file" in graded[-1].failure


def test_a_bug_of_the_graders_costs_one_student_no_more_than_a_line(graded, monkeypatch):
    """That is, not the other students' grades."""
    monkeypatch.setattr(batch.Grader, "grade", lambda self, data: 1 / (len(data) - len(HANDED_IN["carl"])))
    again = grade_all([each.submission for each in graded[:-1]], RUBRIC, jobs=2)
    assert [bool(each.failure) for each in again] == [student == "carl" for student in HANDED_IN]
    assert "ZeroDivisionError" in again[4].failure


def test_the_table_of_the_class(graded):
    rows = list(csv.reader(io.StringIO(records.as_csv(graded))))
    assert rows[0] == ["student", "00_sample", "score", "max_score", "remarks"]
    table = {row[0]: row[1:] for row in rows[1:]}
    assert table["ada"] == ["10", "10", "10", ""]
    assert table["'=cmd()"][0] == "6"  # no formula for the spreadsheet
    assert "line 1: SyntaxError" in table["carl"][3]
    assert table["gone"][:3] == ["", "0", "0"] and "No such file" in table["gone"][3]
    assert len(table) == len(HANDED_IN) + 1


def test_the_record_of_a_student_is_json_and_complete(graded):
    for each in graded[:-1]:
        record = json.loads(json.dumps(records.as_json(each.result), allow_nan=False))
        assert record["score"] == sum(task["score"] for task in record["tasks"])
        assert {"function", "equation", "status", "passed", "error", "rungs", "where", "mistake"} <= set(record["tasks"][0])


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_gradescope_takes_the_results(share):
    rubric = Rubric(seed=3, hidden_share=share, hidden_visibility="after_published", hints_stage=2)
    for data in HANDED_IN.values():
        result = batch.Grader(EXERCISE, rubric).grade(data)
        each = SimpleNamespace(submission=Submission("s", "00_sample", None), result=result, seconds=1.5, failure="")
        document = json.loads(json.dumps(gradescope.as_gradescope([each], rubric), allow_nan=False))
        assert faults(document) == []
        assert document["score"] == pytest.approx(result.score)
        assert sum(test["max_score"] for test in document["tests"]) == pytest.approx(result.points)
        hidden = [test for test in document["tests"] if test["visibility"] != "visible"]
        assert len(hidden) == (0 if share == 0 else 2)
        assert not any("likely" in test["output"] or "Where" in test["output"] for test in hidden)


def test_gradescope_takes_a_failure_and_nothing_at_all(graded):
    for some in (graded[-1:], []):
        document = gradescope.as_gradescope(some, RUBRIC)
        assert faults(document) == [] and document["score"] == 0


def test_the_schema_can_refuse():
    for wrong in ({}, {"score": "1"}, {"score": 1, "visibility": "seen"}, {"score": 1, "scores": 2}):
        assert faults(wrong)
    assert faults({"tests": [{"score": 2, "max_score": 1}]})


class TestFiles:
    """Which files are submissions; real labs, as their names matter."""

    name = property(lambda self: catalogue.names()[0])

    def test_folders_of_students(self, tmp_path):
        for student in ("ada", "张三"):
            (tmp_path / student).mkdir()
            (tmp_path / student / f"{self.name}.py").write_text("x")
        (tmp_path / "empty").mkdir()
        found, left_out = files.submissions([tmp_path])
        assert [(each.student, each.lab) for each in found] == [("ada", self.name), ("张三", self.name)]
        assert [path.name for path, _ in left_out] == ["empty"]

    def test_one_students_folder(self, tmp_path):
        (tmp_path / f"{self.name}.py").write_text("x")
        (tmp_path / "notes.py").write_text("x")
        found, left_out = files.submissions([tmp_path])
        assert [(each.student, each.lab) for each in found] == [(tmp_path.name, self.name)] and not left_out

    def test_files_of_students_say_which_lab_they_are(self, tmp_path):
        (tmp_path / "ada.py").write_text(files.skeleton(self.name), "utf-8")
        (tmp_path / "bob.py").write_text("x")
        found, left_out = files.submissions([tmp_path])
        assert [(each.student, each.lab) for each in found] == [("ada", self.name)] and left_out[0][0].name == "bob.py"
        found, left_out = files.submissions([tmp_path], lab=self.name)
        assert len(found) == 2 and not left_out

    def test_what_is_not_there(self, tmp_path):
        with pytest.raises(UsageError, match="no such"):
            files.submissions([tmp_path / "nobody"])

    def test_the_variant_is_drawn_and_not_believed(self, tmp_path):
        name = next(name for name in catalogue.names() if catalogue.exercise(name).lab.variants)
        drawn = {student: catalogue.drawn_variant(name, 9, student) for student in map(str, range(20))}
        path = tmp_path / "ada.py"
        for student, variant in drawn.items():
            path.write_text(files.skeleton(name, drawn["0"]), "utf-8")
            submission = Submission(student, name, path)
            assert files.variant_for(submission, path.read_bytes(), 9) == variant
            assert files.variant_for(submission, path.read_bytes(), None) == drawn["0"]
            path.write_text(f"# minis2s lab {name} no=such gates=\n", "utf-8")
            assert set(files.variant_for(submission, path.read_bytes(), None)) <= set(variant)

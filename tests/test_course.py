"""Where the lessons lie, and what is read off them; `minis2s lessons` and `minis2s lesson`."""

import json
import re
from pathlib import Path

import pytest

import minis2s
from minis2s import course
from minis2s.cli import main
from minis2s.equations.registry import equations
from minis2s.errors import Minis2sError, UsageError

ROOT = Path(minis2s.__file__).parent.parent


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def lesson_file(folder, name, text):
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text, "utf-8")


def test_the_lessons_are_those_of_the_checkout_in_order():
    found = course.lessons()
    assert [lesson.path for lesson in found] == sorted((ROOT / "lessons").glob("[0-9]*.py"))
    for lesson in found:
        assert lesson.name.startswith(f"{lesson.number:02}_") and f"· {lesson.title}\n" in lesson.path.read_text("utf-8")
        assert 10 <= lesson.minutes <= 50


def test_no_number_is_taken_twice():
    numbers = [lesson.number for lesson in course.lessons()]
    assert len(set(numbers)) == len(numbers)


def test_an_installed_package_has_them_inside_and_nothing_beside_it_is_taken_for_them(here, monkeypatch):
    text = "# %% [markdown]\n# # Lesson {} · {}\n#\n# About 10 minutes.\n"
    lesson_file(here / "inside", "03_ours.py", text.format(3, "Ours 我们的"))
    lesson_file(here / "beside", "01_theirs.py", text.format(1, "Theirs"))
    monkeypatch.setattr(course, "FOLDERS", (here / "inside", here / "beside"))
    assert course.lessons() == [(3, "03_ours", "Ours 我们的", 10, here / "inside" / "03_ours.py")]


def test_an_installation_without_lessons_says_so(here, monkeypatch):
    monkeypatch.setattr(course, "FOLDERS", (here / "nowhere",))
    with pytest.raises(Minis2sError, match=f"did not come with this installation .*{re.escape(str(here / 'nowhere'))}"):
        course.lessons()


def test_a_number_that_does_not_exist():
    with pytest.raises(UsageError, match=r"there is no lesson 99 \(there are .*5"):
        course.lesson(99)


def test_the_list_names_every_lesson_and_its_equations(capsys):
    assert main(["lessons"]) == 0
    lines = capsys.readouterr().out.split("\n")
    for lesson in course.lessons():
        line = next(line for line in lines if re.match(rf"\s*{lesson.number} ", line))
        assert lesson.title in line and f" {lesson.minutes} " in f"{line} "
        taught = {entry.row for entry in equations() if entry.lesson == lesson.name}
        assert set(re.findall(r"D\d\.\d+", line)) == taught


def test_the_list_as_json(capsys):
    assert main(["lessons", "--json"]) == 0
    records = json.loads(capsys.readouterr().out)
    assert [record["number"] for record in records] == [lesson.number for lesson in course.lessons()]
    lstm = next(record for record in records if record["number"] == 5)
    assert lstm == {
        "number": 5,
        "name": "05_lstm_cell",
        "title": "The LSTM cell 长短期记忆单元",
        "minutes": 20,
        "equations": ["D0.1", "D0.2", "D0.3", "D0.4", "D0.5"],
    }


def test_a_lesson_is_copied_whole(here, capsys):
    assert main(["lesson", "5"]) == 0
    assert (here / "05_lstm_cell.py").read_bytes() == course.lesson(5).path.read_bytes()
    assert "05_lstm_cell.py" in capsys.readouterr().out
    (here / "course").mkdir()
    assert main(["lesson", "5", "course"]) == 0
    assert (here / "course" / "05_lstm_cell.py").is_file()


def test_work_in_a_copy_is_not_overwritten_without_saying(here, capsys):
    copy = here / "05_lstm_cell.py"
    assert main(["lesson", "5"]) == 0
    assert main(["lesson", "5"]) == 0  # unchanged: nothing can be lost
    copy.write_text("my own notes\n")
    capsys.readouterr()
    assert main(["lesson", "5"]) == 2
    assert "05_lstm_cell.py is there already and differs from the lesson" in capsys.readouterr().err
    assert copy.read_text() == "my own notes\n"
    assert main(["lesson", "5", "--replace"]) == 0
    assert copy.read_bytes() == course.lesson(5).path.read_bytes()


def test_a_folder_that_is_none(here, capsys):
    assert main(["lesson", "5", "nowhere"]) == 2
    assert capsys.readouterr().err == "minis2s: error: nowhere is not a folder\n"
    assert list(here.iterdir()) == []


def test_a_folder_in_the_way_of_the_copy(here, capsys):
    (here / "05_lstm_cell.py").mkdir()
    assert main(["lesson", "5"]) != 0
    err = capsys.readouterr().err
    assert err.startswith("minis2s: error: ") and err.count("\n") == 1 and "05_lstm_cell.py" in err


def test_the_programs_are_those_of_the_checkout_and_are_listed(capsys):
    found = course.programs()
    assert [program.path for program in found] == sorted((ROOT / "lessons" / "programs").glob("[0-9]*.py"))
    assert main(["lessons"]) == 0
    out = " ".join(capsys.readouterr().out.split())
    for number, program in enumerate(found, start=1):
        assert program.number == number and program.path.read_text("utf-8").startswith(f'"""{program.title}.')
        assert f"p{number} {program.title[:20]}" in out


def test_a_program_is_copied_whole(here, capsys):
    assert main(["lesson", "p3"]) == 0
    copy = here / "03_classes.py"
    assert copy.read_bytes() == course.program(3).path.read_bytes()
    assert "03_classes.py: D2 §5 · Classes Encoder" in capsys.readouterr().out
    copy.write_text("my own notes\n")
    assert main(["lesson", "p3"]) == 2
    assert "03_classes.py is there already and differs from the program" in capsys.readouterr().err
    assert main(["lesson", "p3", "--replace"]) == 0


@pytest.mark.parametrize(
    ("asked", "message"),
    [("p9", "there is no program 9 (there are 1, 2"), ("p0", "0 is not at least 1"), ("p", "whole number"), ("x", "'x' is")],
)
def test_a_program_that_does_not_exist(asked, message, here, capsys):
    assert main(["lesson", asked]) == 2
    assert message in capsys.readouterr().err and list(here.iterdir()) == []


def test_an_installed_package_has_the_programs_beside_its_lessons(here, monkeypatch):
    lesson_file(here / "inside", "03_ours.py", "")
    lesson_file(here / "inside" / "programs", "04_mine.py", '"""D9 · Mine.\n\nMore."""\n')
    monkeypatch.setattr(course, "FOLDERS", (here / "inside", here / "beside"))
    assert course.programs() == [(4, "D9 · Mine", here / "inside" / "programs" / "04_mine.py")]
    monkeypatch.setattr(course, "FOLDERS", (here / "beside",))
    with pytest.raises(Minis2sError, match="the programs did not come with this installation"):
        course.programs()

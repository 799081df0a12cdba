"""The lessons and the documents' programs: where they lie on this machine, and what the first lines of each say about it."""

import ast
import re
from pathlib import Path
from typing import NamedTuple

import minis2s
from minis2s.errors import Minis2sError, UsageError

PACKAGE = Path(minis2s.__file__).parent
FOLDERS = (PACKAGE / "lesson_files", PACKAGE.parent / "lessons")  # in an installed package; in a checkout


class Lesson(NamedTuple):
    """One lesson. name: of its file without the suffix, as the registry calls it; minutes: to work through it."""

    number: int
    name: str
    title: str
    minutes: int
    path: Path


class Program(NamedTuple):
    """A working equivalent of a program that the documents print. title: the document and section, and what it does."""

    number: int
    title: str
    path: Path


def lessons():
    """All lessons in reading order. Raises Minis2sError if they did not come with this installation."""
    return [_read(path) for path in _files("lessons", FOLDERS)]


def programs():
    """All programs in the documents' order. Raises Minis2sError likewise."""
    paths = _files("programs", [folder / "programs" for folder in FOLDERS])
    return [Program(int(path.name[:2]), _first_line(path), path) for path in paths]


def lesson(number):
    """The lesson with this number; a UsageError that lists the numbers if there is none."""
    return _chosen("lesson", number, lessons())


def program(number):
    """The program with this number; likewise."""
    return _chosen("program", number, programs())


def _chosen(what, number, among):
    known = {each.number: each for each in among}
    if number not in known:
        raise UsageError(f"there is no {what} {number} (there are {', '.join(map(str, known))}; `minis2s lessons` lists them)")
    return known[number]


def _files(what, folders):
    for folder in folders:
        if found := sorted(folder.glob("[0-9][0-9]_*.py")):
            return found
    raise Minis2sError(f"the {what} did not come with this installation (looked in {' and '.join(map(str, folders))})")


def _first_line(path):
    return ast.get_docstring(ast.parse(path.read_text("utf-8"))).split("\n")[0].removesuffix(".")


def _read(path):
    text = path.read_text("utf-8")
    number, title = re.search(r"^# # Lesson (\d+) · (.*)$", text, re.MULTILINE).groups()
    minutes = sum(map(int, re.findall(r"[Aa]bout (\d+) minutes", text.split("# %%")[1])))  # of all sittings
    return Lesson(int(number), path.stem, title, minutes, path)

"""The lessons: where they lie on this machine, and what the first lines of each say about it."""

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


def lessons():
    """All lessons in reading order. Raises Minis2sError if they did not come with this installation."""
    for folder in FOLDERS:
        found = [_read(path) for path in sorted(folder.glob("[0-9][0-9]_*.py"))]
        if found:
            return found
    raise Minis2sError(f"the lessons did not come with this installation (looked in {' and '.join(map(str, FOLDERS))})")


def lesson(number):
    """The lesson with this number; a UsageError that lists the numbers if there is none."""
    known = {each.number: each for each in lessons()}
    if number not in known:
        raise UsageError(f"there is no lesson {number} (there are {', '.join(map(str, known))}; `minis2s lessons` lists them)")
    return known[number]


def _read(path):
    text = path.read_text("utf-8")
    number, title = re.search(r"^# # Lesson (\d+) · (.*)$", text, re.MULTILINE).groups()
    minutes = sum(map(int, re.findall(r"[Aa]bout (\d+) minutes", text.split("# %%")[1])))  # of all sittings
    return Lesson(int(number), path.stem, title, minutes, path)

"""The files of students: started from a skeleton, found again, read."""

import json
import re
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from minis2s.errors import DataError, UsageError
from minis2s.files import replacing
from minis2s.labs.catalogue import drawn_variant, exercise, full_name, names

HEADER = re.compile(r"^# minis2s lab (\w+)((?: \w+=\S+)*)", re.MULTILINE)


class Submission(NamedTuple):
    """One file to grade; `path` is None where a student handed in nothing for the lab."""

    student: str
    lab: str
    path: Path | None


def skeleton(name, variant=None):
    """The text that a student starts from; its first line says which lab and which variant it is."""
    made = exercise(name, variant)
    chosen = "".join(f" {key}={value}" for key, value in made.variant.items())
    return f"# minis2s lab {made.name}{chosen}\n{made.skeleton}"


def write_new(path, text):
    """A file that must not be there yet: a student's work is never overwritten."""
    path = Path(path)
    if path.exists():
        raise UsageError(f"{path} is already there, and is not overwritten: rename it to start again")
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as file:
        file.write(text.encode())


def read(path):
    """The bytes of a submission. DataError if there is no such file."""
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise DataError(path, error.strerror or error) from None


def lab_and_variant(path, data=None):
    """(lab, variant) of a student's file: as its first line says, else by its name and in the default variant."""
    text = (read(path) if data is None else data)[:4000].decode("utf-8", "replace")
    if found := HEADER.search(text):
        known = {variant.name: variant.choices for variant in exercise(found[1]).lab.variants}
        stated = dict(word.split("=", 1) for word in found[2].split())
        return full_name(found[1]), {key: value for key, value in stated.items() if value in known.get(key, ())}
    return full_name(Path(path).stem), {}


def find(path=None):
    """The file to check: the one named, or of the labs in this folder the one that was changed last."""
    if path is not None:
        if Path(path).is_dir():
            raise UsageError(f"{path} is a folder: name one file")
        return Path(path)
    known = set(names())
    here = [each for each in Path().glob("*.py") if each.stem in known]
    if not here:
        raise UsageError("no lab in this folder: `minis2s lab start NAME` begins one, or name the file")
    return max(here, key=lambda each: each.stat().st_mtime)


def submissions(paths, lab=None):
    """A list of Submission. A path is one student's folder of labs (the folder's name is the student), a folder of such
    folders or of files STUDENT.py, or a file STUDENT.py. `lab`: which lab, for files whose name and first line do not say.

    What cannot be one is left out, with the reason in a second list of (path, reason).
    """
    found, left_out = [], []
    for path in map(Path, paths):
        if not path.exists():
            raise UsageError(f"{path}: there is no such file or folder")
        if path.is_file():
            _add_file(found, left_out, path, path.stem, lab)
        elif _labs_in(path, lab):
            _add_student(found, path, lab)
        else:
            for each in sorted(path.iterdir()):
                if each.is_dir() and not each.name.startswith((".", "__")):
                    _add_student(found, each, lab) if _labs_in(each, lab) else left_out.append((each, "holds no lab"))
                elif each.suffix == ".py":
                    _add_file(found, left_out, each, each.stem, lab)
    return found, left_out


def _labs_in(folder, lab):
    wanted = [lab] if lab else names()
    return [name for name in wanted if (folder / f"{name}.py").is_file()]


def _add_student(found, folder, lab):
    student = folder.resolve().name
    found += [Submission(student, name, folder / f"{name}.py") for name in _labs_in(folder, lab)]


def _add_file(found, left_out, path, student, lab):
    try:
        name = lab or lab_and_variant(path)[0]
    except UsageError:
        left_out.append((path, "neither its name nor its first line says which lab it is; --lab does"))
        return
    found.append(Submission(student, name, path))


def variant_for(submission, data, variant_seed):
    """The variant that this student has: drawn from the seed, not believed from the file; without a seed as the file says."""
    if variant_seed is not None:
        return drawn_variant(submission.lab, variant_seed, submission.student)
    with suppress(UsageError):
        name, variant = lab_and_variant(submission.path, data)
        return variant if name == submission.lab else {}
    return {}


def _stages(path):
    return Path(path).with_name(f".{Path(path).stem}.hints.json")


def next_stage(path, function):
    """Which hint of this task comes now, 1 to 3; remembered beside the file."""
    stages = {}
    with suppress(OSError, ValueError):
        stages = json.loads(_stages(path).read_text("utf-8"))
    before = stages.get(function, 0) if isinstance(stages, dict) else 0
    stage = min((before if isinstance(before, int) else 0) + 1, 3)
    with replacing(_stages(path)) as file:
        file.write(json.dumps({**(stages if isinstance(stages, dict) else {}), function: stage}).encode())
    return stage

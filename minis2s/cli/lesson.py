"""Copy one lesson to work in, or a program that the documents print: a Python file to read, run and change.

  minis2s lesson 5
  python 05_lstm_cell.py
  minis2s lesson p3
  python 03_classes.py

VS Code opens a lesson cell by cell as it is, Jupyter with jupytext. A file that is there already is kept, unless --replace says
otherwise."""

from pathlib import Path

from minis2s.cli.arguments import positive_int
from minis2s.course import lesson, program
from minis2s.errors import UsageError
from minis2s.files import replacing


def add_arguments(parser):
    which = "which lesson, or p1, p2 … for a program (minis2s lessons lists them)"
    parser.add_argument("chosen", type=_chosen, metavar="NUMBER", help=which)
    parser.add_argument("folder", nargs="?", default=".", metavar="FOLDER", help="where to copy it (default: here)")
    parser.add_argument("--replace", action="store_true", help="replace the file if it is there, and what you changed in it")


def run(args):
    find, number = args.chosen
    chosen, is_lesson = find(number), find is lesson
    folder = Path(args.folder)
    if not folder.is_dir():
        raise UsageError(f"{folder} is not a folder")
    copy, text = folder / chosen.path.name, chosen.path.read_bytes()
    if copy.exists() and not args.replace and copy.read_bytes() != text:
        what = "lesson" if is_lesson else "program"
        raise UsageError(f"{copy} is there already and differs from the {what}; name another folder, or --replace it")
    with replacing(copy) as file:
        file.write(text)
    print(f"{copy}: {chosen.title}" + (f", about {chosen.minutes} minutes" if is_lesson else ""))
    print(f"python {copy} runs it" + ("; VS Code opens it cell by cell, Jupyter with jupytext." if is_lesson else "."))
    return 0


def _chosen(text):
    """What finds it, and its number."""
    return (program, positive_int(text[1:])) if text.startswith("p") else (lesson, positive_int(text))

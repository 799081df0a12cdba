"""Copy one lesson to work in: a Python file to read, run and change.

  minis2s lesson 5
  python 05_lstm_cell.py

VS Code opens it cell by cell as it is, Jupyter with jupytext. A file that is there already is kept, unless --replace says
otherwise."""

from pathlib import Path

from minis2s.cli.arguments import positive_int
from minis2s.course import lesson
from minis2s.errors import UsageError
from minis2s.files import replacing


def add_arguments(parser):
    parser.add_argument("number", type=positive_int, metavar="NUMBER", help="which lesson (minis2s lessons lists them)")
    parser.add_argument("folder", nargs="?", default=".", metavar="FOLDER", help="where to copy it (default: here)")
    parser.add_argument("--replace", action="store_true", help="replace the file if it is there, and what you changed in it")


def run(args):
    chosen = lesson(args.number)
    folder = Path(args.folder)
    if not folder.is_dir():
        raise UsageError(f"{folder} is not a folder")
    copy, text = folder / chosen.path.name, chosen.path.read_bytes()
    if copy.exists() and not args.replace and copy.read_bytes() != text:
        raise UsageError(f"{copy} is there already and differs from the lesson; name another folder, or --replace it")
    with replacing(copy) as file:
        file.write(text)
    print(f"{copy}: {chosen.title}, about {chosen.minutes} minutes")
    print(f"python {copy} runs it; VS Code opens it cell by cell, Jupyter with jupytext.")
    return 0

"""What the lessons share: the engine's source, gradient checks and pictures, shown in a terminal as well as in a notebook."""

import io
import sys
import tempfile
from pathlib import Path

from minis2s.cli.check import print_report
from minis2s.equations.registry import equation, helpers_of, source_of
from minis2s.gradcheck import Report

if hasattr(sys.stdout, "reconfigure"):
    sys.stdout.reconfigure(errors="backslashreplace")  # without Greek letters a terminal shows escapes, and the lesson goes on


def show_source(*functions):
    """The functions as they stand in the package, and the helpers that they call, each once: what you read is what runs."""
    shown = dict.fromkeys(part for function in functions for part in (function, *helpers_of(function)))
    for function in shown:
        path, line, text = source_of(function)
        if _in_notebook():
            from IPython.display import Markdown, display

            display(Markdown(f"`{path.as_posix()}:{line}`\n```python\n{text}```"))
        else:
            print(f"# {path.as_posix()}:{line}\n{text}")


def show_printed(*ids):
    """The formulas of these equations as their document prints them."""
    entries = [equation(id) for id in ids]
    ids, sections = (max(len(getattr(entry, name)) for entry in entries) for name in ("id", "section"))
    for entry in entries:
        print(f"{entry.id:{ids}}  {entry.section:{sections}}  {entry.printed}")


def show_checks(results, titles=None):
    """The results of gradient checks as the table of `minis2s check`. Returns whether all of them passed."""
    report = Report("numpy", "float64", results)
    print_report(report, {result.id: equation(result.id).title for result in results if "." in result.id} | (titles or {}))
    return report.passed


def show_picture(figure, name):
    """A matplotlib Figure: inline in a notebook; otherwise a PNG in `output/` beside the lesson, or in a temporary folder."""
    if _in_notebook():
        from IPython.display import Image, display

        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", dpi=120)
        display(Image(buffer.getvalue()))
        return
    folder = Path(sys.argv[0]).resolve().parent / "output"
    try:
        folder.mkdir(exist_ok=True)
        figure.savefig(folder / f"{name}.png", dpi=120)
    except OSError:  # a lesson in a folder that is not ours to write in
        folder = Path(tempfile.mkdtemp(prefix="minis2s-"))
        figure.savefig(folder / f"{name}.png", dpi=120)
    print(f"picture: {folder / name}.png")


def _in_notebook():
    ipython = sys.modules.get("IPython")
    return ipython is not None and hasattr(ipython.get_ipython(), "kernel")

"""Docstrings are plain text with formulas, not reStructuredText: a paragraph stays one, what is indented stays as it stands."""

import re
from collections import namedtuple

FIELD = type(namedtuple("_", "field").field)


def setup(app):
    app.connect("autodoc-process-docstring", process)
    app.connect("autodoc-skip-member", skip)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def process(app, what, name, obj, options, lines):
    lines[:] = as_rst("\n".join(lines)).split("\n")


def skip(app, what, name, obj, skipped, options):
    """The fields of a NamedTuple: 'Alias for field number 0' tells nothing."""
    return True if isinstance(obj, FIELD) else None


def as_rst(text):
    """reStructuredText that shows plain text unchanged."""
    return "\n\n".join(map(_paragraph, re.split(r"\n\s*\n", text.strip("\n")))) + "\n"


def _paragraph(text):
    lines = text.split("\n")
    if all(line.startswith("    ") for line in lines):
        return "::\n\n" + "\n".join(lines)
    # One line, because a line that begins with spaces or the sign of a list would be read as structure.
    words = " ".join(line.strip() for line in lines)
    parts = re.split(r"`([^`]+)`", words)
    return "".join(f"``{part}``" if place % 2 else _escaped(part) for place, part in enumerate(parts))


def _escaped(text):
    """Every sign that has a meaning in reStructuredText, and the first sign of what could be a list or a heading."""
    text = re.sub(r"([\\*`|_<>\[\]])", r"\\\1", text)
    return re.sub(r"^([-+=~^.#:(\d•])", r"\\\1", text)

"""What commands print with: tables for people, JSON for programs."""

import json
import sys

from rich import box
from rich.console import Console
from rich.syntax import Syntax
from rich.table import Table

UNLIMITED = 10_000


def console(stderr=False):
    """A rich Console that fits a terminal's width, and wraps nothing and colours nothing when piped. NO_COLOR is respected."""
    made = Console(stderr=stderr, highlight=False, markup=False, emoji=False)  # so that [h, x] prints as it stands
    if not made.is_terminal:
        made.width = UNLIMITED
    return made


def table(*columns, right=()):
    """A plain table; the columns named in `right` hold numbers. On a narrow terminal cells are folded, never cut."""
    made = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, collapse_padding=True)
    for name in columns:
        number = name in right
        made.add_column(name, justify="right" if number else "left", overflow="fold", no_wrap=number)
    return made


def printable(text):
    """The text with what could steer a terminal spelled out, as \\x1b and the like."""
    return "".join(ch if ch.isprintable() else repr(ch)[1:-1] for ch in text)


def print_json(document):
    """One JSON document on standard output; NaN and infinity are refused, since JSON has neither."""
    unicode = (sys.stdout.encoding or "").lower().startswith("utf")
    print(json.dumps(document, indent=2, ensure_ascii=not unicode, allow_nan=False))


def print_code(text):
    """Python source, indented: in colour on a terminal, unchanged when piped."""
    out = console()
    text = "\n".join(f"    {line}".rstrip() for line in text.rstrip().split("\n"))
    if out.is_terminal and not out.no_color:
        out.print(Syntax(text, "python", theme="ansi_light", background_color="default", word_wrap=True))
    else:
        print(text)

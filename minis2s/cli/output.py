"""What commands print with: tables for people, JSON for programs."""

import json
import sys

from rich import box
from rich.console import Console
from rich.table import Table

UNLIMITED = 10_000


def console(stderr=False):
    """A rich Console that fits a terminal's width, and wraps nothing and colours nothing when piped. NO_COLOR is respected."""
    made = Console(stderr=stderr, highlight=False)
    if not made.is_terminal:
        made.width = UNLIMITED
    return made


def table(*columns, right=()):
    """A plain table; the columns named in `right` hold numbers. On a narrow terminal cells are folded, never cut."""
    made = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in columns:
        made.add_column(name, justify="right" if name in right else "left", overflow="fold")
    return made


def print_json(document):
    """One JSON document on standard output; NaN and infinity are refused, since JSON has neither."""
    unicode = (sys.stdout.encoding or "").lower().startswith("utf")
    print(json.dumps(document, indent=2, ensure_ascii=not unicode, allow_nan=False))

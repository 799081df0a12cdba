"""Tables as text: one word a line, columns apart by two spaces or more, "-" for an empty column."""

import re


def table(entry, text):
    """The lines of `text` as a tuple of `entry` (a NamedTuple of strings)."""
    rows = (re.split(r"\s{2,}", line.strip()) for line in text.strip().splitlines())
    return tuple(entry(*("" if column == "-" else column for column in row)) for row in rows)

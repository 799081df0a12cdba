"""JSON lines: a file with one object a line, {"source": …, "target": …}; further keys are left alone.

A language model needs no source: {"target": …}. It reads one that is there as the beginning of the text.
"""

import json
from collections.abc import Iterator

from minis2s.data.files import Pair, lines
from minis2s.data.normalisation import normalise
from minis2s.errors import DataError

_EXPECTED = 'a line is {"source": "…", "target": "…"}; the target alone will do for a language model'


def is_json_lines(path):
    """Does the file's name say so? .jsonl or .ndjson, with or without .gz behind it."""
    return str(path).lower().removesuffix(".gz").endswith((".jsonl", ".ndjson"))


def json_lines(path, has_source=True) -> Iterator[Pair]:
    """The pairs of a file of JSON lines. has_source: False where a line may be without one, which is then empty.

    Raises DataError as `files.lines`, and for a line that is not a JSON object with two texts, each with something in it.
    """
    for number, line in enumerate(lines(path), start=1):
        record = _parsed(path, number, line)
        source = _text(path, number, record, "source") if has_source or "source" in record else ""
        yield Pair(source, _text(path, number, record, "target"))


def _parsed(path, number, line):
    if not line.strip():
        raise DataError(path, "the line is empty", line=number, hint=_EXPECTED)
    try:
        record = json.loads(line)
    except json.JSONDecodeError as error:
        what = f"this is not JSON: {error.msg} at character {error.pos + 1}"
        raise DataError(path, what, line=number, hint=_EXPECTED) from None
    except (ValueError, RecursionError):  # a number of thousands of digits, brackets within brackets
        raise DataError(path, "this JSON cannot be read", line=number, hint=_EXPECTED) from None
    if not isinstance(record, dict):
        raise DataError(path, f"this is {_kind(record)}, not an object", line=number, hint=_EXPECTED)
    return record


def _text(path, number, record, side):
    if side not in record:
        there = ", ".join(map(repr, list(record)[:5])) or "none"
        raise DataError(path, f"the key {side!r} is missing (there: {there})", line=number, hint=_EXPECTED)
    text = record[side]
    if not isinstance(text, str):
        raise DataError(path, f"the {side} is {_kind(text)}, not a text", line=number, hint=_EXPECTED)
    for character, what in (("\n", "a line break"), ("\0", "a NUL")):
        if character in text:
            raise DataError(path, f"the {side} has {what} in it", line=number, hint="a pair is one sentence a side")
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise DataError(path, f"the {side} has half of a surrogate pair in it", line=number, hint="no text can hold that")
    if not text.strip():
        raise DataError(path, f"the {side} is empty", line=number, hint="remove the pair or fill it in")
    return normalise(text)


def _kind(value):
    names = {list: "a list", dict: "an object", str: "a text", bool: "true or false", type(None): "null"}
    return names.get(type(value), "a number")

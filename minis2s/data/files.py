"""Parallel text from files, checked at the boundary: what is read here is clean, or refused with file and line.

A file is UTF-8, plain or gzipped, and is read line by line, so it may be larger than memory. A line ends with "\\n" or "\\r\\n"
and with nothing else: the further line ends that `str.splitlines` knows (U+2028, form feed …) do occur inside real sentences
and would silently shift two aligned files.
"""

import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import zip_longest
from pathlib import Path
from typing import NamedTuple

from minis2s.data.normalisation import normalise
from minis2s.errors import DataError

LONGEST_LINE = 1 << 24  # bytes: what is longer is no text of sentences, and one line must fit into memory
_GZIP_MAGIC = b"\x1f\x8b"
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


class Pair(NamedTuple):
    """A sentence and its translation, as text."""

    source: str
    target: str


def lines(path) -> Iterator[str]:
    """The lines of a text file as they come, without their ends, normalised to NFC. A byte-order mark at the start is dropped.

    Raises DataError: missing, a directory, unreadable, empty, broken gzip, not UTF-8, with a NUL byte, or with a line above
    LONGEST_LINE bytes. A mistake is found when its line is reached, not before.
    """
    number = 0
    with _opened(path) as file:
        while data := file.readline(LONGEST_LINE + 1):
            number += 1
            text = _decoded(path, number, data)
            if number == 1 and not (text := text.removeprefix("\ufeff")):
                break  # nothing but a byte-order mark
            yield normalise(text.removesuffix("\n").removesuffix("\r"))
    if number == 0 or (number == 1 and not text):
        raise DataError(path, "the file is empty")


def tab_separated(path) -> Iterator[Pair]:
    """The pairs of a file with one pair a line: source, a tab, target. Pair i stands on line i + 1, as none may be empty.

    Raises DataError as `lines`, and for a line that has no tab, more than one, or an empty side.
    """
    for number, line in enumerate(lines(path), start=1):
        source, tab, target = line.partition("\t")
        if not tab:
            found = f"there is no tab in {_shortened(line)}" if line.strip() else "the line is empty"
            json = line.startswith("{")
            hint = "JSON lines are read from a file named .jsonl" if json else "a line is a source, a tab and a target"
            raise DataError(path, found, line=number, hint=hint)
        if "\t" in target:
            count = line.count("\t")
            raise DataError(path, f"{count} tabs where one belongs", line=number, hint="two columns are expected")
        yield _pair(path, path, number, source, target)


def aligned(source_path, target_path) -> Iterator[Pair]:
    """The pairs of two files in which equal lines belong together.

    Raises DataError as `lines`, and for an empty line or different numbers of lines.
    """
    sources, targets = lines(source_path), lines(target_path)
    both = 0
    for source, target in zip_longest(sources, targets):
        if source is None or target is None:
            break
        both += 1
        yield _pair(source_path, target_path, both, source, target)
    else:
        return
    longer = both + 1 + sum(1 for _ in (sources if target is None else targets))
    n_sources, n_targets = (longer, both) if target is None else (both, longer)
    counts = f"{n_targets} lines, but {source_path} has {n_sources}"
    raise DataError(target_path, counts, hint="line n of one must translate line n of the other")


def read_lines(path):
    """All lines of a file as a list; see `lines`."""
    return list(lines(path))


def read_pairs(path):
    """All pairs of a tab-separated file as a list; see `tab_separated`."""
    return list(tab_separated(path))


def read_aligned(source_path, target_path):
    """All pairs of two aligned files as a list; see `aligned`."""
    return list(aligned(source_path, target_path))


@contextmanager
def _opened(path):
    """The file's content as a binary stream, unpacked if it begins as gzip does, whatever its name."""
    path = Path(path)
    try:
        if path.is_dir():
            raise DataError(path, "this is a directory, not a file")
        with open(path, "rb") as file:
            packed = file.peek(2).startswith(_GZIP_MAGIC)
            yield io.BufferedReader(gzip.GzipFile(fileobj=file), 1 << 16) if packed else file
    except FileNotFoundError:
        raise DataError(path, "there is no such file") from None
    except EOFError:
        raise DataError(path, "the gzip data end too early", hint="an interrupted copy or download?") from None
    except (gzip.BadGzipFile, zlib.error) as error:
        raise DataError(path, f"the gzip data are damaged: {error}") from None
    except (OSError, ValueError) as error:  # ValueError: a name with a NUL
        raise DataError(path, f"the file cannot be read: {getattr(error, 'strerror', None) or error}") from None


def _decoded(path, number, data):
    """A line's bytes as text."""
    if len(data) > LONGEST_LINE:
        raise DataError(path, f"the line has more than {LONGEST_LINE >> 20} MiB", line=number, hint="one line, one sentence")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        utf16 = number == 1 and data.startswith(_UTF16_MARKS)
        hint = "it looks like UTF-16; save it as UTF-8" if utf16 else "save the file as UTF-8"
        what = f"byte {error.start + 1} of the line (0x{data[error.start]:02x}) is not UTF-8"
        raise DataError(path, what, line=number, hint=hint) from None
    if b"\0" in data:
        what = f"byte {data.index(0) + 1} of the line is NUL"
        raise DataError(path, what, line=number, hint="this is not a text file, or not UTF-8")
    return text


def _pair(source_path, target_path, number, source, target):
    for path, side, text in ((source_path, "source", source), (target_path, "target", target)):
        if not text.strip():
            raise DataError(path, f"the {side} is empty", line=number, hint="remove the pair or fill it in")
    return Pair(source, target)


def _shortened(line, limit=40):
    return repr(line if len(line) <= limit else line[:limit] + "…")

"""Parallel text from files, checked at the boundary: what is read here is clean, or refused with file and line.

A file is UTF-8, plain or gzipped. A line ends with "\\n" or "\\r\\n" and with nothing else: the further line ends that
`str.splitlines` knows (U+2028, form feed …) do occur inside real sentences and would silently shift two aligned files.
"""

import gzip
import zlib
from pathlib import Path
from typing import NamedTuple
from unicodedata import normalize

from minis2s.errors import DataError

_GZIP_MAGIC = b"\x1f\x8b"
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


class Pair(NamedTuple):
    """A sentence and its translation, as text."""

    source: str
    target: str


def normalise(text):
    """`text` in the normal form NFC, in which all text of this package is: one spelling for what looks the same."""
    return normalize("NFC", text)


def read_lines(path):
    """The lines of a text file, without their ends, normalised to NFC. A byte-order mark at the start is dropped.

    Raises DataError: missing, a directory, unreadable, empty, broken gzip, not UTF-8, or with a NUL byte.
    """
    data = _bytes(path)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line, byte = _place(data, error.start)
        utf16 = data.startswith(_UTF16_MARKS)
        hint = "it looks like UTF-16; save it as UTF-8" if utf16 else "save the file as UTF-8"
        what = f"byte {byte} of the line (0x{data[error.start]:02x}) is not UTF-8"
        raise DataError(path, what, line=line, hint=hint) from None
    if "\0" in text:
        line, byte = _place(data, data.index(b"\0"))
        raise DataError(path, f"byte {byte} of the line is NUL", line=line, hint="this is not a text file, or not UTF-8")
    text = normalise(text.removeprefix("\ufeff"))
    lines = text.split("\n")
    if not lines[-1]:  # the last line end ends a line, it does not begin another
        lines.pop()
    if not lines:
        raise DataError(path, "the file is empty")
    return [line.removesuffix("\r") for line in lines]


def read_pairs(path):
    """The pairs of a file with one pair a line: source, a tab, target.

    Pair number i stands on line i + 1, as an empty sentence is refused.
    Raises DataError as `read_lines`, and for a line that has no tab, more than one, or an empty side.
    """
    pairs = []
    for number, line in enumerate(read_lines(path), start=1):
        source, tab, target = line.partition("\t")
        if not tab:
            found = f"there is no tab in {_shortened(line)}" if line.strip() else "the line is empty"
            raise DataError(path, found, line=number, hint="a line is a source, a tab and a target")
        if "\t" in target:
            count = line.count("\t")
            raise DataError(path, f"{count} tabs where one belongs", line=number, hint="two columns are expected")
        _refuse_empty(path, number, "source", source)
        _refuse_empty(path, number, "target", target)
        pairs.append(Pair(source, target))
    return pairs


def read_aligned(source_path, target_path):
    """The pairs of two files in which equal lines belong together.

    Raises DataError as `read_lines`, and for an empty line or different numbers of lines.
    """
    sources, targets = read_lines(source_path), read_lines(target_path)
    if len(sources) != len(targets):
        counts = f"{len(targets)} lines, but {source_path} has {len(sources)}"
        raise DataError(target_path, counts, hint="line n of one must translate line n of the other")
    for number, (source, target) in enumerate(zip(sources, targets, strict=True), start=1):
        _refuse_empty(source_path, number, "source", source)
        _refuse_empty(target_path, number, "target", target)
    return [Pair(*sides) for sides in zip(sources, targets, strict=True)]


def _bytes(path):
    """The content of the file, unpacked if it begins as gzip does, whatever its name."""
    path = Path(path)
    try:
        if path.is_dir():
            raise DataError(path, "this is a directory, not a file")
        data = path.read_bytes()
    except FileNotFoundError:
        raise DataError(path, "there is no such file") from None
    except OSError as error:
        raise DataError(path, f"the file cannot be read: {error.strerror or error}") from None
    if not data.startswith(_GZIP_MAGIC):
        return data
    try:
        return gzip.decompress(data)
    except EOFError:
        raise DataError(path, "the gzip data end too early", hint="an interrupted copy or download?") from None
    except (gzip.BadGzipFile, zlib.error) as error:
        raise DataError(path, f"the gzip data are damaged: {error}") from None


def _place(data, position):
    """Line and byte within the line, both from 1, of a position in the bytes of a file."""
    start = data.rfind(b"\n", 0, position) + 1
    return data.count(b"\n", 0, position) + 1, position - start + 1


def _refuse_empty(path, number, side, text):
    if not text.strip():
        raise DataError(path, f"the {side} is empty", line=number, hint="remove the pair or fill it in")


def _shortened(line, limit=40):
    return repr(line if len(line) <= limit else line[:limit] + "…")

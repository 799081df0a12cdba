"""Parallel data that can be read again and again, from files of any size or from memory."""

from pathlib import Path

from minis2s.data.files import Pair, aligned, lines, tab_separated
from minis2s.data.json_lines import is_json_lines, json_lines
from minis2s.errors import DataError, UsageError


def pairs_of(files, has_source=True):
    """An iterator over the Pairs of `files`: one tab-separated file or one of JSON lines (.jsonl), or two aligned files.

    has_source: False for text without one: one file, each line of which is a target (of JSON lines, the sources that are there
    are read, too).
    Raises UsageError for another number of files; DataError as the readers do, when the bad line is reached.
    """
    if not has_source and len(files) == 1 and not is_json_lines(*files):
        return (Pair("", line) for line in lines(*files))
    if len(files) not in (1, 2):
        raise UsageError(f"give one tab-separated file or two aligned ones, not {len(files)} files")
    if len(files) == 2:
        for path in files:
            if is_json_lines(path):
                raise DataError(path, "a file of JSON lines holds both sides", hint="give one file, or two aligned text files")
        return aligned(*files)
    return json_lines(*files, has_source) if is_json_lines(*files) else tab_separated(*files)


class FileCorpus:
    """The Pairs of files; each iteration reads them anew, so nothing is held in memory.

    Raises DataError for something that can be read only once, such as a pipe.
    """

    def __init__(self, files, has_source=True):
        self.files, self.has_source = tuple(map(str, files)), has_source
        for path in map(Path, self.files):
            if path.exists() and not path.is_file() and not path.is_dir():  # what is missing or a directory, the reader says
                raise DataError(path, "this can be read only once, but training reads its data again", hint="write it to a file")

    def __iter__(self):
        return pairs_of(self.files, self.has_source)

    @property
    def bytes(self):
        """How much text there is, for a measure of progress; None where files are packed."""
        paths = [Path(file) for file in self.files]
        packed = any(path.suffix == ".gz" for path in paths)
        return None if packed else sum(path.stat().st_size for path in paths if path.exists())


def sample(corpus, size, rng, tell=None):
    """`size` of the corpus's pairs (all, if it has no more), each with the same chance, in one pass: Vitter's algorithm R.

    tell(pairs): called now and then.
    Source: J. Vitter, Random sampling with a reservoir, 1985.
    """
    reservoir = []
    for number, pair in enumerate(corpus):
        if tell and number % 10_000 == 9_999:
            tell(number + 1)
        if number < size:
            reservoir.append(pair)
        elif (place := int(rng.random() * (number + 1))) < size:
            reservoir[place] = pair
    return reservoir

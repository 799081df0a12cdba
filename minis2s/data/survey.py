"""The first pass over the training data: what must be known before the first step, found without holding the data in memory.

Tokens are counted for the vocabularies. The data fall into windows of equally many pairs (see `windows`), each remembered by its
sizes and checksum, so that steps can be counted ahead and a file that changes while it is trained on is noticed.
"""

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from minis2s.data.encoding import TooLong
from minis2s.errors import UsageError

MOST_TOKENS = 1_000_000  # different ones that are counted on a side: some 150 MB
PAIRS_A_REPORT = 10_000


class Window(NamedTuple):
    """pairs: as the data have them; examples: those within the length limit; checksum: SHA-256 of the pairs' text."""

    pairs: int
    examples: int
    checksum: str


class Duplicates(NamedTuple):
    """Dev pairs that are training pairs, too; `str()` is the sentence to show to the user."""

    count: int
    total: int  # dev pairs
    dev_line: int  # of the first, from 1
    train_line: int  # where that one is found first

    def __str__(self):
        where = f"the first on line {self.dev_line}, in the training data on line {self.train_line}"
        return f"dev data: {self.count} of {self.total} pairs are training pairs, too ({where})"


class TokenCounts(Counter):
    """How often each token has been given to `count`, for at most `bound` different tokens.

    Each time that there are more, one is taken from every count, and what falls to zero is forgotten: so a count is too low by
    at most `lost`, and what has been forgotten came at most `lost` times.
    Source: J. Misra, D. Gries, Finding repeated elements, Science of Computer Programming 2, 1982.
    """

    def __init__(self, bound=MOST_TOKENS):
        super().__init__()
        self.bound, self.lost = bound, 0

    def count(self, tokens):
        self.update(tokens)
        while len(self) > self.bound:
            kept = {token: n - 1 for token, n in self.items() if n > 1}
            self.clear()
            self.update(kept)
            self.lost += 1


class PairsDigest:
    """The checksum of pairs, and how many bytes of text they are."""

    def __init__(self):
        self._sha256, self.bytes = hashlib.sha256(), 0

    def add(self, pair):
        data = f"{pair.source}\t{pair.target}\n".encode()
        self._sha256.update(data)
        self.bytes += len(data)

    def __str__(self):
        return self._sha256.hexdigest()


@dataclass
class Survey:
    """What `survey` has found. source, target: what has counted their tokens; too_long: a TooLong report or None; duplicates: a
    Duplicates report or None.
    """

    source: Any
    target: Any
    windows: list[Window] = field(default_factory=list)
    too_long: TooLong | None = None
    duplicates: Duplicates | None = None

    @property
    def pairs(self):
        return sum(window.pairs for window in self.windows)

    @property
    def examples(self):
        return sum(window.examples for window in self.windows)

    @property
    def checksum(self):
        """Of all the data."""
        return hashlib.sha256(" ".join(window.checksum for window in self.windows).encode()).hexdigest()


def survey(
    corpus, source_tokeniser, target_tokeniser, *, limit, window_pairs, dev=(), what="training data", tell=None, check=None,
    length=max, counts=None,
):  # fmt: skip
    """The Survey of `corpus`, an iterable of Pairs that is read once.

    limit: tokens of the longest sentence; a longer pair is counted, but is no example. window_pairs: pairs of a window.
    dev: Pairs to look for. what: the data's name in reports. tell(pairs, bytes): called now and then. check(source tokens, target
    tokens): may refuse a pair. length(numbers of source and target tokens): what the limit is for. counts: of the
    source and of the target, two objects with `count(tokens)`, by default TokenCounts. What is refused is named with its line.
    """
    found, lengths = Survey(*(counts or (TokenCounts(), TokenCounts()))), _Lengths(what, limit, length)
    twice = _Twice([(source_tokeniser.split(pair.source), target_tokeniser.split(pair.target)) for pair in dev])
    digest, line, begun, examples, n_bytes = PairsDigest(), 0, 0, 0, 0

    def end_window():
        found.windows.append(Window(line - begun, examples, str(digest)))

    for line, pair in enumerate(corpus, start=1):
        source, target = source_tokeniser.split(pair.source), target_tokeniser.split(pair.target)
        try:
            if check:
                check(source, target)
            found.source.count(source)
            found.target.count(target)
        except UsageError as error:
            raise UsageError(f"{what}, line {line}: {error}") from None
        twice.look(line, source, target)
        digest.add(pair)
        examples += lengths.fits(line, source, target)
        if tell and line % PAIRS_A_REPORT == 0:
            tell(line, n_bytes + digest.bytes)
        if line - begun == window_pairs:
            end_window()
            n_bytes += digest.bytes
            digest, begun, examples = PairsDigest(), line, 0
    if line > begun:
        end_window()
    found.too_long, found.duplicates = lengths.report(line), twice.report()
    return found


class _Lengths:
    """Which pairs are longer than the limit."""

    def __init__(self, what, limit, length):
        self.what, self.limit, self.length = what, limit, length
        self.count = self.first_line = self.longest = 0

    def fits(self, line, source, target):
        length = self.length(len(source), len(target))
        if length <= self.limit:
            return True
        self.count, self.first_line, self.longest = self.count + 1, self.first_line or line, max(self.longest, length)
        return False

    def report(self, total):
        if not self.count:
            return None
        return TooLong(self.what, self.limit, self.count, total, self.first_line, self.longest)


class _Twice:
    """Which dev pairs, as the model reads them, are among the training pairs. Only the dev pairs are held."""

    def __init__(self, dev):
        self.dev = [(tuple(source), tuple(target)) for source, target in dev]
        self.wanted, self.found = set(self.dev), {}

    def look(self, line, source, target):
        if (key := (tuple(source), tuple(target))) in self.wanted:
            self.found.setdefault(key, line)

    def report(self):
        lines = [number for number, key in enumerate(self.dev, start=1) if key in self.found]
        return Duplicates(len(lines), len(self.dev), lines[0], self.found[self.dev[lines[0] - 1]]) if lines else None

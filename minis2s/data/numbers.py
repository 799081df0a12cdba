"""Sequences of real vectors, written as text: steps between white space, a step's columns joined by commas ("0.5,1 0.25,-2").

`Numbers` stands where a `Vocabulary` stands for words: between the tokens of a side and what a model reads. Every column is
brought to mean 0 and standard deviation 1, so that a loss of 1 is that of always answering the mean.
"""

import math

import numpy as np

from minis2s.errors import UsageError

DIGITS = 5  # of a number that is written


class Numbers:
    """mean, scale: of each column, lists of D numbers. `len()` is D. Raises UsageError for other lists."""

    def __init__(self, mean, scale):
        self.mean, self.scale = np.asarray(mean, dtype=np.float64), np.asarray(scale, dtype=np.float64)
        good = self.mean.ndim == 1 and self.mean.size and self.mean.shape == self.scale.shape
        if not (good and np.isfinite(self.mean).all() and np.isfinite(self.scale).all() and (self.scale > 0).all()):
            raise UsageError("means and scales must be lists of as many finite numbers, the scales above zero")

    @classmethod
    def from_counts(cls, counts):
        """Mean and standard deviation of counted tokens ({token: count}); a column that does not vary keeps its unit."""
        rows, weights = _rows(list(counts)), np.array(list(counts.values()), dtype=np.float64)
        mean = np.average(rows, axis=0, weights=weights)
        scale = np.sqrt(np.average((rows - mean) ** 2, axis=0, weights=weights))
        return cls(mean, np.where(scale > 0, scale, 1))

    def encode(self, tokens):
        """(n, D) float32. Raises UsageError for a token that is no number, or has another number of columns."""
        return ((_rows(tokens, len(self)) - self.mean) / self.scale).astype(np.float32)

    def decode(self, rows):
        """The tokens of (n, D) numbers."""
        rows = np.asarray(rows, dtype=np.float64).reshape(-1, len(self)) * self.scale + self.mean
        return [",".join(f"{value:.{DIGITS}g}" for value in row) for row in rows]

    def unknown(self, tokens):
        """None is: every number can be read."""
        return []

    def as_record(self):
        return {"mean": self.mean.tolist(), "scale": self.scale.tolist()}

    def __len__(self):
        return self.mean.size

    def __eq__(self, other):
        return self.as_record() == other.as_record() if isinstance(other, Numbers) else NotImplemented

    __hash__ = None


def values(text):
    """The numbers of a text, (n, D) in double precision."""
    return _rows(text.split())


def _rows(tokens, columns=None):
    rows = []
    for token in tokens:
        try:
            row = [float(part) for part in token.split(",")]
        except ValueError:
            row = [math.nan]
        if not all(map(math.isfinite, row)):
            raise UsageError(f"{token[:40]!r} is no number (a step is a number, or several joined by commas)")
        columns = columns or len(row)
        if len(row) != columns:
            raise UsageError(f"{token[:40]!r} has {len(row)} columns; the others have {columns}")
        rows.append(row)
    return np.array(rows, dtype=np.float64).reshape(len(rows), columns or 1)

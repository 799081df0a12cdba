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
    def of(cls, moments):
        """Mean and standard deviation of Moments that have seen something; a column that does not vary keeps its unit."""
        return cls(moments.mean, np.where(moments.varies, np.sqrt(moments.squares / moments.n), 1))

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


class Moments:
    """n, mean and squares = Σ (x − mean)² of the tokens given to `count` so far, for each column, and whether it varies.

    Source: T. Chan, G. Golub, R. LeVeque, Updating formulae and a pairwise algorithm for computing sample variances, 1979.
    """

    def __init__(self):
        self.n, self.mean, self.squares, self.varies = 0, 0.0, 0.0, False

    def count(self, tokens):
        """Raises UsageError for a token that is no number, or has another number of columns."""
        if not tokens:
            return
        rows = _rows(tokens, self.first.size if self.n else None)
        if not self.n:
            self.first = rows[0]
        n, mean = len(rows), rows.mean(axis=0)
        both, d = self.n + n, mean - self.mean
        self.squares = self.squares + np.square(rows - mean).sum(axis=0) + d**2 * self.n * n / both
        self.mean = self.mean + d * n / both
        self.varies = self.varies | (rows != self.first).any(axis=0)
        self.n = both


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

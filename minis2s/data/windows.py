"""Training examples from data of any size: a window of them at a time is encoded, shuffled, and cut into batches.

Chance must not need the whole file in memory. So an epoch reads the data in their order, a window of pairs at a time; within a
window the order is drawn anew in each epoch, and sentences of similar length come together (`batching.bucketed_batches`). Data
that fit into one window stay in memory, and all of it is shuffled. A file that is sorted by its content should be shuffled once
beforehand.
"""

from collections import deque
from itertools import islice
from math import ceil

import numpy as np

from minis2s.data.batching import bucketed_batches
from minis2s.data.survey import PairsDigest, Window
from minis2s.errors import UsageError


class Windows:
    """The examples of a corpus. `len()` is their number; `batches` gives those of an epoch.

    corpus: Pairs that can be iterated again and again. windows: those of its Survey. encode(pair): its Example.
    limit: tokens of the longest sentence; what is longer is left out.
    """

    def __init__(self, corpus, windows, encode, limit):
        self.corpus, self.windows, self.encode, self.limit = corpus, list(windows), encode, limit
        self._in_memory = None
        if len(self.windows) == 1:
            self._in_memory = self._examples(iter(corpus), 0)

    @classmethod
    def of(cls, examples):
        """One window of Examples that are in memory."""
        new = cls((), [], None, None)
        new.windows, new._in_memory = [Window(len(examples), len(examples), "")], list(examples)
        return new

    def __len__(self):
        return sum(window.examples for window in self.windows)

    def steps(self, batch_size):
        """Batches of an epoch. A batch never reaches beyond its window."""
        return sum(ceil(window.examples / batch_size) for window in self.windows)

    def batches(self, batch_size, seed, epoch, first=0):
        """The batches of an epoch as lists of Examples, from number `first` on: each example in exactly one.

        They follow from (seed, epoch) alone, so that an epoch that was left in its middle is taken up exactly there.
        At most one window is in memory. Raises UsageError if the corpus is not what its survey has seen.
        """
        pairs = iter(self.corpus)
        for number, window in enumerate(self.windows):
            steps = ceil(window.examples / batch_size)
            if first >= steps:
                first -= steps
                deque(islice(pairs, window.pairs), maxlen=0)  # passed over unencoded
                continue
            examples = self._in_memory or self._examples(pairs, number)
            plan = bucketed_batches(examples, batch_size, np.random.default_rng([seed, 1, epoch, number]))
            for rows in plan[first:]:
                yield [examples[row] for row in rows]
            first = 0
            del examples, plan  # before the next window is read: two would be twice the memory

    def _examples(self, pairs, number):
        window, digest, examples = self.windows[number], PairsDigest(), []
        for pair in islice(pairs, window.pairs):
            digest.add(pair)
            example = self.encode(pair)
            if max(map(len, example)) <= self.limit:
                examples.append(example)
        if Window(window.pairs, len(examples), str(digest)) != window:
            first = 1 + sum(before.pairs for before in self.windows[:number])
            where = f"lines {first:,} to {first + window.pairs - 1:,}"
            raise UsageError(f"the training data have changed since they were first read ({where}); restore them and --resume")
        return examples

"""Sequences of unequal length side by side, D3.6: cut what is too long, fill what is too short, and remember which is which.

D3 calls this "length normalisation": it makes the lengths equal. What the padding holds never matters, because every equation
with a mask takes only the places where it is True.
"""

import numpy as np

from minis2s.errors import UsageError


def truncate(sequence, length):
    """The first `length` tokens; the whole sequence if it is no longer. Raises UsageError for a negative length."""
    if length < 0:
        raise UsageError(f"a sequence cannot be cut to {length} tokens")
    return sequence[:length]


def length_mask(lengths, T=None):
    """mask[t, b] = t < lengths[b]: (T, B) booleans, True where sequence b has a token.

    lengths: (B,) integers; T: the number of steps, by default the longest length. Raises UsageError if T is below that.
    """
    lengths = np.asarray(lengths, dtype=np.int64)
    longest = int(lengths.max(initial=0))
    if T is not None and T < longest:
        raise UsageError(f"{T} steps are too few for a sequence of {longest}; truncate it first")
    return np.arange(longest if T is None else T)[:, None] < lengths


def pad(sequences, padding=0, T=None):
    """(tokens, mask), both (T, B): sequence b stands in column b from the first row on, `padding` below it.

    sequences: B lists of integers; T as in `length_mask`. The tokens are int64.
    """
    mask = length_mask([len(sequence) for sequence in sequences], T)
    tokens = np.full(mask.shape, padding, dtype=np.int64)
    for b, sequence in enumerate(sequences):
        tokens[: len(sequence), b] = sequence
    return tokens, mask

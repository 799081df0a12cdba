"""Truncation, padding, masks (D3.6)."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minis2s.equations.padding import length_mask, pad, truncate
from minis2s.errors import UsageError

sequences = st.lists(st.lists(st.integers(1, 9), max_size=5), max_size=4)


@given(sequences=sequences, extra=st.integers(0, 2), padding=st.sampled_from([0, -1, 99]))
def test_each_sequence_stands_in_its_column(sequences, extra, padding):
    T = max(map(len, sequences), default=0) + extra
    tokens, mask = pad(sequences, padding, T)
    assert tokens.shape == mask.shape == (T, len(sequences))
    assert tokens.dtype == np.int64 and mask.dtype == bool
    for b, sequence in enumerate(sequences):
        for t in range(T):
            assert mask[t, b] == (t < len(sequence))
            assert tokens[t, b] == (sequence[t] if t < len(sequence) else padding)
    assert [tokens[mask[:, b], b].tolist() for b in range(len(sequences))] == sequences


def test_by_default_as_long_as_the_longest():
    tokens, mask = pad([[5, 6], [7]])
    np.testing.assert_array_equal(tokens, [[5, 7], [6, 0]])
    np.testing.assert_array_equal(mask, [[True, True], [True, False]])


@given(lengths=st.lists(st.integers(0, 6), max_size=5))
def test_a_length_mask_has_as_many_steps_as_the_lengths_say(lengths):
    mask = length_mask(lengths)
    assert mask.shape == (max(lengths, default=0), len(lengths))
    assert mask.sum(axis=0).tolist() == lengths
    assert not (mask[1:] & ~mask[:-1]).any()  # no gaps


@given(sequence=st.lists(st.integers()), length=st.integers(0, 8))
def test_truncation_keeps_the_beginning(sequence, length):
    cut = truncate(sequence, length)
    assert len(cut) == min(len(sequence), length)
    assert cut == [token for t, token in enumerate(sequence) if t < length]


def test_what_does_not_fit_is_refused():
    with pytest.raises(UsageError, match="2 steps are too few for a sequence of 3; truncate it first"):
        pad([[1], [1, 2, 3]], T=2)
    with pytest.raises(UsageError, match="cannot be cut to -1"):
        truncate([1, 2], -1)

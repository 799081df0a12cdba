"""Packing: what is packed, in which order, and that nothing is lost or invented on the way back."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minis2s.layers.packing import Packing, replace_first

LENGTHS = st.lists(st.integers(0, 5), min_size=1, max_size=6)
EXTRA = st.integers(0, 2)  # rows that are padding in every column


def mask_of(lengths, extra=0):
    return np.arange(max(max(lengths), 1) + extra)[:, None] < np.asarray(lengths)


@given(LENGTHS, EXTRA)
def test_packed_rows_are_the_tokens_step_after_step_longest_sequence_first(lengths, extra):
    mask = mask_of(lengths, extra)
    T, B = mask.shape
    names = np.array([[f"{t}.{b}" for b in range(B)] for t in range(T)])  # each place by its name
    falling = sorted(range(B), key=lambda b: -lengths[b])  # Python's sort is stable, as the packing's must be
    expected = [f"{t}.{b}" for t in range(T) for b in falling if t < lengths[b]]
    packing = Packing(mask)
    assert len(packing) == sum(lengths)
    assert packing.pack(names).tolist() == expected


@given(LENGTHS, EXTRA, st.sampled_from([(), (3,), (2, 2)]))
def test_unpack_gives_back_the_tokens_and_zero_at_padding(lengths, extra, more):
    mask = mask_of(lengths, extra)
    x = np.random.default_rng(0).standard_normal((*mask.shape, *more)) + 10
    packing = Packing(mask)
    back = packing.unpack(packing.pack(x))
    assert back.shape == x.shape
    np.testing.assert_array_equal(back[mask], x[mask])
    assert (back[~mask] == 0).all()


@given(LENGTHS, EXTRA)
def test_steps_cover_the_packed_rows_once_in_order(lengths, extra):
    packing = Packing(mask_of(lengths, extra))
    rows = [(t, row) for t, part in packing.steps() for row in range(part.start, part.stop)]
    assert [row for _, row in rows] == list(range(sum(lengths)))
    for t, part in packing.steps():
        assert part.stop - part.start == packing.sizes[t] == sum(n > t for n in lengths) > 0


@given(LENGTHS, st.sampled_from([0, 1, 2]))
def test_sort_is_by_falling_length_and_unsort_undoes_it(lengths, axis):
    x = np.moveaxis(np.stack([np.asarray(lengths), np.arange(len(lengths))], axis=-1)[None].repeat(3, 0), 1, axis)
    packing = Packing(mask_of(lengths))
    in_order = np.moveaxis(packing.sort(x, axis), axis, 1)[0]
    assert in_order[:, 0].tolist() == sorted(lengths, reverse=True)
    np.testing.assert_array_equal(packing.unsort(packing.sort(x, axis), axis), x)


@given(LENGTHS, st.data())
def test_a_hole_in_the_mask_is_refused(lengths, data):
    mask = mask_of(lengths, extra=2)
    b = data.draw(st.integers(0, len(lengths) - 1))
    mask[data.draw(st.integers(lengths[b] + 1, len(mask) - 1)), b] = True  # a token after at least one place of padding
    with pytest.raises(ValueError, match="padding before a token"):
        Packing(mask)


def test_left_padding_is_refused():
    with pytest.raises(ValueError, match="padding must come at the end"):
        Packing(np.array([[False], [True]]))


def test_one_token():
    packing = Packing(np.ones((1, 1), dtype=bool))
    x = np.full((1, 1, 2), 7.0)
    assert len(packing) == 1 and packing.steps() == [(0, slice(0, 1))]
    np.testing.assert_array_equal(packing.unpack(packing.pack(x)), x)


def test_nothing_but_padding():
    packing = Packing(np.zeros((2, 3), dtype=bool))
    assert len(packing) == 0 and packing.steps() == []
    assert packing.unpack(packing.pack(np.ones((2, 3, 4)))).tolist() == np.zeros((2, 3, 4)).tolist()


def test_a_mask_of_zeros_and_ones_will_do():
    assert len(Packing([[1, 1], [1, 0]])) == 3


def test_replace_first_keeps_the_ended_rows_and_changes_no_argument():
    old, new = np.arange(6.0).reshape(3, 2), -np.ones((2, 2))
    assert replace_first(np, old, new).tolist() == [[-1, -1], [-1, -1], [4, 5]]
    assert old.tolist() == [[0, 1], [2, 3], [4, 5]]
    assert replace_first(np, old, -old) is not old

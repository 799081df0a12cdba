"""Addition: right sums, and neighbouring columns that training never shows together."""

from collections import Counter

import numpy as np
import pytest

from minis2s.data.tasks import addition
from minis2s.data.tasks.addition import TASK


@pytest.fixture(scope="module")
def splits():
    return TASK.generate(0)


def numbers(pair):
    first, second = pair.source.split("+")
    assert str(int(first)) == first and str(int(second)) == second
    return int(first), int(second)


def columns(pair):
    """What is held out, read off the written digits."""
    both = [text.rjust(3, "0") for text in pair.source.split("+")]
    return {("end", *sorted(text[1:] for text in both)), ("begin", *sorted(text[:2] for text in both))}


def test_sizes_and_example(splits):
    assert tuple(map(len, splits)) == TASK.sizes
    assert TASK.example in splits.test


def test_the_sums_are_right(splits):
    for pair in (pair for part in splits for pair in part):
        assert sum(numbers(pair)) == int(pair.target) and max(numbers(pair)) < 1000


def test_each_test_sum_has_columns_that_training_never_shows_together(splits):
    shown = {found for pair in splits.train for found in columns(pair)}
    new = [{found for pair in part for found in columns(pair)} - shown for part in (splits.dev, splits.test)]
    assert not new[0] & new[1]
    for part, its in zip((splits.dev, splits.test), new, strict=True):
        assert all(columns(pair) & its for pair in part)
    assert not {frozenset(numbers(pair)) for pair in splits.train} & {frozenset(numbers(pair)) for pair in splits.test}


def test_the_stated_share_is_held_out():
    dev, test = addition.held_out(np.random.default_rng(0))
    assert not dev & test
    for held, share in ((dev, addition.HELD_DEV), (test, addition.HELD_TEST)):
        for place in ("end", "begin"):
            assert sum(found[0] == place for found in held) == round(share * 100 * 101 / 2)


def test_columns_are_named_the_same_in_either_order():
    assert addition.columns(347, 85) == addition.columns(85, 347) == [("end", 47, 85), ("begin", 8, 34)]


def test_training_shows_each_pair_of_digits_in_each_column_and_all_lengths_of_carries(splits):
    for place in range(3):
        seen = {(a // 10**place % 10, b // 10**place % 10) for a, b in map(numbers, splits.train)}
        assert len(seen) == 100
    carries = Counter(sum(a % 10**k + b % 10**k >= 10**k for k in (1, 2, 3)) for a, b in map(numbers, splits.test))
    assert set(carries) == {0, 1, 2, 3} and min(carries.values()) > 30


def test_the_same_seed_gives_the_same_data(splits):
    assert TASK.generate(0) == splits and TASK.generate(1).test != splits.test

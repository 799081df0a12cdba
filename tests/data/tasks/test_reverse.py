"""Copy, reverse and sort: right answers, and letters side by side that training never shows."""

from collections import Counter
from itertools import pairwise

import pytest

from minis2s.data.tasks import reverse, task

NAMES = ("copy", "reverse", "sort")


@pytest.fixture(scope="module")
def splits():
    return {name: task(name).generate(0) for name in NAMES}


def neighbours(pairs):
    return {frozenset(two) for pair in pairs for two in pairwise(pair.source) if len(set(two)) == 2}


def test_sizes_and_examples(splits):
    for name, parts in splits.items():
        assert tuple(map(len, parts)) == task(name).sizes
        assert task(name).example in parts.test


def test_the_answers_are_right(splits):
    for pair in splits["copy"].test:
        assert pair.target == pair.source
    for pair in splits["reverse"].test:
        assert all(pair.target[-1 - at] == letter for at, letter in enumerate(pair.source))
    for pair in splits["sort"].test:
        assert Counter(pair.target) == Counter(pair.source)
        assert all(one <= other for one, other in pairwise(pair.target))


def test_the_strings_are_the_same_for_each_rule_and_none_comes_twice(splits):
    sources = {name: [[pair.source for pair in part] for part in parts] for name, parts in splits.items()}
    assert sources["copy"] == sources["reverse"] == sources["sort"]
    everything = [text for part in sources["copy"] for text in part]
    assert len(set(everything)) == len(everything)


def test_each_test_string_has_letters_side_by_side_that_training_never_shows(splits):
    train, dev, test = splits["copy"]
    shown, in_dev, in_test = neighbours(train), neighbours(dev), neighbours(test)
    new_in_dev, new_in_test = in_dev - shown, in_test - shown
    assert len(new_in_dev) == reverse.HELD_DEV and len(new_in_test) == reverse.HELD_TEST
    assert not new_in_dev & new_in_test
    for part, new in ((dev, new_in_dev), (test, new_in_test)):
        assert all(neighbours([pair]) & new for pair in part)


def test_training_shows_each_letter_and_each_pair_of_letters_apart(splits):
    """To sort two letters one must have seen both in one string."""
    train = [pair.source for pair in splits["copy"].train]
    letters = Counter("".join(train))
    assert set(letters) == set(reverse.LETTERS) and min(letters.values()) > 1000
    together = Counter(frozenset(two) for text in train for two in {one + other for one in text for other in text if one < other})
    assert len(together) == 26 * 25 / 2 and min(together.values()) > 100


def test_lengths_and_repeated_letters(splits):
    for part in splits["copy"]:
        lengths = Counter(len(pair.source) for pair in part)
        assert set(lengths) == set(range(reverse.SHORTEST, reverse.LONGEST + 1))
    repeated = sum(len(set(pair.source)) < len(pair.source) for pair in splits["copy"].test)
    assert repeated > len(splits["copy"].test) / 2


def test_another_seed_holds_out_other_pairs():
    first, other = (task("sort").generate(seed) for seed in (0, 5))
    assert neighbours(first.train) != neighbours(other.train)
    assert task("sort").generate(0) == first

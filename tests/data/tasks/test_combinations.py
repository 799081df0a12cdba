"""Held-out combinations, and what all tasks that are made with them have in common."""

from collections import Counter
from importlib import import_module

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minis2s.data.files import Pair
from minis2s.data.tasks import TASKS
from minis2s.data.tasks.combinations import LOSS, SHARE, Drawn, fill, held_out
from minis2s.data.tokenisers import tokeniser

NAMES = "summarisation", "dialogue", "code", "verse", "labelling", "oscillation"


@settings(deadline=None, max_examples=30)
@given(st.integers(3, 30), st.integers(3, 30), st.integers(0, 5))
def test_what_is_held_out_leaves_each_word_its_partners(rows, columns, seed):
    families = {"one": (range(rows), range(columns)), "two": ("abcdefgh", "xyzuvw")}
    dev, test = held_out(families, np.random.default_rng(seed))
    assert dev.isdisjoint(test)
    assert 0 < len([each for each in test if each[0] == "two"]) < 0.2 * 48
    both = [each for each in dev | test if each[0] == "one"]
    assert len(both) <= round(SHARE * rows * columns)
    for side, (words, partners) in enumerate(((rows, columns), (columns, rows)), start=1):
        lost = Counter(each[side] for each in both)
        assert all(0 <= word < words and count < LOSS * partners + 1 for word, count in lost.items())


def test_filling_keeps_apart_what_is_held_out():
    dev, test = {("f", 0, 0)}, {("f", 1, 1)}
    rng = np.random.default_rng(0)

    def draw():
        shown = {("f", *map(int, rng.integers(0, 3, 2))) for _ in range(3)}
        asked = {min(shown)}
        return Drawn(Pair(f"{sorted(shown)}", f"{asked}"), frozenset(shown), frozenset(asked))

    parts = fill(draw, (dev, test), (20, 5, 5))
    assert [len(part) for part in parts] == [20, 5, 5]
    assert len({pair for part in parts for pair in part}) == 30
    for part, wanted, banned in zip(parts, (set(), dev, test), (dev | test, test, dev), strict=True):
        for shown, asked in ((eval(pair.source), eval(pair.target)) for pair in part):
            assert banned.isdisjoint(shown)
            assert not wanted or wanted & asked


@pytest.fixture(scope="module", params=NAMES)
def made(request):
    """(task, its data)."""
    return TASKS[request.param], TASKS[request.param].generate(0)


def test_no_pair_comes_twice(made):
    task, splits = made
    pairs = [pair for part in splits for pair in part]
    assert len(set(pairs)) == len(pairs)
    if task.model != "language-model":  # which has no sources
        assert len({pair.source for pair in pairs}) == len(pairs), "one answer to each source"
    texts = [text for pair in pairs for text in pair]
    assert not any("  " in text or "{" in text or "}" in text for text in texts)


def test_each_word_that_is_asked_for_was_shown_often(made):
    task, splits = made
    if task.model == "regression":
        return  # numbers are no words
    for side, name in enumerate((task.source_tokeniser, task.target_tokeniser)):
        split = tokeniser(name).split
        shown = Counter(token for pair in splits.train for token in split(pair[side]))
        assert all(shown[token] >= 20 for pair in splits.dev + splits.test for token in split(pair[side]))


@pytest.mark.parametrize("name", NAMES)
def test_another_seed_gives_other_data(name, monkeypatch):
    module = import_module(f"minis2s.data.tasks.{name}")
    monkeypatch.setattr(module, "SIZES", (200, 10, 20))
    first, again, other = (module.generate(seed) for seed in (0, 0, 1))
    assert first == again and not set(first.test) & set(other.test)

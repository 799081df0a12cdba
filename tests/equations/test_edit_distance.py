"""Edit distance and token error rate (D2.8)."""

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minis2s.equations.edit_distance import edit_alignment, edit_distance, token_error_rate
from minis2s.errors import UsageError

words = st.lists(st.sampled_from("abc"), max_size=7).map("".join)


@cache
def by_recursion(r, h):
    """From the front, where the code works from the back."""
    if not r or not h:
        return len(r) + len(h)
    return min(by_recursion(r[1:], h[1:]) + (r[0] != h[0]), by_recursion(r[1:], h) + 1, by_recursion(r, h[1:]) + 1)


@pytest.mark.parametrize(
    ("reference", "hypothesis", "distance"),
    [("kitten", "sitting", 3), ("", "", 0), ("", "abc", 3), ("abc", "", 3), ("abc", "abc", 0), ("ab", "ba", 2)],
)
def test_known_distances(reference, hypothesis, distance):
    assert edit_distance(reference, hypothesis) == distance


@settings(max_examples=200, deadline=None)
@given(reference=words, hypothesis=words)
def test_every_distance_is_the_least_number_of_edits(reference, hypothesis):
    assert edit_distance(reference, hypothesis) == by_recursion(reference, hypothesis)


@settings(max_examples=200, deadline=None)
@given(reference=words, hypothesis=words)
def test_the_alignment_reads_one_and_writes_the_other_at_that_cost(reference, hypothesis):
    edits = edit_alignment(reference, hypothesis)
    assert "".join(e.reference for e in edits if e.reference is not None) == reference
    assert "".join(e.hypothesis for e in edits if e.hypothesis is not None) == hypothesis
    assert sum(e.name != "keep" for e in edits) == edit_distance(reference, hypothesis)
    for name, r, h in edits:
        assert name in ("keep", "substitute", "delete", "insert")
        assert (name == "keep") == (r == h) and (name == "delete") == (h is None) and (name == "insert") == (r is None)


@settings(max_examples=50, deadline=None)
@given(a=words, b=words, c=words)
def test_it_is_a_metric(a, b, c):
    assert (edit_distance(a, b) == 0) == (a == b)
    assert edit_distance(a, b) == edit_distance(b, a)
    assert edit_distance(a, c) <= edit_distance(a, b) + edit_distance(b, c)


def test_an_alignment_written_out():
    assert edit_alignment(["a", "b", "c"], ["a", "x", "c", "d"]) == [
        ("keep", "a", "a"),
        ("substitute", "b", "x"),
        ("keep", "c", "c"),
        ("insert", None, "d"),
    ]


def test_the_error_rate_is_over_the_corpus_not_a_mean_of_rates():
    references, hypotheses = [["a"], ["a", "b", "c"]], [["b"], ["a", "b", "c"]]
    assert token_error_rate(references, hypotheses) == 25.0
    assert token_error_rate([["a"]], [["a", "b", "c"]]) == 200.0
    assert token_error_rate([["a"], []], [["a"], []]) == 0.0


def test_corpora_that_cannot_be_compared_are_refused():
    with pytest.raises(UsageError, match="2 references but 1 hypotheses"):
        token_error_rate([["a"], ["b"]], [["a"]])
    with pytest.raises(UsageError, match="at least one reference token"):
        token_error_rate([[]], [["a"]])

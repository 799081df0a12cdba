"""Greedy and beam search (D1.5), against every sequence that there is."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minis2s.equations.search import beam, greedy
from minis2s.errors import UsageError

START, END = 9, 0


def model(seed, V):
    """A step whose distribution depends on everything before it: the state is the tokens so far."""

    def step(state, token):
        state = (*state, token)
        logits = np.random.default_rng([seed, *state]).standard_normal(V)
        return logits - np.log(np.exp(logits).sum()), state

    return step


def log_p_of(step, tokens):
    state, before, each = (), START, []
    for token in tokens:
        log_p, state = step(state, before)
        each.append(float(log_p[token]))
        before = token
    return each


def every_sequence(V, length):
    """Those that end early, and those of full length, ended or not."""
    for n in range(1, length + 1):
        for tokens in product(range(V), repeat=n):
            if END not in tokens[:-1] and (n == length or tokens[-1] == END):
                yield tokens


cases = given(seed=st.integers(0, 1000), V=st.integers(1, 4), length=st.integers(1, 4))


@settings(max_examples=40, deadline=None)
@cases
def test_a_beam_wide_enough_finds_every_sequence_in_order(seed, V, length):
    step = model(seed, V)
    scores = {tokens: sum(log_p_of(step, tokens)) for tokens in every_sequence(V, length)}
    found = beam(step, (), START, END, length, width=V**length)
    assert [h.tokens for h in found] == sorted(scores, key=scores.get, reverse=True)
    for h in found:
        assert h.log_p == pytest.approx(scores[h.tokens], rel=1e-12, abs=1e-14)
    assert sum(np.exp(h.log_p) for h in found) == pytest.approx(1)  # these are all the outcomes there are


@settings(max_examples=40, deadline=None)
@cases
def test_greedy_takes_the_likeliest_token_each_time(seed, V, length):
    step = model(seed, V)
    best = max(every_sequence(V, length), key=lambda tokens: log_p_of(step, tokens))  # lists compare token by token
    hypothesis = greedy(step, (), START, END, length)
    assert hypothesis.tokens == best
    assert hypothesis.log_p == pytest.approx(sum(log_p_of(step, best)), rel=1e-12, abs=1e-14)
    (narrow,) = beam(step, (), START, END, length, width=1)
    assert narrow.tokens == best and narrow.log_p == hypothesis.log_p


@settings(max_examples=40, deadline=None)
@cases
@pytest.mark.parametrize("width", [2, 3])
def test_a_narrow_beam_keeps_the_best_beginnings_of_each_length(width, seed, V, length):
    step = model(seed, V)
    kept = [()]
    for _ in range(length):
        longer = {t for t in kept if t[-1:] == (END,)} | {(*t, k) for t in kept if t[-1:] != (END,) for k in range(V)}
        kept = sorted(longer, key=lambda t: -sum(log_p_of(step, t)))[:width]
    assert [h.tokens for h in beam(step, (), START, END, length, width)] == kept


def test_a_wider_beam_finds_what_greedy_misses():
    """The likelier first word leads only to unlikely ones."""
    table = {(START,): [0.0, 0.6, 0.4], (START, 1): [0.4, 0.3, 0.3], (START, 2): [0.9, 0.05, 0.05]}

    def step(state, token):
        state = (*state, token)
        with np.errstate(divide="ignore"):
            return np.log(table.get(state, [1.0, 0.0, 0.0])), state

    assert greedy(step, (), START, END, 3).tokens == (1, END)
    best = beam(step, (), START, END, 3, width=2)[0]
    assert best.tokens == (2, END) and best.log_p == pytest.approx(np.log(0.36))


def test_equal_probabilities_give_the_lowest_token():
    def step(state, token):
        return np.log(np.full(4, 0.25)), state

    assert greedy(step, None, START, 3, 2).tokens == (0, 0)
    assert [h.tokens for h in beam(step, None, START, 3, 1, width=3)] == [(0,), (1,), (2,)]


def test_start_may_be_the_same_token_as_end():
    step = model(0, 3)
    assert len(greedy(step, (), END, END, 3).tokens) >= 1
    assert beam(step, (), END, END, 3, 1)[0].tokens == greedy(step, (), END, END, 3).tokens


def test_no_length_no_tokens():
    assert greedy(model(0, 3), (), START, END, 0).tokens == ()
    assert [h.tokens for h in beam(model(0, 3), (), START, END, 0, 2)] == [()]


def test_a_width_below_one_is_refused():
    with pytest.raises(UsageError, match="width must be at least 1, not 0"):
        beam(model(0, 3), (), START, END, 3, 0)

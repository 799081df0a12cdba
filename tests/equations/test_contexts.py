"""A source as one vector: the last state, all states."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minis2s.equations.contexts import all_states, all_states_backward, last_state, last_state_backward

from .gradients import assert_gradients, assert_single_precision

PAIRS = {"last": (last_state, last_state_backward), "all": (all_states, all_states_backward)}


def draw(lengths, T, H=2, seed=0):
    rng = np.random.default_rng(seed)
    return {"states": rng.standard_normal((T, len(lengths), H)), "mask": np.arange(T)[:, None] < np.asarray(lengths)}


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_values_and_gradients(data):
    T = data.draw(st.integers(1, 4))
    lengths = data.draw(st.lists(st.integers(0, T), min_size=1, max_size=3))
    case = draw(lengths, T)
    last, every = last_state(**case)[0], all_states(**case)[0]
    for b, n in enumerate(lengths):
        words = [list(case["states"][t, b]) for t in range(n)]
        assert list(last[b]) == (words[-1] if n else [0, 0])
        assert list(every[b]) == [x for word in words for x in word] + [0, 0] * (T - n)
    for pair in PAIRS.values():
        assert_gradients(*pair, case, ("states",))


@pytest.mark.parametrize("name", PAIRS)
def test_padding_may_hold_anything_and_gets_no_gradient(name):
    case = draw([3, 1, 0], 3)
    hole = case | {"states": np.where(case["mask"][..., None], case["states"], np.nan)}
    c, cache = PAIRS[name][0](**hole)
    np.testing.assert_array_equal(c, PAIRS[name][0](**case)[0])
    assert (PAIRS[name][1](np.ones_like(c), cache)[~case["mask"]] == 0).all()


@pytest.mark.parametrize("name", PAIRS)
def test_single_precision(name):
    assert_single_precision(*PAIRS[name], draw([3, 1], 3))

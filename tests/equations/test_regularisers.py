"""Dropout and weight decay (D4.6)."""

from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minis2s.equations.regularisers import dropout, dropout_backward, dropout_mask, weight_penalty, weight_penalty_backward
from minis2s.errors import UsageError

from .gradients import assert_gradients, assert_single_precision


def inputs(shape=(3, 2, 4), rate=0.4, scale=1.0, seed=0):
    rng = np.random.default_rng(seed)
    return {"x": scale * rng.standard_normal(shape), "keep": dropout_mask(rng, shape, rate)}


@settings(max_examples=20, deadline=None)
@given(
    shape=st.lists(st.integers(1, 4), min_size=1, max_size=3).map(tuple),
    rate=st.sampled_from([0.0, 0.1, 0.5, 0.9]),
    scale=st.sampled_from([1e-6, 1.0, 1e4]),
    seed=st.integers(0, 100),
)
def test_dropout_and_its_gradient(shape, rate, scale, seed):
    case = inputs(shape, rate, scale, seed)
    y, _ = dropout(**case, rate=rate)
    for at in np.ndindex(*shape):
        assert y[at] == pytest.approx(case["x"][at] / (1 - rate) if case["keep"][at] else 0.0, rel=1e-15)
    assert_gradients(partial(dropout, rate=rate), dropout_backward, case, ("x",))


def test_the_same_generator_state_gives_the_same_mask():
    masks = [dropout_mask(np.random.default_rng(7), (5, 6), 0.3) for _ in range(2)]
    np.testing.assert_array_equal(*masks)
    assert masks[0].dtype == bool and isinstance(masks[0], np.ndarray)


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.8])
def test_the_share_that_is_kept_and_the_expectation(rate):
    keep = dropout_mask(np.random.default_rng(0), 200_000, rate)
    deviation = np.sqrt(rate * (1 - rate) / keep.size)
    assert abs(keep.mean() - (1 - rate)) < 5 * deviation
    y, _ = dropout(np.ones(keep.size), keep, rate)
    assert abs(y.mean() - 1) < 5 * deviation / (1 - rate)


def test_rate_zero_keeps_everything():
    case = inputs(rate=0.0)
    assert case["keep"].all()
    np.testing.assert_array_equal(dropout(**case, rate=0.0)[0], case["x"])


@pytest.mark.parametrize("rate", [1.0, 1.5, -0.1, float("nan")])
def test_a_rate_that_is_no_probability_of_dropping_is_refused(rate):
    with pytest.raises(UsageError, match="dropout rate must be at least 0 and below 1"):
        dropout_mask(np.random.default_rng(0), (2,), rate)


def test_what_is_dropped_may_hold_anything():
    case = inputs()
    hole = np.where(case["keep"], case["x"], np.inf)
    np.testing.assert_array_equal(dropout(hole, case["keep"], 0.4)[0], dropout(**case, rate=0.4)[0])


def test_a_mask_for_all_steps_at_once_is_repeated_over_time():
    """Variational dropout: keep of shape (1, B, H) drops the same units at every step."""
    x = np.random.default_rng(0).standard_normal((3, 2, 4))
    case = {"x": x, "keep": dropout_mask(np.random.default_rng(1), (1, 2, 4), 0.5)}
    np.testing.assert_array_equal(dropout(**case, rate=0.5)[0] != 0, np.repeat(case["keep"], 3, axis=0))
    assert_gradients(partial(dropout, rate=0.5), dropout_backward, case, ("x",))


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e4])
@pytest.mark.parametrize("shape", [(1,), (4,), (3, 2)])
def test_weight_penalty_and_its_gradient(shape, scale):
    theta = scale * np.random.default_rng(0).standard_normal(shape)
    R, _ = weight_penalty(theta, 0.3)
    assert R == pytest.approx(0.5 * 0.3 * sum(float(x) ** 2 for x in theta.ravel()), rel=1e-14)
    assert_gradients(partial(weight_penalty, decay=0.3), weight_penalty_backward, {"theta": theta}, ("theta",))


def test_single_precision():
    assert_single_precision(partial(dropout, rate=0.4), dropout_backward, inputs())
    assert_single_precision(partial(weight_penalty, decay=0.3), weight_penalty_backward, {"theta": inputs()["x"]})

"""y = x W + b: values, gradients, and the two halves of the backward pass."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minis2s.equations.linear import linear, linear_backward, linear_backward_input, linear_backward_parameters

from .gradients import assert_gradients, assert_single_precision


def inputs(lead=(3,), n=4, m=2, b_shape=None, seed=0, scale=1.0):
    rng = np.random.default_rng(seed)
    b_shape = (m,) if b_shape is None else b_shape
    return {name: scale * rng.standard_normal(s) for name, s in {"x": (*lead, n), "W": (n, m), "b": b_shape}.items()}


def by_loops(x, W, b):
    y = np.empty((*x.shape[:-1], W.shape[1]))
    b = np.broadcast_to(b, y.shape)
    for at in np.ndindex(*y.shape):
        y[at] = sum(x[at[:-1]][k] * W[k, at[-1]] for k in range(W.shape[0])) + b[at]
    return y


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(1, 3), max_size=2), st.integers(1, 4), st.integers(1, 4), st.sampled_from([1e-6, 1.0, 30.0]))
def test_any_shape(lead, n, m, scale):
    case = inputs(tuple(lead), n, m, scale=scale)
    np.testing.assert_allclose(linear(**case)[0], by_loops(**case), rtol=1e-12, atol=1e-12 * scale)
    assert_gradients(linear, linear_backward, case, ("x", "W", "b"))


@pytest.mark.parametrize("b_shape", [(2,), (5, 2), (3, 5, 2)], ids=["a bias", "one for each row", "one for each output"])
def test_an_addend_that_was_repeated_sums_its_gradients(b_shape):
    """With b of y's own shape the same line makes a recurrent pre-activation."""
    case = inputs((3, 5), b_shape=b_shape)
    np.testing.assert_allclose(linear(**case)[0], by_loops(**case), rtol=1e-13)
    assert_gradients(linear, linear_backward, case, ("x", "W", "b"))


def test_without_b():
    case = inputs()
    y, cache = linear(case["x"], case["W"])
    np.testing.assert_allclose(y, by_loops(case["x"], case["W"], 0), rtol=1e-13)
    assert linear_backward(np.ones_like(y), cache).b is None


def test_the_halves_of_many_steps_are_the_sum_of_the_steps():
    """What layers do: the input's gradient step by step, the parameters' in one product afterwards."""
    case = inputs((4, 3))
    d_y = np.random.default_rng(1).standard_normal((4, 3, 2))
    steps = [linear_backward(d, linear(x, case["W"], case["b"])[1]) for x, d in zip(case["x"], d_y, strict=True)]
    d_W, d_b = linear_backward_parameters(d_y, case["x"], case["b"].shape)
    np.testing.assert_allclose(d_W, sum(s.W for s in steps), rtol=1e-13)
    np.testing.assert_allclose(d_b, sum(s.b for s in steps), rtol=1e-13)
    np.testing.assert_array_equal(linear_backward_input(d_y[0], case["W"]), steps[0].x)


def test_single_precision():
    assert_single_precision(linear, linear_backward, inputs())

"""Residual connections, D3.8."""

import numpy as np
import pytest

from minis2s.equations.residual import residual, residual_backward

from .gradients import assert_gradients


def test_the_sum_and_its_gradients():
    x, f = np.random.default_rng(0).standard_normal((2, 3, 2))
    y, _ = residual(x, f)
    assert all(y[at] == x[at] + f[at] for at in np.ndindex(*y.shape))
    assert_gradients(residual, residual_backward, {"x": x, "f": f}, ("x", "f"))


@pytest.mark.parametrize("shape", [(3, 1), (1, 2), (2,), ()])
def test_a_sum_that_would_broadcast_is_refused(shape):
    with pytest.raises(ValueError, match="one shape"):
        residual(np.zeros((3, 2)), np.zeros(shape))


def test_gradients_pass_a_hundred_shut_layers():
    """Where every layer's own gradient is zero, the one along x is still there."""
    d = np.ones((1, 2))
    for _ in range(100):
        d = residual_backward(d, None).x
    np.testing.assert_array_equal(d, 1)

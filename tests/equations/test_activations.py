"""σ and tanh: values, extremes, slopes."""

from math import exp, tanh

import numpy as np
import pytest

from minis2s.equations import activations as act

from .gradients import assert_gradients, assert_single_precision

PAIRS = {"sigmoid": (act.sigmoid, act.sigmoid_backward), "tanh": (act.tanh, act.tanh_backward)}
ORACLES = {"sigmoid": lambda x: 1 / (1 + exp(-x)), "tanh": tanh}
X = np.array([[-3.0, -1e-6, 0.0], [1e-6, 0.5, 30.0]])


@pytest.mark.parametrize("name", PAIRS)
def test_values_are_the_formulas(name):
    y, _ = PAIRS[name][0](X)
    for at in np.ndindex(*X.shape):
        assert y[at] == pytest.approx(ORACLES[name](X[at]), rel=1e-15, abs=1e-16)


@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.parametrize("scale", [1e-6, 1.0, 30.0])
def test_gradients(name, scale):
    x = scale * np.random.default_rng(0).standard_normal((3, 4))
    assert_gradients(*PAIRS[name], {"x": x}, ("x",))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("name", "low"), [("sigmoid", 0), ("tanh", -1)])
def test_ten_thousand_saturates_without_overflow(name, low, dtype):
    with np.errstate(all="raise"):
        y, cache = PAIRS[name][0](np.array([-1e4, 1e4], dtype))
        np.testing.assert_array_equal(y, np.array([low, 1], dtype))
        np.testing.assert_array_equal(PAIRS[name][1](np.ones(2, dtype), cache), [0, 0])


@pytest.mark.parametrize("name", PAIRS)
def test_single_precision(name):
    assert_single_precision(*PAIRS[name], {"x": X})

"""The vanilla cell, D4.1."""

import numpy as np
import pytest

from minis2s.equations.activations import tanh, tanh_backward
from minis2s.equations.catalogue.cells import rnn_inputs
from minis2s.equations.linear import linear, linear_backward_input, linear_backward_parameters
from minis2s.equations.rnn import rnn_cell, rnn_cell_backward

from . import scalars
from .gradients import assert_gradients

WRT = ("x", "h_prev", "W_x", "W_h", "b")


def draw(seed=0, **sizes):
    return rnn_inputs(np.random.default_rng(seed), **sizes)


@pytest.mark.parametrize("sizes", [{}, {"B": 1, "E": 1, "H": 1}, {"B": 2, "E": 1, "H": 4}])
def test_the_cell_is_the_printed_formula(sizes):
    case = draw(**sizes)
    h, _ = rnn_cell(**case)
    for b in range(case["x"].shape[0]):
        expected = scalars.rnn(case["x"][b], case["h_prev"][b], case["W_x"], case["W_h"], case["b"])
        np.testing.assert_allclose(h[b], expected, rtol=1e-13)


@pytest.mark.parametrize("shift", [0.0, 30.0, -30.0])
def test_gradients_open_and_saturated(shift):
    case = draw()
    assert_gradients(rnn_cell, rnn_cell_backward, case | {"b": case["b"] + shift}, WRT)


def test_against_torch():
    torch = pytest.importorskip("torch")
    case = draw(B=4, E=3, H=5)
    t = {name: torch.tensor(value, requires_grad=True) for name, value in case.items()}
    theirs = torch._VF.rnn_tanh_cell(t["x"], t["h_prev"], t["W_x"].T, t["W_h"].T, t["b"], torch.zeros(5, dtype=torch.float64))
    h, cache = rnn_cell(**case)
    np.testing.assert_allclose(h, theirs.detach().numpy(), rtol=1e-13)
    d_h = np.random.default_rng(1).standard_normal((4, 5))
    theirs.backward(torch.tensor(d_h))
    gradients = rnn_cell_backward(d_h, cache)
    for name in WRT:
        np.testing.assert_allclose(getattr(gradients, name), t[name].grad.numpy(), atol=1e-13, err_msg=name)


def test_a_layer_may_hoist_the_input_part_and_defer_the_weights():
    """Step by step with `linear` and `tanh` alone, all weight gradients in one product: the same as cell by cell."""
    rng = np.random.default_rng(2)
    case = draw()
    x, d_h_all = rng.standard_normal((4, 3, 4)), rng.standard_normal((4, 3, 2))
    z, _ = linear(x, case["W_x"], case["b"])
    h, before, caches, cells = case["h_prev"], [], [], []
    for t in range(4):
        before.append(h)
        cells.append(rnn_cell(x[t], h, case["W_x"], case["W_h"], case["b"])[1])
        h, cache = tanh(linear(h, case["W_h"], z[t])[0])
        caches.append(cache)
    d_a, d_h, expected, d_cell = [None] * 4, 0, 0, 0
    for t in reversed(range(4)):
        d_a[t] = tanh_backward(d_h_all[t] + d_h, caches[t])
        d_h = linear_backward_input(d_a[t], case["W_h"])
        g = rnn_cell_backward(d_h_all[t] + d_cell, cells[t])
        d_cell, expected = g.h_prev, expected + g.W_h
    d_W_h, _ = linear_backward_parameters(np.stack(d_a), np.stack(before))
    np.testing.assert_allclose(d_W_h, expected, rtol=1e-12)
    np.testing.assert_allclose(d_h, d_cell, rtol=1e-12)


def test_its_gradient_vanishes_with_the_number_of_steps():
    case = draw(B=1, E=1, H=2) | {"W_h": 0.9 * np.eye(2)}
    h, caches = case["h_prev"], []
    for _ in range(200):
        h, cache = rnn_cell(case["x"], h, case["W_x"], case["W_h"], case["b"])
        caches.append(cache)
    d_h = np.ones((1, 2))
    for cache in reversed(caches):
        d_h = rnn_cell_backward(d_h, cache).h_prev
    assert np.abs(d_h).max() < 0.9**200

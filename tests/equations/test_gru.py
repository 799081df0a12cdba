"""The GRU, D0.9: both placements of the reset gate, the update gate's polarity, PyTorch."""

import numpy as np
import pytest

from minis2s.equations import gru
from minis2s.equations.catalogue.cells import gru_inputs, gru_reset_before_inputs
from minis2s.equations.linear import linear, linear_backward, linear_backward_input, linear_backward_parameters

from . import scalars
from .gradients import assert_gradients

AFTER = (gru.gru_cell, gru.gru_cell_backward)
BEFORE = (gru.gru_cell_reset_before, gru.gru_cell_reset_before_backward)
WRT = ("x", "h_prev", "W_x", "W_h", "b")


def draw(seed=0, **sizes):
    return gru_inputs(np.random.default_rng(seed), **sizes)


def without_b_h(case):
    return {name: value for name, value in case.items() if name != "b_h"}


@pytest.mark.parametrize("sizes", [{}, {"B": 1, "E": 1, "H": 1}, {"B": 2, "E": 1, "H": 4}])
def test_both_forms_are_the_printed_formulas(sizes):
    case = draw(**sizes)
    after, _ = gru.gru_cell(**case)
    before, _ = gru.gru_cell_reset_before(**without_b_h(case))
    for b in range(case["x"].shape[0]):
        arguments = [case["x"][b], case["h_prev"][b], case["W_x"], case["W_h"], case["b"]]
        np.testing.assert_allclose(after[b], scalars.gru(*arguments, case["b_h"]), rtol=1e-13)
        zero = [0.0] * len(case["b_h"])
        np.testing.assert_allclose(before[b], scalars.gru(*arguments, zero, reset="before"), rtol=1e-13)


def test_the_two_forms_differ():
    case = draw() | {"b_h": np.zeros(6)}
    assert np.abs(gru.gru_cell(**case)[0] - gru.gru_cell_reset_before(**without_b_h(case))[0]).max() > 0.01


@pytest.mark.parametrize("shift", [0.0, 30.0, -30.0])
def test_gradients_open_and_saturated(shift):
    case = draw()
    case["b"] = case["b"] + shift
    assert_gradients(*AFTER, case, (*WRT, "b_h"))
    _, cache = gru.gru_cell_reset_before(**without_b_h(case))
    assert gru.gru_cell_reset_before_backward(np.ones((3, 2)), cache).b_h is None  # it has none


@pytest.mark.parametrize("shift", [0.0, 30.0, -30.0])
def test_gradients_with_the_reset_before_the_product(shift):
    case = gru_reset_before_inputs(np.random.default_rng(1))
    case["b"] = case["b"] + shift

    def backward(d_h, cache):
        return gru.gru_cell_reset_before_backward(d_h, cache)[:5]

    def named(d_h, cache):
        return gru.GRUGradients(*backward(d_h, cache), np.zeros(0))  # an array in the place of b_h, for the helper to compare

    assert_gradients(gru.gru_cell_reset_before, named, case, WRT)


def test_an_update_gate_near_one_keeps_the_old_state():
    """Cho's and PyTorch's polarity, in both forms."""
    case = draw()
    case["b"][2:4] = 50.0
    np.testing.assert_allclose(gru.gru_cell(**case)[0], case["h_prev"], rtol=1e-14)
    np.testing.assert_allclose(gru.gru_cell_reset_before(**without_b_h(case))[0], case["h_prev"], rtol=1e-14)


def test_a_shut_reset_gate_forgets_the_old_state_in_the_candidate():
    case = draw()
    case["b"][:2], case["b"][2:4] = -800.0, -800.0  # r and z exactly 0: h is the candidate
    other = case | {"h_prev": case["h_prev"] + 5.0}
    for f, c, o in ((gru.gru_cell, case, other), (gru.gru_cell_reset_before, without_b_h(case), without_b_h(other))):
        np.testing.assert_array_equal(f(**c)[0], f(**o)[0])


def test_against_torch():
    torch = pytest.importorskip("torch")
    case = draw(B=4, E=3, H=5)
    t = {name: torch.tensor(value, requires_grad=True) for name, value in case.items()}
    theirs = torch._VF.gru_cell(t["x"], t["h_prev"], t["W_x"].T, t["W_h"].T, t["b"], t["b_h"])
    h, cache = gru.gru_cell(**case)
    np.testing.assert_allclose(h, theirs.detach().numpy(), rtol=1e-13)
    d_h = np.random.default_rng(1).standard_normal((4, 5))
    theirs.backward(torch.tensor(d_h))
    gradients = gru.gru_cell_backward(d_h, cache)
    for name in (*WRT, "b_h"):
        np.testing.assert_allclose(getattr(gradients, name), t[name].grad.numpy(), atol=1e-13, err_msg=name)


def run_cells(x, case, d_h_all):
    h, caches = case["h_prev"], []
    for x_t in x:
        h, cache = gru.gru_cell(**(case | {"x": x_t, "h_prev": h}))
        caches.append(cache)
    d_h, total = 0, {name: 0 for name in ("W_x", "W_h", "b", "b_h")}
    for d, cache in zip(reversed(d_h_all), reversed(caches), strict=True):
        g = gru.gru_cell_backward(d + d_h, cache)
        d_h, total = g.h_prev, {name: total[name] + getattr(g, name) for name in total}
    return h, d_h, total


def test_a_layer_may_hoist_the_input_part_and_defer_the_weights():
    """One product for all inputs, one per step, one for all recurrent weights: the same as cell by cell."""
    rng = np.random.default_rng(2)
    case = draw()
    x, d_h_all = rng.standard_normal((4, 3, 4)), rng.standard_normal((4, 3, 2))
    a_x, cache_x = linear(x, case["W_x"], case["b"])
    h, before, caches = case["h_prev"], [], []
    for t in range(4):
        before.append(h)
        a_h, _ = linear(h, case["W_h"], case["b_h"])
        h, cache = gru.gru_pointwise(a_x[t], a_h, h)
        caches.append(cache)
    d_a_x, d_a_h, d_h = [None] * 4, [None] * 4, 0
    for t in reversed(range(4)):
        d_a_x[t], d_a_h[t], d_h_direct = gru.gru_pointwise_backward(d_h_all[t] + d_h, caches[t])
        d_h = d_h_direct + linear_backward_input(d_a_h[t], case["W_h"])
    d_W_h, d_b_h = linear_backward_parameters(np.stack(d_a_h), np.stack(before), case["b_h"].shape)
    _, d_W_x, d_b = linear_backward(np.stack(d_a_x), cache_x)
    h_cells, d_h_cells, total = run_cells(x, case, d_h_all)
    np.testing.assert_allclose(h, h_cells, rtol=1e-13)
    np.testing.assert_allclose(d_h, d_h_cells, rtol=1e-12)
    for name, gradient in {"W_x": d_W_x, "W_h": d_W_h, "b": d_b, "b_h": d_b_h}.items():
        np.testing.assert_allclose(gradient, total[name], rtol=1e-11, atol=1e-13, err_msg=name)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_ten_thousand_stays_finite(dtype):
    a = np.array([[-1e4, 1e4, 1e4, -1e4, 1e4, -1e4]], dtype)
    h, cache = gru.gru_pointwise(a, a, np.ones((1, 2), dtype))
    gradients = gru.gru_pointwise_backward(np.ones((1, 2), dtype), cache)
    assert all(np.isfinite(g).all() and g.dtype == dtype for g in (h, *gradients))

"""The LSTM cell, D0.1–D0.5: against the printed formulas, against PyTorch, saturated, and with absent upstream gradients."""

import numpy as np
import pytest

from minis2s.equations import lstm
from minis2s.equations.catalogue.lstm import cell_inputs, cell_of_inputs, cell_of_inputs_backward
from minis2s.equations.linear import linear
from minis2s.gradcheck import check_pair

from . import scalars

WRT = ("x", "h_prev", "c_prev", "W_x", "W_h", "b")


def draw(seed=0, **sizes):
    return cell_inputs(np.random.default_rng(seed), **sizes)


@pytest.mark.parametrize("sizes", [{}, {"B": 1, "E": 1, "H": 1}, {"B": 2, "E": 1, "H": 4}])
def test_the_cell_is_the_printed_formulas(sizes):
    case = draw(**sizes)
    state, _ = cell_of_inputs(**case)
    for b in range(case["x"].shape[0]):
        h, c = scalars.lstm(case["x"][b], case["h_prev"][b], case["c_prev"][b], case["W_x"], case["W_h"], case["b"])
        np.testing.assert_allclose(state.h[b], h, rtol=1e-13)
        np.testing.assert_allclose(state.c[b], c, rtol=1e-13)


def test_each_gate_is_its_printed_formula():
    """W·[h, x] with W_h above W_x, the blocks in the order i, f, o, g."""
    case = draw()
    a, _ = lstm.lstm_preactivation(**{name: value for name, value in case.items() if name != "c_prev"})
    gates, _ = lstm.lstm_gates(a)
    W, H = np.concatenate([case["W_h"], case["W_x"]]), case["h_prev"].shape[1]
    for k, (gate, squash) in enumerate(zip(gates, [scalars.sigma] * 3 + [np.tanh], strict=True)):
        for b, j in np.ndindex(*gate.shape):
            joined = [*case["h_prev"][b], *case["x"][b]]
            at = k * H + j
            expected = squash(scalars.dot(joined, scalars.column(W, at)) + case["b"][at])
            assert gate[b, j] == pytest.approx(expected, rel=1e-13)


def test_hoisting_the_input_part_changes_nothing():
    """x W_x + b for all steps in one product, then `linear(h_prev, W_h, z_t)`."""
    rng = np.random.default_rng(1)
    case = draw()
    x = rng.standard_normal((5, *case["x"].shape))
    z, _ = linear(x, case["W_x"], case["b"])
    for t in range(5):
        hoisted, _ = lstm.lstm_pointwise(linear(case["h_prev"], case["W_h"], z[t])[0], case["c_prev"])
        whole, _ = cell_of_inputs(**(case | {"x": x[t]}))
        np.testing.assert_allclose(hoisted.h, whole.h, rtol=1e-14)


@pytest.mark.parametrize("alone", ["h", "c", None])
def test_against_torch(alone):
    torch = pytest.importorskip("torch")
    case = draw(B=4, E=3, H=5)
    tensors = {name: torch.tensor(value, requires_grad=True) for name, value in case.items()}
    order = np.concatenate([np.arange(10), np.arange(15, 20), np.arange(10, 15)])  # ours i, f, o, g; theirs i, f, g, o
    h, c = torch._VF.lstm_cell(
        tensors["x"],
        (tensors["h_prev"], tensors["c_prev"]),
        tensors["W_x"][:, order].T,
        tensors["W_h"][:, order].T,
        tensors["b"][order],
        torch.zeros(20, dtype=torch.float64),
    )
    state, cache = cell_of_inputs(**case)
    np.testing.assert_allclose(state.h, h.detach().numpy(), rtol=1e-13)
    np.testing.assert_allclose(state.c, c.detach().numpy(), rtol=1e-13)
    d_h, d_c = np.random.default_rng(2).standard_normal((2, 4, 5))
    d_h, d_c = (None if alone == "c" else d_h), (None if alone == "h" else d_c)
    sum((y * torch.tensor(d)).sum() for y, d in ((h, d_h), (c, d_c)) if d is not None).backward()
    gradients = cell_of_inputs_backward(lstm.LSTMState(d_h, d_c), cache)
    for name in WRT:
        np.testing.assert_allclose(getattr(gradients, name), tensors[name].grad.numpy(), atol=1e-13, err_msg=name)


def test_absent_upstream_gradients_are_zeros():
    _, cache = cell_of_inputs(**draw())
    d = np.random.default_rng(3).standard_normal((3, 2))
    for absent, zeros in (((d, None), (d, 0 * d)), ((None, d), (0 * d, d))):
        for a, b in zip(cell_of_inputs_backward(absent, cache), cell_of_inputs_backward(zeros, cache), strict=True):
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("size", [30.0, 1e-6])
def test_gradients_of_pre_activations_of_thirty_and_of_a_millionth(size):
    """Saturated gates have slopes near 10⁻¹³: right to what rounding leaves, see gradcheck."""
    rng = np.random.default_rng(4)
    inputs = {"a": size * rng.choice([-1.0, 1.0], (3, 8)) * rng.uniform(0.5, 1, (3, 8)), "c_prev": rng.standard_normal((3, 2))}
    results = check_pair("lstm", lstm.lstm_pointwise, lstm.lstm_pointwise_backward, inputs, ("a", "c_prev"), rng)
    assert [r for r in results if not r.passed] == []


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_thousand_steps_at_extreme_inputs_stay_finite(dtype):
    rng = np.random.default_rng(5)
    h, c = np.zeros((2, 3), dtype), np.zeros((2, 3), dtype)
    caches = []
    for _ in range(1000):
        (h, c), cache = lstm.lstm_pointwise((1e4 * rng.standard_normal((2, 12))).astype(dtype), c)
        caches.append(cache)
    d_h, d_c = np.ones_like(h), np.ones_like(c)
    for cache in reversed(caches):
        d_a, d_c = lstm.lstm_pointwise_backward(lstm.LSTMState(d_h, d_c), cache)
        assert np.isfinite(d_a).all() and d_a.dtype == dtype
    assert np.isfinite(c).all() and np.isfinite(d_c).all() and h.dtype == dtype


def test_a_forget_gate_near_one_carries_the_gradient_through_a_thousand_steps():
    """D0.4's path has the factor f and no matrix; the vanilla cell's gradient is long gone (see test_rnn)."""
    a = np.tile([-40.0, 40.0, 0.0, 0.0], (1, 1))  # i shut, f open
    d_c = np.ones((1, 1))
    for _ in range(1000):
        _, cache = lstm.lstm_pointwise(a, np.full((1, 1), 0.3))
        _, d_c = lstm.lstm_pointwise_backward(lstm.LSTMState(None, d_c), cache)
    assert d_c == pytest.approx(1.0, abs=1e-12)

"""Sigmoid attention, D3.2 in both readings."""

import numpy as np
import pytest

from minis2s.equations.catalogue.sigmoid_attention import (
    gate_inputs,
    gate_states,
    gate_states_backward,
    weigh_inputs,
    weigh_states,
    weigh_states_backward,
)

from . import scalars

GATE = (gate_states, gate_states_backward)
WEIGHT = (weigh_states, weigh_states_backward)


@pytest.mark.parametrize("seed", range(3))
def test_a_gate_on_each_entry(seed):
    case = gate_inputs(np.random.default_rng(seed))
    c, _ = gate_states(**case)
    for b in range(c.shape[0]):
        h = case["h"][:, b]
        a = [scalars.plus(scalars.times(h_j, case["W_h"]), scalars.affine(case["z"][b], case["W_z"], case["b"])) for h_j in h]
        expected = [scalars.dot([scalars.sigma(a_j[k]) for a_j in a], [h_j[k] for h_j in h]) for k in range(c.shape[1])]
        np.testing.assert_allclose(c[b], expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("seed", range(3))
def test_a_weight_for_each_state(seed):
    case = weigh_inputs(np.random.default_rng(seed))
    c, _ = weigh_states(**case)
    for b in range(c.shape[0]):
        h, q = case["h"][:, b], scalars.affine(case["z"][b], case["W_z"], case["b"])
        alpha = [scalars.sigma(scalars.dot(case["v"], scalars.plus(scalars.times(h_j, case["W_h"]), q))) for h_j in h]
        np.testing.assert_allclose(c[b], scalars.weighted(alpha, h), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(("pair", "draw"), [(GATE, gate_inputs), (WEIGHT, weigh_inputs)], ids=["gate", "weight"])
@pytest.mark.parametrize("shift", [30.0, -30.0])
def test_saturated(pair, draw, shift):
    """All gates open, or all shut. σ is right to rounding of one, not of its own tiny value: so an absolute comparison."""
    rng = np.random.default_rng(3)
    case = draw(rng)
    case["b"] = case["b"] + (shift if pair is GATE else shift * case["v"] / scalars.dot(case["v"], case["v"]))
    c, cache = pair[0](**case)
    d_c = rng.standard_normal(c.shape)
    for name, gradient in vars(pair[1](d_c, cache)).items():
        numerical = np.empty_like(gradient)
        for at in np.ndindex(*gradient.shape):
            moved = case[name].astype(complex)
            moved[at] += 1e-30j
            numerical[at] = (d_c * pair[0](**(case | {name: moved}))[0].imag).sum() / 1e-30
        np.testing.assert_allclose(gradient, numerical, rtol=1e-10, atol=1e-14, err_msg=name)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("pair", "draw"), [(GATE, gate_inputs), (WEIGHT, weigh_inputs)], ids=["gate", "weight"])
def test_ten_thousand_stays_finite(pair, draw, dtype):
    case = {name: (1e4 * value).astype(dtype) for name, value in draw(np.random.default_rng(5)).items()}
    c, cache = pair[0](**case)
    gradients = pair[1](np.ones_like(c), cache)
    assert all(np.isfinite(g).all() and g.dtype == dtype for g in (c, *vars(gradients).values()))


def test_the_decoder_state_matters_without_a_tanh():
    """Unlike in D3.3 without tanh (erratum X1): σ does not cancel what is the same for all words."""
    case = weigh_inputs(np.random.default_rng(6))
    c, cache = weigh_states(**case)
    gradients = weigh_states_backward(np.ones_like(c), cache)
    assert min(np.abs(g).max() for g in (gradients.z, gradients.W_z, gradients.b)) > 1e-3

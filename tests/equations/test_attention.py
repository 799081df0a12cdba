"""Additive attention: score, weights, context, against the printed sums and against PyTorch."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minis2s.equations.attention import (
    additive_score,
    additive_score_backward,
    context,
    context_backward,
    context_backward_states,
    context_backward_weights,
)
from minis2s.equations.catalogue.attention import score_inputs, score_of_states, weights_of_states, weights_of_states_backward

from . import scalars
from .gradients import assert_gradients, assert_single_precision

SIZES = st.integers(1, 4)
WRT = ("s_prev", "h", "W_s", "W_h", "v")


def arrays(seed=0, scale=1.0, **shapes):
    rng = np.random.default_rng(seed)
    return {name: scale * rng.standard_normal(shape) for name, shape in shapes.items()}


@settings(max_examples=20, deadline=None)
@given(SIZES, SIZES, SIZES, SIZES, SIZES, st.integers(0, 99))
def test_score_weights_and_context_are_the_printed_formulas(T, B, H, C, A, seed):
    rng = np.random.default_rng(seed)
    case, mask = score_inputs(rng, T, B, H, C, A), rng.random((T, B)) < 0.7
    mask[rng.integers(T)] = True
    e, _ = score_of_states(**case)
    alpha, _ = weights_of_states(**case, mask=mask)
    c, _ = context(alpha, case["h"])
    for b in range(B):
        h = case["h"][:, b]
        expected = scalars.additive(case["s_prev"][b], h, case["W_s"], case["W_h"], case["v"])
        np.testing.assert_allclose(e[:, b], expected, rtol=1e-12, atol=1e-14)
        weights = scalars.softmax(expected, mask[:, b])
        np.testing.assert_allclose(alpha[:, b], weights, rtol=1e-12, atol=1e-15)
        np.testing.assert_allclose(c[b], scalars.weighted(weights, h), rtol=1e-12, atol=1e-14)
    assert_gradients(weights_of_states, weights_of_states_backward, case | {"mask": mask}, WRT)


@pytest.mark.parametrize("scale", [1e-6, 30.0])
def test_gradients_of_tiny_and_saturated_scores(scale):
    case = arrays(query=(3, 2), keys=(4, 3, 2), v=(2,)) | arrays(1, scale, query=(3, 2), keys=(4, 3, 2))
    assert_gradients(additive_score, additive_score_backward, case, ("query", "keys", "v"))


@settings(max_examples=20, deadline=None)
@given(st.lists(SIZES, max_size=2), SIZES, SIZES, SIZES)
def test_the_context_of_several_steps_is_that_of_each(steps, T, B, C):
    case = arrays(weights=(*steps, T, B), states=(T, B, C))
    c, cache = context(**case)
    assert c.shape == (*steps, B, C)
    for at in np.ndindex(*c.shape[:-1]):
        *i, b = at
        weights = case["weights"][tuple(i)][:, b]
        np.testing.assert_allclose(c[at], scalars.weighted(weights, case["states"][:, b]), rtol=1e-12, atol=1e-14)
    assert_gradients(context, context_backward, case, ("weights", "states"))
    d_c = np.ones_like(c)
    whole = context_backward(d_c, cache)
    np.testing.assert_array_equal(whole.weights, context_backward_weights(d_c, case["states"]))
    np.testing.assert_array_equal(whole.states, context_backward_states(d_c, case["weights"]))


def test_a_source_of_nothing_but_padding_gets_no_weight_and_no_gradient():
    case = score_inputs(np.random.default_rng(2))
    mask = np.ones((4, 3), bool)
    mask[:, 1] = False
    alpha, cache = weights_of_states(**case, mask=mask)
    assert (alpha[:, 1] == 0).all()
    gradients = weights_of_states_backward(np.ones_like(alpha), cache)
    assert (gradients.h[:, 1] == 0).all() and (gradients.s_prev[1] == 0).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_ten_thousand_stays_finite(dtype):
    case = {name: (1e4 * value).astype(dtype) for name, value in score_inputs(np.random.default_rng(3)).items()}
    alpha, cache = weights_of_states(**case, mask=np.ones((4, 3), bool))
    gradients = weights_of_states_backward(np.ones_like(alpha), cache)
    assert all(np.isfinite(g).all() and g.dtype == dtype for g in (alpha, *gradients))


def test_against_torch():
    torch = pytest.importorskip("torch")
    case = score_inputs(np.random.default_rng(4), T=6, B=4, H=3, C=5, A=2)
    mask = np.random.default_rng(5).random((6, 4)) < 0.7
    mask[0] = True
    t = {name: torch.tensor(value, requires_grad=True) for name, value in case.items()}
    e = torch.tanh(t["s_prev"] @ t["W_s"] + t["h"] @ t["W_h"]) @ t["v"]
    theirs = torch.softmax(e.masked_fill(~torch.tensor(mask), -torch.inf), dim=0)
    alpha, cache = weights_of_states(**case, mask=mask)
    np.testing.assert_allclose(alpha, theirs.detach().numpy(), atol=1e-14)
    d = np.random.default_rng(6).standard_normal((6, 4))
    theirs.backward(torch.tensor(d))
    gradients = weights_of_states_backward(d, cache)
    for name in WRT:
        np.testing.assert_allclose(getattr(gradients, name), t[name].grad.numpy(), atol=1e-13, err_msg=name)


def test_single_precision():
    assert_single_precision(context, context_backward, arrays(weights=(2, 4, 3), states=(4, 3, 5)))

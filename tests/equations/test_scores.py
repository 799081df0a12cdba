"""The scores of D2.5 that are products: dot, scaled, general, cosine."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minis2s.equations import scores
from minis2s.equations.catalogue.scores import query_key_value, query_key_value_backward, query_key_value_inputs

from . import scalars
from .gradients import assert_gradients, assert_single_precision

PAIRS = {
    "dot": (scores.dot_score, scores.dot_score_backward),
    "scaled_dot": (scores.scaled_dot_score, scores.scaled_dot_score_backward),
    "general": (scores.general_score, scores.general_score_backward),
    "cosine": (scores.cosine_score, scores.cosine_score_backward),
}
SIZES = st.integers(1, 4)


def draw(name, steps=(2,), T=4, B=3, A=5, seed=0, scale=1.0):
    rng = np.random.default_rng(seed)
    H = A + 1 if name == "general" else A
    case = {"query": scale * rng.standard_normal((*steps, B, H)), "keys": scale * rng.standard_normal((T, B, A))}
    return case | ({"W": rng.standard_normal((H, A))} if name == "general" else {})


def by_scalars(name, q, k, W=None):
    if name == "cosine":
        return scalars.cosine(q, k)
    if name == "general":
        return scalars.dot(scalars.times(q, W), k)
    return scalars.dot(q, k) / (len(k) ** 0.5 if name == "scaled_dot" else 1)


@pytest.mark.parametrize("name", PAIRS)
@settings(max_examples=15, deadline=None)
@given(st.lists(SIZES, max_size=2), SIZES, SIZES, SIZES, st.integers(0, 99))
def test_values_and_gradients_for_one_step_and_for_several(name, steps, T, B, A, seed):
    case = draw(name, steps, T, B, A, seed)
    e, _ = PAIRS[name][0](**case)
    assert e.shape == (*steps, T, B)
    for *i, j, b in np.ndindex(*e.shape):
        q, k = case["query"][(*i, b)], case["keys"][j, b]
        assert e[(*i, j, b)] == pytest.approx(by_scalars(name, q, k, case.get("W")), rel=1e-12, abs=1e-13)
    assert_gradients(*PAIRS[name], case, tuple(case))


@pytest.mark.parametrize("name", ["dot", "scaled_dot", "general"])
@pytest.mark.parametrize("scale", [1e-6, 1e4])
def test_gradients_of_tiny_and_large_vectors(name, scale):
    assert_gradients(*PAIRS[name], draw(name, scale=scale), ("query", "keys"))


@pytest.mark.parametrize("scale", [1e-150, 1e-30, 1e30, 1e150])
def test_a_cosine_does_not_depend_on_lengths(scale):
    """Not even where squares would vanish or overflow; its gradient is inversely proportional to them."""
    case = draw("cosine")
    e, cache = scores.cosine_score(**case)
    scaled, scaled_cache = scores.cosine_score(case["query"] * scale, case["keys"] * scale)
    np.testing.assert_allclose(scaled, e, rtol=1e-12)
    d = np.ones_like(e)
    d_keys, d_scaled = (scores.cosine_score_backward(d, of).keys for of in (cache, scaled_cache))
    np.testing.assert_allclose(d_scaled * scale, d_keys, rtol=1e-10, atol=1e-12)


def test_a_cosine_with_a_vector_of_zeros_is_zero_and_has_no_gradient():
    case = draw("cosine")
    case["keys"][1, 0] = 0
    e, cache = scores.cosine_score(**case)
    assert (e[:, 1, 0] == 0).all() and np.abs(e).max() <= 1
    gradients = scores.cosine_score_backward(np.ones_like(e), cache)
    assert (gradients.keys[1, 0] == 0).all() and all(np.isfinite(g).all() for g in gradients)


def test_the_gradient_of_a_cosine_is_across_the_vector():
    case = draw("cosine")
    e, cache = scores.cosine_score(**case)
    d_keys = scores.cosine_score_backward(np.ones_like(e), cache).keys
    np.testing.assert_allclose((d_keys * case["keys"]).sum(axis=-1), 0, atol=1e-14)


@pytest.mark.parametrize("A", [16, 1024])
def test_scaling_keeps_the_variance_of_a_score_at_one(A):
    rng = np.random.default_rng(7)
    e, _ = scores.scaled_dot_score(rng.standard_normal((200, A)), rng.standard_normal((50, 200, A)))
    assert e.std() == pytest.approx(1, rel=0.05)


@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_ten_thousand_stays_finite(name, dtype):
    case = {key: (1e4 * value).astype(dtype) for key, value in draw(name).items()}
    e, cache = PAIRS[name][0](**case)
    assert all(np.isfinite(g).all() and g.dtype == dtype for g in (e, *PAIRS[name][1](np.ones_like(e), cache)))


@pytest.mark.parametrize("name", PAIRS)
def test_single_precision(name):
    assert_single_precision(*PAIRS[name], draw(name))


@pytest.mark.parametrize("name", PAIRS)
def test_against_torch(name):
    torch = pytest.importorskip("torch")
    functional = torch.nn.functional
    case = draw(name, seed=8)
    t = {key: torch.tensor(value, requires_grad=True) for key, value in case.items()}
    q = t["query"][:, None].expand(2, 4, *t["query"].shape[1:])  # (S, T, B, …), as the keys
    k = t["keys"].expand(2, *t["keys"].shape)
    if name == "cosine":
        theirs = functional.cosine_similarity(q, k, dim=-1)
    elif name == "general":
        theirs = functional.bilinear(q.contiguous(), k.contiguous(), t["W"][None])[..., 0]
    else:
        theirs = (q * k).sum(-1) / (5**0.5 if name == "scaled_dot" else 1)
    e, cache = PAIRS[name][0](**case)
    np.testing.assert_allclose(e, theirs.detach().numpy(), rtol=1e-12, atol=1e-14)
    d = np.random.default_rng(9).standard_normal(e.shape)
    theirs.backward(torch.tensor(d))
    for key, gradient in zip(case, PAIRS[name][1](d, cache), strict=True):
        np.testing.assert_allclose(gradient, t[key].grad.numpy(), rtol=1e-11, atol=1e-12, err_msg=key)


def test_query_key_value_is_torchs_scaled_dot_product_attention_without_the_scale():
    torch = pytest.importorskip("torch")
    case = query_key_value_inputs(np.random.default_rng(10))
    c, _ = query_key_value(**case)
    q, k, v = (case[x] @ case[f"W_{w}"] + case[f"b_{w}"] for x, w in (("s", "q"), ("h", "k"), ("h", "v")))
    q, k, v = torch.tensor(q)[:, None], torch.tensor(k).transpose(0, 1), torch.tensor(v).transpose(0, 1)
    mask = torch.tensor(case["mask"]).T[:, None]
    theirs = torch.nn.functional.scaled_dot_product_attention(q, k, v, attn_mask=mask, scale=1.0)[:, 0]
    np.testing.assert_allclose(c, theirs.numpy(), rtol=1e-12, atol=1e-14)


def test_the_key_bias_changes_nothing_and_gets_no_gradient():
    """D3.5: q · b_k is the same for every source word. The query's and the value's biases do matter."""
    case = query_key_value_inputs(np.random.default_rng(11))
    c, cache = query_key_value(**case)
    gradients = query_key_value_backward(np.random.default_rng(12).standard_normal(c.shape), cache)
    assert np.abs(gradients.b_k).max() < 1e-14 < 0.01 < np.abs(gradients.W_k).max()
    for name, moves in (("b_k", False), ("b_q", True), ("b_v", True)):
        moved, _ = query_key_value(**(case | {name: case[name] + 1.0}))
        assert (np.abs(moved - c).max() > 1e-3) == moves
        assert moves or np.abs(moved - c).max() < 1e-13

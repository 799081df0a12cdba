"""Word embedding, D4.7: the lookup, its matrix form, and the scatter-add."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minis2s.equations.embedding import embedding, embedding_backward

from .gradients import assert_gradients, assert_single_precision


def inputs(V=5, E=3, shape=(4, 2), seed=0):
    rng = np.random.default_rng(seed)
    return {"ids": rng.integers(0, V, shape), "W": rng.standard_normal((V, E))}


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 5), st.integers(1, 4), st.lists(st.integers(1, 4), min_size=1, max_size=2), st.integers(0, 99))
def test_lookup_scatter_and_gradient(V, E, shape, seed):
    case = inputs(V, E, tuple(shape), seed)
    ids, W = case["ids"], case["W"]
    x, cache = embedding(ids, W)
    one_hot = (ids[..., None] == np.arange(V)).astype(float)
    np.testing.assert_array_equal(x, one_hot @ W)
    d_x = np.random.default_rng(seed).standard_normal(x.shape)
    d_W = np.zeros_like(W)
    for at in np.ndindex(*ids.shape):
        for k in range(E):
            d_W[ids[at], k] += d_x[at][k]
    np.testing.assert_allclose(embedding_backward(d_x, cache), d_W, rtol=1e-12, atol=1e-15)
    assert_gradients(embedding, embedding_backward, case, ("W",))


def test_a_word_that_occurs_twice_receives_both_gradients_and_one_that_does_not_none():
    _, cache = embedding(np.array([[1], [1]]), np.zeros((3, 2)))
    d_W = embedding_backward(np.array([[[1.0, 2.0]], [[10.0, 20.0]]]), cache)
    np.testing.assert_array_equal(d_W, [[0, 0], [11, 22], [0, 0]])


def test_against_torch():
    torch = pytest.importorskip("torch")
    case = inputs(shape=(7, 3))
    W = torch.tensor(case["W"], requires_grad=True)
    d_x = np.random.default_rng(1).standard_normal((7, 3, 3))
    out = torch.nn.functional.embedding(torch.tensor(case["ids"]), W)
    out.backward(torch.tensor(d_x))
    x, cache = embedding(**case)
    np.testing.assert_array_equal(x, out.detach().numpy())
    np.testing.assert_allclose(embedding_backward(d_x, cache), W.grad.numpy(), rtol=1e-13, atol=1e-15)


def test_single_precision():
    assert_single_precision(embedding, embedding_backward, inputs())

"""Softmax under a mask, beyond what test_softmax_cross_entropy says: a shift changes nothing, padding holds anything, PyTorch."""

import numpy as np
import pytest

from minis2s.equations.softmax import softmax, softmax_backward


def test_a_number_added_to_all_scores_changes_nothing():
    e = np.random.default_rng(0).standard_normal((4, 3))
    np.testing.assert_allclose(softmax(e + 1000.0, axis=0)[0], softmax(e, axis=0)[0], rtol=1e-12)


def test_gradients_along_the_axis_sum_to_zero():
    rng = np.random.default_rng(1)
    _, cache = softmax(rng.standard_normal((4, 3)), axis=0)
    np.testing.assert_allclose(softmax_backward(rng.standard_normal((4, 3)), cache).sum(axis=0), 0, atol=1e-15)


@pytest.mark.parametrize("filling", [np.nan, np.inf, -np.inf, 1e300])
def test_masked_places_may_hold_anything(filling):
    rng = np.random.default_rng(2)
    e, mask = rng.standard_normal((4, 3)), np.array([[1, 1, 0], [1, 0, 0], [1, 1, 0], [1, 0, 0]], bool)
    filled = np.where(mask, e, filling)
    p, cache = softmax(filled, mask, axis=0)
    np.testing.assert_array_equal(p, softmax(e, mask, axis=0)[0])
    assert (p[~mask] == 0).all() and np.isfinite(p).all()
    assert (softmax_backward(rng.standard_normal((4, 3)), cache)[~mask] == 0).all()


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_against_torch(axis):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(3)
    e, d = rng.standard_normal((2, 2, 3, 4))
    p, cache = softmax(e, axis=axis)
    theirs = torch.tensor(e, requires_grad=True)
    out = torch.softmax(theirs, dim=axis)
    out.backward(torch.tensor(d))
    np.testing.assert_allclose(p, out.detach().numpy(), rtol=1e-14)
    np.testing.assert_allclose(softmax_backward(d, cache), theirs.grad.numpy(), atol=1e-15)

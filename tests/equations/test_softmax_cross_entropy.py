"""Softmax with a mask (D2.4, D4.4) and cross-entropy, with and without label smoothing (D1.3, D2.6)."""

from functools import partial
from math import exp, fsum, log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minis2s.equations.padding import length_mask
from minis2s.equations.softmax import cross_entropy, cross_entropy_backward, softmax, softmax_backward

from .gradients import assert_gradients, assert_single_precision

SMOOTHING = [0.0, 0.1, 0.9]


def inputs(S=3, B=4, V=5, lengths=(3, 2, 1, 0), scale=1.0, seed=0):
    rng = np.random.default_rng(seed)
    logits, targets = scale * rng.standard_normal((S, B, V)), rng.integers(0, V, (S, B))
    return {"logits": logits, "targets": targets, "mask": length_mask(lengths, S)}


def loss_by_loops(logits, targets, mask, smoothing):
    """−1/N Σ_n Σ_k q_nk log p_nk, one number at a time; the largest logit is taken out so that large ones can be checked."""
    S, B, V = logits.shape
    total = 0.0
    for t, b in np.ndindex(S, B):
        if not mask[t, b]:
            continue
        z = [float(x) - float(logits[t, b].max()) for x in logits[t, b]]
        log_sum = log(fsum(exp(x) for x in z))
        for k in range(V):
            q = (1 - smoothing) * (k == targets[t, b]) + smoothing / V
            total -= q * (z[k] - log_sum)
    return total / max(int(mask.sum()), 1)


CASES = {
    "padding, one row of nothing else": inputs(),
    "one step": inputs(S=1, B=2, lengths=(1, 1)),
    "one row": inputs(B=1, lengths=(2,)),
    "nothing but padding": inputs(lengths=(0, 0, 0, 0)),
    "tiny": inputs(scale=1e-6),
    "large": inputs(scale=30),
}


@pytest.mark.parametrize("smoothing", SMOOTHING)
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_cross_entropy_and_its_gradient(case, smoothing):
    loss, _ = cross_entropy(**case, smoothing=smoothing)
    assert loss == pytest.approx(loss_by_loops(**case, smoothing=smoothing), rel=1e-13, abs=1e-15)
    assert_gradients(partial(cross_entropy, smoothing=smoothing), cross_entropy_backward, case, ("logits",))


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_cross_entropy_of_any_shape(data):
    S, B, V = data.draw(st.integers(1, 4)), data.draw(st.integers(1, 4)), data.draw(st.integers(2, 5))
    lengths = data.draw(st.lists(st.integers(0, S), min_size=B, max_size=B))
    smoothing = data.draw(st.sampled_from(SMOOTHING))
    case = inputs(S, B, V, lengths, seed=data.draw(st.integers(0, 100)))
    loss, _ = cross_entropy(**case, smoothing=smoothing)
    assert loss == pytest.approx(loss_by_loops(**case, smoothing=smoothing), rel=1e-12, abs=1e-15)
    assert_gradients(partial(cross_entropy, smoothing=smoothing), cross_entropy_backward, case, ("logits",))


@pytest.mark.parametrize("smoothing", SMOOTHING)
def test_with_one_word_there_is_nothing_to_lose_or_learn(smoothing):
    """The loss is zero for every logit. (Its gradient is a rounding error, of which no relative error can be asked.)"""
    loss, cache = cross_entropy(**inputs(V=1), smoothing=smoothing)
    assert loss == 0
    assert np.abs(cross_entropy_backward(1.0, cache)).max() < 1e-16


@pytest.mark.parametrize("smoothing", SMOOTHING)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_logits_of_ten_thousand_stay_finite(smoothing, dtype):
    case = inputs()
    case["logits"] = np.where(np.random.default_rng(1).random(case["logits"].shape) < 0.5, -1e4, 1e4).astype(dtype)
    loss, cache = cross_entropy(**case, smoothing=smoothing)
    d_logits = cross_entropy_backward(dtype(1), cache)
    assert loss.dtype == d_logits.dtype == dtype
    assert loss == pytest.approx(loss_by_loops(**case, smoothing=smoothing), rel=1e-6)
    assert np.isfinite(d_logits).all()
    assert np.abs(d_logits.sum(axis=-1)).max() < 1e-6


@pytest.mark.parametrize("smoothing", SMOOTHING)
def test_cross_entropy_against_torch(smoothing):
    torch = pytest.importorskip("torch")
    case = inputs(S=6, B=5, V=7, lengths=(6, 4, 3, 1, 0))
    loss, cache = cross_entropy(**case, smoothing=smoothing)
    logits = torch.tensor(case["logits"], requires_grad=True)
    targets = torch.tensor(np.where(case["mask"], case["targets"], -100))
    criterion = torch.nn.CrossEntropyLoss(ignore_index=-100, label_smoothing=smoothing)
    theirs = criterion(logits.reshape(-1, 7), targets.reshape(-1))
    theirs.backward()
    assert loss == pytest.approx(theirs.item(), rel=1e-14)
    np.testing.assert_allclose(cross_entropy_backward(1.0, cache), logits.grad.numpy(), atol=1e-16)


def test_padding_may_hold_anything():
    case = inputs()
    hole = np.where(case["mask"][..., None], case["logits"], np.nan)
    loss, cache = cross_entropy(hole, case["targets"], case["mask"], smoothing=0.1)
    assert loss == cross_entropy(**case, smoothing=0.1)[0]
    assert (cross_entropy_backward(1.0, cache)[~case["mask"]] == 0).all()


@pytest.mark.parametrize("smoothing", SMOOTHING)
def test_single_precision(smoothing):
    assert_single_precision(partial(cross_entropy, smoothing=smoothing), cross_entropy_backward, inputs())
    assert_single_precision(softmax, softmax_backward, {"e": inputs()["logits"]})


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_softmax_under_a_mask(data):
    shape = tuple(data.draw(st.integers(1, 4)) for _ in range(2))
    axis = data.draw(st.sampled_from([0, 1]))
    rng = np.random.default_rng(data.draw(st.integers(0, 100)))
    e, mask = 10.0 ** data.draw(st.integers(-6, 1)) * rng.standard_normal(shape), rng.random(shape) < 0.6
    p, _ = softmax(e, mask, axis)
    for i, j in np.ndindex(*shape):
        line = [(i, k) for k in range(shape[1])] if axis else [(k, j) for k in range(shape[0])]
        total = fsum(exp(e[at]) for at in line if mask[at])
        expected = exp(e[i, j]) / total if mask[i, j] else 0.0
        assert p[i, j] == pytest.approx(expected, rel=1e-13)
    assert_gradients(partial(softmax, axis=axis), softmax_backward, {"e": e, "mask": mask}, ("e",))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_softmax_of_ten_thousand(dtype):
    p, _ = softmax(np.array([1e4, -1e4, 1e4, 1e4], dtype), np.array([True, True, True, False]))
    assert p.dtype == dtype
    np.testing.assert_array_equal(p, np.array([0.5, 0, 0.5, 0], dtype))

"""Additive attention over a source: against a loop over sentences and words, and by the complex step through several steps."""

from math import exp, tanh
from types import SimpleNamespace

import numpy as np
import pytest

from minis2s.backend import select
from minis2s.gradcheck import check_pair
from minis2s.layers.attention import AdditiveAttention
from minis2s.layers.base import Initialiser
from minis2s.models.check import mask_of, using

H, C, A = 3, 4, 2
SOURCE_LENGTHS = (2, 5, 1, 3)
ALIVE = (4, 4, 2, 1)  # rows of each decoder step: the first n of the batch


def layer_of(rng):
    layer = AdditiveAttention(H, C, A, Initialiser(rng, select("numpy"), np.float64))
    layer.v.value = rng.standard_normal(A)
    return layer


def attend_by_hand(s, memory, W_s, W_h, v):
    """One sentence, one step, with Python numbers: (context, weights). s: H numbers; memory: T lists of C numbers."""
    query = [sum(s[j] * W_s[j][a] for j in range(H)) for a in range(A)]
    scores = []
    for h in memory:
        key = [sum(h[j] * W_h[j][a] for j in range(C)) for a in range(A)]
        scores.append(sum(v[a] * tanh(query[a] + key[a]) for a in range(A)))
    weights = [exp(e) for e in scores]
    weights = [w / sum(weights) for w in weights]
    return [sum(w * h[j] for w, h in zip(weights, memory, strict=True)) for j in range(C)], weights


def test_each_step_is_the_equations_for_each_sentence_alone():
    rng = np.random.default_rng(1)
    layer, mask = layer_of(rng), mask_of(SOURCE_LENGTHS)
    memory = rng.standard_normal((*mask.shape, C))
    attention = layer.over(memory, mask)
    states = [rng.standard_normal((n, H)) for n in ALIVE]
    contexts = [attention.step(s)[0] for s in states]
    weights = attention.all_weights()
    assert weights.shape == (len(ALIVE), *mask.shape)
    lists = [p.value.tolist() for p in (layer.W_s, layer.W_h, layer.v)]
    for i, (s, c) in enumerate(zip(states, contexts, strict=True)):
        for b, length in enumerate(SOURCE_LENGTHS):
            if b >= ALIVE[i]:
                assert (weights[i, :, b] == 0).all()  # this row had ended
                continue
            expected, alpha = attend_by_hand(s[b].tolist(), memory[:length, b].tolist(), *lists)
            np.testing.assert_allclose(c[b], expected, rtol=0, atol=1e-14)
            np.testing.assert_allclose(weights[i, :length, b], alpha, rtol=0, atol=1e-14)
            assert (weights[i, length:, b] == 0).all()


@pytest.mark.parametrize("alive", [ALIVE, (4,), (1, 1)])
def test_every_gradient_through_several_steps(alive):
    """Memory, each step's state and the three weights, from the contexts of all steps and from each step's alone."""
    rng = np.random.default_rng(2)
    layer, mask = layer_of(rng), mask_of(SOURCE_LENGTHS)
    names = [f"s_{i}" for i in range(len(alive))]

    def forward(memory, W_s, W_h, v, **states):
        with using(layer, {"W_s": W_s, "W_h": W_h, "v": v}):
            attention = layer.over(memory, mask)
            contexts, caches = zip(*(attention.step(states[name]) for name in names), strict=True)
        return contexts, (attention, caches)

    def backward(d_contexts, cache):
        attention, caches = cache
        layer.zero_gradients()
        attention.start_backward()
        d = {}
        for name, d_c, n, step_cache in reversed(list(zip(names, d_contexts, alive, caches, strict=True))):
            d[name] = attention.step_backward(np.zeros((n, C)) if d_c is None else d_c, step_cache)
        d["memory"] = attention.finish_backward()
        assert (d["memory"][~mask] == 0).all()
        return SimpleNamespace(**d, **{name: p.grad for name, p in layer.named_parameters()})

    inputs = {"memory": rng.standard_normal((*mask.shape, C))} | layer.state_on_backend()
    inputs |= {name: rng.standard_normal((n, H)) for name, n in zip(names, alive, strict=True)}
    results = check_pair("attention", forward, backward, inputs, tuple(inputs), rng)
    assert [r for r in results if not r.passed] == []


def test_select_takes_rows_and_leaves_the_whole_alone():
    rng = np.random.default_rng(3)
    layer, mask = layer_of(rng), mask_of(SOURCE_LENGTHS)
    attention = layer.over(rng.standard_normal((*mask.shape, C)), mask)
    s = rng.standard_normal((4, H))
    whole, _ = attention.step(s)
    rows = np.array([3, 0])
    part = attention.select(rows)
    some, _ = part.step(s[rows])
    np.testing.assert_allclose(some, whole[rows], rtol=0, atol=1e-15)
    assert len(attention.weights) == len(part.weights) == 1


def test_a_source_of_padding_only_gives_no_weight_and_no_nan():
    rng = np.random.default_rng(4)
    layer = layer_of(rng)
    attention = layer.over(rng.standard_normal((2, 1, C)), np.zeros((2, 1), dtype=bool))
    c, _ = attention.step(rng.standard_normal((1, H)))
    assert (c == 0).all() and (attention.all_weights() == 0).all()

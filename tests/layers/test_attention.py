"""What a decoder sees of a source, in every form: against loops over sentences, steps and words with Python numbers, and by the
complex step through several steps.
"""

from math import sqrt, tanh
from types import SimpleNamespace

import numpy as np
import pytest

from minis2s.backend import select
from minis2s.errors import UsageError
from minis2s.gradcheck import check_pair
from minis2s.layers.attention import Attention
from minis2s.layers.base import Initialiser
from minis2s.layers.contexts import AllStates, LastState, NoContext
from minis2s.layers.gates import GateAttention
from minis2s.layers.location import LOCATIONS
from minis2s.layers.scores import SCORES
from minis2s.models.check import mask_of, using
from tests.equations.scalars import additive, affine, cosine, dot, plus, sigma, softmax, times, weighted

A = 2
SOURCE_LENGTHS = (2, 5, 1, 3)
ALIVE = (4, 4, 2, 1)  # rows of each decoder step: the first n of the batch


# What one step looks like for one sentence, with Python numbers: (s, h, parameters, carried) → (context, weights, carried).


def scored(score, normalised=softmax):
    def step(s, h, p, carried):
        alpha = normalised(score(s, h, p))
        values = [affine(h_j, p["values.W"], p["values.b"]) for h_j in h] if "values.W" in p else h
        return weighted(alpha, values), alpha, None

    return step


def each_sigma(e):
    return [sigma(x) for x in e]


def additive_score(s, h, p, more=None):
    return additive(s, h, p["score.W_s"], p["score.W_h"], p["score.v"], more)


def affine_score(s, h, p):
    query = times(s, p["score.W_s"])
    return [dot(p["score.v"], plus(query, times(h_j, p["score.W_h"]))) for h_j in h]


def query_key_score(s, h, p):
    query = affine(s, p["score.q.W"], p["score.q.b"])
    return [dot(query, affine(h_j, p["score.k.W"], p["score.k.b"])) for h_j in h]


def window(alpha, j, width=7):
    """α around place j, zero beyond the ends."""
    return [alpha[j + k] if 0 <= j + k < len(alpha) else 0.0 for k in range(-(width // 2), width // 2 + 1)]


def location(s, h, p, carried):
    alpha = carried or [0.0] * len(h)
    more = [times(times(window(alpha, j), p["location.F"]), p["location.U"]) for j in range(len(h))]
    alpha = softmax(additive_score(s, h, p, more))
    return weighted(alpha, h), alpha, alpha


def recurrent(s, h, p, carried):
    alpha, d = carried or ([0.0] * len(h), [[0.0] * len(p["location.b"])] * len(h))
    inputs = [times(window(alpha, j), p["location.F"]) for j in range(len(h))]
    d = [
        [tanh(a) for a in plus(x, times(d_j, p["location.W_d"]), p["location.b"])]
        for x, d_j in zip(inputs, d, strict=True)
    ]
    alpha = softmax(additive_score(s, h, p, [times(d_j, p["location.U"]) for d_j in d]))
    return weighted(alpha, h), alpha, (alpha, d)


def gate(s, h, p, carried):
    query = affine(s, p["W_z"], p["b"])
    gates = [[sigma(a) for a in plus(query, times(h_j, p["W_h"]))] for h_j in h]
    c = plus(*[[g * x for g, x in zip(g_j, h_j, strict=True)] for g_j, h_j in zip(gates, h, strict=True)])
    return c, [sum(g) / len(g) for g in gates], None


def last_state(s, h, p, carried):
    return h[-1], None, None


def all_states(s, h, p, carried):
    longest = len(p["join.W"]) // len(h[0])
    flat = [x for h_j in h for x in h_j] + [0.0] * (longest - len(h)) * len(h[0])
    return affine(flat, p["join.W"], p["join.b"]), None, None


def no_context(s, h, p, carried):
    return [], None, None


class Case:
    """A layer's maker, made(init, H, C), its step by hand, and the sizes: equal ones only where the formula wants them so."""

    def __init__(self, made, by_hand, H=3, C=4):
        self.made, self.by_hand, self.H, self.C = made, by_hand, H, C

    def layer(self, rng):
        layer = self.made(Initialiser(rng, select("numpy"), np.float64), self.H, self.C)
        for _, p in layer.named_parameters():
            p.value = rng.standard_normal(p.value.shape)
        return layer


def attention(name, **options):
    return lambda init, H, C: Attention(name, H, C, A, init, **options)


CASES = {
    "additive": Case(attention("additive"), scored(additive_score)),
    "additive, one source word": Case(attention("additive"), scored(additive_score)),
    "affine": Case(attention("affine"), scored(affine_score)),
    "affine under σ": Case(attention("affine", sigmoid=True), scored(affine_score, each_sigma)),
    "additive under σ, values": Case(attention("additive", sigmoid=True, values=True), scored(additive_score, each_sigma)),
    "dot": Case(attention("dot"), scored(lambda s, h, p: [dot(s, h_j) for h_j in h]), 4),
    "scaled-dot": Case(attention("scaled-dot"), scored(lambda s, h, p: [dot(s, h_j) / sqrt(len(s)) for h_j in h]), 4),
    "cosine": Case(attention("cosine"), scored(lambda s, h, p: [cosine(s, h_j) for h_j in h]), 4),
    "general": Case(attention("general"), scored(lambda s, h, p: [dot(times(s, p["score.W"]), h_j) for h_j in h])),
    "query-key": Case(attention("query-key"), scored(query_key_score)),
    "query-key, values": Case(attention("query-key", values=True), scored(query_key_score)),
    "location": Case(attention("location"), location),
    "recurrent": Case(attention("recurrent"), recurrent),
    "gate": Case(lambda init, H, C: GateAttention(H, C, init), gate),
    "last-state": Case(lambda init, H, C: LastState(C), last_state),
    "all-states": Case(lambda init, H, C: AllStates(6, C, init), all_states),
    "none": Case(lambda init, H, C: NoContext(), no_context),
}
every_case = pytest.mark.parametrize("name", CASES)
every_context = pytest.mark.parametrize("name", [name for name in CASES if name != "none"])  # there nothing is differentiated


def lengths_of(name):
    return (1,) * 4 if name.endswith("one source word") else SOURCE_LENGTHS


def test_every_score_is_here():
    assert {*SCORES, *LOCATIONS} <= CASES.keys()


@every_case
def test_each_step_is_the_equations_for_each_sentence_alone(name):
    rng, case = np.random.default_rng(1), CASES[name]
    layer, lengths = case.layer(rng), lengths_of(name)
    mask = mask_of(lengths)
    memory = np.where(mask[..., None], rng.standard_normal((*mask.shape, case.C)), 0)
    source = layer.over(memory, mask)
    states = [rng.standard_normal((n, case.H)) for n in ALIVE]
    contexts, carry = [], source.carry()
    for s in states:
        c, carry, _ = source.step(s, carry)
        contexts.append(c)
    weights = source.all_weights()
    p = {name: p.value.tolist() for name, p in layer.named_parameters()}
    for b, length in enumerate(lengths):
        carried = None
        for i, (s, c) in enumerate(zip(states, contexts, strict=True)):
            if b >= ALIVE[i]:
                assert weights is None or (weights[i, :, b] == 0).all()  # this row had ended
                continue
            expected, alpha, carried = case.by_hand(s[b].tolist(), memory[:length, b].tolist(), p, carried)
            np.testing.assert_allclose(c[b], expected, rtol=0, atol=1e-13)
            if alpha is None:
                assert weights is None
                continue
            np.testing.assert_allclose(weights[i, :length, b], alpha, rtol=0, atol=1e-13)
            assert (weights[i, length:, b] == 0).all() and weights.shape == (len(ALIVE), *mask.shape)


@every_context
@pytest.mark.parametrize("alive", [ALIVE, (4,), (1, 1)])
def test_every_gradient_through_several_steps(name, alive):
    """Memory, each step's state and all weights, from the contexts of all steps and from each step's alone."""
    rng, case = np.random.default_rng(2), CASES[name]
    layer, mask = case.layer(rng), mask_of(lengths_of(name))
    names = [f"s_{i}" for i in range(len(alive))]

    def forward(memory, **values):
        states = [values.pop(name) for name in names]
        with using(layer, values):
            source, contexts, caches = layer.over(memory, mask), [], []
            carry = source.carry()
            for s in states:
                c, carry, cache = source.step(s, carry)
                contexts.append(c)
                caches.append(cache)
        return tuple(contexts), (source, caches)

    def backward(d_contexts, cache):
        source, caches = cache
        layer.zero_gradients()
        source.start_backward()
        d, d_carry = {}, ()
        for name, d_c, n, step_cache in reversed(list(zip(names, d_contexts, alive, caches, strict=True))):
            d_c = np.zeros((n, case.C)) if d_c is None else d_c
            d_s, d_carry = source.step_backward(d_c, d_carry, step_cache)
            d[name] = d_s + np.zeros((n, case.H))  # where the context does not depend on the state it is a plain 0
        d["memory"] = source.finish_backward()
        assert (d["memory"][~mask] == 0).all()
        return SimpleNamespace(**d, **{name: p.grad for name, p in layer.named_parameters()})

    inputs = {"memory": rng.standard_normal((*mask.shape, case.C))} | layer.state_on_backend()
    inputs |= {name: rng.standard_normal((n, case.H)) for name, n in zip(names, alive, strict=True)}
    results = check_pair("attention", forward, backward, inputs, tuple(inputs), rng)
    assert [r for r in results if not r.passed] == []


@every_case
def test_select_takes_rows_and_leaves_the_whole_alone(name):
    rng, case = np.random.default_rng(3), CASES[name]
    layer, mask = case.layer(rng), mask_of(lengths_of(name))
    source = layer.over(rng.standard_normal((*mask.shape, case.C)), mask)
    first, second = rng.standard_normal((2, 4, case.H))
    _, carry, _ = source.step(first, source.carry())
    whole, *_ = source.step(second, carry)
    rows = np.array([3, 0])
    part = source.select(rows)
    some, *_ = part.step(second[rows], tuple(each[:, rows] for each in carry))
    np.testing.assert_allclose(some, whole[rows], rtol=0, atol=1e-15)
    assert len(source.weights) == 2 and len(part.weights) == 1


@every_case
def test_a_source_of_padding_only_gives_no_weight_and_no_nan(name):
    rng, case = np.random.default_rng(4), CASES[name]
    layer = case.layer(rng)
    source = layer.over(rng.standard_normal((2, 1, case.C)), np.zeros((2, 1), dtype=bool))
    c, *_ = source.step(rng.standard_normal((1, case.H)), source.carry())
    bias = layer.join.b.value if name == "all-states" else 0
    np.testing.assert_array_equal(c, np.zeros_like(c) + bias)
    assert source.all_weights() is None or (source.all_weights() == 0).all()


@pytest.mark.parametrize("name", ["dot", "scaled-dot", "cosine"])
def test_products_of_states_of_unequal_sizes_are_refused(name):
    with pytest.raises(UsageError, match="decoder states of size 3 with encoder states of size 4"):
        CASES[name].made(Initialiser(np.random.default_rng(0), select("numpy")), 3, 4)


def test_a_source_longer_than_all_states_was_made_for_is_refused():
    layer = CASES["all-states"].layer(np.random.default_rng(0))
    with pytest.raises(UsageError, match=r"a source of 7 tokens, but .* at most 6; shorten it"):
        layer.over(np.zeros((7, 1, 4)), np.ones((7, 1), bool))


def test_an_unknown_score_is_refused_with_the_nearest_name():
    with pytest.raises(UsageError, match="unknown score 'additiv'; did you mean 'additive'"):
        attention("additiv")(Initialiser(np.random.default_rng(0), select("numpy")), 3, 4)

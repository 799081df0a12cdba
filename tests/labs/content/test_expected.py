"""What the specifications expect is right: gradients against numerical derivatives, sums over paths by listing all paths."""

import importlib
import itertools

import numpy as np
import pytest

from minis2s import gradcheck
from minis2s.equations.ctc import collapse
from minis2s.labs.catalogue import names
from minis2s.labs.faults import cells
from minis2s.labs.faults.cells import CELLS

specification = {name[:2]: importlib.import_module(f"minis2s.labs.faults.{name}") for name in names()}


@pytest.fixture
def rng():
    return np.random.default_rng([3, 0])  # a list, as the specifications read off the number of the draw


def holds(function, inputs, gradients, cotangents, methods=("complex-step", "five-point")):
    """Every gradient is the derivative of Σ ⟨cotangents, function(**inputs)⟩."""
    results = gradcheck.check_function("lab", function, inputs, gradients, cotangents, methods)
    assert results and all(result.passed for result in results), [r for r in results if not r.passed]


def named(expected, *names, **others):
    """{input: its gradient}, where the specification writes d_input; others: another input of that gradient."""
    return {name: expected[f"d_{name}"] for name in names} | {name: expected[f"d_{value}"] for name, value in others.items()}


@pytest.mark.parametrize("rung", ["two", "many", "absent"])
def test_rnn(rng, rung):
    lab = specification["03"]
    q = lab._sequence(rng, rung, {})
    h = lab._states(q)[0]
    d_h, d_h_n = rng.standard_normal(h.shape), rng.standard_normal(h[0].shape)

    def function(**q):
        h = lab._states(q)[0]
        return h, h[-1]

    expected = lab._right_backward({"d_h": d_h, "d_h_n": d_h_n, "h": h} | q, {})
    holds(function, q, named(expected, *q), [d_h, d_h_n])
    expected = lab._right_backward({"d_h": None, "d_h_n": d_h_n, "h": h} | q, {})
    holds(function, q, named(expected, *q), [None, d_h_n])


@pytest.mark.parametrize("name", CELLS)
def test_every_lstm_cell(rng, name):
    cell, variant = CELLS[name], {"cell": name}
    forward, backward = specification["04"], specification["05"]
    q = forward._sequence(rng, "many", variant)
    state, steps = (q["h_0"], q["c_0"]), []
    for x in q["x"]:
        state, values = cells.step(x, *state, q["W_x"], q["W_h"], q["b"], cell)
        steps.append((*values, *state))
    parts = dict(zip("ifoghc", (np.stack(part) for part in zip(*steps, strict=True)), strict=True))
    cotangents = rng.standard_normal(parts["h"].shape), rng.standard_normal(q["c_0"].shape)

    def function(**q):
        h, c = forward._states(q, variant).values()
        return h, c[-1]

    methods = ("five-point",) if cell.softsign else ("complex-step", "five-point")  # |a| has no complex derivative
    for d_h, d_c_n in (cotangents, (None, cotangents[1]), (cotangents[0], None)):
        expected = backward._right_sequence({"d_h": d_h, "d_c_n": d_c_n} | q | parts, variant)
        holds(function, q, named(expected, *q), [d_h, d_c_n], methods)


@pytest.mark.parametrize("padding", ["zero", "held"])
@pytest.mark.parametrize("rung", ["many", "padding"])
def test_masks(rng, rung, padding):
    lab, variant = specification["06"], {"padding": padding}
    q = lab._gradients(rng, rung, variant)
    cotangents = [q[name] for name in ("d_h", "d_h_n", "d_c_n")]
    inputs = {name: value for name, value in q.items() if name[:2] != "d_"}
    gradients = named(lab._backward(q, variant), "x", "h_0", "c_0", "W_x", "W_h", "b")
    assert rung != "padding" or not gradients["x"][~q["mask"]].any()
    holds(lambda **q: tuple(lab._forward(q, variant)[0].values()), inputs, gradients, cotangents)


def test_gru(rng):
    lab = specification["07"]
    q = lab._sequence(rng, "many", {})
    h, steps = q["h_0"], []
    for x in q["x"]:
        h, cache = lab.gru_cell(x, h, q["W_x"], q["W_h"], q["b"], q["b_h"])
        steps.append(lab._parts(cache) | {"h": h})
    parts = {name: np.stack([step[name] for step in steps]) for name in steps[0]}
    d_h, d_h_n = rng.standard_normal(parts["h"].shape), rng.standard_normal(h.shape)
    expected = lab._right_backward({"d_h": d_h, "d_h_n": d_h_n, "h_0": q["h_0"], "W_h": q["W_h"]} | parts, {})
    gradients = named(expected, "h_0", "W_h", "b_h") | {"b": expected["d_a"].sum(axis=(0, 1))}
    gradients["x"] = expected["d_a"] @ q["W_x"].T
    holds(lambda **q: tuple(lab._states(q, {}).values()), q, gradients, [d_h, d_h_n])


def test_attention(rng):
    lab = specification["08"]
    q = lab._whole(rng, "padding", {})
    mask = q["alpha"] > 0

    def function(**q):
        alpha = lab.softmax(lab._scores(q)[0], mask, axis=0)[0]
        return lab.context(alpha, q["h"])[0], alpha

    inputs = {name: q[name] for name in ("s", "h", "W_s", "W_h", "v")}
    for d_c, d_alpha in ((q["d_c"], q["d_alpha"]), (q["d_c"], None), (None, q["d_alpha"])):
        expected = lab._right_whole(q | {"d_c": d_c, "d_alpha": d_alpha}, {})
        holds(function, inputs, named(expected, *inputs), [d_c, d_alpha])


def test_decoder(rng):
    lab = specification["09"]
    q = lab._step(rng, "padding", {})
    S, B = 3, len(q["s_prev"])
    y, s_0 = rng.standard_normal((S, B, lab.E)), q.pop("s_prev")
    inputs = q | {"y": y, "s_0": s_0}
    mask = inputs.pop("mask")

    def steps(y, s_0, **weights):
        state, found = s_0, []
        for y_i in y:
            (logits, state, c), _, alpha = lab._decode(weights | {"y": y_i, "s_prev": state, "mask": mask})
            found.append((logits, state, c, alpha))
        return [np.stack(part) for part in zip(*found, strict=True)]

    logits, s, c, alpha = steps(**inputs)
    d_logits = rng.standard_normal(logits.shape)
    expected = lab._right_sequence(inputs | {"d_logits": d_logits, "s": s, "c": c, "alpha": alpha}, {})
    holds(lambda **x: steps(**x)[0], inputs, named(expected, *inputs), [d_logits])


@pytest.mark.parametrize("rung", ["one", "two", "extreme"])
def test_ctc_by_listing_all_paths(rng, rung):
    lab = specification["10"]
    found = lab._solution(*lab._problem(rng, rung))
    p, symbols = found["p"], found["symbols"]
    T, V = p.shape
    labels = [int(symbol) for symbol in symbols if symbol]
    through, total = np.zeros_like(found["alpha"]), 0.0  # the probability of all paths that are at s in step t
    for path in itertools.product(range(V), repeat=T):
        if collapse(path) == labels:
            probability = p[np.arange(T), path].prod()
            total += probability
            for t, s in enumerate(_places(path, symbols)):
                through[t, s] += probability
    np.testing.assert_allclose(found["alpha"] * found["beta"], through, atol=1e-12)
    np.testing.assert_allclose(found["L"], -np.log(total))
    np.testing.assert_allclose(found["beta"][-1], np.arange(len(symbols)) >= len(symbols) - 2)


def _places(path, symbols):
    """Where in l' a path is at each step."""
    places, s = [], 0
    for t, symbol in enumerate(path):
        if t == 0:
            s = 0 if symbol == 0 else 1
        elif symbol != path[t - 1]:
            s += 1 if symbols[s + 1] == symbol else 2
        places.append(s)
    return places

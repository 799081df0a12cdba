"""Entries without a gradient: each is verified by the registry's check, and the verification finds a mistake."""

import numpy as np
import pytest

from minis2s.equations import optimisers
from minis2s.equations.catalogue import losses, sequences
from minis2s.equations.catalogue import optimisers as catalogue
from minis2s.equations.ctc import ctc
from minis2s.equations.edit_distance import edit_distance
from minis2s.equations.padding import length_mask
from minis2s.equations.registry import equation, equations
from minis2s.equations.search import Hypothesis, beam
from minis2s.gradcheck import METHODS, ORACLE

WITH_ORACLE = [entry.id for entry in equations() if entry.verify]


def oracle_results(id, seed=0):
    return equation(id).check(np.random.default_rng(seed), methods=(ORACLE,))


def test_every_method_has_an_oracle_and_no_gradient():
    for entry in equations():
        assert entry.kind in ("formula", "method")
        if entry.kind == "method":
            assert entry.verify and not entry.backward and not entry.wrt


@pytest.mark.parametrize("id", WITH_ORACLE)
@pytest.mark.parametrize("seed", range(3))
def test_every_oracle_agrees(id, seed):
    results = oracle_results(id, seed)
    assert results and all(r.method == ORACLE and r.tolerance == 1e-12 for r in results)
    assert [r for r in results if not r.passed] == []


def test_a_check_runs_the_methods_that_it_is_asked_for():
    rng = np.random.default_rng
    assert {r.method for r in equation("D2.7").check(rng(0))} == set(METHODS)
    assert {r.method for r in equation("D2.7").check(rng(0), methods=("complex-step",))} == {"complex-step"}
    assert equation("D4.5").check(rng(0), methods=("complex-step", "five-point")) == []


def wrong_adam(parameter, gradient, m, v, t, learning_rate):
    return optimisers.adam(parameter, gradient, m, v, t + 1, learning_rate)


def wrong_momentum(parameter, gradient, velocity, learning_rate):
    """The gradient's own step is left out of the velocity's."""
    new = optimisers.momentum(parameter, gradient, velocity, learning_rate)
    return new._replace(parameter=parameter - learning_rate * velocity)


@pytest.mark.parametrize(
    ("wrong", "unrolled", "states", "count"),
    [
        (lambda x, g, rate: x + rate * g, catalogue.unrolled_sgd, 0, False),
        (wrong_momentum, catalogue.unrolled_momentum, 1, False),
        (lambda x, g, s, rate: optimisers.adagrad(x, g, 0.9 * s, rate), catalogue.unrolled_adagrad, 1, False),
        (wrong_adam, catalogue.unrolled_adam, 2, True),
        (lambda *a: optimisers.adamw(*a, weight_decay=0.011), catalogue.unrolled_adamw, 2, True),
        (optimisers.adam, catalogue.unrolled_adamw, 2, True),
        (optimisers.sgd, catalogue.unrolled_decaying_sgd, 0, False),
    ],
)
def test_a_wrong_optimiser_is_found(wrong, unrolled, states, count):
    verify = catalogue.verified(wrong, unrolled, states, count)
    computed, expected = verify(np.random.default_rng(0), lambda x: x)["θ"]
    assert np.linalg.norm(computed - expected) > 1e-5 * np.linalg.norm(expected)


def position_by_position(reference, hypothesis):
    """The Hamming distance, where there is one."""
    if len(reference) != len(hypothesis):
        return edit_distance(reference, hypothesis)
    return sum(r != h for r, h in zip(reference, hypothesis, strict=True))


MISTAKES = {
    "D1.5": ("greedy", lambda step, *_: Hypothesis((0,), float(step((), -1)[0][0]))),
    "D1.5-beam": ("beam", lambda *arguments, **width: beam(*arguments, **width)[::-1]),
    "D2.7": ("ctc", lambda logits, labels, mask, label_mask: ctc(logits[::-1], labels, mask[::-1], label_mask)),
    "D2.8": ("edit_distance", position_by_position),
    "D3.6": ("length_mask", lambda lengths, T: length_mask(lengths, T)[::-1]),
}


@pytest.mark.parametrize("id", MISTAKES)
def test_a_wrong_method_is_found(id, monkeypatch):
    monkeypatch.setattr(losses if id == "D2.7" else sequences, *MISTAKES[id])
    assert not all(r.passed for seed in range(5) for r in oracle_results(id, seed))

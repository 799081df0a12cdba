"""The framework can fail: where a check is made weak on purpose, a mistake that the real check finds goes unnoticed."""

from dataclasses import replace

import numpy as np
import pytest

from minis2s import gradcheck
from minis2s.equations.registry import equation, view
from minis2s.layers.base import Initialiser
from minis2s.layers.cells import cell
from minis2s.layers.recurrent import Recurrent
from minis2s.models import check as model_check

from .catalogue import MISTAKES
from .checks import SEED, Check, equation_targets, failure, layer_targets
from .planting import mutant_from_text

TARGETS = {target.name: target for target in equation_targets() + layer_targets()}


def verdict(title, checks=None):
    """What `checks`, by default all that run the function, say to the catalogue's mistake of this title."""
    mistake = next(m for m in MISTAKES if m.title == title)
    target = TARGETS[mistake.function]
    mutant = mutant_from_text(target.name, target.function, mistake.before, mistake.after)
    with target.planted(mutant.code):
        return failure(target.checks if checks is None else checks)


def entry_check(id, **changes):
    """The check of one entry, with some of its fields changed."""
    entry = replace(equation(id), **changes)
    return [Check(id, lambda methods: entry.check(np.random.default_rng(SEED), methods))]


def with_input(id, name, value):
    """The check of one entry at inputs of which one is replaced: value(inputs)."""

    def inputs(rng):
        drawn = equation(id).inputs(rng)
        return drawn | {name: value(drawn)}

    return entry_check(id, inputs=inputs)


def test_constant_cotangents_do_not_see_an_ignored_upstream_gradient(monkeypatch):
    title = "the loss's own upstream gradient ignored"
    assert verdict(title)
    monkeypatch.setattr(gradcheck, "random_like", lambda x, rng: np.ones(np.shape(x)))
    assert verdict(title) is None


def test_a_mask_without_padding_does_not_see_a_forgotten_mask():
    title = "mask forgotten at padded tokens"
    assert verdict(title, entry_check("D1.3"))
    assert verdict(title, with_input("D1.3", "mask", lambda inputs: np.ones_like(inputs["mask"]))) is None


OVERWRITING = ["a repeated word keeps only its last gradient", "a[ids] += d, which counts a repeated word once"]


@pytest.mark.parametrize("title", OVERWRITING)
def test_words_that_do_not_repeat_do_not_see_an_overwritten_gradient(title):
    assert verdict(title, entry_check("D4.7"))
    assert verdict(title, with_input("D4.7", "ids", lambda inputs: np.arange(4).reshape(2, 2))) is None


@pytest.mark.parametrize("title", ["cell gradient from h only", "cell gradient from c only, when there is one"])
def test_one_upstream_gradient_at_a_time_does_not_see_a_lost_sum(title):
    assert verdict(title, entry_check("D0.5"))
    for output in ("h", "c"):
        assert verdict(title, entry_check("D0.5", checked=view(*equation("D0.5").checked, output))) is None


def test_a_packing_order_that_is_its_own_inverse_does_not_see_sorting_for_sorting_back():
    title = "sorted once more instead of back"

    def checks():
        rng, backend = np.random.default_rng(SEED), model_check.select("numpy")
        layer = Recurrent(cell("lstm")(2, 3, Initialiser(rng, backend, np.float64)))
        return [Check("LSTM", lambda methods: model_check.check_recurrent("LSTM", rng, layer, backend, methods, lengths))]

    lengths = model_check.SOURCE_LENGTHS
    assert verdict(title, checks())
    lengths = (3, 5, 1, 3)
    assert verdict(title, checks()) is None


def test_a_wide_tolerance_sees_nothing(monkeypatch):
    title = "no gradient to the previous state through the score"
    checks = [check for check in TARGETS["minis2s.models.decoder.Decoder.backward"].checks if check.name == "model bidirectional"]
    assert verdict(title, checks)
    monkeypatch.setitem(gradcheck.TOLERANCES, "complex-step", 1e-2)
    assert verdict(title, checks) is None

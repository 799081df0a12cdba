"""Settings that nothing reads: `idle` says so of exactly those that change neither a model's weights nor its loss."""

from dataclasses import fields

import numpy as np
import pytest

from minis2s.data.batching import Example, make_batch
from minis2s.models import model_of
from minis2s.models.configuration import IDLE, READ_WITH, ModelConfig, idle

WORDS = 9
SIZES = {"embedding_size": 4, "hidden_size": 6}
CASES = [  # setting, another value of it, settings with which it is idle, settings with which it is read
    *(("attention_size", 5, {"attention": name}, {"attention": "additive"}) for name in ("dot", "general", "cosine", "gate")),
    *(("attention_size", 5, {"model": kind}, {"attention": "query-key"}) for kind in ("ctc", "language-model")),
    ("attention_size", 5, {"attention": "scaled-dot"}, {"attention": "location"}),
    ("attention_size", 5, {"attention": "all-states"}, {"attention": "affine"}),
    ("attention_size", 5, {"attention": "none"}, {"attention": "recurrent"}),
    ("longest_source", 9, {}, {"attention": "all-states"}),
    ("sigmoid", True, {"attention": "gate"}, {"attention": "dot"}),
    ("values", True, {"attention": "last-state"}, {"attention": "dot"}),
    ("attend", "after", {"attention": "none"}, {"attention": "last-state"}),
    ("bidirectional", False, {"model": "language-model"}, {"model": "ctc"}),
    *(("forget_bias", 2.0, {"cell": cell}, {"model": kind}) for cell, kind in (("gru", "ctc"), ("rnn", "seq2seq"))),
    ("residual", True, {}, {"layers": 2}),
    ("residual", True, {"model": "ctc"}, {"encoder_layers": 2}),
    ("variational", True, {"layers": 2}, {"dropout": 0.3}),
]


def loss_of(settings):
    """A model's weights and loss while it is trained, everything drawn by the same numbers."""
    config = ModelConfig(**SIZES | settings)
    model = model_of(config, WORDS, WORDS, np.random.default_rng(0), dtype=np.float64)
    batch = make_batch([Example([4, 5, 6, 7, 8, 4, 5], [4, 5, 4]), Example([8, 7, 6], [6])])
    return model.state(), model.forward(batch, rng=np.random.default_rng(1))[0]


def same(one, other):
    (state, loss), (state_too, loss_too) = one, other
    shapes = {name: a.shape for name, a in state.items()} == {name: a.shape for name, a in state_too.items()}
    return shapes and all(np.array_equal(a, state_too[name]) for name, a in state.items()) and loss == loss_too


@pytest.mark.parametrize(("name", "value", "without", "having"), CASES)
def test_what_is_idle_changes_nothing_and_what_is_not_does(name, value, without, having):
    assert name in idle(without) and name in idle(without | {name: value})
    if not (name in ("sigmoid", "values") and without):  # which a ModelConfig refuses there
        assert same(loss_of(without), loss_of(without | {name: value}))
    assert name not in idle(having)
    assert not same(loss_of(having), loss_of(having | {name: value}))


def test_every_name_is_a_setting_and_every_rule_is_tried():
    known = {field.name for field in fields(ModelConfig)}
    assert known >= {*READ_WITH, *(name for names in IDLE.values() for name in names)}
    assert {case[0] for case in CASES} == {*READ_WITH}


def test_what_a_kind_cannot_read_is_idle_in_it():
    for kind, names in IDLE.items():
        assert set(names) <= idle({"model": kind}).keys()
    assert idle({"model": "ctc"})["attention"] == "to a model of the kind 'ctc'"

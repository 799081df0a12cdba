"""Every kind of model against the same one in PyTorch, sentence by sentence, step by step: loss and all gradients, to 1e-10."""

import numpy as np
import pytest

from minis2s.models.check import small_model
from minis2s.models.combinations import MODELS, SMALL

pytest.importorskip("torch")
from tests.models.oracle import Oracle

LUONG = {"attend": "after", "attentional": True, "input_feeding": True}
MORE = {
    "Bahdanau": {},
    "Luong, dot": LUONG | {"attention": "dot"},
    "Luong, general, three GRUs": LUONG | {"attention": "general", "cell": "gru", "layers": 3, "residual": True},
    "location, after": SMALL | LUONG | {"attention": "location", "cell": "gru"},
    "recurrent attention, two layers": {"attention": "recurrent", "layers": 2},
    "last state of two directions": {"attention": "last-state", "cell": "gru-reset-before"},
    "three LSTMs": {"layers": 3, "residual": True, "learned_start": True},
    "language model, tied": {"model": "language-model", "cell": "gru", "layers": 3, "tied": True, "residual": True},
    "CTC, two directions": {"model": "ctc", "layers": 2, "residual": True, "learned_start": True},
    "regression": {"model": "regression", "real_source": True, "cell": "gru"} | LUONG,
    "regression from words": {"model": "regression", "attention": "location"},
}


NAMES = [name for name in MODELS if "truncate" not in MODELS[name]]  # autograd cuts nothing off
NAMES += [f"also {name}" for name in MORE]


@pytest.mark.parametrize("padding", [True, False], ids=["padding", "no padding"])
@pytest.mark.parametrize("name", NAMES)
def test_loss_and_every_gradient_equal_autograds(name, padding):
    settings = MODELS[name] if name in MODELS else MORE[name.removeprefix("also ")]
    rng = np.random.default_rng(5)
    model, batch = small_model(rng, padding=padding, **{k: v for k, v in settings.items() if k != "padding"})
    for _, p in model.named_parameters():
        p.value = 0.6 * rng.standard_normal(p.value.shape)  # no bias is zero, no unit nearly linear
    model.zero_gradients()
    loss, cache = model.forward(batch)
    model.backward(cache)
    oracle = Oracle(model)
    assert abs(oracle.loss(batch) - loss) <= 1e-12 * abs(loss)
    gradients = oracle.gradients()
    largest = max(np.linalg.norm(g) for g in gradients.values())
    for parameter, p in model.named_parameters():
        theirs = gradients[parameter]
        # A bias that a softmax cancels has the gradient 0; rounding leaves 1e-17 of it, of which nothing can agree.
        assert np.linalg.norm(p.grad - theirs) <= 1e-10 * max(np.linalg.norm(theirs), 1e-6 * largest), parameter

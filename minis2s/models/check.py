"""Gradient checks of layers over time and of the whole model: every parameter, input, initial and final state."""

from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np

from minis2s import gradcheck
from minis2s.backend import select, to_host
from minis2s.equations.lstm import LSTMState
from minis2s.layers.base import Initialiser
from minis2s.layers.lstm import LSTM
from minis2s.layers.packing import Packing
from minis2s.models.encoder import Encoder
from minis2s.models.observe import BiasGradients, observing
from minis2s.models.seq2seq import Seq2Seq, Seq2SeqConfig

# The lengths of one small batch: padding, length 1, two of equal length. Packing brings the rows into an order that is not its
# own inverse, so that sorting cannot be taken for sorting back. All sizes differ, so that no wrong axis fits.
SOURCE_LENGTHS = (3, 6, 1, 3, 4)
TARGET_LENGTHS = (2, 3, 1, 3, 2)
FULL_LENGTHS = (4, 4, 4, 4, 4)  # nothing to sort and no padding: packing hands out the arrays themselves
SOURCE_WORDS, TARGET_WORDS = 8, 9
SIZES = {"embedding_size": 2, "hidden_size": 4, "attention_size": 7}
DROPOUT = 0.25


class LSTMOutputs(NamedTuple):
    h: Any
    h_n: Any
    c_n: Any

    def final(self):
        """The final state's gradients as a layer takes them: None if neither is there."""
        return None if self.h_n is None and self.c_n is None else LSTMState(self.h_n, self.c_n)


def small_batch(rng, source_words, target_words, source_lengths=SOURCE_LENGTHS, target_lengths=TARGET_LENGTHS):
    """A batch of random words with padding. The vocabularies are small, so words repeat within and across sentences."""
    source_mask, target_mask = mask_of(source_lengths), mask_of(target_lengths)
    return SimpleNamespace(
        source=np.where(source_mask, rng.integers(0, source_words, source_mask.shape), 0),
        source_mask=source_mask,
        target_in=np.where(target_mask, rng.integers(0, target_words, target_mask.shape), 0),
        target_out=np.where(target_mask, rng.integers(0, target_words, target_mask.shape), 0),
        target_mask=target_mask,
        n_target_tokens=int(target_mask.sum()),
    )


def same_masks():
    """A generator that draws the same dropout masks each time: a derivative needs the same function twice."""
    return np.random.default_rng(3)


def mask_of(lengths):
    """(T, B) booleans, True for the first lengths[b] steps of column b."""
    return np.arange(max(lengths))[:, None] < np.asarray(lengths)


def check_model(id, model, batch, methods=("complex-step", "five-point")):
    """The loss's gradient for every parameter of `model` (float64) on one batch. List of Result."""
    parameters = model.state_on_backend()
    _, cache = model.forward(batch, rng=same_masks())
    model.zero_gradients()
    with observing(model, BiasGradients) as seen:
        for share in (0.75, 0.25):  # gradients add up, and are those of d_loss · loss
            model.backward(cache, share)
    analytic = {name: p.grad for name, p in model.named_parameters()}

    def loss(**values):
        with using(model, values):
            return model.forward(batch, rng=same_masks())[0]

    results = gradcheck.check_function(id, loss, parameters, analytic, [1.0], methods)
    for name, observer in seen.items():
        observed, wanted = to_host(observer.total), to_host(analytic[f"{name}.b"])
        results.append(gradcheck.judge(id, f"{name}, as observed", "oracle", observed, wanted))
    return results


def check_lstm(id, rng, reverse, backend, methods=("complex-step", "five-point"), lengths=SOURCE_LENGTHS, E=3, H=2):
    """One LSTM layer: x, h_0, c_0 and parameters, from all outputs and from each of h, h_n, c_n alone."""
    layer = LSTM(E, H, Initialiser(rng, backend, np.float64), reverse)
    packing = Packing(mask_of(lengths), backend.xp)
    T, B = packing.shape

    def forward(x, h_0, c_0, **parameters):
        with using(layer, parameters):
            (h, final), cache = layer.forward(x, packing, LSTMState(h_0, c_0))
        return LSTMOutputs(h, *final), cache

    def backward(d_out, cache):
        layer.zero_gradients()
        d_x, d_state = layer.backward(d_out.h, d_out.final(), cache)
        gradients = {name: p.grad for name, p in layer.named_parameters()}
        return SimpleNamespace(x=d_x, h_0=d_state.h, c_0=d_state.c, **gradients)

    shapes = {"x": (T, B, E), "h_0": (B, H), "c_0": (B, H)}
    inputs = {name: backend.asarray(rng.standard_normal(shape)) for name, shape in shapes.items()}
    inputs |= layer.state_on_backend()
    return gradcheck.check_pair(id, forward, backward, inputs, tuple(inputs), rng, methods)


def check_encoder(id, rng, backend, methods=("complex-step", "five-point")):
    """The encoder's parameters, from all outputs and from each of memory, final h and final c alone."""
    encoder = Encoder(SOURCE_WORDS, 3, 4, True, DROPOUT, Initialiser(rng, backend, np.float64))
    batch = small_batch(rng, SOURCE_WORDS, TARGET_WORDS)
    packing = Packing(batch.source_mask, backend.xp)

    def forward(**parameters):
        with using(encoder, parameters):
            (memory, final), cache = encoder.forward(backend.asarray(batch.source), packing, same_masks())
        return LSTMOutputs(memory, *final), cache

    def backward(d_out, cache):
        encoder.zero_gradients()
        encoder.backward(d_out.h, d_out.final(), cache)
        return SimpleNamespace(**{name: p.grad for name, p in encoder.named_parameters()})

    parameters = encoder.state_on_backend()
    return gradcheck.check_pair(id, forward, backward, parameters, tuple(parameters), rng, methods)


def whole_model_checks(rng, backend=None, methods=("complex-step", "five-point")):
    """The LSTM layer in both directions, the encoder, the whole model in both forms. List of Result, "layer …" and "model …"."""
    backend = backend or select("numpy")
    results = check_lstm("layer LSTM", rng, False, backend, methods)
    results += check_lstm("layer LSTM reversed", rng, True, backend, methods)
    results += check_lstm("layer LSTM without padding", rng, False, backend, methods, FULL_LENGTHS)
    results += check_encoder("layer encoder", rng, backend, methods)
    for id, bidirectional, dropout in (("model bidirectional", True, DROPOUT), ("model unidirectional", False, 0.0)):
        config = Seq2SeqConfig(**SIZES, bidirectional=bidirectional, dropout=dropout)
        model = Seq2Seq(config, SOURCE_WORDS, TARGET_WORDS, rng, backend, np.float64)
        results += check_model(id, model, small_batch(rng, SOURCE_WORDS, TARGET_WORDS), methods)
    return results


@contextmanager
def using(layer, values):
    """The layer with other parameter values (complex ones, for instance), restored at the end."""
    before = layer.state_on_backend()
    layer.assign(values)
    try:
        yield layer
    finally:
        layer.assign(before)

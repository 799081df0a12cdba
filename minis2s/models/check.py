"""Gradient checks of layers over time and of whole models: every parameter, input, initial and final state."""

from contextlib import contextmanager
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np

from minis2s import gradcheck
from minis2s.backend import select, to_host
from minis2s.layers.base import Initialiser
from minis2s.layers.cells import CELLS, cell
from minis2s.layers.dropout import Dropout
from minis2s.layers.embedding import Embedding
from minis2s.layers.packing import Packing
from minis2s.layers.recurrent import Recurrent, Stack
from minis2s.models import model_of
from minis2s.models.configuration import ModelConfig
from minis2s.models.encoder import Encoder
from minis2s.models.observe import BiasGradients, observing

# The lengths of one small batch: padding, length 1, two of equal length. Packing brings the rows into an order that is not its
# own inverse, so that sorting cannot be taken for sorting back. All sizes differ, so that no wrong axis fits.
SOURCE_LENGTHS = (3, 4, 1, 3, 2)
TARGET_LENGTHS = (2, 3, 1, 3, 2)
FULL_LENGTHS = (4, 4, 4, 4, 4)  # nothing to sort and no padding: packing hands out the arrays themselves
SOURCE_WORDS, TARGET_WORDS = 8, 9
SIZES = {"embedding_size": 2, "hidden_size": 4, "attention_size": 7}
SMALL = {"embedding_size": 3, "hidden_size": 2, "attention_size": 5, "bidirectional": False}
DROPOUT = 0.25

# One model for each thing that a model can be made of. Together they run every backward line of layers and models.
MODELS = {
    "bidirectional": {"dropout": DROPOUT},
    "unidirectional": {"bidirectional": False},
    "GRU, Luong": SMALL | {"cell": "gru", "layers": 2, "residual": True, "dropout": DROPOUT, "variational": True,
                           "learned_start": True, "attention": "general", "attend": "after", "attentional": True,
                           "input_feeding": True, "bidirectional": True},
    "RNN, tied": {"cell": "rnn", "attention": "dot", "tied": True, "recurrent_init": "orthogonal"},
    "GRU with reset before": SMALL | {"cell": "gru-reset-before", "layers": 2, "attention": "query-key", "values": True,
                                      "sigmoid": True},
    "scaled dot": SMALL | {"attention": "scaled-dot", "input_feeding": True, "dropout": DROPOUT, "layers": 2},
    "cosine": SMALL | {"cell": "gru", "attention": "cosine", "attend": "after"},
    "sigmoid of an affine score": SMALL | {"cell": "rnn", "attention": "affine", "sigmoid": True},
    "location": SMALL | {"cell": "rnn", "attention": "location"},
    "recurrent attention": SMALL | {"cell": "rnn", "attention": "recurrent", "attend": "after"},
    "gate": SMALL | {"cell": "rnn", "attention": "gate"},
    "last state": SMALL | {"attention": "last-state", "encoder_size": 4, "layers": 2, "encoder_layers": 1},
    "all states": SMALL | {"cell": "rnn", "attention": "all-states", "longest_source": 8, "tied": True, "attentional": True,
                           "encoder_layers": 3},
    "first state only": SMALL | {"cell": "gru", "attention": "none", "bridge": "linear", "input_feeding": True},
    "zero bridge": SMALL | {"cell": "rnn", "bridge": "zero"},
    "language model": SMALL | {"model": "language-model", "layers": 2, "learned_start": True, "dropout": DROPOUT},
    "CTC": SMALL | {"model": "ctc", "cell": "gru", "dropout": DROPOUT},
    "regression": SMALL | {"model": "regression", "cell": "rnn", "real_source": True},
}  # fmt: skip


def small_batch(rng, source_words, target_words, source_lengths=SOURCE_LENGTHS, target_lengths=TARGET_LENGTHS, *,
                real_source=False, real_target=False):  # fmt: skip
    """A batch of random words with padding; a side that is real consists of random vectors of as many columns. The vocabularies
    are small, so words repeat within and across sentences.
    """
    source_mask, target_mask = mask_of(source_lengths), mask_of(target_lengths)

    def drawn(size, mask, real):
        if real:
            return np.where(mask[..., None], rng.standard_normal((*mask.shape, size)), 0)
        return np.where(mask, rng.integers(0, size, mask.shape), 0)

    target_out = drawn(target_words, target_mask, real_target)
    labels = np.where(target_mask, rng.integers(1, target_words, target_mask.shape), 0)
    return SimpleNamespace(
        source=drawn(source_words, source_mask, real_source),
        source_mask=source_mask,
        target_in=drawn(target_words, target_mask, real_target),
        target_out=target_out,
        target_mask=target_mask,
        labels=labels,
        label_mask=target_mask,
        n_target_tokens=int(target_mask.sum()),
    )


def same_masks():
    """A generator that draws the same dropout masks each time: a derivative needs the same function twice."""
    return np.random.default_rng(3)


def mask_of(lengths):
    """(T, B) booleans, True for the first lengths[b] steps of column b."""
    return np.arange(max(lengths))[:, None] < np.asarray(lengths)


def small_model(rng, backend=None, padding=True, **settings):
    """(model in float64, batch) for settings of a ModelConfig, with the sizes of SIZES."""
    config = ModelConfig(**SIZES | settings)
    model = model_of(config, SOURCE_WORDS, TARGET_WORDS, rng, backend, np.float64)
    source_lengths, target_lengths = (SOURCE_LENGTHS, TARGET_LENGTHS) if padding else (FULL_LENGTHS, FULL_LENGTHS[:2] * 3)
    if config.model == "ctc":  # a label needs a step, and one more where it equals the one before
        source_lengths, target_lengths = ((3, 4, 2, 3, 2), (2, 3, 1, 1, 1)) if padding else (FULL_LENGTHS, (2,) * 5)
    lengths = source_lengths, target_lengths[: len(source_lengths)]
    real = {"real_source": config.real_source, "real_target": config.model == "regression"}
    return model, small_batch(rng, SOURCE_WORDS, TARGET_WORDS, *lengths, **real)


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


def check_recurrent(id, rng, layer, backend, methods=("complex-step", "five-point"), lengths=SOURCE_LENGTHS, E=3):
    """One Recurrent layer: x, the state before and the parameters, from all outputs and from each of them alone."""
    packing = Packing(mask_of(lengths), backend.xp)
    T, B = packing.shape
    State, H = layer.cell.State, layer.cell.hidden_size
    before = [f"{part}_0" for part in State._fields]
    Outputs = NamedTuple("Outputs", [("out", object), *((f"{part}_n", object) for part in State._fields)])

    def forward(x, **values):
        state = State(*(values.pop(name) for name in before))
        with using(layer, values):
            (h, final), cache = layer.forward(x, packing, state)
        return Outputs(h, *final), cache

    def backward(d_out, cache):
        layer.zero_gradients()
        d_h, *d_final = d_out
        d_final = None if all(d is None for d in d_final) else State(*d_final)
        d_x, d_state = layer.backward(d_h, d_final, cache)
        gradients = {name: p.grad for name, p in layer.named_parameters()}
        return SimpleNamespace(x=d_x, **dict(zip(before, d_state, strict=True)), **gradients)

    shapes = {"x": (T, B, E)} | dict.fromkeys(before, (B, H))
    inputs = {name: backend.asarray(rng.standard_normal(shape)) for name, shape in shapes.items()}
    inputs |= layer.state_on_backend()
    return gradcheck.check_pair(id, forward, backward, inputs, tuple(inputs), rng, methods)


def check_encoder(id, rng, backend, methods=("complex-step", "five-point")):
    """A stacked encoder's parameters, from all outputs and from the memory and each layer's final h and c alone."""
    init = Initialiser(rng, backend, np.float64)
    stack = Stack("lstm", 2, 3, 4, init, bidirectional=True, residual=True, dropout=Dropout(DROPOUT))
    encoder = Encoder(Embedding(SOURCE_WORDS, 3, init), stack, Dropout(DROPOUT))
    batch = small_batch(rng, SOURCE_WORDS, TARGET_WORDS)
    packing = Packing(batch.source_mask, backend.xp)
    Outputs = NamedTuple("Outputs", [(name, object) for name in ("memory", "h_n0", "c_n0", "h_n1", "c_n1")])

    def forward(**parameters):
        with using(encoder, parameters):
            (memory, finals), cache = encoder.forward(backend.asarray(batch.source), packing, same_masks())
        return Outputs(memory, *finals[0], *finals[1]), cache

    def backward(d_out, cache):
        encoder.zero_gradients()
        d_finals = [type(stack.layers[0].forwards.cell.zero_state(1))(*d_out[k : k + 2]) for k in (1, 3)]
        d_finals = [None if d.h is None and d.c is None else d for d in d_finals]
        encoder.backward(d_out.memory, d_finals if any(d_finals) else None, cache)
        return SimpleNamespace(**{name: p.grad for name, p in encoder.named_parameters()})

    parameters = encoder.state_on_backend()
    return gradcheck.check_pair(id, forward, backward, parameters, tuple(parameters), rng, methods)


def layer_checks(rng, backend, methods=("complex-step", "five-point")):
    """Each cell over time, also reversed and without padding, and a stacked encoder."""
    init, results = Initialiser(rng, backend, np.float64), []
    for name in CELLS:
        results += check_recurrent(f"layer {name}", rng, Recurrent(cell(name)(3, 2, init)), backend, methods)
    results += check_recurrent("layer lstm reversed", rng, Recurrent(cell("lstm")(3, 2, init), True), backend, methods)
    full = Recurrent(cell("lstm")(3, 2, init))
    results += check_recurrent("layer lstm without padding", rng, full, backend, methods, FULL_LENGTHS)
    return results + check_encoder("layer encoder", rng, backend, methods)


def whole_model_checks(rng, backend=None, methods=("complex-step", "five-point")):
    """The layers over time, and MODELS. List of Result, "layer …" and "model …"."""
    backend = backend or select("numpy")
    results = layer_checks(rng, backend, methods)
    for name, settings in MODELS.items():
        results += check_model(f"model {name}", *small_model(rng, backend, **settings), methods)
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

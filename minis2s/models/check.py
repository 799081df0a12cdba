"""Gradient checks of layers over time and of whole models: every parameter, input, initial and final state."""

from contextlib import contextmanager
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np

from minis2s import gradcheck, pieces
from minis2s.backend import select, to_host
from minis2s.layers.base import Initialiser
from minis2s.layers.cells import CELLS, cell
from minis2s.layers.dropout import Dropout
from minis2s.layers.embedding import Embedding
from minis2s.layers.packing import Packing
from minis2s.layers.recurrent import Recurrent, Stack
from minis2s.layers.unrolling import FULL, Unrolling
from minis2s.models import model_of
from minis2s.models.combinations import COMBINATIONS, DROPOUT, MODELS, SIZES
from minis2s.models.configuration import ModelConfig
from minis2s.models.cuts import holding_cuts
from minis2s.models.encoder import Encoder
from minis2s.models.observe import BiasGradients, observing

METHODS = ("complex-step", "five-point")

# The lengths of one small batch: padding, length 1, two of equal length. Packing brings the rows into an order that is not its
# own inverse, so that sorting cannot be taken for sorting back. All sizes differ, so that no wrong axis fits.
SOURCE_LENGTHS = (3, 4, 1, 3, 2)
TARGET_LENGTHS = (1, 3, 1, 3, 3)  # of two steps one after the other the rows are as many, of two they are fewer
FULL_LENGTHS = (4, 4, 4, 4, 4)  # nothing to sort and no padding: packing hands out the arrays themselves
SOURCE_WORDS, TARGET_WORDS = 8, 9


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
    for _, p in model.named_parameters():
        if not to_host(p.value).any():  # what begins at zero, such as a bias, would hide what is multiplied by it
            p.value = gradcheck.random_like(p.value, rng)
    source_lengths, target_lengths = (SOURCE_LENGTHS, TARGET_LENGTHS) if padding else (FULL_LENGTHS, (5, 5, 5, 5, 5))
    if config.model == "ctc":  # a label needs a step, and one more where it equals the one before
        source_lengths, target_lengths = ((3, 4, 2, 3, 2), (2, 3, 1, 1, 1)) if padding else (FULL_LENGTHS, (2,) * 5)
    lengths = source_lengths, target_lengths[: len(source_lengths)]
    real = {"real_source": config.real_source, "real_target": config.model == "regression"}
    return model, small_batch(rng, SOURCE_WORDS, TARGET_WORDS, *lengths, **real)


def check_model(id, model, batch, methods=METHODS):
    """The loss's gradient for every parameter of `model` (float64) on one batch. List of Result."""
    parameters = model.state_on_backend()
    model.zero_gradients()
    with observing(model, BiasGradients) as seen:
        # Gradients add up, and are those of d_loss · loss; in many pieces as in one.
        for size, shares in ((10, (0.5, 0.25)), (pieces.PIECE, (0.25,))):
            with pieces.of_size(size):
                _, cache = model.forward(batch, rng=same_masks())
                for share in shares:
                    model.backward(cache, share)
    analytic = {name: p.grad for name, p in model.named_parameters()}

    def loss(**values):
        with using(model, values):
            return model.forward(batch, rng=same_masks())[0]

    with holding_cuts(model):
        loss(**parameters)
        results = gradcheck.check_function(id, loss, parameters, analytic, [1.0], methods)
    for name, observer in seen.items():
        observed, wanted = to_host(observer.total), to_host(analytic[f"{name}.b"])
        results.append(gradcheck.judge(id, f"{name}, as observed", "oracle", observed, wanted))
    return results


def check_recurrent(id, rng, layer, backend, methods=METHODS, lengths=SOURCE_LENGTHS, E=2):
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
    with holding_cuts(layer):
        return gradcheck.check_pair(id, forward, backward, inputs, tuple(inputs), rng, methods)


def check_encoder(id, rng, backend, methods=METHODS):
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


def checks(seed=0, backend=None):
    """{id: function of the methods that gives a list of Result}: the layers over time, and MODELS. Each draws from a generator of
    its own, so it is the same with others or alone.
    """
    backend = backend or select("numpy")

    def recurrent(id, name, reverse=False, lengths=SOURCE_LENGTHS, unrolling=FULL):
        def run(methods=METHODS):
            rng = gradcheck.generator(seed, id)
            layer = Recurrent(cell(name)(2, 3, Initialiser(rng, backend, np.float64)), reverse, unrolling)
            return check_recurrent(id, rng, layer, backend, methods, lengths)

        return run

    def model(id, settings):
        return lambda methods=METHODS: check_model(id, *small_model(gradcheck.generator(seed, id), backend, **settings), methods)

    found = {f"layer {name}": recurrent(f"layer {name}", name) for name in CELLS}
    found["layer lstm reversed"] = recurrent("layer lstm reversed", "lstm", reverse=True)
    found["layer lstm without padding"] = recurrent("layer lstm without padding", "lstm", lengths=FULL_LENGTHS)
    for reverse in (False, True):
        for unrolling in (Unrolling(truncate=2), Unrolling(truncate=1, recompute=True)):
            id = f"layer lstm{' reversed' * reverse}, truncated{' and recomputed' * unrolling.recompute}"
            found[id] = recurrent(id, "lstm", reverse, unrolling=unrolling)
    encoder = "layer encoder"
    found[encoder] = lambda methods=METHODS: check_encoder(encoder, gradcheck.generator(seed, encoder), backend, methods)
    return found | {f"model {name}": model(f"model {name}", settings) for name, settings in MODELS.items()}


def whole_model_checks(seed=0, backend=None, methods=METHODS):
    """All of them. List of Result, "layer …" and "model …"."""
    return [result for run in checks(seed, backend).values() for result in run(methods)]


class Combination(NamedTuple):
    """One row of the table of combinations: what the model is made of, how large it is, and the results of its check."""

    name: str
    settings: dict
    parameters: int
    results: list


def combination_checks(seed=0, backend=None, methods=("complex-step",)):
    """A Combination for each of COMBINATIONS, one after the other."""
    for name, settings in COMBINATIONS.items():
        id = f"model {name}"
        model, batch = small_model(gradcheck.generator(seed, id), backend, **settings)
        yield Combination(name, settings, model.n_parameters(), check_model(id, model, batch, methods))


@contextmanager
def using(layer, values):
    """The layer with other parameter values (complex ones, for instance), restored at the end."""
    before = layer.state_on_backend()
    layer.assign(values)
    try:
        yield layer
    finally:
        layer.assign(before)

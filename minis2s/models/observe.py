"""Looking into a model while it computes: gradients by gate and by step, and what each unit does.

A recurrent layer shows its states and the gradients of its pre-activations to its `observer`. Only inside `observing` that is one
of those below; else it looks away, so a normal training step pays nothing for it.
"""

from contextlib import contextmanager

import numpy as np

from minis2s.backend import array_module, to_host
from minis2s.equations.lstm import LSTMState
from minis2s.layers.base import Observer

GATES = ("i", "f", "o", "g")  # in the order of the blocks
SHUT, OPEN = 0.01, 0.99  # a sigmoid beyond these passes less than a 25th of the gradient that one at ½ passes
STILL = 1e-3  # a unit whose outputs, in (−1, 1), differ by less than this says nothing


class GradientNorms(Observer):
    """How large the gradient of each gate's pre-activations is, at each distance from the step that is computed last.

    by_step: (steps, 4), ‖d_a‖ of one gate, the root mean square over the sentences that are so long; row 0 is the last step.
    """

    def gradients(self, packing, d_a):
        squares = to_host(array_module(d_a).square(d_a).reshape(len(packing), 4, -1).sum(axis=-1)).astype(np.float64)
        before = _steps_before_the_last(packing, self.reverse)
        sums = np.stack([np.bincount(before, squares[:, gate]) for gate in range(4)], axis=1)
        self.by_step = np.sqrt(sums / np.bincount(before)[:, None])


class BiasGradients(Observer):
    """Σ of d_a over all places: what the bias must receive, so that a check can tell whether observers see the right thing."""

    total = 0

    def gradients(self, packing, d_a):
        self.total = self.total + packing.unpack(d_a).reshape(-1, d_a.shape[-1]).sum(axis=0)


class UnitActivity(Observer):
    """How far each unit's output and gates range, over everything that the layer has computed."""

    def __init__(self, layer):
        super().__init__(layer)
        self.lowest = self.highest = None  # (4, H): of h, i, f, o

    def states(self, packing, h, caches):
        xp = array_module(h)
        i, f, o, _ = (xp.concatenate(steps) for steps in zip(*(gates for gates, *_ in caches), strict=True))
        lowest, highest = (xp.stack([reduce(x, axis=0) for x in (h, i, f, o)]) for reduce in (xp.min, xp.max))
        self.lowest = lowest if self.lowest is None else xp.minimum(self.lowest, lowest)
        self.highest = highest if self.highest is None else xp.maximum(self.highest, highest)

    def summary(self):
        """{"units": H, "still": those whose output does not vary, "shut", "open": gate → units at which it always is}."""
        lowest, highest = to_host(self.lowest), to_host(self.highest)
        return {
            "units": lowest.shape[1],
            "still": int((highest[0] - lowest[0] < STILL).sum()),
            "shut": {gate: int((highest[k] < SHUT).sum()) for k, gate in enumerate("ifo", start=1)},
            "open": {gate: int((lowest[k] > OPEN).sum()) for k, gate in enumerate("ifo", start=1)},
        }


@contextmanager
def observing(model, kind):
    """Give each recurrent layer of `model` an observer of the class `kind`, within the block. Yields {layer's name: observer}."""
    layers = {name: layer for name, layer in model.named_layers() if hasattr(layer, "observer")}
    try:
        for layer in layers.values():
            layer.observer = kind(layer)
        yield {name: layer.observer for name, layer in layers.items()}
    finally:
        for layer in layers.values():
            del layer.observer  # the class's own one is back


def gradient_flow(model, batch):
    """{layer: (gradient, carried)}, each as `GradientNorms.by_step`.

    gradient: of the loss. carried: what is left, so many steps before, of a random gradient that enters at the last step alone;
    it shows how far back the recurrence itself can learn, where attention's short ways hide it in the gradient of the loss.
    The parameters' gradients are overwritten. Dropout is left out.
    """
    model.zero_gradients()
    _, cache = model.forward(batch)
    with observing(model, GradientNorms) as seen:
        model.backward(cache)
    with observing(model, GradientNorms) as carried:
        _carry_from_the_last_steps(model, cache)
    return {name: (seen[name].by_step, carried[name].by_step) for name in seen}


def _carry_from_the_last_steps(model, cache):
    """The model's backward passes, begun with random gradients at the last target word and at the encoder's final state."""
    cache_encoder, cache_decoder, *_ = cache
    rng, xp = np.random.default_rng(0), model.backend.xp
    packing, like = cache_decoder[0], model.decoder.output.b.value
    last = np.flatnonzero(_steps_before_the_last(packing, reverse=False) == 0)
    d_logits = xp.zeros((len(packing), like.size), dtype=like.dtype)
    d_logits[xp.asarray(last)] = xp.asarray(rng.standard_normal((len(last), like.size)), dtype=like.dtype)
    _, d_state = model.decoder.backward(d_logits, cache_decoder)
    d_h = xp.asarray(rng.standard_normal(d_state.h.shape), dtype=like.dtype)
    model.encoder.backward(None, LSTMState(d_h, None), cache_encoder)


def _steps_before_the_last(packing, reverse):
    """(N,) for each packed row: how many steps of its own sequence are computed after it."""
    sizes = np.array(packing.sizes)
    t = np.repeat(np.arange(len(sizes)), sizes)
    if reverse:
        return t
    lengths = (sizes[:, None] > np.arange(packing.shape[1])).sum(axis=0)  # of the rows in packing order
    return lengths[np.concatenate([np.arange(n) for n in sizes])] - 1 - t

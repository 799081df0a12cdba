"""Looking into a model while it computes: gradients by gate and by step, and what each unit does.

A recurrent layer shows its states and the gradients of its pre-activations to its `observer`. Only inside `observing` that is one
of those below; else it looks away, so a normal training step pays nothing for it.
"""

from contextlib import contextmanager

import numpy as np

from minis2s.backend import array_module, to_host
from minis2s.layers.base import Observer

SHUT, OPEN = 0.01, 0.99  # a sigmoid beyond these passes less than a 25th of the gradient that one at ½ passes
STILL = 1e-3  # a unit whose outputs, in (−1, 1), differ by less than this says nothing


class GradientNorms(Observer):
    """How large the gradient of each block of pre-activations is, at each distance from the step that is computed last.

    by_step: (steps, k), ‖d_z‖ of one block, the root mean square over the sentences that are so long; row 0 is the last step.
    """

    def gradients(self, packing, reverse, d_z):
        blocks = self.cell.blocks
        squares = to_host(array_module(d_z).square(d_z).reshape(len(packing), len(blocks), -1).sum(axis=-1)).astype(np.float64)
        before = _steps_before_the_last(packing, reverse)
        sums = np.stack([np.bincount(before, squares[:, k]) for k in range(len(blocks))], axis=1)
        self.by_step = np.sqrt(sums / np.bincount(before)[:, None])


class BiasGradients(Observer):
    """Σ of d_z over all places: what the bias must receive, so that a check can tell whether observers see the right thing."""

    total = 0

    def gradients(self, packing, reverse, d_z):
        self.total = self.total + packing.unpack(d_z).reshape(-1, d_z.shape[-1]).sum(axis=0)


class UnitActivity(Observer):
    """How far each unit's output and gates range, over everything that the cell has computed."""

    looks = True

    def __init__(self, cell):
        super().__init__(cell)
        self.ranges = {}  # "h" or a gate's name → (lowest, highest), each (H,)

    def states(self, packing, reverse, h, caches):
        xp = array_module(h)
        steps = [self.cell.gates(cache) for cache in caches]
        seen = {"h": h} | {name: xp.concatenate([step[name] for step in steps]) for name in steps[0]}
        for name, values in seen.items():
            lowest, highest = self.ranges.get(name, (values[0], values[0]))
            self.ranges[name] = xp.minimum(lowest, values.min(axis=0)), xp.maximum(highest, values.max(axis=0))

    def summary(self):
        """{"units": H, "still": those whose output does not vary, "shut", "open": gate → units at which it always is}."""
        ranges = {name: tuple(map(to_host, pair)) for name, pair in self.ranges.items()}
        lowest, highest = ranges.pop("h")
        return {
            "units": lowest.size,
            "still": int((highest - lowest < STILL).sum()),
            "shut": {gate: int((highest < SHUT).sum()) for gate, (_, highest) in ranges.items()},
            "open": {gate: int((lowest > OPEN).sum()) for gate, (lowest, _) in ranges.items()},
        }


@contextmanager
def observing(model, kind):
    """Give each cell of `model` an observer of the class `kind`, within the block. Yields {cell's name: observer}."""
    layers = {name: layer for name, layer in model.named_layers() if hasattr(layer, "observer")}
    try:
        for layer in layers.values():
            layer.observer = kind(layer)
        yield {name: layer.observer for name, layer in layers.items()}
    finally:
        for layer in layers.values():
            del layer.observer  # the class's own one is back


def gradient_flow(model, batch):
    """{cell: (its blocks, gradient, carried)}, the last two as `GradientNorms.by_step`.

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
    return {name: (seen[name].cell.blocks, seen[name].by_step, carried[name].by_step) for name in seen}


def _carry_from_the_last_steps(model, cache):
    """The model's backward passes, begun with random gradients at the last target word and at the encoder's final states."""
    rng, xp = np.random.default_rng(0), model.backend.xp

    def random(like):
        return xp.asarray(rng.standard_normal(like.shape), dtype=like.dtype)

    if model.decoder:
        packing, like = cache.decoder[0], model.decoder.output.b.value
        last = np.flatnonzero(_steps_before_the_last(packing, reverse=False) == 0)
        d_predictions = xp.zeros((len(packing), like.size), dtype=like.dtype)
        d_predictions[xp.asarray(last)] = random(d_predictions[: len(last)])
        model.decoder.backward(d_predictions, cache.decoder)
    if model.encoder:
        model.encoder.backward(None, [type(s)(random(s.h), *[None] * (len(s) - 1)) for s in cache.finals], cache.encoder)


def _steps_before_the_last(packing, reverse):
    """(N,) for each packed row: how many steps of its own sequence are computed after it."""
    sizes = np.array(packing.sizes)
    t = np.repeat(np.arange(len(sizes)), sizes)
    if reverse:
        return t
    lengths = (sizes[:, None] > np.arange(packing.shape[1])).sum(axis=0)  # of the rows in packing order
    return lengths[np.concatenate([np.arange(n) for n in sizes])] - 1 - t

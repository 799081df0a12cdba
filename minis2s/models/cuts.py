"""What truncated back-propagation through time is the gradient of: the same loss, with all that crosses a cut held constant."""

from contextlib import contextmanager

from minis2s.layers.cells import on_parts
from minis2s.layers.packing import replace_first
from minis2s.layers.recurrent import Recurrent
from minis2s.models.decoder import Decoder


@contextmanager
def holding_cuts(model):
    """Inside, what a block of a truncated recurrence begins with is what it was in the first forward pass inside, whatever the
    parameters are by then. A numerical derivative of the loss is then a numerical truncated gradient. model: any Layer.
    """
    layers = [layer for _, layer in [("", model), *model.named_layers()]]
    truncated = [layer for layer in layers if isinstance(layer, Recurrent | Decoder) and layer.unrolling.truncate]
    try:
        for layer in truncated:
            if isinstance(layer, Recurrent):
                layer._run = _hold_recurrent(layer._run, layer.unrolling.truncate, layer.reverse)
            else:
                layer._unroll = _hold_decoder(layer._unroll, layer.unrolling.truncate)
        yield
    finally:
        for layer in truncated:  # the class's own one is back
            vars(layer).pop("_run" if isinstance(layer, Recurrent) else "_unroll", None)


def _hold_recurrent(run, k, reverse):
    held = {}  # step → the state before it

    def run_held(steps, z, state, packing, *rest):
        caches = []
        for t, rows in steps:
            before = t + 1 if reverse else t - 1
            if 0 <= before < len(packing.sizes) and before // k != t // k:
                n = min(packing.sizes[t], packing.sizes[before])  # rows that are in both blocks; others begin or have ended here
                first = held.setdefault(t, on_parts(lambda part: part[:n], state))  # noqa: B023, used at once
                state = on_parts(lambda old, new: replace_first(packing.xp, old, new), state, first)
            state, new = run([(t, rows)], z, state, packing, *rest)
            caches += new
        return state, caches

    return run_held


def _hold_decoder(run, k):
    held = {}  # step → (states, carry, fed) before it

    def run_held(steps, z, states, carry, fed, *rest):
        out = []
        for i, rows in steps:
            if i and i % k == 0:
                states, carry, fed = held.setdefault(i, (states, carry, fed))
            out += run([(i, rows)], z, states, carry, fed, *rest)
            states, carry, fed = out[-1].states, out[-1].carry, None if fed is None else out[-1].out
        return out

    return run_held

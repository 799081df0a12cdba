"""A cell repeated over a sequence, for the catalogue's entries that are compositions. No entry of its own, and no maths.

The layers do the same with less work (hoisted products, no work on padding); here it is written for reading and checking.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from minis2s.backend import array_module
from minis2s.equations.catalogue.lstm import cell_of_inputs, cell_of_inputs_backward
from minis2s.equations.gru import gru_cell, gru_cell_backward
from minis2s.equations.rnn import rnn_cell, rnn_cell_backward


class Cell(NamedTuple):
    """forward(x=…, <state names>=…, **weights) → ((new state), cache), and its backward."""

    forward: Callable
    backward: Callable
    state: tuple


RNN = Cell(rnn_cell, rnn_cell_backward, ("h_prev",))
GRU = Cell(gru_cell, gru_cell_backward, ("h_prev",))
LSTM = Cell(cell_of_inputs, cell_of_inputs_backward, ("h_prev", "c_prev"))


def fold(cell, x, state, weights, mask=None, reverse=False):
    """state_t = cell(x_t, state_{t-1}), with the same weights at each step; where `mask` is False the state is carried.

    x: (T, …) inputs, read from the last to the first with `reverse`; state: tuple of initial arrays; weights: dict; mask: (T, B).
    Returns ((h, final state), cache): h (T, …) the first array of each step's state, zero where masked.
    """
    xp = array_module(x)
    steps = list(range(x.shape[0]))[:: -1 if reverse else 1]
    h, caches = [None] * len(steps), [None] * len(steps)
    for t in steps:
        new, caches[t] = cell.forward(x=x[t], **dict(zip(cell.state, state, strict=True)), **weights)
        new = new if isinstance(new, tuple) else (new,)
        h[t] = new[0]
        if mask is not None:
            keep = mask[t][:, None]
            new = tuple(xp.where(keep, a, old) for a, old in zip(new, state, strict=True))
            h[t] = xp.where(keep, h[t], 0)
        state = new
    return (xp.stack(h), state), (cell, steps, caches, mask, state, weights)


def fold_backward(d_h, d_state, cache):
    """Back-propagation through time: (d_x, d_initial state, {name: d_weight}). d_h and the entries of d_state may be None.

    A state has two readers, the output h_t and the next step; a weight has one for each step. Gradients of readers add up.
    """
    cell, steps, caches, mask, final, weights = cache
    xp = array_module(*final)
    d_state = [xp.zeros_like(s) if d is None else d for s, d in zip(final, d_state or [None] * len(final), strict=True)]
    d_x, d_weights = [None] * len(steps), dict.fromkeys(weights, 0)
    for t in reversed(steps):
        d_new, d_carried = d_state, [0] * len(d_state)
        d_h_t = None if d_h is None else d_h[t]
        if mask is not None:
            keep = mask[t][:, None]
            d_new, d_carried = [xp.where(keep, d, 0) for d in d_state], [xp.where(keep, 0, d) for d in d_state]
            d_h_t = None if d_h is None else xp.where(keep, d_h_t, 0)
        d_new = tuple(d_new) if d_h is None else (d_new[0] + d_h_t, *d_new[1:])
        gradients = cell.backward(d_new if len(d_new) > 1 else d_new[0], caches[t])
        d_x[t] = gradients.x
        d_state = [getattr(gradients, name) + d for name, d in zip(cell.state, d_carried, strict=True)]
        d_weights = {name: d + getattr(gradients, name) for name, d in d_weights.items()}
    return xp.stack(d_x), tuple(d_state), d_weights


def with_prefix(prefix, values):
    """{"enc_b": …} from {"b": …}."""
    return {f"{prefix}_{name}": value for name, value in values.items()}


def of_prefix(prefix, values):
    """{"b": …} from {"enc_b": …, "dec_b": …}."""
    return {name.removeprefix(f"{prefix}_"): value for name, value in values.items() if name.startswith(f"{prefix}_")}


def random_arrays(rng, **shapes):
    """A standard normal array for each name."""
    return {name: rng.standard_normal(shape) for name, shape in shapes.items()}


def cell_weights(rng, E, H, blocks):
    """Weights of a cell with so many gate blocks, at a size that leaves gates between open and shut."""
    return random_arrays(rng, W_x=(E, blocks * H), W_h=(H, blocks * H), b=(blocks * H,))


def lengths_mask(rng, T, B):
    """(T, B) booleans, True for the first n_b steps; the lengths n_b go from 1 to T, in any order."""
    lengths = rng.permutation(np.linspace(1, T, B).round())
    return np.arange(T)[:, None] < lengths

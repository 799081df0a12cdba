"""The LSTM cells that students may be given, and what is right for each, composed of the package's equations.

A cell differs from the engine's in the order of its blocks, in the candidate's activation (softsign a / (1 + |a|) for tanh), or
has coupled gates, i = 1 − f, and then no block for i (Greff et al. 2017, arXiv:1503.04069, there called CIFG).
"""

from dataclasses import dataclass
from itertools import product

import numpy as np

from minis2s.equations.activations import sigmoid_slope
from minis2s.equations.linear import linear, linear_backward
from minis2s.equations.lstm import (
    LSTMGates,
    LSTMState,
    lstm_cell_state,
    lstm_cell_state_backward,
    lstm_gates,
    lstm_gates_backward,
    lstm_hidden_state,
    lstm_hidden_state_backward,
)


@dataclass(frozen=True)
class Cell:
    """order: the blocks, as in "ifog"; without i, the gates are coupled."""

    order: str
    softsign: bool = False

    @property
    def name(self):
        return self.order + ("-softsign" if self.softsign else "")


ORDERS = ("ifog", "figo", "gofi")
COUPLED = Cell("fog")
CELLS = {cell.name: cell for cell in [Cell(order, softsign) for softsign, order in product((False, True), ORDERS)] + [COUPLED]}


def cell_of(variant):
    return CELLS[variant["cell"]]


def blocks_of(variant):
    return {"gates": tuple(cell_of(variant).order)}


def reordered(text, order):
    """"i, f, o, g" in another order of the blocks."""
    parts = dict(zip("ifog", text.split(", "), strict=True))
    return ", ".join(parts[name] for name in order)


def gates(a, cell):
    """The four gates of pre-activations whose blocks lie in the cell's order."""
    blocks = dict(zip(cell.order, np.split(a, len(cell.order), axis=-1), strict=True))
    i, f, o, g = lstm_gates(np.concatenate([blocks.get(name, blocks["f"]) for name in "ifog"], axis=-1))[0]
    return LSTMGates(i if "i" in cell.order else 1 - f, f, o, blocks["g"] / (1 + abs(blocks["g"])) if cell.softsign else g)


def gates_backward(d_gates, values, cell):
    """d_a, in the cell's order, from the gates' gradients (LSTMGates) and the gates' values."""
    d_a = np.split(lstm_gates_backward(d_gates, values), 4, axis=-1)
    d_a = dict(zip("ifog", d_a, strict=True))
    if cell.softsign:
        d_a["g"] = d_gates.g * (1 - abs(values.g)) ** 2
    if "i" not in cell.order:
        d_a["f"] = sigmoid_slope(d_gates.f - d_gates.i, values.f)  # f reaches the loss twice
    return np.concatenate([d_a[name] for name in cell.order], axis=-1)


def state(i, f, o, g, c_prev):
    c, _ = lstm_cell_state(i, f, g, c_prev)
    return lstm_hidden_state(o, c)[0], c


def state_backward(d_h, d_c, values, c_prev, c):
    """(LSTMGates of gradients, d_c_prev); d_h or d_c may be None."""
    i, f, o, g = values
    zeros = np.zeros_like(c)
    d_o, d_c_of_h = (zeros, zeros) if d_h is None else lstm_hidden_state_backward(d_h, lstm_hidden_state(o, c)[1])
    d_c = d_c_of_h if d_c is None else d_c + d_c_of_h
    d_i, d_f, d_g, d_c_prev = lstm_cell_state_backward(d_c, (i, f, g, c_prev))
    return LSTMGates(d_i, d_f, d_o, d_g), d_c_prev


def step(x, h_prev, c_prev, W_x, W_h, b, cell):
    """(LSTMState, LSTMGates) of one step."""
    values = gates(linear(h_prev, W_h, linear(x, W_x, b)[0])[0], cell)
    return LSTMState(*state(*values, c_prev)), values


def step_backward(d_h, d_c, x, h_prev, c_prev, values, c, W_x, W_h, cell):
    """(d_x, d_h_prev, d_c_prev, d_W_x, d_W_h, d_b) of one step."""
    d_values, d_c_prev = state_backward(d_h, d_c, values, c_prev, c)
    return preactivation_backward(gates_backward(d_values, values, cell), x, h_prev, W_x, W_h, d_c_prev)


def preactivation_backward(d_a, x, h_prev, W_x, W_h, *d_c_prev):
    d_h_prev, d_W_h, _ = linear_backward(d_a, (h_prev, W_h, None))
    d_x, d_W_x, d_b = linear_backward(d_a, (x, W_x, W_x.shape[1:]))
    return d_x, d_h_prev, *d_c_prev, d_W_x, d_W_h, d_b

"""The recurrent cells as layers: their parameters, one step, and the step backwards.

A cell computes h_t (and what else it carries) from z_t = x_t W_x + b and the state before. z is made for all steps at once by
`project`; `step` is what is left for the loop. Backwards likewise: `step_backward` computes what the next step back needs, and
hands out what the recurrent weights' gradient will need; `finish` makes of that one product for all steps.
"""

from typing import Any, NamedTuple

from minis2s.backend import array_module
from minis2s.equations.activations import tanh, tanh_backward
from minis2s.equations.gru import (
    GRUGates,
    gru_gates,
    gru_gates_backward,
    gru_pointwise,
    gru_pointwise_backward,
    gru_reset,
    gru_reset_backward,
    gru_update,
    gru_update_backward,
)
from minis2s.equations.linear import linear, linear_backward, linear_backward_input, linear_backward_parameters
from minis2s.equations.lstm import LSTMState, lstm_pointwise, lstm_pointwise_backward
from minis2s.errors import unknown_name
from minis2s.layers.base import Layer, Observer


class HiddenState(NamedTuple):
    """The state of a cell that carries nothing but its hidden state."""

    h: Any


class Cell(Layer):
    """W_x: (E, kH), W_h: (H, kH), b: (kH,) with k `blocks` of width H. `State` is a NamedTuple whose first field is h.

    `observer` is shown states and gradients (models/observe.py).
    """

    State = HiddenState
    blocks = ("h",)
    observer = Observer()

    def __init__(self, input_size, hidden_size, init):
        self.hidden_size = hidden_size
        self.W_x = init.xavier(input_size, hidden_size, len(self.blocks))
        self.W_h = init.recurrent(hidden_size, len(self.blocks))
        self.b = self.bias(init)

    def bias(self, init):
        return init.zeros(len(self.blocks) * self.hidden_size)

    def zero_state(self, B):
        """Zeros, (B, H) each."""
        xp, dtype = array_module(self.b.value), self.b.value.dtype
        return self.State(*(xp.zeros((B, self.hidden_size), dtype=dtype) for _ in self.State._fields))

    def project(self, x):
        """z = x W_x + b for x (…, E). Returns (z, cache)."""
        return linear(x, self.W_x.value, self.b.value)

    def project_backward(self, d_z, cache):
        d_x, d_W_x, d_b = linear_backward(d_z, cache)
        self.W_x.accumulate(d_W_x)
        self.b.accumulate(d_b)
        return d_x

    def step(self, z, state):
        """z: (n, kH); state: before the step. Returns (state, cache)."""
        raise NotImplementedError

    def step_backward(self, d_state, cache):
        """d_state: of the state after the step. Returns (d_z, d_state before, what `finish` needs of this step)."""
        raise NotImplementedError

    def finish(self, d_z, kept):
        """Adds the recurrent weights' gradients. d_z: (N, kH) of all steps; kept: of step_backward, in the same order."""
        d_W_h, _ = linear_backward_parameters(d_z, array_module(d_z).concatenate(kept))
        self.W_h.accumulate(d_W_h)

    def gates(self, cache):
        """{name: values (n, H)} of a step's gates, whose values are in (0, 1)."""
        return {}


class RNNCell(Cell):
    """h_t = tanh(h_{t-1} W_h + z_t), D4.1."""

    def step(self, z, state):
        a, _ = linear(state.h, self.W_h.value, z)
        h, cache = tanh(a)
        return HiddenState(h), (state.h, cache)

    def step_backward(self, d_state, cache):
        h_before, cache_tanh = cache
        d_z = tanh_backward(d_state.h, cache_tanh)
        return d_z, HiddenState(linear_backward_input(d_z, self.W_h.value)), h_before


class LSTMCell(Cell):
    """D0.1–D0.5, gate blocks in the order i, f, o, g."""

    State = LSTMState
    blocks = ("i", "f", "o", "g")

    def bias(self, init):
        return init.lstm_bias(self.hidden_size)

    def step(self, z, state):
        a, _ = linear(state.h, self.W_h.value, z)
        new, cache = lstm_pointwise(a, state.c)
        return new, (state.h, cache)

    def step_backward(self, d_state, cache):
        h_before, cache_pointwise = cache
        d_z, d_c_before = lstm_pointwise_backward(d_state, cache_pointwise)
        return d_z, LSTMState(linear_backward_input(d_z, self.W_h.value), d_c_before), h_before

    def gates(self, cache):
        _, (gates, *_) = cache
        return {"i": gates.i, "f": gates.f, "o": gates.o}


class GRUCell(Cell):
    """D0.9 with the reset gate after the product, as in PyTorch; blocks r, z, n. b_h: (3H,) stands inside that product."""

    blocks = ("r", "z", "n")

    def __init__(self, input_size, hidden_size, init):
        super().__init__(input_size, hidden_size, init)
        self.b_h = init.zeros(3 * hidden_size)

    def step(self, z, state):
        a_h, _ = linear(state.h, self.W_h.value, self.b_h.value)
        h, cache = gru_pointwise(z, a_h, state.h)
        return HiddenState(h), (state.h, cache)

    def step_backward(self, d_state, cache):
        h_before, cache_pointwise = cache
        d_z, d_a_h, d_h_before = gru_pointwise_backward(d_state.h, cache_pointwise)
        return d_z, HiddenState(d_h_before + linear_backward_input(d_a_h, self.W_h.value)), (h_before, d_a_h)

    def finish(self, d_z, kept):
        h_before, d_a_h = (array_module(d_z).concatenate(parts) for parts in zip(*kept, strict=True))
        d_W_h, d_b_h = linear_backward_parameters(d_a_h, h_before, self.b_h.value.shape)
        self.W_h.accumulate(d_W_h)
        self.b_h.accumulate(d_b_h)

    def gates(self, cache):
        _, (gates, *_) = cache
        return {"r": gates.r, "z": gates.z}


class GRUCellResetBefore(Cell):
    """D0.9 with the reset gate before the product, as in Cho et al. 2014; blocks r, z, n."""

    blocks = ("r", "z", "n")

    def step(self, z, state):
        h, W_h, split = state.h, self.W_h.value, 2 * self.hidden_size
        a, _ = linear(h, W_h[:, :split], z[:, :split])  # 1
        gates, cache_gates = gru_gates(a)  # 2
        y, cache_reset = gru_reset(gates.r, h)  # 3
        a_n, _ = linear(y, W_h[:, split:], z[:, split:])  # 4
        n, cache_tanh = tanh(a_n)  # 5
        new, cache_update = gru_update(gates.z, n, h)  # 6
        return HiddenState(new), (h, y, cache_gates, cache_reset, cache_tanh, cache_update)

    def step_backward(self, d_state, cache):
        """h_{t-1} is reached three times: by the update (6), by the reset (3) and by the gates' product (1)."""
        h, y, cache_gates, cache_reset, cache_tanh, cache_update = cache
        W_h, split = self.W_h.value, 2 * self.hidden_size
        d_gate_z, d_n, d_h = gru_update_backward(d_state.h, cache_update)  # 6
        d_a_n = tanh_backward(d_n, cache_tanh)  # 5
        d_r, d_h_of_reset = gru_reset_backward(linear_backward_input(d_a_n, W_h[:, split:]), cache_reset)  # 4, 3
        d_a = gru_gates_backward(GRUGates(d_r, d_gate_z), cache_gates)  # 2
        d_h = d_h + d_h_of_reset + linear_backward_input(d_a, W_h[:, :split])  # 1
        return array_module(d_a).concatenate([d_a, d_a_n], axis=-1), HiddenState(d_h), (h, y)

    def finish(self, d_z, kept):
        xp, split = array_module(d_z), 2 * self.hidden_size
        h, y = (xp.concatenate(parts) for parts in zip(*kept, strict=True))
        d_W_gates, _ = linear_backward_parameters(d_z[:, :split], h)
        d_W_n, _ = linear_backward_parameters(d_z[:, split:], y)
        self.W_h.accumulate(xp.concatenate([d_W_gates, d_W_n], axis=-1))

    def gates(self, cache):
        _, _, gates, *_ = cache
        return {"r": gates.r, "z": gates.z}


CELLS = {"lstm": LSTMCell, "gru": GRUCell, "gru-reset-before": GRUCellResetBefore, "rnn": RNNCell}


def cell(name):
    """The class of the cell called `name`."""
    if name not in CELLS:
        raise unknown_name("cell", name, CELLS)
    return CELLS[name]


def on_parts(function, *states):
    """A state whose parts are function(part of each of the states)."""
    return type(states[0])(*map(function, *states))

"""D0.1–D0.5: the long short-term memory cell."""

from typing import Any, NamedTuple

from minis2s.equations.lstm import (
    lstm_cell_state,
    lstm_cell_state_backward,
    lstm_gates,
    lstm_gates_backward,
    lstm_hidden_state,
    lstm_hidden_state_backward,
    lstm_pointwise,
    lstm_pointwise_backward,
    lstm_preactivation,
    lstm_preactivation_backward,
)
from minis2s.equations.registry import register, view


def gates_of_inputs(x, h_prev, W_x, W_h, b):
    """Pre-activation, then gates: the formulas D0.1–D0.3 from their printed inputs."""
    a, cache_a = lstm_preactivation(x, h_prev, W_x, W_h, b)
    gates, cache_gates = lstm_gates(a)
    return gates, (cache_a, cache_gates)


def gates_of_inputs_backward(d_gates, cache):
    cache_a, cache_gates = cache
    return lstm_preactivation_backward(lstm_gates_backward(d_gates, cache_gates), cache_a)


class CellGradients(NamedTuple):
    x: Any
    h_prev: Any
    c_prev: Any
    W_x: Any
    W_h: Any
    b: Any


def cell_of_inputs(x, h_prev, c_prev, W_x, W_h, b):
    """Pre-activation, then everything pointwise: the whole cell, D0.1–D0.5."""
    a, cache_a = lstm_preactivation(x, h_prev, W_x, W_h, b)
    state, cache_pointwise = lstm_pointwise(a, c_prev)
    return state, (cache_a, cache_pointwise)


def cell_of_inputs_backward(d_state, cache):
    cache_a, cache_pointwise = cache
    d_a, d_c_prev = lstm_pointwise_backward(d_state, cache_pointwise)
    d_x, d_h_prev, d_W_x, d_W_h, d_b = lstm_preactivation_backward(d_a, cache_a)
    return CellGradients(d_x, d_h_prev, d_c_prev, d_W_x, d_W_h, d_b)


def step_inputs(rng, B=3, E=4, H=2):
    """One step's inputs at sizes that differ from each other, so that a wrong transpose cannot fit."""
    shapes = {"x": (B, E), "h_prev": (B, H), "W_x": (E, 4 * H), "W_h": (H, 4 * H), "b": (4 * H,)}
    return {name: rng.standard_normal(shape) for name, shape in shapes.items()}


def cell_inputs(rng, B=3, E=4, H=2):
    return step_inputs(rng, B, E, H) | {"c_prev": rng.standard_normal((B, H))}


SYMBOLS = {
    "x_t": "(B, E) input vectors of step t",
    "h_{t-1}": "(B, H) hidden state of the step before",
    "W": "(H+E, 4H) all four weight matrices; its rows are W_h (H, 4H) above W_x (E, 4H), its column blocks i, f, o, g",
    "b": "(4H,) biases, in the same blocks",
}
WHERE = {
    "section": "D0 §3.1",
    "layer": "minis2s.layers.cells.LSTMCell",
    "model": "minis2s.models.seq2seq.Seq2Seq",
    "lesson": "05_lstm_cell",
}

GATES = [
    ("D0.1", "i", "LSTM input gate", "how much of the candidate enters the cell"),
    ("D0.2", "f", "LSTM forget gate", "how much of the old cell state stays"),
    ("D0.3", "o", "LSTM output gate", "how much of the cell shows in the hidden state"),
]
for id, gate, title, meaning in GATES:
    register(
        id=id,
        title=title,
        printed=f"{gate}_t = σ(W_{gate}·[h_{{t-1}}, x_t] + b_{gate})",
        latex=rf"{gate}_t = \sigma(h_{{t-1}} W_{{h{gate}}} + x_t W_{{x{gate}}} + b_{gate})",
        symbols={f"{gate}_t": f"(B, H) {meaning}, each entry in (0, 1)", **SYMBOLS},
        forward=lstm_gates,
        backward=lstm_gates_backward,
        checked=view(gates_of_inputs, gates_of_inputs_backward, gate),
        inputs=step_inputs,
        wrt=("x", "h_prev", "W_x", "W_h", "b"),
        derivation=f"""\
Write a = W_{gate}·[h, x] + b_{gate} = h W_h{gate} + x W_x{gate} + b_{gate}, so that {gate} = σ(a), and σ' = σ(1 − σ).
  ∂L/∂a = ∂L/∂{gate} ⊙ {gate} ⊙ (1 − {gate})
a is affine in each of the rest:
  ∂L/∂x = ∂L/∂a W_x{gate}ᵀ     ∂L/∂h = ∂L/∂a W_h{gate}ᵀ
  ∂L/∂W_x{gate} = xᵀ ∂L/∂a     ∂L/∂W_h{gate} = hᵀ ∂L/∂a     ∂L/∂b_{gate} = Σ_rows ∂L/∂a
The other gates' blocks of W and b get nothing from {gate}.""",
        erratum="X16: '·' is a matrix product here, but element-wise in D0.4 and D0.5; written @ and ⊙ in this project.",
        **WHERE,
    )

register(
    id="D0.4",
    title="LSTM cell state",
    printed="c_t = f_t·c_{t-1} + i_t·tanh(W_c·[h_{t-1}, x_t] + b_c)",
    latex=r"c_t = f_t \odot c_{t-1} + i_t \odot g_t,\quad g_t = \tanh(h_{t-1} W_{hc} + x_t W_{xc} + b_c)",
    symbols={
        "c_t": "(B, H) cell state",
        "c_{t-1}": "(B, H) cell state of the step before",
        "i_t, f_t": "(B, H) input and forget gate, D0.1 and D0.2",
        "g_t": "(B, H) candidate, each entry in (−1, 1)",
        **SYMBOLS,
    },
    forward=lstm_cell_state,
    backward=lstm_cell_state_backward,
    checked=view(cell_of_inputs, cell_of_inputs_backward, "c"),
    inputs=cell_inputs,
    wrt=("x", "h_prev", "c_prev", "W_x", "W_h", "b"),
    derivation="""\
c is a sum of two products, and in a product each factor receives the other one. With δ = ∂L/∂c:
  ∂L/∂f = δ ⊙ c_{t-1}     ∂L/∂c_{t-1} = δ ⊙ f
  ∂L/∂i = δ ⊙ g           ∂L/∂g = δ ⊙ i
and through the candidate g = tanh(a_g), whose slope is 1 − g²:
  ∂L/∂a_g = δ ⊙ i ⊙ (1 − g²)
The path c_t → c_{t-1} has the factor f and no matrix: where f is near 1, a gradient passes many steps unharmed.""",
    erratum="X5: D0 calls c_t a gate ('constant gate', 'gated state vector'). It is the cell state; what W_c computes is the "
    "candidate. X15: D0 starts h_0 only; c_0 is an input as well, and has a gradient. X16: '·' is ⊙ here.",
    **WHERE,
)

register(
    id="D0.5",
    title="LSTM hidden state",
    printed="h_t = o_t·tanh(c_t)",
    latex=r"h_t = o_t \odot \tanh(c_t)",
    symbols={
        "h_t": "(B, H) hidden state, each entry in (−1, 1)",
        "o_t": "(B, H) output gate, D0.3",
        "c_t": "(B, H) cell state, D0.4",
    },
    forward=lstm_hidden_state,
    backward=lstm_hidden_state_backward,
    checked=(cell_of_inputs, cell_of_inputs_backward),  # the whole cell: upstream gradients into h and c, together and alone
    inputs=cell_inputs,
    wrt=("x", "h_prev", "c_prev", "W_x", "W_h", "b"),
    derivation="""\
With δ = ∂L/∂h:
  ∂L/∂o = δ ⊙ tanh(c_t)
  ∂L/∂c_t = δ ⊙ o ⊙ (1 − tanh²(c_t))
c_t reaches the loss a second time, as c_{t-1} of the next step; the two gradients add up before D0.4 is differentiated.""",
    erratum="X16: '·' is ⊙ here.",
    **WHERE,
)

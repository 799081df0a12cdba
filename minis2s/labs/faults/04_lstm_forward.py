"""Lab 4, the LSTM forwards: what is asked, what is right, the mistakes that are known, the cells that students may be given."""

import numpy as np

from minis2s.labs.faults import cell_texts, cells
from minis2s.labs.faults.cells import CELLS, cell_of
from minis2s.labs.faults.drawing import STEPS_AND_ROWS, TIME, E, H, by_name, normal, weights
from minis2s.labs.spec import Fault, Lab, Output, Task, Variant

GATES = tuple(Output(name, "batch hidden", name) for name in "ifog")
STATE = Output("h", "batch hidden", "h"), Output("c", "batch hidden", "c")
STATES = Output("h", "time batch hidden", "h"), Output("c", "time batch hidden", "c")


def _preactivations(rng, rung, variant):
    return {"a": 2 * normal(rng, (STEPS_AND_ROWS[rung][1], H * len(cell_of(variant).order)))}


def _gate_values(rng, rung, variant):
    a = _preactivations(rng, rung, variant)["a"]
    return cells.gates(a, cell_of(variant))._asdict() | {"c_prev": normal(rng, (len(a), H))}


def _sequence(rng, rung, variant):
    (T, B), wide = STEPS_AND_ROWS[rung], H * len(cell_of(variant).order)
    x, h_0, c_0 = normal(rng, (T, B, E), (B, H), (B, H))
    W_x, W_h, b = weights(rng, (E, wide), (H, wide), (wide,))
    return {"x": x, "h_0": h_0, "c_0": c_0, "W_x": W_x, "W_h": W_h, "b": b}


def _step(rng, rung, variant):
    x, h_prev, c_prev, W_x, W_h, b = _sequence(rng, rung, variant).values()
    return {"x": x[0], "h_prev": h_prev, "c_prev": c_prev, "W_x": W_x, "W_h": W_h, "b": b}


def _states(q, variant):
    state, all_states = (q["h_0"], q["c_0"]), []
    for x in q["x"]:
        state, _ = cells.step(x, *state, q["W_x"], q["W_h"], q["b"], cell_of(variant))
        all_states.append(state)
    return by_name(STATES, (np.stack(parts) for parts in zip(*all_states, strict=True)))


BLOCKS = (
    Fault("f-and-o-swapped", "a_i, a_f, a_o, a_g =", "a_i, a_o, a_f, a_g =",
          "the blocks of f and o are exchanged", "“the order of blocks”"),
    Fault("i-and-f-swapped", "a_i, a_f, a_o, a_g =", "a_f, a_i, a_o, a_g =",
          "i and f are exchanged, in the order of the blocks or in what they do", "the order of blocks; f ⊙ c_{t−1} + i ⊙ g"),
    Fault("pytorch-order", "a_i, a_f, a_o, a_g =", "a_i, a_f, a_g, a_o =",
          "the blocks of o and g are exchanged: i, f, g, o is PyTorch's order", "“the order of blocks”"),
    Fault("candidate-sigmoid", "g = np.tanh(a_g)", "g = sigmoid(a_g)",
          "the candidate is squashed by σ: it can only add to the cell", "g = tanh(a_g)"),
    Fault("candidate-linear", "g = np.tanh(a_g)", "g = a_g", "the candidate is not squashed at all", "g = tanh(a_g)"),
    Fault("gate-tanh", "o = sigmoid(a_o)", "o = np.tanh(a_o)",
          "the output gate is squashed by tanh: a gate lies between 0 and 1", "o = σ(a_o)"),
    Fault("forget-tanh", "f = sigmoid(a_f)", "f = np.tanh(a_f)",
          "the forget gate is squashed by tanh: a gate lies between 0 and 1", "f = σ(a_f)"),
    Fault("input-gate-tanh", "i = sigmoid(a_i)", "i = np.tanh(a_i)",
          "the input gate is squashed by tanh: a gate lies between 0 and 1", "i = σ(a_i)"),
    Fault("forget-inverted", "f = sigmoid(a_f)", "f = 1 - sigmoid(a_f)",
          "the forget gate is read the wrong way: 1 keeps, 0 forgets", "f = σ(a_f)"),
)  # fmt: skip
UPDATE = (
    Fault("no-tanh-c", "h = o * np.tanh(c)", "h = o * c", "tanh of the cell state is missing in h", "tanh(c_t)"),
    Fault("tanh-outside", "h = o * np.tanh(c)", "h = np.tanh(o * c)",
          "tanh is taken of the product, not of the cell state", "o ⊙ tanh(c_t)"),
    Fault("no-output-gate", "h = o * np.tanh(c)", "h = np.tanh(c)", "the output gate is missing in h", "o ⊙ tanh(c_t)"),
    Fault("sigmoid-of-c", "h = o * np.tanh(c)", "h = o * sigmoid(c)",
          "the cell state is squashed by σ instead of tanh", "tanh(c_t)"),
)  # fmt: skip


def _memory(old):
    """Mistakes in c = f ⊙ c_{t−1} + i ⊙ g; `old`: the name of the old cell state. The first has a twin in BLOCKS."""
    line = f"c = f * {old} + i * g"
    return (
        Fault("i-and-f-exchanged", line, f"c = i * {old} + f * g",
              "the gates act on the wrong term: i on the old state, f on the candidate", "f ⊙ c_{t−1} + i ⊙ g"),
        Fault("nothing-remembered", line, "c = i * g", "the old cell state is not there: nothing is remembered", "f ⊙ c_{t−1}"),
        Fault("nothing-forgotten", line, f"c = {old} + i * g", "the forget gate is missing: the cell only grows", "f ⊙ c_{t−1}"),
        Fault("no-input-gate", line, f"c = f * {old} + g", "the input gate is missing in front of the candidate", "i ⊙ g"),
        Fault("minus", line, f"c = f * {old} - i * g", "the candidate is subtracted instead of added", "+ i ⊙ g"),
    )  # fmt: skip


LSTM_GATES = Task(
    "lstm_gates", "D0.1", 10, GATES, _preactivations, lambda q, variant: cells.gates(q["a"], cell_of(variant))._asdict(),
    ("one", "rows"), faults=BLOCKS,
    hints=(
        "Look at one row with four different numbers: which of them makes which gate?",
        "Gates lie between 0 and 1, the candidate between −1 and 1.",
        "The order of the blocks is part of the task; three blocks pass σ, one does not.",
    ),
)  # fmt: skip

LSTM_STATE = Task(
    "lstm_state", "D0.4", 10, STATE, _gate_values, lambda q, variant: by_name(STATE, cells.state(**q)), ("one", "rows"),
    faults=_memory("c_prev") + UPDATE,
    hints=(
        "Look at c first, h is made of it.",
        "With f = 1 and i = 0 the cell state stays as it is; with o = 0 nothing is shown.",
        "c is a sum of two products; h is a product of a gate with the squashed new cell state.",
    ),
)  # fmt: skip

SUM = (
    Fault("no-bias", " + b\n", "\n", "the bias is missing", "b"),
)  # fmt: skip
LSTM_STEP = Task(
    "lstm_step", "D0.1", 15, STATE, _step,
    lambda q, variant: by_name(STATE, cells.step(**q, cell=cell_of(variant))[0]), ("one", "rows"),
    faults=(
        *SUM, *BLOCKS, *_memory("c_prev")[1:], *UPDATE,
        Fault("no-recurrence", " + h_prev @ W_h", "",
              "the old hidden state is not read: the gates see the input only", "h_{t−1} W_h"),
        Fault("cell-in-product", "h_prev @ W_h", "c_prev @ W_h",
              "the gates read the old cell state; they read the old hidden state", "h_{t−1} W_h"),
    ),
    hints=(
        "Look at c before h, and at one row before several.",
        "The gates see x and the old hidden state; the cell state is seen by the gates never, by c and h only.",
        "Go through a, then i, f, o, g, then c, then h: which is the first to be wrong?",
    ),
)  # fmt: skip

LSTM_FORWARD = Task(
    "lstm_forward", "D0.1", 15, STATES, _sequence, _states, TIME,
    faults=(
        *SUM, *BLOCKS, *_memory("c")[1:], *UPDATE,
        Fault("h-not-carried", "h @ W_h", "h_0 @ W_h",
              "right in the first step and wrong after: every step reads h_0", "h_{t−1}"),
        Fault("c-not-carried", "f * c + i * g", "f * c_0 + i * g",
              "right in the first step and wrong after: every step starts from c_0", "c_{t−1}"),
        Fault("h-carried-as-c", "f * c + i * g", "f * (c if t == 0 else h) + i * g",
              "the hidden state is handed on in the cell state's place", "c_{t−1}"),
        Fault("zero-h_0", "h, c = h_0, c_0", "h, c = 0 * h_0, c_0", "h_0 is not used: the first step reads zero", "h_0"),
        Fault("zero-c_0", "h, c = h_0, c_0", "h, c = h_0, 0 * c_0", "c_0 is not used: the first step starts from zero", "c_0"),
        Fault("backwards", "x[t] @ W_x", "x[-1 - t] @ W_x", "the inputs are read from the last to the first", "t = 1 … T"),
        Fault("same-input", "x[t] @ W_x", "x[0] @ W_x", "every step reads the first input", "x_t"),
    ),
    hints=(
        "Look at the first step alone, then at the second: which of the two states did not arrive?",
        "Two arrays are handed on from step to step, h and c, each to its own place.",
        "h_{t−1} goes into the product, c_{t−1} into the sum with f; both begin with what is given.",
    ),
)  # fmt: skip

LAB = Lab(
    "The LSTM forwards",
    (LSTM_GATES, LSTM_STATE, LSTM_STEP, LSTM_FORWARD),
    (Variant("cell", {name: cell_texts.forward(cell) for name, cell in CELLS.items()}),),
)

"""Lab 5, the LSTM backwards: what is asked, what is right, the mistakes that are known, the cells that students may be given."""

import numpy as np

from minis2s.equations.lstm import LSTMGates
from minis2s.labs.faults import cell_texts, cells
from minis2s.labs.faults.cells import CELLS, blocks_of, cell_of
from minis2s.labs.faults.drawing import STEPS_AND_ROWS, TIME, E, H, absent, by_name, gradient, normal, weights
from minis2s.labs.spec import Fault, Lab, Task, Variant

GATES = tuple(gradient(name, "batch hidden") for name in "ifog")
WEIGHTS = gradient("W_x", "in gates"), gradient("W_h", "from gates"), gradient("b", "gates")
INPUTS = gradient("x", "batch in"), gradient("h_prev", "batch hidden")
C_PREV = (gradient("c_prev", "batch hidden"),)
OVER_TIME = gradient("x", "time batch in"), gradient("h_0", "batch hidden"), gradient("c_0", "batch hidden"), *WEIGHTS


def _forward(rng, rung, variant):
    """A sequence and all that the forward pass computes."""
    (T, B), cell = STEPS_AND_ROWS[rung], cell_of(variant)
    wide = H * len(cell.order)
    x, h_0, c_0 = normal(rng, (T, B, E), (B, H), (B, H))
    W_x, W_h, b = weights(rng, (E, wide), (H, wide), (wide,))
    state, steps = (h_0, c_0), []
    for x_t in x:
        state, values = cells.step(x_t, *state, W_x, W_h, b, cell)
        steps.append((*values, *state))
    parts = dict(zip("ifoghc", (np.stack(part) for part in zip(*steps, strict=True)), strict=True))
    return {"x": x, "h_0": h_0, "c_0": c_0} | parts | {"W_x": W_x, "W_h": W_h}


def _step(rng, rung, variant):
    q = _forward(rng, rung, variant)
    q = {"h_prev": q.pop("h_0"), "c_prev": q.pop("c_0")} | {n: v if n.startswith("W") else v[0] for n, v in q.items() if n != "h"}
    d_h, d_c = normal(rng, q["c"].shape, q["c"].shape)
    return absent(rng, rung, {"d_h": d_h, "d_c": d_c} | q, ["d_c"], ["d_h"])


def _state(rng, rung, variant):
    q = _step(rng, rung, variant)
    return {name: q[name] for name in ("d_h", "d_c", *"ifog", "c_prev", "c")}


def _right_state(q, variant):
    d_values, d_c_prev = cells.state_backward(q["d_h"], q["d_c"], LSTMGates(*(q[name] for name in "ifog")), q["c_prev"], q["c"])
    return by_name(GATES + C_PREV, (*d_values, d_c_prev))


def _gates(rng, rung, variant):
    q = _step(rng, rung, variant)
    return {f"d_{name}": normal(rng, q[name].shape) for name in "ifog"} | {name: q[name] for name in "ifog"}


def _right_gates(q, variant):
    d_values, values = LSTMGates(*(q[f"d_{name}"] for name in "ifog")), LSTMGates(*(q[name] for name in "ifog"))
    return {"d_a": cells.gates_backward(d_values, values, cell_of(variant))}


def _preactivation(rng, rung, variant):
    q = _step(rng, rung, variant)
    d_a = normal(rng, (len(q["x"]), q["W_x"].shape[1]))
    return {"d_a": d_a} | {name: q[name] for name in ("x", "h_prev", "W_x", "W_h")}


def _right_step(q, variant):
    q = dict(q)
    values = LSTMGates(*(q.pop(name) for name in "ifog"))
    return by_name(INPUTS + C_PREV + WEIGHTS, cells.step_backward(**q, values=values, cell=cell_of(variant)))


def _sequence(rng, rung, variant):
    q = _forward(rng, rung, variant)
    return absent(rng, rung, {"d_h": normal(rng, q["h"].shape), "d_c_n": normal(rng, q["c_0"].shape)} | q, ["d_h"], ["d_c_n"])


def _right_sequence(q, variant):
    d_h_next, d_c = np.zeros_like(q["h_0"]), np.zeros_like(q["c_0"]) if q["d_c_n"] is None else q["d_c_n"]
    d_x, sums = np.zeros_like(q["x"]), [0, 0, 0]
    for t in reversed(range(len(q["x"]))):
        h_prev, c_prev = (q["h"][t - 1], q["c"][t - 1]) if t else (q["h_0"], q["c_0"])
        d_h = d_h_next if q["d_h"] is None else d_h_next + q["d_h"][t]
        values = LSTMGates(*(q[name][t] for name in "ifog"))
        step = cells.step_backward(d_h, d_c, q["x"][t], h_prev, c_prev, values, q["c"][t], q["W_x"], q["W_h"], cell_of(variant))
        d_x[t], d_h_next, d_c, *d_weights = step
        sums = [a + b for a, b in zip(sums, d_weights, strict=True)]
    return by_name(OVER_TIME, (d_x, d_h_next, d_c, *sums))


NEW_C = "d_h * o * (1 - tanh_c * tanh_c)"
THROUGH_H = (
    Fault("no-tanh-slope", NEW_C, "d_h * o", "the slope of tanh is missing on the way from h to c", "1 − tanh²(c)"),
    Fault("slope-of-c", NEW_C, "d_h * o * (1 - c * c)", "the slope is 1 − c²: c is not yet squashed", "1 − tanh²(c)"),
    Fault("no-output-gate", NEW_C, "d_h * (1 - tanh_c * tanh_c)",
          "the output gate is missing on the way from h to c", "d_h ⊙ o ⊙ …"),
    Fault("c-arrives-only", f"d = d + {NEW_C}", "d = d",
          "what reaches c through h is not there: only d_c is used", "d_c + d_h ⊙ …"),
    Fault("d_c-dropped", "d = d + d_c", "d = d + 0 * d_c",
          "d_c is not used: what arrives at c from the next step is dropped", "d = d_c + …"),
    Fault("d_c-overwritten", f"d = d + {NEW_C}", f"d = {NEW_C}",
          "what comes through h replaces d_c instead of being added", "d_c + …"),
    Fault("d_c-through-tanh", f"d = d + {NEW_C}", "d = (d + d_h * o) * (1 - tanh_c * tanh_c)",
          "d_c is sent through tanh too: it arrives at c itself", "d_c + d_h ⊙ o ⊙ (…)"),
    Fault("output-gate-of-c", "d_o = d_h * tanh_c", "d_o = d_h * c",
          "the output gate multiplied tanh(c), not c", "d_o = d_h ⊙ tanh(c)"),
)  # fmt: skip
FACTORS = (
    Fault("i-gets-i", "d_i = d * g", "d_i = d * i",
          "a factor of a product receives the other factor: d_i holds i itself", "d_i = d ⊙ g"),
    Fault("f-gets-new-c", "d_f = d * c_prev", "d_f = d * c",
          "d_f holds the new cell state: f multiplied the old one", "d_f = d ⊙ c_{t−1}"),
    Fault("g-gets-f", "d_g = d * i", "d_g = d * f", "d_g holds the forget gate: the input gate multiplied g", "d_g = d ⊙ i"),
    Fault("g-gets-g", "d_g = d * i", "d_g = d * g",
          "a factor of a product receives the other factor: d_g holds g itself", "d_g = d ⊙ i"),
    Fault("f-negative", "d_f = d * c_prev", "d_f = -d * c_prev", "d_f has the wrong sign", "d_f = d ⊙ c_{t−1}"),
    Fault("i-of-upstream", "d_i = d * g", "d_i = (0 if d_c is None else d_c) * g + 0 * d",
          "d_i is made of d_c alone, without the way through h", "d"),
    Fault("f-of-upstream", "d_f = d * c_prev", "d_f = (0 if d_c is None else d_c) * c_prev + 0 * d",
          "d_f is made of d_c alone, without the way through h", "d"),
)  # fmt: skip
C_BEFORE = (
    Fault("c-undamped", "d_c_prev = d * f", "d_c_prev = d",
          "the forget gate is missing on the way to c_{t−1}", "d_c_prev = d ⊙ f"),
    Fault("c-through-i", "d_c_prev = d * f", "d_c_prev = d * i",
          "the way to c_{t−1} goes through the input gate", "d_c_prev = d ⊙ f"),
    Fault("c-of-upstream", "d_c_prev = d * f", "d_c_prev = (0 if d_c is None else d_c) * f + 0 * d",
          "c_{t−1} receives d_c alone, without the way through h", "d = d_c + …"),
    Fault("c-not-carried", "d_c_prev = d * f", "d_c_prev = 0 * d * f", "nothing goes to c_{t−1}", "d_c_prev = d ⊙ f"),
)  # fmt: skip

STATE = Task(
    "lstm_state_backward", "D0.4", 15, GATES + C_PREV, _state, _right_state, ("one", "rows", "absent"),
    faults=THROUGH_H + FACTORS + C_BEFORE,
    hints=(
        "Look at d_o, which depends on d_h only; then at d_c_prev, which tells whether all arrived at c.",
        "The cell state has two readers, h and the next step: what they send adds up, before any gate is looked at.",
        "h = o ⊙ tanh(c): c is reached through o and the slope of tanh. In a product each factor receives the other.",
    ),
)  # fmt: skip

LSTM_GATES = Task(
    "lstm_gates_backward", "D0.1", 10, (gradient("a", "batch gates"),), _gates, _right_gates, ("one", "rows"), blocks_of,
    faults=(
        Fault("i-without-slope", "d_i * i * (1 - i)", "d_i", "the slope of σ is missing in block i", "i (1 − i)"),
        Fault("f-without-slope", "d_f * f * (1 - f)", "d_f", "the slope of σ is missing in block f", "f (1 − f)"),
        Fault("o-without-slope", "d_o * o * (1 - o)", "d_o", "the slope of σ is missing in block o", "o (1 − o)"),
        Fault("g-without-slope", "d_g * (1 - g * g)", "d_g", "the slope of tanh is missing in block g", "1 − g²"),
        Fault("g-sigmoid-slope", "d_g * (1 - g * g)", "d_g * g * (1 - g)",
              "block g has the slope of σ; g came from tanh", "1 − g²"),
        Fault("g-not-squared", "(1 - g * g)", "(1 - g)", "the slope in block g is 1 − g: the square is missing", "1 − g²"),
        Fault("o-tanh-slope", "d_o * o * (1 - o)", "d_o * (1 - o * o)",
              "block o has the slope of tanh; o came from σ", "o (1 − o)"),
        Fault("f-tanh-slope", "d_f * f * (1 - f)", "d_f * (1 - f * f)",
              "block f has the slope of tanh; f came from σ", "f (1 − f)"),
        Fault("i-sigma-twice", "d_i * i * (1 - i)", "d_i / (2 + np.exp(i) + np.exp(-i))",
              "the slope in block i is taken at the gate's value: σ is applied to i again", "i (1 − i)"),
        Fault("f-sigma-twice", "d_f * f * (1 - f)", "d_f / (2 + np.exp(f) + np.exp(-f))",
              "the slope in block f is taken at the gate's value: σ is applied to f again", "f (1 − f)"),
        Fault("f-and-o-swapped", "[d_a_i, d_a_f, d_a_o, d_a_g]", "[d_a_i, d_a_o, d_a_f, d_a_g]",
              "the blocks of f and o are exchanged", "“the order of blocks”"),
        Fault("i-and-f-swapped", "[d_a_i, d_a_f, d_a_o, d_a_g]", "[d_a_f, d_a_i, d_a_o, d_a_g]",
              "the blocks of i and f are exchanged", "“the order of blocks”"),
        Fault("pytorch-order", "[d_a_i, d_a_f, d_a_o, d_a_g]", "[d_a_i, d_a_f, d_a_g, d_a_o]",
              "the blocks of o and g are exchanged: i, f, g, o is PyTorch's order", "“the order of blocks”"),
    ),
    hints=(
        "Look at the four blocks one by one: which is wrong?",
        "A saturated gate, near 0 or 1, lets almost nothing through; so does a candidate near −1 or 1.",
        "Three blocks have σ's slope, one tanh's; both are written in the values that you are given.",
    ),
)  # fmt: skip

PRODUCTS = (
    Fault("bias-one-row", "d_a.sum(axis=0)", "d_a[-1]",
          "∂L/∂b is taken from one row: the bias serves every row, so all add up", "Σ_b d_a"),
    Fault("bias-mean", "d_a.sum(axis=0)", "d_a.mean(axis=0)",
          "∂L/∂b is the mean over the rows, and should be their sum", "Σ_b d_a"),
)  # fmt: skip
WEIGHT_PRODUCTS = (
    Fault("W_x-mean", "d_W_x = x.T @ d_a", "d_W_x = x.T @ d_a / len(x)",
          "∂L/∂W_x is averaged over the rows: it is a sum", "xᵀ d_a"),
    Fault("W_h-mean", "d_W_h = h_prev.T @ d_a", "d_W_h = h_prev.T @ d_a / len(x)",
          "∂L/∂W_h is averaged over the rows: it is a sum", "h_{t−1}ᵀ d_a"),
    Fault("negative-W_h", "d_W_h = h_prev.T @ d_a", "d_W_h = -h_prev.T @ d_a", "∂L/∂W_h has the wrong sign", "h_{t−1}ᵀ d_a"),
)  # fmt: skip

PREACTIVATION = Task(
    "lstm_preactivation_backward", "D0.1", 10, INPUTS + WEIGHTS, _preactivation,
    lambda q, variant: by_name(INPUTS + WEIGHTS, cells.preactivation_backward(**q)), ("one", "rows"), blocks_of,
    faults=PRODUCTS + WEIGHT_PRODUCTS,
    hints=(
        "Look at the shapes first, then at several rows.",
        "A gradient has the shape of what it belongs to; inputs keep their rows apart, weights collect from all rows.",
        "Inputs get d_a times the transposed weights; weights the transposed inputs times d_a; the bias the sum over the rows.",
    ),
)  # fmt: skip

LSTM_STEP = Task(
    "lstm_step_backward", "D0.1", 20, INPUTS + C_PREV + WEIGHTS, _step, _right_step, ("one", "rows", "absent"), blocks_of,
    faults=(
        *THROUGH_H, *C_BEFORE, *PRODUCTS, *WEIGHT_PRODUCTS,
        Fault("i-gets-i", "d * g * i * (1 - i)", "d * i * i * (1 - i)",
              "block i is wrong: i receives g, the other factor", "d_i = d ⊙ g"),
        Fault("f-gets-new-c", "d * c_prev * f", "d * c * f",
              "block f is wrong: f multiplied the old cell state", "d_f = d ⊙ c_{t−1}"),
        Fault("g-gets-f", "d * i * (1 - g * g)", "d * f * (1 - g * g)",
              "block g is wrong: the input gate multiplied g", "d_g = d ⊙ i"),
        Fault("i-without-slope", "d * g * i * (1 - i)", "d * g", "block i is wrong: the slope of σ is missing", "i (1 − i)"),
        Fault("f-without-slope", "d * c_prev * f * (1 - f)", "d * c_prev",
              "block f is wrong: the slope of σ is missing", "f (1 − f)"),
        Fault("o-without-slope", "d_o * o * (1 - o)", "d_o", "block o is wrong: the slope of σ is missing", "o (1 − o)"),
        Fault("g-without-slope", "d * i * (1 - g * g)", "d * i", "block g is wrong: the slope of tanh is missing", "1 − g²"),
        Fault("g-sigmoid-slope", "d * i * (1 - g * g)", "d * i * g * (1 - g)",
              "block g has the slope of σ; g came from tanh", "1 − g²"),
        Fault("pytorch-order", "[d_a_i, d_a_f, d_a_o, d_a_g]", "[d_a_i, d_a_f, d_a_g, d_a_o]",
              "the blocks of o and g are exchanged: i, f, g, o is PyTorch's order", "“the order of blocks”"),
        Fault("f-and-o-swapped", "[d_a_i, d_a_f, d_a_o, d_a_g]", "[d_a_i, d_a_o, d_a_f, d_a_g]",
              "the blocks of f and o are exchanged", "“the order of blocks”"),
    ),
    hints=(
        "∂L/∂b shows d_a itself, block by block: which of the blocks is wrong? And is d_c_prev right?",
        "Everything but block o depends on all that reaches c, on two ways.",
        "Go backwards: h to o and c, c to i, f, g and c_{t−1}, each gate through its slope, then the products.",
    ),
)  # fmt: skip

NEW_C_T = "d_h_t * o[t] * (1 - tanh_c * tanh_c)"
LSTM_BACKWARD = Task(
    "lstm_backward", "D0.1", 30, OVER_TIME, _sequence, _right_sequence, (*TIME, "absent"), blocks_of,
    faults=(
        Fault("c-not-carried", "d_c_next = d * f[t]", "d_c_next = 0 * d * f[t]",
              "right in the last step and wrong before: the gradient through c_{t−1} is not carried", "d_c_{t−1} = d ⊙ f"),
        Fault("h-not-carried", "d_h_next = d_a @ W_h.T", "d_h_next = 0 * (d_a @ W_h.T) if t else d_a @ W_h.T",
              "right in the last step and wrong before: the gradient through h_{t−1} is not carried", "d_a_t W_hᵀ"),
        Fault("c-undamped", "d_c_next = d * f[t]", "d_c_next = d",
              "what is carried to c_{t−1} does not pass the forget gate", "d_c_{t−1} = d ⊙ f"),
        Fault("c-of-next-only", "d_c_next = d * f[t]", "d_c_next = d_c_next * f[t]",
              "what reached c through h is not carried on to c_{t−1}: only what came along c is", "d ⊙ f"),
        Fault("c-through-next-f", "d_c_next = d * f[t]", "d_c_next = d * f[t - 1]",
              "what is carried to c_{t−1} passes another step's forget gate", "f_t"),
        Fault("loss-overwrites", "d_h_t = d_h_next + d_h[t]", "d_h_t = d_h[t]",
              "only what the loss sends to h_t is used: what step t + 1 sends is dropped", "d_h[t] + …"),
        Fault("loss-at-last-step-only", "d_h_t = d_h_next + d_h[t]", "d_h_t = d_h_next + (d_h[t] if t == T - 1 else 0)",
              "what the loss sends to the states is used in the last step only", "d_h[t]"),
        Fault("d_c_n-lost", "d_c_next = d_c_n", "d_c_next = 0 * d_c_n",
              "what arrives at the last cell state is not used", "d_c_n"),
        Fault("c_0-forgotten", "else c_0", "else 0 * c_0", "the first step's old cell state is taken for zero", "c_0"),
        Fault("h_0-forgotten", "else h_0", "else 0 * h_0", "the first step's old hidden state is taken for zero", "h_0ᵀ d_a_1"),
        Fault("no-tanh-slope", NEW_C_T, "d_h_t * o[t]", "the slope of tanh is missing on the way from h to c", "1 − tanh²(c_t)"),
        Fault("no-output-gate", NEW_C_T, "d_h_t * (1 - tanh_c * tanh_c)",
              "the output gate is missing on the way from h to c", "o_t"),
        Fault("no-d_c", f"d = d_c_next + {NEW_C_T}", f"d = {NEW_C_T}",
              "what arrives at c from step t + 1 is not added", "d = d_c + …"),
        Fault("f-gets-new-c", "d * c_prev * f[t]", "d * c[t] * f[t]",
              "block f is wrong: f multiplied the old cell state", "d_f = d ⊙ c_{t−1}"),
        Fault("i-gets-i", "d * g[t] * i[t]", "d * i[t] * i[t]",
              "block i is wrong: i receives g, the other factor", "d_i = d ⊙ g"),
        Fault("g-without-slope", "d * i[t] * (1 - g[t] * g[t])", "d * i[t]",
              "block g is wrong: the slope of tanh is missing", "1 − g²"),
        Fault("o-without-slope", "tanh_c * o[t] * (1 - o[t])", "tanh_c",
              "block o is wrong: the slope of σ is missing", "o (1 − o)"),
        Fault("new-state", "h_prev.T @ d_a", "h[t].T @ d_a",
              "∂L/∂W_h pairs d_a_t with h_t; W_h multiplied h_{t−1}", "h_{t−1}ᵀ d_a_t"),
        Fault("W_x-overwritten", "d_W_x += ", "d_W_x = ",
              "∂L/∂W_x is that of the first step only: the steps' terms are not added", "Σ_t"),
        Fault("W_h-overwritten", "d_W_h += ", "d_W_h = ",
              "∂L/∂W_h is that of the first step only: the steps' terms are not added", "Σ_t"),
        Fault("b-overwritten", "d_b += ", "d_b = ",
              "∂L/∂b is that of the first step only: the steps' terms are not added", "Σ_t"),
        Fault("bias-mean", "d_a.sum(axis=0)", "d_a.mean(axis=0)",
              "∂L/∂b is the mean over the rows, and should be their sum", "Σ_b"),
        Fault("forwards", "reversed(range(T))", "range(T)",
              "time runs forwards: the gradients start at the first step", "from t = T to 1"),
        Fault("pytorch-order", "[d_a_i, d_a_f, d_a_o, d_a_g]", "[d_a_i, d_a_f, d_a_g, d_a_o]",
              "the blocks of o and g are exchanged: i, f, g, o is PyTorch's order", "“the order of blocks”"),
    ),
    hints=(
        "Look at one step first; then at d_x of the last step and of the one before it.",
        "Two gradients travel back through time, one along h and one along c; what the loss sends to h_t comes in addition.",
        "d_a_t W_hᵀ goes to h_{t−1}, d ⊙ f to c_{t−1}; the weights' gradients are sums over the steps, with h_0 in the first.",
    ),
)  # fmt: skip

LAB = Lab(
    "The LSTM backwards",
    (STATE, LSTM_GATES, PREACTIVATION, LSTM_STEP, LSTM_BACKWARD),
    (Variant("cell", {name: cell_texts.backward(cell) for name, cell in CELLS.items()}),),
)

"""Lab 3, the vanilla recurrence: what is asked, what is right, and the mistakes that are known."""

import numpy as np

from minis2s.equations.rnn import rnn_cell, rnn_cell_backward
from minis2s.labs.faults.drawing import STEPS_AND_ROWS, TIME, E, H, absent, by_name, gradient, normal, weights
from minis2s.labs.spec import Fault, Lab, Output, Task

WEIGHTS = gradient("W_x", "in hidden"), gradient("W_h", "from hidden"), gradient("b", "hidden")
STEP = gradient("x", "batch in"), gradient("h_prev", "batch hidden"), *WEIGHTS
OVER_TIME = gradient("x", "time batch in"), gradient("h_0", "batch hidden"), *WEIGHTS


def _weights(rng):
    W_x, W_h, b = weights(rng, (E, H), (H, H), (H,))
    return {"W_x": W_x, "W_h": W_h, "b": b}


def _step(rng, rung, variant):
    B = STEPS_AND_ROWS[rung][1]
    x, h_prev = normal(rng, (B, E), (B, H))
    return {"x": x, "h_prev": h_prev} | _weights(rng)


def _step_backward(rng, rung, variant):
    q = _step(rng, rung, variant)
    h, _ = rnn_cell(**q)
    del q["b"]
    return {"d_h": normal(rng, h.shape), "h": h} | q


def _right_step_backward(q, variant):
    _, cache = rnn_cell(q["x"], q["h_prev"], q["W_x"], q["W_h"], np.zeros(H))
    return by_name(STEP, rnn_cell_backward(q["d_h"], (*cache[:2], q["h"])))


def _sequence(rng, rung, variant):
    T, B = STEPS_AND_ROWS[rung]
    x, h_0 = normal(rng, (T, B, E), (B, H))
    return {"x": x, "h_0": h_0} | _weights(rng)


def _states(q):
    h, states, caches = q["h_0"], [], []
    for x in q["x"]:
        h, cache = rnn_cell(x, h, q["W_x"], q["W_h"], q["b"])
        states.append(h)
        caches.append(cache)
    return np.stack(states), caches


def _backward(rng, rung, variant):
    q = _sequence(rng, rung, variant)
    h, _ = _states(q)
    del q["b"]
    q = {"d_h": normal(rng, h.shape), "d_h_n": normal(rng, h[0].shape), "h": h} | q
    return absent(rng, rung, q, ["d_h"], ["d_h_n"])


def _right_backward(q, variant):
    T = len(q["x"])
    d_next = np.zeros_like(q["h_0"]) if q["d_h_n"] is None else q["d_h_n"]
    d_x, sums = np.zeros_like(q["x"]), 0
    for t in reversed(range(T)):
        h_prev = q["h"][t - 1] if t else q["h_0"]
        d_h = d_next if q["d_h"] is None else d_next + q["d_h"][t]
        step = {"d_h": d_h, "h": q["h"][t], "x": q["x"][t], "h_prev": h_prev, "W_x": q["W_x"], "W_h": q["W_h"]}
        d_x[t], d_next, *d_weights = _right_step_backward(step, variant).values()
        sums = [a + b for a, b in zip(sums or [0, 0, 0], d_weights, strict=True)]
    return by_name(OVER_TIME, (d_x, d_next, *sums))


PRODUCTS = (
    Fault("bias-not-summed", "d_a.sum(axis=0)", "d_a[-1]",
          "∂L/∂b is taken from one row: the bias serves every row, so all add up", "Σ_b d_a"),
    Fault("bias-mean", "d_a.sum(axis=0)", "d_a.mean(axis=0)",
          "∂L/∂b is the mean over the rows, and should be their sum", "Σ_b d_a"),
    Fault("no-transpose", "d_a @ W_h.T", "d_a @ W_h",
          "W_h is not transposed: its shape is square, so nothing complains", "d_a W_hᵀ"),
)

RNN_STEP = Task(
    "rnn_step", "D4.1", 10, (Output("h", "batch hidden"),), _step, lambda q, variant: {"h": rnn_cell(**q)[0]}, ("one", "rows"),
    faults=(
        Fault("no-tanh", "np.tanh(a)", "a", "the pre-activation is returned: tanh is missing", "tanh"),
        Fault("sigmoid", "np.tanh(a)", "1 / (1 + np.exp(-a))", "the squashing function is σ: no state is negative", "tanh"),
        Fault("no-bias", " + b", "", "the bias is missing", "b"),
        Fault("no-recurrence", "x @ W_x + h_prev @ W_h", "x @ W_x", "the old state is not read", "h_{t−1} W_h"),
        Fault("transposed", "h_prev @ W_h", "h_prev @ W_h.T", "W_h is transposed: weights are (in, out) here", "h_{t−1} W_h"),
        Fault("input-outside", "np.tanh(a)", "np.tanh(h_prev @ W_h + b) + x @ W_x",
              "the input is added after tanh", "tanh(h W_h + x W_x + b)"),
        Fault("state-added", "np.tanh(a)", "np.tanh(a) + h_prev",
              "the old state is added once more, outside tanh", "h_t = tanh(…)"),
    ),
    hints=(
        "Look at one row: which of the three terms of the sum are there?",
        "Every entry lies between −1 and 1, and depends on x, on the old state and on the bias.",
        "tanh is taken of the whole sum h_{t−1} W_h + x_t W_x + b; weights are (in, out).",
    ),
)  # fmt: skip

RNN_STEP_BACKWARD = Task(
    "rnn_step_backward", "D4.1", 15, STEP, _step_backward, _right_step_backward, ("one", "rows"),
    faults=(
        *PRODUCTS,
        Fault("no-slope", "d_h * (1 - h * h)", "d_h",
              "the slope of tanh is missing: the gradient passes as if the cell were linear", "1 − h²"),
        Fault("not-squared", "h * h)", "h)", "the slope is 1 − h: the square is missing", "1 − h²"),
        Fault("tanh-twice", "(1 - h * h)", "(1 - np.tanh(h) ** 2)",
              "tanh is applied to h again: h is its output already", "1 − h²"),
        Fault("sigmoid-slope", "(1 - h * h)", "h * (1 - h)", "this is the slope of σ", "1 − h²"),
        Fault("upstream-lost", "d_h * (1 - h * h)", "1 - h * h", "d_h is not used: this is the slope alone", "d_h ⊙ (1 − h²)"),
        Fault("new-state", "h_prev.T @ d_a", "h.T @ d_a",
              "∂L/∂W_h is made of the new state; W_h multiplied the old one", "h_prevᵀ d_a"),
        Fault("slope-missing-in-products", "d_W_h = h_prev.T @ d_a", "d_W_h = h_prev.T @ d_h",
              "∂L/∂W_h is made of d_h instead of d_a: tanh lies between", "h_prevᵀ d_a"),
        Fault("bias-of-d_h", "d_a.sum(axis=0)", "d_h.sum(axis=0)",
              "∂L/∂b is made of d_h instead of d_a: tanh lies between", "Σ_b d_a"),
        Fault("weights-mean", "x.T @ d_a", "x.T @ d_a / len(x)", "∂L/∂W_x is averaged over the rows: it is a sum", "xᵀ d_a"),
    ),
    hints=(
        "Look first at d_a, which all five results are made of; then at the one that is wrong.",
        "A gradient has the shape of what it belongs to; those of weights and bias collect a term from every row.",
        "d_a = d_h ⊙ tanh', with the slope in h; inputs get the transposed weights, weights get the transposed inputs.",
    ),
)  # fmt: skip

RNN_FORWARD = Task(
    "rnn_forward", "D4.1", 10, (Output("h", "time batch hidden", "h"),), _sequence, lambda q, variant: {"h": _states(q)[0]}, TIME,
    faults=(
        Fault("state-not-carried", "h @ W_h", "h_0 @ W_h", "every step starts from h_0: the state is not handed on", "h_{t−1}"),
        Fault("shifted", "states.append(h)", "states.insert(t, h_0 if t == 0 else last)\n    last = h",
              "the states are one step late: h_0 is among them and h_T is not", "h_1 … h_T"),
        Fault("starts-at-zero", "h = h_0", "h = 0 * h_0", "h_0 is not used: the sequence starts from zero", "h_0"),
        Fault("same-input", "x[t] @ W_x", "x[0] @ W_x", "every step reads the first input", "x_t"),
        Fault("backwards", "x[t] @ W_x", "x[-1 - t] @ W_x",
              "the inputs are read from the last to the first", "x_t for t = 1 … T"),
        Fault("no-bias", " + b)", ")", "the bias is missing", "b"),
        Fault("transposed", "h @ W_h", "h @ W_h.T", "W_h is transposed: weights are (in, out) here", "h_{t−1} W_h"),
        Fault("no-tanh", "h = np.tanh(x[t] @ W_x + h @ W_h + b)", "h = x[t] @ W_x + h @ W_h + b",
              "tanh is missing: the state is not squashed", "tanh"),
        Fault("accumulated", "h = np.tanh(", "h = h + np.tanh(",
              "each state is added to the one before instead of replacing it", "h_t ="),
    ),
    hints=(
        "Look at the first step alone, then at the second: does it know of the first?",
        "State t depends on inputs 1 … t and on h_0, and on nothing later.",
        "h_{t−1} is the state of the step before, and h_0 only for the first.",
    ),
)  # fmt: skip

RNN_BACKWARD = Task(
    "rnn_backward", "D4.1", 25, OVER_TIME, _backward, _right_backward, (*TIME, "absent"),
    faults=(
        *PRODUCTS,
        Fault("not-carried", "d_next = d_a @ W_h.T", "d_next = np.zeros_like(h_0) if t else d_a @ W_h.T",
              "right in the last step and wrong before: what step t + 1 sends to h_t is not added", "d_a_{t+1} W_hᵀ"),
        Fault("loss-overwrites", "d = d_next + d_h[t]", "d = d_h[t]",
              "only what the loss sends to h_t is used: what comes from step t + 1 is dropped",
              "(from the loss) + (from step t + 1)"),
        Fault("last-state-lost", "d_next = d_h_n", "d_next = 0 * d_h_n",
              "what reaches the last state besides is not used", "d_h_n"),
        Fault("loss-at-last-step-only", "d = d_next + d_h[t]", "d = d_next + (d_h[t] if t == T - 1 else 0)",
              "what the loss sends to the states is used in the last step only", "d_h[t]"),
        Fault("no-slope", "d * (1 - h[t] * h[t])", "d", "the slope of tanh is missing", "1 − h_t²"),
        Fault("old-state-slope", "(1 - h[t] * h[t])", "(1 - h_prev * h_prev)", "the slope is taken at the old state", "1 − h_t²"),
        Fault("new-state", "h_prev.T @ d_a", "h[t].T @ d_a",
              "∂L/∂W_h pairs d_a_t with h_t; W_h multiplied h_{t−1}", "h_{t−1}ᵀ d_a_t"),
        Fault("h_0-forgotten", "else h_0", "else 0 * h_0",
              "the first step's old state is taken for zero in ∂L/∂W_h", "h_0ᵀ d_a_1"),
        Fault("W_x-overwritten", "d_W_x += ", "d_W_x = ",
              "∂L/∂W_x is that of the first step only: the steps' terms are not added", "Σ_t"),
        Fault("W_h-overwritten", "d_W_h += ", "d_W_h = ",
              "∂L/∂W_h is that of the first step only: the steps' terms are not added", "Σ_t"),
        Fault("b-overwritten", "d_b += ", "d_b = ",
              "∂L/∂b is that of the first step only: the steps' terms are not added", "Σ_t"),
        Fault("carried-without-slope", "d_next = d_a @ W_h.T", "d_next = d @ W_h.T",
              "what goes to step t − 1 has not passed tanh: right in the last step only", "d_a_t W_hᵀ"),
        Fault("carried-without-W", "d_next = d_a @ W_h.T", "d_next = d_a",
              "what goes to step t − 1 is not multiplied by W_hᵀ", "d_a_t W_hᵀ"),
        Fault("forwards", "reversed(range(T))", "range(T)",
              "time runs forwards: the gradients start at the first step", "from t = T down to 1"),
        Fault("mean-over-time", "return d_x, d_next, d_W_x, d_W_h, d_b", "return d_x, d_next, d_W_x / T, d_W_h / T, d_b / T",
              "the weights' gradients are averaged over the steps: they are sums", "Σ_t"),
    ),
    hints=(
        "Look at the last step alone; then at the one before it, which hears from the loss and from the last step.",
        "A state has two readers, so two gradients arrive at it; a weight is used in every step, so it collects from every step.",
        "d_a_t W_hᵀ goes to h_{t−1}; h_{t−1}ᵀ d_a_t goes to W_h, with h_0 in the first step.",
    ),
)  # fmt: skip

LAB = Lab("The vanilla recurrent cell", (RNN_STEP, RNN_STEP_BACKWARD, RNN_FORWARD, RNN_BACKWARD))

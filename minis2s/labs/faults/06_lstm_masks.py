"""Lab 6, sequences of unequal length: what is asked, what is right, the mistakes that are known, and the two conventions."""

import numpy as np

from minis2s.labs.faults import cells
from minis2s.labs.faults.cells import CELLS
from minis2s.labs.faults.drawing import (
    COUNTED,
    STEPS_AND_ROWS,
    TIME,
    E,
    H,
    absent,
    by_name,
    gradient,
    in_turn,
    mask_of,
    normal,
    weights,
)
from minis2s.labs.spec import Fault, Lab, Output, Task, Variant

CELL, BLOCKS = CELLS["ifog"], {"gates": tuple("ifog")}
FORWARD = Output("h", "time batch hidden", "h"), Output("h_n", "batch hidden", "h_n"), Output("c_n", "batch hidden", "c_n")
BACKWARD = (
    gradient("x", "time batch in"), gradient("h_0", "batch hidden"), gradient("c_0", "batch hidden"),
    gradient("W_x", "in gates"), gradient("W_h", "from gates"), gradient("b", "gates"),
)  # fmt: skip


def _mean_inputs(rng, rung, variant):
    T, B = STEPS_AND_ROWS["padding" if rung == "extreme" else rung]
    mask = mask_of(rng, "padding" if rung == "extreme" else rung, T, B)
    h = normal(rng, (T, B, H))
    return {"h": np.where(mask[..., None], h, in_turn(rng, np.nan, np.inf)) if rung == "extreme" else h, "mask": mask}


def _sequence(rng, rung, variant):
    T, B = STEPS_AND_ROWS[rung]
    x, h_0, c_0 = normal(rng, (T, B, E), (B, H), (B, H))
    W_x, W_h, b = weights(rng, (E, 4 * H), (H, 4 * H), (4 * H,))
    return {"x": x, "mask": mask_of(rng, rung, T, B), "h_0": h_0, "c_0": c_0, "W_x": W_x, "W_h": W_h, "b": b}


def _forward(q, variant):
    """(outputs, what each step's gradient needs)."""
    state, steps, outputs = (q["h_0"], q["c_0"]), [], []
    for x, mask in zip(q["x"], q["mask"], strict=True):
        new, values = cells.step(x, *state, q["W_x"], q["W_h"], q["b"], CELL)
        steps.append((x, *state, values, new.c))
        state = [np.where(mask[:, None], after, before) for after, before in zip(new, state, strict=True)]
        outputs.append(state[0] if variant["padding"] == "held" else np.where(mask[:, None], state[0], 0))
    return by_name(FORWARD, (np.stack(outputs), *state)), steps


def _gradients(rng, rung, variant):
    q = _sequence(rng, rung, variant)
    T, B = q["mask"].shape
    d_h, d_h_n, d_c_n = normal(rng, (T, B, H), (B, H), (B, H))
    return absent(rng, rung, {"d_h": d_h, "d_h_n": d_h_n, "d_c_n": d_c_n} | q, ["d_h", "d_c_n"], ["d_h_n"])


def _backward(q, variant):
    _, steps = _forward(q, variant)
    d_h_next, d_c = (np.zeros_like(q["h_0"]) if q[name] is None else q[name] for name in ("d_h_n", "d_c_n"))
    d_x, sums = np.zeros_like(q["x"]), [0, 0, 0]
    for t, step in reversed(list(enumerate(steps))):
        real = q["mask"][t][:, None]
        d_h = d_h_next if q["d_h"] is None else d_h_next + q["d_h"][t]
        kept = d_h if variant["padding"] == "held" else d_h_next
        # A linear map: rows that receive no gradient send none on.
        back = cells.step_backward(np.where(real, d_h, 0), np.where(real, d_c, 0), *step, q["W_x"], q["W_h"], CELL)
        d_x[t], d_h_prev, d_c_prev, *d_weights = back
        d_h_next, d_c = np.where(real, d_h_prev, kept), np.where(real, d_c_prev, d_c)
        sums = [a + b for a, b in zip(sums, d_weights, strict=True)]
    return by_name(BACKWARD, (d_x, d_h_next, d_c, *sums))


MEAN = Task(
    "masked_mean", "D3.6", 10, (Output("m", "batch hidden", "m"),), _mean_inputs,
    lambda q, variant: {"m": np.nanmean(np.where(q["mask"][..., None], q["h"], np.nan), axis=0)}, (*TIME, "padding", "extreme"),
    faults=(
        Fault("product", "np.where(mask[..., None], h, 0)", "mask[..., None] * h",
              "padding is multiplied by zero instead of left out: NaN · 0 is NaN", "“select, do not multiply”"),
        Fault("mask-ignored", "np.where(mask[..., None], h, 0)", "h", "padding is in the sum", "Σ_t mask_tb h_tb"),
        Fault("divided-by-T", "mask.sum(axis=0)[:, None].astype(h.dtype)", "len(mask)",
              "divided by all steps, padding included", "Σ_t mask_tb"),
        Fault("divided-by-all", "mask.sum(axis=0)[:, None].astype(h.dtype)", "mask.sum()",
              "divided by the tokens of the whole batch, not of the sequence", "Σ_t mask_tb"),
        Fault("sum", " / mask.sum(axis=0)[:, None].astype(h.dtype)", "",
              "this is the sum: it is not divided by the number of tokens", "Σ_t mask_tb"),
        Fault("last-step", "tokens.sum(axis=0)", "tokens[-1]", "only the last step is taken", "Σ_t"),
    ),
    tolerance=COUNTED,
    hints=(
        "Look at a batch without padding, then at one with it.",
        "What stands at padding, even NaN, must not be seen; each sequence is divided by its own length.",
        "The numerator selects, the denominator counts the mask along time.",
    ),
)  # fmt: skip

LSTM_FORWARD = Task(
    "lstm_forward", "D3.6", 20, FORWARD, _sequence, lambda q, variant: _forward(q, variant)[0], (*TIME, "padding"),
    faults=(
        Fault("mask-ignored-in-h", "h = np.where(real, h_new, h)", "h = h_new",
              "the hidden state runs on over padding", "“h is kept”"),
        Fault("mask-ignored-in-c", "c = np.where(real, c_new, c)", "c = c_new",
              "the cell state runs on over padding", "“c is kept”"),
        Fault("state-zeroed", "h = np.where(real, h_new, h)", "h = np.where(real, h_new, 0)",
              "the hidden state is set to zero at padding instead of kept: h_n is lost", "“h is kept”"),
        Fault("cell-zeroed", "c = np.where(real, c_new, c)", "c = np.where(real, c_new, 0)",
              "the cell state is set to zero at padding instead of kept: c_n is lost", "“c is kept”"),
        Fault("output-not-masked", "outputs.append(np.where(real, h_new, 0))", "outputs.append(h_new)",
              "the output at padding is what the cell makes of the padding", "“the output is zero”"),
        Fault("output-held", "outputs.append(np.where(real, h_new, 0))", "outputs.append(np.where(real, h_new, h))",
              "the output at padding repeats the last state: it should be zero", "“the output is zero”"),
        Fault("inverted", "real = mask[t][:, None]", "real = ~mask[t][:, None]",
              "the mask is read the wrong way: True is a token", "mask_tb"),
        Fault("h_0-forgotten", "h, c = h_0, c_0", "h, c = 0 * h_0, c_0", "h_0 is not used: the sequence starts from zero", "h_0"),
        Fault("c_0-forgotten", "h, c = h_0, c_0", "h, c = h_0, 0 * c_0", "c_0 is not used: the sequence starts from zero", "c_0"),
        Fault("next-mask", "real = mask[t][:, None]", "real = mask[min(t + 1, len(mask) - 1)][:, None]",
              "the mask of the next step is used: the last token of a sequence is lost", "mask_tb at the same t"),
        Fault("previous-mask", "real = mask[t][:, None]", "real = mask[max(t - 1, 0)][:, None]",
              "the mask of the step before is used: the first padding is taken for a token", "mask_tb at the same t"),
    ),
    hints=(
        "Without padding first; then look at a sequence with one token: what are its h_n and c_n?",
        "At padding nothing happens to the two states, and the output is fixed: h_n is the state after the last token.",
        "Three things are selected by the mask at each step: the output, h and c.",
    ),
)  # fmt: skip

LSTM_BACKWARD = Task(
    "lstm_backward", "D3.6", 30, BACKWARD, _gradients, _backward, (*TIME, "padding", "absent"), BLOCKS,
    faults=(
        Fault("weights-not-masked", "d_a = np.where(real, d_a, 0)", "d_a = d_a",
              "the weights hear of padding: their gradients contain it", "“no weight”"),
        Fault("d_x-not-masked", "d_x[t] = np.where(real, d_x_t, 0)", "d_x[t] = d_x_t",
              "padded inputs get a gradient", "d_x[t] is zero"),
        Fault("h-blocked", "d_h_next = np.where(real, d_h_prev, d_h_next)", "d_h_next = np.where(real, d_h_prev, 0)",
              "what arrives at h_n stops at padding instead of passing by: short sequences get nothing", "“goes on as it is”"),
        Fault("c-blocked", "d_c_next = np.where(real, d_c_prev, d_c_next)", "d_c_next = np.where(real, d_c_prev, 0)",
              "what arrives at c_n stops at padding instead of passing by: short sequences get nothing", "“goes on as it is”"),
        Fault("h-through-padding", "d_h_next = np.where(real, d_h_prev, d_h_next)", "d_h_next = d_h_prev",
              "the gradient of h is sent through the cell at padding too", "“goes on as it is”"),
        Fault("c-through-padding", "d_c_next = np.where(real, d_c_prev, d_c_next)", "d_c_next = d_c_prev",
              "the gradient of c is sent through the cell at padding too", "“goes on as it is”"),
        Fault("output-gradient-at-padding", "d_h_next = np.where(real, d_h_prev, d_h_next)",
              "d_h_next = np.where(real, d_h_prev, d_h_t)",
              "what the loss sends to padded outputs goes on to the state: these outputs are constants", "d_h[t] is ignored"),
        Fault("c-not-carried", "d_c_next = np.where(real, d_c_prev, d_c_next)",
              "d_c_next = np.where(real, 0 * d_c_prev, d_c_next)",
              "right in the last step and wrong before: the gradient through c_{t−1} is not carried", "d_c_prev"),
        Fault("h-not-carried", "d_h_next = np.where(real, d_h_prev, d_h_next)",
              "d_h_next = np.where(real, d_h_prev * (t == 0), d_h_next)",
              "right in the last step and wrong before: the gradient through h_{t−1} is not carried", "d_h_prev"),
        Fault("d_h_n-lost", "d_h_next = d_h_n", "d_h_next = 0 * d_h_n",
              "what arrives at the last hidden state is not used", "d_h_n"),
        Fault("d_c_n-lost", "d_c_next = d_c_n", "d_c_next = 0 * d_c_n",
              "what arrives at the last cell state is not used", "d_c_n"),
        Fault("loss-overwrites", "d_h_t = d_h_next + d_h[t]", "d_h_t = d_h[t]",
              "only what the loss sends to h_t is used: what step t + 1 sends is dropped", "d_h[t] + …"),
        Fault("W_x-overwritten", "d_W_x += ", "d_W_x = ",
              "∂L/∂W_x is that of the first step only: the steps' terms are not added", "Σ_t"),
        Fault("W_h-overwritten", "d_W_h += ", "d_W_h = ",
              "∂L/∂W_h is that of the first step only: the steps' terms are not added", "Σ_t"),
        Fault("b-overwritten", "d_b += ", "d_b = ",
              "∂L/∂b is that of the first step only: the steps' terms are not added", "Σ_t"),
        Fault("new-state", "h_prev.T @ d_a", "caches[min(t + 1, T - 1)][1].T @ d_a",
              "∂L/∂W_h pairs d_a_t with h_t; W_h multiplied h_{t−1}", "h_{t−1}ᵀ d_a_t"),
        Fault("inverted", "d_a = np.where(real, d_a, 0)", "d_a = np.where(real, 0, d_a)",
              "the weights hear of padding only", "“no weight”"),
    ),
    hints=(
        "Without padding first; then look at a sequence with one token in a long batch.",
        "At a padded step the forward pass hands h and c on, so the backward pass hands on their gradients; no other gets any.",
        "Selected by the mask: d_a for the weights, d_x, and for d_h and d_c what goes to the step before.",
    ),
)  # fmt: skip

IGNORED = """At padding, d_h[t] is ignored (the output is a constant there), d_x[t] is zero, and
    what arrives at h and c goes on to the step before as it is."""
PASSED_ON = """At padding, d_x[t] is zero, and what arrives at h, d_h[t] among
    it, and at c goes on to the step before as it is."""
OUTPUT, STATE = "outputs.append(np.where(real, h_new, 0))\n", "h = np.where(real, h_new, h)\n"
HELD = (
    ("kept, the output is zero)", "kept, the output repeats it)"),
    ("and its output is zero.", "and its output repeats h."),
    ("(T, B, H), zero at padding;", "(T, B, H), at padding the kept state;"),
    (IGNORED, PASSED_ON),
    (f"{OUTPUT}        {STATE}", f"{STATE}        outputs.append(h)\n"),
    ("d_h_next = np.where(real, d_h_prev, d_h_next)", "d_h_next = np.where(real, d_h_prev, d_h_t)"),
    ("[0.1721, 0.    ]", "[0.1721, 0.1131]"),
)
LAB = Lab("Sequences of unequal length", (MEAN, LSTM_FORWARD, LSTM_BACKWARD), (Variant("padding", {"zero": (), "held": HELD}),))

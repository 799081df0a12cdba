"""Lab 7, the GRU: what is asked, what is right, and the mistakes that are known."""

import numpy as np

from minis2s.equations.gru import GRUGates, gru_cell, gru_cell_backward
from minis2s.labs.faults.drawing import STEPS_AND_ROWS, TIME, E, H, absent, by_name, gradient, mask_of, normal, weights
from minis2s.labs.spec import Fault, Lab, Output, Task

BLOCKS = {"gates": ("r", "z", "n")}
STEP = (
    gradient("x", "batch in"), gradient("h_prev", "batch hidden"), gradient("W_x", "in gates"), gradient("W_h", "from gates"),
    gradient("b", "gates"), gradient("b_h", "gates"),
)  # fmt: skip
OVER_TIME = gradient("a", "time batch gates"), gradient("h_0", "batch hidden"), STEP[3], STEP[5]


def _sequence(rng, rung, variant):
    T, B = STEPS_AND_ROWS[rung]
    x, h_0 = normal(rng, (T, B, E), (B, H))
    W_x, W_h, b, b_h = weights(rng, (E, 3 * H), (H, 3 * H), (3 * H,), (3 * H,))
    return {"x": x, "mask": mask_of(rng, rung, T, B), "h_0": h_0, "W_x": W_x, "W_h": W_h, "b": b, "b_h": b_h}


def _step(rng, rung, variant):
    q = _sequence(rng, rung, variant)
    del q["mask"]
    return {"x": q.pop("x")[0], "h_prev": q.pop("h_0")} | q


def _parts(cache):
    """r, z, n and u_n of a step's cache."""
    (r, z), (_, u_n), n, _ = cache[2]
    return {"r": r, "z": z, "n": n, "u_n": u_n}


def _step_backward(rng, rung, variant):
    q = _step(rng, rung, variant)
    h, cache = gru_cell(**q)
    return {"d_h": normal(rng, h.shape)} | {n: q[n] for n in ("x", "h_prev")} | _parts(cache) | {n: q[n] for n in ("W_x", "W_h")}


def _right_step_backward(q, variant):
    r, z, n, u_n, h_prev = (q[name] for name in ("r", "z", "n", "u_n", "h_prev"))
    bias = (3 * H,)
    cache = (q["x"], q["W_x"], bias), (h_prev, q["W_h"], bias), (GRUGates(r, z), (r, u_n), n, (z, n, h_prev))
    return by_name(STEP, gru_cell_backward(q["d_h"], cache))


def _states(q, variant):
    h, outputs = q["h_0"], []
    for x, mask in zip(q["x"], q["mask"], strict=True):
        h = np.where(mask[:, None], gru_cell(x, h, q["W_x"], q["W_h"], q["b"], q["b_h"])[0], h)
        outputs.append(np.where(mask[:, None], h, 0))
    return {"h": np.stack(outputs), "h_n": h}


def _backward(rng, rung, variant):
    q = _sequence(rng, rung, variant)
    h, steps = q["h_0"], []
    for x in q["x"]:
        h, cache = gru_cell(x, h, q["W_x"], q["W_h"], q["b"], q["b_h"])
        steps.append(_parts(cache) | {"h": h})
    parts = {name: np.stack([step[name] for step in steps]) for name in steps[0]}
    d_h, d_h_n = normal(rng, parts["h"].shape, h.shape)
    q = {"d_h": d_h, "d_h_n": d_h_n, "h_0": q["h_0"]} | parts | {"W_h": q["W_h"]}
    return absent(rng, rung, q, ["d_h"], ["d_h_n"])


def _right_backward(q, variant):
    T, B, _ = q["h"].shape
    d_next = np.zeros_like(q["h_0"]) if q["d_h_n"] is None else q["d_h_n"]
    d_a, d_W_h, d_b_h = np.zeros((T, B, 3 * H)), 0, 0
    for t in reversed(range(T)):
        step = {name: q[name][t] for name in ("r", "z", "n", "u_n")} | {"h_prev": q["h"][t - 1] if t else q["h_0"]}
        # With the identity for x's weights, the gradient of x is that of the pre-activation.
        step |= {"d_h": d_next if q["d_h"] is None else d_next + q["d_h"][t], "W_h": q["W_h"], "x": d_a[t], "W_x": np.eye(3 * H)}
        d = _right_step_backward(step, variant)
        d_a[t], d_next, d_W_h, d_b_h = d["d_x"], d["d_h_prev"], d_W_h + d["d_W_h"], d_b_h + d["d_b_h"]
    return by_name(OVER_TIME, (d_a, d_next, d_W_h, d_b_h))


def _cell(h, new):
    """Mistakes in a step that computes `new` from the old state `h`."""
    update = f"{new} = (1 - z) * n + z * {h}"
    return (
        Fault("z-inverted", update, f"{new} = z * n + (1 - z) * {h}",
              "z is read the other way: near 1 it keeps the old state", "(1 − z) ⊙ n + z ⊙ h_{t−1}"),
        Fault("not-a-mean", update, f"{new} = n + z * {h}",
              "the candidate is not weighted: the two shares do not sum to one", "(1 − z) ⊙ n"),
        Fault("no-old-state", update, f"{new} = (1 - z) * n", "the old state is not kept at all", "z ⊙ h_{t−1}"),
        Fault("reset-before", "n = np.tanh(a_n + r * u_n)",
              f"n = np.tanh(a_n + (r * {h}) @ W_h[:, 2 * r.shape[-1] :] + b_h[2 * r.shape[-1] :])",
              "the reset gate acts on the old state before the product (Cho's form); here it acts on the product", "r ⊙ u_n"),
        Fault("no-reset", "n = np.tanh(a_n + r * u_n)", "n = np.tanh(a_n + u_n)",
              "the reset gate is missing in the candidate", "r ⊙ u_n"),
        Fault("reset-everything", "n = np.tanh(a_n + r * u_n)", "n = np.tanh(r * (a_n + u_n))",
              "the reset gate acts on the input's part too", "a_n + r ⊙ u_n"),
        Fault("candidate-sigmoid", "n = np.tanh(a_n + r * u_n)", "n = sigmoid(a_n + r * u_n)",
              "the candidate is squashed by σ: it is never negative", "tanh"),
        Fault("r-and-z-swapped", "u_r, u_z, u_n =", "u_z, u_r, u_n =",
              "the blocks r and z of the old state's product are exchanged", "“the order r, z, n”"),
        Fault("r-and-z-swapped-everywhere", "r = sigmoid(a_r + u_r)\nz = sigmoid(a_z + u_z)",
              "z = sigmoid(a_r + u_r)\nr = sigmoid(a_z + u_z)",
              "the blocks of r and z are exchanged", "“the order r, z, n”"),
        Fault("no-b_h", " + b_h", "", "the second bias is missing: it belongs to the old state's product", "b_h"),
        Fault("gate-of-input-only", "z = sigmoid(a_z + u_z)", "z = sigmoid(a_z)",
              "the update gate does not see the old state", "a_z + u_z"),
    )  # fmt: skip


def _in_loop(faults):
    return tuple(
        Fault(f.name, f.old.replace("\n", "\n    "), f.new.replace("\n", "\n    "), f.says, f.term) for f in faults
    )


GRU_STEP = Task(
    "gru_step", "D0.9", 15, (Output("h", "batch hidden"),), _step, lambda q, variant: {"h": gru_cell(**q)[0]}, ("one", "rows"),
    faults=_cell("h_prev", "h"),
    hints=(
        "Look at the candidate n before the mean.",
        "The new state lies between the candidate and the old state, entry by entry; z near 1 leaves it as it was.",
        "r multiplies the old state's product with its bias, and nothing else; z weighs the old state, 1 − z the candidate.",
    ),
)  # fmt: skip

BACK = (
    Fault("z-gets-sum", "(h_prev - n)", "(h_prev + n)",
          "block z is wrong: z weighs h against n, so their difference counts", "h_{t−1} − n"),
    Fault("z-sign", "(h_prev - n)", "(n - h_prev)", "block z has the wrong sign", "h_{t−1} − n"),
    Fault("z-without-slope", " * z * (1 - z)\n", "\n", "block z is wrong: the slope of σ is missing", "z (1 − z)"),
    Fault("r-without-slope", "d_a_n * u_n * r * (1 - r)", "d_a_n * u_n",
          "block r is wrong: the slope of σ is missing", "r (1 − r)"),
    Fault("r-gets-state", "d_a_n * u_n * r", "d_a_n * h_prev * r",
          "block r is wrong: r multiplied the product u_n, not the old state", "u_n"),
    Fault("old-state-past-z-lost", "d_h * z + d_u @ W_h.T", "d_u @ W_h.T",
          "h_{t−1} is reached through the products only: the way past the update gate is missing", "d_h ⊙ z"),
    Fault("old-state-by-product-lost", "d_h * z + d_u @ W_h.T", "d_h * z",
          "h_{t−1} is reached past the update gate only: the way through the product is missing", "d_u W_hᵀ"),
    Fault("old-state-share", "d_h * z + d_u", "d_h * (1 - z) + d_u", "the share of the old state is z, not 1 − z", "d_h ⊙ z"),
    Fault("product-of-d_a", "+ d_u @ W_h.T", "+ d_a @ W_h.T",
          "the way back through the old state's product forgets the reset gate", "d_u, not d_a"),
    Fault("W_h-of-d_a", "h_prev.T @ d_u", "h_prev.T @ d_a", "∂L/∂W_h forgets the reset gate in block n", "d_u, not d_a"),
    Fault("b_h-is-b", "d_u.sum(axis=0)", "d_a.sum(axis=0)",
          "∂L/∂b_h is taken for ∂L/∂b: they differ in block n, by the reset gate", "d_u, not d_a"),
    Fault("n-share", "d_n = d_h * (1 - z)", "d_n = d_h * z", "the share of the candidate is 1 − z", "d_h ⊙ (1 − z)"),
    Fault("n-without-slope", "d_n * (1 - n * n)", "d_n", "the slope of tanh is missing in the candidate", "1 − n²"),
    Fault("n-reset-lost", "d_u_n = d_a_n * r", "d_u_n = d_a_n",
          "the reset gate is missing on the way to the old state's product", "d_a_n ⊙ r"),
    Fault("b-one-row", "d_b = d_a.sum(axis=0)", "d_b = d_a[-1]",
          "∂L/∂b is taken from one row: the bias serves every row, so all add up", "Σ_b"),
    Fault("b-mean", "d_b = d_a.sum(axis=0)", "d_b = d_a.mean(axis=0)",
          "∂L/∂b is the mean over the rows, and should be their sum", "Σ_b"),
    Fault("r-and-z-swapped", "d_a = np.concatenate([d_a_r, d_a_z,", "d_a = np.concatenate([d_a_z, d_a_r,",
          "the blocks r and z are exchanged in d_a", "“the order r, z, n”"),
)  # fmt: skip
GRU_STEP_BACKWARD = Task(
    "gru_step_backward", "D0.9", 25, STEP, _step_backward, _right_step_backward, ("one", "rows"), BLOCKS, faults=BACK,
    hints=(
        "∂L/∂b shows d_a and ∂L/∂b_h shows d_u, block by block; only block n of the two differs.",
        "h_{t−1} reaches the loss on two ways, past the update gate and through its product, which add.",
        "In block n the reset gate stands between: d_u_n = r ⊙ d_a_n. The products of h_{t−1} go with d_u, those of x with d_a.",
    ),
)  # fmt: skip

GRU_FORWARD = Task(
    "gru_forward", "D0.9", 15, (Output("h", "time batch hidden", "h"), Output("h_n", "batch hidden", "h_n")), _sequence, _states,
    (*TIME, "padding"),
    faults=(
        *_in_loop(_cell("h", "h_new")),
        Fault("not-carried", "h @ W_h", "h_0 @ W_h",
              "right in the first step and wrong after: the gates read h_0 in every step", "h_{t−1}"),
        Fault("kept-from-start", "z * h\n", "z * h_0\n",
              "right in the first step and wrong after: z keeps h_0, not the state before", "z ⊙ h_{t−1}"),
        Fault("mask-ignored", "h = np.where(real, h_new, h)", "h = h_new", "the state runs on over padding", "“keeps its state”"),
        Fault("state-zeroed", "h = np.where(real, h_new, h)", "h = np.where(real, h_new, 0)",
              "the state is set to zero at padding", "“keeps its state”"),
        Fault("output-not-masked", "outputs.append(np.where(real, h_new, 0))", "outputs.append(h_new)",
              "the output at padding is not zero", "“its output is zero”"),
        Fault("output-held", "outputs.append(np.where(real, h_new, 0))", "outputs.append(np.where(real, h_new, h))",
              "the output at padding repeats the last state: it should be zero", "“its output is zero”"),
        Fault("h_0-forgotten", "h = h_0\n", "h = 0 * h_0\n", "h_0 is not used: the sequence starts from zero", "h_0"),
    ),
    hints=(
        "Look at one step, then at two, then at padding.",
        "The state is handed on; at padding it stays as it is, and the output is zero.",
        "h_{t−1} is read twice: by the product and by the mean.",
    ),
)  # fmt: skip

GRU_BACKWARD = Task(
    "gru_backward", "D0.9", 25, OVER_TIME, _backward, _right_backward, (*TIME, "absent"), BLOCKS,
    faults=(
        Fault("past-z-lost", "d_next = d * z[t] + d_u @ W_h.T", "d_next = d_u @ W_h.T",
              "h_{t−1} is reached through the products only: the way past the update gate is missing", "d ⊙ z"),
        Fault("product-lost", "d_next = d * z[t] + d_u @ W_h.T", "d_next = d * z[t]",
              "h_{t−1} is reached past the update gate only: the way through the product is missing", "d_u W_hᵀ"),
        Fault("not-carried", "d_next = d * z[t] + d_u @ W_h.T", "d_next = (d * z[t] + d_u @ W_h.T) * (t == 0)",
              "right in the last step and wrong before: nothing is carried to step t − 1", "d_h_prev"),
        Fault("loss-overwrites", "d = d_next + d_h[t]", "d = d_h[t]",
              "only what the loss sends to h_t is used: what step t + 1 sends is dropped", "d_h[t] + …"),
        Fault("loss-at-last-step-only", "d = d_next + d_h[t]", "d = d_next + (d_h[t] if t == T - 1 else 0)",
              "what the loss sends to the states is used in the last step only", "d_h[t]"),
        Fault("last-state-lost", "d_next = d_h_n", "d_next = 0 * d_h_n",
              "what reaches the last state besides is not used", "d_h_n"),
        Fault("h_0-forgotten", "else h_0", "else 0 * h_0", "the first step's old state is taken for zero", "h_0"),
        Fault("new-state", "h_prev.T @ d_u", "h[t].T @ d_u",
              "∂L/∂W_h pairs d_u_t with h_t; W_h multiplied h_{t−1}", "h_{t−1}ᵀ d_u_t"),
        Fault("W_h-overwritten", "d_W_h += ", "d_W_h = ",
              "∂L/∂W_h is that of the first step only: the steps' terms are not added", "Σ_t"),
        Fault("b_h-overwritten", "d_b_h += ", "d_b_h = ",
              "∂L/∂b_h is that of the first step only: the steps' terms are not added", "Σ_t"),
        Fault("reset-lost", "d_a_n * r[t]], axis", "d_a_n], axis",
              "the reset gate is missing in d_u: d_u and d_a are taken for the same", "d_a_n ⊙ r"),
        Fault("z-sign", "(h_prev - n[t])", "(n[t] - h_prev)", "block z has the wrong sign", "h_{t−1} − n"),
        Fault("n-share", "d * (1 - z[t]) * (1 - n[t] * n[t])", "d * z[t] * (1 - n[t] * n[t])",
              "the share of the candidate is 1 − z", "d ⊙ (1 − z)"),
        Fault("n-without-slope", " * (1 - n[t] * n[t])", "", "the slope of tanh is missing in the candidate", "1 − n²"),
        Fault("r-without-slope", "u_n[t] * r[t] * (1 - r[t])", "u_n[t]",
              "block r is wrong: the slope of σ is missing", "r (1 − r)"),
        Fault("forwards", "reversed(range(T))", "range(T)",
              "time runs forwards: the gradients start at the first step", "from t = T down to 1"),
    ),
    hints=(
        "Look at the last step alone, then at the one before it.",
        "What goes to step t − 1 is the sum of two ways, past the update gate and through the product.",
        "d_next = d ⊙ z + d_u W_hᵀ; weights collect h_{t−1}ᵀ d_u from every step, with h_0 in the first.",
    ),
)  # fmt: skip

LAB = Lab("The gated recurrent unit", (GRU_STEP, GRU_STEP_BACKWARD, GRU_FORWARD, GRU_BACKWARD))

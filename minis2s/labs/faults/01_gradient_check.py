"""Lab 1, checking a gradient: what is asked, what is right, and the mistakes that are known."""

import numpy as np

from minis2s.equations.activations import tanh
from minis2s.labs.faults.drawing import normal
from minis2s.labs.spec import Fault, Lab, Output, Task

SHAPES = {"one": (1, 1), "rows": (4, 1), "many": (3, 2)}


def _point(rng, rung, h):
    x, w = normal(rng, SHAPES[rung], SHAPES[rung])
    return {"x": x, "w": w, "h": h}


def _central(q, variant):
    """In closed form: the quadratic part's difference is exact, tanh's is taken from its values."""
    above, below = tanh(q["x"] + q["h"])[0], tanh(q["x"] - q["h"])[0]
    return {"gradient": q["w"] * (above - below) / (2 * q["h"]) + q["w"] * (q["w"] * q["x"]).sum()}


def _complex(q, variant):
    """With a tiny step this is the true gradient; the quadratic part is exact with any."""
    y, _ = tanh(q["x"] + 1j * q["h"])
    return {"gradient": q["w"] * y.imag / q["h"] + q["w"] * (q["w"] * q["x"]).sum()}


def _pair(rng, rung, variant):
    a, n = normal(rng, SHAPES.get(rung, (3, 2)), SHAPES.get(rung, (3, 2)))
    if rung == "extreme":
        return {"a": 0 * a, "n": 0 * n}
    return {"a": a, "n": n} if rung == "many" else {"a": a, "n": a + 0.3 * n}


def _relative_error(q, variant):
    a, n = q["a"].reshape(-1), q["n"].reshape(-1)
    size = max(np.linalg.norm(a), np.linalg.norm(n))
    return {"error": np.linalg.norm(a - n) / size if size else 0.0}


CENTRAL = Task(
    "central_difference",
    "",
    10,
    (Output("gradient", "batch entry", "∂L/∂x"),),
    lambda rng, rung, variant: _point(rng, rung, 0.3),
    _central,
    ("one", "rows", "many"),
    faults=(
        Fault(
            "one-sided",
            "below = loss(moved, w)",
            "below = loss(x, w)\n    above, below = 2 * above, 2 * below",
            "the difference is taken to one side, L(x + h) − L(x): its error falls with h only, not with h²",
            "L(x − h e_k)",
        ),
        Fault(
            "divided-by-h",
            "(2 * h)",
            "h",
            "the difference is divided by h, but the two points are 2h apart: every entry is twice too large",
            "the denominator 2h",
        ),
        Fault("sign", "(above - below)", "(below - above)", "the lower value is not the one subtracted", "“the numerator”"),
        Fault("not-divided", " / (2 * h)", "",
              "the difference is not divided by the distance of the points", "“the denominator”"),
        Fault(
            "multiplied",
            "/ (2 * h)",
            "/ 2 * h",
            "the difference is divided by 2 and multiplied by h: ÷ 2 · h is not ÷ (2h)",
            "the denominator 2h",
        ),
        Fault(
            "not-restored",
            "below = loss(moved, w)",
            "below = loss(moved, w)\n    x = moved",
            "an entry is not put back before the next one is moved",
            "“x, except at k”",
        ),
        Fault(
            "step-from-above",
            "moved[k] = x[k] - h",
            "moved[k] = moved[k] - h",
            "the second step starts from the first one's end, x + h − h: it is no step down from x",
            "L(x − h e_k)",
        ),
        Fault(
            "all-entries-at-once",
            "moved[k] = x[k] + h\n    above = loss(moved, w)\n    moved[k] = x[k] - h",
            "moved = x + h\n    above = loss(moved, w)\n    moved = x - h",
            "all entries are moved at once, so each result is the slope along all of them together",
            "e_k",
        ),
    ),
    hints=(
        "Look at the numerator, then at the denominator, for an x with a single entry.",
        "Entry k of the result says how L changes when entry k alone moves; all the others must stand where they were.",
        "The two points are x + h e_k and x − h e_k; they are 2h apart.",
    ),
)

COMPLEX = Task(
    "complex_step",
    "",
    10,
    (Output("gradient", "batch entry", "∂L/∂x"),),
    lambda rng, rung, variant: _point(rng, rung, 0.1 if rung == "many" else 1e-20),
    _complex,
    ("one", "rows", "many"),
    faults=(
        Fault("not-divided", "above.imag / h", "above.imag", "the imaginary part is not divided by h", "“the denominator h”"),
        Fault(
            "real-step",
            "x[k] + 1j * h",
            "x[k] + h",
            "the step is real, so the result has no imaginary part",
            "ih e_k",
        ),
        Fault(
            "real-part",
            "above.imag / h",
            "above.real / h",
            "the real part is taken, which is L itself; the slope is in the imaginary part",
            "Im L",
        ),
        Fault(
            "difference",
            "above.imag / h",
            "(above - loss(x, w)).real / h",
            "the real parts are subtracted; they differ by h² only, and nothing is left of it",
            "Im L",
        ),
        Fault("sign", "1j * h", "-1j * h", "the step goes down the imaginary axis, which turns the sign", "ih e_k"),
        Fault("halved", "above.imag / h", "above.imag / (2 * h)",
              "divided by 2h, but only one step is taken", "“the denominator”"),
        Fault(
            "all-entries-at-once",
            "moved[k] = x[k] + 1j * h",
            "moved = x + 1j * h",
            "all entries are moved at once, so each result is the slope along all of them together",
            "e_k",
        ),
    ),
    hints=(
        "Look at the point at which L is taken, then at what is kept of its value.",
        "Entry k of the result says how L changes when entry k alone moves; one value of L is enough for it.",
        "L(x + ih e_k) ≈ L(x) + ih ∂L/∂x_k: which part of it holds the slope, and times what?",
    ),
)

ERROR = Task(
    "relative_error",
    "",
    10,
    (Output("error", "", "error"),),
    _pair,
    _relative_error,
    ("one", "rows", "many", "extreme"),
    faults=(
        Fault(
            "not-relative",
            "return difference / size",
            "return difference",
            "the distance is not divided by the gradients' size",
            "max(‖a‖, ‖n‖)",
        ),
        Fault(
            "sum-of-sizes",
            "size = max(np.sqrt((a**2).sum()), np.sqrt((n**2).sum()))",
            "size = np.sqrt((a**2).sum()) + np.sqrt((n**2).sum())",
            "divided by the sum of the two sizes, not by the larger",
            "max(‖a‖, ‖n‖)",
        ),
        Fault(
            "size-of-one",
            "max(np.sqrt((a**2).sum()), np.sqrt((n**2).sum()))",
            "np.sqrt((a**2).sum())",
            "divided by the size of a alone, so it is huge where a is wrongly near zero",
            "max(‖a‖, ‖n‖)",
        ),
        Fault(
            "smaller-size",
            "size = max(",
            "size = min(",
            "divided by the smaller of the two sizes",
            "max(‖a‖, ‖n‖)",
        ),
        Fault(
            "no-square-root",
            "difference = np.sqrt(((a - n) ** 2).sum())",
            "difference = ((a - n) ** 2).sum()",
            "the root of the distance is missing, but not that of the sizes",
            "‖a − n‖ = √Σ",
        ),
        Fault(
            "mean",
            "np.sqrt(((a - n) ** 2).sum())",
            "np.sqrt(((a - n) ** 2).mean())",
            "the distance is a mean over the entries, the sizes are sums",
            "Σ_k",
        ),
        Fault("signs", "((a - n) ** 2).sum()", "abs((a - n).sum()) ** 2",
              "differences of opposite signs cancel", "(a_k − n_k)²"),
        Fault(
            "zero-by-zero",
            "return 0.0",
            "return np.nan",
            "two gradients that are both zero are equal, but give 0/0",
            "0 if both are zero",
        ),
    ),
    hints=(
        "Look at the case in which both gradients are zero, and at one in which they differ much in size.",
        "The result is between 0 and 2, says nothing of the units, and is the same when a and n change places.",
        "The denominator is the larger of two norms; a norm is the root of a sum of squares.",
    ),
)

LAB = Lab("Checking a gradient", (CENTRAL, COMPLEX, ERROR))

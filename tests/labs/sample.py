"""A small lab to test the machinery with: two gates' values and their gradient, with time, rows, blocks, variants and faults."""

import numpy as np

from minis2s.equations.activations import sigmoid_slope, sigmoid_values
from minis2s.labs import source
from minis2s.labs.catalogue import vary
from minis2s.labs.spec import Fault, Lab, Output, Task, Variant

TEXT = '''"""Sample: two gates."""

import numpy as np

EVERY = 2  # given to the student


def square(x):
    """Given to the student."""
    return x * x


def gates(a):
    """y = σ(a) for the blocks i, f. a: (T, B, 2H)."""
    # BEGIN SOLUTION
    half = 0.5 * a
    y = 0.5 * (1 + np.tanh(half))
    return y
    # END SOLUTION


def gates_backward(d_y, y, b):
    """d_a = d_y ⊙ y ⊙ (1 − y), d_b = Σ d_a, for the blocks i, f; d_y may be None."""
    # BEGIN SOLUTION
    if d_y is None:
        d_y = np.zeros(y.shape)
    slope = y * (1 - y)
    d_a = d_y * slope
    return d_a, d_a.sum(axis=(0, 1))
    # END SOLUTION
'''

SIZES = {"one": (1, 1), "rows": (1, 3), "many": (4, 3), "absent": (4, 3)}
H = 2


def _inputs(rng, rung, variant):
    return {"a": rng.standard_normal((*SIZES[rung], 2 * H))}


def _expected(q, variant):
    return {"y": sigmoid_values(q["a"])}


def _inputs_backward(rng, rung, variant):
    y = sigmoid_values(rng.standard_normal((*SIZES[rung], 2 * H)))
    return {"d_y": None if rung == "absent" else rng.standard_normal(y.shape), "y": y, "b": rng.standard_normal(2 * H)}


def _expected_backward(q, variant):
    d_a = np.zeros_like(q["y"]) if q["d_y"] is None else sigmoid_slope(q["d_y"], q["y"])
    return {"d_a": d_a, "d_b": d_a.sum(axis=(0, 1))}


FAULTS = (
    Fault("no-half", "0.5 * a", "a", "the slope is that of tanh", "a/2"),
    Fault("no-one", "1 + np.tanh", "np.tanh", "the values are centred on zero", "1 + …"),
    Fault("ends-early", "    return y".strip(), "y[-1] = 0\nreturn y", "the last step is zero"),
)
FAULTS_BACKWARD = (
    Fault("no-slope", "d_y * slope", "d_y", "the slope of σ is missing", "y (1 − y)"),
    Fault("slope-of-tanh", "y * (1 - y)", "1 - y * y", "the slope is that of tanh", "y (1 − y)"),
    Fault("y-only", "y * (1 - y)", "y", "1 − y is missing", "1 − y"),
    Fault("first-step-only", "d_a.sum(axis=(0, 1))", "d_a[0].sum(axis=0)", "∂L/∂b is of the first step only", "Σ_t"),
    Fault("mean", "d_a.sum(axis=(0, 1))", "d_a.mean(axis=(0, 1))", "∂L/∂b is a mean", "Σ_t"),
    Fault("one-block", "    return d_a, ".strip(), "d_a = d_a.copy(); d_a[..., 2:] *= 2\nreturn d_a, ", "block f is doubled"),
    Fault("y-only-again", "slope = y * (1 - y)", "slope = y", "the slope is y", "1 − y"),
)
HINTS = ("Look at one entry.", "It is between 0 and 1.", "σ(a) = ½ (1 + tanh(a/2)).")
LAB = Lab(
    "Two gates",
    (
        Task("gates", "D0.1", 4, (Output("y", "time batch gates", "σ(a)"),), _inputs, _expected, ("one", "rows", "many"),
             {"gates": ("i", "f")}, FAULTS, HINTS),
        Task("gates_backward", "D0.1", 6,
             (Output("d_a", "time batch gates", "∂L/∂a"), Output("d_b", "gates", "∂L/∂b")), _inputs_backward, _expected_backward,
             ("one", "rows", "many", "absent"), lambda variant: {"gates": tuple(variant["order"])}, FAULTS_BACKWARD, HINTS),
    ),
    (Variant("order", {"if": (), "fi": (("blocks i, f", "blocks f, i"),)}),),
)  # fmt: skip

EXERCISE = vary("00_sample", LAB, TEXT, {})
RIGHT = TEXT.replace("# BEGIN SOLUTION", "").replace("# END SOLUTION", "")


def with_gates(body, more=""):
    """A submission whose `gates` has this body, and whose other function is right."""
    backward = RIGHT[RIGHT.index("def gates_backward") :]
    indented = "\n".join(f"    {line}" for line in body.split("\n"))
    return f"import numpy as np\n{more}\n\ndef gates(a):\n{indented}\n\n\n{backward}".encode("utf-8", "surrogateescape")


def with_faults(*patches):
    """The solution with patches (function, old, new)."""
    return source.patched(TEXT, [source.Patch(*patch) for patch in patches]).encode()

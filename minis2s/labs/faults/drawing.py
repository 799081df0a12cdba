"""What the specifications share: sizes for each rung of the ladder, random arrays, names of outputs."""

import numpy as np

from minis2s.labs.spec import Output

E, H = 3, 2  # embedding and hidden size; unlike each other and unlike the steps and rows below
STEPS_AND_ROWS = {
    "one": (1, 1),
    "rows": (1, 4),
    "two": (2, 4),
    "many": (5, 4),
    "padding": (5, 4),
    "absent": (5, 4),
    "extreme": (1, 4),
}
TIME = ("one", "rows", "two", "many")
# Where a sum is divided by a number of tokens: NumPy makes float64 of float32 there, and one cannot tell that it was float32.
COUNTED = 1e-6


def normal(rng, *shapes):
    """A standard normal array of this shape; a list of them for several shapes."""
    arrays = [rng.standard_normal(shape) for shape in shapes]
    return arrays if len(arrays) > 1 else arrays[0]


def weights(rng, *shapes):
    """The same, half as large: few units saturate, where float32 would keep no digit of the slope."""
    arrays = [0.5 * rng.standard_normal(shape) for shape in shapes]
    return arrays if len(arrays) > 1 else arrays[0]


def padded(rng, T, B):
    """(T, B) booleans with padding at the end: one sequence is whole, one has a single token, the others are between."""
    lengths = rng.integers(1, T + 1, B)
    lengths[:2] = T, 1
    return np.arange(T)[:, None] < rng.permutation(lengths)


def mask_of(rng, rung, T, B):
    """Padding on the rungs that have some, otherwise all True."""
    return padded(rng, T, B) if rung in ("padding", "absent") else np.ones((T, B), dtype=bool)


def in_turn(rng, *choices):
    """The draws of a rung take these in turn, so that each is asked: the number of the draw ends the generator's seed."""
    return choices[rng.bit_generator.seed_seq.entropy[-1] % len(choices)]


def absent(rng, rung, arguments, *patterns):
    """On the rung `absent` the arguments named in one of the patterns, in turn, are None."""
    if rung == "absent":
        arguments |= dict.fromkeys(in_turn(rng, *patterns))
    return arguments


def gradient(name, axes):
    """The output d_name, written ∂L/∂name."""
    return Output(f"d_{name}", axes, f"∂L/∂{name}")


def by_name(outputs, values):
    """{output's name: value} of values in the outputs' order."""
    return dict(zip((output.name for output in outputs), values, strict=True))

"""A real-valued sequence, synthetic: noisy measurements of a swing that dies away, and how it goes on.

The source is 24 measurements, the target the true values of the 12 steps that follow, numbers apart by spaces. A swing obeys

    x_{t+1} = a x_t − b x_{t−1},    a = 2 r cos(2π / period),    b = r²,

with a period in steps, and r up to 1, the share that remains from step to step. To go on, a model must find both out, and the
phase, through the noise. Held out are combinations of a period and a decay, each a range of values: training has slow swings and
swings that die soon, not slow ones that die soon.

Mean squared errors of trivial answers on the test part: zero 0.0556, the last value 0.1555. An autoregression of order 8, fitted
to each source by least squares, comes to 0.0036: that is the score to beat.
"""

import numpy as np

from minis2s.data.files import Pair
from minis2s.data.tasks.combinations import Drawn, fill, held_out
from minis2s.data.tasks.task import Expected, Task
from minis2s.data.tasks.translation.sampling import Draw

SIZES = 8_000, 500, 1_000
MEASURED, ASKED = 24, 12  # steps
GRAIN = 1_000_000  # different values between two borders
NOISE = 0.1  # the largest error of a measurement; the swing's largest value is 1
# cos(2π / period) and r, in ranges; taken from tables, as sines differ in their last bit from machine to machine.
COSINES = 0.0, 0.3, 0.5, 0.65, 0.76, 0.84, 0.9, 0.94  # the borders: periods from 4 to 18 steps
REMAINS = 0.93, 0.945, 0.96, 0.975, 0.985, 0.995, 1.0
FAMILIES = {"period-decay": (tuple(range(len(COSINES) - 1)), tuple(range(len(REMAINS) - 1)))}


def swing(draw):
    """A Drawn swing."""
    period, decay = draw.pick(range(len(COSINES) - 1)), draw.pick(range(len(REMAINS) - 1))
    r = _between(draw, REMAINS[decay : decay + 2])
    a, b = 2 * r * _between(draw, COSINES[period : period + 2]), r * r
    x = [_between(draw, (-1.0, 1.0)), _between(draw, (-1.0, 1.0))]
    while len(x) < MEASURED + ASKED:
        x.append(a * x[-1] - b * x[-2])
    largest = max(map(abs, x))
    x = [each / largest for each in x]
    measured = [each + _between(draw, (-NOISE, NOISE)) for each in x[:MEASURED]]
    found = frozenset([("period-decay", period, decay)])
    return Drawn(Pair(_written(measured), _written(x[MEASURED:])), found, found)


def _between(draw, borders):
    low, high = borders
    return low + draw.pick(range(GRAIN)) / GRAIN * (high - low)


def _written(numbers):
    return " ".join(f"{round(each, 3) + 0.0:.3f}" for each in numbers)


def generate(seed=0):
    """Splits of Pairs, the same for the same seed."""
    rng = np.random.default_rng(seed)
    held, draw = held_out(FAMILIES, rng), Draw(rng)
    return fill(lambda: swing(draw), held, SIZES)


TASK = Task(
    name="oscillation",
    description="Noisy measurements of a swing to how it goes on, synthetic: real numbers, judged by mean squared error",
    held_out="8 % of the combinations of a period and a decay, each a range of values: training has no such swing, the test "
    "no other.",
    source_tokeniser="numbers",
    target_tokeniser="numbers",
    generate=generate,
    sizes=SIZES,
    example=Pair(
        "0.310 0.786 0.972 1.021 0.734 0.457 -0.050 -0.450 -0.672 -0.731 -0.782 -0.560 -0.237 0.076 0.458 0.521 0.599 0.519 "
        "0.275 0.113 -0.133 -0.361 -0.532 -0.517",
        "-0.403 -0.207 0.022 0.232 0.378 0.435 0.394 0.270 0.096 -0.088 -0.241 -0.333",
    ),
    model="regression",
    settings={"real_source": True, "epochs": 10, "learning_rate": 4e-3},
    expected=Expected("variance_explained", 98, 65),
)

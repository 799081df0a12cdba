"""Addition of numbers with up to three digits: 365+748 is 1113.

Which digit order can be learnt? On paper one adds from the right, because a carry comes from the right. A decoder that writes the
first digit first must know at once whether a carry runs through all columns below. This model can: its encoder has read the whole
sum in both directions before the decoder writes anything, so the target is written as people write it, from the left. (A model
that sees the digits only one after another, such as a plain language model, learns it sooner with the target turned round.)

Held out are pairs of endings and pairs of beginnings: if 47 and 85 are one, then no training sum adds a number that ends in 47 to
one that ends in 85, in neither order; likewise for the numbers without their last digit. So each test sum has two neighbouring
columns that were never seen together.
"""

import numpy as np

from minis2s.data.files import Pair
from minis2s.data.tasks.combinations import Drawn, fill
from minis2s.data.tasks.task import Expected, Task
from minis2s.data.tasks.translation.sampling import Draw

TRAIN, DEV, TEST = 60_000, 500, 1_000
HELD_DEV, HELD_TEST = 0.02, 0.04  # of the 5,050 unordered pairs of endings, and of beginnings
DIGITS = {1: 0.1, 2: 0.25, 3: 0.65}  # how many digits a number has, and how often


def generate(seed=0):
    """Splits of Pairs such as ("365+748", "1113"), the same for the same seed."""
    rng = np.random.default_rng(seed)
    held, draw = held_out(rng), Draw(rng)

    def example():
        first, second = _number(draw), _number(draw)
        found = frozenset(columns(first, second))
        return Drawn(Pair(f"{first}+{second}", str(first + second)), found, found)

    return fill(example, held, (TRAIN, DEV, TEST))


def _number(draw):
    digits = draw.weighted(DIGITS)
    return draw.pick(range(10 ** (digits - 1) if digits > 1 else 0, 10**digits))


def columns(first, second):
    """The combinations of a sum: how its numbers end, and how they begin, two digits of each, the smaller one first."""
    return [("end", *sorted((first % 100, second % 100))), ("begin", *sorted((first // 10, second // 10)))]


def held_out(rng):
    """(dev's, test's) combinations, drawn with a numpy Generator."""
    dev, test = set(), set()
    for place in ("end", "begin"):
        pairs = [(place, one, other) for other in range(100) for one in range(other + 1)]
        order = rng.permutation(len(pairs))
        n_dev, n_test = (round(share * len(pairs)) for share in (HELD_DEV, HELD_TEST))
        dev.update(pairs[at] for at in order[:n_dev])
        test.update(pairs[at] for at in order[n_dev : n_dev + n_test])
    return dev, test


TASK = Task(
    name="addition",
    description="Sums of two numbers with up to three digits",
    held_out=f"{HELD_TEST:.0%} of the pairs of two-digit endings, and of beginnings (dev: {HELD_DEV:.0%}): if 47 and 85 are one, "
    "no training sum adds a number ending in 47 to one ending in 85, in neither order.",
    source_tokeniser="chars",
    target_tokeniser="chars",
    generate=generate,
    sizes=(TRAIN, DEV, TEST),
    example=Pair("647+753", "1400"),
    settings={"epochs": 5, "learning_rate": 6e-3, "best_by": "exact_match"},
    expected=Expected("exact_match", 99, 85),
)

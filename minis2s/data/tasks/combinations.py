"""Data sets whose dev and test parts consist of combinations that training never shows, for tasks whose words combine freely.

A combination is (family, first, second), say ("person-place", "Anna", "kitchen"): both halves occur often, with other partners.
"""

from collections import Counter
from typing import NamedTuple

from minis2s.data.files import Pair
from minis2s.data.tasks.task import Splits

SHARE = 0.08  # of the combinations of each family
TEST_SHARE = 2 / 3  # of those held out; the others are dev's
LOSS = 0.25  # no word loses more of its partners than this share


class Drawn(NamedTuple):
    """A Pair, all combinations that stand in it, and those without which the target cannot be found."""

    pair: Pair
    shown: frozenset
    asked: frozenset


def held_out(families, rng):
    """(dev's, test's) combinations, two disjoint sets drawn with a numpy Generator.

    families: {name: (firsts, seconds)}; any first may stand with any second.
    """
    dev, test = set(), set()
    for family, (firsts, seconds) in families.items():
        grid = [(family, first, second) for first in firsts for second in seconds]
        wanted, taken, lost = round(SHARE * len(grid)), [], Counter()
        for at in rng.permutation(len(grid)):
            _, first, second = grid[at]
            halves = (1, first), (2, second)
            if len(taken) < wanted and lost[halves[0]] < LOSS * len(seconds) and lost[halves[1]] < LOSS * len(firsts):
                taken.append(grid[at])
                lost.update(halves)
        border = round(TEST_SHARE * len(taken))
        test.update(taken[:border])
        dev.update(taken[border:])
    return dev, test


def fill(draw, held, sizes):
    """Splits of the given sizes from what `draw()` gives, one Drawn after another; no Pair comes twice.

    In training nothing held out is shown; in dev something of dev's is asked and nothing of test's is shown; in test the reverse.
    """
    dev, test = held
    splits, seen = Splits([], [], []), set()
    while any(len(part) < size for part, size in zip(splits, sizes, strict=True)):
        pair, shown, asked = draw()
        in_dev, in_test = not dev.isdisjoint(shown), not test.isdisjoint(shown)
        if in_dev and in_test:
            continue  # dev must not tell about test
        part = 1 if in_dev else 2 if in_test else 0
        right = part == 0 or not (dev | test).isdisjoint(asked)
        if right and len(splits[part]) < sizes[part] and pair not in seen:
            splits[part].append(pair)
            seen.add(pair)
    return splits

"""Unsegmented labelling, synthetic: digits read aloud, as a recogniser of sounds hears them, and which digits they are.

    __ffooorr_sssevvizznn___ssefvvvnn_  →  477

A letter is what was heard in one short moment: every sound of a digit's word lasts two to four moments, one sound may run into
the next word's, a pause (_) comes or does not, and one moment in six is misheard, as any sound. Nobody says where a digit begins
or ends; the source is always longer than the target, as CTC asks for. Held out are combinations of neighbours: training never
has a 4 right before a 7, say.

A trivial answer, the most frequent digit as often as the source's length suggests: 96 % of the test part's digits are wrong. A
reader who knows how the sounds were made and seeks the most probable way gets 1 % wrong or less.
"""

from itertools import pairwise

import numpy as np

from minis2s.data.files import Pair
from minis2s.data.tasks.combinations import Drawn, fill, held_out
from minis2s.data.tasks.task import Expected, Task
from minis2s.data.tasks.translation.sampling import Draw

SIZES = 20_000, 500, 1_000
# One letter a sound: A as in eight, U as in two, Y as in five, T the th of three.
SOUNDS = {"0": "ziro", "1": "wun", "2": "tU", "3": "Tri", "4": "for", "5": "fYv", "6": "siks", "7": "sevn", "8": "At", "9": "nYn"}
PAUSE = "_"
HEARD = tuple(sorted({*"".join(SOUNDS.values()), PAUSE}))
DIGITS = tuple(SOUNDS)
FAMILIES = {"digit-next": (DIGITS, DIGITS)}
LENGTHS = 2, 3, 4, 5, 6
MISHEARD = 1 / 6


def reading(draw):
    """A Drawn number that is read aloud."""
    digits = [draw.deal("digit", DIGITS) for _ in range(draw.pick(LENGTHS))]
    if draw.chance(0.3):  # a digit twice is one of the hard things
        at = draw.pick(range(1, len(digits)))
        digits[at] = digits[at - 1]
    heard = [*_pause(draw)]
    for digit in digits:
        for sound in SOUNDS[digit]:
            heard += sound * draw.pick((2, 3, 4))
        heard += _pause(draw)
    source = "".join(draw.pick(HEARD) if draw.chance(MISHEARD) else each for each in heard)
    neighbours = frozenset(("digit-next", *two) for two in pairwise(digits))
    return Drawn(Pair(source, "".join(digits)), neighbours, neighbours)


def _pause(draw):
    return PAUSE * draw.pick((0, 0, 0, 1, 2, 3))


def generate(seed=0):
    """Splits of Pairs, the same for the same seed."""
    rng = np.random.default_rng(seed)
    held, draw = held_out(FAMILIES, rng), Draw(rng)
    return fill(lambda: reading(draw), held, SIZES)


TASK = Task(
    name="labelling",
    description="Digits read aloud to digits, synthetic: sounds of unknown length, misheard at times, without borders (CTC)",
    held_out="8 % of the pairs of neighbouring digits: training never has one right before the other. Each test number has "
    "such a pair.",
    source_tokeniser="chars",
    target_tokeniser="chars",
    generate=generate,
    sizes=SIZES,
    example=Pair("___sssiikkkssss___AAAUttUAAote_tttUUU___zziiiirrrfooo", "68820"),
    model="ctc",
    settings={"epochs": 7, "learning_rate": 6e-3},
    expected=Expected("exact_match", 96, 85),
)

"""Copy, reverse, sort: three tasks on strings of letters, the first that a sequence-to-sequence model should master.

They differ in what attention has to do. Copying, it walks along the source; reversing, back; sorting, it jumps to where the next
letter of the alphabet stands, as often as it stands there: "banjo" becomes "abjno", "noon" becomes "nnoo".

What is held out are pairs of letters: the two never stand side by side in a string of the training data, in neither order. Each
string of dev has a pair of dev's in it and none of test's, and the reverse. A model that remembers which letter follows which
fails on them; one that has learnt the rule does not notice. (They do stand apart: to sort m and n one must have seen both in one
string, for nothing else tells which comes first.)
"""

from functools import partial
from itertools import combinations, pairwise

import numpy as np

from minis2s.data.files import Pair
from minis2s.data.tasks.task import Expected, Splits, Task
from minis2s.data.tasks.translation.sampling import Draw

LETTERS = "abcdefghijklmnopqrstuvwxyz"
SHORTEST, LONGEST = 2, 12
TRAIN, DEV, TEST = 20_000, 500, 1_000
HELD_DEV, HELD_TEST = 16, 32  # of the 325 pairs of letters
EXAMPLE = "ybadexe"
REPEATED = 0.15  # of the letters stand in the string already


def copied(text):
    return text


def reversed_(text):
    return text[::-1]


def in_order(text):
    return "".join(sorted(text))


def generate(rule, seed=0):
    """Splits of Pairs (string, rule of it), the same for the same seed; the strings are the same for each rule."""
    rng = np.random.default_rng(seed)
    draw, (dev, test) = Draw(rng), held_out(rng)
    return Splits(*(
        [Pair(text, rule(text)) for text in _strings(draw, size, required, forbidden)]
        for size, required, forbidden in ((TRAIN, None, dev | test), (DEV, dev, test), (TEST, test, dev))
    ))  # fmt: skip


def held_out(rng):
    """(dev's, test's) pairs of letters, such as "bn", drawn with a numpy Generator."""
    pairs = ["".join(pair) for pair in combinations(LETTERS, 2)]
    drawn = [pairs[at] for at in rng.permutation(len(pairs))[: HELD_DEV + HELD_TEST]]
    return set(drawn[:HELD_DEV]), set(drawn[HELD_DEV:])


def pairs_in(text):
    """The pairs of different letters that stand side by side in a string, each in alphabetical order."""
    return {in_order(one + other) for one, other in pairwise(text) if one != other}


def _strings(draw, number, required, forbidden):
    """Different strings without `forbidden` pairs, each with one of the `required` (None: anything goes)."""
    beside = {letter: [other for other in LETTERS if in_order(letter + other) not in forbidden] for letter in LETTERS}
    found = {}
    while len(found) < number:
        text = _string(draw, beside)
        if required is None or required & pairs_in(text):
            found[text] = None
    return list(found)


def _string(draw, beside):
    """A string in which each letter is followed by one of those that may stand `beside` it."""
    text = draw.pick(LETTERS)
    for _ in range(draw.pick(range(SHORTEST, LONGEST + 1)) - 1):
        again = [letter for letter in text if letter in beside[text[-1]]] if draw.chance(REPEATED) else ()
        text += draw.pick(again or beside[text[-1]])
    return text


def _task(name, rule, description, settings, expected):
    return Task(
        name=name,
        description=f"{description}; strings of {SHORTEST} to {LONGEST} letters, drawn at random",
        held_out=f"{HELD_TEST} pairs of letters ({HELD_DEV} others for dev): training never shows the letters of a pair side "
        "by side, in neither order. Each test string has such a pair in it.",
        source_tokeniser="chars",
        target_tokeniser="chars",
        generate=partial(generate, rule),
        sizes=(TRAIN, DEV, TEST),
        example=Pair(EXAMPLE, rule(EXAMPLE)),
        settings={"best_by": "exact_match", **settings},
        expected=expected,
    )


_SHORT, _LONG = {"epochs": 5, "learning_rate": 4e-3}, {"epochs": 8, "learning_rate": 4e-3}
COPY = _task("copy", copied, "Copy a string", _SHORT, Expected("exact_match", 99.8, 50))
REVERSE = _task("reverse", reversed_, "Write a string backwards", _SHORT, Expected("exact_match", 99.8, 50))
SORT = _task("sort", in_order, "Put letters into alphabetical order", _LONG, Expected("exact_match", 99.5, 90))

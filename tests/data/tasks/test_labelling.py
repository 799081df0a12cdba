"""Labels against a reader that knows how the sounds were made, and trivial answers, whose scores the task states."""

import math
import re
from functools import cache
from itertools import groupby, pairwise, product

import pytest

from minis2s.data.tasks import labelling
from minis2s.data.tasks.labelling import DIGITS, HEARD, MISHEARD, PAUSE, SOUNDS
from minis2s.equations.edit_distance import token_error_rate

RIGHT = math.log(1 - MISHEARD + MISHEARD / len(HEARD))
WRONG = math.log(MISHEARD / len(HEARD))


@pytest.fixture(scope="module")
def splits():
    return labelling.generate(0)


def most_probable(source):
    """The digits of the most probable way to have made `source`, over all lengths of sounds and pauses."""

    def fits(sound, start, end):
        return sum(RIGHT if each == sound else WRONG for each in source[start:end])

    @cache
    def word(digit, start, sounds):
        """{end: log-probability} of the digit's last `sounds` sounds from `start` on."""
        if not sounds:
            return {start: 0.0}
        found = {}
        for length in (2, 3, 4):
            if start + length <= len(source):
                here = fits(SOUNDS[digit][-sounds], start, start + length) - math.log(3)
                for end, rest in word(digit, start + length, sounds - 1).items():
                    found[end] = max(found.get(end, -math.inf), here + rest)
        return found

    pauses = [(n, math.log(share / 6)) for n, share in ((0, 3), (1, 1), (2, 1), (3, 1))]
    best = {0: (0.0, "")}  # after a pause: (log-probability, digits)
    reached = {}  # after a digit

    def keep(table, at, score, digits):
        if at not in table or table[at][0] < score:
            table[at] = score, digits

    for n, share in pauses[1:]:
        keep(best, n, share + fits(PAUSE, 0, n), "")
    for start in range(len(source)):
        if start in reached:
            score, digits = reached[start]
            for n, share in pauses:
                if start + n <= len(source):
                    keep(best, start + n, score + share + fits(PAUSE, start, start + n), digits)
        if start in best:
            score, digits = best[start]
            for digit in DIGITS:
                for end, gain in word(digit, start, len(SOUNDS[digit])).items():
                    keep(reached, end, score + gain - math.log(10), digits + digit)
    last = len(source)
    for n, share in pauses:
        if last - n in reached:
            score, digits = reached[last - n]
            keep(best, last, score + share + fits(PAUSE, last - n, last), digits)
    return best[last][1]


def test_a_reader_who_knows_all_finds_nearly_all_digits(splits):
    pairs = splits.test[:200]
    assert token_error_rate([list(pair.target) for pair in pairs], [list(most_probable(pair.source)) for pair in pairs]) < 1.5


def test_without_mishearing_the_digits_can_be_read_off(monkeypatch):
    """Runs become single sounds; a sound that ends one digit and begins the next is then there once. One reading is left."""
    monkeypatch.setattr(labelling, "MISHEARD", 0)
    monkeypatch.setattr(labelling, "SIZES", (300, 5, 10))
    for pair in labelling.generate(1).train:
        sounds = "".join(sound for sound, _ in groupby(pair.source))
        assert readings(sounds.strip(PAUSE)) == {pair.target}


def readings(sounds):
    """All digits that spell `sounds`, pauses being free between them."""
    words = {}
    for digit, spelling in SOUNDS.items():
        words.setdefault(spelling, digit)

    @cache
    def rest(at, before):
        if at == len(sounds):
            return {""}
        found = set()
        for spelling, digit in words.items():
            starts = {at} | ({at - 1} if before == spelling[0] else set())  # its first sound may be the last one's
            for start in starts:
                if sounds.startswith(spelling, start):
                    end = start + len(spelling)
                    after = end + (sounds[end : end + 1] == PAUSE)
                    last = spelling[-1] if after == end else ""
                    found |= {digit + more for more in rest(after, last)}
        return found

    return rest(0, "")


def test_there_is_room_for_ctc(splits):
    """A blank is needed between equal labels."""
    for pair in (pair for part in splits for pair in part):
        assert len(pair.source) >= len(pair.target) + sum(one == other for one, other in pairwise(pair.target))
        assert re.fullmatch(r"\d{2,6}", pair.target) and set(pair.source) <= set(HEARD)


def test_repeated_digits_pauses_and_their_absence_occur(splits):
    assert sum(any(one == other for one, other in pairwise(pair.target)) for pair in splits.train) > len(splits.train) / 5
    assert 0.2 < sum(pair.source[0] == PAUSE for pair in splits.train) / len(splits.train) < 0.6


def test_neighbours_of_test_are_new(splits):
    train, dev, test = ([set(pairwise(pair.target)) for pair in part] for part in splits)
    held_dev, held_test = (set.union(*part) - set.union(*train) for part in (dev, test))
    assert held_dev.isdisjoint(held_test) and len(held_test) >= 4
    assert all(each & held_dev and not each & held_test for each in dev)
    assert all(each & held_test and not each & held_dev for each in test)
    assert len(set(product(DIGITS, DIGITS)) - set.union(*train)) == len(held_dev | held_test)


def test_trivial_answers_score_what_is_stated(splits):
    """The digit that is most frequent, as often as the length of the source suggests."""
    digits = "".join(pair.target for pair in splits.train)
    common = max(DIGITS, key=digits.count)
    moments = sum(len(pair.source) for pair in splits.train) / len(digits)
    answers = [[common] * round(len(pair.source) / moments) for pair in splits.test]
    rate = token_error_rate([list(pair.target) for pair in splits.test], answers)
    stated = float(re.search(r"length suggests: (\d+) %", labelling.__doc__)[1])
    assert rate == pytest.approx(stated, abs=0.5)

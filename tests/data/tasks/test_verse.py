"""Verses keep their rules, as counted letter by letter elsewhere; the judge sees when they do not."""

import re
from itertools import pairwise

import pytest

from minis2s.data.tasks import verse

# The rules once more, in other words than the task's: how the vowels of a word sound, and which letters end a rhyme.
RHYMES = r"\w+oor|\w*ore", r"\w+ight", r"\w+ill", r"\w+ay", r"rain|train|lane|plain"


def syllables(word):
    """Groups of vowels; e and es are silent at the end (not in "the", not in "gentle")."""
    if word == "the":
        return 1
    return len(re.findall(r"[aeiouy]+", re.sub(r"(?<=[^aeioul])es?$|(?<=[aeiou]l)es?$|(?<=an)es?$", "", word)))


@pytest.fixture(scope="module")
def splits():
    return verse.generate(0)


def test_lines_have_eight_syllables_and_rhyme(splits):
    for pair in (pair for part in splits for pair in part):
        lines = [line.split() for line in pair.target.split(" / ")]
        assert pair.source == "" and len(lines) == 4
        assert [sum(map(syllables, line)) for line in lines] == [8] * 4, pair.target
        a, b, c, d = (line[-1] for line in lines)
        sounds = [[at for at, rhyme in enumerate(RHYMES) if re.fullmatch(rhyme, word)] for word in (a, b, c, d)]
        assert sounds[0] == sounds[1] != sounds[2] == sounds[3] and len(sounds[0]) == len(sounds[2]) == 1
        assert a != b and c != d


def test_the_judge_sees_every_broken_rule(splits):
    texts = [pair.target for pair in splits.test]
    assert verse.judge(splits.test, texts) == {"valid": 100.0}
    assert verse.judge(splits.test[:4], [*texts[:3], ""]) == {"valid": 75.0}
    good = "the old king waits beside the shore / the moon hides near the hollow door / "
    good += "the winter sleeps in the white hill / the lady listens near the mill"
    assert verse.is_verse(good)
    broken = {
        "three lines": good.rsplit(" / ", 1)[0],
        "five lines": good + " / the lady listens near the mill",
        "no rhyme": good.replace("door", "lane"),
        "the same word": good.replace("door", "shore"),
        "AAAA": good.replace("hill", "floor").replace("mill", "store"),
        "ABAB": "{0} / {2} / {1} / {3}".format(*good.split(" / ")),
        "nine syllables": good.replace("old king", "old sailor"),
        "seven": good.replace("beside", "by"),
        "grammar": good.replace("king waits", "waits king"),
        "an unknown word": good.replace("king", "cat"),
        "no separator": good.replace(" / ", " "),
        "nothing": "",
    }  # fmt: skip
    assert [why for why, text in broken.items() if verse.is_verse(text)] == []


def test_combinations_of_test_are_new(splits):
    def combinations(text):
        nouns = [re.search("|".join(verse.CLASSES["noun"]), line)[0] for line in text.split(" / ")]
        return set(pairwise(nouns))

    train, dev, test = ([combinations(pair.target) for pair in part] for part in splits)
    shown = set.union(*train)
    new_dev, new_test = (set.union(*part) - shown for part in (dev, test))
    assert new_dev.isdisjoint(new_test) and len(new_test) >= 10
    assert all(each & new_dev and not each & new_test for each in dev)
    assert all(each & new_test and not each & new_dev for each in test)

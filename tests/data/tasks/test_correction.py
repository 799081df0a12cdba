"""Text correction: errors as people make them, which leave one right answer, and sentences with held-out combinations."""

from collections import Counter
from difflib import SequenceMatcher
from itertools import pairwise

import numpy as np
import pytest

from minis2s.data.tasks import correction, task
from minis2s.data.tasks.correction.homophones import GROUPS, SAME_SOUND, misspelt
from minis2s.data.tasks.correction.keyboard import KINDS, NEIGHBOURS, mistyped
from minis2s.data.tasks.translation.grammar import sentences
from minis2s.data.tasks.translation.sampling import Draw
from minis2s.equations.edit_distance import edit_distance

NAMES = ("correction", "correction-zh")


@pytest.fixture(scope="module")
def sentences_and_held():
    return {name: correction.generate_sentences(name, 0) for name in NAMES}


@pytest.fixture(scope="module")
def splits(sentences_and_held):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(correction, "generate_sentences", lambda name, seed: sentences_and_held[name])  # once for all tests
        return {name: task(name).generate(0) for name in NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_sizes_and_example(splits, name):
    assert tuple(map(len, splits[name])) == task(name).sizes
    assert task(name).example in splits[name].test


@pytest.mark.parametrize("name", NAMES)
def test_training_has_none_of_the_combinations_of_dev_and_test(sentences_and_held, name):
    (train, dev, test), (in_dev, in_test) = sentences_and_held[name]
    assert not in_dev & in_test
    assert not any(each.combinations & (in_dev | in_test) for each in train)
    assert all(each.combinations & in_dev and not each.combinations & in_test for each in dev)
    assert all(each.combinations & in_test and not each.combinations & in_dev for each in test)


@pytest.mark.parametrize("name, least, most", [("correction", 0.15, 0.3), ("correction-zh", 0.08, 0.13)])
def test_some_sentences_are_right(splits, name, least, most):
    right = sum(pair.source == pair.target for pair in splits[name].train)
    assert least < right / len(splits[name].train) < most


def test_no_right_sentence_is_shared(splits):
    for train, dev, test in splits.values():
        assert not {pair.target for pair in train} & {pair.target for pair in dev + test}


# English


def test_neighbouring_keys():
    assert NEIGHBOURS["g"] == "bfhtvy" and NEIGHBOURS["a"] == "qswz" and NEIGHBOURS["p"] == "lo" and NEIGHBOURS["z"] == "asx"
    assert set(NEIGHBOURS) == set("abcdefghijklmnopqrstuvwxyz")
    for key, others in NEIGHBOURS.items():
        assert key not in others and all(key in NEIGHBOURS[other] for other in others)


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_error_is_what_it_says(kind, monkeypatch):
    """On one word in a sentence: by comparing the letters, not by the code that changed them."""
    monkeypatch.setattr("minis2s.data.tasks.correction.keyboard.KINDS", {kind: 1})
    monkeypatch.setattr("minis2s.data.tasks.correction.keyboard.NUMBER", {1: 1})
    draw, found = Draw(np.random.default_rng(1)), 0
    for _ in range(300):
        wrong = mistyped("drink water", draw, {"drink", "water"})
        if wrong == "drink water":
            continue
        found += 1
        changes = [op for op in SequenceMatcher(None, "drink water", wrong, autojunk=False).get_opcodes() if op[0] != "equal"]
        if kind in ("dropped", "joined"):
            assert len(wrong) == 10 and len(changes) == 1 and (" " in wrong) == (kind == "dropped")
        elif kind in ("doubled", "split"):
            assert len(wrong) == 12 and edit_distance(list("drink water"), list(wrong)) == 1
            assert wrong.count(" ") == (2 if kind == "split" else 1)
            assert kind == "split" or any(one == other for one, other in pairwise(wrong))
        elif kind == "neighbour":
            ((here, there),) = ((a, b) for a, b in zip("drink water", wrong, strict=True) if a != b)
            assert there in NEIGHBOURS[here]
        else:
            at = next(at for at in range(11) if wrong[at] != "drink water"[at])
            assert wrong[:at] + wrong[at + 1] + wrong[at] + wrong[at + 2 :] == "drink water"
        assert wrong[0] == "d" and wrong.replace(" ", "")[4:6].count("w") <= 1
    assert found > 90


def test_an_error_never_makes_another_word(splits):
    """A spelled word in the wrong place would leave more than one right answer. Joined and split words are left out here."""
    parts = splits["correction"]
    words = {word.strip("?") for part in parts for pair in part for word in pair.target.split()}
    assert words == {word.lower() for word in words}
    wrong = Counter()
    for pair in parts.train + parts.test:
        source, target = pair.source.split(), pair.target.split()
        if len(source) == len(target):
            differing = [(a, b) for a, b in zip(source, target, strict=True) if a != b]
            if len(differing) == 1:  # of more, one word may have given a letter to the next
                wrong.update(a.strip("?") in words for a, _ in differing)
    assert wrong[False] > 10_000 and wrong[True] == 0


def test_errors_are_few(splits):
    distances = Counter(edit_distance(list(pair.source), list(pair.target)) for pair in splits["correction"].test)
    assert max(distances) <= 6 and all(distances[number] > 50 for number in (0, 1, 2, 3))  # two letters swapped count as two


# Chinese


def test_groups_share_no_character():
    everything = "".join(GROUPS)
    assert len(set(everything)) == len(everything) > 350
    assert all(len(group) > 1 for group in GROUPS)
    assert SAME_SOUND["再"] == "在" and SAME_SOUND["得"] == "的地"
    assert not set("他她它买卖那哪") & set(everything)  # context does not tell these


def test_wrong_characters_have_the_same_sound(splits):
    changed = Counter()
    for pair in splits["correction-zh"].test:
        pairs = [(a, b) for a, b in zip(pair.source, pair.target, strict=True) if a != b]
        assert len(pairs) <= 3 and all(a in SAME_SOUND[b] for a, b in pairs)
        changed[len(pairs)] += 1
    assert all(changed[number] > 50 for number in range(4))


def test_a_text_without_such_characters_stays():
    assert misspelt("他她？", Draw(np.random.default_rng(0))) == "他她？"


def test_however_it_is_misspelt_only_one_sentence_is_meant():
    """Two right sentences that sound the same, group by group, would leave two answers."""
    group = {character: at for at, members in enumerate(GROUPS) for character in members}
    meant = {}
    for sentence in sentences(np.random.default_rng(5), 20_000):
        sound = tuple(group.get(character, character) for character in sentence.chinese), sentence.question
        assert meant.setdefault(sound, sentence.chinese) == sentence.chinese

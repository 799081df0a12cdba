"""Chinese to English: one English for each Chinese, and combinations that training never shows."""

import re
from collections import Counter

import numpy as np
import pytest

from minis2s.data.tasks import task
from minis2s.data.tasks.translation import to_english
from minis2s.data.tasks.translation.grammar import PATTERNS, sentences
from minis2s.data.tasks.translation.sampling import Draw
from minis2s.data.tokenisers import tokeniser

TASK = task("translation-zh-en")


@pytest.fixture(scope="module")
def sentences_and_held():
    return to_english.generate_sentences(0)


@pytest.fixture(scope="module")
def splits(sentences_and_held):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(to_english, "generate_sentences", lambda seed: sentences_and_held)  # once for all tests
        return TASK.generate(0)


def test_sizes_and_example(splits):
    assert tuple(map(len, splits)) == TASK.sizes
    assert TASK.example in splits.test


def test_each_chinese_sentence_has_one_english():
    """On the raw draws, where the same Chinese comes again and again."""
    draw, english, repeated = Draw(np.random.default_rng(3)), {}, 0
    for _ in range(30_000):
        sentence = draw.weighted(PATTERNS)(draw)
        if sentence is not None and to_english.unambiguous(sentence):
            chinese = sentence.chinese, sentence.question
            repeated += chinese in english
            assert english.setdefault(chinese, sentence.english) == sentence.english
    assert repeated > 1000  # that many chances to disagree


def test_what_is_left_out_is_what_would_be_ambiguous():
    """Each rule leaves out a sentence whose Chinese another sentence has, too; so none is there for nothing."""
    drawn = {}
    draw = Draw(np.random.default_rng(4))
    for _ in range(40_000):
        sentence = draw.weighted(PATTERNS)(draw)
        if sentence is not None:
            drawn.setdefault((sentence.chinese, sentence.question), set()).add(sentence.english)
    for title, rule in to_english.OTHERS.items():
        assert any(any(re.search(rule, each) for each in english) for english in drawn.values() if len(english) > 1), title


def test_both_halves_of_a_pair_of_readings():
    kept = {each.english for each in sentences(np.random.default_rng(6), 20_000) if to_english.unambiguous(each)}
    text = "\n".join(kept)
    for word in ("like", "study", "cannot", "my book", "drives", "do not", "is not", "deep learning"):
        assert re.search(rf"\b{word}\b", text), word
    for word in ("loves?", "learned", "my books", "won't swim", "isn't"):
        assert not re.search(rf"\b{word}\b", text), word
    assert re.search("^don't you|^why don't", text, re.MULTILINE)


def test_training_has_none_of_the_combinations_of_dev_and_test(sentences_and_held):
    (train, dev, test), (in_dev, in_test) = sentences_and_held
    assert not in_dev & in_test
    assert not any(each.combinations & (in_dev | in_test) for each in train)
    assert all(each.combinations & in_dev and not each.combinations & in_test for each in dev)
    assert all(each.combinations & in_test and not each.combinations & in_dev for each in test)
    families = Counter(found[0] for each in test for found in each.combinations & in_test)
    assert all(families[name] >= 20 for name in ("verb-object", "subject-time", "verb-place", "adjective-noun", "owner-noun"))


def test_no_sentence_occurs_twice_in_either_language(splits):
    for side in (0, 1):
        texts = [pair[side] for part in splits for pair in part]
        assert len(set(texts)) == len(texts)


def test_marks(splits):
    for pair in (pair for part in splits for pair in part):
        assert pair.source.endswith("？") == pair.target.endswith("?")
        assert re.fullmatch(r"[\u4e00-\u9fff，]+？?", pair.source) and re.fullmatch(r"[A-Z][A-Za-z' ]*\??", pair.target)


def test_every_word_to_be_translated_is_learnt(splits):
    chinese = Counter(character for pair in splits.train for character in pair.source)
    split = tokeniser(TASK.target_tokeniser).split
    english = Counter(token for pair in splits.train for token in split(pair.target))
    for pair in splits.dev + splits.test:
        assert min(chinese[character] for character in pair.source) >= 10, pair
        assert min(english[token] for token in split(pair.target)) >= 5, pair

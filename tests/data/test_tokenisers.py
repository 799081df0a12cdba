from unicodedata import category

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from minis2s.data.tokenisers import TOKENISERS, tokeniser
from minis2s.errors import UsageError

TEXT = st.text(st.one_of(st.characters(exclude_categories=["Cs"]), st.sampled_from(" 'ab’‘(«」.-\u200d\u0301")))


@pytest.mark.parametrize("name", TOKENISERS)
def test_tokenisers_know_their_names(name):
    assert tokeniser(name).name == name


def test_an_unknown_name_is_refused_with_a_suggestion():
    with pytest.raises(UsageError, match=r"unknown tokeniser 'word'; did you mean 'words'\?"):
        tokeniser("word")


@given(TEXT)
def test_chars_lose_nothing(text):
    chars = tokeniser("chars")
    assert all(len(token) == 1 for token in chars.split(text))
    assert chars.join(chars.split(text)) == text


@given(TEXT)
def test_words_are_what_white_space_leaves(text):
    words = tokeniser("words")
    assert words.split(words.join(words.split(text))) == words.split(text) == text.split()


@given(TEXT)
@example("a ' b")
@example("(‘a’) 'b'c")
@example("İstanbul ΑΣ ")
def test_wordpunct_survives_joining_and_keeps_every_visible_character(text):
    wordpunct = tokeniser("wordpunct")
    tokens = wordpunct.split(text)
    assert wordpunct.split(wordpunct.join(tokens)) == tokens
    assert "".join(tokens) == "".join(text.lower().replace("’", "'").split())


@given(TEXT)
def test_wordpunct_puts_punctuation_apart(text):
    for token in tokeniser("wordpunct").split(text):
        inner = [character for character in token[1:-1] if category(character)[0] in "PS"]
        assert len(token) == 1 or set(inner) <= {"'"}
        assert len(token) == 1 or (category(token[0])[0] not in "PS" and category(token[-1])[0] not in "PS")


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("Don't you?", ["don't", "you", "?"]),
        ("Don’t you ?", ["don't", "you", "?"]),
        ("'Tis the dogs' (old) home...", ["'", "tis", "the", "dogs", "'", "(", "old", ")", "home", ".", ".", "."]),
        ("I  love\tdeep learning.", ["i", "love", "deep", "learning", "."]),
        ("你好，世界！", ["你好", "，", "世界", "！"]),
        ("हिन्दी में", ["हिन्दी", "में"]),  # vowel signs are not letters, but belong to the word
        ("نمی‌خواهم؟", ["نمی‌خواهم", "؟"]),  # a zero-width non-joiner inside the first word
        ("Qu'est-ce", ["qu'est", "-", "ce"]),
        ("1+1", ["1", "+", "1"]),
        ("", []),
    ],
)
def test_wordpunct_on_what_people_type(text, tokens):
    assert tokeniser("wordpunct").split(text) == tokens


def test_wordpunct_joins_as_people_write():
    tokens = ["don't", "you", "(", "ever", ")", "stop", ",", "he", "asks", "?"]
    assert tokeniser("wordpunct").join(tokens) == "don't you (ever) stop, he asks?"

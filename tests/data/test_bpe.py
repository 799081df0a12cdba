"""Byte pairs: nothing lost, learned as the library learns them, kept as JSON."""

import builtins
import json
import subprocess
import sys

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from minis2s.data.bpe import LONGEST_CHUNK, BytePairEncoding, chunks
from minis2s.data.normalisation import Normalisation
from minis2s.data.tokenisers import Normalised, tokeniser
from minis2s.errors import UsageError

ENGLISH = ["the lowest tides are lower than low tides", "she loves deep learning", "he learned to love the sea (1999-2001)."] * 3
CHINESE = ["我喜欢深度学习", "她喜欢学习，我喜欢大海", "深度学习 2001 年"] * 3
TEXT = st.text(st.one_of(st.characters(exclude_categories=["Cs"]), st.sampled_from(" lowestdeaning我喜欢深度学习，.12▁")))


@pytest.fixture(scope="module")
def learned():
    pytest.importorskip("tokenizers", reason="the extra 'bpe'")
    return BytePairEncoding.learn(ENGLISH + CHINESE, 120)


def given_merges():
    """An encoding that needs no library."""
    return BytePairEncoding([("l", "o"), ("lo", "w"), (" ", "low"), ("e", "r"), (" low", "er"), ("学", "习"), ("深", "度")])


def test_merging_by_hand():
    bpe = given_merges()
    assert bpe.split("low lower slower lowlow") == ["low", " lower", " ", "s", "low", "er", " low", "low"]
    assert bpe.split("深度学习，学") == ["深度", "学习", "，", "学"]
    assert bpe.split("") == []


def test_the_first_learned_is_merged_first():
    assert BytePairEncoding([("b", "c"), ("a", "b")]).split("abc") == ["a", "bc"]
    assert BytePairEncoding([("a", "b"), ("b", "c")]).split("abc") == ["ab", "c"]
    assert BytePairEncoding([("a", "a")]).split("aaa") == ["aa", "a"]


@given(TEXT)
@example(" ")
@example("  a   b ")
@example("a\t\u3000b▁ ")
@example("x" * 1000)
def test_nothing_is_lost(text):
    bpe = given_merges()
    assert bpe.join(bpe.split(text)) == text
    assert all(bpe.split(text))


@given(TEXT)
def test_chunks_are_the_text_and_bounded(text):
    pieces = list(chunks(text))
    assert "".join(pieces) == text and all(1 <= len(piece) <= LONGEST_CHUNK for piece in pieces)


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("I love deep-sea 鱼", ["I", " love", " deep", "-", "sea", " 鱼"]),
        ("a  b \t c ", ["a", " ", " b", " \t", " c", " "]),
        ("हिन्दी 3.5%", ["हिन्दी", " 3", ".", "5", "%"]),
    ],
)
def test_chunks(text, pieces):
    assert list(chunks(text)) == pieces


@settings(deadline=None)
@given(text=TEXT)
def test_what_was_learned_loses_nothing_and_splits_as_the_library_does(learned, text):
    from tokenizers import Tokenizer, models

    assert learned.join(learned.split(text)) == text
    characters = sorted(set("".join(ENGLISH + CHINESE)) | set(text))
    tokens = dict.fromkeys([*characters, *(left + right for left, right in learned.merges)])
    library = Tokenizer(models.BPE({token: number for number, token in enumerate(tokens)}, learned.merges))
    assert learned.split(text) == [token for chunk in chunks(text) for token in library.encode(chunk).tokens]


def test_what_is_frequent_becomes_one_token(learned):
    assert learned.split("she loves learning")[0] == "she"
    assert "学习" in learned.split("学习") and len(learned.split("我喜欢学习")) < 5
    everything = {token for text in ENGLISH + CHINESE for token in learned.split(text)}
    assert len(set("".join(ENGLISH + CHINESE))) + len(learned.merges) == 120 or len(learned.merges) < 120
    assert everything <= set("".join(ENGLISH + CHINESE)) | {a + b for a, b in learned.merges}


def test_learning_is_repeatable_in_another_process(learned):
    """Resuming a run learns again, and must find the same."""
    program = (
        "import json, sys; from minis2s.data.bpe import BytePairEncoding;"
        "print(json.dumps(BytePairEncoding.learn(json.load(sys.stdin), 120).as_record()))"
    )
    for _ in range(2):
        command = [sys.executable, "-c", program]
        done = subprocess.run(command, input=json.dumps(ENGLISH + CHINESE), capture_output=True, text=True)
        assert json.loads(done.stdout) == learned.as_record(), done.stderr


@given(TEXT)
def test_it_survives_its_record(text):
    kept = Normalised(given_merges(), Normalisation(True, "half"))
    again = Normalised.from_record(json.loads(json.dumps(kept.as_record())))
    assert again.as_record() == kept.as_record() and again.name == "bpe"
    assert again.split(text) == kept.split(text)
    assert again.join(again.split(text)) == Normalisation(True, "half")(text)


@pytest.mark.parametrize("name", ["words", "chars", "wordpunct"])
def test_the_other_tokenisers_survive_theirs(name):
    kept = Normalised(tokeniser(name), Normalisation(lowercase=True))
    again = Normalised.from_record(json.loads(json.dumps(kept.as_record())))
    assert again.split("Ａ Bc, d") == kept.split("Ａ Bc, d") == tokeniser(name).split("ａ bc, d")


BAD_RECORDS = [{}, {"name": "wors"}, {"name": "bpe"}, {"name": "bpe", "merges": 5}, {"name": "bpe", "merges": ["abc"]}]
BAD_RECORDS += [{"name": "words", "colour": 1}, {"name": "words", "width": "full"}, "words", 7, None]


@pytest.mark.parametrize("record", BAD_RECORDS)
def test_a_record_that_is_none(record):
    with pytest.raises((KeyError, TypeError, ValueError, UsageError)):
        Normalised.from_record(record)


def test_without_the_library_the_extra_is_named(monkeypatch):
    real = builtins.__import__

    def without(name, *rest):
        if name.split(".")[0] == "tokenizers":
            raise ModuleNotFoundError("No module named 'tokenizers'", name="tokenizers")
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(UsageError, match=r"'bpe' is learned by a library.*pip install 'minis2s\[bpe\]'"):
        BytePairEncoding.learn(["a b"], 10)
    assert given_merges().split("low") == ["low"]  # what was learned before needs none

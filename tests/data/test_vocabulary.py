import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minis2s.data.vocabulary import BOS, EOS, PAD, SPECIALS, UNK, Vocabulary
from minis2s.errors import UsageError

TOKENS = st.lists(st.text(min_size=1), unique=True)


def test_specials_have_the_ids_that_checkpoints_and_padding_rely_on():
    assert (PAD, UNK, BOS, EOS) == (0, 1, 2, 3)
    assert SPECIALS == ("<pad>", "<unk>", "<bos>", "<eos>")
    assert Vocabulary(["a", "b"]).encode(["a", "b"]) == [4, 5]
    assert len(Vocabulary(["a", "b"])) == 6


@given(TOKENS, st.data())
def test_known_tokens_survive_the_round_trip(tokens, data):
    vocabulary = Vocabulary(tokens)
    sentence = data.draw(st.lists(st.sampled_from(tokens))) if tokens else []
    assert vocabulary.decode(vocabulary.encode(sentence)) == sentence


@given(TOKENS, st.lists(st.one_of(st.text(), st.sampled_from(SPECIALS))))
def test_no_text_becomes_a_special_id(tokens, sentence):
    vocabulary = Vocabulary(tokens)
    for token, number in zip(sentence, vocabulary.encode(sentence), strict=True):
        assert number not in (PAD, BOS, EOS)
        assert (number == UNK) == (token not in tokens)


def test_a_token_spelled_like_a_special_is_an_ordinary_one():
    vocabulary = Vocabulary.build([["<eos>", "a", "<unk>"]])
    ids = vocabulary.encode(["a", "<eos>", "<unk>", "a"])
    assert min(ids) >= len(SPECIALS)
    assert vocabulary.decode(ids) == ["a", "<eos>", "<unk>", "a"]  # decoding goes on behind it


def test_decoding_stops_at_the_end_and_leaves_out_what_is_no_text():
    vocabulary = Vocabulary(["a", "b"])
    assert vocabulary.decode([BOS, 4, PAD, UNK, 5, EOS, 4, PAD]) == ["a", "<unk>", "b"]


@pytest.mark.parametrize("number", [-1, 6, 1000])
def test_an_id_outside_is_refused(number):
    with pytest.raises(IndexError, match=f"{number} is outside a vocabulary of 6"):
        Vocabulary(["a", "b"]).decode([4, number])


def test_a_token_given_twice_is_refused_and_named():
    with pytest.raises(UsageError, match="'b' more than once"):
        Vocabulary(["a", "b", "c", "b"])


def test_build_ranks_by_frequency_then_by_code_point():
    sentences = [["b", "b", "é", "a", "z", "字"], ["b", "z", "Z"]]
    assert Vocabulary.build(sentences).tokens == ["b", "z", "Z", "a", "é", "字"]
    assert Vocabulary.build(reversed(sentences)) == Vocabulary.build(sentences)


def test_build_leaves_out_the_rare_and_what_exceeds_the_size():
    sentences = [["a"] * 3 + ["b"] * 2 + ["c"]]
    assert Vocabulary.build(sentences, min_frequency=2).tokens == ["a", "b"]
    assert Vocabulary.build(sentences, max_size=1).tokens == ["a"]


def test_unknown_lists_each_unknown_token_once_in_order():
    vocabulary = Vocabulary(["a"])
    assert vocabulary.unknown(["x", "a", "<unk>", "x", "b"]) == ["x", "<unk>", "b"]


@given(TOKENS)
def test_a_vocabulary_survives_json(tokens):
    vocabulary = Vocabulary(tokens)
    assert Vocabulary(json.loads(json.dumps(vocabulary.tokens))) == vocabulary


def test_equality_is_about_tokens_and_their_order():
    assert Vocabulary(["a", "b"]) != Vocabulary(["b", "a"])
    assert Vocabulary(["a"]) != ["a"]
    assert "a" in Vocabulary(["a"]) and "<pad>" not in Vocabulary(["a"])

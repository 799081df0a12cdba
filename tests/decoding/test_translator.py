"""Text in, text out; and a model's scores on pairs."""

import numpy as np
import pytest

from minis2s.data.batching import Example, make_batch
from minis2s.data.files import Pair
from minis2s.data.tokenisers import tokeniser
from minis2s.data.vocabulary import EOS, Vocabulary
from minis2s.decoding.evaluation import teacher_forced_loss, translation_scores
from minis2s.decoding.translator import Translator
from minis2s.errors import UsageError
from minis2s.models.configuration import ModelConfig
from minis2s.models.seq2seq import Seq2Seq

SOURCE, TARGET = Vocabulary(["i", "love", "you", "."]), Vocabulary(["我", "爱", "你"])


@pytest.fixture
def translator():
    rng = np.random.default_rng(3)
    config = ModelConfig(embedding_size=4, hidden_size=6, attention_size=3)
    model = Seq2Seq(config, len(SOURCE), len(TARGET), rng, dtype=np.float64)
    model.assign({name: 1.5 * rng.standard_normal(a.shape) for name, a in model.state().items()})
    return Translator(model, SOURCE, TARGET, tokeniser("wordpunct"), tokeniser("chars"), max_source=5)


SENTENCES = ["I love you.", "you", "  Love   I ", "I love deep you", "You you you"]


def test_translations_come_in_order_whatever_the_batches(translator):
    for size in (1, 2, 64):
        results = translator.translate(SENTENCES, batch_size=size)
        assert [t.source for t in results] == SENTENCES
        assert [t.source_tokens for t in results] == [
            ["i", "love", "you", "."],
            ["you"],
            ["love", "i"],
            ["i", "love", "deep", "you"],
            ["you", "you", "you"],
        ]
        assert [(t.text, t.complete) for t in results] == [(t.text, t.complete) for t in translator.translate(SENTENCES)]
        for t in results:
            assert t.text == "".join(t.tokens)
            assert t.weights.shape == (len(t.tokens) + t.complete, len(t.source_tokens))
            assert len(t.tokens) <= 4 * len(t.source_tokens) + 40


def test_unknown_words_are_named_once_and_flagged(translator):
    known, unknown = translator.translate(["I love you", "deep I deep learning"])
    assert known.unknown == [] and known.flagged == known.text
    assert unknown.unknown == ["deep", "learning"]
    assert unknown.flagged == f"[unknown: deep, learning] {unknown.text}"


def test_a_sentence_of_words_that_spell_special_tokens_is_unknown_words(translator):
    translator.source_tokeniser = tokeniser("words")
    assert translator.translate(["<eos> <pad>"])[0].unknown == ["<eos>", "<pad>"]


def test_composed_and_decomposed_letters_are_one(translator):
    translator.source_vocabulary = Vocabulary(["caf\u00e9", "i", "love", "you"])
    assert translator.translate(["cafe\u0301"])[0].unknown == []


@pytest.mark.parametrize(
    "sentences, message",
    [
        (["I", " \t "], "sentence 2 is empty: there is nothing to translate"),
        ([""], "sentence 1 is empty"),
        (["I", "I", "I love you very much"], None),
        (["I", "I love you very much indeed"], r"sentence 2 has 6 tokens; the limit is 5 \(--max-source raises it\): I love you"),
    ],
)
def test_what_cannot_be_translated_is_refused_by_number(translator, sentences, message):
    if message is None:
        assert len(translator.translate(sentences)) == len(sentences)
        return
    with pytest.raises(UsageError, match=message):
        translator.translate(sentences)
    with pytest.raises(UsageError, match="sentence 7"):
        translator.translate([sentences[-1]], first=7)


def test_nothing_to_translate_gives_nothing(translator):
    assert translator.translate([]) == []


def test_the_longest_length_can_be_given(translator):
    assert all(len(t.tokens) <= 2 for t in translator.translate(SENTENCES, max_length=2))


def test_each_sentence_has_the_limit_of_its_own_length(translator):
    """A model that never ends: four times the source and forty, whatever else is in the batch."""
    translator.model.decoder.output.b.value[EOS] = -1e3
    results = translator.translate(SENTENCES)
    assert [(len(t.tokens), t.complete) for t in results] == [(4 * n + 40, False) for n in (4, 1, 2, 4, 3)]


def test_the_log_probability_is_that_of_teacher_forcing(translator):
    for t in translator.translate(SENTENCES):
        if t.complete:
            example = Example(SOURCE.encode(t.source_tokens), TARGET.encode(t.tokens))
            loss, _ = translator.model.forward(make_batch([example]))
            assert t.log_probability == pytest.approx(-float(loss) * (len(t.tokens) + 1), rel=1e-9)


def test_the_loss_over_many_batches_is_the_mean_over_all_tokens(translator):
    pairs = [Pair("i love you", "我爱你"), Pair("you", "你"), Pair("love love .", "爱"), Pair("i", "我爱")]
    examples = translator.examples(pairs)
    by_hand = sum(float(translator.model.forward(make_batch([e]))[0]) * (len(e.target) + 1) for e in examples) / (4 + 2 + 2 + 3)
    for size in (1, 2, 3, 64):
        assert teacher_forced_loss(translator.model, examples, size) == pytest.approx(by_hand, rel=1e-12)


def test_scores_of_pairs(translator):
    pairs = [Pair("i love you", "我爱你"), Pair("you deep", "你"), Pair("love", "爱")]
    answers = [t.text for t in translator.translate([p.source for p in pairs])]
    right = [Pair(p.source, answer or "我") for p, answer in zip(pairs, answers, strict=True)]
    scores, translations = translation_scores(translator, right)
    assert [t.text for t in translations] == answers
    assert scores["exact_match"] == 100 * sum(bool(a) for a in answers) / 3
    assert scores["sentences"] == 3 and scores["sentences_with_unknown_words"] == 1
    assert translation_scores(translator, [Pair("i", "爱爱爱爱爱爱爱爱爱爱")])[0]["exact_match"] == 0

"""Metrics: sacrebleu's numbers when it is called directly, edits counted by hand."""

from math import log

import numpy as np
import pytest
import sacrebleu

from minis2s.metrics import alignment_entropy, bleu_tokeniser, corpus_scores, perplexity

ENGLISH = ["the cat sat on the mat .", "a dog barked , loudly", "hello"]
ANSWERS = ["the cat sat on a mat .", "a dog barked , loudly", "hello there"]
CHINESE, CHINESE_ANSWERS = ["我喜欢深度学习", "他不在家"], ["我喜欢学习", "他不在家"]


def test_english_scores_are_sacrebleus():
    scores = corpus_scores(ANSWERS, ENGLISH, str.split)
    bleu = sacrebleu.corpus_bleu(ANSWERS, [ENGLISH], tokenize="13a", force=True)
    assert scores["bleu"] == bleu.score and 0 < bleu.score < 100
    assert scores["chrf"] == sacrebleu.corpus_chrf(ANSWERS, [ENGLISH]).score
    assert "tok:13a" in scores["signature"] and f"version:{sacrebleu.__version__}" in scores["signature"]
    assert "chrF" in scores["chrf_signature"] or "nc:6" in scores["chrf_signature"]
    assert scores["sentences"] == 3
    assert scores["exact_match"] == pytest.approx(100 / 3)


def test_chinese_references_choose_the_chinese_tokeniser():
    scores = corpus_scores(CHINESE_ANSWERS, CHINESE, list)
    assert scores["bleu"] == sacrebleu.corpus_bleu(CHINESE_ANSWERS, [CHINESE], tokenize="zh").score > 0
    assert scores["bleu"] != sacrebleu.corpus_bleu(CHINESE_ANSWERS, [CHINESE], tokenize="13a").score
    assert "tok:zh" in scores["signature"]


@pytest.mark.parametrize(
    "references, name",
    [
        (["I like 音乐 very much"], "13a"),
        (["我爱 NLP"], "13a"),  # as many Latin letters as characters and more
        (["我很爱你 NLP"], "zh"),
        (["12 34 !?"], "13a"),
        ([], "13a"),
        (["これは本です"], "13a"),  # Japanese: kana prevail
    ],
)
def test_the_tokeniser_follows_the_script_that_prevails(references, name):
    assert bleu_tokeniser(references) == name


def test_the_token_error_rate_by_hand():
    """One substitution, none, one insertion; over 7 + 5 + 1 reference tokens."""
    assert corpus_scores(ANSWERS, ENGLISH, str.split)["token_error_rate"] == pytest.approx(100 * 2 / 13)
    assert corpus_scores(CHINESE_ANSWERS, CHINESE, list)["token_error_rate"] == pytest.approx(100 * 2 / 11)
    assert corpus_scores(["a b c d"], ["x"], str.split)["token_error_rate"] == pytest.approx(400)  # it may exceed 100
    assert corpus_scores([""], ["x y"], str.split)["token_error_rate"] == pytest.approx(100)


def test_word_and_character_error_rates_by_hand():
    """"the" → "a": three edits (two deletions, one substitution); " there": six insertions."""
    scores = corpus_scores(ANSWERS, ENGLISH, list)
    assert scores["word_error_rate"] == pytest.approx(100 * 2 / 13)
    assert scores["character_error_rate"] == scores["token_error_rate"] == pytest.approx(100 * (3 + 6) / (24 + 21 + 5))
    scores = corpus_scores(CHINESE_ANSWERS, CHINESE, list)
    assert scores["word_error_rate"] == 50  # a sentence without spaces is one word
    assert scores["character_error_rate"] == pytest.approx(100 * 2 / 11)
    assert corpus_scores(["x", " "], ["\u3000", "a"], list)["word_error_rate"] == 100  # white space is something to get right


def test_perplexity():
    assert perplexity(0) == 1 and perplexity(log(7)) == pytest.approx(7)
    assert perplexity(1e6) == pytest.approx(1.797e308, rel=1e-3)  # JSON has no infinity


def test_the_entropy_of_an_alignment():
    sure, torn, even = [1, 0, 0], [0.5, 0.5, 0], [1 / 3, 1 / 3, 1 / 3]
    assert alignment_entropy([np.array([sure, sure])]) == (0, 0)
    nats, share = alignment_entropy([np.array([sure, torn]), np.array([even], dtype=np.float32)])
    assert nats == pytest.approx((0 + log(2) + log(3)) / 3)
    assert share == pytest.approx(100 * (0 + log(2) / log(3) + 1) / 3)
    nats, share = alignment_entropy([np.array([[0.25] * 4]), np.array([[0.9, 0.1]])])  # each step counts by its own sentence
    assert share == pytest.approx(100 * (1 - (0.9 * log(0.9) + 0.1 * log(0.1)) / log(2)) / 2)


def test_the_entropy_where_there_is_nothing_to_choose():
    one_word = np.ones((3, 1))
    assert alignment_entropy([one_word]) == (0, None)
    assert alignment_entropy([one_word, np.array([[0.5, 0.5]])]) == (pytest.approx(log(2) / 4), pytest.approx(100))
    assert alignment_entropy([]) == alignment_entropy([np.zeros((4, 0)), np.zeros((0, 5))]) == (None, None)


def test_all_right_and_all_wrong():
    right = corpus_scores(ENGLISH, ENGLISH, str.split, ENGLISH)
    assert (right["exact_match"], right["token_error_rate"], right["any_reference_match"]) == (100, 0, 100)
    assert right["bleu"] == pytest.approx(100) and right["chrf"] == pytest.approx(100)
    wrong = corpus_scores(["", "", ""], ENGLISH, str.split)
    assert (wrong["exact_match"], wrong["bleu"], wrong["chrf"]) == (0, 0, 0)


def test_several_references_of_one_source():
    """A dictionary: 'record' has two pronunciations and is right with either; 'a' is answered wrongly."""
    sources = ["record", "record", "a", "b"]
    references = ["r eh k", "r ih k", "ah", "b iy"]
    answers = ["r ih k", "r ih k", "ey", "b iy"]
    scores = corpus_scores(answers, references, str.split, sources)
    assert scores["any_reference_match"] == pytest.approx(100 * 2 / 3)
    assert scores["distinct_sources"] == 3
    assert scores["exact_match"] == 50
    changing = corpus_scores(["x", "r ih k", "ah", "b iy"], references, str.split, sources)
    assert changing["any_reference_match"] == pytest.approx(100 * 2 / 3)  # of several answers the first one counts
    assert "any_reference_match" not in corpus_scores(answers, references, str.split)


def test_as_many_answers_as_references():
    with pytest.raises(ValueError):
        corpus_scores(["a"], ["a", "b"], str.split)


def test_everything_is_json():
    import json

    scores = corpus_scores(ANSWERS, ENGLISH, str.split, ENGLISH)
    assert json.loads(json.dumps(scores, allow_nan=False)) == scores

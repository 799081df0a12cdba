"""Every kind of model answers: prefixes that are continued, labels, numbers."""

import numpy as np
import pytest

from minis2s.data.numbers import Numbers
from minis2s.data.tokenisers import tokeniser
from minis2s.data.vocabulary import BOS, EOS, Vocabulary
from minis2s.decoding.beam import beam
from minis2s.decoding.ctc import best_path
from minis2s.decoding.greedy import greedy
from minis2s.decoding.sampling import sampler
from minis2s.decoding.search import beam_search, greedy_search, sampling_search
from minis2s.decoding.translator import Translator
from minis2s.equations.ctc import ctc
from minis2s.errors import UsageError
from minis2s.models import model_of
from minis2s.models.configuration import ModelConfig

WORDS = 9
LETTERS = Vocabulary("abcde")


def model(seed=0, **settings):
    sizes = {"embedding_size": 5, "hidden_size": 6, "attention_size": 4}
    words = (2, 2) if settings.get("model") == "regression" else (WORDS, WORDS)
    made = model_of(ModelConfig(**sizes | settings), *words, np.random.default_rng(seed), dtype=np.float64)
    for _, p in made.named_parameters():
        p.value *= 3  # far from uniform, so that choices are clear
    return made


def column(prefix):
    source = np.array([BOS, *prefix])[:, None]
    return source, np.ones(source.shape, dtype=bool)


@pytest.mark.parametrize(
    "settings", [{}, {"cell": "gru", "layers": 2, "input_feeding": True}, {"learned_start": True, "tied": True}]
)
def test_a_language_model_goes_on_where_its_prefix_ends(settings):
    """Against a loop that feeds the prefix word by word, each sentence alone."""
    lm = model(model="language-model", bidirectional=False, **settings)
    prefixes = [[4, 5, 6], [], [7], [8, 8, 4, 5, 5]]
    source = np.zeros((6, 4), dtype=np.int64)
    mask = np.zeros((6, 4), dtype=bool)
    for b, prefix in enumerate(prefixes):
        source[: 1 + len(prefix), b], mask[: 1 + len(prefix), b] = [BOS, *prefix], True
    found = greedy(lm, source, mask, 6)
    for prefix, hypothesis in zip(prefixes, found, strict=True):
        fed, state = [BOS, *prefix], lm.start(*column([]))
        for word in fed:
            logits, state, weights = lm.step(np.array([word]), state)
        words, total = [], 0.0
        for _ in range(7):
            log_p = logits[0] - np.log(np.exp(logits[0]).sum())
            word = int(np.argmax(np.where(np.isin(np.arange(WORDS), [0, BOS]), -np.inf, log_p)))
            if word == EOS or len(words) < 6:
                total += log_p[word]
            if word == EOS or len(words) == 6:
                break
            words.append(word)
            logits, state, _ = lm.step(np.array([word]), state)
        assert hypothesis.words == words and hypothesis.log_probability == pytest.approx(total, abs=1e-10)
        assert weights is None and hypothesis.weights.shape[1] == 0
    wide = beam(lm, source, mask, 6, width=1)
    assert [h.words for h in found] == [best[0].words for best in wide]


def test_a_continuation_has_the_probability_that_the_model_gives_to_the_whole_less_that_of_the_prefix():
    from minis2s.data.batching import Example, make_batch

    lm = model(model="language-model", bidirectional=False)
    prefix = [4, 5]
    (hypothesis,) = greedy(lm, *column(prefix), 30)
    assert hypothesis.complete
    whole = make_batch([Example([BOS], prefix + hypothesis.words)])
    nats = float(lm.forward(whole)[0]) * whole.n_target_tokens
    states, prefix_nats = lm.start(*column([])), 0.0
    for word, after in zip([BOS, *prefix], prefix, strict=False):
        logits, states, _ = lm.step(np.array([word]), states)
        prefix_nats -= logits[0, after] - np.log(np.exp(logits[0]).sum())
    assert -hypothesis.log_probability == pytest.approx(nats - prefix_nats, abs=1e-10)


def test_a_tagger_answers_with_labels_and_a_wide_beam_with_their_own_probability():
    tagger = model(model="ctc")
    source, mask = np.array([[4, 5], [6, 7], [8, 0]]), np.array([[True, True], [True, True], [True, False]])
    logits = tagger.logits(source, mask)
    for b, (best,) in enumerate(greedy_search(tagger, source, mask, 5)):
        log_p = logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))
        assert best.words == best_path(log_p, mask)[b].labels and best.complete
    for b, found in enumerate(beam_search(500)(tagger, source, mask, 5)):
        best, n = found[0], int(mask[:, b].sum())
        assert all(best.log_probability >= other.log_probability for other in found)
        labels = np.array(best.words, dtype=np.int64)[:, None]
        if len(labels):
            assert best.log_probability == pytest.approx(-float(ctc(logits[:n, b : b + 1], labels, total=1)[0]), abs=1e-9)
    with pytest.raises(UsageError, match="does not draw"):
        sampling_search(sampler(np.random.default_rng(0)))(tagger, source, mask, 5)


def test_numbers_are_predicted_one_after_the_other_each_from_the_one_before():
    regression = model(model="regression", real_source=True)
    source, mask = np.random.default_rng(1).standard_normal((3, 2, 2)), np.ones((3, 2), dtype=bool)
    found = greedy_search(regression, source, mask, np.array([4, 2]))
    state, y = regression.start(source, mask), np.zeros((2, 2))
    for step in range(4):
        y, state, _ = regression.step(y, state)
        for b, (best,) in enumerate(found):
            if step < len(best.words):
                np.testing.assert_allclose(best.words[step], y[b], rtol=1e-12)
    assert [len(best.words) for (best,) in found] == [4, 2]
    with pytest.raises(UsageError, match="numbers, not words"):
        beam_search(2)(regression, source, mask, 3)


def test_text_in_text_out_for_each_kind():
    chars, words = tokeniser("chars"), tokeniser("words")
    lm = Translator(model(model="language-model", bidirectional=False), LETTERS, LETTERS, chars, chars, max_source=9)
    empty, some = lm.translate(["", "abc"], max_length=5)
    assert empty.source_tokens == [] and some.source_tokens == ["a", "b", "c"] and some.unknown == []
    assert lm.translate(["abz"], max_length=5)[0].unknown == ["z"]
    tagger = Translator(model(model="ctc"), LETTERS, LETTERS, words, words, max_source=9)
    assert tagger.translate(["a b"])[0].complete
    with pytest.raises(UsageError, match="sentence 1 is empty"):
        tagger.translate([""])
    numbers = Numbers([1.0, 2.0], [2.0, 4.0])
    of_numbers = tokeniser("numbers")
    regression = Translator(model(model="regression", real_source=True), numbers, numbers, of_numbers, of_numbers, max_source=9)
    long, short = regression.translate(["1,2 3,4 5,6", "1,2"])
    assert len(long.tokens) == 3 and len(short.tokens) == 1, "as many as the source, unless told otherwise"
    assert [len(t.tokens) for t in regression.translate(["1,2 3,4", "1,2"], max_length=[1, 5])] == [1, 5]

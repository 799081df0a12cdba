"""Greedy decoding: against a loop over single sentences, in any order, within its limits."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minis2s.data.batching import Example, make_batch
from minis2s.data.vocabulary import BOS, EOS, PAD
from minis2s.decoding.greedy import greedy
from minis2s.layers.packing import Packing
from minis2s.models.configuration import ModelConfig
from minis2s.models.seq2seq import Seq2Seq

WORDS = 9
SEEDS = st.integers(0, 2**32 - 1)


def model_of(seed, scale=1.5):
    """Random weights, large enough that sentences of many lengths come out."""
    rng = np.random.default_rng(seed)
    config = ModelConfig(embedding_size=4, hidden_size=6, attention_size=3)
    model = Seq2Seq(config, WORDS, WORDS, rng, dtype=np.float64)
    model.assign({name: scale * rng.standard_normal(a.shape) for name, a in model.state().items()})
    return model


def sources(rng, n):
    return [rng.integers(4, WORDS, rng.integers(1, 6)).tolist() for _ in range(n)]


def translate(model, sentences, limit):
    """A Hypothesis for each sentence, all in one batch."""
    batch = make_batch([Example(s, []) for s in sentences])
    results = [None] * len(sentences)
    limits = limit if np.isscalar(limit) else np.asarray(limit)[batch.index]
    for place, hypothesis in zip(batch.index, greedy(model, batch.source, batch.source_mask, limits), strict=True):
        results[place] = hypothesis
    return results


def alone(model, source, limit):
    """One sentence by itself, each word by teacher forcing on the words so far: (words, Σ log p, ended)."""
    words, total = [], 0.0
    while True:
        log_p = log_softmax(teacher_forced_logits(model, source, words)[-1])
        allowed = [k for k in range(WORDS) if k not in (PAD, BOS)]
        word = max(allowed, key=lambda k: log_p[k])
        if word == EOS:
            return words, total + log_p[EOS], True
        if len(words) == limit:
            return words, total, False
        total += log_p[word]
        words.append(word)


def teacher_forced_logits(model, source, words):
    batch = make_batch([Example(source, words)])
    (memory, state), _ = model.encoder.forward(batch.source, Packing(batch.source_mask))
    (logits, _), _ = model.decoder.forward(batch.target_in, Packing(batch.target_mask), memory, batch.source_mask, state)
    return logits


def log_softmax(logits):
    return logits - logits.max() - np.log(np.exp(logits - logits.max()).sum())


@settings(max_examples=40, deadline=None)
@given(SEEDS, st.integers(1, 8))
def test_a_batch_gives_what_each_sentence_gives_alone(seed, limit):
    model, rng = model_of(seed), np.random.default_rng(seed)
    sentences = sources(rng, 5)
    for source, h in zip(sentences, translate(model, sentences, limit), strict=True):
        words, log_probability, ended = alone(model, source, limit)
        assert (h.words, h.complete) == (words, ended)
        assert h.log_probability == pytest.approx(log_probability, rel=1e-9, abs=1e-9)
        assert len(h.words) <= limit and not {PAD, BOS, EOS} & set(h.words)
        assert h.weights.shape == (len(words) + ended, len(source))
        np.testing.assert_allclose(h.weights.sum(axis=1), 1, rtol=0, atol=1e-12)
        assert (h.weights >= 0).all()


def test_the_random_models_end_early_late_and_never():
    """The test above means something only if all of that happens."""
    lengths, complete = set(), set()
    for seed in range(12):
        for h in translate(model_of(seed), sources(np.random.default_rng(seed), 5), 6):
            lengths.add(len(h.words))
            complete.add((len(h.words) == 6, h.complete))
    assert len(lengths) >= 4 and {(False, True), (True, False)} <= complete


@settings(max_examples=20, deadline=None)
@given(SEEDS)
def test_neither_order_nor_company_matters(seed):
    model, rng = model_of(seed), np.random.default_rng(seed)
    sentences, limits = sources(rng, 6), rng.integers(1, 7, 6)
    order = rng.permutation(6)
    whole = translate(model, sentences, limits)
    shuffled = translate(model, [sentences[k] for k in order], limits[order])
    for k, h in zip(order, shuffled, strict=True):
        same(h, whole[k])
        same(translate(model, [sentences[k]], int(limits[k]))[0], whole[k])


def same(a, b):
    assert (a.words, a.complete) == (b.words, b.complete)
    assert a.log_probability == pytest.approx(b.log_probability, rel=1e-9)
    np.testing.assert_allclose(a.weights, b.weights, rtol=0, atol=1e-9)


class Scripted:
    """A model that says what it is told: logits for each step, the same for all rows."""

    def __init__(self, *steps):
        self.steps = steps

    def start(self, source, source_mask):
        return State(0, source.shape)

    def first(self, source, source_mask, beginning):
        return np.full(source.shape[1], BOS)

    def step(self, words, state):
        logits = np.tile(np.asarray(self.steps[state.i], dtype=np.float32), (len(words), 1))
        return logits, State(state.i + 1, state.shape), np.full((state.shape[0], len(words)), 1 / state.shape[0])


class State:
    def __init__(self, i, shape):
        self.i, self.shape = i, shape

    def select(self, rows):
        return self


def say(word, p=0.9):
    logits = np.full(6, np.log((1 - p) / 5))
    logits[word] = np.log(p)
    return logits


def one(model, limit):
    source = np.full((2, 1), 4)
    return greedy(model, source, np.ones((2, 1), dtype=bool), limit)[0]


def test_padding_and_beginning_are_never_produced_however_probable():
    for special in (PAD, BOS):
        logits = say(special, 0.7)
        logits[5] += 1
        assert one(Scripted(logits, say(EOS)), 3).words == [5]
        overwhelming = np.full(6, -1e9)
        overwhelming[special] = 0.0  # all others underflow to a probability of zero
        h = one(Scripted(overwhelming, say(EOS)), 3)
        assert len(h.words) <= 1 and special not in h.words and np.isfinite(h.log_probability)


def test_a_translation_of_exactly_the_longest_length_is_complete():
    h = one(Scripted(say(4), say(5), say(EOS)), 2)
    assert (h.words, h.complete, h.weights.shape) == ([4, 5], True, (3, 2))
    assert h.log_probability == pytest.approx(3 * np.log(0.9), rel=1e-6)


def test_one_that_would_go_on_is_cut_and_says_so():
    h = one(Scripted(say(4), say(5), say(4), say(EOS)), 2)
    assert (h.words, h.complete, h.weights.shape) == ([4, 5], False, (2, 2))
    assert h.log_probability == pytest.approx(2 * np.log(0.9), rel=1e-6)


def test_the_empty_translation():
    h = one(Scripted(say(EOS)), 5)
    assert (h.words, h.complete, h.weights.shape) == ([], True, (1, 2))

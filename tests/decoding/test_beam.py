"""Beam search over a batch: against the search for one sentence, greedy, exhaustive enumeration, and the model's own log p."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minis2s.data.batching import Example, make_batch
from minis2s.data.vocabulary import BOS, EOS, PAD
from minis2s.decoding.beam import beam, log_probabilities, score
from minis2s.decoding.greedy import greedy
from minis2s.equations import search
from minis2s.errors import UsageError
from tests.decoding.test_greedy import SEEDS, model_of, sources, teacher_forced_logits


def found(model, sentences, limit, width, **penalties):
    """The hypotheses of each sentence, in the order of the sentences."""
    batch = make_batch([Example(s, []) for s in sentences])
    results = [None] * len(sentences)
    hypotheses = beam(model, batch.source, batch.source_mask, limit, width, **penalties)
    for place, of_sentence in zip(batch.index, hypotheses, strict=True):
        results[place] = of_sentence
    return results


def one_sentence(model, source):
    """(step, state) of `equations.search` for one sentence."""
    batch = make_batch([Example(source, [])])

    def step(state, token):
        logits, state, _ = model.step(np.array([token]), state)
        return log_probabilities(logits)[0], state

    return step, model.start(batch.source, batch.source_mask)


@settings(max_examples=15, deadline=None)
@given(SEEDS, st.integers(1, 4))
def test_a_batch_finds_what_the_search_for_one_sentence_finds(seed, width):
    model = model_of(seed)
    sentences = sources(np.random.default_rng(seed), 3)
    for sentence, ours in zip(sentences, found(model, sentences, 5, width), strict=True):
        step, state = one_sentence(model, sentence)
        theirs = [h for h in search.beam(step, state, BOS, EOS, 6, width) if h.tokens[-1] == EOS]
        complete = [h for h in ours if h.complete]
        if len(theirs) == len(ours) == len(complete):  # nothing was cut short, where the limits are counted differently
            assert [[*h.words, EOS] for h in complete] == [list(h.tokens) for h in theirs]
            np.testing.assert_allclose([h.log_probability for h in complete], [h.log_p for h in theirs], rtol=1e-10)


@settings(max_examples=20, deadline=None)
@given(SEEDS)
def test_width_one_is_greedy(seed):
    model = model_of(seed)
    batch = make_batch([Example(s, []) for s in sources(np.random.default_rng(seed), 4)])
    best = beam(model, batch.source, batch.source_mask, 6, 1)
    for (ours,), theirs in zip(best, greedy(model, batch.source, batch.source_mask, 6), strict=True):
        assert (ours.words, ours.complete) == (theirs.words, theirs.complete)
        np.testing.assert_allclose(ours.log_probability, theirs.log_probability, rtol=1e-9)
        np.testing.assert_allclose(ours.weights, theirs.weights, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_a_huge_width_is_exhaustive_search(seed):
    model, limit = model_of(seed, scale=0.8), 2
    source = sources(np.random.default_rng(seed), 1)[0]
    words = [w for w in range(9) if w not in (PAD, BOS, EOS)]
    everything = {}
    for n in range(limit + 1):
        for sequence in product(words, repeat=n):
            log_p = np.stack([log_softmax(row) for row in teacher_forced_logits(model, source, list(sequence))])
            everything[sequence] = log_p[np.arange(n + 1), [*sequence, EOS]].sum()
    best = sorted(everything, key=everything.get, reverse=True)
    ours = [h for h in found(model, [source], limit, 10_000)[0] if h.complete]
    assert [tuple(h.words) for h in ours] == best
    np.testing.assert_allclose([h.log_probability for h in ours], [everything[s] for s in best], rtol=1e-9)


@settings(max_examples=10, deadline=None)
@given(SEEDS, st.integers(1, 5))
def test_the_score_is_the_models_own_log_probability(seed, width):
    model = model_of(seed)
    source = sources(np.random.default_rng(seed), 1)[0]
    for h in found(model, [source], 6, width)[0]:
        log_p = [log_softmax(row) for row in teacher_forced_logits(model, source, h.words)]
        wanted = sum(row[w] for row, w in zip(log_p, [*h.words, EOS] if h.complete else h.words, strict=False))
        np.testing.assert_allclose(h.log_probability, wanted, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(h.weights.sum(axis=1), 1, rtol=1e-9)


@settings(max_examples=10, deadline=None)
@given(SEEDS)
def test_the_other_sentences_of_a_batch_do_not_matter(seed):
    model = model_of(seed)
    sentences = sources(np.random.default_rng(seed), 4)
    together, reverse = found(model, sentences, 5, 3), found(model, sentences[::-1], 5, 3)[::-1]
    alone = [found(model, [s], 5, 3)[0] for s in sentences]
    words = [[[h.words for h in of_sentence] for of_sentence in each] for each in (together, alone, reverse)]
    assert words[0] == words[1] == words[2]


def test_a_length_penalty_favours_long_sequences_and_coverage_those_that_look_everywhere():
    model = model_of(3, scale=0.3)
    plain = found(model, [[4, 5, 6]], 6, 30)[0]
    long = found(model, [[4, 5, 6]], 6, 30, length_penalty=9.0)[0]
    assert len(long[0].words) > len(plain[0].words)
    covered = found(model, [[4, 5, 6]], 6, 30, coverage_penalty=5.0)[0]
    coverage = [np.minimum(h.weights.sum(axis=0), 1).sum() for h in (plain[0], covered[0])]
    assert coverage[1] > coverage[0]
    for hypotheses, penalties in ((long, (9.0, 0.0)), (covered, (0.0, 5.0))):
        scores = [score(h, *penalties) for h in hypotheses if h.complete]
        assert scores == sorted(scores, reverse=True)


def test_a_width_below_one_is_refused():
    with pytest.raises(UsageError, match="at least 1"):
        found(model_of(0), [[4]], 3, 0)


def log_softmax(z):
    """With the words that are never produced left in: they have their share of the probability."""
    return z - z.max() - np.log(np.exp(z - z.max()).sum())

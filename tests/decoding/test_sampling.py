"""Sampling: the distribution that is drawn from, by hand, and what is drawn."""

import numpy as np
import pytest

from minis2s.data.batching import Example, make_batch
from minis2s.data.vocabulary import BOS, PAD
from minis2s.decoding.greedy import greedy
from minis2s.decoding.sampling import likely, sampler
from minis2s.errors import UsageError
from tests.decoding.test_greedy import model_of

P = np.array([0.5, 0.0, 0.3, 0.15, 0.05])


def test_plain_sampling_draws_from_the_models_distribution():
    np.testing.assert_allclose(likely(P, 1.0, 0, 1.0), P)
    words = sampler(np.random.default_rng(0))(np.tile(P, (20_000, 1)))
    np.testing.assert_allclose(np.bincount(words, minlength=5) / 20_000, P, atol=0.015)
    assert not (words == 1).any()


def test_temperature_is_a_power():
    for temperature in (0.25, 0.5, 2.0):
        wanted = P ** (1 / temperature)
        np.testing.assert_allclose(likely(P, temperature, 0, 1.0), wanted / wanted.sum())
    assert likely(P, 0.01, 0, 1.0)[0] > 0.999999


def test_top_k_keeps_the_most_probable():
    np.testing.assert_allclose(likely(P, 1.0, 2, 1.0), [0.5 / 0.8, 0, 0.3 / 0.8, 0, 0])
    np.testing.assert_allclose(likely(P, 1.0, 1, 1.0), [1, 0, 0, 0, 0])
    np.testing.assert_allclose(likely(P, 1.0, 99, 1.0), P)


def test_the_nucleus_is_the_smallest_set_that_holds_the_share():
    np.testing.assert_allclose(likely(P, 1.0, 0, 0.79), [0.5 / 0.8, 0, 0.3 / 0.8, 0, 0])
    np.testing.assert_allclose(likely(P, 1.0, 0, 0.81), [0.5 / 0.95, 0, 0.3 / 0.95, 0.15 / 0.95, 0])
    np.testing.assert_allclose(likely(P, 1.0, 0, 0.01), [1, 0, 0, 0, 0])


def test_the_same_seed_draws_the_same_and_top_1_is_greedy():
    model = model_of(5)
    batch = make_batch([Example([4, 5, 6], []), Example([7, 8], [])])
    arguments = model, batch.source, batch.source_mask, 6
    a, b = (greedy(*arguments, sampler(np.random.default_rng(9))) for _ in range(2))
    assert [h.words for h in a] == [h.words for h in b]
    one, best = greedy(*arguments, sampler(np.random.default_rng(9), top_k=1)), greedy(*arguments)
    assert [h.words for h in one] == [h.words for h in best]
    drawn = {w for seed in range(50) for h in greedy(*arguments, sampler(np.random.default_rng(seed), 3.0)) for w in h.words}
    assert not drawn & {PAD, BOS} and len(drawn) > 4


@pytest.mark.parametrize("bad", [{"temperature": 0}, {"temperature": np.nan}, {"top_k": -1}, {"top_p": 0}, {"top_p": 1.1}])
def test_values_out_of_range_are_refused(bad):
    with pytest.raises(UsageError, match="must be"):
        sampler(np.random.default_rng(0), **bad)

"""Scheduled sampling: what is fed, by a loop over single sentences."""

import numpy as np
import pytest

from minis2s.data.batching import Example, make_batch
from minis2s.models import model_of
from minis2s.models.configuration import ModelConfig
from minis2s.training.scheduled_sampling import mixed_inputs

WORDS = 9


def made(kind="seq2seq", **settings):
    config = ModelConfig(model=kind, embedding_size=5, hidden_size=6, attention_size=4, **settings)
    columns = (2, 2) if kind == "regression" else (WORDS, WORDS)
    rng = np.random.default_rng(0)
    if kind == "regression":
        examples = [Example(rng.standard_normal((3, 2)), rng.standard_normal((n, 2))) for n in (4, 2, 5)]
    else:
        examples = [Example(rng.integers(4, WORDS, 3).tolist(), rng.integers(4, WORDS, n).tolist()) for n in (4, 2, 5)]
    return model_of(config, *columns, rng, dtype=np.float64), make_batch(examples)


@pytest.mark.parametrize("kind", ["seq2seq", "regression"])
def test_with_share_one_each_step_is_fed_the_choice_of_the_one_before(kind):
    model, batch = made(kind, **({"real_source": True} if kind == "regression" else {}))
    mixed = mixed_inputs(model, batch, 1.0, np.random.default_rng(0))
    for b in range(batch.size):
        n = int(batch.source_mask[:, b].sum())
        state, fed = model.start(batch.source[:n, b : b + 1], batch.source_mask[:n, b : b + 1]), batch.target_in[0, b]
        for i in range(1, int(batch.target_mask[:, b].sum())):
            predictions, state, _ = model.step(fed[None], state)
            fed = predictions[0] if kind == "regression" else predictions[0].argmax()
            np.testing.assert_allclose(mixed.target_in[i, b], fed, rtol=1e-10)
    np.testing.assert_array_equal(mixed.target_out, batch.target_out)
    np.testing.assert_array_equal(mixed.target_in[~batch.target_mask], batch.target_in[~batch.target_mask])


def test_a_share_in_between_replaces_about_so_many_and_none_replaces_nothing():
    model, _ = made()
    rng = np.random.default_rng(1)
    batch = make_batch([Example([4, 5], rng.integers(4, WORDS, 20).tolist()) for _ in range(40)])
    assert mixed_inputs(model, batch, 0.0, rng) is batch
    mixed = [mixed_inputs(model, batch, share, np.random.default_rng(2)).target_in for share in (0.3, 1.0)]
    changed = [(inputs != batch.target_in).mean() for inputs in mixed]
    assert changed[0] / changed[1] == pytest.approx(0.3, abs=0.1) and changed[1] > 0.5

"""Flat parameters, Adam on them, clipping, schedules."""

from math import sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minis2s.errors import UsageError
from minis2s.training import optimisers
from minis2s.training.flat import FlatParameters
from minis2s.training.optimisers import Adam
from minis2s.training.schedules import SCHEDULES, schedule
from minis2s.training.trainer import TrainingConfig

from .scenes import trainer_of


def model_of(dtype=np.float64):
    return trainer_of(dtype=dtype).model


def test_values_and_gradients_become_views():
    model = model_of()
    before = model.state()
    flat = FlatParameters(model)
    assert flat.values.size == model.n_parameters() == flat.gradients.size
    for name, value in model.state().items():
        np.testing.assert_array_equal(value, before[name])
    flat.values += 1
    flat.gradients += 3
    for name, p in model.named_parameters():
        np.testing.assert_array_equal(p.value, before[name] + 1)
        assert (p.grad == 3).all()
        np.testing.assert_array_equal(flat.values[flat.parts[name]], p.value.reshape(-1))
    model.zero_gradients()
    assert (flat.gradients == 0).all()  # in place: the views are not replaced
    assert sorted((s.start, s.stop) for s in flat.parts.values())[-1][1] == flat.values.size


def test_the_norm_and_the_names_of_what_is_wrong():
    flat = FlatParameters(model_of())
    flat.gradients[:] = np.random.default_rng(0).standard_normal(flat.gradients.size)
    assert flat.gradient_norm() == pytest.approx(sqrt(sum(g * g for g in flat.gradients.tolist())), rel=1e-14)
    assert flat.first_not_finite() is None
    for value in (np.nan, np.inf, -np.inf):
        flat.gradients[:] = 0
        flat.gradients[flat.parts["decoder.output.b"].start] = value
        flat.gradients[flat.parts["decoder.W_y"].stop - 1] = value
        assert flat.first_not_finite() == "decoder.W_y"
        assert not np.isfinite(flat.gradient_norm())
    flat.values[flat.parts["decoder.W_r"].start] = -1e6
    assert flat.largest(flat.values) == ("decoder.W_r", 1e6)
    flat.values[flat.parts["decoder.output.b"].start] = np.nan
    assert flat.largest(flat.values)[0] == "decoder.output.b"


def adam_by_hand(theta, gradients, rate, clip):
    """Kingma and Ba's algorithm 1 with Python numbers, entry by entry, after clipping by the norm of all entries."""
    m, v = [0.0] * len(theta), [0.0] * len(theta)
    for t, g in enumerate(gradients, start=1):
        norm = sqrt(sum(x * x for x in g))
        g = [x * min(1.0, clip / norm) for x in g]
        m = [0.9 * a + 0.1 * b for a, b in zip(m, g, strict=True)]
        v = [0.999 * a + 0.001 * b * b for a, b in zip(v, g, strict=True)]
        steps = ((a / (1 - 0.9**t)) / (sqrt(b / (1 - 0.999**t)) + 1e-8) for a, b in zip(m, v, strict=True))
        theta = [x - rate * s for x, s in zip(theta, steps, strict=True)]
    return theta


@pytest.mark.parametrize("clip", [0.5, 1e9])
@pytest.mark.parametrize("piece", [7, 100, 1 << 15])
def test_adam_in_pieces_is_the_algorithm_on_all_entries(piece, clip, monkeypatch):
    monkeypatch.setattr(optimisers, "PIECE", piece)
    flat = FlatParameters(model_of())
    rng = np.random.default_rng(1)
    gradients = [rng.standard_normal(flat.values.size) * scale for scale in (1, 100, 1e-3)]
    expected = adam_by_hand(flat.values.tolist(), [g.tolist() for g in gradients], 0.01, clip)
    optimiser = Adam(flat, clip)
    for g in gradients:
        flat.gradients[:] = g
        optimiser.step(0.01, flat.gradient_norm())
        np.testing.assert_array_equal(flat.gradients, g)  # clipping does not change them
    np.testing.assert_allclose(flat.values, expected, rtol=1e-12, atol=1e-14)


def test_the_size_of_the_pieces_changes_no_bit(monkeypatch):
    results = []
    for piece in (5, 1 << 15):
        monkeypatch.setattr(optimisers, "PIECE", piece)
        flat = FlatParameters(model_of(np.float32))
        optimiser = Adam(flat, 1.0)
        rng = np.random.default_rng(2)
        for _ in range(3):
            flat.gradients[:] = rng.standard_normal(flat.gradients.size)
            optimiser.step(0.01, flat.gradient_norm())
        results.append((flat.values.tobytes(), optimiser.m.tobytes(), optimiser.v.tobytes()))
        assert flat.values.dtype == optimiser.m.dtype == optimiser.v.dtype == np.float32
    assert results[0] == results[1]


def test_state_and_restore_go_on_as_if_never_stopped():
    rng = np.random.default_rng(3)
    flats = [FlatParameters(model_of()) for _ in range(2)]
    gradients = rng.standard_normal((4, flats[0].values.size))
    one = Adam(flats[0], 1.0)
    for g in gradients[:2]:
        flats[0].gradients[:] = g
        one.step(0.01, flats[0].gradient_norm())
    two = Adam(flats[1], 1.0)
    flats[1].values[:] = flats[0].values
    two.restore({"t": one.state()["t"], "m": one.m.copy(), "v": one.v.copy()})
    for g in gradients[2:]:
        for flat, optimiser in zip(flats, (one, two), strict=True):
            flat.gradients[:] = g
            optimiser.step(0.01, flat.gradient_norm())
    np.testing.assert_array_equal(flats[0].values, flats[1].values)


@given(st.floats(0, 1, exclude_max=True))
def test_schedules(done):
    assert schedule("constant")(done) == 1.0
    assert schedule("linear")(done) == pytest.approx(1 - done) and schedule("linear")(done) > 0
    assert all(0 < rate(done) <= 1 for rate in SCHEDULES.values())


def test_an_unknown_schedule_is_refused_with_the_nearest():
    with pytest.raises(UsageError, match="unknown schedule 'liner'; did you mean 'linear'"):
        schedule("liner")


@pytest.mark.parametrize(
    "settings, message",
    [
        ({"epochs": 0}, "epochs must be greater than zero"),
        ({"batch_size": -1}, "batch_size must be greater than zero"),
        ({"learning_rate": float("nan")}, "learning_rate must be greater than zero"),
        ({"learning_rate": float("inf")}, "learning_rate must be"),
        ({"clip": 0.0}, "clip must be greater than zero"),
        ({"hide_words": 1.0}, "hide_words is a share"),
        ({"hide_words": float("nan")}, "hide_words is a share"),
        ({"seed": -1}, "cannot be negative"),
        ({"patience": -1}, "cannot be negative"),
        ({"schedule": "cosine"}, "unknown schedule 'cosine'"),
    ],
)
def test_impossible_settings_are_refused(settings, message):
    with pytest.raises(UsageError, match=message):
        TrainingConfig(**settings)

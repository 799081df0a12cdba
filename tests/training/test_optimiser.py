"""Flat parameters, optimisers on them, clipping, averages of the weights."""

from math import sqrt

import numpy as np
import pytest

from minis2s import pieces
from minis2s.training.averaging import Average
from minis2s.training.flat import FlatParameters
from minis2s.training.optimisers import OPTIMISERS, Adam

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
        flat.gradients[flat.parts["decoder.W_c"].stop - 1] = value
        assert flat.first_not_finite() == "decoder.W_c"
        assert not np.isfinite(flat.gradient_norm())
    flat.values[flat.parts["decoder.W_c"].start] = -1e6
    assert flat.largest(flat.values) == ("decoder.W_c", 1e6)
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
    monkeypatch.setattr(pieces, "PIECE", piece)
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


@pytest.mark.parametrize("name", OPTIMISERS)
def test_the_size_of_the_pieces_changes_no_bit(name, monkeypatch):
    results = []
    for piece in (5, 1 << 15):
        monkeypatch.setattr(pieces, "PIECE", piece)
        flat = FlatParameters(model_of(np.float32))
        optimiser = OPTIMISERS[name](flat, 1.0, weight_decay=0.1)
        rng = np.random.default_rng(2)
        for _ in range(3):
            flat.gradients[:] = rng.standard_normal(flat.gradients.size)
            optimiser.step(0.01, flat.gradient_norm())
        results.append((flat.values.tobytes(), *(vector.tobytes() for vector in optimiser.vectors.values())))
        assert {a.dtype.str for a in (flat.values, *optimiser.vectors.values())} == {"<f4"}
    assert results[0] == results[1]


@pytest.mark.parametrize("name", OPTIMISERS)
def test_state_and_restore_go_on_as_if_never_stopped(name):
    rng = np.random.default_rng(3)
    flats = [FlatParameters(model_of()) for _ in range(2)]
    gradients = rng.standard_normal((4, flats[0].values.size))
    one, two = (OPTIMISERS[name](flat, 1.0, weight_decay=0.1) for flat in flats)

    def step(flat, optimiser, g):
        flat.gradients[:] = g
        optimiser.step(0.01, flat.gradient_norm())

    for g in gradients[:2]:
        step(flats[0], one, g)
    flats[1].values[:] = flats[0].values
    two.restore(one.t, {key: vector.copy() for key, vector in one.vectors.items()})
    for g in gradients[2:]:
        step(flats[0], one, g)
        step(flats[1], two, g)
    np.testing.assert_array_equal(flats[0].values, flats[1].values)


TORCH = {  # the same rule, and the settings that it is tried with: ours, and as PyTorch calls them
    "sgd": ("SGD", [({}, {})]),
    "momentum": ("SGD", [({"momentum": 0.8}, {"momentum": 0.8}), ({}, {"momentum": 0.9})]),
    "adagrad": ("Adagrad", [({}, {"eps": 1e-10})]),
    "adam": ("Adam", [({}, {}), ({"beta1": 0.7, "beta2": 0.95}, {"betas": (0.7, 0.95)})]),
    "adamw": ("AdamW", [({}, {}), ({"beta1": 0.7, "beta2": 0.95}, {"betas": (0.7, 0.95)})]),
}
CASES = [(name, *settings) for name, (_, tried) in TORCH.items() for settings in tried]


@pytest.mark.parametrize("decay", [0.0, 0.3, None])
@pytest.mark.parametrize("name, ours, theirs", CASES)
def test_each_step_is_pytorchs(name, ours, theirs, decay):
    """On a whole model's parameters in double precision; decay of what has two axes or more is one of PyTorch's groups."""
    torch = pytest.importorskip("torch")
    model = model_of()
    flat = FlatParameters(model)
    rng = np.random.default_rng(4)
    flat.values[:] = rng.standard_normal(flat.values.size)  # biases that are not zero
    parameters = {key: torch.tensor(p.value.copy(), requires_grad=True) for key, p in model.named_parameters()}
    effective = {"adamw": 0.01}.get(name, 0.0) if decay is None else decay
    groups = [
        {"params": [p for p in parameters.values() if p.ndim > 1], "weight_decay": effective},
        {"params": [p for p in parameters.values() if p.ndim == 1], "weight_decay": 0.0},
    ]
    assert all(group["params"] for group in groups)
    peer = getattr(torch.optim, TORCH[name][0])(groups, lr=0.1, **theirs)
    optimiser = OPTIMISERS[name](flat, 2.0, decay, **ours)
    assert set(ours) <= set(optimiser.settings)
    for k in range(5):
        flat.gradients[:] = 10.0 ** (k - 3) * rng.standard_normal(flat.values.size)
        norm = np.linalg.norm(flat.gradients)  # PyTorch's clipping divides by norm + 1e-6
        for key, p in model.named_parameters():
            parameters[key].grad = torch.tensor(p.grad * min(1, 2.0 / norm))
        peer.step()
        optimiser.step(0.1, flat.gradient_norm())
        for key, p in model.named_parameters():
            np.testing.assert_allclose(p.value, parameters[key].detach().numpy(), rtol=1e-12, atol=1e-14, err_msg=key)


def test_an_average_is_the_weighted_mean_of_what_there_was():
    flat = FlatParameters(model_of())
    average, decay, rng = Average(flat, 0.8), 0.8, np.random.default_rng(5)
    history = []
    for t in range(1, 8):
        flat.values[:] = rng.standard_normal(flat.values.size)
        history.append(flat.values.copy())
        average.update(t)
        weights = [decay ** (t - i) for i in range(1, t + 1)]
        expected = sum(w * theta for w, theta in zip(weights, history, strict=True)) / sum(weights)
        np.testing.assert_allclose(average.values, expected, rtol=1e-12, atol=1e-14)
    np.testing.assert_array_equal(flat.values, history[-1])


def test_an_average_stays_float32(monkeypatch):
    monkeypatch.setattr(pieces, "PIECE", 7)
    flat = FlatParameters(model_of(np.float32))
    average = Average(flat, 0.999)
    average.update(1)
    np.testing.assert_array_equal(average.values, flat.values)
    flat.values += 1
    average.update(2)
    assert average.values.dtype == np.float32
    np.testing.assert_allclose(average.values, flat.values - 1 + 1 / 1.999, rtol=1e-5, atol=1e-6)

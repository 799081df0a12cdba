"""Layers, models, training and decoding on a stand-in for CuPy that refuses what a device would: see `fence`."""

import subprocess
import sys

import numpy as np
import pytest

from minis2s.backend import Backend, array_module, scatter_add, select, to_host
from minis2s.decoding.sampling import sampler
from minis2s.decoding.search import beam_search, greedy_search, sampling_search
from minis2s.errors import Minis2sError
from minis2s.models import model_of
from minis2s.models.check import MODELS, same_masks, small_model
from minis2s.training import trainer as trainer_module
from minis2s.training.optimisers import OPTIMISERS
from minis2s.training.settings import TrainingConfig
from minis2s.training.trainer import READ_EVERY, Reporter, Trainer
from tests.backends import fence
from tests.training.scenes import N_WORDS, NOISY, examples

NUMPY, FENCE = select("numpy"), Backend("cupy", fence.cupy)
CLOSE = 1e-12  # the same arithmetic, but for the order of a few sums


@pytest.fixture(autouse=True)
def cupy(monkeypatch):
    monkeypatch.setitem(sys.modules, "cupy", fence.cupy)
    fence.Reads.count = 0
    return fence.cupy


# What it refuses


def a():
    return fence.cupy.asarray(np.arange(6.0).reshape(2, 3))


def at(*places):
    return fence.cupy.asarray(np.array(places))


def assign(array, key, value):
    array[key] = value


def twice_assigned(array, key):
    array[key] -= 1.0


VIOLATIONS = {
    "a host array": lambda x: np.asarray(x),
    "a function of NumPy": lambda x: np.tanh(x),
    "a function of NumPy on a list": lambda x: np.concatenate([x, x]),
    "a float": lambda x: float(x.sum()),
    "an int": lambda x: int(x.argmax()),
    "a truth value": lambda x: (x > 1).all() and 1,
    "a comparison in an if": lambda x: max(x.sum(), 1.0),
    "iteration": lambda x: list(x),
    "unpacking": lambda x: [*x],
    "item": lambda x: x.sum().item(),
    "tolist": lambda x: x.tolist(),
    "rows by booleans": lambda x: x[x > 1],
    "nonzero": lambda x: x.nonzero(),
    "a sum with a host array": lambda x: x + np.ones(3),
    "a host array plus it": lambda x: np.ones(3) + x,
    "a function of both": lambda x: fence.cupy.where(x > 1, np.ones(3), x),
    "a host index": lambda x: x[np.array([0, 1])],
    "a list as index": lambda x: x[[0, 1]],
    "a host index in a function": lambda x: fence.cupy.take(x, np.array([0]), axis=0),
    "a host value": lambda x: assign(x, 0, np.ones(3)),
    "a host index in an assignment": lambda x: assign(x, np.array([0]), 1.0),
    "a place assigned to twice": lambda x: assign(x, at(0, 1, 0), 1.0),
    "a pair of places assigned to twice": lambda x: twice_assigned(x, (at(0, 0), at(1, 1))),
    "no such function": lambda x: fence.cupy.busday_count(x, x),
    "no such method": lambda x: x.searchsorted_all(),
    "no such keyword": lambda x: fence.cupy.take(x, at(0), mode="clip"),
    "no such keyword of a method": lambda x: x.sum(axis=0, where=x > 1),
    "no such keyword of a ufunc": lambda x: fence.cupy.exp(x, where=x > 1),
    "no such method of a ufunc": lambda x: fence.cupy.maximum.reduce(x),
    "shapes in a kernel": lambda x: fence.cupy.fuse(lambda y: y * y.shape[0])(x),
    "rows in a kernel": lambda x: fence.cupy.fuse(lambda y: y[0])(x),
    "a host array in a kernel": lambda x: fence.cupy.fuse(lambda y, z: y + z)(x, np.ones(3)),
}


@pytest.mark.parametrize("what", VIOLATIONS)
def test_what_a_device_would_punish_is_refused(what):
    with pytest.raises((fence.Refused, AttributeError)):
        VIOLATIONS[what](a())


def test_what_is_allowed_is_numpys():
    x, y = a(), np.arange(6.0).reshape(2, 3)
    assert array_module(x) is fence.cupy and len(x) == 2 and x.T.shape == (3, 2)
    x[at(1, 0), at(2, 0)] += 2.0
    y[[1, 0], [2, 0]] += 2
    x *= 2
    for ours, numpys in (
        (x, 2 * y),
        (fence.cupy.tanh(x @ x.T), np.tanh(4 * y @ y.T)),
        (fence.cupy.concatenate([x, x[:1] - 1], axis=0)[at(2, 0)], (np.concatenate([2 * y, 2 * y[:1] - 1])[[2, 0]])),
        (fence.cupy.fuse(lambda a, b: a + 0.5 * b)(x, x), 3 * y),
        (scatter_add(3, at(2, 2), x), np.array([[0] * 3, [0] * 3, (2 * y).sum(axis=0)])),
    ):
        np.testing.assert_array_equal(to_host(ours), numpys)
    assert (fence.cupy.zeros(2, dtype=np.float32) * 2.0).dtype == np.float32
    assert (fence.cupy.zeros(2, dtype=np.float32) * np.float64(2)).dtype == np.float64  # as CuPy does
    assert np.isnan(to_host(fence.cupy.empty(3))).all()


def test_reading_is_counted_and_can_be_refused():
    assert to_host(a()).sum() == 15 and fence.Reads.count == 1
    with fence.no_reading(), pytest.raises(fence.Refused):
        to_host(a())


# What runs on it


@pytest.mark.parametrize("name", MODELS)
def test_a_model_and_its_gradients(name):
    """Loss and gradients of the model are NumPy's, and nothing has been read on the way."""
    results = []
    for backend in (NUMPY, FENCE):
        model, batch = small_model(np.random.default_rng(0), backend, **MODELS[name])
        with fence.no_reading():
            model.zero_gradients()
            loss, cache = model.forward(batch, rng=same_masks())
            model.backward(cache)
        results.append({"loss": to_host(loss)} | {n: to_host(p.grad) for n, p in model.named_parameters()})
    for key, expected in results[0].items():
        np.testing.assert_allclose(results[1][key], expected, rtol=CLOSE, atol=CLOSE, err_msg=key)


class Losses(Reporter):
    def __init__(self):
        self.steps = []

    def step(self, loss, norm, tokens):
        self.steps.append((loss, norm, tokens))


def trained(backend, model=NOISY, spoil=None, **settings):
    """(losses and norms of all steps, final parameters) of 20 steps in double precision."""
    config = TrainingConfig(**{"epochs": 4, "batch_size": 5, "learning_rate": 0.01, "hide_words": 0.1} | settings)
    report, model = Losses(), model_of(model, N_WORDS, N_WORDS, np.random.default_rng(0), backend, np.float64)
    trainer = Trainer(model, examples(24), config, lambda model: {"loss": 1.0}, report)
    if spoil:
        spoil(trainer)
    trainer.run()
    return np.array(report.steps), to_host(trainer.flat.values)


@pytest.fixture
def no_looks(monkeypatch):
    """The look at the gradients at the first step of an epoch reads them; it is no part of a step."""
    monkeypatch.setattr(trainer_module, "look_at_gradients", lambda model, batch: {})


KINDS = {name: {"optimiser": name} for name in OPTIMISERS}
KINDS |= {
    "average, several batches": {"average": 0.8, "accumulate": 2, "optimiser": "adamw"},
    "scheduled sampling": {"scheduled_sampling": 0.5},
    "clipped": {"clip": 0.1},
    "saved now and then": {"save_every": 4},
}


@pytest.mark.parametrize("kind", KINDS)
def test_training(kind, no_looks):
    (steps, values), (expected, expected_values) = trained(FENCE, **KINDS[kind]), trained(NUMPY, **KINDS[kind])
    np.testing.assert_allclose(steps, expected, rtol=1e-9)
    np.testing.assert_allclose(values, expected_values, rtol=1e-8, atol=1e-9)


def test_a_step_is_read_with_nine_others(no_looks):
    trained(FENCE, epochs=1, batch_size=1)
    assert fence.Reads.count == 3 + 1  # 24 steps, and the parameters at the end
    assert READ_EVERY == 10


def planted(step, value):
    """A gradient that is not finite, at one step only (of any backend): a trainer must name it."""

    def spoil(trainer):
        backward = trainer.model.backward

        def broken(cache):
            backward(cache)
            if trainer.progress.total_steps == step - 1:
                trainer.model.encoder.reader.W.grad[1, 0] = value
                trainer.model.decoder.W_c.grad[0, 0] = value

        trainer.model.backward = broken

    return spoil


@pytest.mark.parametrize("step, value", [(1, np.nan), (4, np.inf), (5, np.nan), (20, -np.inf)])
@pytest.mark.parametrize("average", [0.0, 0.5])
def test_what_is_not_finite_is_skipped_on_the_device_and_named_as_on_the_host(step, value, average, no_looks):
    messages, states = [], []
    for backend in (NUMPY, FENCE):
        trainers = []

        def spoil(trainer, trainers=trainers):
            trainers.append(trainer)
            planted(step, value)(trainer)

        expected = rf"step {step} \(epoch {(step + 4) // 5}\).*the gradient of encoder.reader.W is not finite"
        with pytest.raises(Minis2sError, match=expected) as caught:
            trained(backend, spoil=spoil, average=average)
        messages.append(str(caught.value))
        (trainer,) = trainers
        assert trainer.optimiser.t == trainer.progress.total_steps == step - 1
        vectors = [trainer.flat.values, *trainer.optimiser.vectors.values(), *([trainer.average.values] if average else [])]
        states.append([to_host(v) for v in vectors] + [trainer.progress.loss_sum, trainer.progress.norm_sum])
    assert messages[0].split("the loss is")[0] == messages[1].split("the loss is")[0]
    for ours, numpys in zip(states[1], states[0], strict=True):
        np.testing.assert_allclose(ours, numpys, rtol=1e-9, atol=1e-12)


def test_an_interrupted_run_saves_what_has_been_read_and_updated(no_looks):
    """`state` is asked for at any time; progress and parameters must then belong together."""

    class Stop(KeyboardInterrupt):
        pass

    def stop(trainer):
        trainers.append(trainer)
        gradient = trainer.gradient

        def stopping(*arguments):
            if trainer.progress.total_steps == 8:
                raise Stop
            return gradient(*arguments)

        trainer.gradient = stopping

    records = []
    for backend in (NUMPY, FENCE):
        trainers = []
        with pytest.raises(Stop):
            trained(backend, spoil=stop)
        arrays, record = trainers[0].state()
        records.append((record["progress"] | {"seconds": 0}, {name: to_host(v) for name, v in arrays.items()}))
    assert records[1][0] == pytest.approx(records[0][0], rel=1e-9)
    assert records[1][0]["total_steps"] == 8 and records[1][0]["tokens"] > 0


SEARCHES = {
    "greedy": greedy_search,
    "beam": beam_search(3),
    "sampling": lambda *a: sampling_search(sampler(np.random.default_rng(5), top_k=4))(*a),
}
DECODED = [(name, search) for name in MODELS for search in SEARCHES if MODELS[name].get("model") is None]
DECODED += [(name, search) for name in ("language model", "CTC") for search in ("greedy", "beam")] + [("regression", "greedy")]


@pytest.mark.parametrize("name, search", DECODED)
def test_decoding(name, search):
    found = []
    for backend in (NUMPY, FENCE):
        model, batch = small_model(np.random.default_rng(1), backend, **MODELS[name])
        found.append(SEARCHES[search](model, batch.source, batch.source_mask, np.array([3, 5, 4, 5, 2])))
    for ours, numpys in zip(*found, strict=True):
        assert len(ours) == len(numpys)
        for one, other in zip(ours, numpys, strict=True):
            np.testing.assert_allclose(one.words, other.words, rtol=1e-9)
            np.testing.assert_allclose(one.weights, other.weights, rtol=1e-9)
            assert one.log_probability == pytest.approx(other.log_probability, rel=1e-9)


def test_the_surface_is_that_of_cupy():
    """Where CuPy is installed (a device is not needed), the list is compared with it."""
    pytest.importorskip("cupy_backends", reason="CuPy is not installed")
    code = "import json; from tests.backends.cupy_surface import surface, FILE; assert surface() == json.loads(FILE.read_text())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-500:]

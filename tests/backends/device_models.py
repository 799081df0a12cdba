"""Run in a process of its own by test_hostcuda.py and test_gpu.py: models, training, decoding on CuPy. Prints one JSON document.

    {"models": {name: message or null}, "training": …, "decoding": …, "refused": …,
     "counts": {what: number}, "nvcc": [lines, failed]}

Where something is not NumPy's the message says what. `counts` and `nvcc` are hostcuda's, and empty on a real device.
"""

import json
import sys
import traceback
from functools import partial

if "--hostcuda" in sys.argv:
    import hostcuda  # before CuPy: it puts the CPU in the place of the device
else:
    hostcuda = None
import numpy as np

from minis2s.backend import select, to_host
from minis2s.data.batching import Example, make_batch
from minis2s.decoding.sampling import sampler
from minis2s.decoding.search import beam_search, greedy_search, sampling_search
from minis2s.errors import Minis2sError
from minis2s.models import model_of
from minis2s.models.check import MODELS, same_masks, small_model
from minis2s.models.configuration import ModelConfig
from minis2s.training.flat import FlatParameters
from minis2s.training.optimisers import OPTIMISERS
from minis2s.training.settings import TrainingConfig
from minis2s.training.trainer import READ_EVERY, Reporter, Trainer
from tests.training.scenes import N_WORDS, NOISY, examples

NUMPY, CUPY = select("numpy"), select("cupy")
SEARCHES = {
    "greedy": greedy_search,
    "beam": beam_search(3),
    "sampling": lambda *a: sampling_search(sampler(np.random.default_rng(5), top_k=4))(*a),
}


def error(a, b):
    a, b = np.asarray(to_host(a)), np.asarray(to_host(b))
    assert a.shape == b.shape, f"shape {b.shape} instead of {a.shape}"
    return float(np.linalg.norm(a - b) / max(np.linalg.norm(a), 1.0)) if a.size else 0.0


def both(compute):
    return compute(NUMPY), compute(CUPY)


def assert_same(ours, numpys, tolerance=1e-11):
    for name, expected in numpys.items():
        assert error(expected, ours[name]) <= tolerance, f"{name}: error {error(expected, ours[name]):.1e}"


def gradients(name, backend):
    model, batch = small_model(np.random.default_rng(0), backend, **MODELS[name])
    model.zero_gradients()
    loss, cache = model.forward(batch, rng=same_masks())
    model.backward(cache)
    found = {"loss": loss} | {n: p.grad for n, p in model.named_parameters()}
    assert all(isinstance(a, backend.xp.ndarray | np.generic) and a.dtype == np.float64 for a in found.values())
    return found


def compare_model(name):
    numpys, ours = both(partial(gradients, name))
    assert_same(ours, numpys)


class Losses(Reporter):
    def __init__(self):
        self.steps = []

    def step(self, loss, norm, tokens):
        self.steps.append((loss, norm, tokens))


def train(settings, backend, spoil=lambda trainer: None):
    """20 steps in double precision, with dropout and hidden words, drawn on the host."""
    config = TrainingConfig(**{"epochs": 4, "batch_size": 5, "learning_rate": 0.01, "hide_words": 0.1} | settings)
    report, model = Losses(), model_of(NOISY, N_WORDS, N_WORDS, np.random.default_rng(0), backend, np.float64)
    trainer = Trainer(model, examples(24), config, lambda model: {"loss": 1.0}, report)
    spoil(trainer)
    trainer.run()
    return {"losses and norms": np.array(report.steps), "parameters": trainer.flat.values}


KINDS = {name: {"optimiser": name} for name in OPTIMISERS}
KINDS |= {"average": {"average": 0.8, "accumulate": 2, "optimiser": "adamw"}, "own words": {"scheduled_sampling": 0.5}}


def compare_training(kind):
    numpys, ours = both(partial(train, KINDS[kind]))
    assert error(numpys["losses and norms"], ours["losses and norms"]) <= 1e-9
    assert len(numpys["losses and norms"]) == (20 if kind != "average" else 12)
    assert error(numpys["parameters"], ours["parameters"]) <= 1e-8


def refused(step):
    """What is said of a gradient that is not finite, in the middle of the steps that are read together."""

    def spoil(trainer):
        backward = trainer.model.backward

        def broken(cache):
            backward(cache)
            if trainer.progress.total_steps == step - 1:
                trainer.model.decoder.W_c.grad[0, 0] = np.nan

        trainer.model.backward = broken

    def message(backend):
        try:
            train({}, backend, spoil)
        except Minis2sError as found:
            return str(found).split("the loss is")[0], "the gradient of decoder.W_c is not finite" in str(found)
        return None

    numpys, ours = both(message)
    assert numpys == ours and numpys[1] and f"step {step} " in numpys[0], (numpys, ours)


def decode(name, search, backend):
    model, batch = small_model(np.random.default_rng(1), backend, **MODELS[name])
    found = SEARCHES[search](model, batch.source, batch.source_mask, np.array([3, 5, 4, 5, 2]))
    flat = [h for each in found for h in each]
    parts = {f"words of {k}": h.words for k, h in enumerate(flat)} | {f"weights of {k}": h.weights for k, h in enumerate(flat)}
    return parts | {"log p": [h.log_probability for h in flat]}


def decodings():
    for name, settings in MODELS.items():
        kind = settings.get("model", "seq2seq")
        for search in {"seq2seq": SEARCHES, "regression": ("greedy",)}.get(kind, ("greedy", "beam")):
            yield f"{name}, {search}", name, search


def compare_decoding(name, search):
    numpys, ours = both(partial(decode, name, search))
    assert_same(ours, numpys, 1e-9)


# How much a step asks of the device


def sized(S, T, rng):
    """A batch of sources up to S words and targets up to T steps, of all lengths that a sorted batch may have."""
    lengths = zip((S, S - 1, S - 1, S - 2, S - 2), (T - 1, T - 2, T - 1, T - 2, T - 3), strict=True)
    return make_batch([Example(rng.integers(4, 20, n).tolist(), rng.integers(4, 20, m).tolist()) for n, m in lengths])


def count(**settings):
    """What one more step of the source and one more of the target cost, and a whole training step."""
    rng, found = np.random.default_rng(0), {}
    config = ModelConfig(**{"embedding_size": 6, "hidden_size": 8, "attention_size": 7, "bidirectional": False} | settings)
    model = model_of(config, 20, 20, rng, CUPY)
    flat = FlatParameters(model)
    optimiser = OPTIMISERS["adam"](flat, 1.0)

    def step(batch):
        model.zero_gradients()
        _, cache = model.forward(batch)
        model.backward(cache)
        optimiser.step(1e-3, flat.gradient_norm())

    def counted(S, T):
        batch = sized(S, T, rng)
        step(batch)
        step(batch)
        with hostcuda.counts() as counts:
            step(batch)
        return counts

    base, longer_source, longer_target = counted(6, 6), counted(7, 6), counted(6, 7)
    found["encoder step"] = longer_source.launches - base.launches
    found["decoder step"] = longer_target.launches - base.launches
    names = "launches", "host_to_device", "device_to_host", "allocations", "synchronizations"
    return found | {name: getattr(base, name) for name in names}


def count_training():
    """Copies to the host of 2 · READ_EVERY updates of a Trainer, its looks at the gradients apart."""
    from minis2s.training import trainer as module

    module.look_at_gradients = lambda model, batch: {}
    config = TrainingConfig(epochs=1, batch_size=1, learning_rate=0.01)
    model = model_of(NOISY, N_WORDS, N_WORDS, np.random.default_rng(0), CUPY)
    trainer = Trainer(model, examples(2 * READ_EVERY), config, lambda model: {"loss": 1.0})
    with hostcuda.counts() as counts:
        trainer.run()
    return {"updates": trainer.progress.total_steps, "device_to_host": counts.device_to_host}


COUNTED = {
    "LSTM": {},
    "bidirectional LSTM": {"bidirectional": True},
    "GRU": {"cell": "gru"},
    "RNN": {"cell": "rnn"},
}


def message(work, *arguments):
    """None if it works, else what went wrong."""
    try:
        work(*arguments)
    except Exception:
        return traceback.format_exc(limit=-6)


if __name__ == "__main__":
    document = {
        "models": {name: message(compare_model, name) for name in MODELS},
        "training": {kind: message(compare_training, kind) for kind in KINDS},
        "refused": {f"step {step}": message(refused, step) for step in (1, 4, 13)},
        "decoding": {title: message(compare_decoding, *what) for title, *what in decodings()},
        "counts": {name: count(**settings) for name, settings in COUNTED.items()} | {"training": count_training()}
        if hostcuda
        else {},
        "nvcc": hostcuda.check_with_nvcc() if hostcuda and hostcuda.nvcc_wanted else None,
    }
    print(json.dumps(document))

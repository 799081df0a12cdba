"""The comparison on a CUDA device: training steps that do not wait for each other, with TF32 forbidden and allowed.

Our batch is uploaded at every step, as in training; PyTorch's is on the device already. The losses are compared without TF32,
which rounds. What the matrix products alone take, and the memory, are not measured here.
"""

from functools import partial
from itertools import chain
from typing import NamedTuple

from minis2s.backend import allow_tf32
from minis2s.bench.engines import engine
from minis2s.bench.measure import agreed, interleaved
from minis2s.bench.settings import generator
from minis2s.bench.worker import timed
from minis2s.errors import UsageError
from minis2s.models.seq2seq import Seq2Seq

STEPS = 10  # between two waits, as a trainer does
ENGINES = ("minis2s", "torch", "torch-compile")


class Timing(NamedTuple):
    """As `measure.Timing`. device: where the engine computed, cuda or cpu; tf32: whether factors might be rounded to it."""

    setting: str
    engine: str
    device: str
    tf32: bool
    step_ms: float
    tokens_per_s: float
    loss: float
    decode_ms: float


def measure(setting, names, backend, seconds=10.0):
    """Timings of each engine named, TF32 first off, then on. Raises as `measure.measure` does, and UsageError for JAX."""
    others = [name for name in names if name not in ENGINES]
    if others:
        raise UsageError(f"on a device {', '.join(ENGINES[1:])} can be compared, not {', '.join(others)}")
    batch, engines = made(setting, names, backend)
    try:
        _allow_tf32(backend, engines, False)
        losses = {name: e.loss() for name, e in engines.items()}
        agreed(setting, losses, {name: e.decode() for name, e in engines.items()})
        rounds = (_measured(setting, engines, losses, batch, tf32, backend, seconds / 2) for tf32 in (False, True))
        return list(chain.from_iterable(rounds))
    finally:
        _allow_tf32(backend, engines, False)


def made(setting, names, backend):
    """(batch, {name: engine}), all engines with the same weights."""
    rng = generator()
    batch = setting.batch(rng)
    weights = Seq2Seq(setting.config, setting.V, setting.V, rng).state()
    engines = {}
    for name in names:
        model = Seq2Seq(setting.config, setting.V, setting.V, rng, backend)
        model.assign({parameter: model.backend.asarray(value) for parameter, value in weights.items()})
        engines[name] = engine(name)(model, batch)
    return batch, engines


def _measured(setting, engines, losses, batch, tf32, backend, seconds):
    _allow_tf32(backend, engines, tf32)
    timers = {(name, "step"): timed(partial(e.step, STEPS)) for name, e in engines.items()}
    timers |= {(name, "decode"): timed(e.decode) for name, e in engines.items()}
    for timer in timers.values():
        timer()  # kernels are compiled, memory is taken from the device
    medians = interleaved(timers, seconds)
    for name, e in engines.items():
        step, decode = medians[name, "step"] / STEPS, medians[name, "decode"]
        speed = batch.n_target_tokens / step
        yield Timing(setting.name, name, getattr(e, "device", "cuda"), tf32, 1e3 * step, speed, losses[name], 1e3 * decode)


def _allow_tf32(backend, engines, allowed):
    """In every library."""
    allow_tf32(backend, allowed)
    for e in engines.values():
        if hasattr(e, "allow_tf32"):
            e.allow_tf32(allowed)

"""Interleaved timing: one step of each engine in turn, many times; medians, and ratios of the medians."""

import time
from statistics import median
from typing import NamedTuple

import numpy as np

from minis2s.bench.engines import engine
from minis2s.bench.settings import generator
from minis2s.errors import Minis2sError
from minis2s.models.seq2seq import Seq2Seq

SAME_LOSS = 1e-4


class Timing(NamedTuple):
    setting: str
    engine: str
    step_ms: float
    tokens_per_s: float
    loss: float


def measure(setting, names, seconds=10.0, tick=lambda: None):
    """A Timing for each engine named, on one batch of `setting`.

    Raises Minis2sError if their losses differ on the same weights: then they are not the same model. Each engine takes a few
    steps first; then all in turn until `seconds` are over (at least five rounds).
    """
    rng = generator()
    batch = setting.batch(rng)
    weights = Seq2Seq(setting.config, setting.V, setting.V, rng)
    engines = {name: engine(name)(_copy(weights, setting), batch) for name in names}
    losses = {name: e.loss() for name, e in engines.items()}
    if max(losses.values()) - min(losses.values()) > SAME_LOSS:
        raise Minis2sError(f"{setting.name}: the engines disagree about the loss of the same weights: {losses}")
    for e in engines.values():
        e.step()
        e.step()
    times = {name: [] for name in names}
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(times[names[0]]) < 5:
        for name, e in engines.items():
            began = time.perf_counter()
            e.step()
            times[name].append(time.perf_counter() - began)
        tick()
    return [Timing(setting.name, n, 1e3 * median(t), batch.n_target_tokens / median(t), losses[n]) for n, t in times.items()]


def _copy(model, setting):
    new = Seq2Seq(setting.config, setting.V, setting.V, np.random.default_rng(0))
    new.assign(model.state())
    return new

"""Interleaved timing: one step of each engine in turn, many times; medians, and what the matrix products alone would take."""

import time
from statistics import median
from typing import NamedTuple

import numpy as np

from minis2s import machine
from minis2s.bench.bound import Products, matrix_products
from minis2s.bench.engines import engine
from minis2s.bench.peak import peak_mb
from minis2s.bench.settings import generator
from minis2s.errors import Minis2sError
from minis2s.models.seq2seq import Seq2Seq

SAME_LOSS = 1e-4


class Timing(NamedTuple):
    """step_ms: a training step; decode_ms: greedy decoding of the batch; peak_mb: memory of a process that does nothing else, or
    None; of our own engine also bound_ms, the step's matrix products alone, gemm_share, their share of the step, and
    decode_bound_ms, those of decoding.
    """

    setting: str
    engine: str
    step_ms: float
    tokens_per_s: float
    loss: float
    decode_ms: float
    peak_mb: float | None
    gemm_share: float | None
    bound_ms: float | None
    decode_bound_ms: float | None


def measure(setting, names, seconds=10.0, memory=True, tick=lambda: None):
    """A Timing for each engine named, on one batch of `setting`.

    Raises Minis2sError if their losses, or most of the words that they decode, differ on the same weights: then they are not the
    same model. Each engine takes a few steps first; then all take turns until `seconds` are over (at least five rounds).
    memory: whether to start a process for each engine that measures its peak.
    """
    batch, engines = made(setting, names)
    losses = agreed(setting, engines)
    for e in engines.values():
        e.step()
        e.step()
    tasks = {(name, task): getattr(e, task) for name, e in engines.items() for task in ("step", "decode")}
    if names[0] == "minis2s":
        ours = engines["minis2s"]
        tasks["minis2s", "bound"] = Products(matrix_products(ours), generator()).run
        tasks["minis2s", "decode bound"] = Products(matrix_products(ours, type(ours).decode), generator()).run
    medians = interleaved(tasks, seconds, tick)
    return [_timing(setting, name, medians, losses[name], batch, memory) for name in names]


def made(setting, names, backend=None):
    """(batch, {name: engine}), all engines with the same weights."""
    rng = generator()
    batch = setting.batch(rng)
    weights = Seq2Seq(setting.config, setting.V, setting.V, rng)
    return batch, {name: engine(name)(_copy(weights, setting, backend), batch) for name in names}


def agreed(setting, engines):
    """The losses of all engines, which must be the same, as must most of the words that they decode."""
    names = list(engines)
    losses = {name: e.loss() for name, e in engines.items()}
    words = {name: e.decode() for name, e in engines.items()}
    if max(losses.values()) - min(losses.values()) > SAME_LOSS:
        raise Minis2sError(f"{setting.name}: the engines disagree about the loss of the same weights: {losses}")
    for name, found in words.items():
        same = (found == words[names[0]]).mean()
        if same < 0.9:  # rounding may turn a word that is as likely as another, and then what follows it
            raise Minis2sError(f"{setting.name}: {name} decodes other words than {names[0]}: {same:.0%} are the same")
    return losses


def interleaved(tasks, seconds, tick=lambda: None):
    """{key: median seconds} of the functions {key: task}, which take turns.

    In each turn a function is called twice and the second call is timed: what it finds in the caches, and which threads are
    awake, is then its own doing, as it is in training, not that of the one before.
    """
    times = {key: [] for key in tasks}
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or min(map(len, times.values())) < 5:
        for key, task in tasks.items():
            task()
            began = time.perf_counter()
            task()
            times[key].append(time.perf_counter() - began)
        tick()
    return {key: median(t) for key, t in times.items()}


def _timing(setting, name, medians, loss, batch, memory):
    step, bound, decode_bound = (medians.get((name, task)) for task in ("step", "bound", "decode bound"))
    return Timing(
        setting.name,
        name,
        1e3 * step,
        batch.n_target_tokens / step,
        loss,
        1e3 * medians[name, "decode"],
        peak_mb(name, setting.name, machine.threads()) if memory else None,
        None if bound is None else bound / step,
        None if bound is None else 1e3 * bound,
        None if decode_bound is None else 1e3 * decode_bound,
    )


def _copy(model, setting, backend=None):
    new = Seq2Seq(setting.config, setting.V, setting.V, np.random.default_rng(0), backend)
    new.assign({name: new.backend.asarray(value) for name, value in model.state().items()})
    return new

"""Interleaved timing: one step of each engine in turn, many times; medians, and what the matrix products alone would take."""

import time
from functools import partial
from statistics import median
from typing import NamedTuple

import numpy as np

from minis2s import machine
from minis2s.bench.engines import engine
from minis2s.bench.worker import Worker
from minis2s.errors import Minis2sError

SAME_LOSS = 1e-4


class Timing(NamedTuple):
    """step_ms: a training step; decode_ms: greedy decoding of the batch; peak_mb: the most memory that training has taken, or
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


def measure(setting, names, seconds=10.0):
    """A Timing for each engine named, on one batch of `setting`, each in a process of its own.

    Raises Minis2sError if their losses, or most of the words that they decode, differ on the same weights: then they are not the
    same model. They take turns until `seconds` are over, five at least.
    """
    for name in names:
        engine(name)  # before a process is started for one of them
    workers = {}
    try:
        for name in names:
            workers[name] = Worker(name, setting, machine.threads())
        losses = {name: worker.ask("loss") for name, worker in workers.items()}
        agreed(setting, losses, {name: np.array(worker.ask("words")) for name, worker in workers.items()})
        peaks = {name: worker.ask("peak") for name, worker in workers.items()}
        questions = {name: ["step", "decode", *(["bound", "decode bound"] if name == "minis2s" else [])] for name in names}
        timers = {(name, what): partial(workers[name].ask, what) for name in names for what in questions[name]}
        medians = interleaved(timers, seconds)
    finally:
        for worker in workers.values():
            worker.close()
    return [_timing(setting, name, medians, losses[name], peaks[name]) for name in names]


def agreed(setting, losses, words):
    """Raises Minis2sError unless the losses of all engines, and most of the words (T, B) that they decode, are the same."""
    if max(losses.values()) - min(losses.values()) > SAME_LOSS:
        raise Minis2sError(f"{setting.name}: the engines disagree about the loss of the same weights: {losses}")
    first = next(iter(words))
    for name, found in words.items():
        same = (found == words[first]).mean()
        if same < 0.9:  # rounding may turn a word that is as likely as another, and then what follows it
            raise Minis2sError(f"{setting.name}: {name} decodes other words than {first}: {same:.0%} are the same")


def interleaved(timers, seconds):
    """{key: median} of what the functions {key: timer} return, seconds, when they take turns."""
    times = {key: [] for key in timers}
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or min(map(len, times.values())) < 5:
        for key, timer in timers.items():
            times[key].append(timer())
    return {key: median(t) for key, t in times.items()}


def _timing(setting, name, medians, loss, peak):
    step, bound, decode_bound = (medians.get((name, task)) for task in ("step", "bound", "decode bound"))
    return Timing(
        setting.name,
        name,
        1e3 * step,
        setting.B * setting.T / step,
        loss,
        1e3 * medians[name, "decode"],
        peak,
        None if bound is None else bound / step,
        None if bound is None else 1e3 * bound,
        None if decode_bound is None else 1e3 * decode_bound,
    )

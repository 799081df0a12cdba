"""Where a training step spends its time: `minis2s bench --profile`.

Each function's own time, with the array operations that stand in it but without the functions that it calls. The profiler costs
a microsecond a call, so functions that are called often look slower than they are.
"""

import cProfile
import pstats
from pathlib import Path
from typing import NamedTuple

import minis2s
from minis2s.bench.engines import Ours
from minis2s.bench.settings import generator, setting
from minis2s.models.seq2seq import Seq2Seq

PACKAGE = Path(minis2s.__file__).parent


class Share(NamedTuple):
    """Of one step: how often the function is called, and its own time."""

    function: str
    calls: float
    ms: float


def profile(name, steps=10):
    """[Share] of every function in a training step of the setting called `name`, the longest first."""
    s, rng = setting(name), generator()
    engine = Ours(Seq2Seq(s.config, s.V, s.V, rng), s.batch(rng))
    engine.step(2)
    profiler = cProfile.Profile()
    profiler.runcall(engine.step, steps)
    rows = pstats.Stats(profiler).stats.items()
    shares = [Share(_name(where), calls / steps, 1e3 * own / steps) for where, (_, calls, own, _, _) in rows]
    return sorted(shares, key=lambda share: -share.ms)


def _name(where):
    file, _, function = where
    inside = Path(file).is_relative_to(PACKAGE)
    return f"{Path(file).relative_to(PACKAGE).with_suffix('').as_posix()}: {function}" if inside else function

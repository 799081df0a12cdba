"""How a training step's time and memory grow with the source's length T and with the batch B: `python -m minis2s.bench.length`.

One bidirectional LSTM encoder, additive attention, an LSTM decoder of S steps; forward and backward, float32, one thread. Time is
the process's own (user and system), so that what else runs on the machine hardly counts. Memory is the most that the step holds
at once beyond the model itself, as Python's allocator counts it; `held` is what the encoder keeps of its forward pass for its
backward pass, beyond its input and output. Each is shown for the ordinary pass and with `recompute`. The power p is the slope of
the line of least squares through the logarithms, cost ~ T^p.
"""

import argparse
import json
import time
import tracemalloc
from typing import NamedTuple

import numpy as np

from minis2s import machine
from minis2s.layers.packing import Packing
from minis2s.models.check import small_batch
from minis2s.models.configuration import ModelConfig
from minis2s.models.seq2seq import Seq2Seq

WIDTH, WORDS, S = 64, 1000, 10
LENGTHS, BATCH = (100, 250, 500, 1000, 2000, 4000), 16
BATCHES, LENGTH = (8, 16, 32, 64, 128, 256), 250


class Cost(NamedTuple):
    T: int
    B: int
    recompute: bool
    step_ms: float
    peak_mb: float
    held_mb: float


def cost(T, B, recompute, repetitions=3):
    """The Cost of a training step on B sources of T words; its time is the least of `repetitions`."""
    sizes = {"embedding_size": WIDTH, "hidden_size": WIDTH, "attention_size": WIDTH}
    model = Seq2Seq(ModelConfig(**sizes, recompute=recompute), WORDS, WORDS, np.random.default_rng(0))
    batch = small_batch(np.random.default_rng(1), WORDS, WORDS, (T,) * B, (S,) * B)
    model.zero_gradients()

    def step():
        _, cache = model.forward(batch)
        model.backward(cache)

    def seconds():
        began = time.process_time()
        step()
        return time.process_time() - began

    fastest = min(seconds() for _ in range(repetitions))
    return Cost(T, B, recompute, 1e3 * fastest, _peak(step) / 1e6, _held(model.encoder.stack, T, B) / 1e6)


def _peak(step):
    tracemalloc.start()
    try:
        step()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def _held(stack, T, B):
    x, packing = np.ones((T, B, WIDTH), np.float32), Packing(np.ones((T, B), bool))
    tracemalloc.start()
    try:
        (h, _), cache = stack.forward(x, packing)
        return tracemalloc.get_traced_memory()[0] - h.nbytes if cache else 0
    finally:
        tracemalloc.stop()


def exponent(sizes, costs):
    """p of cost ~ size^p."""
    return float(np.polyfit(np.log(sizes), np.log(costs), 1)[0])


def series(title, axis, places, say=print):
    """Measure at each (T, B) of `places`, and say it; axis: "T" or "B", what grows. Returns (costs, exponents)."""
    say(title)
    say(f"{axis:>6}  {'ms':>9} {'peak MB':>9} {'held MB':>9}   recomputed: {'ms':>9} {'peak MB':>9} {'held MB':>9}")
    rows = []
    for T, B in places:
        rows.append([cost(T, B, recompute) for recompute in (False, True)])
        ordinary, recomputed = ("{:9.1f} {:9.1f} {:9.2f}".format(*c[3:]) for c in rows[-1])
        say(f"{getattr(rows[-1][0], axis):6}  {ordinary}               {recomputed}")
    grown = [getattr(ordinary, axis) for ordinary, _ in rows]
    found = [[exponent(grown, [pair[k][j] for pair in rows]) for j in (3, 4, 5)] for k in (0, 1)]
    ordinary, recomputed = ("{:9.2f} {:9.2f} {:9.2f}".format(*each) for each in found)
    say(f"{'power':>6}  {ordinary}               {recomputed}\n")
    names = Cost._fields[3:]
    return [c for pair in rows for c in pair], [dict(zip(names, each, strict=True)) for each in found]


def main():
    parser = argparse.ArgumentParser(prog="python -m minis2s.bench.length", description=__doc__.split("\n")[0])
    parser.add_argument("--json", action="store_true", help="print one JSON document instead")
    as_json = parser.parse_args().json
    machine.set_threads(1)
    say = (lambda *_: None) if as_json else (lambda text: print(text, flush=True))
    where = {"machine": machine.processor(), "blas": machine.blas(), "threads": machine.threads()}
    say(f"{where['machine']}; {where['blas']}; width {WIDTH}, {S} target steps")
    results, exponents = [], {}
    for axis, title, places in (
        ("T", f"T source words, batch {BATCH}", [(T, BATCH) for T in LENGTHS]),
        ("B", f"B sources of {LENGTH} words", [(LENGTH, B) for B in BATCHES]),
    ):
        costs, (ordinary, recomputed) = series(title, axis, places, say)
        results += [c._asdict() for c in costs]
        exponents[axis] = {"ordinary": ordinary, "recomputed": recomputed}
    if as_json:
        print(json.dumps(where | {"results": results, "exponents": exponents}, indent=2))


if __name__ == "__main__":
    main()

"""What a run will cost, before it begins: sizes are counted, memory and time are measured on a few real steps."""

import time
import tracemalloc
from itertools import islice
from math import ceil

import numpy as np

from minis2s import machine
from minis2s.backend import array_module
from minis2s.data.batching import make_batch
from minis2s.training.scheduled_sampling import mixed_inputs
from minis2s.training.trainer import hide_words

SECONDS = 3.0  # of steps that are timed …
STEPS = 20  # … or so many


def estimate(session):
    """The sizes of a Session that has only been prepared (its run is None), as a dict that JSON can hold; bytes and seconds.

    memory: "program_and_data" is what the process holds beside the model; "activations" are what forward and backward of the
    largest batch need beyond parameters, gradients and "moments": the optimiser's state and the averaged weights. "total" is
    their sum, within a factor of 1.5 of what a run takes. seconds: without the dev evaluations. Training data beyond the first
    window are taken to be like those in it.
    """
    trainer, config = session.trainer, session.config.training
    windows = trainer.examples
    in_window = ceil(windows.windows[0].examples / config.batch_size)
    batches = [*islice(windows.batches(config.batch_size, config.seed, 0), in_window)]
    share = len(windows) / sum(map(len, batches))
    tokens = {name: round(share * sum(_tokens(batch, k) for batch in batches)) for k, name in enumerate(("source", "target"))}
    of_model = trainer.flat.values.nbytes
    moments = len(trainer.optimiser.vectors) + bool(trainer.average)
    program = max(machine.resident_bytes() - (2 + moments) * of_model, 0)
    step_seconds, timed = _seconds_per_token(trainer, batches)
    epoch_seconds = step_seconds * (tokens["target"] + len(windows))  # each sentence's end is a token, too
    memory = {
        "program_and_data": program,
        "parameters": of_model,
        "gradients": of_model,
        "moments": moments * of_model,
        "activations": max(_peak_bytes(trainer, batch) for batch in _largest(batches)),
    }
    steps = trainer.steps_per_epoch
    return {
        "pairs": {"train": len(windows), "dev": len(session.dev)},
        "tokens": tokens,
        "vocabularies": {
            "source": len(session.languages.source_vocabulary),
            "target": len(session.languages.target_vocabulary),
        },
        "parameters": {"total": session.model.n_parameters(), "parts": _parts(session.model)},
        "memory": {**memory, "total": sum(memory.values())},
        "steps": {"epoch": steps, "total": steps * config.epochs},
        "seconds": {
            "step": epoch_seconds / steps,
            "epoch": epoch_seconds,
            "total": epoch_seconds * config.epochs,
            "steps_timed": timed,
        },
    }


def _tokens(batch, side):
    return sum(len(example[side]) for example in batch)


def _parts(model):
    """Number of parameters by the first two words of their names."""
    parts = {}
    for name, p in model.named_parameters():
        part = ".".join(name.split(".")[:-1][:2])
        parts[part] = parts.get(part, 0) + p.value.size
    return parts


def _largest(batches):
    """The two batches that may need most: for the output, which grows with the target; for attention, with both sides."""

    def alignments(batch):
        return len(batch) * max(len(source) for source, _ in batch) * max(len(target) + 1 for _, target in batch)

    return max(batches, key=lambda batch: _tokens(batch, 1) + len(batch)), max(batches, key=alignments)


def _step(trainer, batch, number):
    """A training step that changes nothing: its learning rate is zero."""
    rng = np.random.default_rng([trainer.config.seed, 2, 0, number])
    made = make_batch(hide_words(batch, trainer.config.hide_words, rng))
    fed = mixed_inputs(trainer.model, made, trainer.config.scheduled_sampling, rng)  # any share but none costs the same
    _, norm = trainer.gradient([fed], rng)
    trainer.optimiser.step(0.0, norm)
    float(norm)  # waits for a device
    return made.n_target_tokens


def _seconds_per_token(trainer, batches):
    """(seconds per target token, number of steps timed); one step before them makes caches and buffers."""
    _step(trainer, batches[0], 0)
    tokens, began = 0, time.perf_counter()
    for number, batch in enumerate(batches[1 : STEPS + 1] or batches):
        tokens += _step(trainer, batch, number)
        if time.perf_counter() - began > SECONDS:
            break
    return (time.perf_counter() - began) / tokens, number + 1


def _peak_bytes(trainer, batch):
    """Most memory that a step takes at one time, beyond what there was before it."""
    xp = array_module(trainer.flat.values)
    if xp is np:
        tracemalloc.start()
        try:
            _step(trainer, batch, 0)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    pool = xp.get_default_memory_pool()
    pool.free_all_blocks()
    before = pool.total_bytes()
    _step(trainer, batch, 0)
    return pool.total_bytes() - before

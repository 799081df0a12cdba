"""A tiny task for tests: reverse a few letters. And ways to compare runs."""

import json
from dataclasses import replace

import numpy as np

from minis2s.backend import select
from minis2s.data.batching import Example
from minis2s.models.configuration import ModelConfig
from minis2s.models.seq2seq import Seq2Seq
from minis2s.training.checkpoint import load_checkpoint
from minis2s.training.run import Run
from minis2s.training.session import DataConfig, RunConfig, Session
from minis2s.training.trainer import Trainer, TrainingConfig

SIZES = ModelConfig(embedding_size=6, hidden_size=8, attention_size=4)
NOISY = replace(SIZES, dropout=0.1)
N_WORDS = 9
TRAINING = {"epochs": 2, "batch_size": 5, "learning_rate": 0.01, "hide_words": 0.1}  # with every kind of chance that a run knows


def lines(n, seed=0, letters="abcde"):
    """Lines of a tab-separated file: letters, and the same in reverse order."""
    rng = np.random.default_rng(seed)
    words = [rng.choice(list(letters), rng.integers(1, 5)).tolist() for _ in range(n)]
    return [f"{' '.join(w)}\t{' '.join(w[::-1])}" for w in words]


def write_pairs(path, n, seed=0, **more):
    path.write_text("".join(f"{line}\n" for line in lines(n, seed, **more)), encoding="utf-8")
    return path


def examples(n, seed=0):
    rng = np.random.default_rng(seed)
    words = [rng.integers(4, N_WORDS, rng.integers(1, 5)).tolist() for _ in range(n)]
    return [Example(w, w[::-1]) for w in words]


def trainer_of(report=None, n=24, evaluate=None, dtype=np.float32, **settings):
    config = TrainingConfig(**({"epochs": 2, "batch_size": 5, "learning_rate": 0.01} | settings))
    model = Seq2Seq(SIZES, N_WORDS, N_WORDS, np.random.default_rng([config.seed, 0]), dtype=dtype)
    return Trainer(model, examples(n), config, evaluate or (lambda model: {"loss": 1.0}), report)


def session_of(folder, display=None, resume=False, run="run", config=None, n=30, **settings):
    """A Session in folder/run on the files train.tsv and dev.tsv of the folder, which are written if they are not there."""
    for name, pairs, seed in (("train.tsv", n, 0), ("dev.tsv", 8, 9)):  # a seed of which no pair is a training pair
        if not (folder / name).exists():
            write_pairs(folder / name, pairs, seed)
    data = DataConfig(train=(str(folder / "train.tsv"),), dev=(str(folder / "dev.tsv"),))
    training = TrainingConfig(**(TRAINING | settings))
    directory = Run(folder / run) if resume else Run.new(folder / run)
    return Session(config or RunConfig(data, NOISY, training), directory, select("numpy"), display, resume)


TIMES = ("seconds", "tokens_per_s", "crc32")  # the last covers the others


def outcome(run):
    """What two equal runs must agree in: all arrays of both checkpoints as bytes, progress and metrics without times."""
    out = {}
    for name in ("best", "last"):
        arrays, record = load_checkpoint(run / f"{name}.npz")
        out |= {f"{name}/{key}": (a.dtype.str, a.shape, a.tobytes()) for key, a in arrays.items()}
        out[f"{name} record"] = without_times({k: v for k, v in record.items() if k != "config"})
    out["metrics"] = [without_times(json.loads(line)) for line in (run / "metrics.jsonl").read_text("utf-8").splitlines()]
    out["health"] = [json.loads(line) for line in (run / "health.jsonl").read_text("utf-8").splitlines()]
    out["translations"] = (run / "translations.jsonl").read_text("utf-8")
    out["samples"] = (run / "samples.txt").read_text("utf-8")
    return out


def without_times(x):
    return {k: without_times(v) for k, v in x.items() if k not in TIMES} if isinstance(x, dict) else x

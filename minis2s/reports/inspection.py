"""What is in a checkpoint or a run directory, as one JSON document."""

import math
from pathlib import Path

import numpy as np

from minis2s.errors import DataError
from minis2s.reports.gather import run_record
from minis2s.training.checkpoint import load_checkpoint

FIRST = 8  # tokens of a vocabulary that are listed: the most frequent ones


def inspect(path):
    """{"path", "run" (None for a file), "checkpoint" (None if there is none yet)}: of a directory the best one, or the last.

    Raises DataError if there is nothing there, or it is damaged: every byte of the checkpoint is verified.
    """
    path = Path(path)
    if not path.is_dir():
        return {"path": str(path), "run": None, "checkpoint": checkpoint(path)}
    there = [path / name for name in ("best.npz", "last.npz") if (path / name).exists()]
    return {"path": str(path), "run": _run(path), "checkpoint": checkpoint(there[0]) if there else None}


def checkpoint(path):
    """A checkpoint's record and parameters; "checksum" is "verified", since loading would have failed otherwise."""
    arrays, record = load_checkpoint(path)
    parameters = {name.removeprefix("model/"): a for name, a in arrays.items() if name.startswith("model/")}
    try:
        languages = record["languages"]
        vocabularies = {side: _vocabulary(languages[f"{side}_vocabulary"]) for side in ("source", "target")}
        tokenisers = {side: _tokeniser(languages[f"{side}_tokeniser"]) for side in ("source", "target")}
        model = dict(record["model"])
    except (KeyError, TypeError) as error:
        raise DataError(path, f"the checkpoint does not describe a model of this program ({error!r})") from None
    return {
        "path": str(path),
        "bytes": Path(path).stat().st_size,
        "format": record["format"],
        "version": record["version"],
        "checksum": "verified",
        "parameters": [_array(name, a) for name, a in parameters.items()],
        "n_parameters": sum(a.size for a in parameters.values()),
        "other_arrays": {name: list(a.shape) for name, a in arrays.items() if not name.startswith("model/")},
        "model": model,
        "vocabularies": vocabularies,
        "tokenisers": tokenisers,
        "epoch": record.get("epoch"),
        "scores": record.get("scores"),
        "progress": record.get("progress"),
        "trainable": "optimiser" in record,
    }


def _run(path):
    record = run_record(path)
    best = record.best
    files = sorted(p for p in path.rglob("*") if p.is_file() and not p.name.startswith("."))
    return {
        "settings": record.settings,
        "environment": record.environment,
        "counts": record.counts,
        "epochs": len(record.metrics),
        "best_by": record.best_by,
        "best_epoch": best and best["epoch"],
        "best_score": best and best[f"dev_{record.best_by}"],
        "seconds": round(record.seconds, 3),
        "tokens_per_s": record.tokens_per_s and round(record.tokens_per_s, 1),
        "findings": [finding._asdict() for finding in record.findings],
        "files": [{"name": p.relative_to(path).as_posix(), "bytes": p.stat().st_size} for p in files],
    }


def _array(name, a):
    norm = float(np.linalg.norm(a.astype(np.float64).reshape(-1)))
    return {"name": name, "shape": list(a.shape), "dtype": str(a.dtype), "norm": norm if math.isfinite(norm) else None}


def _vocabulary(record):
    """Of words: how many tokens, and the first of them; of real vectors: how many columns, and what they were divided by."""
    if isinstance(record, dict):
        return {"columns": len(record["mean"]), "mean": record["mean"][:FIRST], "scale": record["scale"][:FIRST]}
    return {"tokens": len(record), "first": list(record[:FIRST])}


def _tokeniser(record):
    """Its settings, without what it has learned (a byte-pair encoding's table fills pages)."""
    if not isinstance(record, dict):
        return record
    return {name: value if len(str(value)) <= 80 else f"({len(str(value)):,} characters)" for name, value in record.items()}

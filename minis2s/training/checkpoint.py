"""Checkpoints: one `.npz` with the arrays and one JSON record. No pickle, no code; every byte is covered by a checksum."""

import hashlib
import io
import json
from pathlib import Path
from typing import NamedTuple

import numpy as np

from minis2s.backend import to_host
from minis2s.errors import DataError
from minis2s.files import replacing

FORMAT, VERSION = "minis2s-checkpoint", 1
RECORD = "record.json"


class Checkpoint(NamedTuple):
    """arrays: name → host array ("model/…", "optimiser/…"); record: whatever JSON can hold (configuration, vocabularies, …)."""

    arrays: dict
    record: dict


def save_checkpoint(path, arrays, record):
    """Write atomically. Raises Minis2sError if the file cannot be written; an older file then stays."""
    arrays = {name: np.asarray(to_host(a), order="C") for name, a in arrays.items()}
    record = {"format": FORMAT, "version": VERSION, **record}
    text = json.dumps({**record, "checksum": _checksum(arrays, record)}, ensure_ascii=False).encode()
    with replacing(path) as file:
        np.savez(file, **arrays, **{RECORD: np.frombuffer(text, dtype=np.uint8)})


def load_checkpoint(path):
    """Read and verify. Raises DataError saying what is wrong: not there, not ours, another version, damaged."""
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise DataError(path, f"cannot read the checkpoint: {error.strerror or error}") from None
    hint = "best.npz and last.npz both translate; only last.npz can be trained further"
    damaged = DataError(path, "the checkpoint is damaged or cut short", hint=hint)
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as file:
            if not hasattr(file, "files") or RECORD not in file.files:
                raise DataError(path, "this is not a minis2s checkpoint")
            record = json.loads(file[RECORD].tobytes())
            if record.get("format") != FORMAT:
                raise DataError(path, "this is not a minis2s checkpoint")
            if record.get("version") != VERSION:
                raise DataError(path, f"checkpoint version {record.get('version')}; this program reads version {VERSION}")
            arrays = {name: file[name] for name in file.files if name != RECORD}
    except DataError:
        raise
    except Exception as error:  # any: of damaged bytes, zipfile, its decompressors and NumPy raise almost every kind
        looks_like_zip = data[:2] == b"PK"
        raise (damaged if looks_like_zip else DataError(path, "this is not a minis2s checkpoint")) from error
    checksum = record.pop("checksum", None)
    if checksum != _checksum(arrays, record):
        raise damaged
    return Checkpoint(arrays, record)


def _checksum(arrays, record):
    digest = hashlib.sha256(json.dumps(record, sort_keys=True, ensure_ascii=False).encode())
    for name in sorted(arrays):
        digest.update(f"{name} {arrays[name].dtype.str} {arrays[name].shape}".encode())
        digest.update(arrays[name].tobytes())
    return digest.hexdigest()

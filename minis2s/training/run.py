"""A run directory: what a training run leaves behind, and how it is read again.

    config.json      all settings, resolved          best.npz, last.npz   checkpoints
    metrics.jsonl    one line for each epoch         curves.png, attention.png, samples.txt
    health.jsonl     gradients and units, now and    translations.jsonl    all dev sentences, by the best epoch's model
                     then (see health.py)            attention/            one sentence's attention after each epoch
"""

import json
import os
import platform
import re
import zlib
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import minis2s
from minis2s import machine
from minis2s.data.numbers import Numbers
from minis2s.data.tokenisers import Normalised
from minis2s.data.vocabulary import Vocabulary
from minis2s.decoding.translator import Translator
from minis2s.errors import DataError, UsageError
from minis2s.files import append_line, cannot_write, replacing
from minis2s.models import model_of
from minis2s.models.configuration import ModelConfig
from minis2s.training.checkpoint import load_checkpoint, save_checkpoint
from minis2s.training.lock import Lock

FILES = (
    *("config.json", "metrics.jsonl", "health.jsonl", "best.npz", "last.npz"),
    *("curves.png", "attention.png", "samples.txt", "translations.jsonl"),
)
PICTURES, REPORT = "attention", "report.html"  # the second one is written where it is asked for (minis2s report)
_UNFINISHED = re.compile(rf"\.({'|'.join(map(re.escape, FILES))}|epoch-\d+\.png)\.\d+\.tmp")  # see files.replacing


class Languages(NamedTuple):
    """Both sides' vocabularies and tokenisers: what lies between text and the model."""

    source_vocabulary: Vocabulary | Numbers
    target_vocabulary: Vocabulary | Numbers
    source_tokeniser: Any
    target_tokeniser: Any

    def as_record(self):
        return {
            "source_vocabulary": self.source_vocabulary.as_record(),
            "target_vocabulary": self.target_vocabulary.as_record(),
            "source_tokeniser": self.source_tokeniser.as_record(),
            "target_tokeniser": self.target_tokeniser.as_record(),
        }

    @classmethod
    def from_record(cls, record):
        return cls(
            *(_vocabulary(record[f"{side}_vocabulary"]) for side in ("source", "target")),
            Normalised.from_record(record["source_tokeniser"]),
            Normalised.from_record(record["target_tokeniser"]),
        )


def _vocabulary(record):
    return Numbers(**record) if isinstance(record, dict) else Vocabulary(record)


class Run:
    """A run directory, by its path."""

    def __init__(self, path, overwrite=False):
        self.path, self.overwrite = Path(path), overwrite
        self._lock = Lock(self.path)

    @classmethod
    def new(cls, path, overwrite=False):
        """A run that will begin here. A directory with a run in it is refused, unless `overwrite`. Nothing is changed yet."""
        run = cls(path, overwrite)
        run._refuse_another_run()
        return run

    def begin(self, config):
        """Make the directory, hold it, remove the files of the run that was in it, and write config.json."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self.hold()
            self._refuse_another_run()  # one may have begun since `new` looked
            for file in self._files():
                file.unlink()
        except (OSError, ValueError) as error:
            raise cannot_write(self.path, error) from None
        self.write("config.json", json.dumps(config, indent=2, ensure_ascii=False) + "\n")

    def hold(self):
        """Keep other processes from writing here, until `release`. Raises UsageError if one already does."""
        self._lock.acquire()
        try:
            for file in [*self.path.iterdir(), *self.path.glob(f"{PICTURES}/.*")]:  # what a killed process had not finished
                if _UNFINISHED.fullmatch(file.name):
                    file.unlink(missing_ok=True)
        except OSError as error:
            raise cannot_write(self.path, error) from None

    def release(self):
        self._lock.release()

    def _refuse_another_run(self):
        there = self._files()
        if there and not self.overwrite:
            raise UsageError(
                f"{self.path} already holds a run ({there[0].name}); choose another directory, continue it with --resume, "
                "or give --overwrite"
            )

    def _files(self):
        """Those of a run's files that are there."""
        there = [path for name in (*FILES, REPORT) if os.path.exists(path := self.path / name)]
        pictures = self.path / PICTURES
        return there + (sorted(pictures.glob("epoch-*.png")) if os.path.isdir(pictures) else [])

    def picture(self, epoch):
        """Where the picture of an epoch goes."""
        try:
            (self.path / PICTURES).mkdir(exist_ok=True)
        except OSError as error:
            raise cannot_write(self.path / PICTURES, error) from None
        return self.path / PICTURES / f"epoch-{epoch:02}.png"

    def has_checkpoint(self):
        return any(os.path.exists(self.path / f"{name}.npz") for name in ("last", "best"))

    def write(self, name, text):
        with replacing(self.path / name) as file:
            file.write(text.encode())

    def config(self):
        try:
            return json.loads((self.path / "config.json").read_text(encoding="utf-8"))
        except OSError as error:
            raise DataError(self.path, f"this is not a run directory: no readable config.json ({error.strerror})") from None
        except ValueError:
            raise DataError(self.path / "config.json", "the file is damaged: it is not JSON") from None

    def append_metrics(self, record):
        append_line(self.path / "metrics.jsonl", _as_line(record))

    def append_health(self, record):
        append_line(self.path / "health.jsonl", _as_line(record))

    def metrics(self):
        """The epochs' records so far. A last line that was cut short by a kill is left out."""
        return self._records("metrics.jsonl")

    def health(self):
        """What was seen of gradients and units so far, likewise; see `health.py`."""
        return self._records("health.jsonl")

    def _records(self, name):
        path = self.path / name
        try:
            lines = path.read_bytes().split(b"\n")[:-1] if path.exists() else []
        except OSError as error:
            raise DataError(path, f"the file cannot be read: {error.strerror or error}") from None
        records = []
        for number, line in enumerate(lines, start=1):
            match = _LINE.fullmatch(line)
            if not match or int(match[2], 16) != zlib.crc32(match[1] + b"}"):
                raise DataError(path, "the line is damaged", line=number, hint="a run goes on without the file: move it away")
            records.append(json.loads(match[1] + b"}"))
        return sorted(records, key=lambda record: record["epoch"])

    def truncate_records(self, epochs, steps):
        """Keep what was recorded in the first `epochs` epochs, and of the next one what was seen in the first `steps` steps
        of the run (a run that is resumed from there writes the rest again)."""
        self.write("metrics.jsonl", "".join(_as_line(r) + "\n" for r in self.metrics() if r["epoch"] <= epochs))
        kept = [r for r in self.health() if r["epoch"] <= epochs or ("gradients" in r and r["step"] <= steps)]
        self.write("health.jsonl", "".join(_as_line(r) + "\n" for r in kept))

    def save(self, name, model, languages, record, arrays=None):
        """Write the checkpoint `name` ("best", "last"); with a trainer's state, training can go on from it."""
        arrays = {f"model/{key}": value for key, value in model.state().items()} | (arrays or {})
        record = {"model": vars(model.config), "languages": languages.as_record(), **record}
        save_checkpoint(self.path / f"{name}.npz", arrays, record)

    def load(self, name, backend=None):
        """(model, languages, checkpoint) of the checkpoint `name`. Raises DataError where directory or file is not one."""
        if not os.path.exists(self.path):
            raise DataError(self.path, "there is no such run directory", hint="minis2s train writes one")
        path = self.path if self.path.is_file() else self.path / f"{name}.npz"
        if not os.path.exists(path):
            self.config()  # says so if this is no run at all
            hint = f"minis2s train --resume {self.path} goes on with the run"
            if name == "last":
                hint = "only last.npz can be trained further; best.npz still translates; --overwrite starts anew"
            raise DataError(path, "there is no such checkpoint yet", hint=hint)
        checkpoint = load_checkpoint(path)
        model, languages = described(checkpoint.record, path, backend)
        try:
            values = {k.removeprefix("model/"): v for k, v in checkpoint.arrays.items() if k.startswith("model/")}
            model.assign({k: model.backend.asarray(v) for k, v in values.items()})
        except (KeyError, ValueError) as error:
            raise _no_model(path, error) from None
        return model, languages, checkpoint


def described(record, path, backend=None):
    """(model, languages) as the record of a checkpoint describes them, the weights newly drawn. path: for the message."""
    try:
        languages = Languages.from_record(record["languages"])
        words = len(languages.source_vocabulary), len(languages.target_vocabulary)
        return model_of(ModelConfig(**record["model"]), *words, np.random.default_rng(0), backend), languages
    except (KeyError, TypeError, ValueError) as error:
        raise _no_model(path, error) from None


def _no_model(path, error):
    return DataError(path, f"the checkpoint does not describe a model of this program ({error})")


def _as_line(record):
    """JSON; its last entry is a checksum of what the line would be without it."""
    text = json.dumps(record, ensure_ascii=False, allow_nan=False)
    return f'{text[:-1]}, "crc32": "{zlib.crc32(text.encode()):08x}"}}'


_LINE = re.compile(rb'({.*), "crc32": "([0-9a-f]{8})"}')


def load(path, backend=None, which="best", max_source=200):
    """The Translator of a run directory or of a checkpoint file. max_source: longest source sentence, in tokens.

    which: "best" or "last" checkpoint of a directory. Raises DataError if there is none, or it is damaged or of another kind.
    """
    model, languages, _ = Run(path).load(which, backend)
    return Translator(model, *languages, max_source=max_source)


def environment(backend, dtype):
    """What a bit-identical repetition depends on: versions, BLAS, its core type and threads, the processor."""
    return {
        "minis2s": minis2s.__version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "blas": machine.blas(),
        "threads": machine.threads(),
        "machine": f"{platform.system()} {platform.machine()}",
        "backend": backend.name,
        "dtype": dtype,
    }

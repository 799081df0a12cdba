"""What is known of a run from its directory, before any model is loaded."""

import json
from dataclasses import dataclass

from minis2s.errors import DataError
from minis2s.training.health import findings
from minis2s.training.progress import better
from minis2s.training.run import Run
from minis2s.training.settings import TrainingConfig


@dataclass(frozen=True)
class RunRecord:
    """path; settings: group → name → value; environment; counts (of the data); metrics and health: records, oldest first;
    translations: of the dev sentences, by the best model; findings: see `health.findings`.
    """

    path: object
    settings: dict
    environment: dict
    counts: dict
    metrics: list
    health: list
    translations: list
    findings: list

    @property
    def best_by(self):
        return self.settings["training"].get("best_by", TrainingConfig.best_by)

    @property
    def best(self):
        """The record of the best epoch, or None before the first."""
        found = None
        for record in self.metrics:
            if found is None or better(self.best_by, record[f"dev_{self.best_by}"], found[f"dev_{self.best_by}"]):
                found = record
        return found

    @property
    def seconds(self):
        return sum(record["seconds"] for record in self.metrics)

    @property
    def tokens_per_s(self):
        """Target tokens a second, over all epochs."""
        tokens = sum(record["tokens_per_s"] * record["seconds"] for record in self.metrics)
        return tokens / self.seconds if self.seconds else None

    @property
    def data(self):
        """In words."""
        data = self.settings["data"]
        return f"built-in task {data['task']}" if data.get("task") else " ".join(data.get("train", []))


def run_record(path):
    """Read a run directory. Raises DataError where it is none or its files are damaged."""
    run = Run(path)
    if not run.path.exists():
        raise DataError(path, "there is no such run directory", hint="minis2s train writes one")
    config = run.config()
    try:
        settings = {group: dict(config[group]) for group in ("data", "model", "training")}
        environment, counts = (dict(config.get(name) or {}) for name in ("environment", "counts"))
        training = settings["training"]
        metrics, health = run.metrics(), run.health()
        clip, best_by = training.get("clip", TrainingConfig.clip), training.get("best_by", TrainingConfig.best_by)
        found = findings(metrics, health, clip, best_by)
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(run.path, f"its JSON files are not those of a run of this program ({error!r})") from None
    return RunRecord(run.path, settings, environment, counts, metrics, health, _translations(run.path), found)


def _translations(folder):
    path = folder / "translations.jsonl"
    if not path.exists():
        return []
    try:
        records = [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]
        return [_translation(**record) for record in records]
    except (OSError, ValueError, TypeError, KeyError):
        raise DataError(path, "the file is damaged: its lines are not translations", hint="remove it") from None


def _translation(source, reference, translation, unknown=(), complete=True):
    texts = {"source": str(source), "reference": str(reference), "translation": str(translation)}
    return texts | {"unknown": [str(word) for word in unknown], "complete": bool(complete)}


def flat(settings):
    """{"training.clip": 1.0, …}"""
    return {f"{group}.{name}": value for group, values in settings.items() for name, value in values.items()}

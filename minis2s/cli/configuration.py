"""The settings of a new run, gathered from everywhere. What comes earlier in this list wins:

the command line; the file of --config; the run that --init-from names (its sizes and how it reads text); what a built-in task
recommends; the defaults.

What a run or a task brings but the model cannot read, as another kind's attention or tokeniser, is left out. What was asked for
and says nothing is refused: it was a slip.
"""

import os
import tomllib
from dataclasses import asdict, fields
from pathlib import Path

from minis2s.cli.settings import KINDS, given_settings
from minis2s.data.tasks import task
from minis2s.data.tokenisers import RealNumbers
from minis2s.errors import DataError, UsageError, unknown_name
from minis2s.models.configuration import ModelConfig, idle
from minis2s.training.configuration import checked
from minis2s.training.run import Run
from minis2s.training.session import ONE_LANGUAGE, DataConfig, RunConfig
from minis2s.training.settings import TrainingConfig

BUILT_IN = "translation"
LARGEST_FILE = 1 << 20  # bytes


def configuration(args):
    """The RunConfig that the parsed arguments of `minis2s train` ask for. Nothing is written."""
    options = {title: given_settings(args, kind) for title, kind in KINDS.items()}
    if args.task and (args.train or args.dev):
        raise UsageError("give --task or --train, not both")
    options["data"] |= {"task": args.task} if args.task else {}
    options["data"] |= {name: _absolute(files) for name in ("train", "dev") if (files := getattr(args, name))}
    if args.init_from:
        (options["training"]["init_from"],) = _absolute([args.init_from])
    file = read_toml(args.config) if args.config else {}
    recommended = _recommended(_merged(file.get("data", {}), options["data"]))
    of_run = _of_run(_merged(file.get("training", {}), options["training"]).get("init_from"))
    brought, asked = _tables(recommended, of_run), _tables(file, options)
    model = brought["model"] | asked["model"]
    unread = idle(model)
    model = {name: value for name, value in model.items() if name in asked["model"] or name not in unread}
    data = _merged(_readable(brought["data"], model), asked["data"])
    config = RunConfig(DataConfig(**data), ModelConfig(**model), TrainingConfig(**brought["training"] | asked["training"]))
    for name in unread.keys() & asked["model"].keys():
        if model[name] != getattr(ModelConfig, name):
            raise UsageError(f"{name} says nothing {unread[name]}; leave it out")
    return config


def _tables(*layers):
    """One layer of several, later ones winning."""
    return {title: _merged(*(layer.get(title, {}) for layer in layers)) for title in KINDS}


def _readable(data, model):
    """The settings of `data` that a model with these settings can read: each side as numbers or as words, or one language."""
    kind = model.get("model", ModelConfig.model)
    numbers = {"source": model.get("real_source", ModelConfig.real_source), "target": kind == "regression"}
    for side, wanted in numbers.items():
        name = f"{side}_tokeniser"
        if name in data and (data[name] == RealNumbers.name) != wanted:
            data = {key: value for key, value in data.items() if key != name}
    if kind != "language-model":
        return data
    of_target = {each.format("source"): data.get(each.format("target")) for each in ONE_LANGUAGE}
    return {key: value for key, value in (data | of_target).items() if value is not None}


def read_toml(path):
    """{"data": {…}, "model": {…}, "training": {…}} of a TOML file; names of data files are relative to the file's own folder.

    Raises DataError for what is not TOML, for unknown tables and keys (with the nearest name), and for values of another type.
    """
    path = Path(path)
    try:
        with open(path, "rb") as file:
            content = file.read(LARGEST_FILE + 1)
    except (OSError, ValueError) as error:
        raise DataError(path, f"the configuration cannot be read: {getattr(error, 'strerror', None) or error}") from None
    if len(content) > LARGEST_FILE:
        raise DataError(path, f"more than {LARGEST_FILE:,} bytes are no configuration")
    try:
        tables = tomllib.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise DataError(path, "not UTF-8", line=content.count(b"\n", 0, error.start) + 1) from None
    except (ValueError, RecursionError) as error:
        raise DataError(path, f"not valid TOML: {error}") from None
    try:
        for title in tables:
            if title not in KINDS:
                raise _misplaced(title)
        settings = {title: checked(KINDS[title], tables[title], title) for title in tables}
        data = settings.get("data", {})
        if data.get("task") and {"train", "dev"} & data.keys():
            raise UsageError("[data] names a task and files; give one of them")
        for name in {"train", "dev"} & data.keys():
            if not data[name]:
                raise UsageError(f"[data] {name} names no file")
    except UsageError as error:
        raise DataError(path, str(error)) from None
    for name in {"train", "dev"} & data.keys():
        data[name] = tuple(str((path.parent / each).absolute()) for each in data[name])
    if start := settings.get("training", {}).get("init_from"):
        settings["training"]["init_from"] = str((path.parent / start).absolute())
    return settings


def _misplaced(title):
    """The error for a table that is none of ours: perhaps a setting without its table, perhaps a slip of the pen."""
    home = next((table for table, kind in KINDS.items() if title in _names(kind)), None)
    return UsageError(f"{title!r} belongs into the table [{home}]") if home else unknown_name("table", title, KINDS)


def _names(kind):
    return [field.name for field in fields(kind)]


def _recommended(data):
    """The lowest layer: the built-in task, unless there are files, and the settings that suit it."""
    if "train" in data:
        if "dev" not in data:
            raise UsageError("--train needs --dev: pairs that are not trained on, to choose the best epoch by")
        return {}
    if "dev" in data:
        raise UsageError("--dev needs --train")
    chosen = task(data.get("task", BUILT_IN))
    tokenisers = {"source_tokeniser": chosen.source_tokeniser, "target_tokeniser": chosen.target_tokeniser}
    by_table = {
        title: {key: value for key, value in chosen.settings.items() if key in _names(kind)} for title, kind in KINDS.items()
    }
    by_table["data"] = {"task": chosen.name, **tokenisers, **by_table["data"]}
    kind = {"model": chosen.model, "real_source": chosen.source_tokeniser == RealNumbers.name}
    by_table["model"] = kind | by_table["model"]
    return by_table


def _of_run(path):
    """The layer of the run or checkpoint to begin from: its model's sizes; of a run, also how it reads text."""
    if not path:
        return {}
    model, _, _ = Run(path).load("best")
    if os.path.isfile(path):
        return {"model": asdict(model.config)}
    data = RunConfig.from_dict(Run(path).config(), Path(path) / "config.json").as_dict()["data"]
    return {"model": asdict(model.config), "data": {k: v for k, v in data.items() if k.startswith(("source_", "target_"))}}


def _merged(*layers):
    """One dict, later layers winning. Files in one layer put aside a task in an earlier one, and the other way round."""
    merged = {}
    for layer in layers:
        aside = ("train", "dev") if "task" in layer else ("task",) if {"train", "dev"} & layer.keys() else ()
        merged = {key: value for key, value in merged.items() if key not in aside} | layer
    return merged


def _absolute(files):
    """So that a run can be resumed from anywhere. Names go into config.json, which is UTF-8."""
    for file in files:
        try:
            file.encode()
        except UnicodeEncodeError:
            raise UsageError(f"the file name {file!r} is not UTF-8; rename the file") from None
    return tuple(str(Path(file).absolute()) for file in files)

"""Train a translator with attention, on the built-in data or on your own files.

Without arguments it trains English to Chinese on built-in, synthetic sentences. Your own data is one file with a source,
a tab and a target on each line, one of JSON lines ({"source": …, "target": …} in a file named .jsonl), or two aligned files (of a
language model, plain text, or JSON lines of which only the target is needed);
plain or gzipped, and larger than memory if need be (--window-pairs):

    minis2s train --train pairs.tsv --dev dev.tsv --source-tokeniser wordpunct --target-tokeniser chars
    minis2s train --train train.de train.en --dev dev.de dev.en

The run's directory then holds the checkpoints, the scores of each epoch, curves, an attention map and samples.

Settings may also stand in a TOML file (--config FILE): tables [data], [model] and [training], as the options are grouped
below, with _ for - in the names. An option on the command line wins over the file, the file over the run that --init-from
begins with, that over what a built-in task recommends, and that over the defaults. The run's config.json holds the result.
A setting that the model does not read is refused where it is asked for, and left out where a run or a task brings it.

A run that was stopped by Ctrl-C, a signal (TERM, HUP) or a power cut goes on with --resume DIR as if nothing had been.
"""

from contextlib import suppress
from itertools import count
from pathlib import Path

from minis2s.backend import keep_freed_memory, select
from minis2s.cli.arguments import Parser, add_backend, add_json
from minis2s.cli.configuration import BUILT_IN, configuration
from minis2s.cli.dry_run import print_estimate
from minis2s.cli.output import console, print_json
from minis2s.cli.progress import Display
from minis2s.cli.settings import add_settings
from minis2s.data.numbers import Numbers
from minis2s.data.tasks import TASKS, task
from minis2s.errors import UsageError
from minis2s.models.configuration import ModelConfig
from minis2s.training.estimate import estimate
from minis2s.training.run import Run
from minis2s.training.session import DataConfig, RunConfig, Session
from minis2s.training.settings import TrainingConfig


def add_arguments(parser):
    group = add_settings(parser, DataConfig)
    group.add_argument("--task", metavar="NAME", help=f"built-in data: {', '.join(TASKS)} (default: {BUILT_IN})")
    files = "one file: tab-separated or JSON lines (.jsonl); or two aligned ones"
    group.add_argument("--train", nargs="+", metavar="FILE", default=[], help=files)
    group.add_argument("--dev", nargs="+", metavar="FILE", default=[], help="the same, to choose the best epoch by")
    add_settings(parser, ModelConfig)
    add_settings(parser, TrainingConfig)
    group = parser.add_argument_group("run")
    group.add_argument("--config", metavar="FILE", help="settings from a TOML file; see above")
    group.add_argument("--run", metavar="DIR", help="where to write (default: runs/NAME-1, -2, …)")
    group.add_argument("--overwrite", action="store_true", help="replace the run that is there")
    group.add_argument("--resume", metavar="DIR", help="go on with a run that was interrupted, with the settings it has")
    group.add_argument("--dry-run", action="store_true", help="say what the run would cost: sizes, memory, time; write nothing")
    add_backend(group)
    add_json(group, "with --dry-run: print one JSON document and nothing else")


def run(args):
    if args.json and not args.dry_run:
        raise UsageError("--json goes with --dry-run")
    keep_freed_memory()
    backend = select(args.backend)
    if args.resume:
        _refuse_settings(args)
        directory = Run(args.resume)
        config = RunConfig.from_dict(directory.config(), directory.path / "config.json")
    else:
        config = configuration(args)
        name = config.data.task or Path(config.data.train[0]).name.split(".")[0]
        directory = Run.new(args.run or _free_directory(name), args.overwrite)
    display = Display()
    if args.dry_run:
        return _dry_run(Session(config, None, backend, display), args.json)
    session = Session(config, directory, backend, display, resume=bool(args.resume))
    out = console()
    out.print(f"run        {directory.path}", soft_wrap=True)
    out.print(f"data       {_describe_data(session)}", soft_wrap=True)
    out.print(f"model      {session.model.n_parameters():,} parameters, {backend.name}, float32")
    _print_notes(out, session)  # what was left out of the data should be known before the training
    try:
        session.train()
    except KeyboardInterrupt as stop:
        with suppress(OSError):  # after a HUP there is no terminal to write to
            display.end()
            out.print(f"interrupted; nothing is lost: minis2s train --resume {directory.path}", soft_wrap=True)
        return getattr(stop, "exit_code", 130)
    finally:
        display.end()
    _print_notes(out, session)
    progress = session.trainer.progress
    score = f"dev {config.training.best_by} {progress.best:.4g}"
    out.print(f"best       epoch {progress.best_epoch}, {score}: {directory.path / 'best.npz'}", soft_wrap=True)
    out.print(f"try        minis2s translate {directory.path} {_example(session)!r}", soft_wrap=True)
    return 0


def _dry_run(session, json):
    found = estimate(session)
    if json:
        print_json(found | {"notes": session.notes})
    else:
        _print_notes(console(), session)
        print_estimate(console(), found, session.config.training.epochs)
    return 0


def _refuse_settings(args):
    """A run goes on with the settings that it has; another one next to --resume would be ignored, so it is refused."""
    parser = Parser()
    add_arguments(parser)
    given = [name for name, value in vars(args).items() if value != parser.get_default(name)]
    others = [f"--{name.replace('_', '-')}" for name in given if name not in ("resume", "backend")]
    if others:
        raise UsageError(f"--resume goes on with the run's own settings; leave out {', '.join(others)}")


def _print_notes(out, session):
    """What there is to tell since the last time."""
    for note in session.notes:
        out.print(f"note       {note}", soft_wrap=True)
    session.notes.clear()


def _free_directory(name):
    return next(path for n in count(1) if not (path := Path("runs") / f"{name}-{n}").exists())


def _describe_data(session):
    data, languages = session.config.data, session.languages
    what = f"built-in task {data.task!r}, {task(data.task).description}" if data.task else " ".join(data.train)
    sizes = f"{len(session.trainer.examples):,} training and {len(session.dev):,} dev pairs"
    source, target = (_count(each) for each in languages[:2])
    return f"{what}: {sizes}, {source} of the source and {target} of the target"


def _count(vocabulary):
    unit = "columns" if isinstance(vocabulary, Numbers) else "tokens"
    return f"{len(vocabulary):,} {unit}"


def _example(session):
    return "I love deep learning" if session.config.data.task == BUILT_IN else session.dev[0].source

"""Train a translator with attention, on the built-in data or on your own files.

Without arguments it trains English to Chinese on built-in, synthetic sentences. Your own data is one file with a source,
a tab and a target on each line (plain or gzipped), or two aligned files:

    minis2s train --train pairs.tsv --dev dev.tsv --source-tokeniser wordpunct --target-tokeniser chars
    minis2s train --train train.de train.en --dev dev.de dev.en

The run's directory then holds the checkpoints, the scores of each epoch, curves, an attention map and samples.
"""

from itertools import count
from pathlib import Path

from minis2s.backend import NAMES as BACKENDS
from minis2s.backend import keep_freed_memory, select
from minis2s.cli.arguments import Parser
from minis2s.cli.output import console
from minis2s.cli.progress import Display
from minis2s.data.tasks import TASKS, task
from minis2s.data.tokenisers import TOKENISERS
from minis2s.errors import UsageError
from minis2s.models.seq2seq import Seq2SeqConfig
from minis2s.training.run import Run
from minis2s.training.schedules import SCHEDULES
from minis2s.training.session import DataConfig, RunConfig, Session
from minis2s.training.trainer import TrainingConfig

SCORES = ("loss", "exact_match", "bleu", "chrf", "token_error_rate", "any_reference_match")
BUILT_IN = "translation"


def add_arguments(parser):
    data, sizes, training = DataConfig(), Seq2SeqConfig(), TrainingConfig()

    group = parser.add_argument_group("data")
    group.add_argument("--task", metavar="NAME", help=f"built-in data: {', '.join(TASKS)} (default: {BUILT_IN})")
    group.add_argument("--train", nargs="+", metavar="FILE", default=[], help="one tab-separated file, or two aligned ones")
    group.add_argument("--dev", nargs="+", metavar="FILE", default=[], help="the same, to choose the best epoch by")
    group.add_argument("--source-tokeniser", metavar="NAME", help=f"one of {', '.join(TOKENISERS)} (default: words)")
    group.add_argument("--target-tokeniser", metavar="NAME", help="likewise")
    group.add_argument("--min-frequency", type=int, default=data.min_frequency, metavar="N", help="rarer words are unknown words")
    group.add_argument("--max-length", type=int, default=data.max_length, metavar="N", help="longest sentence, in tokens")

    group = parser.add_argument_group("model")
    group.add_argument("--embedding-size", type=int, default=sizes.embedding_size, metavar="N")
    group.add_argument("--hidden-size", type=int, default=sizes.hidden_size, metavar="N", help="of decoder and encoder memory")
    group.add_argument("--attention-size", type=int, default=sizes.attention_size, metavar="N")
    group.add_argument("--one-direction", action="store_true", help="an encoder that reads forward only")
    group.add_argument("--dropout", type=float, default=sizes.dropout, metavar="X", help="share dropped while training")

    group = parser.add_argument_group("training")
    group.add_argument("--epochs", type=int, default=training.epochs, metavar="N")
    group.add_argument("--batch-size", type=int, default=training.batch_size, metavar="N", help="sentences")
    group.add_argument("--learning-rate", type=float, default=training.learning_rate, metavar="X", help="Adam's, at the start")
    group.add_argument("--schedule", default=training.schedule, metavar="NAME", help=f"its course: {', '.join(SCHEDULES)}")
    group.add_argument("--clip", type=float, default=training.clip, metavar="X", help="largest norm of the whole gradient")
    group.add_argument("--hide-words", type=float, default=training.hide_words, metavar="X", help="share shown as unknown words")
    group.add_argument("--patience", type=int, default=training.patience, metavar="N", help="epochs without a better score")
    group.add_argument("--best-by", choices=SCORES, default=training.best_by, metavar="SCORE", help=f"of {', '.join(SCORES)}")
    group.add_argument("--seed", type=int, default=training.seed, metavar="N")

    group = parser.add_argument_group("run")
    group.add_argument("--run", metavar="DIR", help="where to write (default: runs/NAME-1, -2, …)")
    group.add_argument("--overwrite", action="store_true", help="replace the run that is there")
    group.add_argument("--resume", metavar="DIR", help="go on with a run that was interrupted, with the settings it has")
    group.add_argument("--backend", choices=BACKENDS, metavar="NAME", help=f"{', '.join(BACKENDS)} (default: $MINIS2S_BACKEND)")


def run(args):
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
    session = Session(config, directory, backend, display, resume=bool(args.resume))
    out = console()
    out.print(f"run        {directory.path}", soft_wrap=True)
    out.print(f"data       {_describe_data(session)}", soft_wrap=True)
    out.print(f"model      {session.model.n_parameters():,} parameters, {backend.name}, float32")
    _print_notes(out, session)  # what was left out of the data should be known before the training
    try:
        session.train()
    except KeyboardInterrupt:
        display.end()
        out.print(f"interrupted; nothing is lost: minis2s train --resume {directory.path}", soft_wrap=True)
        return 130
    finally:
        display.end()
    _print_notes(out, session)
    progress = session.trainer.progress
    score = f"dev {config.training.best_by} {progress.best:.4g}"
    out.print(f"best       epoch {progress.best_epoch}, {score}: {directory.path / 'best.npz'}", soft_wrap=True)
    out.print(f"try        minis2s translate {directory.path} {_example(session)!r}", soft_wrap=True)
    return 0


def configuration(args):
    """The RunConfig of the command line's arguments."""
    if args.train:
        if args.task:
            raise UsageError("give --task or --train, not both")
        if not args.dev:
            raise UsageError("--train needs --dev: pairs that are not trained on, to choose the best epoch by")
        name, tokenisers = None, ("words", "words")
    else:
        if args.dev:
            raise UsageError("--dev needs --train")
        name = args.task or BUILT_IN
        tokenisers = task(name).source_tokeniser, task(name).target_tokeniser
    data = DataConfig(
        task=name,
        train=_absolute(args.train),
        dev=_absolute(args.dev),
        source_tokeniser=args.source_tokeniser or tokenisers[0],
        target_tokeniser=args.target_tokeniser or tokenisers[1],
        min_frequency=args.min_frequency,
        max_length=args.max_length,
    )
    sizes = Seq2SeqConfig(args.embedding_size, args.hidden_size, args.attention_size, not args.one_direction, args.dropout)
    training = TrainingConfig(
        epochs=args.epochs,
        batch_size=args.batch_size,
        learning_rate=args.learning_rate,
        schedule=args.schedule,
        clip=args.clip,
        seed=args.seed,
        hide_words=args.hide_words,
        patience=args.patience,
        best_by=args.best_by,
    )
    return RunConfig(data, sizes, training)


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


def _absolute(files):
    """So that a run can be resumed from anywhere. Names go into config.json, which is UTF-8."""
    for file in files:
        try:
            file.encode()
        except UnicodeEncodeError:
            raise UsageError(f"the file name {file!r} is not UTF-8; rename the file") from None
    return tuple(str(Path(file).absolute()) for file in files)


def _free_directory(name):
    return next(path for n in count(1) if not (path := Path("runs") / f"{name}-{n}").exists())


def _describe_data(session):
    data, languages = session.config.data, session.languages
    what = f"built-in task {data.task!r}, {task(data.task).description}" if data.task else " ".join(data.train)
    sizes = f"{len(session.trainer.examples):,} training and {len(session.dev):,} dev pairs"
    words = f"{len(languages.source_vocabulary):,} source and {len(languages.target_vocabulary):,} target tokens"
    return f"{what}: {sizes}, {words}"


def _example(session):
    return "I love deep learning" if session.config.data.task == BUILT_IN else session.dev[0].source

"""A whole run from its configuration: data, model, trainer, and the files that are kept."""

import hashlib
import time
from dataclasses import asdict, dataclass, field

import numpy as np

from minis2s import machine
from minis2s.data.encoding import check_lengths
from minis2s.data.files import read_aligned, read_pairs
from minis2s.data.tasks import task
from minis2s.data.tokenisers import tokeniser
from minis2s.data.vocabulary import Vocabulary
from minis2s.decoding.evaluation import teacher_forced_loss, translation_scores
from minis2s.decoding.translator import Translator
from minis2s.errors import DataError, UsageError
from minis2s.models.seq2seq import Seq2Seq, Seq2SeqConfig
from minis2s.plots import attention_map, training_curves
from minis2s.training.configuration import checked
from minis2s.training.interruption import stop_between_updates
from minis2s.training.run import Languages, environment
from minis2s.training.trainer import Reporter, Trainer, TrainingConfig
from minis2s.training.transfer import begin_from

N_SAMPLES = 20
SAVE_INTERVAL = 60.0  # seconds of training that a kill may cost, where save_every does not say otherwise
SMALL_PRODUCT = 50_000_000  # multiplications, for one step of a decoder's output
LONGEST_PICTURE = 24  # tokens on a side of an attention map


@dataclass(frozen=True)
class DataConfig:
    """Either the name of a built-in task, or files: one tab-separated file or two aligned ones, for training and for dev.

    max_length: tokens a side; longer pairs are left out, and counted. Words rarer than min_frequency are unknown words.
    """

    task: str | None = None
    train: tuple = ()
    dev: tuple = ()
    source_tokeniser: str = "words"
    target_tokeniser: str = "words"
    min_frequency: int = 1
    max_length: int = 100

    def __post_init__(self):
        for name in ("min_frequency", "max_length"):
            if getattr(self, name) < 1:
                raise UsageError(f"{name} must be at least 1, not {getattr(self, name)}")

    def load(self):
        """(training pairs, dev pairs)."""
        if self.task:
            splits = task(self.task).generate(seed=0)
            return splits.train, splits.dev
        return _read(self.train), _read(self.dev)


@dataclass(frozen=True)
class RunConfig:
    """Everything that decides a run. `as_dict` is what config.json holds, `from_dict` its inverse."""

    data: DataConfig = field(default_factory=DataConfig)
    model: Seq2SeqConfig = field(default_factory=Seq2SeqConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)

    def as_dict(self):
        return asdict(self)

    @classmethod
    def from_dict(cls, record, where):
        """Raises DataError, naming the file `where`, for what is missing, unknown, or no value for its setting."""
        kinds = {"data": DataConfig, "model": Seq2SeqConfig, "training": TrainingConfig}
        try:
            return cls(**{name: kind(**checked(kind, record[name], name)) for name, kind in kinds.items()})
        except (KeyError, TypeError, UsageError) as error:
            raise DataError(where, f"the configuration does not fit this program: {error}") from None


class Session(Reporter):
    """Prepares a run, trains, and writes its directory; passes on to `display` what a person wants to see.

    run: a Run directory, which is held until `train` ends, or None to prepare only; resume: go on from its last checkpoint.
    `notes` tells what was left out of the data.
    """

    def __init__(self, config, run, backend, display=None, resume=False):
        self.config, self.run_directory, self.display = config, run, display or Reporter()
        self.notes = []
        train, dev = config.data.load()
        sides = tokeniser(config.data.source_tokeniser), tokeniser(config.data.target_tokeniser)
        columns = ([s.split(text) for text in column] for s, column in zip(sides, zip(*train, strict=True), strict=True))
        vocabularies = (Vocabulary.build(column, config.data.min_frequency) for column in columns)
        self.languages = Languages(*vocabularies, *sides)
        words = len(self.languages.source_vocabulary), len(self.languages.target_vocabulary)
        if threads := config.training.threads or _threads_for(config, words[1]):
            machine.set_threads(threads)
        self.environment = environment(backend, "float32")
        self.model = Seq2Seq(config.model, *words, np.random.default_rng([config.training.seed, 0]), backend)
        if config.training.init_from and not (resume and run.has_checkpoint()):  # which has all of that already
            self.notes.append(begin_from(config.training.init_from, self.model, self.languages))
        self.translator = Translator(self.model, *self.languages, max_source=config.data.max_length)
        examples, _ = self._encode(train, "training data")
        self.dev_examples, self.dev = self._encode(dev, "dev data")
        self.trainer = Trainer(self.model, examples, config.training, self._evaluate, self)
        self.data_checksum = hashlib.sha256(repr(train).encode()).hexdigest()
        if run is None:
            return
        try:
            if resume:
                run.hold()
                self._go_on()
            else:
                run.begin(config.as_dict() | {"environment": self.environment})
        except BaseException:
            run.release()
            raise

    def _go_on(self):
        """Take the run up where its last checkpoint left it; from the start if it was stopped before its first one."""
        run = self.run_directory
        before = run.config().get("environment", {})
        different = [f"{k} {before.get(k)} → {v}" for k, v in self.environment.items() if before.get(k) != v]
        if different:
            self.notes.append(f"the run goes on, but not to the last bit as it would have there: {', '.join(different)}")
        if run.has_checkpoint():
            path = run.path / "last.npz"
            model, languages, checkpoint = run.load("last", self.model.backend)
            if checkpoint.record.get("data") not in (self.data_checksum, None):
                raise DataError(path, "the training data have changed since this run began", hint="restore them or start anew")
            if languages.as_record() != self.languages.as_record() or model.config != self.model.config:
                raise DataError(path, "its vocabularies or sizes are not those that config.json asks for")
            try:
                self.trainer.restore(checkpoint)
            except (KeyError, TypeError, ValueError) as error:
                raise DataError(path, f"it cannot be trained further, which only a last.npz can ({error})") from None
        run.truncate_metrics(self.trainer.progress.epoch)

    def _encode(self, pairs, what):
        """(examples, pairs) within the length limit; what is left out is noted."""
        limit = self.config.data.max_length
        encoded = self.translator.examples(pairs)
        examples, report = check_lengths(encoded, limit, what)
        if report:
            self.notes.append(f"{report}; they are left out (--max-length raises the limit)")
        if not examples:
            raise UsageError(f"{what}: no pair is left within the limit of {limit} tokens")
        return examples, [p for p, e in zip(pairs, encoded, strict=True) if max(map(len, e)) <= limit]

    def train(self):
        """Run to the end. On Ctrl-C, TERM or HUP the state is saved where it is, and Interrupted goes on to the caller."""
        try:
            self.run_directory.hold()
            with stop_between_updates(self.trainer):
                try:
                    self._save_last()  # also so that a disk that is too small shows now
                    self.trainer.run()
                except KeyboardInterrupt:
                    self.trainer.updating = True  # another signal must not stop the saving
                    self._save_last()
                    raise
        finally:
            self.run_directory.release()

    def _evaluate(self, model):
        scores, self.dev_translations = translation_scores(self.translator, self.dev)
        return {"loss": teacher_forced_loss(model, self.dev_examples), **scores}

    def _save_last(self):
        record = {"progress": asdict(self.trainer.progress), "config": self.config.as_dict(), "data": self.data_checksum}
        began = time.monotonic()
        self.run_directory.save("last", self.model, self.languages, record, self.trainer.optimiser)
        self._saved_at, self._saving_took = time.monotonic(), time.monotonic() - began

    def _is_time_to_save(self):
        """Saving only reads the state, so it may depend on the clock and the run still not."""
        every = self.config.training.save_every
        if every:
            return self.trainer.progress.total_steps % every == 0
        return time.monotonic() - self._saved_at > max(SAVE_INTERVAL, 20 * self._saving_took)

    def start(self, trainer):
        self.display.start(trainer)

    def step(self, loss, norm, tokens):
        if self._is_time_to_save():
            self._save_last()
        self.display.step(loss, norm, tokens)

    def epoch(self, record, is_best):
        run = self.run_directory
        run.append_metrics(record)
        if is_best:
            run.save("best", self.model, self.languages, {"epoch": record["epoch"], "scores": record})
            run.write("samples.txt", self._samples(record["epoch"]))
            self._draw_attention()
        self._save_last()
        training_curves(run.path / "curves.png", run.metrics())
        self.display.epoch(record, is_best)

    def end(self):
        self.display.end()

    def _samples(self, epoch):
        """A few dev sentences: every one of a fixed choice, right or wrong."""
        chosen = np.random.default_rng(0).permutation(len(self.dev))[:N_SAMPLES]
        blocks = [f"dev sentences after epoch {epoch} (* right)\n"]
        for k in sorted(chosen):
            translation, reference = self.dev_translations[k], self.dev[k].target
            mark = "*" if translation.text == reference else " "
            shown = (f"{mark} source     {translation.source}", f"model      {translation.flagged}", f"wanted     {reference}")
            blocks.append("\n  ".join(shown) + "\n")
        return "\n".join(blocks)

    def _draw_attention(self):
        """The longest dev sentence that still gives a readable picture."""
        fits = [t for t in self.dev_translations if max(len(t.source_tokens), len(t.tokens)) < LONGEST_PICTURE]
        shown = max(fits or self.dev_translations[:1], key=lambda t: (t.complete, len(t.tokens)))
        note = draw_translation(self.run_directory.path / "attention.png", shown)
        if note and note not in self.notes:
            self.notes.append(note)


def draw_translation(path, translation):
    """The attention map of a Translation as a PNG; returns a note if there was no font for it, else ""."""
    rows = [*translation.tokens, "⟨end⟩"][: len(translation.weights)]
    return attention_map(path, translation.source_tokens, rows, translation.weights, translation.text)


def _threads_for(config, target_words):
    """1 for a small model, 0 (leave it to the BLAS) for others.

    Small products gain little from a second thread, and lose tenfold when another program wants the second processor.
    """
    largest_product = config.training.batch_size * config.model.hidden_size * target_words
    return 1 if largest_product < SMALL_PRODUCT else 0


def _read(files):
    if len(files) not in (1, 2):
        raise UsageError(f"give one tab-separated file or two aligned ones, not {len(files)} files")
    return read_pairs(*files) if len(files) == 1 else read_aligned(*files)

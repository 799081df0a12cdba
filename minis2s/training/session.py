"""A whole run from its configuration: data, model, trainer, and the files that are kept."""

import hashlib
import time
from dataclasses import asdict, dataclass, field

import numpy as np

from minis2s import machine
from minis2s.data.tokenisers import RealNumbers
from minis2s.decoding.evaluation import teacher_forced_loss, translation_scores
from minis2s.decoding.translator import Translator
from minis2s.errors import DataError, UsageError
from minis2s.metrics import perplexity
from minis2s.models import model_of
from minis2s.models.configuration import ModelConfig
from minis2s.models.observe import UnitActivity, observing
from minis2s.plots import training_curves
from minis2s.training.configuration import checked
from minis2s.training.data import DataConfig, RunData
from minis2s.training.health import findings
from minis2s.training.interruption import stop_between_updates
from minis2s.training.run import environment
from minis2s.training.samples import as_lines, draw_translation, one_to_follow, readable, samples
from minis2s.training.settings import OF_NUMBERS, TrainingConfig
from minis2s.training.trainer import Reporter, Trainer
from minis2s.training.transfer import begin_from

SAVE_INTERVAL = 60.0  # seconds of training that a kill may cost, where save_every does not say otherwise
# Settings that a place in an epoch, or the optimiser's state, means nothing without:
PLACE = ("seed", "batch_size", "accumulate", "max_length", "window_pairs", "optimiser", "average")
ONE_LANGUAGE = ("{}_tokeniser", "{}_lowercase", "{}_width", "max_{}_vocabulary")
NUMBERS = "real numbers are read by the tokeniser 'numbers': as a target by the model 'regression', as a source with real_source"
SMALL_PRODUCT = 50_000_000  # multiplications, for one step of a decoder's output


@dataclass(frozen=True)
class RunConfig:
    """Everything that decides a run. `as_dict` is what config.json holds, `from_dict` its inverse."""

    data: DataConfig = field(default_factory=DataConfig)
    model: ModelConfig = field(default_factory=ModelConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)

    def __post_init__(self):
        """Refuses what fits no model of its kind."""
        data, kind = self.data, self.model.model
        for side, wanted in (("source", self.model.real_source), ("target", kind == "regression")):
            name = data.side(side, "{}_tokeniser")
            if (name == RealNumbers.name) != wanted:
                raise UsageError(f"a model of the kind {kind!r} cannot have the {side} tokeniser {name!r}; {NUMBERS}")
        for setting in ONE_LANGUAGE if kind == "language-model" else ():
            if data.side("source", setting) != data.side("target", setting):
                names = f"{setting.format('source')} and {setting.format('target')}"
                raise UsageError(f"a language model has one language: {names} must be the same")
        if self.training.scheduled_sampling and kind == "ctc":
            raise UsageError("scheduled_sampling feeds a decoder its own words; a CTC tagger has no decoder")
        if self.training.hide_words and (self.model.real_source or kind == "language-model"):
            raise UsageError("hide_words hides words of the source; this model's source has none")
        if (score := self.training.best_by) != "loss" and (score in OF_NUMBERS) != (kind == "regression"):
            raise UsageError(f"there is no score {score!r} of a model of the kind {kind!r}; choose another best_by")
        if self.model.attention == "all-states" and data.max_length > self.model.longest_source:
            room = f"longest_source {self.model.longest_source}"
            raise UsageError(f"the attention 'all-states' has no room for max_length {data.max_length}, only for {room}")

    def as_dict(self):
        return asdict(self)

    @classmethod
    def from_dict(cls, record, where):
        """Raises DataError, naming the file `where`, for what is missing, unknown, or no value for its setting."""
        kinds = {"data": DataConfig, "model": ModelConfig, "training": TrainingConfig}
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
        data = RunData(config.data, config.model.model, self.display.reading)
        self.notes += data.notes
        self.languages, self.data_checksum = data.languages, data.checksum
        self.dev, self.dev_examples = data.dev, data.dev_examples
        self.dev_checksum = hashlib.sha256(repr(self.dev).encode()).hexdigest()
        words = len(self.languages.source_vocabulary), len(self.languages.target_vocabulary)
        if threads := config.training.threads or _threads_for(config, words[1]):
            machine.set_threads(threads)
        self.environment = environment(backend, "float32")
        try:
            self.model = model_of(config.model, *words, np.random.default_rng([config.training.seed, 0]), backend)
        except (MemoryError, ValueError) as error:  # ValueError: an array that no memory could hold
            raise UsageError(f"a model of these sizes does not fit into memory: {error}") from None
        if config.training.init_from and not (resume and run.has_checkpoint()):  # which has all of that already
            self.notes.append(begin_from(config.training.init_from, self.model, self.languages))
        self.translator = Translator(self.model, *self.languages, max_source=config.data.max_length)
        self.pictured = one_to_follow(self.dev_examples)
        self.trainer = Trainer(self.model, data.training, config.training, self._evaluate, self)
        if run is None:
            return
        try:
            if resume:
                run.hold()
                self._go_on()
            else:
                run.begin(config.as_dict() | {"environment": self.environment, "counts": data.counts})
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
            self._compare_settings(checkpoint.record.get("config", {}), path)
            if checkpoint.record.get("dev_data") not in (self.dev_checksum, None):
                self.notes.append("the dev data have changed since this run began: scores before and after do not compare")
            try:
                self.trainer.restore(checkpoint)
            except (KeyError, TypeError, ValueError) as error:
                raise DataError(path, f"it cannot be trained further, which only a last.npz can ({error})") from None
        run.truncate_records(self.trainer.progress.epoch, self.trainer.progress.total_steps)

    def _compare_settings(self, before, path):
        """What was changed in config.json since the checkpoint was written is said, or refused if its place would be lost."""
        for table, settings in self.config.as_dict().items():
            for key, new in settings.items():
                new = list(new) if isinstance(new, tuple) else new  # as JSON has it
                old = before.get(table, {}).get(key, new)
                if old != new and key in PLACE:
                    raise DataError(path, f"it was trained with {key} = {old!r}, but config.json asks for {new!r}")
                if old != new:
                    self.notes.append(f"the run goes on with {key} = {new!r}, which was {old!r} before")

    def train(self):
        """Run to the end. On Ctrl-C, TERM or HUP the state is saved where it is, and Interrupted goes on to the caller."""
        try:
            self.run_directory.hold()
            with stop_between_updates(self.trainer):
                try:
                    self._save_last()  # also so that a disk that is too small shows now
                    self.trainer.run()
                    self.notes += map(str, self.findings())
                except KeyboardInterrupt:
                    self.trainer.updating = True  # another signal must not stop the saving
                    self.trainer.use_trained()  # in case it came while averaged weights were judged
                    self._save_last()
                    raise
        finally:
            self.run_directory.release()

    def findings(self):
        """What is wrong with the run so far."""
        run, training = self.run_directory, self.config.training
        return findings(run.metrics(), run.health(), training.clip, training.best_by)

    def _evaluate(self, model):
        scores, self.dev_translations = translation_scores(self.translator, self.dev)
        with observing(model, UnitActivity) as seen:
            loss = teacher_forced_loss(model, self.dev_examples)
        self.units = {layer: activity.summary() for layer, activity in seen.items()}
        return {"loss": loss, "teacher_forced_perplexity": perplexity(loss), **scores}

    def _save_last(self):
        arrays, record = self.trainer.state()
        record |= {"config": self.config.as_dict(), "data": self.data_checksum, "dev_data": self.dev_checksum}
        began = time.monotonic()
        self.run_directory.save("last", self.model, self.languages, record, arrays)
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
        self.display.step(loss, norm, tokens)

    def settled(self):
        if self._is_time_to_save():
            self._save_last()

    def health(self, record):
        self.run_directory.append_health(record)

    def epoch(self, record, is_best):
        run = self.run_directory
        run.append_metrics(record)
        run.append_health({"epoch": record["epoch"], "step": record["steps"], "units": self.units})
        if is_best:
            with self.trainer.averaged():
                run.save("best", self.model, self.languages, {"epoch": record["epoch"], "scores": record})
            run.write("samples.txt", samples(self.dev_translations, self.dev, record["epoch"]))
            run.write("translations.jsonl", as_lines(self.dev_translations, self.dev))
            self._draw_attention(run.path / "attention.png", readable(self.dev_translations))
        training_curves(run.path / "curves.png", run.metrics())
        self._draw_attention(run.picture(record["epoch"]), self.dev_translations[self.pictured], small=True)
        self._save_last()  # at the end: what a kill has prevented before it is done again when the run goes on
        self.display.epoch(record, is_best)

    def end(self):
        self.display.end()

    def _draw_attention(self, path, translation, **settings):
        note = draw_translation(path, translation, **settings)
        if note and note not in self.notes:
            self.notes.append(note)


def _threads_for(config, target_words):
    """1 for a small model, 0 (leave it to the BLAS) for others.

    Small products gain little from a second thread, and lose tenfold when another program wants the second processor.
    """
    largest_product = config.training.batch_size * config.model.hidden_size * target_words
    return 1 if largest_product < SMALL_PRODUCT else 0

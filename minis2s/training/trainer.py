"""The training loop.

All randomness of a run follows from (seed, epoch, step): the order of the batches of an epoch from one generator, the words
hidden in a batch from another. So the place in a run is two numbers, and a run that was interrupted goes on exactly as it
would have gone.
"""

import math
import time
from dataclasses import dataclass

import numpy as np

from minis2s.backend import array_module
from minis2s.data.batching import Example, make_batch
from minis2s.data.vocabulary import UNK
from minis2s.data.windows import Windows
from minis2s.errors import Minis2sError, UsageError, unknown_name
from minis2s.training.flat import FlatParameters
from minis2s.training.health import FAR, LOOK_EVERY, SMALLER_IS_BETTER, look_at_gradients
from minis2s.training.optimisers import Adam
from minis2s.training.schedules import schedule

SCORES = ("loss", "exact_match", "bleu", "chrf", "token_error_rate", "any_reference_match")


@dataclass(frozen=True)
class TrainingConfig:
    """epochs, batch_size (sentences), learning_rate (Adam's η at the start), schedule (its course), clip (largest global norm
    of the gradient), seed; hide_words: share of the source words shown as unknown, so that the model learns what an unknown
    word is; patience: stop after so many epochs without a better dev score (0: never); best_by: the dev score that decides;
    threads: of matrix products (0: one for a small model, else all); save_every: steps between checkpoints within an epoch
    (0: about a minute); init_from: a run or checkpoint whose weights it begins with.
    """

    epochs: int = 10
    batch_size: int = 64
    learning_rate: float = 2e-3
    schedule: str = "linear"
    clip: float = 1.0
    seed: int = 1
    hide_words: float = 0.0
    patience: int = 0
    best_by: str = "loss"
    threads: int = 0
    save_every: int = 0
    init_from: str = ""

    def __post_init__(self):
        for name in ("epochs", "batch_size", "learning_rate", "clip"):
            if not 0 < getattr(self, name) < math.inf:
                raise UsageError(f"{name} must be greater than zero, not {getattr(self, name)}")
        if not 0 <= self.hide_words < 1:
            raise UsageError(f"hide_words is a share in [0, 1), not {self.hide_words}")
        for name in ("seed", "patience", "threads", "save_every"):
            if getattr(self, name) < 0:
                raise UsageError(f"{name} cannot be negative, not {getattr(self, name)}")
        schedule(self.schedule)
        if self.best_by not in SCORES:
            raise unknown_name("score", self.best_by, SCORES)


@dataclass
class Progress:
    """Where a run is: what a checkpoint must hold besides parameters and moments to go on from there."""

    epoch: int = 0  # epochs completed
    step: int = 0  # steps completed in the current epoch
    total_steps: int = 0
    loss_sum: float = 0.0  # of the current epoch, in nats
    tokens: int = 0  # target tokens of the current epoch
    seconds: float = 0.0  # of the current epoch, dev evaluation not counted
    norm_sum: float = 0.0  # of the current epoch's gradient norms, before clipping
    norm_max: float = 0.0
    far_steps: int = 0  # steps of the current epoch with a norm far above clip
    best: float | None = None
    best_epoch: int = 0

    def next_epoch(self):
        kept = {"total_steps": self.total_steps, "best": self.best, "best_epoch": self.best_epoch}
        return Progress(epoch=self.epoch + 1, **kept)


class Trainer:
    """Trains `model` on Examples: a list of them, or Windows.

    evaluate(model) → dict of dev scores ("loss" and others), called after each epoch; `report` is told what happens
    (see `Reporter`).
    """

    def __init__(self, model, examples, config, evaluate, report=None):
        self.model, self.config, self.evaluate = model, config, evaluate
        self.examples = examples if isinstance(examples, Windows) else Windows.of(examples)
        self.report = report or Reporter()
        self.flat = FlatParameters(model)
        self.optimiser = Adam(self.flat, config.clip)
        self.progress = Progress()
        self.updating = False  # True while parameters, moments, progress and files are between two states
        self.stop_requested = False  # set it to end the run as soon as they agree, as if by Ctrl-C
        self.steps_per_epoch = self.examples.steps(config.batch_size)

    def restore(self, checkpoint):
        """Go on from a checkpoint of the same model that was saved with the optimiser's state."""
        xp, arrays = array_module(self.flat.values), checkpoint.arrays
        for name, p in self.model.named_parameters():
            p.value[...] = xp.asarray(arrays[f"model/{name}"])
        moments = {name: xp.asarray(arrays[f"optimiser/{name}"]) for name in ("m", "v")}
        self.optimiser.restore({**checkpoint.record["optimiser"], **moments})
        self.progress = Progress(**checkpoint.record["progress"])

    @np.errstate(over="ignore", invalid="ignore", divide="ignore")  # what is not finite is refused, and said, below
    def run(self):
        """Train to the end. After each epoch `report.epoch(record, is_best)` is called, when everything can be saved."""
        self.report.start(self)
        while self.progress.epoch < self.config.epochs and not self._out_of_patience():
            self._train_epoch()
            train_loss = self.progress.loss_sum / max(self.progress.tokens, 1)
            speed = self.progress.tokens / max(self.progress.seconds, 1e-9)
            record = {"epoch": self.progress.epoch + 1, "steps": self.progress.total_steps, "train_loss": train_loss}
            record |= {"seconds": round(self.progress.seconds, 3), "tokens_per_s": round(speed, 1)}
            steps = max(self.progress.step, 1)
            record |= {"gradient_norm": self.progress.norm_sum / steps, "gradient_norm_max": self.progress.norm_max}
            record["exploding_steps"] = self.progress.far_steps / steps
            record |= {f"dev_{k}": v for k, v in self.evaluate(self.model).items()}
            if not math.isfinite(record["dev_loss"]):
                self._refuse_model(record["dev_loss"])
            score = record[f"dev_{self.config.best_by}"]
            is_best = self.progress.best is None or better(self.config.best_by, score, self.progress.best)
            self.updating = True
            self.progress = self.progress.next_epoch()
            if is_best:
                self.progress.best, self.progress.best_epoch = score, self.progress.epoch
            self.report.epoch(record, is_best)
            self.updating = False
            self._stop_if_requested()
        self.report.end()

    def _stop_if_requested(self):
        if self.stop_requested:
            raise KeyboardInterrupt

    def _out_of_patience(self):
        waited = self.progress.epoch - self.progress.best_epoch
        return bool(self.config.patience) and self.progress.best is not None and waited >= self.config.patience

    def _train_epoch(self):
        """The rest of the current epoch."""
        config, progress = self.config, self.progress
        batches = self.examples.batches(config.batch_size, config.seed, progress.epoch, first=progress.step)
        rate = schedule(config.schedule)
        for step in range(progress.step, self.steps_per_epoch):
            began = time.perf_counter()
            rng = np.random.default_rng([config.seed, 2, progress.epoch, step])
            batch = make_batch(hide_words(next(batches), config.hide_words, rng))
            done = progress.total_steps / (config.epochs * self.steps_per_epoch)
            if step % LOOK_EVERY == 0:
                looks = look_at_gradients(self.model, batch)
                self.report.health({"epoch": progress.epoch + 1, "step": progress.total_steps + 1, "gradients": looks})
            loss, norm = self.gradient(batch, rng)
            self.updating = True
            self.optimiser.step(config.learning_rate * rate(done), norm)
            progress.step, progress.total_steps = step + 1, progress.total_steps + 1
            progress.loss_sum += loss * batch.n_target_tokens
            progress.tokens += batch.n_target_tokens
            progress.norm_sum, progress.norm_max = progress.norm_sum + norm, max(progress.norm_max, norm)
            progress.far_steps += norm > FAR * config.clip
            progress.seconds += time.perf_counter() - began
            self.updating = False
            self._stop_if_requested()
            self.report.step(loss, norm, batch.n_target_tokens)

    def gradient(self, batch, rng=None):
        """(loss, gradient norm) of a batch; the gradients are in place. rng: for dropout.

        Raises Minis2sError if either is not finite.
        """
        self.model.zero_gradients()
        loss, cache = self.model.forward(batch, rng=rng)
        self.model.backward(cache)
        loss, norm = float(loss), self.flat.gradient_norm()
        if not (math.isfinite(loss) and math.isfinite(norm)):
            self._refuse_update(loss)
        return loss, norm

    def _refuse_update(self, loss):
        name = self.flat.first_not_finite()
        what = f"the gradient of {name} is not finite"
        if name is None:
            what = "the gradient's norm overflows: that of {} reaches {:.1g}".format(*self.flat.largest(self.flat.gradients))
        raise Minis2sError(
            f"step {self.progress.total_steps + 1} (epoch {self.progress.epoch + 1}): the loss is {loss} and {what}. Training "
            "stopped before this update; what was saved before is unharmed. Try a smaller --learning-rate or --clip."
        )

    def _refuse_model(self, dev_loss):
        name, size = self.flat.largest(self.flat.values)
        raise Minis2sError(
            f"epoch {self.progress.epoch + 1} (after step {self.progress.total_steps}): the dev loss is {dev_loss}; the largest "
            f"value is in {name} ({size:.1g}). Training stopped; what was saved before is unharmed. Try a smaller "
            "--learning-rate or --clip."
        )


class Reporter:
    """What a trainer tells the outside. This one says nothing; subclasses show progress and save files."""

    def start(self, trainer): ...
    def step(self, loss, norm, tokens): ...
    def health(self, record): ...
    def reading(self, pairs, share): ...
    def epoch(self, record, is_best): ...
    def end(self): ...


def better(name, new, old):
    """Is a dev score better than another? Losses and error rates are better when smaller."""
    return new < old if name in SMALLER_IS_BETTER else new > old


def hide_words(examples, share, rng):
    """The examples with a random share of their source words replaced by UNK."""
    if share == 0:
        return examples
    return [Example([UNK if hide else w for w, hide in zip(s, rng.random(len(s)) < share, strict=True)], t) for s, t in examples]


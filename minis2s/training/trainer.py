"""The training loop.

All randomness of a run follows from (seed, epoch, step): the order of the batches of an epoch from one generator, the words
hidden in a batch from another. So the place in a run is two numbers, and a run that was interrupted goes on exactly as it
would have gone.
"""

import math
import time
from contextlib import contextmanager
from dataclasses import asdict
from itertools import islice

import numpy as np

from minis2s.backend import array_module, to_host, unread
from minis2s.data.batching import Example, make_batch
from minis2s.data.vocabulary import UNK
from minis2s.data.windows import Windows
from minis2s.errors import Minis2sError
from minis2s.training.averaging import Average
from minis2s.training.flat import FlatParameters
from minis2s.training.health import FAR, LOOK_EVERY, look_at_gradients
from minis2s.training.optimisers import OPTIMISERS
from minis2s.training.progress import Progress
from minis2s.training.readings import Readings
from minis2s.training.scheduled_sampling import mixed_inputs
from minis2s.training.schedules import schedule
from minis2s.training.settings import TrainingConfig

READ_EVERY = 10  # steps of a device between two readings of their losses: it need not wait for them, and to be read it must


class Trainer:
    """Trains `model` on Examples: a list of them, or Windows.

    evaluate(model) → dict of dev scores ("loss" and others), called after each epoch; `report` is told what happens
    (see `Reporter`).
    """

    def __init__(self, model, examples, config: TrainingConfig, evaluate, report=None):
        self.model, self.config, self.evaluate = model, config, evaluate
        self.examples = examples if isinstance(examples, Windows) else Windows.of(examples)
        self.report = report or Reporter()
        self.flat = FlatParameters(model)
        rule = OPTIMISERS[config.optimiser]
        settings = {name: getattr(config, name) for name in rule.settings}
        self.optimiser = rule(self.flat, config.clip, config.weight_decay, **settings)
        self.average = Average(self.flat, config.average) if config.average else None
        self.progress = Progress()
        self.readings = Readings(array_module(self.flat.values))
        # So that a checkpoint within an epoch comes just after a reading. On the host there is nothing to wait for.
        self.read_every = 1 if array_module(self.flat.values) is np else math.gcd(READ_EVERY, config.save_every)
        self.updating = False  # True while parameters, moments, progress and files are between two states
        self.stop_requested = False  # set it to end the run as soon as they agree, as if by Ctrl-C
        self.steps_per_epoch = math.ceil(self.examples.steps(config.batch_size) / config.accumulate)

    def state(self):
        """(arrays, record): what a checkpoint must hold beside the parameters to go on from there."""
        self._read()
        arrays = {f"optimiser/{name}": vector for name, vector in self.optimiser.vectors.items()}
        if self.average:
            arrays["average/values"] = self.average.values
        return arrays, {"optimiser": {"t": self.optimiser.t}, "progress": asdict(self.progress)}

    def restore(self, checkpoint):
        """Go on from a checkpoint of the same model that was saved with `state`."""
        xp = array_module(self.flat.values)
        arrays = {name: xp.asarray(a) for name, a in checkpoint.arrays.items()}
        for name, p in self.model.named_parameters():
            p.value[...] = arrays[f"model/{name}"]
        vectors = {name: arrays[f"optimiser/{name}"] for name in self.optimiser.vectors}
        self.optimiser.restore(checkpoint.record["optimiser"]["t"], vectors)
        if self.average:
            self.average.values[...] = arrays["average/values"]
        self.progress = Progress.from_record(checkpoint.record["progress"])

    @contextmanager
    def averaged(self):
        """The model with its averaged weights, if there is an average, while the block runs."""
        try:
            if self.average:
                self.model.assign(self.flat.views(self.average.values))
            yield
        finally:
            self.use_trained()

    def use_trained(self):
        """The model with the weights that are trained."""
        if self.average:
            self.model.assign(self.flat.views(self.flat.values))

    @np.errstate(over="ignore", invalid="ignore", divide="ignore")  # what is not finite is refused, and said, below
    def run(self):
        """Train to the end. After each epoch `report.epoch(record, is_best)` is called, when everything can be saved."""
        self.report.start(self)
        while self.progress.epoch < self.config.epochs and not self.progress.out_of_patience(self.config):
            self._train_epoch()
            train_loss = self.progress.loss_sum / max(self.progress.tokens, 1)
            speed = self.progress.tokens / max(self.progress.seconds, 1e-9)
            record = {"epoch": self.progress.epoch + 1, "steps": self.progress.total_steps, "train_loss": train_loss}
            record |= {"seconds": round(self.progress.seconds, 3), "tokens_per_s": round(speed, 1)}
            steps = max(self.progress.step, 1)
            record |= {"gradient_norm": self.progress.norm_sum / steps, "gradient_norm_max": self.progress.norm_max}
            record["exploding_steps"] = self.progress.far_steps / steps
            record["learning_rate"] = self._learning_rate(self.progress.total_steps - 1)
            with self.averaged():
                record |= {f"dev_{k}": v for k, v in self.evaluate(self.model).items()}
            if not math.isfinite(record["dev_loss"]):
                self._refuse_model(record["dev_loss"])
            score = record[f"dev_{self.config.best_by}"]
            self.updating = True
            self.progress = self.progress.next_epoch()
            is_best = self.progress.judge(score, self.config)
            self.report.epoch(record, is_best)
            self.updating = False
            self._stop_if_requested()
        self.report.end()

    def _stop_if_requested(self):
        if self.stop_requested:
            raise KeyboardInterrupt

    def _learning_rate(self, update):
        config = self.config
        factor = schedule(config.schedule, config.epochs * self.steps_per_epoch, config.warmup)
        return config.learning_rate * factor(update) * self.progress.rate_factor

    def _train_epoch(self):
        """The rest of the current epoch."""
        config, progress = self.config, self.progress
        first = progress.step * config.accumulate
        batches = self.examples.batches(config.batch_size, config.seed, progress.epoch, first)
        for step in range(progress.step, self.steps_per_epoch):
            began = time.perf_counter()
            rng = np.random.default_rng([config.seed, 2, progress.epoch, step])
            parts = [make_batch(hide_words(part, config.hide_words, rng)) for part in islice(batches, config.accumulate)]
            if step % LOOK_EVERY == 0:
                looks = look_at_gradients(self.model, parts[0])
                self.report.health({"epoch": progress.epoch + 1, "step": progress.total_steps + 1, "gradients": looks})
            own = config.scheduled_sampling * progress.total_steps / (config.epochs * self.steps_per_epoch)
            loss, norm = self.gradient([mixed_inputs(self.model, part, own, rng) for part in parts], rng)
            self.updating = True
            self.readings.note(loss, norm, sum(part.n_target_tokens for part in parts))
            self.optimiser.step(self._learning_rate(progress.total_steps), norm, self.readings.finite)
            if self.average:
                self.average.update(self.optimiser.t, self.readings.finite)
            progress.step, progress.total_steps = step + 1, progress.total_steps + 1
            found = []
            if progress.total_steps % self.read_every == 0 or progress.step == self.steps_per_epoch:
                found = self._read()
            progress.seconds += time.perf_counter() - began
            self.updating = False
            if progress.step == step and self.read_every == 1:
                self._refuse_update(loss)
            self._stop_if_requested()
            for reading in found:
                self.report.step(*reading)
            if found:
                self.report.settled()
            if progress.step <= step:  # its gradients are no longer there: go back to it, now step by step
                self.read_every = 1
                return self._train_epoch()

    def _read(self):
        """Wait for the steps since the last time and add them up. Returns (loss, norm, tokens) of each.

        The first one that was not finite, and all after it, have changed nothing but counters, and are taken back.
        """
        progress = self.progress
        found, failed = self.readings.read()
        for loss, norm, tokens in found:
            progress.loss_sum += loss * tokens
            progress.tokens += tokens
            progress.norm_sum, progress.norm_max = progress.norm_sum + norm, max(progress.norm_max, norm)
            progress.far_steps += norm > FAR * self.config.clip
        progress.step, progress.total_steps = progress.step - failed, progress.total_steps - failed
        self.optimiser.t -= failed
        return found

    def gradient(self, batches, rng=None):
        """(loss, gradient norm) of a list of batches, as of one large one; the gradients are in place. rng: for dropout.

        Both are floats, or arrays without axes that wait on a device to be read.
        """
        self.model.zero_gradients()
        total, losses = sum(batch.n_target_tokens for batch in batches), []
        for batch in batches:
            loss, cache = self.model.forward(batch, total=total, rng=rng)
            self.model.backward(cache)
            losses.append(unread(loss))
        return sum(losses), self.flat.gradient_norm()

    def _refuse_update(self, loss):
        name, loss = self.flat.first_not_finite(), float(to_host(loss))
        what = f"the gradient of {name} is not finite"
        if name is None:
            what = "the gradient's norm overflows: that of {} reaches {:.1g}".format(*self.flat.largest(self.flat.gradients))
        raise Minis2sError(
            f"step {self.progress.total_steps + 1} (epoch {self.progress.epoch + 1}): the loss is {loss} and {what}. "
            "Training stopped before this update; what was saved before is unharmed. Try a smaller --learning-rate or --clip."
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
    def settled(self): ...  # all steps so far have been read, and what they have come to can be saved
    def health(self, record): ...
    def reading(self, pairs, share): ...
    def epoch(self, record, is_best): ...
    def end(self): ...


def hide_words(examples, share, rng):
    """The examples with a random share of their source words replaced by UNK."""
    if share == 0:
        return examples
    return [Example([UNK if hide else w for w, hide in zip(s, rng.random(len(s)) < share, strict=True)], t) for s, t in examples]


"""What a person sees while a model trains: a bar with loss, gradient norm, speed and time left; and a line for each epoch."""

import time

from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from minis2s.cli.output import console
from minis2s.training.trainer import Reporter

READING_INTERVAL = 5.0  # seconds between lines while a large file is read for the first time
PLAIN_INTERVAL = 15.0  # seconds between lines when the output is not a terminal


SCORES = {  # what is shown of an epoch's dev scores, where it has them
    "dev_exact_match": "exact {:.1f} %  ",
    "dev_bleu": "BLEU {:.1f}  ",
    "dev_token_error_rate": "token errors {:.1f} %  ",
    "dev_variance_explained": "variance explained {:.1f} %  ",
}


class Display(Reporter):
    """A live bar on a terminal; elsewhere a line now and then."""

    def __init__(self):
        self.console = console(stderr=True)
        self.bar = None
        self.reading_began = self.last_reading = None

    def reading(self, pairs, share):
        now = time.perf_counter()
        if self.reading_began is None or pairs < self.pairs_read:  # a pass begins
            self.reading_began = self.last_reading = now
        self.pairs_read = pairs
        if now - self.last_reading > READING_INTERVAL:
            self.last_reading = now
            seconds = now - self.reading_began
            left = f", {share:.0%}, about {seconds / share - seconds:.0f} s left" if share else ""
            self.console.print(f"reading the training data: {pairs:,} pairs{left}")

    def start(self, trainer):
        self.trainer = trainer
        self.epochs, self.total = trainer.config.epochs, trainer.config.epochs * trainer.steps_per_epoch
        self.loss, self.norm, self.tokens = None, None, 0
        self.began = self.last_line = time.perf_counter()
        self.first_step = trainer.progress.total_steps
        if self.console.is_terminal:
            columns = ("epoch {task.fields[epoch]}", BarColumn(None), "loss {task.fields[loss]}", "norm {task.fields[norm]}")
            columns += ("{task.fields[speed]} tokens/s",)
            times = (TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn())
            self.bar = Progress(*columns, *times, console=self.console, transient=True)
            fields = {"epoch": f"1/{self.epochs}", "loss": "-", "norm": "-", "speed": "-"}
            self.task = self.bar.add_task("", total=self.total, completed=self.first_step, **fields)
            self.bar.start()

    def step(self, loss, norm, tokens):
        self.loss, self.norm = _running_mean(self.loss, loss), _running_mean(self.norm, norm)
        self.tokens += tokens
        progress, now = self.trainer.progress, time.perf_counter()
        speed = self.tokens / (now - self.began)
        epoch = f"{progress.epoch + 1}/{self.epochs}"
        if self.bar:
            fields = {"epoch": epoch, "loss": f"{self.loss:.4f}", "norm": f"{self.norm:.3g}", "speed": f"{speed:,.0f}"}
            self.bar.update(self.task, completed=progress.total_steps, **fields)
        elif now - self.last_line > PLAIN_INTERVAL:
            self.last_line = now
            left = (now - self.began) * (self.total - progress.total_steps) / (progress.total_steps - self.first_step)
            at = f"step {progress.step}/{self.trainer.steps_per_epoch}"
            running = f"loss {self.loss:.4f}  gradient norm {self.norm:.3g}  {speed:,.0f} tokens/s"
            self.console.print(f"epoch {epoch}  {at}  {running}  about {left:.0f} s left")

    def epoch(self, record, is_best):
        self.console.print(
            f"epoch {record['epoch']}/{self.epochs}  loss {record['train_loss']:.4f}  dev loss {record['dev_loss']:.4f}  "
            + "".join(form.format(record[name]) for name, form in SCORES.items() if name in record)
            + f"gradient norm {record['gradient_norm']:.3g}  "
            f"{record['tokens_per_s']:,.0f} tokens/s  {record['seconds']:.1f} s{'  best' if is_best else ''}"
        )

    def end(self):
        if self.bar:
            self.bar.stop()
            self.bar = None


def _running_mean(mean, new):
    """Over some fifty steps: single batches jump too much to be read."""
    return new if mean is None else 0.98 * mean + 0.02 * new

"""Where a run is, and what its dev scores have said so far."""

from dataclasses import dataclass

from minis2s.training.health import SMALLER_IS_BETTER


@dataclass
class Progress:
    """What a checkpoint must hold besides parameters and the optimiser's state to go on from there."""

    epoch: int = 0  # epochs completed
    step: int = 0  # updates completed in the current epoch
    total_steps: int = 0
    loss_sum: float = 0.0  # of the current epoch, in nats
    tokens: int = 0  # target tokens of the current epoch
    seconds: float = 0.0  # of the current epoch, dev evaluation not counted
    norm_sum: float = 0.0  # of the current epoch's gradient norms, before clipping
    norm_max: float = 0.0
    far_steps: int = 0  # updates of the current epoch with a norm far above clip
    best: float | None = None
    best_epoch: int = 0
    mark: float | None = None  # the score to improve on: the best one, where a small improvement does not count
    mark_epoch: int = 0
    rate_factor: float = 1.0  # of the learning rate, after plateaus
    fall_epoch: int = 0  # after which it was last lowered

    @classmethod
    def from_record(cls, record):
        """Of a checkpoint; one from before there were marks has counted every improvement."""
        return cls(**{"mark": record["best"], "mark_epoch": record["best_epoch"]} | record)

    def next_epoch(self):
        kept = ("total_steps", "best", "best_epoch", "mark", "mark_epoch", "rate_factor", "fall_epoch")
        return Progress(epoch=self.epoch + 1, **{name: getattr(self, name) for name in kept})

    def judge(self, score, config):
        """Take note of the dev score of the epoch that has just been completed. Is it the best so far?"""
        is_best = self.best is None or better(config.best_by, score, self.best)
        if is_best:
            self.best, self.best_epoch = score, self.epoch
        if self.mark is None or better(config.best_by, score, self.mark, config.min_improvement):
            self.mark, self.mark_epoch = score, self.epoch
        elif config.schedule == "plateau" and self.epoch - max(self.mark_epoch, self.fall_epoch) >= config.plateau_patience:
            self.rate_factor, self.fall_epoch = self.rate_factor * config.plateau_factor, self.epoch
        return is_best

    def out_of_patience(self, config):
        return bool(config.patience) and self.mark is not None and self.epoch - self.mark_epoch >= config.patience


def better(name, new, old, by=0.0):
    """Is a dev score better than another, by more than `by`? Losses and error rates are better when smaller."""
    return new < old - by if name in SMALLER_IS_BETTER else new > old + by

"""The settings of training: everything besides data and model that decides a run."""

import math
from dataclasses import dataclass

from minis2s.errors import UsageError, unknown_name
from minis2s.training.optimisers import OPTIMISERS
from minis2s.training.schedules import schedule

OF_NUMBERS = ("root_mean_square_error", "variance_explained")  # of predicted numbers, which have no score of words
SCORES = (
    *("loss", "exact_match", "bleu", "chrf", "token_error_rate", "any_reference_match"),
    *("word_error_rate", "character_error_rate", *OF_NUMBERS),
)


@dataclass(frozen=True)
class TrainingConfig:
    """What an update is:

    batch_size (sentences); accumulate: batches whose gradients are added up for one update; clip: largest global norm of the
    gradient; optimiser (its rule), momentum, beta1, beta2: its settings; weight_decay: λ, None for the rule's usual one;
    learning_rate: η at its highest; schedule: its course; warmup: a share of the run below 1, or a number of updates, in which it
    rises; plateau_patience, plateau_factor: the schedule "plateau" multiplies the rate by the factor whenever so many epochs
    brought no better dev score; average: decay of an average of the weights (0: none), which is then what is judged and
    kept as best; hide_words: share of the source words shown as unknown, so that the model learns what an unknown word is;
    scheduled_sampling: share of the decoder's own words that it is fed at the end of the run, growing from none.

    How long, and from where:

    epochs; patience: stop after so many epochs without a better dev score (0: never); min_improvement: by how much it must be
    better to count, for patience and plateau; best_by: the dev score that decides; seed; threads: of matrix products (0: one for
    a small model, else all); save_every: updates between checkpoints within an epoch (0: about a minute); init_from: a run or
    checkpoint whose weights it begins with.
    """

    epochs: int = 10
    batch_size: int = 64
    accumulate: int = 1
    optimiser: str = "adam"
    learning_rate: float = 2e-3
    momentum: float = 0.9
    beta1: float = 0.9
    beta2: float = 0.999
    weight_decay: float | None = None
    clip: float = 1.0
    schedule: str = "linear"
    warmup: float = 0.0
    plateau_patience: int = 1
    plateau_factor: float = 0.5
    average: float = 0.0
    hide_words: float = 0.0
    scheduled_sampling: float = 0.0
    patience: int = 0
    min_improvement: float = 0.0
    best_by: str = "loss"
    threads: int = 0
    save_every: int = 0
    seed: int = 1
    init_from: str = ""

    def __post_init__(self):
        for name in ("epochs", "batch_size", "learning_rate", "clip", "accumulate", "plateau_patience"):
            if not 0 < getattr(self, name) < math.inf:
                raise UsageError(f"{name} must be greater than zero, not {getattr(self, name)}")
        for name in ("hide_words", "scheduled_sampling", "momentum", "beta1", "beta2", "average"):
            if not 0 <= getattr(self, name) < 1:
                raise UsageError(f"{name} is a share in [0, 1), not {getattr(self, name)}")
        for name in ("seed", "patience", "threads", "save_every"):
            if getattr(self, name) < 0:
                raise UsageError(f"{name} cannot be negative, not {getattr(self, name)}")
        for name in ("min_improvement", "weight_decay"):
            if not 0 <= (getattr(self, name) or 0) < math.inf:
                raise UsageError(f"{name} must be at least zero, not {getattr(self, name)}")
        if not 0 < self.plateau_factor < 1:
            raise UsageError(f"plateau_factor must be between 0 and 1, not {self.plateau_factor}")
        if not 0 <= self.warmup < math.inf or (self.warmup > 1 and self.warmup % 1):
            raise UsageError(f"warmup is a share of the run, below 1, or a whole number of updates, not {self.warmup}")
        schedule(self.schedule)
        if self.best_by not in SCORES:
            raise unknown_name("score", self.best_by, SCORES)
        if self.optimiser not in OPTIMISERS:
            raise unknown_name("optimiser", self.optimiser, OPTIMISERS)
        self._refuse_idle("optimiser", {name: rule.settings for name, rule in OPTIMISERS.items()})
        self._refuse_idle("schedule", {"plateau": ("plateau_patience", "plateau_factor")})

    def _refuse_idle(self, name, takes):
        """A setting that was changed but that nothing reads was a slip. takes: value of `name` → the settings that it reads."""
        chosen = getattr(self, name)
        for setting in {each for settings in takes.values() for each in settings} - set(takes.get(chosen, ())):
            if getattr(self, setting) != getattr(TrainingConfig, setting):
                which = " or ".join(value for value, settings in takes.items() if setting in settings)
                raise UsageError(f"{setting} is a setting of the {name} {which}; the {name} is {chosen}")

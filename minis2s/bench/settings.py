"""What is measured: sizes, and a batch of random words with random lengths."""

from dataclasses import dataclass

import numpy as np

from minis2s.data.batching import Example, make_batch
from minis2s.data.vocabulary import SPECIALS
from minis2s.errors import unknown_name
from minis2s.models.configuration import ModelConfig


@dataclass(frozen=True)
class Setting:
    """V: words of each vocabulary; E, H, A: embedding, hidden, attention; B: sentences; S, T: longest source and target in steps
    (the target's end included). Source lengths are uniform in S/2…S; every target has T steps.
    """

    name: str
    V: int
    E: int
    H: int
    A: int
    B: int
    S: int
    T: int
    bidirectional: bool = False

    @property
    def config(self):
        sizes = {"embedding_size": self.E, "hidden_size": self.H, "attention_size": self.A}
        return ModelConfig(**sizes, bidirectional=self.bidirectional)

    def batch(self, rng):
        lengths = rng.integers(self.S // 2, self.S + 1, self.B)
        lengths[0] = self.S
        first = len(SPECIALS)
        words = ((rng.integers(first, self.V, n).tolist(), rng.integers(first, self.V, self.T - 1).tolist()) for n in lengths)
        return make_batch([Example(source, target) for source, target in words])


SETTINGS = {
    s.name: s
    for s in (
        Setting("date", 60, 64, 128, 128, 128, 29, 11),
        Setting("words", 4000, 128, 128, 128, 64, 10, 10),
        Setting("multi", 8000, 256, 256, 256, 64, 14, 14),
        Setting("big", 8000, 512, 512, 512, 128, 25, 25),
        Setting("main", 400, 64, 128, 64, 64, 8, 10, bidirectional=True),  # like `minis2s train` without arguments
    )
}


def setting(name):
    if name not in SETTINGS:
        raise unknown_name("setting", name, SETTINGS)
    return SETTINGS[name]


def generator():
    return np.random.default_rng(2014)

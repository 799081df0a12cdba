"""Small models and batches for tests."""

import numpy as np

from minis2s.data.batching import Example, make_batch
from minis2s.models.configuration import ModelConfig
from minis2s.models.seq2seq import Seq2Seq
from minis2s.training.flat import FlatParameters
from minis2s.training.optimisers import Adam

SOURCE_WORDS, TARGET_WORDS = 9, 8
CONFIG = ModelConfig(embedding_size=3, hidden_size=4, attention_size=5, bidirectional=True)

# Each scene is a list of (source, target) word numbers, 4 being the first ordinary word.
SCENES = {
    "padding": [([4, 5, 6, 7], [4, 5]), ([8, 4], [6, 7, 4, 5]), ([5], [7]), ([7, 7, 4], [])],
    "one word each": [([4], [])],
    "one sentence": [([4, 5, 6], [7, 6, 5])],
    "lengths of one": [([4], [5]), ([5], []), ([6, 7], [4])],
    "repeated words": [([4, 4, 4, 4], [5, 5, 5]), ([4, 4, 5], [5, 5, 5, 5, 5])],
    "no padding": [([4, 5], [4, 5]), ([6, 7], [6, 7]), ([8, 4], [7, 4])],
}


def batch_of(pairs):
    return make_batch([Example(*pair) for pair in pairs])


def model_of(seed=0, config=CONFIG, dtype=np.float64, scale=None):
    """A model with its own initial weights, or with normal ones of standard deviation `scale`."""
    rng = np.random.default_rng(seed)
    model = Seq2Seq(config, SOURCE_WORDS, TARGET_WORDS, rng, dtype=dtype)
    if scale is not None:
        for _, p in model.named_parameters():
            p.value = (scale * rng.standard_normal(p.value.shape)).astype(dtype)
    return model


def random_batch(rng, B=4, longest=5):
    def words(n, vocabulary):
        return rng.integers(4, vocabulary, n).tolist()

    lengths = [(int(rng.integers(1, longest + 1)), int(rng.integers(0, longest))) for _ in range(B)]
    return batch_of([(words(n, SOURCE_WORDS), words(m, TARGET_WORDS)) for n, m in lengths])


def train(model, batch, steps, learning_rate=0.02):
    """Adam on one batch; returns the last loss."""
    flat = FlatParameters(model)
    optimiser = Adam(flat, clip=1.0)
    for _ in range(steps):
        model.zero_gradients()
        loss, cache = model.forward(batch)
        model.backward(cache)
        optimiser.step(learning_rate, flat.gradient_norm())
    return float(loss)


def loss_and_gradients(model, batch, total=None):
    """(loss, name → gradient), the gradients copies."""
    model.zero_gradients()
    loss, cache = model.forward(batch, total)
    model.backward(cache)
    return float(loss), {name: p.grad.copy() for name, p in model.named_parameters()}

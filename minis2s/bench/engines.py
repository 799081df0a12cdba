"""The engines that are compared. Each is made from the same model and batch, and has `loss()`, `step()` and `decode()`.

`decode` is greedy, as many words for each sentence as the batch's targets have steps: (S, B) word numbers.
"""

from functools import partial

from minis2s.backend import to_host
from minis2s.errors import UsageError, unknown_name
from minis2s.training.flat import FlatParameters
from minis2s.training.optimisers import Adam

LEARNING_RATE, CLIP = 1e-3, 1.0


class Ours:
    """This package."""

    def __init__(self, model, batch):
        self.model, self.batch = model, batch
        self.flat = FlatParameters(model)
        self.optimiser = Adam(self.flat, CLIP)

    def loss(self):
        return float(to_host(self.model.forward(self.batch)[0]))

    def step(self, times=1):
        """So many training steps; the loss of the last, for which a device is waited for."""
        for _ in range(times):
            self.model.zero_gradients()
            loss, cache = self.model.forward(self.batch)
            self.model.backward(cache)
            self.optimiser.step(LEARNING_RATE, self.flat.gradient_norm())
        return float(to_host(loss))

    def decode(self):
        """With the parts that every search has: `start` and `step`."""
        model, batch, xp = self.model, self.batch, self.model.backend.xp
        state, words, found = model.start(batch.source, batch.source_mask), xp.asarray(batch.target_in[0]), []
        for _ in range(len(batch.target_in)):
            logits, state, _ = model.step(words, state)
            words = logits.argmax(axis=-1)
            found.append(words)
        return to_host(xp.stack(found))


def _torch(model, batch, compiled=False):
    try:
        from minis2s.bench.torch_peer import TorchEngine
    except ImportError as error:
        raise UsageError(f"--against torch needs PyTorch ({error}): pip install torch") from None
    return TorchEngine(model, batch, LEARNING_RATE, CLIP, compiled)


def _jax(model, batch):
    try:
        from minis2s.bench.jax_peer import JaxEngine
    except ImportError as error:
        raise UsageError(f"--against jax needs JAX ({error}): pip install jax") from None
    return JaxEngine(model, batch, LEARNING_RATE, CLIP)


ENGINES = {"minis2s": Ours, "torch": _torch, "torch-compile": partial(_torch, compiled=True), "jax": _jax}


def engine(name):
    if name not in ENGINES:
        raise unknown_name("engine", name, ENGINES)
    return ENGINES[name]

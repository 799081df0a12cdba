"""The engines that are compared. Each is made from the same model and batch, and has `loss()` and `step()`."""

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
        return float(self.model.forward(self.batch)[0])

    def step(self):
        self.model.zero_gradients()
        loss, cache = self.model.forward(self.batch)
        self.model.backward(cache)
        self.optimiser.step(LEARNING_RATE, self.flat.gradient_norm())
        return float(loss)


def _torch(model, batch):
    try:
        from minis2s.bench.torch_peer import TorchEngine
    except ImportError as error:
        raise UsageError(f"--against torch needs PyTorch ({error}): pip install torch") from None
    return TorchEngine(model, batch, LEARNING_RATE, CLIP)


ENGINES = {"minis2s": Ours, "torch": _torch}


def engine(name):
    if name not in ENGINES:
        raise unknown_name("engine", name, ENGINES)
    return ENGINES[name]

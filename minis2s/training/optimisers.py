"""Optimisers: they own the state (moments, step count) and call the equation."""

from minis2s.backend import array_module
from minis2s.equations.optimisers import adam, clip_factor

PIECE = 1 << 15  # elements updated at a time: parameter, gradient, moments and temporaries then stay in the cache


class Adam:
    """Adam (D4.5) on FlatParameters, with global-norm clipping."""

    def __init__(self, flat, clip=None):
        xp = array_module(flat.values)
        self.flat, self.clip, self.t = flat, clip, 0
        self.m, self.v = xp.zeros_like(flat.values), xp.zeros_like(flat.values)
        self._piece = PIECE if xp.__name__ == "numpy" else flat.values.size

    def step(self, learning_rate, norm):
        """Update the parameters from the gradients, whose norm is `norm`."""
        self.t += 1
        factor = 1.0 if self.clip is None else clip_factor(norm, self.clip)
        values, gradients = self.flat.values, self.flat.gradients
        for start in range(0, values.size, self._piece):
            part = slice(start, start + self._piece)
            g = gradients[part] if factor == 1.0 else gradients[part] * factor
            new = adam(values[part], g, self.m[part], self.v[part], self.t, learning_rate)
            values[part], self.m[part], self.v[part] = new

    def state(self):
        """What a checkpoint must hold to go on as if never stopped."""
        return {"t": self.t, "m": self.m, "v": self.v}

    def restore(self, state):
        self.t = int(state["t"])
        self.m[...], self.v[...] = state["m"], state["v"]

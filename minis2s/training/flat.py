"""All parameters of a model in one vector, and all gradients in another.

Each layer keeps views of its parts, so nothing is copied to and fro; clipping is one norm, an optimiser's step is a pass over
one array, and a checkpoint of the optimiser is a few vectors.
"""

import math

import numpy as np

from minis2s.backend import array_module, to_host, unread


class FlatParameters:
    """Takes over the parameters of `layer`: their values and gradients become views of `values` and `gradients`."""

    def __init__(self, layer):
        parameters = list(layer.named_parameters())
        xp = array_module(parameters[0][1].value)
        self.values = xp.concatenate([p.value.reshape(-1) for _, p in parameters])
        self.gradients = xp.zeros_like(self.values)
        self.parts = {}  # name → slice
        self.shapes = {name: p.value.shape for name, p in parameters}
        start = 0
        for name, p in parameters:
            self.parts[name] = slice(start, start + p.value.size)
            start += p.value.size
        values, gradients = self.views(self.values), self.views(self.gradients)
        for name, p in parameters:
            p.value, p.grad = values[name], gradients[name]

    def views(self, vector):
        """name → the part of a vector like `values` that belongs to the parameter, in its shape. Nothing is copied."""
        return {name: vector[part].reshape(self.shapes[name]) for name, part in self.parts.items()}

    def gradient_norm(self):
        """‖g‖ over all parameters, where it need not be waited for (`unread`); inf or NaN if a gradient is."""
        square = unread(self.gradients @ self.gradients)
        return math.sqrt(square) if isinstance(square, float) else array_module(square).sqrt(square)

    def largest(self, vector):
        """(name, size) of the part of `values` or `gradients` with the largest absolute value, or with the first NaN."""
        sizes = {name: float(to_host(abs(vector[part]).max())) for name, part in self.parts.items()}
        return max(sizes.items(), key=lambda item: math.inf if math.isnan(item[1]) else item[1])

    def first_not_finite(self):
        """The name of the first parameter whose gradient holds a NaN or an infinity, or None."""
        gradients = to_host(self.gradients)
        return next((name for name, part in self.parts.items() if not np.isfinite(gradients[part]).all()), None)

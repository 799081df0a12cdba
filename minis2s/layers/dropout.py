"""Dropout as a layer (D4.6): the mask is drawn on the host, by the generator that is passed in."""

import numpy as np

from minis2s.backend import array_module
from minis2s.equations.regularisers import dropout, dropout_backward, dropout_mask
from minis2s.layers.base import Layer


class Dropout(Layer):
    """Drops entries at `rate` while training. `variational`: the same entries of a sentence at every step (Gal and Ghahramani
    2016, arXiv:1512.05287).
    """

    def __init__(self, rate, variational=False):
        self.rate, self.variational = rate, variational

    def forward(self, x, rng=None, packing=None):
        """x: (T, B, C), or (N, C) in the order of `packing`; rng: a numpy Generator, or None to leave x as it is (evaluation)."""
        if rng is None or self.rate == 0:
            return x, None
        return dropout(x, array_module(x).asarray(self._mask(x.shape, rng, packing)), self.rate)

    def _mask(self, shape, rng, packing):
        """Booleans of a shape that broadcasts to `shape`: what is kept."""
        if not self.variational:
            return dropout_mask(rng, shape, self.rate)
        if packing is None:
            return dropout_mask(rng, (1, *shape[1:]), self.rate)
        of_sentences = dropout_mask(rng, (packing.shape[1], shape[-1]), self.rate)
        return np.concatenate([of_sentences[:n] for n in packing.sizes])

    def of_steps(self, packing, width, rng=None):
        """A function of (step, n): the mask for the first n rows (n, width) of a loop over `packing`, or None where nothing is
        dropped. For what is known only inside the loop.
        """
        if rng is None or self.rate == 0:
            return lambda step, n: None
        S, B = packing.shape
        masks = packing.xp.asarray(dropout_mask(rng, (1 if self.variational else S, B, width), self.rate))
        return lambda step, n: masks[step % masks.shape[0], :n]

    def backward(self, d_y, cache):
        return d_y if cache is None else dropout_backward(d_y, cache)

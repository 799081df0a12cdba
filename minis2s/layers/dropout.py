"""Dropout as a layer (D4.6): the mask is drawn on the host, by the generator that is passed in."""

from minis2s.backend import array_module
from minis2s.equations.regularisers import dropout, dropout_backward, dropout_mask
from minis2s.layers.base import Layer


class Dropout(Layer):
    """Drops entries of (T, B, C) at `rate` while training. `variational`: the same entries of a sentence at every step
    (Gal and Ghahramani 2016, arXiv:1512.05287).
    """

    def __init__(self, rate, variational=False):
        self.rate, self.variational = rate, variational

    def forward(self, x, rng=None):
        """rng: a numpy Generator, or None to leave x as it is (evaluation)."""
        if rng is None or self.rate == 0:
            return x, None
        shape = (1, *x.shape[1:]) if self.variational else x.shape
        return dropout(x, array_module(x).asarray(dropout_mask(rng, shape, self.rate)), self.rate)

    def backward(self, d_y, cache):
        return d_y if cache is None else dropout_backward(d_y, cache)

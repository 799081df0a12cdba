"""Attention that knows where it looked in the step before (D2.9), as layers that change the keys of an additive score.

    w_ij = the weights α_{i-1} at place j and around it
    location features   k_ij = k_j + w_ij F U                                        Chorowski et al. 2015, arXiv:1506.07503
    recurrent           k_ij = k_j + d_ij U,  d_ij = tanh(d_{i-1,j} W_d + w_ij F + b)      Yang et al. 2016, arXiv:1607.05108
"""

from minis2s.backend import array_module
from minis2s.equations.alignment import alignment_windows, alignment_windows_backward
from minis2s.equations.linear import linear, linear_backward
from minis2s.equations.rnn import rnn_cell, rnn_cell_backward
from minis2s.layers.base import Layer

WIDTH = 7  # places that a window sees
FEATURES = 8


class LocationFeatures(Layer):
    """F: (width, K), U: (K, A). What is carried from step to step is α alone."""

    def __init__(self, attention_size, init):
        self.F = init.xavier(WIDTH, FEATURES)
        self.U = init.xavier(FEATURES, attention_size)

    def carry(self, keys):
        """What the first step is given: it has looked nowhere yet. keys: (T, B, A)."""
        return (array_module(keys).zeros(keys.shape[:2], dtype=keys.dtype),)

    def forward(self, keys, carry):
        """keys: (T, n, A). Returns (keys (T, n, A), what is carried beside α, cache)."""
        windows, cache_windows = alignment_windows(carry[0], self.F.value.shape[0])  # 1
        f, cache_f = linear(windows, self.F.value)  # 2
        located, cache_located = linear(f, self.U.value, keys)  # 3
        return located, (), (cache_windows, cache_f, cache_located)

    def backward(self, d_located, d_memory, cache):
        """Returns (d_keys, d_carry of what the step was given)."""
        cache_windows, cache_f, cache_located = cache
        d_f, d_U, d_keys = linear_backward(d_located, cache_located)  # 3
        d_windows, d_F, _ = linear_backward(d_f, cache_f)  # 2
        self.U.accumulate(d_U)
        self.F.accumulate(d_F)
        return d_keys, (alignment_windows_backward(d_windows, cache_windows),)  # 1


class RecurrentFeatures(LocationFeatures):
    """W_d: (K, K), b: (K,) beside F and U: each source word has its own memory of having been attended to."""

    def __init__(self, attention_size, init):
        super().__init__(attention_size, init)
        self.W_d = init.recurrent(FEATURES)
        self.b = init.zeros(FEATURES)

    def carry(self, keys):
        return (*super().carry(keys), array_module(keys).zeros((*keys.shape[:2], FEATURES), dtype=keys.dtype))

    def forward(self, keys, carry):
        alpha, d = carry
        windows, cache_windows = alignment_windows(alpha, self.F.value.shape[0])  # 1
        d, cache_d = rnn_cell(windows, d, self.F.value, self.W_d.value, self.b.value)  # 2
        remembered, cache_remembered = linear(d, self.U.value, keys)  # 3
        return remembered, (d,), (cache_windows, cache_d, cache_remembered)

    def backward(self, d_remembered, d_memory, cache):
        """The memory has two readers, the score and, unless this is the last step, the next step."""
        cache_windows, cache_d, cache_remembered = cache
        d_d, d_U, d_keys = linear_backward(d_remembered, cache_remembered)  # 3
        for d in d_memory:
            d_d = d_d + d
        d_windows, d_d_before, d_F, d_W_d, d_b = rnn_cell_backward(d_d, cache_d)  # 2
        self.U.accumulate(d_U)
        self.F.accumulate(d_F)
        self.W_d.accumulate(d_W_d)
        self.b.accumulate(d_b)
        return d_keys, (alignment_windows_backward(d_windows, cache_windows), d_d_before)  # 1


LOCATIONS = {"location": LocationFeatures, "recurrent": RecurrentFeatures}

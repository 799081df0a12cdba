"""The vanilla recurrent cell: D4.1, D4.3 and D2.1 (D4 §3.2, §3.3; Elman 1990).

    h_t = tanh(h_{t-1} W_h + x_t W_x + b)

As in the LSTM, the part x_t W_x + b needs no recurrence: a layer computes it for all steps with one `linear`, and the loop is
left with `linear(h_prev, W_h, z_t)` followed by `tanh`.
"""

from typing import Any, NamedTuple

from minis2s.equations.activations import tanh, tanh_backward
from minis2s.equations.linear import linear, linear_backward


class RNNGradients(NamedTuple):
    x: Any
    h_prev: Any
    W_x: Any
    W_h: Any
    b: Any


def rnn_cell(x, h_prev, W_x, W_h, b):
    """h = tanh(h_prev W_h + (x W_x + b)).

    x: (B, E); h_prev: (B, H); W_x: (E, H); W_h: (H, H); b: (H,). Returns h (B, H), each entry in (−1, 1).
    """
    z, cache_x = linear(x, W_x, b)  # 1
    a, cache_h = linear(h_prev, W_h, z)  # 2
    h, cache_tanh = tanh(a)  # 3
    return h, (cache_x, cache_h, cache_tanh)


def rnn_cell_backward(d_h, cache):
    """d_a = d_h ⊙ (1 − h²) (step 3), then the two products' gradients (2, 1); z is the addend of the second."""
    cache_x, cache_h, cache_tanh = cache
    d_a = tanh_backward(d_h, cache_tanh)  # 3
    d_h_prev, d_W_h, d_z = linear_backward(d_a, cache_h)  # 2
    d_x, d_W_x, d_b = linear_backward(d_z, cache_x)  # 1
    return RNNGradients(d_x, d_h_prev, d_W_x, d_W_h, d_b)

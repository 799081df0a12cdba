"""An LSTM over time: D0.1–D0.5 repeated, and back-propagation through time."""

from minis2s.backend import array_module
from minis2s.equations.linear import linear, linear_backward, linear_backward_input, linear_backward_parameters
from minis2s.equations.lstm import LSTMState, lstm_pointwise, lstm_pointwise_backward
from minis2s.layers.base import Layer, Observer
from minis2s.layers.packing import replace_first


class LSTM(Layer):
    """One layer in one direction.

    W_x: (E, 4H), W_h: (H, 4H), b: (4H,), gate blocks in the order i, f, o, g. With `reverse` it reads each sequence from its
    last token to its first. `observer` is shown states and gradients (models/observe.py).
    """

    observer = Observer()

    def __init__(self, input_size, hidden_size, init, reverse=False):
        self.hidden_size, self.reverse = hidden_size, reverse
        self.W_x = init.xavier(input_size, hidden_size, blocks=4)
        self.W_h = init.xavier(hidden_size, hidden_size, blocks=4)
        self.b = init.lstm_bias(hidden_size)

    def initial_state(self, B):
        """LSTMState of zeros (B, H)."""
        return zero_state(self.b.value, B, self.hidden_size)

    def forward(self, x, packing, state=None):
        """x: (T, B, E); packing: of its mask; state: LSTMState(h_0, c_0), each (B, H), or None for zeros.

        Returns ((h, LSTMState(h_n, c_n)), cache): h (T, B, H), zero at padding, and the state after the last token read.
        """
        xp, H = packing.xp, self.hidden_size
        h, c = state or self.initial_state(x.shape[1])
        h, c = packing.sort(h), packing.sort(c)
        z, cache_z = linear(packing.pack(x), self.W_x.value, self.b.value)  # all steps in one product
        h_all, h_before = xp.empty((len(packing), H), dtype=z.dtype), xp.empty((len(packing), H), dtype=z.dtype)
        steps = packing.steps()[::-1] if self.reverse else packing.steps()
        caches = []
        for t, rows in steps:
            n = packing.sizes[t]
            h_before[rows] = h[:n]
            a, _ = linear(h[:n], self.W_h.value, z[rows])
            new, cache = lstm_pointwise(a, c[:n])
            h_all[rows] = new.h
            caches.append(cache)
            h, c = replace_first(xp, h, new.h), replace_first(xp, c, new.c)
        self.observer.states(packing, h_all, caches)
        final = LSTMState(packing.unsort(h), packing.unsort(c))
        return (packing.unpack(h_all), final), (packing, steps, cache_z, h_before, caches)

    def backward(self, d_h_all, d_final, cache):
        """d_h_all: (T, B, H) or None; d_final: LSTMState(d_h_n, d_c_n), each (B, H) or None, or None for neither.

        Returns (d_x (T, B, E), LSTMState(d_h_0, d_c_0)); the parameters' gradients are added.
        h_t has two readers, the layer above and the next step; their gradients are added before the cell is differentiated.
        """
        packing, steps, cache_z, h_before, caches = cache
        xp, H = packing.xp, self.hidden_size
        zeros = zero_state(h_before, packing.shape[1], H)
        # Copies, because the rows that are alive are overwritten from step to step.
        d_h, d_c = (z if d is None else packing.sort(d).copy() for z, d in zip(zeros, d_final or (None, None), strict=True))
        d_rows = None if d_h_all is None else packing.pack(d_h_all)
        d_a = xp.empty((len(packing), 4 * H), dtype=h_before.dtype)
        for (t, rows), step_cache in zip(reversed(steps), reversed(caches), strict=True):
            n = packing.sizes[t]
            d_h_t = d_h[:n] if d_rows is None else d_h[:n] + d_rows[rows]
            d_a_t, d_c_before = lstm_pointwise_backward(LSTMState(d_h_t, d_c[:n]), step_cache)
            d_a[rows] = d_a_t
            d_h[:n] = linear_backward_input(d_a_t, self.W_h.value)
            d_c[:n] = d_c_before
        self.observer.gradients(packing, d_a)
        d_x, d_W_x, d_b = linear_backward(d_a, cache_z)  # all steps in one product, here and below
        d_W_h, _ = linear_backward_parameters(d_a, h_before)
        self.W_x.accumulate(d_W_x)
        self.W_h.accumulate(d_W_h)
        self.b.accumulate(d_b)
        return packing.unpack(d_x), LSTMState(packing.unsort(d_h), packing.unsort(d_c))


def zero_state(like, B, H):
    """LSTMState of zeros (B, H) beside the array `like`."""
    xp = array_module(like)
    return LSTMState(xp.zeros((B, H), dtype=like.dtype), xp.zeros((B, H), dtype=like.dtype))

"""An affine map as a layer."""

from minis2s.equations.linear import linear, linear_backward
from minis2s.layers.base import Layer


class Linear(Layer):
    """y = x W + b. W: (n_in, n_out); b: (n_out,)."""

    def __init__(self, n_in, n_out, init):
        self.W = init.xavier(n_in, n_out)
        self.b = init.zeros(n_out)

    def forward(self, x):
        return linear(x, self.W.value, self.b.value)

    def backward(self, d_y, cache):
        d_x, d_W, d_b = linear_backward(d_y, cache)
        self.W.accumulate(d_W)
        self.b.accumulate(d_b)
        return d_x

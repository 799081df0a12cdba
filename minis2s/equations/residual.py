"""Residual connections, D3.8 (D3 §3.3; He et al. 2015, arXiv:1512.03385)."""

from typing import Any, NamedTuple


class ResidualGradients(NamedTuple):
    x: Any
    f: Any


def residual(x, f):
    """y = x + f, where f is what a layer made of x: the layer only has to learn the difference.

    x, f: arrays of one shape. Raises ValueError if the shapes differ: a sum that broadcasts would be no path around the layer.
    """
    if x.shape != f.shape:
        raise ValueError(f"a residual connection adds arrays of one shape, not {x.shape} and {f.shape}")
    return x + f, None


def residual_backward(d_y, cache):
    """d_x = d_y, d_f = d_y. What flows back along x has no factor, hence gradients pass any number of layers unharmed."""
    return ResidualGradients(d_y, d_y)

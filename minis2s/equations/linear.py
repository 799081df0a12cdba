"""The affine map y = x W + b, from which every pre-activation in the package is made."""

from typing import Any, NamedTuple


class LinearGradients(NamedTuple):
    x: Any
    W: Any
    b: Any


def linear(x, W, b=None):
    """y = x W + b.

    x: (…, n); W: (n, m); b: of y's shape, or without some of its first axes, or None. Returns y (…, m).

    b is usually a bias (m,). It may be an array of y's shape as well: with x = h_{t-1} and b = x_t W_x + b, computed for
    all steps at once, the same line gives an LSTM's pre-activation W·[h_{t-1}, x_t] + b.
    """
    # In one expression: NumPy then adds b in place, which a product that has a name forbids.
    return (x @ W if b is None else x @ W + b), (x, W, None if b is None else b.shape)


def linear_backward(d_y, cache):
    """Gradients of `linear`: d_x = d_y Wᵀ, d_W = xᵀ d_y, d_b = Σ d_y over the axes along which b was repeated."""
    x, W, b_shape = cache
    return LinearGradients(linear_backward_input(d_y, W), *linear_backward_parameters(d_y, x, b_shape))


def linear_backward_input(d_y, W):
    """d_x = d_y Wᵀ: the half that back-propagation through time needs at every step."""
    return d_y @ W.T


def linear_backward_parameters(d_y, x, b_shape=None):
    """(d_W, d_b) = (xᵀ d_y, Σ d_y): the half that can wait, and be one product for all the steps together."""
    d_W = x.reshape(-1, x.shape[-1]).T @ d_y.reshape(-1, d_y.shape[-1])
    return d_W, None if b_shape is None else _sum_to(d_y, b_shape)


def _sum_to(d_y, shape):
    """The transpose of broadcasting an array of `shape` to d_y's shape: the sum over the axes in front that it lacks."""
    return d_y.sum(axis=tuple(range(d_y.ndim - len(shape))))

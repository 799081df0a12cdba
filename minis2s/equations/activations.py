"""The two squashing functions of every cell: the logistic sigmoid σ and tanh."""

from minis2s.backend import array_module, elementwise


@elementwise
def sigmoid_values(x):
    """σ(x) = 1 / (1 + e^{-x}) = ½ (1 + tanh(x/2)), element by element.

    Through tanh, because that never overflows, continues analytically to complex x (for the complex-step check), and is
    faster than exp in float32.
    """
    return 0.5 * (1 + array_module(x).tanh(0.5 * x))


@elementwise
def sigmoid_slope(d_y, y):
    """d_x = d_y · σ'(x), with σ' = σ (1 − σ) written in y = σ(x)."""
    return d_y * y * (1 - y)


@elementwise
def tanh_slope(d_y, y):
    """d_x = d_y · tanh'(x), with tanh' = 1 − tanh² written in y = tanh(x)."""
    return d_y * (1 - y * y)


def sigmoid(x):
    """y = σ(x) for x of any shape."""
    y = sigmoid_values(x)
    return y, y


def sigmoid_backward(d_y, cache):
    """d_x = d_y ⊙ y ⊙ (1 − y)."""
    return sigmoid_slope(d_y, cache)


def tanh(x):
    """y = tanh(x) for x of any shape."""
    y = array_module(x).tanh(x)
    return y, y


def tanh_backward(d_y, cache):
    """d_x = d_y ⊙ (1 − y²)."""
    return tanh_slope(d_y, cache)

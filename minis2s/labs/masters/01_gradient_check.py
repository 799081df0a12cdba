"""Lab 1: checking a gradient.

A gradient that you derive by hand is a claim. Here you build the instruments that test such claims: two numerical
derivatives, and the number that says how far two gradients are apart. All later labs are judged with them.

You learn why the central difference is better than the one-sided one, why a step must not be too small, and how a step along the
imaginary axis gets rid of that limit: nothing is subtracted, so nothing cancels.
"""

import numpy as np


def loss(x, w):
    """Given: L(x) = Σ_k w_k tanh(x_k) + ½ (Σ_k w_k x_k)². x, w: arrays of one shape, x real or complex. Returns a number."""
    return (w * np.tanh(x)).sum() + 0.5 * (w * x).sum() ** 2


def central_difference(x, w, h):
    """∂L/∂x_k ≈ [L(x + h e_k) − L(x − h e_k)] / 2h, for every entry k of x; e_k is one at k and zero elsewhere.

    x, w: real arrays of one shape, any number of axes; h: a number, not small here. Returns the gradient, of x's shape.

    >>> np.round(central_difference(np.array([0.5, -1.0]), np.array([2.0, 1.0]), 0.1), 4)
    array([1.571, 0.421])

    Abramowitz and Stegun 25.3.21. 10 points.
    """
    # BEGIN SOLUTION
    gradient = np.zeros(x.shape, dtype=x.dtype)
    for k in np.ndindex(*x.shape):
        moved = x.copy()
        moved[k] = x[k] + h
        above = loss(moved, w)
        moved[k] = x[k] - h
        below = loss(moved, w)
        gradient[k] = (above - below) / (2 * h)
    return gradient
    # END SOLUTION


def complex_step(x, w, h):
    """∂L/∂x_k ≈ Im L(x + ih e_k) / h, for every entry k of x: a step along the imaginary axis; h may be as small as you like.

    x, w: real arrays of one shape, any number of axes; h: a number, as small as 1e-20. Returns the gradient, real, of x's shape.

    >>> np.round(complex_step(np.array([0.5, -1.0]), np.array([2.0, 1.0]), 1e-20), 4)
    array([1.5729, 0.42  ])

    Squire and Trapp 1998, SIAM Review 40(1). 10 points.
    """
    # BEGIN SOLUTION
    gradient = np.zeros(x.shape, dtype=x.dtype)
    for k in np.ndindex(*x.shape):
        moved = x.astype(np.complex128)
        moved[k] = x[k] + 1j * h
        above = loss(moved, w)
        gradient[k] = above.imag / h
    return gradient
    # END SOLUTION


def relative_error(a, n):
    """error = ‖a − n‖ / max(‖a‖, ‖n‖), with ‖a‖ = √(Σ_k a_k²) over all entries; 0 if both gradients are zero.

    a: the gradient that you derived, n: the numerical one, arrays of one shape. Returns a number.

    >>> round(float(relative_error(np.array([3.0, 4.0]), np.array([3.0, 3.0]))), 4)
    0.2

    10 points.
    """
    # BEGIN SOLUTION
    difference = np.sqrt(((a - n) ** 2).sum())
    size = max(np.sqrt((a**2).sum()), np.sqrt((n**2).sum()))
    if size == 0:
        return 0.0
    return difference / size
    # END SOLUTION

"""Lab 11: clipping, Adam and AdamW.

You learn to clip by the norm of all gradients together, why Adam's means need a correction at the beginning, where ε
stands, and what it is that AdamW decouples: the decay acts on the parameter and does not pass through the means.
"""

import numpy as np


def clip(d_W, d_b, limit):
    """Scale all gradients by min(1, limit / ‖g‖), where ‖g‖ = √(Σ d_W² + Σ d_b²) is the norm of all of them together.

    d_W: (n, m); d_b: (m,); limit: a number > 0. Returns (d_W, d_b), clipped.

    >>> d_W, d_b = clip(np.array([[3.0, 0.0]]), np.array([0.0, 4.0]), 1.0)
    >>> np.round(d_W, 4), np.round(d_b, 4)
    (array([[0.6, 0. ]]), array([0. , 0.8]))

    Pascanu et al. 2013, arXiv:1211.5063. 10 points.
    """
    # BEGIN SOLUTION
    norm = np.sqrt((d_W**2).sum() + (d_b**2).sum())
    factor = 1.0
    if norm > limit:
        factor = limit / norm
    return d_W * factor, d_b * factor
    # END SOLUTION


def adam(parameter, gradient, m, v, t, rate, beta1, beta2, epsilon):
    """Step t = 1, 2, … of Adam:

        m ← β₁ m + (1 − β₁) g,    m̂ = m / (1 − β₁ᵗ)
        v ← β₂ v + (1 − β₂) g²,   v̂ = v / (1 − β₂ᵗ)
        θ ← θ − η m̂ / (√v̂ + ε)

    parameter θ, gradient g, m, v: one shape; t: an integer; rate η, beta1, beta2, epsilon: numbers. Returns (parameter, m,
    v), new.

    >>> parameter, m, v = adam(np.array([1.0]), np.array([0.5]), np.array([0.2]), np.array([0.1]), 2, 0.1, 0.9, 0.99, 0.01)
    >>> np.round([parameter[0], m[0], v[0]], 4)
    array([0.9466, 0.23  , 0.1015])

    Equation D4.5 (Kingma and Ba 2014, arXiv:1412.6980, algorithm 1). 20 points.
    """
    # BEGIN SOLUTION
    m = beta1 * m + (1 - beta1) * gradient
    v = beta2 * v + (1 - beta2) * gradient**2
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    step = m_hat / (np.sqrt(v_hat) + epsilon)
    parameter = parameter - rate * step
    return parameter, m, v
    # END SOLUTION


def adamw(parameter, gradient, m, v, t, rate, decay, beta1, beta2, epsilon):
    """Step t of AdamW: θ ← (1 − η λ) θ, then Adam's step. The decay does not pass through g, m and v.

    decay λ: a number; the others as in `adam`. Returns (parameter, m, v), new.

    >>> parameter, m, v = adamw(np.array([1.0]), np.array([0.5]), np.array([0.2]), np.array([0.1]), 2, 0.1, 0.3, 0.9, 0.99, 0.01)
    >>> np.round([parameter[0], m[0], v[0]], 4)
    array([0.9166, 0.23  , 0.1015])

    Equation D3.10 (Loshchilov and Hutter 2017, arXiv:1711.05101, algorithm 2, in PyTorch's form). 20 points.
    """
    # BEGIN SOLUTION
    parameter = (1 - rate * decay) * parameter
    m = beta1 * m + (1 - beta1) * gradient
    v = beta2 * v + (1 - beta2) * gradient**2
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    step = m_hat / (np.sqrt(v_hat) + epsilon)
    parameter = parameter - rate * step
    return parameter, m, v
    # END SOLUTION

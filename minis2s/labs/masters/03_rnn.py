"""Lab 3: the vanilla recurrent cell and back-propagation through time.

One step, its gradient, and then the same over a sequence. You learn that a hidden state has two readers, the loss at its
own step and the next step, whose gradients add; and that weights which are used at every step receive a gradient from every
step.

Arrays are time-major, (T, B, …); weights are (in, out); the gradient of `x` is `d_x`.
"""

import numpy as np


def rnn_step(x, h_prev, W_x, W_h, b):
    """h_t = tanh(h_{t−1} W_h + x_t W_x + b).

    x: (B, E); h_prev: (B, H); W_x: (E, H); W_h: (H, H); b: (H,). Returns h (B, H).

    >>> x, h_prev = np.array([[1.0, 2.0]]), np.array([[0.5]])
    >>> np.round(rnn_step(x, h_prev, np.array([[0.1], [0.2]]), np.array([[-1.0]]), np.array([0.3])), 4)
    array([[0.2913]])

    Equation D4.1. 10 points.
    """
    # BEGIN SOLUTION
    a = x @ W_x + h_prev @ W_h + b
    return np.tanh(a)
    # END SOLUTION


def rnn_step_backward(d_h, x, h_prev, h, W_x, W_h):
    """With d_a = d_h ⊙ (1 − h²):  d_x = d_a W_xᵀ, d_h_prev = d_a W_hᵀ, d_W_x = xᵀ d_a, d_W_h = h_prevᵀ d_a, d_b = Σ_b d_a.

    d_h: (B, H), the gradient that arrives at h; h: (B, H), the step's output; the others as in `rnn_step`.
    Returns (d_x (B, E), d_h_prev (B, H), d_W_x (E, H), d_W_h (H, H), d_b (H,)).

    >>> x, h_prev, h = np.array([[1.0, 2.0]]), np.array([[0.5]]), np.array([[0.5]])
    >>> d_x, *rest = rnn_step_backward(np.array([[1.0]]), x, h_prev, h, np.array([[0.1], [0.2]]), np.array([[-1.0]]))
    >>> np.round(d_x, 4)
    array([[0.075, 0.15 ]])

    Equation D4.1. 15 points.
    """
    # BEGIN SOLUTION
    d_a = d_h * (1 - h * h)
    d_x = d_a @ W_x.T
    d_h_prev = d_a @ W_h.T
    d_W_x = x.T @ d_a
    d_W_h = h_prev.T @ d_a
    d_b = d_a.sum(axis=0)
    return d_x, d_h_prev, d_W_x, d_W_h, d_b
    # END SOLUTION


def rnn_forward(x, h_0, W_x, W_h, b):
    """h_t = tanh(h_{t−1} W_h + x_t W_x + b) for t = 1 … T, beginning with h_0.

    x: (T, B, E); h_0: (B, H); W_x, W_h, b as in `rnn_step`. Returns h (T, B, H), the states h_1 … h_T.

    >>> x = np.array([[[1.0]], [[2.0]]])
    >>> np.round(rnn_forward(x, np.zeros((1, 1)), np.array([[0.5]]), np.array([[-1.0]]), np.array([0.0])), 4).ravel()
    array([0.4621, 0.4914])

    Equation D4.1. 10 points.
    """
    # BEGIN SOLUTION
    states = []
    h = h_0
    for t in range(x.shape[0]):
        h = np.tanh(x[t] @ W_x + h @ W_h + b)
        states.append(h)
    return np.stack(states)
    # END SOLUTION


def rnn_backward(d_h, d_h_n, x, h_0, h, W_x, W_h):
    """Back-propagation through time: from t = T down to 1, with d = (what arrives at h_t from the loss) + (from step t + 1),

        d_a_t = d ⊙ (1 − h_t²),   d_x_t = d_a_t W_xᵀ,   to step t − 1: d_a_t W_hᵀ
        d_W_x = Σ_t x_tᵀ d_a_t,   d_W_h = Σ_t h_{t−1}ᵀ d_a_t,   d_b = Σ_t Σ_b d_a_t

    d_h: (T, B, H), what the loss sends to each state, or None if it sends nothing; d_h_n: (B, H), what reaches the last
    state besides, or None; x: (T, B, E); h_0: (B, H); h: (T, B, H), the states; weights as in `rnn_step`. Returns (d_x (T,
    B, E), d_h_0 (B, H), d_W_x (E, H), d_W_h (H, H), d_b (H,)).

    >>> x, h_0, h = np.array([[[1.0]], [[2.0]]]), np.zeros((1, 1)), np.array([[[0.4]], [[0.5]]])
    >>> d_x, *rest = rnn_backward(None, np.ones((1, 1)), x, h_0, h, np.array([[0.5]]), np.array([[-1.0]]))
    >>> np.round(d_x, 4).ravel()
    array([-0.315,  0.375])

    Equation D4.1 over time. 25 points.
    """
    # BEGIN SOLUTION
    T = x.shape[0]
    d_x = np.zeros(x.shape, dtype=x.dtype)
    d_W_x = np.zeros(W_x.shape, dtype=x.dtype)
    d_W_h = np.zeros(W_h.shape, dtype=x.dtype)
    d_b = np.zeros(W_h.shape[1], dtype=x.dtype)
    d_next = np.zeros(h_0.shape, dtype=x.dtype)
    if d_h_n is not None:
        d_next = d_h_n
    for t in reversed(range(T)):
        h_prev = h[t - 1] if t > 0 else h_0
        d = d_next
        if d_h is not None:
            d = d_next + d_h[t]
        d_a = d * (1 - h[t] * h[t])
        d_x[t] = d_a @ W_x.T
        d_W_x += x[t].T @ d_a
        d_W_h += h_prev.T @ d_a
        d_b += d_a.sum(axis=0)
        d_next = d_a @ W_h.T
    return d_x, d_next, d_W_x, d_W_h, d_b
    # END SOLUTION

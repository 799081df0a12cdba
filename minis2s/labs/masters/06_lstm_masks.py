"""Lab 6: sequences of unequal length.

A batch is a rectangle, sentences are not. The mask says which places hold a token; padding at the end must change nothing:
neither a state, nor an output at a real step, nor any gradient. You learn where a mask has to act forwards (the state is
kept, the output is zero) and what that means backwards (the gradient passes by the step untouched, and no weight hears of
it).

The step and its gradient are given, with the gate blocks in the order i, f, o, g.
"""

import numpy as np


def sigmoid(x):
    """Given: σ(x)."""
    return 0.5 * (1 + np.tanh(0.5 * x))


def lstm_step(x, h_prev, c_prev, W_x, W_h, b):
    """Given: one step. Returns (h, c), each (B, H), and what its gradient needs."""
    i, f, o, g = np.split(x @ W_x + h_prev @ W_h + b, 4, axis=-1)
    i, f, o, g = sigmoid(i), sigmoid(f), sigmoid(o), np.tanh(g)
    c = f * c_prev + i * g
    return o * np.tanh(c), c, (c_prev, i, f, o, g, c, W_x, W_h)


def lstm_step_backward(d_h, d_c, cache):
    """Given: its gradient. Returns (d_a (B, 4H), d_x (B, E), d_h_prev, d_c_prev (B, H)); d_W_x = xᵀ d_a, d_W_h = h_prevᵀ d_a."""
    c_prev, i, f, o, g, c, W_x, W_h = cache
    d = d_c + d_h * o * (1 - np.tanh(c) ** 2)
    d_o = d_h * np.tanh(c)
    d_a = np.concatenate([d * g * i * (1 - i), d * c_prev * f * (1 - f), d_o * o * (1 - o), d * i * (1 - g * g)], axis=-1)
    return d_a, d_a @ W_x.T, d_a @ W_h.T, d * f


def masked_mean(h, mask):
    """m_b = Σ_t mask_tb h_tb / Σ_t mask_tb: the mean state of each sequence, over its tokens only.

    h: (T, B, H); mask: (T, B) booleans, True where there is a token, at least once in each column. What h holds at padding
    may be anything, even NaN or infinity: select, do not multiply. Returns m (B, H).

    >>> masked_mean(np.array([[[1.0], [4.0]], [[3.0], [np.nan]]]), np.array([[True, True], [True, False]]))
    array([[2.],
           [4.]])

    Equation D3.6. 10 points.
    """
    # BEGIN SOLUTION
    tokens = np.where(mask[..., None], h, 0)
    return tokens.sum(axis=0) / mask.sum(axis=0)[:, None].astype(h.dtype)
    # END SOLUTION


def lstm_forward(x, mask, h_0, c_0, W_x, W_h, b):
    """Where mask_tb is True, row b takes the LSTM's step; where it is False, it keeps h and c, and its output is zero.

    x: (T, B, E); mask: (T, B) booleans, True where there is a token, padding at the end; h_0, c_0: (B, H); W_x: (E, 4H);
    W_h: (H, 4H); b: (4H,). Returns (h (T, B, H), zero at padding; h_n (B, H) and c_n (B, H), the states after each row's
    last token).

    >>> x, mask, zero = np.ones((2, 2, 1)), np.array([[True, True], [True, False]]), np.zeros((2, 1))
    >>> h, h_n, c_n = lstm_forward(x, mask, zero, zero, np.array([[0.1, 0.2, 0.3, 0.4]]), np.zeros((1, 4)), np.zeros(4))
    >>> np.round(h[:, :, 0], 4)
    array([[0.1131, 0.1131],
           [0.1721, 0.    ]])
    >>> np.round(h_n, 4).ravel(), np.round(c_n, 4).ravel()
    (array([0.1721, 0.1131]), array([0.3091, 0.1995]))

    Equation D3.6 for D0.1 to D0.5. 20 points.
    """
    # BEGIN SOLUTION
    h, c = h_0, c_0
    outputs = []
    for t in range(x.shape[0]):
        real = mask[t][:, None]
        h_new, c_new, _ = lstm_step(x[t], h, c, W_x, W_h, b)
        outputs.append(np.where(real, h_new, 0))
        h = np.where(real, h_new, h)
        c = np.where(real, c_new, c)
    return np.stack(outputs), h, c
    # END SOLUTION


def lstm_backward(d_h, d_h_n, d_c_n, x, mask, h_0, c_0, W_x, W_h, b):
    """The gradients of `lstm_forward`. At padding, d_h[t] is ignored (the output is a constant there), d_x[t] is zero, and
    what arrives at h and c goes on to the step before as it is.

    d_h: (T, B, H), or None; d_h_n, d_c_n: (B, H), what arrives at the last states, each may be None; the others as in
    `lstm_forward`. Returns (d_x (T, B, E), d_h_0 (B, H), d_c_0 (B, H), d_W_x (E, 4H), d_W_h (H, 4H), d_b (4H,)).

    >>> x, mask, zero = np.ones((2, 2, 1)), np.array([[True, True], [True, False]]), np.zeros((2, 1))
    >>> weights = np.array([[0.1, 0.2, 0.3, 0.4]]), np.array([[1.0, -1.0, 2.0, 0.5]]), np.zeros(4)
    >>> d_x, d_h_0, d_c_0, *rest = lstm_backward(None, np.ones((2, 1)), None, x, mask, zero, zero, *weights)
    >>> np.round(d_x[:, :, 0], 4)
    array([[0.0924, 0.1189],
           [0.1359, 0.    ]])

    Equation D3.6 for D0.1 to D0.5. 30 points.
    """
    # BEGIN SOLUTION
    T = x.shape[0]
    h, c = h_0, c_0
    caches = []
    for t in range(T):
        real = mask[t][:, None]
        h_new, c_new, cache = lstm_step(x[t], h, c, W_x, W_h, b)
        caches.append((cache, h))
        h = np.where(real, h_new, h)
        c = np.where(real, c_new, c)
    d_x = np.zeros(x.shape, dtype=x.dtype)
    d_W_x = np.zeros(W_x.shape, dtype=x.dtype)
    d_W_h = np.zeros(W_h.shape, dtype=x.dtype)
    d_b = np.zeros(b.shape, dtype=x.dtype)
    d_h_next = np.zeros(h_0.shape, dtype=x.dtype)
    d_c_next = np.zeros(c_0.shape, dtype=x.dtype)
    if d_h_n is not None:
        d_h_next = d_h_n
    if d_c_n is not None:
        d_c_next = d_c_n
    for t in reversed(range(T)):
        real = mask[t][:, None]
        cache, h_prev = caches[t]
        d_h_t = d_h_next
        if d_h is not None:
            d_h_t = d_h_next + d_h[t]
        d_a, d_x_t, d_h_prev, d_c_prev = lstm_step_backward(d_h_t, d_c_next, cache)
        d_a = np.where(real, d_a, 0)
        d_x[t] = np.where(real, d_x_t, 0)
        d_W_x += x[t].T @ d_a
        d_W_h += h_prev.T @ d_a
        d_b += d_a.sum(axis=0)
        d_h_next = np.where(real, d_h_prev, d_h_next)
        d_c_next = np.where(real, d_c_prev, d_c_next)
    return d_x, d_h_next, d_c_next, d_W_x, d_W_h, d_b
    # END SOLUTION

"""Lab 5: the LSTM backwards.

From the gradients that arrive at h_t and c_t to those of every input and weight, first in three pieces, then in one step,
then through time. You learn that the cell state reaches the loss on two ways, through h_t and through the next step, and
that losing the second way leaves a gradient that looks right at the last step and is wrong before it.

The gate blocks lie side by side in the order i, f, o, g. Arrays are time-major, (T, B, …); weights are (in, out); the
gradient of `x` is `d_x`. What the forward pass computed is handed to you, so no task needs another one.
"""

import numpy as np


def lstm_state_backward(d_h, d_c, i, f, o, g, c_prev, c):
    """Backwards through c = f ⊙ c_prev + i ⊙ g and h = o ⊙ tanh(c). With d = d_c + d_h ⊙ o ⊙ (1 − tanh²(c)), all that reaches c:

        d_o = d_h ⊙ tanh(c),   d_i = d ⊙ g,   d_f = d ⊙ c_prev,   d_g = d ⊙ i,   d_c_prev = d ⊙ f

    d_h, d_c: (B, H), the gradients that arrive at h and at c (from the next step); either may be None, which counts as
    zero, not both. i, f, o, g, c_prev, c: (B, H). Returns (d_i, d_f, d_o, d_g, d_c_prev), each (B, H).

    >>> i, f, o, g, c_prev, c = (np.array([[value]]) for value in (0.5, 0.9, 0.7, -0.4, 2.0, 1.6))
    >>> [round(float(d[0, 0]), 4) for d in lstm_state_backward(np.array([[1.0]]), np.array([[2.0]]), i, f, o, g, c_prev, c)]
    [-0.8421, 4.2107, 0.9217, 1.0527, 1.8948]

    Equations D0.4 and D0.5. 15 points.
    """
    # BEGIN SOLUTION
    tanh_c = np.tanh(c)
    d_o = np.zeros(o.shape, dtype=o.dtype)
    d = np.zeros(c.shape, dtype=c.dtype)
    if d_c is not None:
        d = d + d_c
    if d_h is not None:
        d = d + d_h * o * (1 - tanh_c * tanh_c)
        d_o = d_h * tanh_c
    d_i = d * g
    d_f = d * c_prev
    d_g = d * i
    d_c_prev = d * f
    return d_i, d_f, d_o, d_g, d_c_prev
    # END SOLUTION


def lstm_gates_backward(d_i, d_f, d_o, d_g, i, f, o, g):
    """Backwards through i, f, o = σ(a_i), σ(a_f), σ(a_o) and g = tanh(a_g), the slopes written in i, f, o, g.

    All arguments (B, H). Returns d_a (B, 4H), the blocks in the order i, f, o, g.

    >>> gradients, gates = [np.ones((1, 1))] * 4, (np.array([[value]]) for value in (0.5, 0.9, 0.7, -0.4))
    >>> np.round(lstm_gates_backward(*gradients, *gates), 4)
    array([[0.25, 0.09, 0.21, 0.84]])

    Equations D0.1 to D0.4. 10 points.
    """
    # BEGIN SOLUTION
    d_a_i = d_i * i * (1 - i)
    d_a_f = d_f * f * (1 - f)
    d_a_o = d_o * o * (1 - o)
    d_a_g = d_g * (1 - g * g)
    return np.concatenate([d_a_i, d_a_f, d_a_o, d_a_g], axis=-1)
    # END SOLUTION


def lstm_preactivation_backward(d_a, x, h_prev, W_x, W_h):
    """Backwards through a = h_{t−1} W_h + x_t W_x + b: the transposed product for the inputs, an outer sum over the rows
    for weights.

    d_a: (B, 4H); x: (B, E); h_prev: (B, H); W_x: (E, 4H); W_h: (H, 4H).
    Returns (d_x (B, E), d_h_prev (B, H), d_W_x (E, 4H), d_W_h (H, 4H), d_b (4H,)).

    >>> d_a, x, h_prev = np.array([[1.0, 0.0, 2.0, 0.0]]), np.array([[3.0]]), np.array([[0.5]])
    >>> d_x, d_h_prev, *rest = lstm_preactivation_backward(d_a, x, h_prev, np.ones((1, 4)), np.array([[1.0, -1.0, 2.0, 0.5]]))
    >>> d_x, d_h_prev
    (array([[3.]]), array([[5.]]))

    Equations D0.1 to D0.4. 10 points.
    """
    # BEGIN SOLUTION
    d_x = d_a @ W_x.T
    d_h_prev = d_a @ W_h.T
    d_W_x = x.T @ d_a
    d_W_h = h_prev.T @ d_a
    d_b = d_a.sum(axis=0)
    return d_x, d_h_prev, d_W_x, d_W_h, d_b
    # END SOLUTION


def lstm_step_backward(d_h, d_c, x, h_prev, c_prev, i, f, o, g, c, W_x, W_h):
    """One step, all of it: from d_h and d_c to every input, state and weight. The three tasks above, one after another.

    Shapes and None as above. Returns (d_x (B, E), d_h_prev (B, H), d_c_prev (B, H), d_W_x (E, 4H), d_W_h (H, 4H), d_b (4H,)).

    >>> x, h_prev, *rest = (np.array([[value]]) for value in (3.0, 0.5, 2.0, 0.5, 0.9, 0.7, -0.4, 1.6))
    >>> W_x, W_h, one = np.ones((1, 4)), np.array([[1.0, -1.0, 2.0, 0.5]]), np.ones((1, 1))
    >>> d_x, d_h_prev, d_c_prev, *rest = lstm_step_backward(one, 2 * one, x, h_prev, *rest, W_x, W_h)
    >>> round(float(d_x[0, 0]), 4), round(float(d_h_prev[0, 0]), 4), round(float(d_c_prev[0, 0]), 4)
    (1.2462, 0.2397, 1.8948)

    Equations D0.1 to D0.5. 20 points.
    """
    # BEGIN SOLUTION
    tanh_c = np.tanh(c)
    d_o = np.zeros(o.shape, dtype=o.dtype)
    d = np.zeros(c.shape, dtype=c.dtype)
    if d_c is not None:
        d = d + d_c
    if d_h is not None:
        d = d + d_h * o * (1 - tanh_c * tanh_c)
        d_o = d_h * tanh_c
    d_a_i = d * g * i * (1 - i)
    d_a_f = d * c_prev * f * (1 - f)
    d_a_o = d_o * o * (1 - o)
    d_a_g = d * i * (1 - g * g)
    d_a = np.concatenate([d_a_i, d_a_f, d_a_o, d_a_g], axis=-1)
    d_c_prev = d * f
    d_x = d_a @ W_x.T
    d_h_prev = d_a @ W_h.T
    d_W_x = x.T @ d_a
    d_W_h = h_prev.T @ d_a
    d_b = d_a.sum(axis=0)
    return d_x, d_h_prev, d_c_prev, d_W_x, d_W_h, d_b
    # END SOLUTION


def lstm_backward(d_h, d_c_n, x, h_0, c_0, i, f, o, g, h, c, W_x, W_h):
    """Back-propagation through time: the step from t = T down to 1. To d_h[t] comes what step t + 1 sends to h_t; at c_t
    arrives only what step t + 1 sends, and at c_T d_c_n. The weights' gradients are sums over the steps.

    d_h: (T, B, H), what the loss sends to each h_t, or None; d_c_n: (B, H), what arrives at the last cell state, or None;
    x: (T, B, E); h_0, c_0: (B, H); i, f, o, g, h, c: (T, B, H), of the forward pass; W_x: (E, 4H); W_h: (H, 4H). Returns
    (d_x (T, B, E), d_h_0 (B, H), d_c_0 (B, H), d_W_x (E, 4H), d_W_h (H, 4H), d_b (4H,)).

    >>> steps = [np.array([[[first]], [[second]]]) for first, second in ((0.5, 0.6), (0.9, 0.8), (0.7, 0.3), (-0.4, 0.2))]
    >>> h, c = np.array([[[0.6]], [[0.2]]]), np.array([[[1.6]], [[1.4]]])
    >>> zero, two, W_x, W_h = np.zeros((1, 1)), np.full((1, 1), 2.0), np.ones((1, 4)), np.array([[1.0, -1.0, 2.0, 0.5]])
    >>> d_x, d_h_0, d_c_0, *rest = lstm_backward(np.ones((2, 1, 1)), zero, np.ones((2, 1, 1)), zero, two, *steps, h, c, W_x, W_h)
    >>> np.round(d_x, 4).ravel(), round(float(d_h_0[0, 0]), 4), round(float(d_c_0[0, 0]), 4)
    (array([0.365, 0.243]), 0.5193, 0.1773)

    Equations D0.1 to D0.5 over time. 30 points.
    """
    # BEGIN SOLUTION
    T = x.shape[0]
    d_x = np.zeros(x.shape, dtype=x.dtype)
    d_W_x = np.zeros(W_x.shape, dtype=x.dtype)
    d_W_h = np.zeros(W_h.shape, dtype=x.dtype)
    d_b = np.zeros(W_h.shape[1], dtype=x.dtype)
    d_h_next = np.zeros(h_0.shape, dtype=x.dtype)
    d_c_next = np.zeros(c_0.shape, dtype=x.dtype)
    if d_c_n is not None:
        d_c_next = d_c_n
    for t in reversed(range(T)):
        h_prev = h[t - 1] if t > 0 else h_0
        c_prev = c[t - 1] if t > 0 else c_0
        d_h_t = d_h_next
        if d_h is not None:
            d_h_t = d_h_next + d_h[t]
        tanh_c = np.tanh(c[t])
        d = d_c_next + d_h_t * o[t] * (1 - tanh_c * tanh_c)
        d_a_i = d * g[t] * i[t] * (1 - i[t])
        d_a_f = d * c_prev * f[t] * (1 - f[t])
        d_a_o = d_h_t * tanh_c * o[t] * (1 - o[t])
        d_a_g = d * i[t] * (1 - g[t] * g[t])
        d_a = np.concatenate([d_a_i, d_a_f, d_a_o, d_a_g], axis=-1)
        d_x[t] = d_a @ W_x.T
        d_W_x += x[t].T @ d_a
        d_W_h += h_prev.T @ d_a
        d_b += d_a.sum(axis=0)
        d_h_next = d_a @ W_h.T
        d_c_next = d * f[t]
    return d_x, d_h_next, d_c_next, d_W_x, d_W_h, d_b
    # END SOLUTION

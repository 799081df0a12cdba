"""Lab 4: the LSTM forwards.

Three gates, a candidate, a cell state that is only ever multiplied and added to, and a hidden state that shows part of it.
You learn how one matrix product serves all four blocks, and what is carried from step to step: two arrays, not one.

The gate blocks lie side by side in the order i, f, o, g. Arrays are time-major, (T, B, …); weights are (in, out).
"""

import numpy as np


def sigmoid(x):
    """Given: σ(x) = 1 / (1 + e^{−x}), written through tanh, which never overflows."""
    return 0.5 * (1 + np.tanh(0.5 * x))


def lstm_gates(a):
    """i = σ(a_i), f = σ(a_f), o = σ(a_o), g = tanh(a_g): the pre-activations' blocks, in the order i, f, o, g.

    a: (B, 4H). Returns (i, f, o, g), each (B, H).

    >>> i, f, o, g = lstm_gates(np.array([[0.0, 1.0, -1.0, 2.0]]))
    >>> np.round([i[0, 0], f[0, 0], o[0, 0], g[0, 0]], 4)
    array([0.5   , 0.7311, 0.2689, 0.964 ])

    Equations D0.1 to D0.3, and the candidate of D0.4. 10 points.
    """
    # BEGIN SOLUTION
    a_i, a_f, a_o, a_g = np.split(a, 4, axis=-1)
    i = sigmoid(a_i)
    f = sigmoid(a_f)
    o = sigmoid(a_o)
    g = np.tanh(a_g)
    return i, f, o, g
    # END SOLUTION


def lstm_state(i, f, o, g, c_prev):
    """c_t = f ⊙ c_{t−1} + i ⊙ g,  h_t = o ⊙ tanh(c_t).

    i, f, o, g, c_prev: (B, H) each. Returns (h, c), each (B, H).

    >>> h, c = lstm_state(*(np.array([[value]]) for value in (0.5, 0.9, 0.7, -0.4, 2.0)))
    >>> round(float(h[0, 0]), 4), round(float(c[0, 0]), 4)
    (0.6452, 1.6)

    Equations D0.4 and D0.5. 10 points.
    """
    # BEGIN SOLUTION
    c = f * c_prev + i * g
    h = o * np.tanh(c)
    return h, c
    # END SOLUTION


def lstm_step(x, h_prev, c_prev, W_x, W_h, b):
    """a = h_{t−1} W_h + x_t W_x + b, then gates and candidate from the blocks of a, then c_t and h_t: one step.

    x: (B, E); h_prev, c_prev: (B, H); W_x: (E, 4H); W_h: (H, 4H); b: (4H,). Returns (h, c), each (B, H).

    >>> x, W_x, b = np.array([[1.0]]), np.array([[0.1, 0.2, 0.3, 0.4]]), np.zeros(4)
    >>> h, c = lstm_step(x, np.array([[0.5]]), np.array([[-1.0]]), W_x, np.array([[1.0, -1.0, 2.0, 0.5]]), b)
    >>> round(float(h[0, 0]), 4), round(float(c[0, 0]), 4)
    (-0.0443, -0.0565)

    Equations D0.1 to D0.5. 15 points.
    """
    # BEGIN SOLUTION
    a = x @ W_x + h_prev @ W_h + b
    a_i, a_f, a_o, a_g = np.split(a, 4, axis=-1)
    i = sigmoid(a_i)
    f = sigmoid(a_f)
    o = sigmoid(a_o)
    g = np.tanh(a_g)
    c = f * c_prev + i * g
    h = o * np.tanh(c)
    return h, c
    # END SOLUTION


def lstm_forward(x, h_0, c_0, W_x, W_h, b):
    """The step for t = 1 … T, beginning with h_0 and c_0: both states are handed on.

    x: (T, B, E); h_0, c_0: (B, H); W_x, W_h, b as in `lstm_step`. Returns (h (T, B, H), c (T, B, H)), the states of all steps.

    >>> x, zero, W_x = np.array([[[1.0]], [[2.0]]]), np.zeros((1, 1)), np.array([[0.1, 0.2, 0.3, 0.4]])
    >>> h, c = lstm_forward(x, zero, zero, W_x, np.array([[1.0, -1.0, 2.0, 0.5]]), np.zeros(4))
    >>> np.round(h, 4).ravel(), np.round(c, 4).ravel()
    (array([0.1131, 0.3296]), array([0.1995, 0.5151]))

    Equations D0.1 to D0.5 over time. 15 points.
    """
    # BEGIN SOLUTION
    h, c = h_0, c_0
    all_h, all_c = [], []
    for t in range(x.shape[0]):
        a = x[t] @ W_x + h @ W_h + b
        a_i, a_f, a_o, a_g = np.split(a, 4, axis=-1)
        i = sigmoid(a_i)
        f = sigmoid(a_f)
        o = sigmoid(a_o)
        g = np.tanh(a_g)
        c = f * c + i * g
        h = o * np.tanh(c)
        all_h.append(h)
        all_c.append(c)
    return np.stack(all_h), np.stack(all_c)
    # END SOLUTION

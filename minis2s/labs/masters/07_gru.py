"""Lab 7: the gated recurrent unit.

Two gates and no cell state. You learn where the reset gate acts (here on the product, as in PyTorch and cuDNN), which way
the update gate is read (z near 1 keeps the old state), and to add up the ways on which h_{t−1} reaches the loss: past the
update gate, and through the product.

The blocks lie side by side in the order r, z, n. Arrays are time-major, (T, B, …); weights are (in, out); the gradient of
`x` is `d_x`.
"""

import numpy as np


def sigmoid(x):
    """Given: σ(x)."""
    return 0.5 * (1 + np.tanh(0.5 * x))


def gru_step(x, h_prev, W_x, W_h, b, b_h):
    """With a = x_t W_x + b and u = h_{t−1} W_h + b_h, each of three blocks r, z, n:

        r = σ(a_r + u_r),   z = σ(a_z + u_z),   n = tanh(a_n + r ⊙ u_n),   h_t = (1 − z) ⊙ n + z ⊙ h_{t−1}

    x: (B, E); h_prev: (B, H); W_x: (E, 3H); W_h: (H, 3H); b, b_h: (3H,). Returns h (B, H).

    >>> x, h_prev = np.array([[1.0]]), np.array([[0.5]])
    >>> W_x, W_h, b, b_h = np.array([[0.1, 0.2, 0.3]]), np.array([[1.0, -1.0, 2.0]]), np.zeros(3), np.array([0.0, 0.0, 0.5])
    >>> np.round(gru_step(x, h_prev, W_x, W_h, b, b_h), 4)
    array([[0.703]])

    Equation D0.9 (Cho et al. 2014, arXiv:1406.1078, in PyTorch's form). 15 points.
    """
    # BEGIN SOLUTION
    a_r, a_z, a_n = np.split(x @ W_x + b, 3, axis=-1)
    u_r, u_z, u_n = np.split(h_prev @ W_h + b_h, 3, axis=-1)
    r = sigmoid(a_r + u_r)
    z = sigmoid(a_z + u_z)
    n = np.tanh(a_n + r * u_n)
    h = (1 - z) * n + z * h_prev
    return h
    # END SOLUTION


def gru_step_backward(d_h, x, h_prev, r, z, n, u_n, W_x, W_h):
    """Backwards through the step. With d_n = d_h ⊙ (1 − z) and d_a_n = d_n ⊙ (1 − n²):

        d_a_r = d_a_n ⊙ u_n ⊙ r(1 − r),   d_a_z = d_h ⊙ (h_{t−1} − n) ⊙ z(1 − z),   d_u = [d_a_r, d_a_z, d_a_n ⊙ r]
        d_h_prev = d_h ⊙ z + d_u W_hᵀ

    and the weights' gradients from d_a = [d_a_r, d_a_z, d_a_n] with x, from d_u with h_{t−1}.

    d_h, h_prev, r, z, n: (B, H); u_n: (B, H), the block n of h_{t−1} W_h + b_h; x: (B, E); W_x: (E, 3H); W_h: (H, 3H).
    Returns (d_x (B, E), d_h_prev (B, H), d_W_x (E, 3H), d_W_h (H, 3H), d_b (3H,), d_b_h (3H,)).

    >>> x, h_prev, r, z, n, u_n = (np.array([[value]]) for value in (1.0, 0.5, 0.6, 0.4, 0.8, 1.5))
    >>> W_x, W_h = np.array([[0.1, 0.2, 0.3]]), np.array([[1.0, -1.0, 2.0]])
    >>> d_x, d_h_prev, *rest = gru_step_backward(np.array([[1.0]]), x, h_prev, r, z, n, u_n, W_x, W_h)
    >>> round(float(d_x[0, 0]), 4), round(float(d_h_prev[0, 0]), 4)
    (0.0582, 0.809)

    Equation D0.9. 25 points.
    """
    # BEGIN SOLUTION
    d_a_z = d_h * (h_prev - n) * z * (1 - z)
    d_n = d_h * (1 - z)
    d_a_n = d_n * (1 - n * n)
    d_a_r = d_a_n * u_n * r * (1 - r)
    d_u_n = d_a_n * r
    d_a = np.concatenate([d_a_r, d_a_z, d_a_n], axis=-1)
    d_u = np.concatenate([d_a_r, d_a_z, d_u_n], axis=-1)
    d_h_prev = d_h * z + d_u @ W_h.T
    d_x = d_a @ W_x.T
    d_W_x = x.T @ d_a
    d_W_h = h_prev.T @ d_u
    d_b = d_a.sum(axis=0)
    d_b_h = d_u.sum(axis=0)
    return d_x, d_h_prev, d_W_x, d_W_h, d_b, d_b_h
    # END SOLUTION


def gru_forward(x, mask, h_0, W_x, W_h, b, b_h):
    """The step for t = 1 … T, beginning with h_0. Where mask_tb is False, row b keeps its state, and its output is zero.

    x: (T, B, E); mask: (T, B) booleans, True where there is a token, padding at the end; h_0: (B, H); the rest as in `gru_step`.
    Returns (h (T, B, H), zero at padding; h_n (B, H), the state after each row's last token).

    >>> x, mask, h_0 = np.ones((2, 1, 1)), np.array([[True], [False]]), np.array([[0.5]])
    >>> W_x, W_h, b = np.array([[0.1, 0.2, 0.3]]), np.array([[1.0, -1.0, 2.0]]), np.zeros(3)
    >>> h, h_n = gru_forward(x, mask, h_0, W_x, W_h, b, b)
    >>> np.round(h, 4).ravel(), np.round(h_n, 4).ravel()
    (array([0.6366, 0.    ]), array([0.6366]))

    Equation D0.9 over time, D3.6. 15 points.
    """
    # BEGIN SOLUTION
    h = h_0
    outputs = []
    for t in range(x.shape[0]):
        real = mask[t][:, None]
        a_r, a_z, a_n = np.split(x[t] @ W_x + b, 3, axis=-1)
        u_r, u_z, u_n = np.split(h @ W_h + b_h, 3, axis=-1)
        r = sigmoid(a_r + u_r)
        z = sigmoid(a_z + u_z)
        n = np.tanh(a_n + r * u_n)
        h_new = (1 - z) * n + z * h
        outputs.append(np.where(real, h_new, 0))
        h = np.where(real, h_new, h)
    return np.stack(outputs), h
    # END SOLUTION


def gru_backward(d_h, d_h_n, h_0, r, z, n, u_n, h, W_h):
    """Back-propagation through time, as far as the recurrence goes: from t = T down to 1, with all that arrives at h_t from
    the loss and from step t + 1, the formulas of `gru_step_backward`.

    d_h: (T, B, H), what the loss sends to each state, or None; d_h_n: (B, H), what reaches the last state besides, or None;
    h_0: (B, H); r, z, n, u_n, h: (T, B, H), of the forward pass; W_h: (H, 3H).
    Returns (d_a (T, B, 3H), the gradient of x_t W_x + b; d_h_0 (B, H); d_W_h (H, 3H); d_b_h (3H,)).

    >>> h_0, W_h = np.array([[0.5]]), np.array([[1.0, -1.0, 2.0]])
    >>> r, z, n, u_n, h = (np.array([[[v]], [[w]]]) for v, w in ((0.6, 0.3), (0.4, 0.7), (0.8, -0.2), (1.5, 1.0), (0.7, 0.4)))
    >>> d_a, d_h_0, *rest = gru_backward(None, np.ones((1, 1)), h_0, r, z, n, u_n, h, W_h)
    >>> np.round(d_a[:, 0], 4), round(float(d_h_0[0, 0]), 4)
    (array([[ 0.0579, -0.0536,  0.1608],
           [ 0.0605,  0.189 ,  0.288 ]]), 0.6021)

    Equation D0.9 over time. 25 points.
    """
    # BEGIN SOLUTION
    T, B, H = h.shape
    d_all = np.zeros((T, B, 3 * H), dtype=h.dtype)
    d_W_h = np.zeros(W_h.shape, dtype=h.dtype)
    d_b_h = np.zeros(W_h.shape[1], dtype=h.dtype)
    d_next = np.zeros(h_0.shape, dtype=h.dtype)
    if d_h_n is not None:
        d_next = d_h_n
    for t in reversed(range(T)):
        h_prev = h[t - 1] if t > 0 else h_0
        d = d_next
        if d_h is not None:
            d = d_next + d_h[t]
        d_a_z = d * (h_prev - n[t]) * z[t] * (1 - z[t])
        d_a_n = d * (1 - z[t]) * (1 - n[t] * n[t])
        d_a_r = d_a_n * u_n[t] * r[t] * (1 - r[t])
        d_all[t] = np.concatenate([d_a_r, d_a_z, d_a_n], axis=-1)
        d_u = np.concatenate([d_a_r, d_a_z, d_a_n * r[t]], axis=-1)
        d_W_h += h_prev.T @ d_u
        d_b_h += d_u.sum(axis=0)
        d_next = d * z[t] + d_u @ W_h.T
    return d_all, d_next, d_W_h, d_b_h
    # END SOLUTION

"""Lab 8: additive attention.

A decoder state asks, every encoder state answers with a score, a softmax over the source makes weights of the scores, and
the weighted sum is the context. You learn over which axis the softmax runs, what the source mask does to it, and how the
gradient comes back to one decoder state from all the words, and to each word on two ways: as what is summed, and as what is
scored.

Arrays are time-major: encoder states h (T, B, C), weights α (T, B); W are (in, out); the gradient of `x` is `d_x`.
"""

import numpy as np


def attention_scores(s, h, W_s, W_h, v):
    """e_j = vᵀ tanh(s W_s + h_j W_h), for every source word j.

    s: (B, H), the decoder's state; h: (T, B, C), the encoder's states; W_s: (H, A); W_h: (C, A); v: (A,). Returns e (T, B).

    >>> s, h = np.array([[1.0]]), np.array([[[0.5]], [[-1.0]]])
    >>> np.round(attention_scores(s, h, np.array([[0.2, -1.0]]), np.array([[1.0, 2.0]]), np.array([1.0, 0.5])), 4)
    array([[ 0.6044],
           [-1.1616]])

    Equation D2.5. 10 points.
    """
    # BEGIN SOLUTION
    query = s @ W_s
    keys = h @ W_h
    u = np.tanh(query + keys)
    return u @ v
    # END SOLUTION


def attention_weights(e, mask):
    """α_j = exp(e_j) / Σ_k exp(e_k), over the source words where the mask is True; zero elsewhere. Subtract the maximum first.

    e: (T, B), what it holds at padding may be anything; mask: (T, B) booleans, True where there is a word, at least once in
    each column. Returns α (T, B), whose columns sum to one.

    >>> np.round(attention_weights(np.array([[1.0], [2.0], [9.0]]), np.array([[True], [True], [False]])), 4).ravel()
    array([0.2689, 0.7311, 0.    ])

    Equation D2.4. 10 points.
    """
    # BEGIN SOLUTION
    e = np.where(mask, e, -np.inf)
    p = np.exp(e - e.max(axis=0))
    return p / p.sum(axis=0)
    # END SOLUTION


def attention_context(alpha, h):
    """c = Σ_j α_j h_j: for each row of the batch the weighted sum of its encoder states.

    alpha: (T, B); h: (T, B, C). Returns c (B, C).

    >>> attention_context(np.array([[0.25], [0.75]]), np.array([[[4.0, 0.0]], [[0.0, 8.0]]]))
    array([[1., 6.]])

    Equation D2.3. 5 points.
    """
    # BEGIN SOLUTION
    weighted = alpha[..., None] * h
    return weighted.sum(axis=0)
    # END SOLUTION


def attention_context_backward(d_c, alpha, h):
    """d_α_j = d_c · h_j,  d_h_j = α_j d_c.

    d_c: (B, C); alpha: (T, B); h: (T, B, C). Returns (d_alpha (T, B), d_h (T, B, C)).

    >>> alpha, h = np.array([[0.25], [0.75]]), np.array([[[4.0, 0.0]], [[0.0, 8.0]]])
    >>> d_alpha, d_h = attention_context_backward(np.array([[1.0, 2.0]]), alpha, h)
    >>> d_alpha.ravel(), d_h[:, 0]
    (array([ 4., 16.]), array([[0.25, 0.5 ],
           [0.75, 1.5 ]]))

    Equation D2.3. 10 points.
    """
    # BEGIN SOLUTION
    d_alpha = (d_c * h).sum(axis=-1)
    d_h = alpha[..., None] * d_c
    return d_alpha, d_h
    # END SOLUTION


def attention_weights_backward(d_alpha, alpha):
    """d_e_j = α_j (d_α_j − Σ_k α_k d_α_k), the sum over the source.

    d_alpha, alpha: (T, B); alpha is zero at padding. Returns d_e (T, B).

    >>> np.round(attention_weights_backward(np.array([[1.0], [0.0], [5.0]]), np.array([[0.4], [0.6], [0.0]])), 4).ravel()
    array([ 0.24, -0.24,  0.  ])

    Equation D2.4. 10 points.
    """
    # BEGIN SOLUTION
    mean = (alpha * d_alpha).sum(axis=0)
    return alpha * (d_alpha - mean)
    # END SOLUTION


def attention_scores_backward(d_e, s, h, W_s, W_h, v):
    """Backwards through e_j = vᵀ tanh(s W_s + h_j W_h). With u_j = tanh(…) and d_a_j = d_e_j v ⊙ (1 − u_j²):

        d_v = Σ_j Σ_b d_e_jb u_jb,   d_h_j = d_a_j W_hᵀ,   d_W_h = Σ_j h_jᵀ d_a_j,   d_s = (Σ_j d_a_j) W_sᵀ,   d_W_s = sᵀ
        Σ_j d_a_j

    d_e: (T, B); the others as in `attention_scores`. Returns (d_s (B, H), d_h (T, B, C), d_W_s (H, A), d_W_h (C, A), d_v (A,)).

    >>> s, W_s, W_h, v = np.array([[1.0]]), np.array([[0.2]]), np.array([[1.0]]), np.array([2.0])
    >>> h = np.array([[[0.5]], [[-1.0]]])
    >>> d_s, d_h, *rest = attention_scores_backward(np.array([[1.0], [-1.0]]), s, h, W_s, W_h, v)
    >>> np.round(d_s, 4), np.round(d_h, 4).ravel()
    (array([[0.0303]]), array([ 1.2695, -1.1181]))

    Equation D2.5. 20 points.
    """
    # BEGIN SOLUTION
    query = s @ W_s
    keys = h @ W_h
    u = np.tanh(query + keys)
    d_u = d_e[..., None] * v
    d_a = d_u * (1 - u * u)
    d_query = d_a.sum(axis=0)
    d_v = (d_e[..., None] * u).sum(axis=(0, 1))
    d_s = d_query @ W_s.T
    d_W_s = s.T @ d_query
    d_h = d_a @ W_h.T
    d_W_h = np.einsum("tbc,tba->ca", h, d_a)
    return d_s, d_h, d_W_s, d_W_h, d_v
    # END SOLUTION


def attention_backward(d_c, d_alpha, s, h, alpha, W_s, W_h, v):
    """All of it: scores, weights, context, backwards. The context and, besides, the weights may receive a gradient from the loss.

    d_c: (B, C), or None; d_alpha: (T, B), what the loss sends to the weights directly, or None; not both None; alpha: (T,
    B), zero at padding. The others as in `attention_scores`. Returns (d_s (B, H), d_h (T, B, C), d_W_s (H, A), d_W_h (C,
    A), d_v (A,)).

    >>> s, W_s, W_h, v = np.array([[1.0]]), np.array([[0.2]]), np.array([[1.0]]), np.array([2.0])
    >>> h = np.array([[[0.5]], [[-1.0]]])
    >>> d_s, d_h, *rest = attention_backward(np.array([[1.0]]), None, s, h, np.array([[0.9], [0.1]]), W_s, W_h, v)
    >>> np.round(d_s, 4), np.round(d_h, 4).ravel()
    (array([[0.0041]]), array([ 1.0714, -0.0509]))

    Equations D2.3 to D2.5. 20 points.
    """
    # BEGIN SOLUTION
    d_weights = np.zeros(alpha.shape, dtype=alpha.dtype)
    d_h_context = np.zeros(h.shape, dtype=h.dtype)
    if d_alpha is not None:
        d_weights = d_weights + d_alpha
    if d_c is not None:
        d_weights = d_weights + (d_c * h).sum(axis=-1)
        d_h_context = alpha[..., None] * d_c
    mean = (alpha * d_weights).sum(axis=0)
    d_e = alpha * (d_weights - mean)
    u = np.tanh(s @ W_s + h @ W_h)
    d_a = d_e[..., None] * v * (1 - u * u)
    d_query = d_a.sum(axis=0)
    d_v = (d_e[..., None] * u).sum(axis=(0, 1))
    d_s = d_query @ W_s.T
    d_W_s = s.T @ d_query
    d_h_scores = d_a @ W_h.T
    d_h = d_h_context + d_h_scores
    d_W_h = np.einsum("tbc,tba->ca", h, d_a)
    return d_s, d_h, d_W_s, d_W_h, d_v
    # END SOLUTION

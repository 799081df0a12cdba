"""Lab 9: one training step of a sequence-to-sequence model.

Embedding, encoder, attention, decoder, loss: here the pieces meet. You learn why the decoder reads the target shifted by
one, how a word that occurs twice gets two gradients, over what the loss is averaged, and what adds up when the decoder is
run backwards: the state's gradient from step to step, the encoder states' gradient over all steps, each weight's over all
steps.

The cells are the vanilla ones of lab 3, the attention is the dot score, to keep the step small; their gradients are given.
Arrays are time-major: source (T, B), target (S, B); W are (in, out); the gradient of `x` is `d_x`.
"""

import numpy as np


def attend(s, memory, mask):
    """Given: dot attention. s: (B, H); memory: (T, B, H); mask: (T, B). Returns (context (B, H), weights (T, B))."""
    e = np.where(mask, (s * memory).sum(axis=-1), -np.inf)
    p = np.exp(e - e.max(axis=0))
    alpha = p / p.sum(axis=0)
    return (alpha[..., None] * memory).sum(axis=0), alpha


def attend_backward(d_c, s, memory, alpha):
    """Given: its gradient. Returns (d_s (B, H), d_memory (T, B, H))."""
    d_alpha = (d_c * memory).sum(axis=-1)
    d_e = (alpha * (d_alpha - (alpha * d_alpha).sum(axis=0)))[..., None]
    return (d_e * memory).sum(axis=0), d_e * s + alpha[..., None] * d_c


def embedding_backward(d_x, ids, n_words):
    """x = W[ids] looks rows up; backwards d_W[k] = Σ of d_x over the places where word k stands: all of them, if it occurs
    more than once.

    d_x: (T, B, E); ids: (T, B) integers in [0, n_words); n_words: the number of rows of W. Returns d_W (n_words, E).

    >>> embedding_backward(np.array([[[1.0]], [[10.0]], [[100.0]]]), np.array([[2], [0], [2]]), 4).ravel()
    array([ 10.,   0., 101.,   0.])

    Equation D4.7. 10 points.
    """
    # BEGIN SOLUTION
    d_W = np.zeros((n_words, d_x.shape[-1]), dtype=d_x.dtype)
    np.add.at(d_W, ids, d_x)
    return d_W
    # END SOLUTION


def decoder_inputs(target, start):
    """Teacher forcing: step i reads the true word before it, y_{i−1}, and the first step reads `start`. The last word is
    never read.

    target: (S, B) integers; start: an integer. Returns the words that the decoder reads, (S, B) integers.

    >>> decoder_inputs(np.array([[5, 7], [6, 2], [2, 0]]), 1)
    array([[1, 1],
           [5, 7],
           [6, 2]])

    Equation D1.2. 5 points.
    """
    # BEGIN SOLUTION
    inputs = np.full(target.shape, start)
    inputs[1:] = target[:-1]
    return inputs
    # END SOLUTION


def encode(source, mask, W, W_x, W_h, b):
    """h_t = tanh(h_{t−1} W_h + W[source_t] W_x + b), h_0 = 0; where the mask is False the state is kept, and the memory is zero.

    source: (T, B) integers; mask: (T, B) booleans, padding at the end; W: (V, E), the embedding; W_x: (E, H); W_h: (H, H);
    b: (H,). Returns (memory (T, B, H), zero at padding; s_0 (B, H), the state after each row's last word).

    >>> W, W_x, W_h, b = np.array([[0.0], [1.0], [2.0]]), np.array([[0.5]]), np.array([[-1.0]]), np.array([0.1])
    >>> memory, s_0 = encode(np.array([[1], [2], [0]]), np.array([[True], [True], [False]]), W, W_x, W_h, b)
    >>> np.round(memory, 4).ravel(), np.round(s_0, 4).ravel()
    (array([0.537 , 0.5102, 0.    ]), array([0.5102]))

    Equations D1.1 and D4.1. 15 points.
    """
    # BEGIN SOLUTION
    x = W[source]
    h = np.zeros((source.shape[1], W_h.shape[0]), dtype=W_h.dtype)
    memory = []
    for t in range(source.shape[0]):
        real = mask[t][:, None]
        h_new = np.tanh(x[t] @ W_x + h @ W_h + b)
        memory.append(np.where(real, h_new, 0))
        h = np.where(real, h_new, h)
    return np.stack(memory), h
    # END SOLUTION


def decoder_step(y, s_prev, memory, mask, W_y, W_c, W_s, b, W_o, b_o):
    """One word: the context c_i of s_{i−1} (`attend` is given), then the state, then the scores of the next word, from
    [s_i; c_i]:

        s_i = tanh(y W_y + c_i W_c + s_{i−1} W_s + b),   logits = [s_i; c_i] W_o + b_o

    y: (B, E), the embedding of y_{i−1}; s_prev: (B, H); memory: (T, B, H); mask: (T, B); W_y: (E, H); W_c, W_s: (H, H); b: (H,);
    W_o: (2H, V), its first H rows belong to s; b_o: (V,). Returns (logits (B, V), s (B, H), c (B, H)).

    >>> one, half = np.ones((1, 1)), np.full((1, 1), 0.5)
    >>> memory, mask = np.array([[[1.0]], [[-1.0]]]), np.array([[True], [True]])
    >>> W_o, b_o = np.array([[1.0, 2.0], [3.0, 4.0]]), np.zeros(2)
    >>> logits, s, c = decoder_step(one, half, memory, mask, half, one, -one, np.zeros(1), W_o, b_o)
    >>> np.round(logits, 4), round(float(s[0, 0]), 4), round(float(c[0, 0]), 4)
    (array([[1.8182, 2.7121]]), 0.4318, 0.4621)

    Equations D2.2, D2.3 and D4.4. 15 points.
    """
    # BEGIN SOLUTION
    c, _ = attend(s_prev, memory, mask)
    a = y @ W_y + c @ W_c + s_prev @ W_s + b
    s = np.tanh(a)
    both = np.concatenate([s, c], axis=-1)
    logits = both @ W_o + b_o
    return logits, s, c
    # END SOLUTION


def loss_and_gradient(logits, target, mask):
    """L = −(1/N) Σ log softmax(logits_ib)[target_ib] over the real words, N their number in the whole batch, and its gradient

        d_logits = (softmax(logits) − onehot(target)) / N, zero at padding

    logits: (S, B, V); target: (S, B) integers; mask: (S, B) booleans. Returns (L, a number; d_logits (S, B, V)).

    >>> L, d_logits = loss_and_gradient(np.array([[[1.0, 2.0, 3.0]]]), np.array([[2]]), np.array([[True]]))
    >>> round(float(L), 4), np.round(d_logits, 4).ravel()
    (0.4076, array([ 0.09  ,  0.2447, -0.3348]))

    Equation D1.3. 15 points.
    """
    # BEGIN SOLUTION
    N = int(mask.sum())
    shifted = logits - logits.max(axis=-1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    onehot = np.arange(logits.shape[-1]) == target[..., None]
    losses = -(onehot * log_p).sum(axis=-1)
    L = np.where(mask, losses, 0).sum() / N
    d_logits = (np.exp(log_p) - onehot) / N
    return L, np.where(mask[..., None], d_logits, 0)
    # END SOLUTION


def decoder_backward(d_logits, y, s_0, s, c, memory, alpha, W_y, W_c, W_s, W_o):
    """Back-propagation through the decoder's steps, from i = S down to 1. What reaches s_i: from the logits, and from step
    i + 1, which read it twice: as its previous state and, through the attention (`attend_backward` is given), as its query.
    What reaches c_i: from the logits, and through W_c. The memory collects its gradient from all steps, and so does each
    weight.

    d_logits: (S, B, V), zero at padding; y: (S, B, E); s_0: (B, H); s, c: (S, B, H), states and contexts of the forward
    pass; memory: (T, B, H); alpha: (S, T, B), the weights of each step; W as in `decoder_step`. Returns (d_y (S, B, E),
    d_s_0 (B, H), d_memory (T, B, H), d_W_y (E, H), d_W_c (H, H), d_W_s (H, H), d_b (H,), d_W_o (2H, V), d_b_o (V,)).

    >>> one, half, memory = np.ones((1, 1)), np.full((1, 1), 0.5), np.array([[[1.0]], [[-1.0]]])
    >>> y, s, c, alpha = np.ones((2, 1, 1)), np.array([[[0.7]], [[0.4]]]), np.array([[[0.5]], [[0.6]]]), np.full((2, 2, 1), 0.5)
    >>> W_o, d_logits = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[[0.5, -0.5]], [[0.2, -0.2]]])
    >>> d_y, d_s_0, d_memory, *rest = decoder_backward(d_logits, y, half, s, c, memory, alpha, half, one, -one, W_o)
    >>> np.round(d_y, 4).ravel(), np.round(d_s_0, 4).ravel(), np.round(d_memory, 4).ravel()
    (array([-0.1785, -0.084 ]), array([-0.5]), array([-0.9555, -0.2694]))

    Equations D2.2, D2.3 and D4.4 over time. 40 points.
    """
    # BEGIN SOLUTION
    S, H = s.shape[0], s.shape[-1]
    d_y = np.zeros(y.shape, dtype=y.dtype)
    d_memory = np.zeros(memory.shape, dtype=y.dtype)
    d_W_y = np.zeros(W_y.shape, dtype=y.dtype)
    d_W_c = np.zeros(W_c.shape, dtype=y.dtype)
    d_W_s = np.zeros(W_s.shape, dtype=y.dtype)
    d_b = np.zeros(H, dtype=y.dtype)
    d_W_o = np.zeros(W_o.shape, dtype=y.dtype)
    d_b_o = np.zeros(W_o.shape[1], dtype=y.dtype)
    d_next = np.zeros(s_0.shape, dtype=y.dtype)
    for i in reversed(range(S)):
        s_prev = s[i - 1] if i > 0 else s_0
        both = np.concatenate([s[i], c[i]], axis=-1)
        d_W_o += both.T @ d_logits[i]
        d_b_o += d_logits[i].sum(axis=0)
        d_both = d_logits[i] @ W_o.T
        d_s = d_both[:, :H] + d_next
        d_a = d_s * (1 - s[i] * s[i])
        d_y[i] = d_a @ W_y.T
        d_W_y += y[i].T @ d_a
        d_W_c += c[i].T @ d_a
        d_W_s += s_prev.T @ d_a
        d_b += d_a.sum(axis=0)
        d_c = d_both[:, H:] + d_a @ W_c.T
        d_query, d_memory_i = attend_backward(d_c, s_prev, memory, alpha[i])
        d_memory += d_memory_i
        d_next = d_a @ W_s.T + d_query
    return d_y, d_next, d_memory, d_W_y, d_W_c, d_W_s, d_b, d_W_o, d_b_o
    # END SOLUTION

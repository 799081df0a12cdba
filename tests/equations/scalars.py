"""The printed formulas, one number at a time with Python's own arithmetic: the oracle of the forward passes.

Everything is for one sentence (no batch axis); vectors are lists. Nothing here is shared with the package.
"""

from math import exp, fsum, sqrt, tanh


def sigma(a):
    return 1 / (1 + exp(-a)) if a > 0 else exp(a) / (1 + exp(a))


def dot(x, y):
    return fsum(a * b for a, b in zip(x, y, strict=True))


def column(W, j):
    return [float(row[j]) for row in W]


def times(x, W):
    """The row vector x W."""
    assert len(x) == len(W)
    return [dot(x, column(W, j)) for j in range(len(W[0]))]


def plus(*vectors):
    return [fsum(entries) for entries in zip(*vectors, strict=True)]


def affine(x, W, b):
    return plus(times(x, W), b)


def softmax(e, mask=None):
    mask = [True] * len(e) if mask is None else mask
    kept = [x for x, m in zip(e, mask, strict=True) if m]
    total = fsum(exp(x - max(kept)) for x in kept)
    return [exp(x - max(kept)) / total if m else 0.0 for x, m in zip(e, mask, strict=True)]


def rnn(x, h, W_x, W_h, b):
    """D4.1."""
    return [tanh(a) for a in plus(times(h, W_h), times(x, W_x), b)]


def lstm(x, h, c, W_x, W_h, b):
    """D0.1–D0.5 as printed: each gate from W·[h, x] + b, with its own columns."""
    H = len(h)
    joined, W = [*h, *x], [*W_h, *W_x]

    def block(k, j):
        return dot(joined, column(W, k * H + j)) + b[k * H + j]

    i, f, o = ([sigma(block(k, j)) for j in range(H)] for k in range(3))
    g = [tanh(block(3, j)) for j in range(H)]
    c_new = [f[j] * c[j] + i[j] * g[j] for j in range(H)]
    return [o[j] * tanh(c_new[j]) for j in range(H)], c_new


def gru(x, h, W_x, W_h, b, b_h, reset="after"):
    """Cho's equations 5 to 8 with the reset gate before the product, or PyTorch's with it after."""
    H = len(h)

    def of_x(k, j):
        return dot(x, column(W_x, k * H + j)) + b[k * H + j]

    def of_h(k, j, state=h):
        return dot(state, column(W_h, k * H + j)) + b_h[k * H + j]

    r, z = ([sigma(of_x(k, j) + of_h(k, j)) for j in range(H)] for k in range(2))
    if reset == "after":
        n = [tanh(of_x(2, j) + r[j] * of_h(2, j)) for j in range(H)]
    else:
        n = [tanh(of_x(2, j) + of_h(2, j, [r[k] * h[k] for k in range(H)])) for j in range(H)]
    return [(1 - z[j]) * n[j] + z[j] * h[j] for j in range(H)]


def lstm_over(x, h, c, weights):
    """All hidden states, and the last (h, c)."""
    states = []
    for x_t in x:
        h, c = lstm(x_t, h, c, *weights)
        states.append(h)
    return states, (h, c)


def additive(s, h, W_s, W_h, v, more=None):
    """D2.5: e_j = vᵀ tanh(W_s s + W_h h_j (+ more_j)) for every j."""
    more = [[0.0] * len(v)] * len(h) if more is None else more
    return [dot(v, [tanh(a) for a in plus(times(s, W_s), times(h_j, W_h), m)]) for h_j, m in zip(h, more, strict=True)]


def weighted(alpha, h):
    """D2.3: Σ_j α_j h_j."""
    return [dot(alpha, [h_j[k] for h_j in h]) for k in range(len(h[0]))]


def cosine(x, y):
    return dot(x, y) / sqrt(dot(x, x)) / sqrt(dot(y, y))


def by_sentence(f, B):
    """f(b) for each sentence of the batch; as nested lists with the batch first."""
    return [f(b) for b in range(B)]

"""Word embedding, D4.7: a lookup forward, a scatter-add backward."""

from minis2s.backend import scatter_add


def embedding(ids, W):
    """x = W[ids]: row k of W is the vector of word k; the same as one-hot(ids) W.

    ids: integers of any shape, each in [0, V); W: (V, E). Returns ids.shape + (E,).
    """
    return W[ids], (ids, W.shape[0])


def embedding_backward(d_x, cache):
    """d_W[k] = Σ of d_x over the places where word k stands. A word that occurs twice receives both gradients."""
    ids, n_words = cache
    return scatter_add(n_words, ids, d_x)

"""The loss of many words at once: their rows are independent, so they are taken in pieces that fit into the cache."""

from minis2s.backend import array_module
from minis2s.equations.softmax import cross_entropy, cross_entropy_backward
from minis2s.pieces import each, pieces


def word_loss(logits, targets, total):
    """L = −(1/total) Σ_n log softmax(logits_n)_{target n} (D1.3). logits: (N, V), N ≥ 1; targets: (N,). Returns (L, cache)."""
    xp = array_module(logits)
    parts = pieces(xp, slice(0, logits.shape[0]), logits.shape[1])
    losses, caches = zip(*each(lambda rows: cross_entropy(logits[rows], targets[rows], total=total), parts), strict=True)
    like = xp.empty_like(logits[:0])  # what the gradient is to be like; the logits themselves need not be kept for it
    return sum(losses[1:], losses[0]), (like, logits.shape, list(zip(parts, caches, strict=True)))


def word_loss_backward(d_loss, cache):
    """d_logits (N, V)."""
    like, shape, parts = cache
    d_logits = array_module(like).empty_like(like, shape=shape)

    def piece(part):
        rows, cache_of_rows = part
        d_logits[rows] = cross_entropy_backward(d_loss, cache_of_rows)

    each(piece, parts)
    return d_logits

"""The loss of many words at once: their rows are independent, so they are taken in pieces that fit into the cache."""

from minis2s.backend import array_module
from minis2s.equations.softmax import cross_entropy, cross_entropy_backward
from minis2s.pieces import each, pieces


def word_loss(logits, targets, total):
    """L = −(1/total) Σ_n log softmax(logits_n)_{target n} (D1.3). logits: (N, V), N ≥ 1; targets: (N,). Returns (L, cache)."""
    parts = pieces(array_module(logits), slice(0, logits.shape[0]), logits.shape[1])
    losses, caches = zip(*each(lambda rows: cross_entropy(logits[rows], targets[rows], total=total), parts), strict=True)
    loss = sum(losses[1:], losses[0])
    return loss, (loss, logits.shape, list(zip(parts, caches, strict=True)))


def word_loss_backward(d_loss, cache):
    """d_logits (N, V)."""
    loss, shape, parts = cache
    d_logits = array_module(loss).empty(shape, dtype=loss.dtype)

    def piece(part):
        rows, cache_of_rows = part
        d_logits[rows] = cross_entropy_backward(d_loss, cache_of_rows)

    each(piece, parts)
    return d_logits

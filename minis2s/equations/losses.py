"""Losses over sequences of real vectors: mean squared error, D1.4. The losses over words are in `softmax` and `ctc`."""

from typing import Any, NamedTuple

from minis2s.backend import array_module


class MeanSquaredErrorGradients(NamedTuple):
    y: Any
    targets: Any


def mean_squared_error(y, targets, mask=None, total=None):
    """L = 1/(N D) Σ_n Σ_d (y_nd − targets_nd)² over the rows n where `mask` is True.

    y, targets: (…, D) real vectors; mask: (…) booleans, or None; total: the number N of rows to divide by, by default those
    of this array (give the whole batch's when it is split). Returns L, a scalar; 0 without any row.
    """
    xp = array_module(y, targets)
    difference = y - targets
    if mask is not None:
        difference = xp.where(mask[..., None], difference, 0)
    if total is None:
        # int, as everywhere: a NumPy integer would make float32 double.
        total = difference[..., 0].size if mask is None else int(mask.sum())
    size = max(total, 1) * y.shape[-1]
    return (difference * difference).sum() / size, (difference, size)


def mean_squared_error_backward(d_loss, cache):
    """d_y = d_loss · 2 (y − targets)/(N D), zero where masked; d_targets = −d_y."""
    difference, size = cache
    d_y = difference * (2 * d_loss / size)
    return MeanSquaredErrorGradients(d_y, -d_y)

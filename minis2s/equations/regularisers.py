"""Regularisers, D4.6: dropout and weight decay. What they do to an update is in `optimisers`."""

from minis2s.backend import array_module
from minis2s.errors import UsageError


def dropout_mask(rng, shape, rate):
    """Which entries are kept: booleans of `shape`, each True with probability 1 − rate.

    rng: a numpy Generator; the mask is drawn on the host, so the same generator state gives the same mask on every backend,
    and a mask that is kept can be used again. Raises UsageError unless 0 ≤ rate < 1.
    """
    if not 0 <= rate < 1:
        raise UsageError(f"the dropout rate must be at least 0 and below 1, not {rate}")
    return rng.random(shape, dtype="float32") >= rate


def dropout(x, keep, rate):
    """y = x/(1 − rate) where `keep`, 0 elsewhere (D4.6; Srivastava et al. 2014, JMLR 15).

    x: any shape; keep: booleans that broadcast to x, from `dropout_mask`; rate: the one that the mask was drawn with. Dividing
    here ("inverted" scaling) makes the expectation of y equal x, so in evaluation dropout is simply left out.
    """
    xp = array_module(x)
    scale = 1 / (1 - rate)
    return xp.where(keep, x * scale, 0), (keep, scale)


def dropout_backward(d_y, cache):
    """d_x = d_y/(1 − rate) where kept, 0 elsewhere: the same mask again."""
    keep, scale = cache
    return array_module(d_y).where(keep, d_y * scale, 0)


def weight_penalty(theta, decay):
    """R = ½ λ ‖θ‖² (D4.6; Krogh and Hertz 1991): added to the loss, it makes every weight decay.

    theta: any shape; decay: λ ≥ 0. Returns R, a scalar.
    """
    return 0.5 * decay * (theta * theta).sum(), (theta, decay)


def weight_penalty_backward(d_R, cache):
    """d_θ = d_R λ θ: gradient descent then multiplies θ by 1 − η λ at each step."""
    theta, decay = cache
    return theta * (d_R * decay)

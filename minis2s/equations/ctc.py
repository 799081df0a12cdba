"""Connectionist temporal classification, D2.7: a loss for labels whose places in the input are unknown.

D2 names it without a formula; this is Graves et al. 2006 (ICML), in log space. A path π gives one symbol to each step, a label
or the blank ∅. It collapses to the labels l when repetitions are merged and then blanks dropped: (a, a, ∅, a, b) → (a, a, b).

    p(l) = Σ_{π collapses to l} Π_t p_t(π_t),   p_t = softmax(z_t)                                   equation 3
    l' = (∅, l_1, ∅, l_2, …, l_L, ∅)                              the labels with blanks between: S = 2L + 1 symbols
    α_t(s) = p_t(l'_s) · (α_{t-1}(s) + α_{t-1}(s−1) + [may skip s−1] α_{t-1}(s−2))                     equations 6, 7
    β_t(s) = Σ of p_{t+1}(l'_r) β_{t+1}(r) over r = s, s+1, and s+2 [may skip s+1]                    equations 10, 11
    p(l) = Σ_s α_t(s) β_t(s) for every t                                                               equation 14

s−1 may be skipped where it is a blank between two different labels. Graves' β counts p_t(l'_s) too, and is divided by it
later; this one does not, so nothing is divided by a probability that may be zero.
"""

from itertools import groupby

import numpy as np

from minis2s.backend import array_module, elementwise, scatter_add, to_host
from minis2s.errors import UsageError

BLANK = 0
LOG_ZERO = -1e30  # stands in for log 0: finite, also in float32 and when two are added, so that no ∞ − ∞ makes a NaN


def ctc(logits, labels, mask=None, label_mask=None, total=None):
    """L = −(1/N) Σ_b log p(labels_b): the forward variables α, over all paths at once.

    logits: (T, B, V) unnormalised, symbol 0 is the blank; labels: (L, B) integers in [1, V), each row's at the beginning;
    mask: (T, B) booleans, True where the input has a step, or None; label_mask: (L, B), True where there is a label, or
    None; total: the number N of labels to divide by, by default those of this array. Returns L, a scalar in nats per label.
    Labels and masks are checked on the host, so from there they come soonest to a device.

    Raises UsageError, naming the row, where the labels do not fit the steps (a label equal to the one before needs a blank
    between, so one step more), are not in [1, V), or come after padding.
    """
    xp = array_module(logits)
    T, B, V = logits.shape
    mask = xp.ones((T, B), dtype=bool) if mask is None else mask
    label_mask = xp.ones(labels.shape, dtype=bool) if label_mask is None else label_mask
    if mask.shape != (T, B) or labels.shape[1:] != (B,) or label_mask.shape != labels.shape:
        raise UsageError(
            f"logits {logits.shape}, mask {mask.shape}, labels {labels.shape}, label_mask {label_mask.shape}: "
            "these must be (T, B, V), (T, B), (L, B), (L, B)"
        )
    _refuse_what_cannot_align(to_host(labels), to_host(mask), to_host(label_mask), V)
    total = max(int(label_mask.sum()) if total is None else total, 1)
    labels, mask, label_mask = (xp.asarray(a) for a in (labels, mask, label_mask))

    symbols, may_skip, last = _extended(xp, labels, label_mask)
    log_p = logits - logits.real.max(axis=-1, keepdims=True)  # 1
    log_p = log_p - xp.log(xp.exp(log_p).sum(axis=-1, keepdims=True))
    emitted = log_p[:, xp.arange(B), symbols]  # 2: log p_t(l'_s), (T, S, B)
    # Before the first step a path stands at the first blank; from there one step reaches s = 0 or 1, as it should.
    alpha = xp.full((T + 1, *symbols.shape), LOG_ZERO, dtype=logits.dtype)
    alpha[0, 0] = 0
    for t in range(T):  # 3
        a = alpha[t]
        moved = _log_add(a, _shifted(xp, a, 1), xp.where(may_skip, _shifted(xp, a, 2), LOG_ZERO)) + emitted[t]
        alpha[t + 1] = xp.where(mask[t], moved, a)
    log_likelihood = _log_sum(xp, xp.where(last, alpha[T], LOG_ZERO))  # 4: (B,)
    return -log_likelihood.sum() / total, (log_p, emitted, alpha, log_likelihood, symbols, may_skip, last, mask, total)


def ctc_backward(d_loss, cache):
    """d_logits_tk = d_loss/N · (p_t(k) − Σ_{s: l'_s = k} α_t(s) β_t(s) / p(l)), zero where masked (Graves' equation 16).

    α_t(s) β_t(s) / p(l) is the share of the paths that are at s in step t: the distribution that p_t is pulled towards.
    """
    log_p, emitted, alpha, log_likelihood, symbols, may_skip, last, mask, total = cache
    xp = array_module(log_p)
    T, B, V = log_p.shape
    beta = xp.where(last, xp.zeros_like(alpha[0]), LOG_ZERO)  # 4
    share = xp.empty_like(emitted)
    for t in reversed(range(T)):  # 3
        share[t] = xp.exp(alpha[t + 1] + beta - log_likelihood)
        b = beta + emitted[t]
        moved = _log_add(b, _shifted(xp, b, -1), _shifted(xp, xp.where(may_skip, b, LOG_ZERO), -2))
        beta = xp.where(mask[t], moved, beta)
    # 2: several s may hold the same symbol, the blank always does; their shares add up
    shares = scatter_add(B * V, symbols + V * xp.arange(B), xp.ascontiguousarray(xp.moveaxis(share, 0, -1)))
    d_logits = (xp.exp(log_p) - shares.T.reshape(T, B, V)) * (d_loss / total)  # 1
    return xp.where(mask[..., None], d_logits, 0)


def collapse(path):
    """The labels of a path, one symbol per step: repetitions merged, then blanks dropped. A list of integers."""
    return [int(symbol) for symbol, _ in groupby(path) if symbol != BLANK]


@elementwise
def _log_add(a, b, c):
    """log(exp a + exp b + exp c); the shift is by the largest real part, for the complex step's sake."""
    xp = array_module(a, b, c)
    largest = xp.maximum(xp.maximum(xp.real(a), xp.real(b)), xp.real(c))
    return largest + xp.log(xp.exp(a - largest) + xp.exp(b - largest) + xp.exp(c - largest))


def _log_sum(xp, a):
    """log Σ exp a along the first axis."""
    largest = a.real.max(axis=0)
    return largest + xp.log(xp.exp(a - largest).sum(axis=0))


def _shifted(xp, a, places):
    """Row s of the result is row s − places of `a`; log 0 where there is none."""
    out = xp.full_like(a, LOG_ZERO)
    if places > 0:
        out[places:] = a[:-places]
    else:
        out[:places] = a[-places:]
    return out


def _extended(xp, labels, label_mask):
    """(l', where s−1 may be skipped, where a path may end), each (S, B)."""
    L, B = labels.shape
    symbols = xp.full((2 * L + 1, B), BLANK, dtype=np.int64)
    symbols[1::2] = xp.where(label_mask, labels, BLANK)
    may_skip = xp.zeros(symbols.shape, dtype=bool)
    may_skip[3::2] = symbols[3::2] != symbols[1:-2:2]
    s, end = xp.arange(2 * L + 1)[:, None], 2 * label_mask.sum(axis=0)
    return symbols, may_skip, (s == end) | (s == end - 1)


def _refuse_what_cannot_align(labels, mask, label_mask, V):
    """UsageError for the first row that has no alignment, a wrong label, or labels after padding. Host arrays."""
    wrong = label_mask & ((labels <= BLANK) | (labels >= V))
    gaps = label_mask[1:] & ~label_mask[:-1]
    counts = label_mask.sum(axis=0)
    repeats = (label_mask[1:] & (labels[1:] == labels[:-1])).sum(axis=0)
    steps = mask.sum(axis=0)
    for row in np.flatnonzero(wrong.any(axis=0) | gaps.any(axis=0) | (counts + repeats > steps)):
        if wrong[:, row].any():
            raise UsageError(f"row {row}: label {labels[wrong[:, row], row][0]} is not in [1, {V}); {BLANK} is the blank")
        if gaps[:, row].any():
            raise UsageError(f"row {row}: a label comes after padding; put a row's labels at the beginning")
        raise UsageError(
            f"row {row}: no alignment exists: {counts[row]} labels, {repeats[row]} of them equal to the one before, need "
            f"{counts[row] + repeats[row]} steps, but there are {steps[row]}; leave this example out or give it more steps"
        )

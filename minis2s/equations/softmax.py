"""Softmax with a mask (D2.4, D4.4) and the cross-entropy of its result (D1.3, D2.6)."""

from minis2s.backend import array_module, elementwise


def softmax(e, mask=None, axis=-1):
    """p_i = exp(e_i) / Σ_j exp(e_j) along `axis`, over the places where `mask` is True.

    e: any shape; mask: booleans that broadcast to e, or None for all True. Returns p of e's shape: zero where masked, and
    everywhere zero along an axis on which nothing is left. The largest real part is subtracted first, which changes nothing
    but keeps exp from overflowing.
    """
    xp = array_module(e)
    if mask is None:
        p = xp.exp(e - e.real.max(axis=axis, keepdims=True))
        p /= p.sum(axis=axis, keepdims=True)
    else:
        e = xp.where(mask, e, _lowest(xp, e.real.dtype))
        p = _exp_where(mask, e, e.real.max(axis=axis, keepdims=True))
        p = _shares(p, p.sum(axis=axis, keepdims=True))
    return p, (p, axis)


@elementwise
def _exp_where(mask, e, largest):
    xp = array_module(mask, e, largest)
    return xp.where(mask, xp.exp(e - largest), 0)  # where all is masked, exp(0) = 1 everywhere


@elementwise
def _shares(p, total):
    return p / array_module(p, total).where(total == 0, 1, total)


def softmax_backward(d_p, cache):
    """d_e = p ⊙ (d_p − Σ_j p_j d_p_j): the Jacobian is diag(p) − p pᵀ. Zero where masked, because p is."""
    p, axis = cache
    return p * (d_p - (p * d_p).sum(axis=axis, keepdims=True))


def cross_entropy(logits, targets, mask=None, total=None, smoothing=0.0):
    """L = −(1/N) Σ_n Σ_k q_nk log softmax(logits_n)_k over the rows n where `mask` is True, with q_n = onehot(targets_n).

    With `smoothing` ε > 0 (label smoothing; Szegedy et al. 2016, arXiv:1512.00567, §7), q_n = (1 − ε) onehot(targets_n) + ε/V.

    logits: (…, V) unnormalised; targets: (…) integers in [0, V); mask: (…) booleans, or None; total: the number N of
    tokens to divide by, by default those of this array (give the whole batch's when it is split). Returns L, a scalar in
    nats per token; 0 without any token.
    """
    xp = array_module(logits)
    shape = logits.shape
    logits, targets = logits.reshape(-1, shape[-1]), targets.reshape(-1)
    rows = xp.arange(targets.shape[0])
    p = logits - logits.real.max(axis=-1, keepdims=True)
    # Σ q log p = Σ q·shifted − log Σ exp(shifted), as Σ q = 1: taken before exp, so that a tiny p costs no digits.
    expected = p[rows, targets]
    if smoothing:
        expected = (1 - smoothing) * expected + smoothing * p.mean(axis=-1)
    p = xp.exp(p, out=p)  # in place: at a vocabulary's width this is a third faster
    sums = p.sum(axis=-1, keepdims=True)
    p /= sums
    losses = xp.log(sums[:, 0]) - expected
    if mask is not None:
        mask = mask.reshape(-1)
        losses = xp.where(mask, losses, 0)
    if total is None:
        total = targets.shape[0] if mask is None else int(mask.sum())  # int: a NumPy integer would make float32 double
    total = max(total, 1)
    return losses.sum() / total, (p, rows, targets, mask, total, smoothing, shape)


def cross_entropy_backward(d_loss, cache):
    """d_logits = d_loss/N · (p − q), zero where masked."""
    p, rows, targets, mask, total, smoothing, shape = cache
    xp = array_module(p)
    d_loss = d_loss / total
    d_logits = p * d_loss
    d_logits[rows, targets] -= (1 - smoothing) * d_loss
    if smoothing:
        d_logits -= smoothing / shape[-1] * d_loss
    if mask is not None:
        d_logits = xp.where(mask[:, None], d_logits, 0)
    return d_logits.reshape(shape)


def _lowest(xp, dtype):
    """The lowest finite number: its exp is 0, and unlike −∞ it makes no NaN when a maximum is subtracted."""
    return float(xp.finfo(dtype).min)

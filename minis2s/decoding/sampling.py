"""Sampling: words drawn from the model's distribution, or from the likely part of it (D1.5's alternative to searching)."""

import numpy as np

from minis2s.errors import UsageError


def sampler(rng, temperature=1.0, top_k=0, top_p=1.0):
    """A `choose` for `greedy`: draws each word instead of taking the most probable one.

    rng: a numpy Generator. temperature: p^(1/τ), normalised anew; below 1 bolder, above 1 more varied. top_k: only the k most
    probable words (0: all; Fan et al. 2018, arXiv:1805.04833). top_p: only the smallest set of most probable words that holds
    this share (nucleus; Holtzman et al. 2019, arXiv:1904.09751). Raises UsageError for values out of range.
    """
    if not 0 < temperature < np.inf or top_k < 0 or not 0 < top_p <= 1:
        raise UsageError(f"temperature {temperature} must be above 0, top_k {top_k} at least 0, top_p {top_p} in (0, 1]")

    def choose(p):
        return np.array([rng.choice(len(row), p=likely(row, temperature, top_k, top_p)) for row in p], dtype=np.int64)

    return choose


def likely(p, temperature, top_k, top_p):
    """The distribution that is drawn from, (V,): p with temperature, without the unlikely words, summing to one."""
    log_p = np.log(np.maximum(p.astype(np.float64), np.finfo(np.float64).tiny)) / temperature
    q = np.where(p > 0, np.exp(log_p - log_p.max()), 0)
    q /= q.sum()
    order = np.argsort(-q, kind="stable")
    before = np.cumsum(q[order]) - q[order]  # the share of the words that are more probable
    out = before >= top_p
    if top_k:
        out[top_k:] = True
    q[order[out]] = 0
    return q / q.sum()

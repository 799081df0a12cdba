"""Decoding for CTC (D2.7): labels from log probabilities (T, B, V), symbol 0 the blank; paths collapse as in `equations.ctc`.

The most probable path is easily found, but a labelling's probability is the sum over all its paths, and the best labelling may
have no path that stands out. Prefix beam search adds paths up on the way.
"""

from typing import NamedTuple

import numpy as np

from minis2s.backend import to_host
from minis2s.equations.ctc import BLANK, LOG_ZERO, collapse
from minis2s.errors import UsageError


class Labelling(NamedTuple):
    """labels: a list of integers in [1, V); log_p: of one path in `best_path`, of all paths that were kept in `prefix_beam`."""

    labels: list
    log_p: float


def best_path(log_p, mask=None):
    """The most probable path of each column, collapsed: a list of B Labellings (Graves et al. 2006, §3.2).

    log_p: (T, B, V) log probabilities; mask: (T, B) booleans, True where there is a step, or None. Of equals the lowest symbol.
    Raises UsageError for other shapes.
    """
    return [Labelling(collapse(column.argmax(axis=1)), float(column.max(axis=1).sum())) for column in _columns(log_p, mask)]


def prefix_beam(log_p, width, mask=None):
    """For each column of the batch up to `width` Labellings, best first (Hannun et al. 2014, arXiv:1408.2873, without words).

    Of each prefix l that is kept, p_∅(l) adds up its paths so far that end in a blank, p_l(l) those that end in its last label:

        p_∅(l)  ← p_t(∅) (p_∅(l) + p_l(l))                 a blank, or
        p_l(l)  ← p_t(l_end) p_l(l)                        its last label once more, leaves it as it is
        p_l(lc) ← p_t(c) (p_∅(l) + [c ≠ l_end] p_l(l))     another label makes it longer; the same one only after a blank

    A prefix that is reached in both ways gets the sum. After each step the `width` most probable ones stay, and what falls out is
    forgotten; with a width as large as there are labellings, log_p is exact. Arguments as in `best_path`. Raises UsageError for a
    width below 1 or other shapes.
    """
    if width < 1:
        raise UsageError(f"the beam width must be at least 1, not {width}")
    return [_search(column, width) for column in _columns(log_p, mask)]


def _search(log_p, width):
    """log_p: (T, V), of one column."""
    prefixes = [()]
    blank, label = np.array([0.0]), np.array([LOG_ZERO])  # log p_∅ and log p_l of each prefix; the empty one is there at first
    for p in log_p:
        place = {prefix: k for k, prefix in enumerate(prefixes)}
        last = np.array([prefix[-1] if prefix else BLANK for prefix in prefixes])
        both = np.logaddexp(blank, label)
        longer = both[:, None] + p
        longer[:, BLANK] = LOG_ZERO
        ends = np.flatnonzero(last)
        longer[ends, last[ends]] = blank[ends] + p[last[ends]]
        blank, label = both + p[BLANK], np.where(last == BLANK, LOG_ZERO, label + p[last])
        for k in ends:  # a prefix that is here already, and is reached from the one before it as well
            parent = place.get(prefixes[k][:-1])
            if parent is not None:
                label[k] = np.logaddexp(label[k], longer[parent, last[k]])
                longer[parent, last[k]] = LOG_ZERO
        n = len(prefixes)
        totals = np.concatenate([np.logaddexp(blank, label), longer.reshape(-1)])
        kept = np.argsort(-totals, kind="stable")[:width]
        kept = kept[totals[kept] > LOG_ZERO / 2]  # the others are impossible
        old, (parents, symbols) = kept[kept < n], np.divmod(kept[kept >= n] - n, len(p))
        prefixes = [prefixes[k] for k in old] + [(*prefixes[k], int(c)) for k, c in zip(parents, symbols, strict=True)]
        blank = np.concatenate([blank[old], np.full(len(parents), LOG_ZERO)])
        label = np.concatenate([label[old], longer[parents, symbols]])
    totals = np.logaddexp(blank, label)
    return [Labelling(list(prefixes[k]), float(totals[k])) for k in np.argsort(-totals, kind="stable")]


def _columns(log_p, mask):
    """The real steps (T_b, V) of each column, on the host in double precision, with a finite log 0."""
    log_p = np.maximum(to_host(log_p).astype(np.float64), LOG_ZERO)
    if log_p.ndim != 3 or log_p.shape[2] < 2:
        raise UsageError(f"log probabilities must be (T, B, V), V at least 2 with the blank, not {log_p.shape}")
    mask = np.ones(log_p.shape[:2], dtype=bool) if mask is None else to_host(mask)
    if mask.shape != log_p.shape[:2]:
        raise UsageError(f"the mask is {mask.shape}, but the log probabilities {log_p.shape} need {log_p.shape[:2]}")
    return [log_p[mask[:, b], b] for b in range(log_p.shape[1])]

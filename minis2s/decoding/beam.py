"""Beam search over a batch (D1.5): `equations.search.beam`, for many sentences at once and with the model's attention.

For each sentence the `width` best sequences so far are kept, ended ones among them; at each step those that have not ended are
continued with every word. A sentence leaves the batch when all of its sequences have ended, so the work stops as soon as all are
done. Width 1 is greedy search; a width that is large enough finds the most probable sequence for certain.
"""

from typing import Any, NamedTuple

import numpy as np

from minis2s.backend import to_host
from minis2s.data.vocabulary import BOS, EOS, PAD
from minis2s.decoding.greedy import Hypothesis, attention
from minis2s.equations.softmax import softmax
from minis2s.errors import UsageError


class Partial(NamedTuple):
    """A sequence on its way: the one that it continues, its last word and that word's attention, log p of all of it."""

    parent: Any
    word: int
    alpha: np.ndarray | None
    log_p: float
    n_words: int  # EOS not counted
    ended: bool = False
    row: int = 0  # where its state stood in the batch that it was continued from


def beam(model, source, source_mask, max_length, width, length_penalty=0.0, coverage_penalty=0.0):
    """For each column of the batch a list of up to `width` Hypotheses, best first. Arguments as in `greedy`.

    The search compares log p alone; at the end the sequences are ranked by `score`. Complete ones come before those that the
    length limit cut short. Raises UsageError for a width below 1.
    """
    if width < 1:
        raise UsageError(f"the beam width must be at least 1, not {width}")
    B = source.shape[1]
    limits = np.broadcast_to(max_length, B)
    state = model.start(source, source_mask)
    beams = [[Partial(None, int(word), None, 0.0, 0, row=b)] for b, word in enumerate(model.first(source, source_mask, BOS))]
    alive = list(range(B))
    while alive:
        partials = [p for b in alive for p in beams[b] if not p.ended]
        logits, state, alpha = model.step(np.array([p.word for p in partials]), state)
        log_p, alpha = log_probabilities(logits), attention(alpha, len(partials))
        row = 0
        for b in alive:
            n = sum(not p.ended for p in beams[b])
            beams[b] = _continued(beams[b], log_p[row : row + n], alpha[:, row : row + n], row, width, limits[b])
            row += n
        alive = [b for b in alive if not all(p.ended for p in beams[b])]
        if alive:
            state = state.select(np.array([p.row for b in alive for p in beams[b] if not p.ended]))
    lengths = source_mask.sum(axis=0)
    ranked = ([_hypothesis(p, n) for p in beam_of] for beam_of, n in zip(beams, lengths, strict=True))
    return [sorted(h, key=lambda x: (not x.complete, -score(x, length_penalty, coverage_penalty))) for h in ranked]


def score(hypothesis, length_penalty=0.0, coverage_penalty=0.0):
    """log p / lp + cp of a Hypothesis (Wu et al. 2016, arXiv:1609.08144, equation 14).

        lp = ((5 + n) / 6)^α, n the number of words and EOS       a long sequence has a small p merely for being long
        cp = β Σ_j log min(Σ_i α_ij, 1)                           source words that were hardly looked at count against it
    """
    n = len(hypothesis.words) + hypothesis.complete
    coverage = np.minimum(hypothesis.weights.sum(axis=0), 1.0)
    cp = coverage_penalty * np.log(np.maximum(coverage, np.finfo(np.float64).tiny)).sum() if coverage_penalty else 0.0
    return hypothesis.log_probability / ((5 + n) / 6) ** length_penalty + cp


def log_probabilities(logits, never=(PAD, BOS)):
    """log p (…, V) on the host in double precision; −∞ for the words that are never produced."""
    p = softmax(to_host(logits).astype(np.float64))[0]
    log_p = np.log(np.maximum(p, np.finfo(np.float64).tiny))
    log_p[..., list(never)] = -np.inf
    return log_p


def _continued(beam_of, log_p, alpha, first_row, width, limit):
    """The `width` best of the ended sequences and of all continuations of the others (log_p: (n, V), alpha: (T, n))."""
    live, candidates = [p for p in beam_of if not p.ended], [p for p in beam_of if p.ended]
    totals = (log_p + np.array([p.log_p for p in live])[:, None]).reshape(-1)
    cut_short = set()
    for place in _largest(totals, min(width, np.isfinite(totals).sum())):
        k, word = divmod(int(place), log_p.shape[1])
        end = word == EOS
        if end or live[k].n_words < limit:
            n_words = live[k].n_words + (not end)
            candidates.append(Partial(live[k], word, alpha[:, k], float(totals[place]), n_words, end, first_row + k))
        elif k not in cut_short:  # it would go beyond the limit: it stays as it is
            cut_short.add(k)
            candidates.append(live[k]._replace(ended=True))
    return sorted(candidates, key=lambda p: -p.log_p)[:width]


def _largest(totals, width):
    """Positions of the `width` largest numbers, largest first; of equals, the first."""
    floor = -np.partition(-totals, width - 1)[width - 1]
    above = np.flatnonzero(totals >= floor)
    return above[np.argsort(-totals[above], kind="stable")][:width]


def _hypothesis(partial, source_length):
    words, weights = [], []
    complete, log_p = partial.word == EOS, partial.log_p
    while partial.parent is not None:
        if partial.word != EOS:
            words.append(partial.word)
        weights.append(partial.alpha[:source_length])
        partial = partial.parent
    weights = np.array(weights[::-1]) if weights else np.zeros((0, source_length))
    return Hypothesis(words[::-1], weights, log_p, complete)

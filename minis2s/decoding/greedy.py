"""Greedy decoding (D1.5): at each step the most probable word, until every sentence has ended."""

from itertools import count
from typing import NamedTuple

import numpy as np

from minis2s.backend import to_host
from minis2s.data.vocabulary import BOS, EOS, PAD
from minis2s.equations.softmax import softmax


class Hypothesis(NamedTuple):
    """words: word numbers without BOS and EOS; weights: (S, T) attention of each word and of EOS, if one was reached, (S, 0)
    without attention;
    log_probability: Σ log p of the words and of EOS; complete: whether EOS was reached within the length limit.
    """

    words: list
    weights: np.ndarray
    log_probability: float
    complete: bool


def attention(weights, n):
    """A step's weights (T, n) on the host; (0, n) of a model without attention, whose weights are None."""
    return np.zeros((0, n)) if weights is None else to_host(weights)


def most_probable(p):
    """The word with the largest of the probabilities p (n, V), for each row."""
    return p.argmax(axis=1)


def greedy(model, source, source_mask, max_length, choose=most_probable):
    """Translate a batch. source: (T, B) word numbers; source_mask: (T, B) host booleans; max_length: most words of a
    translation, EOS not counted, one number or one for each column. Returns a Hypothesis for each column.

    model needs `start(source, source_mask) -> state`, `first(source, source_mask, BOS) -> words` and `step(words, state) ->
    (logits, state, weights)`, with `state.select(rows)`. A sentence that has ended leaves the batch, so the work stops as soon
    as all are done. PAD and BOS are never produced. choose: probabilities (n, V) → words (n,); see `sampling`.
    """
    B = source.shape[1]
    limits = np.broadcast_to(max_length, B)
    state = model.start(source, source_mask)
    alive = np.arange(B)
    last = model.first(source, source_mask, BOS)
    words, weights = [[] for _ in range(B)], [[] for _ in range(B)]
    log_probability, complete = np.zeros(B), np.zeros(B, dtype=bool)
    for n_words in count():  # of every sentence that is alive
        logits, state, alpha = model.step(last, state)
        p = to_host(softmax(logits)[0])
        p[:, [PAD, BOS]] = -1  # below the others even where those underflow to zero
        last = choose(p)
        ended = last == EOS
        fits = ended | (n_words < limits[alive])  # a translation of just the longest length may still end
        log_p = np.log(np.maximum(p[np.arange(len(alive)), last], np.finfo(p.dtype).tiny))
        log_probability[alive[fits]] += log_p[fits]
        complete[alive[ended]] = True
        alpha = attention(alpha, len(alive))
        for k in np.flatnonzero(fits):
            weights[alive[k]].append(alpha[:, k])
            if not ended[k]:
                words[alive[k]].append(int(last[k]))
        going_on = np.flatnonzero(fits & ~ended)
        if not len(going_on):
            break
        if len(going_on) < len(alive):
            alive, last, state = alive[going_on], last[going_on], state.select(going_on)
    lengths = source_mask.sum(axis=0)
    return [
        Hypothesis(words[b], _stacked(weights[b], lengths[b]), float(log_probability[b]), bool(complete[b]))
        for b in range(B)
    ]


def _stacked(weights, length):
    """The steps' weights as one array, without padding."""
    return np.array(weights)[:, :length] if weights else np.zeros((0, length))

"""Greedy and beam search, D1.5, for one sentence and any model: what decoding means, before batches make it fast.

Wanted is the sequence y_1 … y_n, ending in `end`, with the largest Σ_j log p(y_j | y_1 … y_{j−1}). A model appears here only as

    step(state, token) → (log_p, state)

log_p: V log probabilities of the next token, on the host; `state`: whatever the model carries; the first token is `start`.
"""

from typing import Any, NamedTuple

import numpy as np

from minis2s.errors import UsageError


class Hypothesis(NamedTuple):
    """tokens: a tuple without `start`, with `end` if it was reached; log_p: the sum of their log probabilities."""

    tokens: tuple
    log_p: float
    state: Any = None


def greedy(step, state, start, end, max_length):
    """The likeliest token at each step (of equals, the lowest number), until `end` or `max_length` tokens. A Hypothesis.

    It need not be the likeliest sequence: a good first token may lead only to bad ones.
    """
    tokens, total, token = [], 0.0, start
    while len(tokens) < max_length and tokens[-1:] != [end]:
        log_p, state = step(state, token)
        token = int(np.argmax(log_p))
        tokens.append(token)
        total += float(log_p[token])
    return Hypothesis(tuple(tokens), total, state)


def beam(step, state, start, end, max_length, width):
    """The `width` best sequences that were found, best first: a list of Hypothesis.

    At each step every hypothesis that has not ended is continued with every token, and of all these and the ended ones the
    `width` best stay. Width 1 is greedy search; a width of all V^max_length sequences finds the best one for certain. What has
    not ended after `max_length` tokens is returned as it stands. Raises UsageError for a width below 1.
    """
    if width < 1:
        raise UsageError(f"the beam width must be at least 1, not {width}")
    hypotheses = [Hypothesis((), 0.0, state)]
    for _ in range(max_length):
        if all(_ended(h, end) for h in hypotheses):
            break
        candidates = []
        for h in hypotheses:
            if _ended(h, end):
                candidates.append(h)
                continue
            log_p, state = step(h.state, h.tokens[-1] if h.tokens else start)
            # No more than `width` continuations of one hypothesis can stay; a stable sort keeps the lowest token first.
            for token in np.argsort(-np.asarray(log_p), kind="stable")[:width].tolist():
                candidates.append(Hypothesis(h.tokens + (token,), h.log_p + float(log_p[token]), state))
        hypotheses = sorted(candidates, key=lambda h: -h.log_p)[:width]
    return hypotheses


def _ended(hypothesis, end):
    return hypothesis.tokens[-1:] == (end,)

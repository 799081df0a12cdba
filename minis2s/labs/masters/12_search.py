"""Lab 12: greedy and beam search.

A model gives the probability of the next word; decoding looks for a good sentence. You learn why the best word at each step
need not give the best sentence, what a beam keeps, what becomes of a sentence that has ended, and why a long one needs its
score made comparable.

The model is a table: `table[j, w, k]` is log p(word k | j words before, the last of them w). Word 0 is the start, word 1 the end.
"""

import numpy as np

START, END = 0, 1


def next_log_p(table, tokens):
    """Given: log p (V,) of the next word after a list of words, `START` not counted."""
    return table[len(tokens), tokens[-1] if tokens else START]


def greedy(table):
    """The likeliest word at each step (of equals, the lowest number), until `END` or S words.

    table: (S, V, V). Returns (tokens (S,) integers, filled up with END; the sum of their log probabilities, a number).

    >>> log_half, log_p = np.log(0.5), np.log(np.array([[0.1, 0.2, 0.7], [0.1, 0.2, 0.7], [0.3, 0.6, 0.1]]))
    >>> tokens, total = greedy(np.stack([log_p, log_p, log_p]))
    >>> tokens, round(float(total), 4)
    (array([2, 1, 1]), -0.8675)

    Equation D1.5. 15 points.
    """
    # BEGIN SOLUTION
    S = table.shape[0]
    tokens = []
    total = 0.0
    while len(tokens) < S:
        log_p = next_log_p(table, tokens)
        token = int(np.argmax(log_p))
        tokens.append(token)
        total += log_p[token]
        if token == END:
            break
    return np.array(tokens + [END] * (S - len(tokens))), total
    # END SOLUTION


def length_score(log_p, n, penalty):
    """score = log p / lp,  lp = ((5 + n) / 6)^penalty: a long sentence has a small p merely for being long.

    log_p: (K,), of K sentences; n: (K,) integers, their lengths; penalty: a number, 0 for none. Returns the scores (K,).

    >>> np.round(length_score(np.array([-2.0, -2.0]), np.array([1, 7]), 1.0), 4)
    array([-2., -1.])

    Wu et al. 2016, arXiv:1609.08144, equation 14. 5 points.
    """
    # BEGIN SOLUTION
    lp = ((5 + n) / 6) ** penalty
    return log_p / lp
    # END SOLUTION


def beam(table, width, penalty):
    """Of all sentences so far keep the `width` likeliest; at each step continue those that have not ended with every word,
    and let those that have ended compete as they are. After S words, or when all have ended, rank them by log p / lp, lp =
    ((5 + n) / 6)^penalty, where n counts the words, END too.

    table: (S, V, V); width: an integer ≥ 1; penalty: a number. Among sentences of equal log p any order will do.
    Returns (tokens (K, S) integers, best first, filled up with END; scores (K,)), K ≤ width.

    >>> log_p = np.log(np.array([[0.1, 0.4, 0.5], [0.1, 0.2, 0.7], [0.4, 0.3, 0.3]]))
    >>> tokens, scores = beam(np.stack([log_p, log_p]), 2, 0.0)
    >>> tokens, np.round(scores, 4)
    (array([[1, 1],
           [2, 0]]), array([-0.9163, -1.6094]))

    Equation D1.5. 30 points.
    """
    # BEGIN SOLUTION
    S, V = table.shape[0], table.shape[2]
    beams = [([], 0.0)]
    for _ in range(S):
        candidates = []
        for tokens, total in beams:
            if tokens[-1:] == [END]:
                candidates.append((tokens, total))
                continue
            log_p = next_log_p(table, tokens)
            for k in range(V):
                candidates.append((tokens + [k], total + log_p[k]))
        candidates.sort(key=lambda candidate: -candidate[1])
        beams = candidates[:width]
    ranked = []
    for tokens, total in beams:
        lp = ((5 + len(tokens)) / 6) ** penalty
        ranked.append((total / lp, tokens))
    ranked.sort(key=lambda candidate: -candidate[0])
    rows = [tokens + [END] * (S - len(tokens)) for _, tokens in ranked]
    return np.array(rows), np.array([score for score, _ in ranked])
    # END SOLUTION

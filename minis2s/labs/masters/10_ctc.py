"""Lab 10: connectionist temporal classification.

A loss for labels whose places in the input are not known: the sum over all paths that collapse to the labels. A path gives
one symbol to each step, a label or the blank 0; it collapses when repetitions are merged and then blanks dropped, (3, 3, 0,
3, 5) → (3, 3, 5). You learn how a sum over exponentially many paths becomes two short recursions, one from each end, and
which steps a path may take.

Here everything is a probability, for one sequence. Long inputs need logarithms, or the products vanish; the formulas stay
the same. Graves et al. 2006 (ICML). As in the engine, β does not count p_t, so that nothing is divided by it.
"""

import numpy as np


def extend(labels):
    """l' = (0, l_1, 0, l_2, …, l_L, 0): the labels with blanks between them and at both ends.

    labels: (L,) integers, none 0; L may be 0. Returns l' (2L + 1,) integers.

    >>> extend(np.array([3, 3, 5]))
    array([0, 3, 0, 3, 0, 5, 0])

    Equation D2.7. 5 points.
    """
    # BEGIN SOLUTION
    symbols = np.zeros(2 * len(labels) + 1, dtype=np.int64)
    symbols[1::2] = labels
    return symbols
    # END SOLUTION


def forward_variables(p, symbols):
    """α_t(s): the probability of all beginnings of paths that are at l'_s in step t. A path begins with the first blank or
    the first label,

        α_1(0) = p_1(l'_0),   α_1(1) = p_1(l'_1)
        α_t(s) = p_t(l'_s) · (α_{t−1}(s) + α_{t−1}(s−1) + α_{t−1}(s−2)), the last term only where l'_s ≠ 0 and l'_s ≠ l'_{s−2}

    (terms with a negative index are zero): only a blank between two different labels may be skipped.

    p: (T, V), a distribution in each row; symbols: l' (2L + 1,) integers, with blanks, L ≥ 1. Returns α (T, 2L + 1).

    >>> p = np.array([[0.5, 0.3, 0.2], [0.1, 0.6, 0.3]])
    >>> np.round(forward_variables(p, np.array([0, 1, 0, 2, 0])), 4)
    array([[0.5 , 0.3 , 0.  , 0.  , 0.  ],
           [0.05, 0.48, 0.03, 0.09, 0.  ]])

    Equation D2.7 (Graves' equations 5 to 8). 20 points.
    """
    # BEGIN SOLUTION
    T, S = p.shape[0], len(symbols)
    alpha = np.zeros((T, S), dtype=p.dtype)
    alpha[0, 0] = p[0, symbols[0]]
    alpha[0, 1] = p[0, symbols[1]]
    for t in range(1, T):
        for s in range(S):
            total = alpha[t - 1, s]
            if s >= 1:
                total = total + alpha[t - 1, s - 1]
            if s >= 2 and symbols[s] != 0 and symbols[s] != symbols[s - 2]:
                total = total + alpha[t - 1, s - 2]
            alpha[t, s] = p[t, symbols[s]] * total
    return alpha
    # END SOLUTION


def backward_variables(p, symbols):
    """β_t(s): the probability of all endings of paths from l'_s in step t, the steps after t. A path ends with the last
    label or blank,

        β_T(2L) = β_T(2L − 1) = 1
        β_t(s) = Σ_r p_{t+1}(l'_r) β_{t+1}(r),  r = s, s + 1, and s + 2 only where l'_{s+2} ≠ 0 and l'_{s+2} ≠ l'_s

    p: (T, V), a distribution in each row; symbols: l' (2L + 1,) integers, with blanks, L ≥ 1. Returns β (T, 2L + 1).

    >>> p = np.array([[0.5, 0.3, 0.2], [0.1, 0.6, 0.3]])
    >>> np.round(backward_variables(p, np.array([0, 1, 0, 2, 0])), 4)
    array([[0. , 0.3, 0.3, 0.4, 0.1],
           [0. , 0. , 0. , 1. , 1. ]])

    Equation D2.7 (Graves' equations 9 to 11, without p_t). 20 points.
    """
    # BEGIN SOLUTION
    T, S = p.shape[0], len(symbols)
    beta = np.zeros((T, S), dtype=p.dtype)
    beta[T - 1, S - 1] = 1
    beta[T - 1, S - 2] = 1
    for t in reversed(range(T - 1)):
        for s in range(S):
            total = p[t + 1, symbols[s]] * beta[t + 1, s]
            if s + 1 < S:
                total = total + p[t + 1, symbols[s + 1]] * beta[t + 1, s + 1]
            if s + 2 < S and symbols[s + 2] != 0 and symbols[s + 2] != symbols[s]:
                total = total + p[t + 1, symbols[s + 2]] * beta[t + 1, s + 2]
            beta[t, s] = total
    return beta
    # END SOLUTION


def ctc_loss(alpha):
    """L = −log p(l),  p(l) = α_T(2L) + α_T(2L − 1): all paths that end with the last blank or the last label.

    alpha: (T, 2L + 1), L ≥ 1. Returns L, a number.

    >>> round(float(ctc_loss(np.array([[0.5, 0.3, 0.0], [0.05, 0.48, 0.03]]))), 4)
    0.6733

    Equation D2.7 (Graves' equation 8). 5 points.
    """
    # BEGIN SOLUTION
    likelihood = alpha[-1, -1] + alpha[-1, -2]
    return -np.log(likelihood)
    # END SOLUTION


def ctc_gradient(p, alpha, beta, symbols):
    """∂L/∂z_t(k) = p_t(k) − Σ_{s: l'_s = k} α_t(s) β_t(s) / p(l), where p_t = softmax(z_t). The sum is the share of the
    paths that show k in step t; several s may hold the same symbol, and the blank always does.

    p: (T, V); alpha, beta: (T, 2L + 1), for which Σ_s α_t(s) β_t(s) = p(l) in every step; symbols: (2L + 1,). Returns d_z (T, V).

    >>> p, symbols = np.array([[0.5, 0.3, 0.2], [0.1, 0.6, 0.3]]), np.array([0, 1, 0])
    >>> alpha, beta = np.array([[0.5, 0.3, 0.0], [0.05, 0.48, 0.03]]), np.array([[0.6, 0.7, 0.1], [0.0, 1.0, 1.0]])
    >>> np.round(ctc_gradient(p, alpha, beta, symbols), 4)
    array([[-0.0882, -0.1118,  0.2   ],
           [ 0.0412, -0.3412,  0.3   ]])

    Equation D2.7 (Graves' equation 16). 20 points.
    """
    # BEGIN SOLUTION
    likelihood = (alpha[0] * beta[0]).sum()
    share = alpha * beta / likelihood
    d_z = p.copy()
    for s in range(len(symbols)):
        d_z[:, symbols[s]] -= share[:, s]
    return d_z
    # END SOLUTION

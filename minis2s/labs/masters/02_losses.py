"""Lab 2: σ, tanh, softmax and cross-entropy, forward and backward.

These four functions are in every later lab. You learn to write a slope in the function's own output, to keep exp from
overflowing, why the softmax's gradient subtracts a mean, and why the gradient of the cross-entropy is simply p − onehot. A
mask says which places hold a token: the others change neither the loss nor a gradient.
"""

import numpy as np


def sigmoid(x):
    """y = σ(x) = 1 / (1 + e^{−x}), element by element. x: any shape. Returns y, of x's shape.

    >>> np.round(sigmoid(np.array([-1.0, 0.0, 2.0])), 4)
    array([0.2689, 0.5   , 0.8808])

    Equations D0.1 to D0.3. 5 points.
    """
    # BEGIN SOLUTION
    y = 0.5 * (1 + np.tanh(0.5 * x))
    return y
    # END SOLUTION


def sigmoid_backward(d_y, y):
    """d_x = d_y ⊙ σ'(x), where σ'(x) is to be written in y = σ(x). d_y, y: one shape. Returns d_x, of that shape.

    >>> np.round(sigmoid_backward(np.array([1.0, 2.0]), np.array([0.5, 0.9])), 4)
    array([0.25, 0.18])

    Equations D0.1 to D0.3. 5 points.
    """
    # BEGIN SOLUTION
    slope = y * (1 - y)
    return d_y * slope
    # END SOLUTION


def tanh_backward(d_y, y):
    """d_x = d_y ⊙ tanh'(x), where tanh'(x) is to be written in y = tanh(x). d_y, y: one shape. Returns d_x, of that shape.

    >>> np.round(tanh_backward(np.array([1.0, 2.0]), np.array([0.5, -0.9])), 4)
    array([0.75, 0.38])

    Equations D0.4 and D0.5. 5 points.
    """
    # BEGIN SOLUTION
    slope = 1 - y * y
    return d_y * slope
    # END SOLUTION


def softmax(e):
    """p_nk = exp(e_nk) / Σ_j exp(e_nj): each row a distribution. Subtract the row's maximum first, or exp(1000) overflows.

    e: (N, V) scores, also large ones. Returns p (N, V).

    >>> np.round(softmax(np.array([[1.0, 2.0, 3.0], [1000.0, 1000.0, 0.0]])), 4)
    array([[0.09  , 0.2447, 0.6652],
           [0.5   , 0.5   , 0.    ]])

    Equation D2.4. 10 points.
    """
    # BEGIN SOLUTION
    shifted = e - e.max(axis=-1, keepdims=True)
    p = np.exp(shifted)
    return p / p.sum(axis=-1, keepdims=True)
    # END SOLUTION


def softmax_backward(d_p, p):
    """d_e_nk = p_nk (d_p_nk − Σ_j p_nj d_p_nj): the Jacobian is diag(p) − p pᵀ, row by row.

    d_p, p: (N, V), p the softmax of e. Returns d_e (N, V).

    >>> np.round(softmax_backward(np.array([[1.0, 0.0, 0.0]]), np.array([[0.5, 0.3, 0.2]])), 4)
    array([[ 0.25, -0.15, -0.1 ]])

    Equation D2.4. 10 points.
    """
    # BEGIN SOLUTION
    mean = (p * d_p).sum(axis=-1, keepdims=True)
    return p * (d_p - mean)
    # END SOLUTION


def cross_entropy(logits, targets, mask):
    """L = −(1/N) Σ log softmax(logits_tb)[targets_tb], summed over the places (t, b) where mask is True; N is their number.

    logits: (T, B, V), also large ones; targets: (T, B) integers in [0, V); mask: (T, B) booleans, True where there is a token, at
    least once. Returns L, a number.

    >>> logits, targets = np.array([[[1.0, 2.0, 3.0]], [[9.0, 0.0, 9.0]]]), np.array([[2], [0]])
    >>> round(float(cross_entropy(logits, targets, np.array([[True], [False]]))), 4)
    0.4076

    Equation D1.3. 10 points.
    """
    # BEGIN SOLUTION
    shifted = logits - logits.max(axis=-1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    chosen = np.take_along_axis(log_p, targets[..., None], axis=-1)[..., 0]
    total = np.where(mask, chosen, 0).sum()
    return -total / mask.sum()
    # END SOLUTION


def cross_entropy_backward(d_loss, logits, targets, mask):
    """d_logits = d_loss/N · (softmax(logits) − onehot(targets)), and zero where mask is False.

    d_loss: a number, the gradient that arrives at L; the others as in `cross_entropy`. Returns d_logits (T, B, V).

    >>> logits, targets = np.array([[[1.0, 2.0, 3.0]], [[9.0, 0.0, 9.0]]]), np.array([[2], [0]])
    >>> np.round(cross_entropy_backward(1.0, logits, targets, np.array([[True], [False]])), 4)[:, 0]
    array([[ 0.09  ,  0.2447, -0.3348],
           [ 0.    ,  0.    ,  0.    ]])

    Equation D1.3. 10 points.
    """
    # BEGIN SOLUTION
    shifted = logits - logits.max(axis=-1, keepdims=True)
    p = np.exp(shifted)
    p = p / p.sum(axis=-1, keepdims=True)
    onehot = np.arange(logits.shape[-1]) == targets[..., None]
    d_logits = (p - onehot) * d_loss / mask.sum()
    return np.where(mask[..., None], d_logits, 0)
    # END SOLUTION

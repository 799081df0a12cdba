"""Additive attention: a score, a softmax over the source, a weighted sum (Bahdanau et al. 2014, arXiv:1409.0473, A.1.2).

    e_ij = vᵀ tanh(W_s s_{i-1} + W_h h_j)       score       D2.5; D3.3 prints it without tanh (erratum X1)
    α_ij = exp(e_ij) / Σ_k exp(e_ik)            weights     D2.4, in `softmax` with axis 0 and the source mask
    c_i  = Σ_j α_ij h_j                         context     D2.3, D3.4

The keys W_h h_j do not depend on the decoder's step: a layer computes them for the whole source with one `linear`.
"""

from typing import Any, NamedTuple

from minis2s.backend import array_module, elementwise


class AdditiveScoreGradients(NamedTuple):
    query: Any
    keys: Any
    v: Any


class ContextGradients(NamedTuple):
    weights: Any
    states: Any


@elementwise
def _tanh_of_sum(a, b):
    return array_module(a, b).tanh(a + b)


@elementwise
def _outer_slope(d_e, v, u):
    """tanh_slope(d_e vᵀ, u); d_e vᵀ as an array of its own would be as large as u."""
    d = 1 - u * u
    d *= d_e
    d *= v
    return d


def additive_score(query, keys, v):
    """e_j = vᵀ tanh(query + keys_j), with query = W_s s_{i-1} and keys_j = W_h h_j.

    query: (B, A); keys: (T, B, A); v: (A,). Returns e (T, B).
    """
    u = _tanh_of_sum(query, keys)  # 1
    return (u.reshape(-1, u.shape[-1]) @ v).reshape(u.shape[:-1]), (u, v)  # 2, one product for the whole source


def additive_score_backward(d_e, cache):
    """d_u = d_e vᵀ, d_v = Σ d_e u (step 2); through tanh to keys, and summed over the source to the query (step 1)."""
    u, v = cache
    d_v = d_e.reshape(-1) @ u.reshape(-1, u.shape[-1])  # 2
    d_keys = _outer_slope(d_e[..., None], v, u)  # 2, 1
    return AdditiveScoreGradients(d_keys.sum(axis=0), d_keys, d_v)


def context(weights, states):
    """c = Σ_j α_j h_j, for one decoder step or for several at once.

    weights: (…, T, B); states: (T, B, C). Returns (…, B, C). For each row of the batch this is a product of matrices.
    """
    T, B, C = states.shape
    rows = weights.reshape(-1, T, B).transpose(2, 0, 1)  # (B, steps, T)
    c = (rows @ states.swapaxes(0, 1)).swapaxes(0, 1)  # (steps, B, C)
    return c.reshape(*weights.shape[:-2], B, C), (weights, states)


def context_backward(d_c, cache):
    """d_α_j = d_c · h_j, d_h_j = α_j d_c."""
    weights, states = cache
    return ContextGradients(context_backward_weights(d_c, states), context_backward_states(d_c, weights))


def context_backward_weights(d_c, states):
    """d_α_j = d_c · h_j: needed at every step, because the score's gradient follows from it. Returns (…, T, B)."""
    T, B, C = states.shape
    rows = d_c.reshape(-1, B, C).swapaxes(0, 1)  # (B, steps, C)
    d_weights = (rows @ states.transpose(1, 2, 0)).transpose(1, 2, 0)  # (steps, T, B)
    return d_weights.reshape(*d_c.shape[:-2], T, B)


def context_backward_states(d_c, weights):
    """d_h_j = Σ α_j d_c over the steps: can wait, and be one product for all of them. Returns (T, B, C)."""
    T, B, C = *weights.shape[-2:], d_c.shape[-1]
    w = weights.reshape(-1, T, B).transpose(2, 1, 0)  # (B, T, steps)
    d = d_c.reshape(-1, B, C).swapaxes(0, 1)  # (B, steps, C)
    return (w @ d).swapaxes(0, 1)

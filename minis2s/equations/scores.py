"""How similar is an encoder state to a decoder state? The scores of D2.5 that are products (the additive one: `attention`).

    dot      e_ij = q_i · k_j                       Luong et al. 2015, arXiv:1508.04025, §3.1
    scaled   e_ij = q_i · k_j / √A                  Vaswani et al. 2017, arXiv:1706.03762, §3.2.1
    general  e_ij = q_i W · k_j                     Luong's bilinear form
    cosine   e_ij = (q_i / ‖q_i‖) · (k_j / ‖k_j‖)   Graves, Wayne and Danihelka 2014, arXiv:1410.5401, equation 6

A dot score is the transpose of a context vector: c_i = Σ_j α_ij h_j sums over j, e_ij = q_i · k_j sums over the features. So its
products are those of `context_backward`, and its gradients are contexts.
"""

from typing import Any, NamedTuple

from minis2s.backend import array_module
from minis2s.equations.attention import context, context_backward_states, context_backward_weights
from minis2s.equations.linear import linear, linear_backward


class ScoreGradients(NamedTuple):
    query: Any
    keys: Any


class GeneralScoreGradients(NamedTuple):
    query: Any
    keys: Any
    W: Any


def dot_score(query, keys):
    """e_j = query · keys_j, for one decoder step or for several at once.

    query: (…, B, A); keys: (T, B, A). Returns e (…, T, B).
    """
    return context_backward_weights(query, keys), (query, keys)


def dot_score_backward(d_e, cache):
    """d_query = Σ_j d_e_j keys_j, a context vector; d_keys_j = Σ d_e_j query over the steps."""
    query, keys = cache
    return ScoreGradients(dot_score_backward_query(d_e, keys), dot_score_backward_keys(d_e, query))


def dot_score_backward_query(d_e, keys):
    """d_query = Σ_j d_e_j keys_j: needed at every step, because the state's gradient follows from it. Returns (…, B, A)."""
    return context(d_e, keys)[0]


def dot_score_backward_keys(d_e, query):
    """d_keys_j = Σ d_e_j query over the steps: can wait, and be one product for all of them. Returns (T, B, A)."""
    return context_backward_states(query, d_e)


def scaled_dot_score(query, keys):
    """e_j = query · keys_j / √A, whose size does not grow with A. Shapes as in `dot_score`."""
    e, cache = dot_score(query, keys)
    return e * _scale(keys), cache


def scaled_dot_score_backward(d_e, cache):
    """The gradients of `dot_score` at d_e / √A."""
    query, keys = cache
    return ScoreGradients(scaled_dot_score_backward_query(d_e, keys), scaled_dot_score_backward_keys(d_e, query))


def scaled_dot_score_backward_query(d_e, keys):
    """As `dot_score_backward_query`, at d_e / √A."""
    return dot_score_backward_query(d_e * _scale(keys), keys)


def scaled_dot_score_backward_keys(d_e, query):
    """As `dot_score_backward_keys`, at d_e / √A."""
    return dot_score_backward_keys(d_e * _scale(query), query)


def _scale(vectors):
    """1/√A for vectors of size A."""
    return vectors.shape[-1] ** -0.5


def general_score(query, keys, W):
    """e_j = query W · keys_j: a bilinear form, so that query and keys may have different sizes.

    query: (…, B, H); keys: (T, B, C); W: (H, C). Returns e (…, T, B).
    """
    projected, cache_linear = linear(query, W)
    e, cache_dot = dot_score(projected, keys)
    return e, (cache_linear, cache_dot)


def general_score_backward(d_e, cache):
    cache_linear, cache_dot = cache
    d_projected, d_keys = dot_score_backward(d_e, cache_dot)
    d_query, d_W, _ = linear_backward(d_projected, cache_linear)
    return GeneralScoreGradients(d_query, d_keys, d_W)


def unit(x):
    """u = x / ‖x‖ along the last axis; a vector of zeros, which has no direction, stays zero.

    x: any shape. Divided by its largest entry first, which changes no direction but keeps squares from overflowing and vanishing.
    """
    xp = array_module(x)
    largest = abs(x.real).max(axis=-1, keepdims=True)
    empty = largest == 0
    largest = xp.where(empty, 1, largest)
    scaled = x / largest
    length = xp.sqrt((scaled * scaled).sum(axis=-1, keepdims=True))
    length = xp.where(empty, 1, length)
    u = scaled / length
    return u, (u, largest, length, empty)


def unit_backward(d_u, cache):
    """d_x = (d_u − u (u · d_u)) / ‖x‖: only what is across x turns it. Zero for a vector of zeros."""
    u, largest, length, empty = cache
    d_x = (d_u - u * (u * d_u).sum(axis=-1, keepdims=True)) / length / largest
    return array_module(d_x).where(empty, 0, d_x)


def cosine_score(query, keys):
    """e_j = cos of the angle between query and keys_j, in [−1, 1]; 0 where one of them is zero.

    query: (…, B, A); keys: (T, B, A). Returns e (…, T, B).
    """
    q, cache_query = unit(query)
    k, cache_keys = unit(keys)
    e, cache_dot = dot_score(q, k)
    return e, (cache_query, cache_keys, cache_dot)


def cosine_score_backward(d_e, cache):
    cache_query, cache_keys, cache_dot = cache
    d_q, d_k = dot_score_backward(d_e, cache_dot)
    return ScoreGradients(unit_backward(d_q, cache_query), unit_backward(d_k, cache_keys))

"""Sigmoid attention, D3.2 in its two meaningful readings (erratum X3).

D3 prints α = σ(W_h h + W_z z + b) without v, so its result is a vector. Either that vector is meant, a gate on each entry of h,

    g_ij = σ(W_h h_j + W_z z_i + b),    c_i = Σ_j g_ij ⊙ h_j        `sigmoid_gate`, `gated_context`

or a number is, and a v is missing:

    α_ij = σ(vᵀ (W_h h_j + W_z z_i + b)),    c_i = Σ_j α_ij h_j     `affine_score`, then `sigmoid`, then `context`

Neither is normalised over the source: every encoder state is let in on its own merits. As σ(e + const) ≠ σ(e), z_i keeps its
influence without a tanh, unlike in D3.3 (erratum X1).
"""

from typing import Any, NamedTuple

from minis2s.backend import elementwise
from minis2s.equations.activations import sigmoid_slope, sigmoid_values


class SigmoidGateGradients(NamedTuple):
    query: Any
    keys: Any


class GatedContextGradients(NamedTuple):
    gates: Any
    states: Any


class AffineScoreGradients(NamedTuple):
    query: Any
    keys: Any
    v: Any


@elementwise
def _sigmoid_of_sum(a, b):
    return sigmoid_values(a + b)


def sigmoid_gate(query, keys):
    """g_j = σ(query + keys_j), with query = W_z z_i + b and keys_j = W_h h_j.

    query: (B, C); keys: (T, B, C). Returns g (T, B, C), each entry in (0, 1).
    """
    g = _sigmoid_of_sum(query, keys)
    return g, g


def sigmoid_gate_backward(d_g, cache):
    """Through σ to the keys, and summed over the source to the query, which is added to all of them."""
    d_keys = sigmoid_slope(d_g, cache)
    return SigmoidGateGradients(d_keys.sum(axis=0), d_keys)


def gated_context(gates, states):
    """c = Σ_j g_j ⊙ h_j. gates, states: (T, B, C). Returns (B, C)."""
    return (gates * states).sum(axis=0), (gates, states)


def gated_context_backward(d_c, cache):
    """d_g_j = d_c ⊙ h_j, d_h_j = d_c ⊙ g_j."""
    gates, states = cache
    return GatedContextGradients(d_c * states, d_c * gates)


def affine_score(query, keys, v):
    """e_j = vᵀ (query + keys_j): a score with nothing between sum and product.

    query: (B, A); keys: (T, B, A); v: (A,). Returns e (T, B).
    """
    u = query + keys
    return u @ v, (u, v)


def affine_score_backward(d_e, cache):
    """d_keys_j = d_e_j v, their sum for the query, and d_v = Σ_j d_e_j (query + keys_j)."""
    u, v = cache
    d_v = d_e.reshape(-1) @ u.reshape(-1, u.shape[-1])
    d_keys = d_e[..., None] * v
    return AffineScoreGradients(d_keys.sum(axis=0), d_keys, d_v)

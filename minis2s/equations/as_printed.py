"""What the documents print wrongly or incompletely, kept for study: computed as printed, gradient-checked as what it is.

Nothing here is used by a model. Each function names its erratum (X1–X11) and the equation to use in its place; the registry has
them as the variants "printed" of their rows, and `tests/equations/test_errata.py` proves what is wrong with each.
"""

from typing import Any, NamedTuple

from minis2s.backend import array_module
from minis2s.equations.activations import sigmoid, sigmoid_backward
from minis2s.equations.attention import ContextGradients, context, context_backward
from minis2s.equations.linear import linear, linear_backward
from minis2s.equations.sigmoid_attention import affine_score, affine_score_backward
from minis2s.equations.softmax import softmax, softmax_backward


def worded_attention(weights, states):
    """D0.7: the candidate is weights × context vectors, and the output distribution is softmax(candidate).

    Erratum X4: weights that no softmax made do not sum to one, and p is a distribution over the H entries of a hidden state,
    not over words. Use `additive_score`, `softmax`, `context` (D3.3, D2.4, D2.3), and D4.4 for the output.

    weights: (T, B), any numbers; states: (T, B, H), the context vectors of the words. Returns p (B, H).
    """
    candidate, cache_context = context(weights, states)  # steps 1 to 3 of the document
    p, cache_softmax = softmax(candidate)  # its step 4
    return p, (cache_context, cache_softmax)


def worded_attention_backward(d_p, cache) -> ContextGradients:
    cache_context, cache_softmax = cache
    return context_backward(softmax_backward(d_p, cache_softmax), cache_context)


class AffineAttentionGradients(NamedTuple):
    z: Any
    h: Any
    W_z: Any
    W_h: Any
    b: Any
    v: Any


def _affine_scores(z, h, W_z, W_h, b, v):
    """e_j = vᵀ (W_h h_j + W_z z + b), the exponent of D3.3 as printed."""
    query, cache_query = linear(z, W_z, b)
    keys, cache_keys = linear(h, W_h)
    e, cache_score = affine_score(query, keys, v)
    return e, (cache_query, cache_keys, cache_score)


def _affine_scores_backward(d_e, cache):
    cache_query, cache_keys, cache_score = cache
    d_query, d_keys, d_v = affine_score_backward(d_e, cache_score)
    d_z, d_W_z, d_b = linear_backward(d_query, cache_query)
    d_h, d_W_h, _ = linear_backward(d_keys, cache_keys)
    return AffineAttentionGradients(d_z, d_h, d_W_z, d_W_h, d_b, d_v)


def exponential_attention(z, h, W_z, W_h, b, v):
    """D3.3: α_j = exp(vᵀ (W_h h_j + W_z z + b)), neither squashed nor normalised.

    Erratum X2: the α do not sum to one; they grow with every word of the source and overflow for large scores. Use
    `additive_score` and `softmax`.

    z: (B, H); h: (T, B, C); W_z: (H, A); W_h: (C, A); b, v: (A,). Returns α (T, B).
    """
    e, cache_scores = _affine_scores(z, h, W_z, W_h, b, v)
    alpha = array_module(e).exp(e)
    return alpha, (cache_scores, alpha)


def exponential_attention_backward(d_alpha, cache):
    """d_e = d_α ⊙ α: exp is its own derivative."""
    cache_scores, alpha = cache
    return _affine_scores_backward(d_alpha * alpha, cache_scores)


def affine_attention(z, h, W_z, W_h, b, v, mask=None):
    """D3.3 with the normalisation that it lacks, but still without tanh: α = softmax_j(vᵀ (W_h h_j + W_z z + b)).

    Erratum X1: vᵀ(W_z z + b) is the same for every j and cancels. So α = softmax_j(vᵀ W_h h_j) for every decoder state, and the
    gradients with respect to z, W_z and b are zero. Shapes as in `exponential_attention`; mask: (T, B) or None.
    """
    e, cache_scores = _affine_scores(z, h, W_z, W_h, b, v)
    alpha, cache_softmax = softmax(e, mask, axis=0)
    return alpha, (cache_scores, cache_softmax)


def affine_attention_backward(d_alpha, cache):
    cache_scores, cache_softmax = cache
    return _affine_scores_backward(softmax_backward(d_alpha, cache_softmax), cache_scores)


class SigmoidAttentionGradients(NamedTuple):
    h: Any
    z: Any
    W_h: Any
    W_z: Any
    b: Any


def sigmoid_attention(h, z, W_h, W_z, b):
    """D3.2: α = σ(W_h h + W_z z + b) for the whole sequences h and z at once.

    Erratum X3: the sum needs sequences of equal length, though α is declared as an m × n matrix; and each α_t is a vector, not a
    weight. Use `sigmoid_gate`, or `affine_score` and `sigmoid`.

    h: (n, B, C); z: (m, B, H); W_h: (C, A); W_z: (H, A); b: (A,). Returns α (n, B, A). Raises ValueError unless m = n.
    """
    if h.shape[0] != z.shape[0]:
        raise ValueError(f"W_h h + W_z z adds sequences of equal length only; here n = {h.shape[0]}, m = {z.shape[0]} (X3)")
    of_h, cache_h = linear(h, W_h)
    a, cache_z = linear(z, W_z, b)
    alpha, cache_sigmoid = sigmoid(a + of_h)
    return alpha, (cache_h, cache_z, cache_sigmoid)


def sigmoid_attention_backward(d_alpha, cache):
    cache_h, cache_z, cache_sigmoid = cache
    d_a = sigmoid_backward(d_alpha, cache_sigmoid)
    d_h, d_W_h, _ = linear_backward(d_a, cache_h)
    d_z, d_W_z, d_b = linear_backward(d_a, cache_z)
    return SigmoidAttentionGradients(d_h, d_z, d_W_h, d_W_z, d_b)


class ConcatenateGradients(NamedTuple):
    c_prev: Any
    h: Any


def concatenate(c_prev, h):
    """D4.2: c_t = [c_{t-1}; h_t].

    Erratum X8: D4 calls c_t a context vector of fixed length, but it grows by H at each step. Use `all_states` for a padded T;
    `last_state` or attention otherwise.

    c_prev: (B, n); h: (B, H). Returns (B, n + H).
    """
    return array_module(h).concatenate([c_prev, h], axis=-1), c_prev.shape[-1]


def concatenate_backward(d_c, cache):
    """The two parts of d_c."""
    n = cache
    return ConcatenateGradients(d_c[..., :n], d_c[..., n:])


def last_position(states):
    """D3's and D1's programs: the encoding is the output at position T, `out[:, -1, :]`, in a recurrence that masks nothing.

    Erratum X11: in a batch with padding that is the state after reading padding. Use `last_state`, or a recurrence that stops.

    states: (T, B, H). Returns (B, H).
    """
    return states[-1], states.shape


def last_position_backward(d_c, cache):
    """Everything to position T, nothing to the others."""
    xp = array_module(d_c)
    T = cache[0]
    return xp.concatenate([xp.zeros((T - 1, *d_c.shape), dtype=d_c.dtype), d_c[None]])


class CodeAttentionGradients(NamedTuple):
    state: Any
    encoder_output: Any
    W_q: Any
    b_q: Any
    W_k: Any
    b_k: Any
    W_v: Any
    b_v: Any


def code_attention(state, encoder_output, W_q, b_q, W_k, b_k, W_v, b_v):
    """D3's class Attention, line by line, batch first: the softmax is taken over dim 1.

    Erratum X7: dim 1 of the energies (B, S, T) is the axis of the queries. For one query (S = 1) every weight is 1; for several,
    each source word's weights are shared out among the queries. A state without a step axis, (B, H), makes the product
    (B, B, T), in which each sentence is asked with every sentence's query. Use `dot_score` and `softmax` over the source.

    state: (B, S, H) or (B, H); encoder_output: (B, T, H); W_q, W_k, W_v: (H, H); b_q, b_k, b_v: (H,).
    Returns the "context" (B, S, H) or (B, B, H).
    """
    q, cache_q = linear(state, W_q, b_q)  # 1
    k, cache_k = linear(encoder_output, W_k, b_k)  # 2
    v, cache_v = linear(encoder_output, W_v, b_v)  # 3
    energy = q @ k.swapaxes(1, 2)  # 4
    weights, cache_softmax = softmax(energy, axis=1)  # 5
    return weights @ v, (cache_q, cache_k, cache_v, q, k, v, weights, cache_softmax)  # 6


def code_attention_backward(d_context, cache):
    """Step by step in reverse; where one (B, H) matrix of queries served every sentence, its gradients add up."""
    cache_q, cache_k, cache_v, q, k, v, weights, cache_softmax = cache
    d_weights, d_v = d_context @ v.swapaxes(1, 2), weights.swapaxes(1, 2) @ d_context  # 6
    d_energy = softmax_backward(d_weights, cache_softmax)  # 5
    d_q, d_k = d_energy @ k, d_energy.swapaxes(1, 2) @ q  # 4
    if q.ndim == 2:
        d_q = d_q.sum(axis=0)
    d_of_v, d_W_v, d_b_v = linear_backward(d_v, cache_v)  # 3
    d_of_k, d_W_k, d_b_k = linear_backward(d_k, cache_k)  # 2
    d_state, d_W_q, d_b_q = linear_backward(d_q, cache_q)  # 1
    return CodeAttentionGradients(d_state, d_of_k + d_of_v, d_W_q, d_b_q, d_W_k, d_b_k, d_W_v, d_b_v)

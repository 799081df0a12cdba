"""D2.9: attention that carries its alignment from step to step, in two forms. Composed; the windows are the only new maths."""

from types import SimpleNamespace
from typing import Any, NamedTuple

from minis2s.equations.alignment import alignment_windows, alignment_windows_backward
from minis2s.equations.attention import additive_score, additive_score_backward
from minis2s.equations.catalogue.attention import source_mask
from minis2s.equations.catalogue.folds import Cell, fold, fold_backward, random_arrays
from minis2s.equations.linear import linear, linear_backward
from minis2s.equations.registry import register
from minis2s.equations.rnn import rnn_cell, rnn_cell_backward
from minis2s.equations.softmax import softmax, softmax_backward


class Alignment(NamedTuple):
    alpha: Any
    d: Any


def location_step(x, alpha_prev, h, W_s, W_h, v, F, U, mask=None):
    """α_i from the query x = s_{i-1}, the keys, and the features w_ij F of where the last step looked."""
    windows, cache_windows = alignment_windows(alpha_prev, F.shape[0])  # 1
    f, cache_f = linear(windows, F)  # 2
    query, cache_query = linear(x, W_s)  # 3
    keys, cache_keys = linear(h, W_h)  # 4
    located, cache_located = linear(f, U, keys)  # 5
    e, cache_e = additive_score(query, located, v)  # 6
    alpha, cache_alpha = softmax(e, mask, axis=0)  # 7
    return alpha, (cache_windows, cache_f, cache_query, cache_keys, cache_located, cache_e, cache_alpha)


def location_step_backward(d_alpha, cache):
    cache_windows, cache_f, cache_query, cache_keys, cache_located, cache_e, cache_alpha = cache
    d_query, d_located, d_v = additive_score_backward(softmax_backward(d_alpha, cache_alpha), cache_e)  # 7, 6
    d_f, d_U, d_keys = linear_backward(d_located, cache_located)  # 5
    d_h, d_W_h, _ = linear_backward(d_keys, cache_keys)  # 4
    d_x, d_W_s, _ = linear_backward(d_query, cache_query)  # 3
    d_windows, d_F, _ = linear_backward(d_f, cache_f)  # 2
    d_alpha_prev = alignment_windows_backward(d_windows, cache_windows)  # 1
    return SimpleNamespace(x=d_x, alpha_prev=d_alpha_prev, h=d_h, W_s=d_W_s, W_h=d_W_h, v=d_v, F=d_F, U=d_U)


def recurrent_step(x, alpha_prev, d_prev, h, W_s, W_h, v, F, W_d, b, U, mask=None):
    """As the location step, with the features from a recurrent cell: each source word's own memory of having been attended to."""
    windows, cache_windows = alignment_windows(alpha_prev, F.shape[0])  # 1
    d, cache_d = rnn_cell(windows, d_prev, F, W_d, b)  # 2
    query, cache_query = linear(x, W_s)  # 3
    keys, cache_keys = linear(h, W_h)  # 4
    remembered, cache_remembered = linear(d, U, keys)  # 5
    e, cache_e = additive_score(query, remembered, v)  # 6
    alpha, cache_alpha = softmax(e, mask, axis=0)  # 7
    return Alignment(alpha, d), (cache_windows, cache_d, cache_query, cache_keys, cache_remembered, cache_e, cache_alpha)


def recurrent_step_backward(d_out, cache):
    """The memory has two readers, the score and the next step."""
    d_alpha, d_d = d_out
    cache_windows, cache_d, cache_query, cache_keys, cache_remembered, cache_e, cache_alpha = cache
    d_query, d_remembered, d_v = additive_score_backward(softmax_backward(d_alpha, cache_alpha), cache_e)  # 7, 6
    d_d_of_score, d_U, d_keys = linear_backward(d_remembered, cache_remembered)  # 5
    d_h, d_W_h, _ = linear_backward(d_keys, cache_keys)  # 4
    d_x, d_W_s, _ = linear_backward(d_query, cache_query)  # 3
    d_windows, d_d_prev, d_F, d_W_d, d_b = rnn_cell_backward(d_d + d_d_of_score, cache_d)  # 2
    d_alpha_prev = alignment_windows_backward(d_windows, cache_windows)  # 1
    return SimpleNamespace(
        x=d_x, alpha_prev=d_alpha_prev, d_prev=d_d_prev, h=d_h, W_s=d_W_s, W_h=d_W_h, v=d_v, F=d_F, W_d=d_W_d, b=d_b, U=d_U
    )


LOCATION = Cell(location_step, location_step_backward, ("alpha_prev",))
RECURRENT = Cell(recurrent_step, recurrent_step_backward, ("alpha_prev", "d_prev"))


def align_by_location(s, alpha_0, mask, **weights):
    """The weights of every decoder step, (S, T, B), each step given those of the step before."""
    cell = LOCATION._replace(forward=lambda **step: location_step(mask=mask, **step))
    (alpha, _), cache = fold(cell, s, (alpha_0,), weights)
    return alpha, cache


def align_by_location_backward(d_alpha, cache):
    d_s, (d_alpha_0,), d_weights = fold_backward(d_alpha, None, cache)
    return SimpleNamespace(s=d_s, alpha_0=d_alpha_0, **d_weights)


def align_recurrently(s, alpha_0, d_0, mask, **weights):
    """The same, with a memory for each source word beside the weights."""
    cell = RECURRENT._replace(forward=lambda **step: recurrent_step(mask=mask, **step))
    (alpha, _), cache = fold(cell, s, (alpha_0, d_0), weights)
    return alpha, cache


def align_recurrently_backward(d_alpha, cache):
    d_s, (d_alpha_0, d_d_0), d_weights = fold_backward(d_alpha, None, cache)
    return SimpleNamespace(s=d_s, alpha_0=d_alpha_0, d_0=d_d_0, **d_weights)


def location_inputs(rng, S=2, T=4, B=3, H=2, C=6, A=5, K=8, width=7):
    arrays = random_arrays(rng, s=(S, B, H), alpha_0=(T, B), h=(T, B, C))
    arrays |= random_arrays(rng, W_s=(H, A), W_h=(C, A), v=(A,), F=(width, K), U=(K, A))
    return arrays | {"mask": rng.permuted(source_mask(T, B), axis=1)}


def recurrent_inputs(rng, S=3, T=4, B=3, H=2, C=6, A=5, K=8, width=7):
    arrays = location_inputs(rng, S, T, B, H, C, A, K, width)
    return arrays | random_arrays(rng, d_0=(T, B, K), W_d=(K, K), b=(K,))


WHERE = {
    "section": "D2 §9.2",
    "printed": "(worded: recurrent attention, an RNN computes the attention weights)",
    "lesson": "08_attention",
}
SYMBOLS = {
    "s_{i-1}": "(S, B, H) decoder states",
    "h_j": "(T, B, C) encoder states",
    "w_ij": "(T, B, width) α_{i-1} at place j and its neighbours, zero beyond the ends",
    "mask": "(T, B) True where the source has a word",
    "W_s, W_h, v": "(H, A), (C, A), (A,)",
    "F": "(width, K)",
    "U": "(K, A)",
    "α_ij": "(S, T, B) weights; α_0 (T, B)",
}

register(
    id="D2.9",
    title="Recurrent attention: one recurrent network for each source word",
    latex=r"\alpha_{ij} = \mathrm{softmax}_j(v^\top \tanh(W_s s_{i-1} + W_h h_j + U d_{ij})),"
    r"\quad d_{ij} = \tanh(d_{i-1,j} W_d + w_{ij} F + b),\quad w_{ij} = (\alpha_{i-1,j-R}, \dots, \alpha_{i-1,j+R})",
    symbols={**SYMBOLS, "d_ij": "(T, B, K) the words' memories; d_0 (T, B, K)", "W_d, b": "(K, K), (K,)"},
    forward=alignment_windows,
    backward=alignment_windows_backward,
    checked=(align_recurrently, align_recurrently_backward),
    inputs=recurrent_inputs,
    wrt=("s", "alpha_0", "d_0", "h", "W_s", "W_h", "v", "F", "W_d", "b", "U"),
    derivation="""\
α_{i-1} is read by the context of its own step and, through the windows, by step i; so back-propagation through time runs along
the weights as well. From the last step: D2.4 and D2.5 give ∂L/∂k_ij, hence ∂L/∂d_ij ∋ ∂L/∂k_ij Uᵀ, plus the next step's;
D4.1 turns it into ∂L/∂d_{i-1,j} and ∂L/∂w_ij; and as α_j stands in the windows of j−R … j+R,
  ∂L/∂α_{i-1,j} ∋ Σ_{r=−R..R} (∂L/∂w_{i,j−r})_r""",
    source="Yang et al. 2016, arXiv:1607.05108 (one recurrent network per word; there an LSTM, here the vanilla cell D4.1)",
    layer="minis2s.layers.location.RecurrentFeatures",
    model="minis2s.models.decoder.Decoder",
    **WHERE,
)

register(
    id="D2.9-location",
    title="Attention with location features",
    latex=r"\alpha_{ij} = \mathrm{softmax}_j(v^\top \tanh(W_s s_{i-1} + W_h h_j + U f_{ij})),\quad f_i = F * \alpha_{i-1}",
    symbols={**SYMBOLS, "f_ij": "(T, B, K) location features w_ij F"},
    forward=alignment_windows,
    backward=alignment_windows_backward,
    checked=(align_by_location, align_by_location_backward),
    inputs=location_inputs,
    wrt=("s", "alpha_0", "h", "W_s", "W_h", "v", "F", "U"),
    derivation="""\
As D2.9 without memory: f_ij = w_ij F is linear, so ∂L/∂w_ij = ∂L/∂f_ij Fᵀ and ∂L/∂F = Σ w_ijᵀ ∂L/∂f_ij, and windows' gradients
are added up where they overlap (a convolution with F turned around).""",
    source="Chorowski et al. 2015, arXiv:1506.07503, equations 8 and 9",
    layer="minis2s.layers.location.LocationFeatures",
    model="minis2s.models.decoder.Decoder",
    **WHERE,
)

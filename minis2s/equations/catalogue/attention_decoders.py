"""D0.7 and D2.2: attention in its place, between the encoder's states and the decoder's. Composed, no new maths."""

from types import SimpleNamespace

from minis2s.backend import array_module
from minis2s.equations.as_printed import worded_attention, worded_attention_backward
from minis2s.equations.attention import context, context_backward
from minis2s.equations.catalogue.attention import source_mask, weights_of_states, weights_of_states_backward
from minis2s.equations.catalogue.folds import Cell, cell_weights, fold, fold_backward, random_arrays
from minis2s.equations.catalogue.lstm import cell_of_inputs, cell_of_inputs_backward
from minis2s.equations.catalogue.output import output_distribution, output_distribution_backward
from minis2s.equations.registry import register


def attend_and_predict(s, h, W_s, W_h, v, W_o, b_o, mask):
    """Weights from scores, context, and the output distribution of [s; c]: D0.7's four steps in the order that works."""
    alpha, cache_alpha = weights_of_states(s, h, W_s, W_h, v, mask)  # 1, D3.3
    c, cache_c = context(alpha, h)  # 2, D2.3
    p, cache_p = output_distribution(array_module(s).concatenate([s, c], axis=-1), W_o, b_o)  # 3, D4.4
    return p, (cache_alpha, cache_c, cache_p, s.shape[-1])


def attend_and_predict_backward(d_p, cache):
    """s and h have two readers each: the score, and the output or the context."""
    cache_alpha, cache_c, cache_p, H = cache
    d_joined, d_W_o, d_b_o = output_distribution_backward(d_p, cache_p)  # 3
    d_alpha, d_h = context_backward(d_joined[..., H:], cache_c)  # 2
    d = weights_of_states_backward(d_alpha, cache_alpha)  # 1
    return SimpleNamespace(s=d.s_prev + d_joined[..., :H], h=d.h + d_h, W_s=d.W_s, W_h=d.W_h, v=d.v, W_o=d_W_o, b_o=d_b_o)


def attentive_step(x, h_prev, c_prev, memory, W_s, W_m, v, W_x, W_h, b):
    """s_i = LSTM([x_i; c_i], s_{i-1}), where c_i attends to the encoder's states with the score of s_{i-1}."""
    alpha, cache_alpha = weights_of_states(h_prev, memory, W_s, W_m, v, None)  # 1
    c, cache_c = context(alpha, memory)  # 2
    state, cache_cell = cell_of_inputs(array_module(x).concatenate([x, c], axis=-1), h_prev, c_prev, W_x, W_h, b)  # 3
    return state, (cache_alpha, cache_c, cache_cell, x.shape[-1])


def attentive_step_backward(d_state, cache):
    """s_{i-1} is read by the score and by the cell; the encoder's states by the score and by the context."""
    cache_alpha, cache_c, cache_cell, E = cache
    d_cell = cell_of_inputs_backward(d_state, cache_cell)  # 3
    d_alpha, d_memory = context_backward(d_cell.x[..., E:], cache_c)  # 2
    d = weights_of_states_backward(d_alpha, cache_alpha)  # 1
    return SimpleNamespace(
        x=d_cell.x[..., :E], h_prev=d_cell.h_prev + d.s_prev, c_prev=d_cell.c_prev, memory=d_memory + d.h,
        W_s=d.W_s, W_m=d.W_h, v=d.v, W_x=d_cell.W_x, W_h=d_cell.W_h, b=d_cell.b,
    )  # fmt: skip


ATTENTIVE = Cell(attentive_step, attentive_step_backward, ("h_prev", "c_prev"))


def decode_with_attention(x, s_0, c_0, **weights):
    """The attentive step for every word; the encoder's states are the same at each."""
    (s, _), cache = fold(ATTENTIVE, x, (s_0, c_0), weights)
    return s, cache


def decode_with_attention_backward(d_s, cache):
    d_x, (d_s_0, d_c_0), d_weights = fold_backward(d_s, None, cache)
    return SimpleNamespace(x=d_x, s_0=d_s_0, c_0=d_c_0, **d_weights)


def attend_and_predict_inputs(rng, T=4, B=3, H=2, C=3, A=2, V=4):
    shapes = {"s": (B, H), "h": (T, B, C), "W_s": (H, A), "W_h": (C, A), "v": (A,), "W_o": (H + C, V), "b_o": (V,)}
    return random_arrays(rng, **shapes) | {"mask": rng.permuted(source_mask(T, B), axis=1)}


def worded_inputs(rng, T=4, B=3, H=5):
    return random_arrays(rng, weights=(T, B), states=(T, B, H))


def attentive_inputs(rng, S=2, T=3, B=2, E=2, C=3, H=2, A=2):
    arrays = random_arrays(rng, x=(S, B, E), s_0=(B, H), c_0=(B, H), memory=(T, B, C), W_s=(H, A), W_m=(C, A), v=(A,))
    return arrays | cell_weights(rng, E + C, H, 4)


WORDED = "(worded: 1 context vectors, 2 a weight for each source word, 3 weights × context, 4 softmax: the output distribution)"
DECODER = {"layer": "minis2s.layers.stepping.SteppedStack", "model": "minis2s.models.decoder.Decoder"}

register(
    id="D0.7",
    title="Attention, from states to the output distribution",
    section="D0 §3.3",
    printed=WORDED,
    latex=r"\alpha_j = \mathrm{softmax}_j(v^\top \tanh(W_s s + W_h h_j)),\quad c = \sum_j \alpha_j h_j,"
    r"\quad p = \mathrm{softmax}([s; c] W_o + b_o)",
    symbols={
        "s": "(B, H) decoder state",
        "h_j": "(T, B, C) encoder states",
        "mask": "(T, B) True where the source has a word",
        "W_s, W_h, v": "(H, A), (C, A), (A,)",
        "W_o, b_o": "(H+C, V), (V,)",
        "p": "(B, V) distribution over words",
    },
    forward=attend_and_predict,
    backward=attend_and_predict_backward,
    inputs=attend_and_predict_inputs,
    wrt=("s", "h", "W_s", "W_h", "v", "W_o", "b_o"),
    derivation="""\
D4.4, D2.3 and D3.3 in reverse. From ∂L/∂p: ∂L/∂[s; c] (D4.4), whose last C entries are ∂L/∂c; then
  ∂L/∂α_j = ∂L/∂c · h_j     ∂L/∂h_j ∋ α_j ∂L/∂c     (D2.3)
and through softmax and score (D3.3). s and h_j are each read twice, and the two gradients add up.""",
    source="Bahdanau, Cho and Bengio 2014, arXiv:1409.0473",
    erratum="X4: as worded (D0.7-printed), softmax comes last, on weights × context. It belongs on the scores (D2.4), and the "
    "output distribution is D4.4.",
    lesson="08_attention",
    **DECODER,
)

register(
    id="D0.7-printed",
    title="Attention in the order in which it is worded",
    section="D0 §3.3",
    printed=WORDED,
    latex=r"p = \mathrm{softmax}\left(\sum_j w_j h_j\right)",
    symbols={"w_j": "(T, B) weights, any numbers", "h_j": "(T, B, H) context vectors", "p": "(B, H) sums to one over H"},
    forward=worded_attention,
    backward=worded_attention_backward,
    inputs=worded_inputs,
    wrt=("weights", "states"),
    derivation="""\
With y = Σ_j w_j h_j and δ = ∂L/∂p:
  ∂L/∂y = p ⊙ (δ − Σ_k p_k δ_k)  (D4.4)     ∂L/∂w_j = ∂L/∂y · h_j,   ∂L/∂h_j = w_j ∂L/∂y  (D2.3)""",
    erratum="X4: p is a distribution over the H entries of a hidden state, not over the V words.",
    lesson="08_attention",
)

register(
    id="D2.2",
    title="Recurrent decoder with attention",
    section="D2 §4.2",
    printed="y_t = g(y_{t-1}, h_t)",
    latex=r"s_i = \mathrm{LSTM}([x_i; c_i], s_{i-1}),"
    r"\quad c_i = \sum_j \mathrm{softmax}_j(v^\top\tanh(W_s s_{i-1} + W_m h_j))\, h_j",
    symbols={
        "x_i": "(S, B, E) embedding of the word before",
        "s_i": "(S, B, H) decoder states (D2's y_t); s_0, c_0 (B, H)",
        "h_j": "(T, B, C) encoder states, `memory`",
        "W_s, W_m, v": "(H, A), (C, A), (A,)",
        "W_x, W_h, b": "(E+C, 4H), (H, 4H), (4H,)",
    },
    forward=decode_with_attention,
    backward=decode_with_attention_backward,
    inputs=attentive_inputs,
    wrt=("x", "s_0", "c_0", "memory", "W_s", "W_m", "v", "W_x", "W_h", "b"),
    derivation="""\
At each step, from the last: the cell (D0.1–D0.5) gives ∂L/∂[x_i; c_i] and ∂L/∂s_{i-1}; the context (D2.3) turns ∂L/∂c_i into
∂L/∂α_ij and a share of ∂L/∂h_j; softmax and score (D2.4, D2.5) add to ∂L/∂h_j and to ∂L/∂s_{i-1}.
So a loss reaches every encoder state directly, however far it is from the end.""",
    source="Bahdanau, Cho and Bengio 2014, arXiv:1409.0473, A.2.2, with an LSTM for the cell",
    lesson="03_back_propagation_through_time",
    erratum="X12: D2 computes a context and does not use it; here it enters the decoder. X13: as printed (D2.2-printed), y_t is "
    "paired with h_t, so source and target must have equal lengths.",
    **DECODER,
)

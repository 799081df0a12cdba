"""D2.3–D2.5 and D3.3–D3.4: additive attention."""

from typing import Any, NamedTuple

from minis2s.equations.attention import additive_score, additive_score_backward, context, context_backward
from minis2s.equations.linear import linear, linear_backward
from minis2s.equations.registry import register
from minis2s.equations.softmax import softmax, softmax_backward


class ScoreGradients(NamedTuple):
    s_prev: Any
    h: Any
    W_s: Any
    W_h: Any
    v: Any


def score_of_states(s_prev, h, W_s, W_h, v):
    """e_ij = vᵀ tanh(W_s s_{i-1} + W_h h_j) from the states: query, keys, score."""
    query, cache_query = linear(s_prev, W_s)
    keys, cache_keys = linear(h, W_h)
    e, cache_score = additive_score(query, keys, v)
    return e, (cache_query, cache_keys, cache_score)


def score_of_states_backward(d_e, cache):
    cache_query, cache_keys, cache_score = cache
    d_query, d_keys, d_v = additive_score_backward(d_e, cache_score)
    d_s_prev, d_W_s, _ = linear_backward(d_query, cache_query)
    d_h, d_W_h, _ = linear_backward(d_keys, cache_keys)
    return ScoreGradients(d_s_prev, d_h, d_W_s, d_W_h, d_v)


def weights_of_states(s_prev, h, W_s, W_h, v, mask):
    """The score, normalised over the source: D3.3 with the tanh and the softmax that it lacks."""
    e, cache_score = score_of_states(s_prev, h, W_s, W_h, v)
    alpha, cache_softmax = softmax(e, mask, axis=0)
    return alpha, (cache_score, cache_softmax)


def weights_of_states_backward(d_alpha, cache):
    cache_score, cache_softmax = cache
    return score_of_states_backward(softmax_backward(d_alpha, cache_softmax), cache_score)


def source_softmax(e, mask):
    """Softmax over the source axis of (T, B)."""
    return softmax(e, mask, axis=0)


def score_inputs(rng, T=4, B=3, H=2, C=5, A=6):
    """All sizes differ, so that no wrong axis fits."""
    shapes = {"s_prev": (B, H), "h": (T, B, C), "W_s": (H, A), "W_h": (C, A), "v": (A,)}
    return {name: rng.standard_normal(shape) for name, shape in shapes.items()}


def source_mask(T=4, B=3):
    """Three sources: a full one, one with padding, one of a single word."""
    lengths = [T, T - 2, 1]
    return [[t < n for n in lengths[:B]] for t in range(T)]


def weights_inputs(rng, T=4, B=3):
    return {"e": rng.standard_normal((T, B)), "mask": rng.permuted(source_mask(T, B), axis=1)}


def masked_score_inputs(rng, T=4, B=3, H=2, C=5, A=6):
    return score_inputs(rng, T, B, H, C, A) | {"mask": rng.permuted(source_mask(T, B), axis=1)}


def context_inputs(rng, T=4, B=3, C=5):
    return {"weights": rng.standard_normal((T, B)), "states": rng.standard_normal((T, B, C))}


def contexts_inputs(rng, steps=(2, 6), T=4, B=3, C=5):
    """Many decoder steps at once: each encoder state's gradient is a sum over them."""
    return {"weights": rng.standard_normal((*steps, T, B)), "states": rng.standard_normal((T, B, C))}


WHERE = {
    "layer": "minis2s.layers.attention.Attention",
    "model": "minis2s.models.seq2seq.Seq2Seq",
    "lesson": "08_attention",
}
STATES = {
    "s_{i-1}": "(B, H) decoder state before step i",
    "h_j": "(T, B, C) encoder states",
    "W_s": "(H, A); vectors are rows, so W_s s is computed as s @ W_s",
    "W_h": "(C, A), likewise",
    "v": "(A,)",
}
SCORE_DERIVATION = """\
With u_j = tanh(q + k_j), q = W_s s_{i-1}, k_j = W_h h_j, and δ_j = ∂L/∂e_j:
  ∂L/∂v = Σ_j δ_j u_j
  ∂L/∂k_j = δ_j v ⊙ (1 − u_j²)
  ∂L/∂q = Σ_j ∂L/∂k_j            (q is added to every key)
and from the two products  ∂L/∂s = ∂L/∂q W_sᵀ,  ∂L/∂W_s = sᵀ ∂L/∂q,  ∂L/∂h_j = ∂L/∂k_j W_hᵀ,  ∂L/∂W_h = Σ_j h_jᵀ ∂L/∂k_j."""

register(
    id="D2.3",
    title="Context vector",
    section="D2 §4.3",
    printed="a_t = Σ_{i=1..T} α_{t,i} h_i",
    latex=r"c_i = \sum_{j=1}^{T} \alpha_{ij} h_j",
    symbols={"α_ij": "(T, B) attention weights", "h_j": "(T, B, C) encoder states", "c_i": "(B, C) context vector"},
    forward=context,
    backward=context_backward,
    inputs=context_inputs,
    wrt=("weights", "states"),
    derivation="""\
c is linear in both factors. With δ = ∂L/∂c:
  ∂L/∂α_j = δ · h_j   (a dot product)        ∂L/∂h_j = α_j δ
Over several decoder steps, ∂L/∂h_j sums α_ij δ_i over i: for each sentence one product of matrices.""",
    erratum="X12: D2 computes this context and then does not use it; here it enters the decoder's LSTM and the output.",
    **WHERE,
)

register(
    id="D2.4",
    title="Attention weights",
    section="D2 §4.3",
    printed="α_{t,i} = exp(e_{t,i}) / Σ_j exp(e_{t,j})",
    latex=r"\alpha_{ij} = \frac{\exp(e_{ij})}{\sum_{k} \exp(e_{ik})}",
    symbols={
        "e_ij": "(T, B) scores",
        "mask": "(T, B) True where the source has a word",
        "α_ij": "(T, B) weights: not negative, one in sum over the source, zero at padding",
    },
    forward=softmax,
    backward=softmax_backward,
    checked=(source_softmax, softmax_backward),
    inputs=weights_inputs,
    wrt=("e",),
    derivation="""\
∂α_j/∂e_k = α_j ([j = k] − α_k). With δ_j = ∂L/∂α_j:
  ∂L/∂e_k = α_k (δ_k − Σ_j α_j δ_j)
A padded place has α = 0, so its score gets no gradient. Adding a number to all δ changes nothing: the sum is fixed.""",
    erratum="X7: the source axis is the one to normalise over; D3's code takes another. X11: padding must be masked.",
    **WHERE,
)

register(
    id="D2.5",
    title="Score: the similarity of an encoder state and the previous decoder state (additive form)",
    section="D2 §4.3",
    printed="(worded: e_{t,i} is the similarity of h_i and y_{t-1})",
    latex=r"e_{ij} = v^\top \tanh(W_s s_{i-1} + W_h h_j)",
    symbols={"e_ij": "(T, B) scores", **STATES},
    forward=additive_score,
    backward=additive_score_backward,
    checked=(score_of_states, score_of_states_backward),
    inputs=score_inputs,
    wrt=("s_prev", "h", "W_s", "W_h", "v"),
    derivation=SCORE_DERIVATION,
    source="Bahdanau, Cho and Bengio 2014, arXiv:1409.0473, A.1.2",
    **WHERE,
)

register(
    id="D3.3",
    title="Additive attention",
    section="D3 §4.2",
    printed="α_{ij} = exp(vᵀ·[W_h h_j + W_z z_i + b])",
    latex=r"\alpha_{ij} = \mathrm{softmax}_j\left(v^\top \tanh(W_s s_{i-1} + W_h h_j)\right)",
    symbols={"α_ij": "(T, B) attention weights", **STATES, "mask": "(T, B) True where the source has a word"},
    forward=additive_score,
    backward=additive_score_backward,
    checked=(weights_of_states, weights_of_states_backward),
    inputs=masked_score_inputs,
    wrt=("s_prev", "h", "W_s", "W_h", "v"),
    derivation=SCORE_DERIVATION + "\nBefore that, δ comes out of the softmax over j, D2.4.",
    source="Bahdanau, Cho and Bengio 2014, arXiv:1409.0473, A.1.2",
    erratum="X1: without tanh, exp(vᵀ(W_h h_j + W_z z_i + b)) is a factor in j times a factor in i. Once normalised over j, the "
    "decoder state and b cancel, and every step has the same weights (D3.3-normalised). X2: as printed (D3.3-printed) the α are "
    "not normalised at all.",
    **WHERE,
)

register(
    id="D3.4",
    title="Context vector",
    section="D3 §4.2",
    printed="c = Σ_{j=1..n} α_{ij} h_j",
    latex=r"c_i = \sum_{j=1}^{n} \alpha_{ij} h_j",
    symbols={"α_ij": "(…, T, B) attention weights", "h_j": "(T, B, C) encoder states", "c_i": "(…, B, C) context vectors"},
    forward=context,
    backward=context_backward,
    inputs=contexts_inputs,
    wrt=("weights", "states"),
    derivation="As D2.3:  ∂L/∂α_j = ∂L/∂c · h_j,   ∂L/∂h_j = α_j ∂L/∂c.",
    erratum="X13: the printed c lacks the index i of the decoder step. X12: D3's program never calls its attention.",
    **WHERE,
)

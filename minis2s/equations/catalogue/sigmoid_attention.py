"""D3.2 in both readings and as printed; D3.3 as printed, with and without the normalisation."""

from types import SimpleNamespace

from minis2s.equations.activations import sigmoid, sigmoid_backward
from minis2s.equations.as_printed import (
    affine_attention,
    affine_attention_backward,
    exponential_attention,
    exponential_attention_backward,
    sigmoid_attention,
    sigmoid_attention_backward,
)
from minis2s.equations.attention import context, context_backward
from minis2s.equations.catalogue.attention import source_mask
from minis2s.equations.catalogue.folds import random_arrays
from minis2s.equations.linear import linear, linear_backward
from minis2s.equations.registry import register
from minis2s.equations.sigmoid_attention import (
    affine_score,
    affine_score_backward,
    gated_context,
    gated_context_backward,
    sigmoid_gate,
    sigmoid_gate_backward,
)


def gate_states(z, h, W_z, W_h, b):
    """c = Σ_j σ(W_h h_j + W_z z + b) ⊙ h_j."""
    query, cache_query = linear(z, W_z, b)  # 1
    keys, cache_keys = linear(h, W_h)  # 2
    gates, cache_gates = sigmoid_gate(query, keys)  # 3
    c, cache_c = gated_context(gates, h)  # 4
    return c, (cache_query, cache_keys, cache_gates, cache_c)


def gate_states_backward(d_c, cache):
    """h is read twice, by the gate and by the sum."""
    cache_query, cache_keys, cache_gates, cache_c = cache
    d_gates, d_h = gated_context_backward(d_c, cache_c)  # 4
    d_query, d_keys = sigmoid_gate_backward(d_gates, cache_gates)  # 3
    d_h_of_keys, d_W_h, _ = linear_backward(d_keys, cache_keys)  # 2
    d_z, d_W_z, d_b = linear_backward(d_query, cache_query)  # 1
    return SimpleNamespace(z=d_z, h=d_h + d_h_of_keys, W_z=d_W_z, W_h=d_W_h, b=d_b)


def weigh_states(z, h, W_z, W_h, b, v):
    """c = Σ_j σ(vᵀ(W_h h_j + W_z z + b)) h_j."""
    query, cache_query = linear(z, W_z, b)  # 1
    keys, cache_keys = linear(h, W_h)  # 2
    e, cache_e = affine_score(query, keys, v)  # 3
    alpha, cache_alpha = sigmoid(e)  # 4
    c, cache_c = context(alpha, h)  # 5
    return c, (cache_query, cache_keys, cache_e, cache_alpha, cache_c)


def weigh_states_backward(d_c, cache):
    cache_query, cache_keys, cache_e, cache_alpha, cache_c = cache
    d_alpha, d_h = context_backward(d_c, cache_c)  # 5
    d_query, d_keys, d_v = affine_score_backward(sigmoid_backward(d_alpha, cache_alpha), cache_e)  # 4, 3
    d_h_of_keys, d_W_h, _ = linear_backward(d_keys, cache_keys)  # 2
    d_z, d_W_z, d_b = linear_backward(d_query, cache_query)  # 1
    return SimpleNamespace(z=d_z, h=d_h + d_h_of_keys, W_z=d_W_z, W_h=d_W_h, b=d_b, v=d_v)


def gate_inputs(rng, T=4, B=3, H=2, C=5):
    return random_arrays(rng, z=(B, H), h=(T, B, C), W_z=(H, C), W_h=(C, C), b=(C,))


def weigh_inputs(rng, T=4, B=3, H=2, C=5, A=6):
    return random_arrays(rng, z=(B, H), h=(T, B, C), W_z=(H, A), W_h=(C, A), b=(A,), v=(A,))


def masked_weigh_inputs(rng, T=4, B=3, H=2, C=5, A=6):
    return weigh_inputs(rng, T, B, H, C, A) | {"mask": rng.permuted(source_mask(T, B), axis=1)}


def sequences_inputs(rng, T=3, B=2, C=4, H=5, A=6):
    return random_arrays(rng, h=(T, B, C), z=(T, B, H), W_h=(C, A), W_z=(H, A), b=(A,))


STATES = {"z_i": "(B, H) decoder state", "h_j": "(T, B, C) encoder states"}
WHERE = {"section": "D3 §4.2", "lesson": "08_attention"}
SIGMOID = {**WHERE, "printed": "α = σ(W_h h + W_z z + b)"}
EXPONENTIAL = {**WHERE, "printed": "α_{ij} = exp(vᵀ·[W_h h_j + W_z z_i + b])"}
WITH_V = {**STATES, "W_z, W_h": "(H, A), (C, A)", "b, v": "(A,)"}

register(
    id="D3.2",
    title="Sigmoid attention: a gate on each entry",
    latex=r"c_i = \sum_j g_{ij} \odot h_j,\quad g_{ij} = \sigma(W_h h_j + W_z z_i + b)",
    symbols={**STATES, "g_ij": "(T, B, C) gates in (0, 1)", "W_z, W_h, b": "(H, C), (C, C), (C,)", "c_i": "(B, C) context"},
    forward=sigmoid_gate,
    backward=sigmoid_gate_backward,
    checked=(gate_states, gate_states_backward),
    inputs=gate_inputs,
    wrt=("z", "h", "W_z", "W_h", "b"),
    derivation="""\
With δ = ∂L/∂c_i and a_j = W_h h_j + W_z z_i + b:
  ∂L/∂g_j = δ ⊙ h_j     ∂L/∂h_j ∋ δ ⊙ g_j     ∂L/∂a_j = ∂L/∂g_j ⊙ g_j ⊙ (1 − g_j)
  ∂L/∂h_j ∋ ∂L/∂a_j W_hᵀ     ∂L/∂z_i = (Σ_j ∂L/∂a_j) W_zᵀ     ∂L/∂b = Σ_rows Σ_j ∂L/∂a_j, and the weights as in D0.1.""",
    source="as printed, σ read as the sigmoid and the result as a gate (in h's own size)",
    erratum="X3: without v the result is a vector, a gate and not a weight; and A is declared m × n while the sum needs m = n: "
    "D3.2-printed.",
    layer="minis2s.layers.gates.GateAttention",
    model="minis2s.models.decoder.Decoder",
    **SIGMOID,
)

register(
    id="D3.2-weight",
    title="Sigmoid attention: a weight for each encoder state",
    latex=r"c_i = \sum_j \alpha_{ij} h_j,\quad \alpha_{ij} = \sigma(v^\top (W_h h_j + W_z z_i + b))",
    symbols={**WITH_V, "α_ij": "(T, B) weights in (0, 1), not normalised", "c_i": "(B, C) context"},
    forward=affine_score,
    backward=affine_score_backward,
    checked=(weigh_states, weigh_states_backward),
    inputs=weigh_inputs,
    wrt=("z", "h", "W_z", "W_h", "b", "v"),
    derivation="""\
With u_j = W_h h_j + W_z z_i + b, e_j = vᵀ u_j and δ_j = ∂L/∂α_j = ∂L/∂c · h_j:
  ∂L/∂e_j = δ_j α_j (1 − α_j)     ∂L/∂v = Σ_j ∂L/∂e_j u_j     ∂L/∂u_j = ∂L/∂e_j v
and from u_j as in D3.2. Unlike softmax, σ does not ignore what is the same for all j: z_i and b have gradients.""",
    source="D3.2 with the v of D3.3",
    erratum="X3: v is missing in print.",
    layer="minis2s.layers.scores.AffineScore",
    model="minis2s.models.decoder.Decoder",
    **SIGMOID,
)

register(
    id="D3.2-printed",
    title="Sigmoid attention of whole sequences",
    latex=r"\alpha_t = \sigma(W_h h_t + W_z z_t + b)",
    symbols={
        "h": "(T, B, C) encoder states",
        "z": "(T, B, H) decoder states, as many",
        "W_h, W_z, b": "(C, A), (H, A), (A,)",
        "α_t": "(T, B, A) vectors in (0, 1)",
    },
    forward=sigmoid_attention,
    backward=sigmoid_attention_backward,
    inputs=sequences_inputs,
    wrt=("h", "z", "W_h", "W_z", "b"),
    derivation="∂L/∂a_t = ∂L/∂α_t ⊙ α_t ⊙ (1 − α_t); a_t is affine in h_t and z_t, so each receives ∂L/∂a_t Wᵀ.",
    erratum="X3: the sum needs sequences of equal length, and pairs step t with step t only; no m × n matrix of weights results.",
    **SIGMOID,
)

register(
    id="D3.3-printed",
    title="Exponential attention, neither squashed nor normalised",
    latex=r"\alpha_{ij} = \exp(v^\top (W_h h_j + W_z z_i + b))",
    symbols={**WITH_V, "α_ij": "(T, B) positive numbers"},
    forward=exponential_attention,
    backward=exponential_attention_backward,
    inputs=weigh_inputs,
    wrt=("z", "h", "W_z", "W_h", "b", "v"),
    derivation="""\
∂L/∂e_j = ∂L/∂α_j α_j, as exp is its own derivative; then  ∂L/∂v = Σ_j ∂L/∂e_j u_j,  ∂L/∂u_j = ∂L/∂e_j v  with
u_j = W_h h_j + W_z z_i + b, which is affine in the rest.""",
    erratum="X2: the α do not sum to one, the context grows with the source's length, and exp overflows for large scores.",
    **EXPONENTIAL,
)

register(
    id="D3.3-normalised",
    title="Exponential attention, normalised but without tanh",
    latex=r"\alpha_{ij} = \mathrm{softmax}_j(v^\top (W_h h_j + W_z z_i + b)) = \mathrm{softmax}_j(v^\top W_h h_j)",
    symbols={**WITH_V, "mask": "(T, B) True where the source has a word", "α_ij": "(T, B) weights, one in sum over j"},
    forward=affine_attention,
    backward=affine_attention_backward,
    inputs=masked_weigh_inputs,
    wrt=("z", "h", "W_z", "W_h", "b", "v"),
    derivation="""\
D2.4 gives ∂L/∂e_j with Σ_j ∂L/∂e_j = 0. Then ∂L/∂(W_z z_i + b) = Σ_j ∂L/∂e_j v = 0: nothing reaches z_i, W_z or b,
while  ∂L/∂h_j = ∂L/∂e_j W_h v  is what a score without any query would give.""",
    erratum="X1: exp(vᵀ(W_h h_j + W_z z_i + b)) = exp(vᵀ W_h h_j) · exp(vᵀ(W_z z_i + b)), and the second factor cancels.",
    layer="minis2s.layers.scores.AffineScore",
    model="minis2s.models.decoder.Decoder",
    **EXPONENTIAL,
)

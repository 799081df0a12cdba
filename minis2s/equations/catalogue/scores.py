"""D2.5 in its other forms, and D3.5: query, key, value; as D3's code has it, too."""

from types import SimpleNamespace

from minis2s.equations.as_printed import code_attention, code_attention_backward
from minis2s.equations.attention import context, context_backward
from minis2s.equations.catalogue.attention import source_mask
from minis2s.equations.catalogue.folds import random_arrays
from minis2s.equations.linear import linear, linear_backward
from minis2s.equations.registry import register
from minis2s.equations.scores import (
    cosine_score,
    cosine_score_backward,
    dot_score,
    dot_score_backward,
    general_score,
    general_score_backward,
    scaled_dot_score,
    scaled_dot_score_backward,
)
from minis2s.equations.softmax import softmax, softmax_backward


def query_key_value(s, h, W_q, b_q, W_k, b_k, W_v, b_v, mask):
    """c = Σ_j softmax_j(q · k_j) v_j with q, k, v affine in the states: D3's attention, normalised over the source."""
    q, cache_q = linear(s, W_q, b_q)  # 1
    k, cache_k = linear(h, W_k, b_k)  # 2
    v, cache_v = linear(h, W_v, b_v)  # 3
    e, cache_e = dot_score(q, k)  # 4
    alpha, cache_alpha = softmax(e, mask, axis=0)  # 5
    c, cache_c = context(alpha, v)  # 6
    return c, (cache_q, cache_k, cache_v, cache_e, cache_alpha, cache_c)


def query_key_value_backward(d_c, cache):
    """h is read twice, as key and as value. The keys' gradients sum to zero over j, hence so does that of b_k."""
    cache_q, cache_k, cache_v, cache_e, cache_alpha, cache_c = cache
    d_alpha, d_v = context_backward(d_c, cache_c)  # 6
    d_q, d_k = dot_score_backward(softmax_backward(d_alpha, cache_alpha), cache_e)  # 5, 4
    d_h_of_v, d_W_v, d_b_v = linear_backward(d_v, cache_v)  # 3
    d_h_of_k, d_W_k, d_b_k = linear_backward(d_k, cache_k)  # 2
    d_s, d_W_q, d_b_q = linear_backward(d_q, cache_q)  # 1
    return SimpleNamespace(
        s=d_s, h=d_h_of_k + d_h_of_v, W_q=d_W_q, b_q=d_b_q, W_k=d_W_k, b_k=d_b_k, W_v=d_W_v, b_v=d_b_v
    )


def product_inputs(rng, S=2, T=4, B=3, A=5):
    return random_arrays(rng, query=(S, B, A), keys=(T, B, A))


def general_inputs(rng, S=2, T=4, B=3, H=5, C=6):
    return random_arrays(rng, query=(S, B, H), keys=(T, B, C), W=(H, C))


def projections(rng, H, C, A):
    return random_arrays(rng, W_q=(H, A), b_q=(A,), W_k=(C, A), b_k=(A,), W_v=(C, A), b_v=(A,))


def query_key_value_inputs(rng, T=4, B=3, H=2, C=5, A=6):
    mask = {"mask": rng.permuted(source_mask(T, B), axis=1)}
    return random_arrays(rng, s=(B, H), h=(T, B, C)) | projections(rng, H, C, A) | mask


def code_inputs(rng, steps=(3,), T=4, B=2, H=5):
    return random_arrays(rng, state=(B, *steps, H), encoder_output=(B, T, H)) | projections(rng, H, H, H)


def code_inputs_without_steps(rng):
    return code_inputs(rng, steps=())


WHERE = {
    "section": "D2 §4.3",
    "printed": "(worded: e_{t,i} is the similarity of h_i and y_{t-1})",
    "lesson": "08_attention",
}
PAIR = {
    "q_i": "(S, B, A) decoder states of one or several steps: the queries",
    "k_j": "(T, B, A) encoder states: the keys",
    "e_ij": "(S, T, B) scores",
}
PROJECTIONS = {"W_q, b_q": "(H, A), (A,)", "W_k, b_k": "(C, A), (A,)", "W_v, b_v": "(C, A), (A,)"}

register(
    id="D2.5-dot",
    title="Score: dot product",
    latex=r"e_{ij} = q_i \cdot k_j",
    symbols=PAIR,
    forward=dot_score,
    backward=dot_score_backward,
    inputs=product_inputs,
    wrt=("query", "keys"),
    derivation="""\
e is bilinear: each factor receives the other one. With δ_ij = ∂L/∂e_ij:
  ∂L/∂q_i = Σ_j δ_ij k_j     (a context vector with δ for weights)
  ∂L/∂k_j = Σ_i δ_ij q_i""",
    source="Luong, Pham and Manning 2015, arXiv:1508.04025, §3.1",
    layer="minis2s.layers.scores.DotScore",
    model="minis2s.models.decoder.Decoder",
    **WHERE,
)

register(
    id="D2.5-scaled",
    title="Score: dot product, scaled",
    latex=r"e_{ij} = q_i \cdot k_j / \sqrt{A}",
    symbols={**PAIR, "A": "size of queries and keys"},
    forward=scaled_dot_score,
    backward=scaled_dot_score_backward,
    inputs=product_inputs,
    wrt=("query", "keys"),
    derivation="""\
As D2.5-dot with δ_ij / √A. For independent entries of variance one, q · k has variance A; divided by √A it has variance one
for every A, and softmax does not saturate as A grows.""",
    source="Vaswani et al. 2017, arXiv:1706.03762, §3.2.1",
    layer="minis2s.layers.scores.ScaledDotScore",
    model="minis2s.models.decoder.Decoder",
    **WHERE,
)

register(
    id="D2.5-general",
    title="Score: general (bilinear)",
    latex=r"e_{ij} = q_i W \cdot k_j",
    symbols={**PAIR, "q_i": "(S, B, H) decoder states", "k_j": "(T, B, C) encoder states", "W": "(H, C)"},
    forward=general_score,
    backward=general_score_backward,
    inputs=general_inputs,
    wrt=("query", "keys", "W"),
    derivation="""\
With u_i = q_i W, e_ij = u_i · k_j. D2.5-dot gives ∂L/∂u_i = Σ_j δ_ij k_j and ∂L/∂k_j = Σ_i δ_ij u_i; then
  ∂L/∂q_i = ∂L/∂u_i Wᵀ     ∂L/∂W = Σ_i q_iᵀ ∂L/∂u_i""",
    source="Luong, Pham and Manning 2015, arXiv:1508.04025, §3.1",
    layer="minis2s.layers.scores.GeneralScore",
    model="minis2s.models.decoder.Decoder",
    **WHERE,
)

register(
    id="D2.5-cosine",
    title="Score: cosine",
    latex=r"e_{ij} = \frac{q_i \cdot k_j}{\|q_i\| \, \|k_j\|}",
    symbols={**PAIR, "e_ij": "(S, T, B) cosines, in [−1, 1]; 0 where a vector is zero"},
    forward=cosine_score,
    backward=cosine_score_backward,
    inputs=product_inputs,
    wrt=("query", "keys"),
    derivation="""\
With û = u/‖u‖, ∂û/∂u = (I − û ûᵀ)/‖u‖: only the part across u turns it. D2.5-dot gives the gradients at q̂_i and k̂_j; then
  ∂L/∂q_i = (∂L/∂q̂_i − q̂_i (q̂_i · ∂L/∂q̂_i)) / ‖q_i‖     and likewise for k_j.
A vector of zeros has no direction; its gradient is set to zero.""",
    source="Graves, Wayne and Danihelka 2014, arXiv:1410.5401, equation 6",
    layer="minis2s.layers.scores.CosineScore",
    model="minis2s.models.decoder.Decoder",
    **WHERE,
)

register(
    id="D3.5",
    title="Query–key–value attention",
    section="D3 §3.2 step 4",
    printed="(in the program: q = W_q s, k = W_k h, v = W_v h, each with a bias; softmax(q kᵀ) v)",
    latex=r"c = \sum_j \mathrm{softmax}_j(q \cdot k_j)\, v_j,\quad q = s W_q + b_q,\; k_j = h_j W_k + b_k,\; v_j = h_j W_v + b_v",
    symbols={
        "s": "(B, H) decoder state",
        "h_j": "(T, B, C) encoder states",
        "mask": "(T, B) True where the source has a word",
        **PROJECTIONS,
        "c": "(B, A) context vector",
    },
    forward=query_key_value,
    backward=query_key_value_backward,
    inputs=query_key_value_inputs,
    wrt=("s", "h", "W_q", "b_q", "W_k", "b_k", "W_v", "b_v"),
    derivation="""\
With δ = ∂L/∂c: ∂L/∂v_j = α_j δ and ∂L/∂α_j = δ · v_j (D2.3); ∂L/∂e_j = α_j (∂L/∂α_j − Σ_k α_k ∂L/∂α_k) (D2.4); then
  ∂L/∂q = Σ_j ∂L/∂e_j k_j     ∂L/∂k_j = ∂L/∂e_j q     and three affine maps.
The key bias adds q · b_k to every e_j, which softmax ignores:  ∂L/∂b_k = Σ_j ∂L/∂k_j = q Σ_j ∂L/∂e_j = 0.""",
    source="as in D3's program, with the softmax over the source; Vaswani et al. 2017, arXiv:1706.03762",
    erratum="X7: D3's code takes the softmax over dim 1, not the source, and never uses its V. The missing 1/√A is a choice.",
    layer="minis2s.layers.scores.QueryKeyScore",
    model="minis2s.models.decoder.Decoder",
    lesson="08_attention",
)

CODE = {
    "section": "D3 §3.2 step 4",
    "printed": "F.softmax(torch.matmul(q, k.transpose(1, 2)), dim=1), then matmul with v",
    "forward": code_attention,
    "backward": code_attention_backward,
    "wrt": ("state", "encoder_output", "W_q", "b_q", "W_k", "b_k", "W_v", "b_v"),
    "lesson": "08_attention",
}
CODE_SYMBOLS = {"encoder_output": "(B, T, H) encoder states", "W_q, W_k, W_v": "(H, H), with biases (H,)"}

register(
    id="D3.5-printed",
    title="Query–key–value attention, softmax over dim 1",
    latex=r"c_{bs} = \sum_j \frac{\exp(q_{bs} \cdot k_{bj})}{\sum_{s'} \exp(q_{bs'} \cdot k_{bj})}\, v_{bj}",
    symbols={"state": "(B, S, H) decoder states, S queries for each sentence", **CODE_SYMBOLS, "c": "(B, S, H)"},
    inputs=code_inputs,
    derivation="As D3.5, with D2.4's backward along the axis of the queries instead of the source. Now it is the query bias that "
    "is the same for all that compete:  ∂L/∂b_q = 0.",
    erratum="X7: with one query every weight is 1; with several, the queries compete for each source word.",
    **CODE,
)

register(
    id="D3.5-printed-2d",
    title="Query–key–value attention, softmax over dim 1, a state without steps",
    latex=r"c_{ba} = \sum_j \frac{\exp(q_a \cdot k_{bj})}{\sum_{a'} \exp(q_{a'} \cdot k_{bj})}\, v_{bj}",
    symbols={"state": "(B, H) decoder states", **CODE_SYMBOLS, "c": "(B, B, H)"},
    inputs=code_inputs_without_steps,
    derivation="As D3.5-printed; each query q_a is put to every sentence b, so its gradient is the sum over b.",
    erratum="X7: each sentence is asked with every sentence's query, so the result has the batch twice.",
    **CODE,
)

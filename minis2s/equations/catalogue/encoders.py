"""D1.1, D3.7–D3.9: encoders, composed of the cells. No new maths, but back-propagation through time."""

from types import SimpleNamespace
from typing import Any, NamedTuple

from minis2s.backend import array_module
from minis2s.equations.catalogue.folds import (
    LSTM,
    cell_weights,
    fold,
    fold_backward,
    lengths_mask,
    of_prefix,
    random_arrays,
    with_prefix,
)
from minis2s.equations.registry import register
from minis2s.equations.residual import residual, residual_backward


class Encoding(NamedTuple):
    h: Any
    h_n: Any
    c_n: Any


def encode(x, h_0, c_0, W_x, W_h, b, mask):
    """h_t = LSTM(x_t, h_{t-1}) over the words; a sequence that has ended keeps its state."""
    (h, final), cache = fold(LSTM, x, (h_0, c_0), {"W_x": W_x, "W_h": W_h, "b": b}, mask)
    return Encoding(h, *final), cache


def encode_backward(d_out, cache):
    d_x, (d_h_0, d_c_0), d_weights = fold_backward(d_out.h, (d_out.h_n, d_out.c_n), cache)
    return SimpleNamespace(x=d_x, h_0=d_h_0, c_0=d_c_0, **d_weights)


def encode_both_ways(x, mask, **weights):
    """h_j = [→h_j; ←h_j]: one LSTM reads from left to right, another one from right to left, side by side."""
    outs, caches = [], []
    for prefix, reverse in (("right", False), ("left", True)):
        w = of_prefix(prefix, weights)
        (h, _), cache = fold(LSTM, x, (w.pop("h_0"), w.pop("c_0")), w, mask, reverse)
        outs.append(h)
        caches.append(cache)
    return array_module(x).concatenate(outs, axis=-1), caches


def encode_both_ways_backward(d_h, caches):
    """Each direction receives its half; both add to x."""
    d_x, gradients = 0, {}
    for prefix, d, cache in zip(("right", "left"), array_module(d_h).split(d_h, 2, axis=-1), caches, strict=True):
        d_x_of_direction, (d_h_0, d_c_0), d_weights = fold_backward(d, None, cache)
        d_x = d_x + d_x_of_direction
        gradients |= with_prefix(prefix, {"h_0": d_h_0, "c_0": d_c_0, **d_weights})
    return SimpleNamespace(x=d_x, **gradients)


def stack(x, mask, **weights):
    """Two LSTMs, the second one reading the first one's hidden states."""
    lower, upper = of_prefix("lower", weights), of_prefix("upper", weights)
    (h_lower, _), cache_lower = fold(LSTM, x, (lower.pop("h_0"), lower.pop("c_0")), lower, mask)
    (h_upper, _), cache_upper = fold(LSTM, h_lower, (upper.pop("h_0"), upper.pop("c_0")), upper, mask)
    return h_upper, (cache_lower, cache_upper, h_lower)


def stack_backward(d_h_upper, cache, d_h_lower=0):
    """d_h_lower: what reaches the lower states by another way than through the upper LSTM."""
    cache_lower, cache_upper, _ = cache
    d_between, d_upper_state, d_upper = fold_backward(d_h_upper, None, cache_upper)
    d_x, d_lower_state, d_lower = fold_backward(d_between + d_h_lower, None, cache_lower)
    gradients = with_prefix("upper", dict(zip(("h_0", "c_0"), d_upper_state, strict=True)) | d_upper)
    gradients |= with_prefix("lower", dict(zip(("h_0", "c_0"), d_lower_state, strict=True)) | d_lower)
    return SimpleNamespace(x=d_x, **gradients)


def residual_stack(x, mask, **weights):
    """The upper LSTM's output is added to its input."""
    h_upper, cache = stack(x, mask, **weights)
    h_lower = cache[-1]
    y, cache_residual = residual(h_lower, h_upper)
    return y, (cache, cache_residual)


def residual_stack_backward(d_y, cache):
    cache, cache_residual = cache
    d_h_lower, d_h_upper = residual_backward(d_y, cache_residual)
    return stack_backward(d_h_upper, cache, d_h_lower)


def encoder_inputs(rng, T=3, B=3, E=2, H=3):
    states = random_arrays(rng, x=(T, B, E), h_0=(B, H), c_0=(B, H))
    return states | cell_weights(rng, E, H, 4) | {"mask": lengths_mask(rng, T, B)}


def both_ways_inputs(rng, T=3, B=2, E=3, H=2):
    inputs = random_arrays(rng, x=(T, B, E)) | {"mask": lengths_mask(rng, T, B)}
    for prefix in ("right", "left"):
        inputs |= with_prefix(prefix, random_arrays(rng, h_0=(B, H), c_0=(B, H)) | cell_weights(rng, E, H, 4))
    return inputs


def stack_inputs(rng, T=3, B=2, E=3, H=2):
    inputs = random_arrays(rng, x=(T, B, E)) | {"mask": lengths_mask(rng, T, B)}
    for prefix, width in (("lower", E), ("upper", H)):
        inputs |= with_prefix(prefix, random_arrays(rng, h_0=(B, H), c_0=(B, H)) | cell_weights(rng, width, H, 4))
    return inputs


OWN = ("h_0", "c_0", "W_x", "W_h", "b")
LOWER_AND_UPPER = tuple(f"{prefix}_{name}" for prefix in ("lower", "upper") for name in OWN)
LAYER = {"layer": "minis2s.layers.recurrent.Recurrent", "model": "minis2s.models.encoder.Encoder"}
WORDS = {"x": "(T, B, E) input vectors", "mask": "(T, B) True where there is a token", "h_0, c_0": "(B, H) initial state"}
WEIGHTS = {"W_x, W_h, b": "(E, 4H), (H, 4H), (4H,): θ"}

register(
    id="D1.1",
    title="Encoder as a fold over the prefix",
    section="D1",
    printed="h_i = f_enc(x_1, x_2, …, x_i; θ)",
    latex=r"h_i = \mathrm{LSTM}(x_i, h_{i-1}; \theta), \quad i = 1, \dots, n",
    symbols={**WORDS, "h_i": "(T, B, H) states, zero at padding", "h_n, c_n": "(B, H) state after the last token", **WEIGHTS},
    forward=encode,
    backward=encode_backward,
    inputs=encoder_inputs,
    wrt=("x", *OWN),
    derivation="""\
The prefix enters through h_{i-1} alone. Back-propagation through time, from i = n to 1, with δ_i the gradient of h_i:
  δ_i = (∂L/∂h_i directly) + (∂h_{i+1}/∂h_i)ᵀ δ_{i+1}        and likewise for c_i, by D0.4
  ∂L/∂θ = Σ_i (∂h_i/∂θ)ᵀ δ_i                               the weights are shared, so their gradients add up
After a sequence's end the state is carried: δ passes unchanged, and neither x nor θ receives anything from padding.""",
    erratum="X15: D0 starts h_0 only; here h_0 and c_0 are both inputs, and both have gradients.",
    source="as printed, with an LSTM for f_enc",
    lesson="07_encoder_decoder",
    **LAYER,
)

register(
    id="D3.7",
    title="Bidirectional LSTM",
    section="D3 §3.3, Q3",
    printed="(worded: bidirectional LSTM)",
    latex=r"h_j = [\overrightarrow{h}_j; \overleftarrow{h}_j],"
    r"\quad \overrightarrow{h}_j = \mathrm{LSTM}(x_j, \overrightarrow{h}_{j-1}),"
    r"\quad \overleftarrow{h}_j = \mathrm{LSTM}(x_j, \overleftarrow{h}_{j+1})",
    symbols={**WORDS, "h_j": "(T, B, 2H) both directions' states, side by side; initial states and weights for each direction"},
    forward=encode_both_ways,
    backward=encode_both_ways_backward,
    inputs=both_ways_inputs,
    wrt=("x", *(f"{prefix}_{name}" for prefix in ("right", "left") for name in OWN)),
    derivation="""\
∂L/∂h splits into the two halves, and each is back-propagated as in D1.1: the left-to-right one from n to 1, the other one from 1
to n. Both read x_j, so ∂L/∂x_j is the sum of the two. The reversed LSTM starts at a sequence's last token, not at padding.""",
    source="Schuster and Paliwal 1997, IEEE Transactions on Signal Processing 45(11)",
    lesson="13_long_sequences",
    **LAYER,
)

register(
    id="D3.9",
    title="Stacked LSTM, two layers",
    section="D3 §3.2, 4.3",
    printed="(in the program: num_layers = 2)",
    latex=r"h^{(1)}_t = \mathrm{LSTM}^{(1)}(x_t, h^{(1)}_{t-1}),\quad h^{(2)}_t = \mathrm{LSTM}^{(2)}(h^{(1)}_t, h^{(2)}_{t-1})",
    symbols={**WORDS, "h^{(l)}_t": "(T, B, H) states of layer l; initial states and weights for each layer"},
    forward=stack,
    backward=stack_backward,
    inputs=stack_inputs,
    wrt=("x", *LOWER_AND_UPPER),
    derivation="""\
The upper layer's ∂L/∂x, as in D1.1, is the lower layer's ∂L/∂h: first the upper layer through all of time, then the lower.
  ∂L/∂h^{(1)}_t = ∂L/∂x^{(2)}_t + (from h^{(1)}_{t+1})""",
    source="Graves, Mohamed and Hinton 2013, arXiv:1303.5778",
    layer="minis2s.layers.recurrent.Stack",
    model="minis2s.models.encoder.Encoder",
    lesson="13_long_sequences",
)

register(
    id="D3.8",
    title="Residual connection between stacked layers",
    section="D3 §3.3, Q3",
    printed="(worded: residual connections between encoder and decoder)",
    latex=r"y_t = h^{(1)}_t + h^{(2)}_t,\quad h^{(2)}_t = \mathrm{LSTM}^{(2)}(h^{(1)}_t, h^{(2)}_{t-1})",
    symbols={**WORDS, "h^{(l)}_t": "(T, B, H) states of layer l", "y_t": "(T, B, H) the upper layer's input and output, added"},
    forward=residual,
    backward=residual_backward,
    checked=(residual_stack, residual_stack_backward),
    inputs=stack_inputs,
    wrt=("x", *LOWER_AND_UPPER),
    derivation="""\
y = x + f(x), hence  ∂L/∂x = ∂L/∂y + (∂f/∂x)ᵀ ∂L/∂y: to the gradient through the layer, the upstream one is added as it is.
Here x is h^{(1)} and f the upper LSTM: ∂L/∂h^{(1)}_t = ∂L/∂y_t + ∂L/∂x^{(2)}_t + (from h^{(1)}_{t+1}).""",
    source="He et al. 2015, arXiv:1512.03385; between stacked LSTMs: Wu et al. 2016, arXiv:1609.08144, equation 6",
    layer="minis2s.layers.recurrent.Stack",
    model="minis2s.models.encoder.Encoder",
    lesson="13_long_sequences",
)

"""D1.1 and D4.2: a source as one vector, the last state or all of them; and both as printed."""

from types import SimpleNamespace

from minis2s.backend import array_module
from minis2s.equations.as_printed import concatenate, concatenate_backward, last_position, last_position_backward
from minis2s.equations.catalogue.encoders import Encoding, encode_backward
from minis2s.equations.catalogue.folds import LSTM, cell_weights, fold, lengths_mask, random_arrays
from minis2s.equations.contexts import all_states, all_states_backward, last_state, last_state_backward
from minis2s.equations.registry import register


def encode_padding_too(x, h_0, c_0, W_x, W_h, b):
    """D1 as printed: nothing is masked, and the encoding is what stands at the last position."""
    (h, _), cache = fold(LSTM, x, (h_0, c_0), {"W_x": W_x, "W_h": W_h, "b": b})
    c, cache_last = last_position(h)
    return c, (cache, cache_last)


def encode_padding_too_backward(d_c, cache):
    cache, cache_last = cache
    return encode_backward(Encoding(last_position_backward(d_c, cache_last), None, None), cache)


def concatenate_states(h, c_0):
    """c_t = [c_{t-1}; h_t] for t = 1…T, from c_0."""
    c, caches = c_0, []
    for h_t in h:
        c, cache = concatenate(c, h_t)
        caches.append(cache)
    return c, caches


def concatenate_states_backward(d_c, caches):
    d_h = []
    for cache in reversed(caches):
        d_c, d_h_t = concatenate_backward(d_c, cache)
        d_h.append(d_h_t)
    return SimpleNamespace(h=array_module(d_c).stack(d_h[::-1]), c_0=d_c)


def unmasked_inputs(rng, T=4, B=3, E=2, H=5):
    return random_arrays(rng, x=(T, B, E), h_0=(B, H), c_0=(B, H)) | cell_weights(rng, E, H, 4)


def states_inputs(rng, T=3, B=4, H=2):
    return random_arrays(rng, states=(T, B, H)) | {"mask": lengths_mask(rng, T, B)}


def concatenate_inputs(rng, T=3, B=2, H=4, n=1):
    return random_arrays(rng, h=(T, B, H), c_0=(B, n))


register(
    id="D1.1-last",
    title="Context: the last state",
    section="D1",
    printed="(the program hands the encoder's last state to the decoder)",
    latex=r"c = h_n",
    symbols={"h": "(T, B, H) encoder states", "mask": "(T, B) True where there is a token", "c": "(B, H) context, of fixed size"},
    forward=last_state,
    backward=last_state_backward,
    inputs=states_inputs,
    wrt=("states",),
    derivation="c is one of the h_t, picked by the mask:  ∂L/∂h_n = ∂L/∂c,  0 for the others.",
    source="Sutskever, Vinyals and Le 2014, arXiv:1409.3215",
    erratum="X17: D1 credits arXiv:1409.3215 to others; it is by Sutskever, Vinyals and Le.",
    layer="minis2s.layers.contexts.LastState",
    model="minis2s.models.decoder.Decoder",
    lesson="07_encoder_decoder",
)

register(
    id="D1.1-printed",
    title="Encoder that reads the padding too",
    section="D1",
    printed="h_i = f_enc(x_1, x_2, …, x_i; θ), and in the programs the output at the last position",
    latex=r"h_i = \mathrm{LSTM}(x_i, h_{i-1}), \quad c = h_T",
    symbols={
        "x": "(T, B, E) vectors, padding included",
        "h_0, c_0": "(B, H) initial state",
        "W_x, W_h, b": "(E, 4H), (H, 4H), (4H,): θ",
        "c": "(B, H) context",
    },
    forward=encode_padding_too,
    backward=encode_padding_too_backward,
    inputs=unmasked_inputs,
    wrt=("x", "h_0", "c_0", "W_x", "W_h", "b"),
    derivation="As D1.1 without a mask; δ_T = ∂L/∂c is the only gradient from outside. Padding receives gradients like words.",
    erratum="X11: nothing is masked, so the context depends on what the padding holds and on how much of it there is.",
    lesson="07_encoder_decoder",
)

register(
    id="D4.2",
    title="Context: all states side by side",
    section="D4 §3.2",
    printed="c_t = concatenate(c_{t-1}, h_t)",
    latex=r"c = [h_1; h_2; \dots; h_T], \quad h_t = 0 \text{ at padding}",
    symbols={"h_t": "(T, B, H) encoder states", "mask": "(T, B) True where there is a token", "c": "(B, T·H) context"},
    forward=all_states,
    backward=all_states_backward,
    inputs=states_inputs,
    wrt=("states",),
    derivation="Each h_t is a block of c, so ∂L/∂h_t is that block of ∂L/∂c; zero at padding.",
    erratum="X8: called a fixed-length context, but its length T·H is fixed only for a padded T. The last state (D1.1-last) and "
    "attention (D2.3) are the forms of fixed size.",
    layer="minis2s.layers.contexts.AllStates",
    model="minis2s.models.decoder.Decoder",
    lesson="13_long_sequences",
)

register(
    id="D4.2-printed",
    title="Context that grows with every step",
    section="D4 §3.2",
    printed="c_t = concatenate(c_{t-1}, h_t)",
    latex=r"c_t = [c_{t-1}; h_t]",
    symbols={"c_{t-1}": "(B, n) context so far", "h_t": "(B, H) hidden state of step t", "c_t": "(B, n+H)"},
    forward=concatenate,
    backward=concatenate_backward,
    checked=(concatenate_states, concatenate_states_backward),
    inputs=concatenate_inputs,
    wrt=("h", "c_0"),
    derivation="c_t holds c_{t-1} and h_t unchanged: ∂L/∂c_{t-1} is the first n entries of ∂L/∂c_t, ∂L/∂h_t the last H.",
    erratum="X8: c_t has t·H entries more than c_0, so no weight matrix fits it at every t.",
    lesson="13_long_sequences",
)

"""D3.1: encoder and decoder joined; D3.8 as D3 words it: a residual path between the two. Composed, no new maths."""

from types import SimpleNamespace

from minis2s.backend import array_module
from minis2s.equations.catalogue.folds import LSTM, cell_weights, fold, fold_backward, of_prefix, random_arrays, with_prefix
from minis2s.equations.registry import register
from minis2s.equations.residual import residual, residual_backward


def encode_and_decode(x, y, h_0, c_0, **weights):
    """h = Encoder(x); z = Decoder(h), an LSTM that starts in the encoder's last state and reads the target's vectors y."""
    (_, final), cache_encoder = fold(LSTM, x, (h_0, c_0), of_prefix("enc", weights))
    (z, _), cache_decoder = fold(LSTM, y, final, of_prefix("dec", weights))
    return z, (cache_encoder, cache_decoder)


def encode_and_decode_backward(d_z, cache):
    """Everything that the encoder learns comes through the one state that the two share."""
    cache_encoder, cache_decoder = cache
    d_y, d_final, d_decoder = fold_backward(d_z, None, cache_decoder)
    d_x, (d_h_0, d_c_0), d_encoder = fold_backward(None, d_final, cache_encoder)
    return SimpleNamespace(x=d_x, y=d_y, h_0=d_h_0, c_0=d_c_0, **with_prefix("enc", d_encoder), **with_prefix("dec", d_decoder))


def bridge(x, h_n, c_0, W_x, W_h, b):
    """The encoder's last state is the decoder's first, and is added to each of the decoder's states as well."""
    (z, _), cache = fold(LSTM, x, (h_n, c_0), {"W_x": W_x, "W_h": W_h, "b": b})
    sums, caches = zip(*(residual(h_n, z_i) for z_i in z), strict=True)
    return array_module(z).stack(sums), (cache, caches)


def bridge_backward(d_out, cache):
    cache, caches = cache
    pairs = [residual_backward(d, c) for d, c in zip(d_out, caches, strict=True)]
    d_x, (d_h_n, d_c_0), d_weights = fold_backward(array_module(d_out).stack([p.f for p in pairs]), None, cache)
    return SimpleNamespace(x=d_x, h_n=d_h_n + sum(p.x for p in pairs), c_0=d_c_0, **d_weights)


def encode_and_decode_inputs(rng, T=3, S=2, B=2, E=2, D=3, H=2):
    arrays = random_arrays(rng, x=(T, B, E), y=(S, B, D), h_0=(B, H), c_0=(B, H))
    return arrays | with_prefix("enc", cell_weights(rng, E, H, 4)) | with_prefix("dec", cell_weights(rng, D, H, 4))


def bridge_inputs(rng, S=3, B=2, E=2, H=3):
    return random_arrays(rng, x=(S, B, E), h_n=(B, H), c_0=(B, H)) | cell_weights(rng, E, H, 4)


register(
    id="D3.1",
    title="Encoder–decoder",
    section="D3 §3.1, 4.1",
    printed="h = Encoder(x),  z = Decoder(h)",
    latex=r"(h_t, c_t) = \mathrm{LSTM}_{enc}(x_t, h_{t-1}),\quad z_i = \mathrm{LSTM}_{dec}(y_i, z_{i-1}),\quad z_0 = h_n",
    symbols={
        "x": "(T, B, E) source vectors",
        "y": "(S, B, D) target vectors, each of the word before",
        "h_0, c_0": "(B, H) initial state of the encoder",
        "z": "(S, B, H) decoder states",
        "enc, dec": "W_x, W_h, b of each LSTM",
    },
    forward=encode_and_decode,
    backward=encode_and_decode_backward,
    inputs=encode_and_decode_inputs,
    wrt=("x", "y", "h_0", "c_0", *(f"{prefix}_{name}" for prefix in ("enc", "dec") for name in ("W_x", "W_h", "b"))),
    derivation="""\
Back-propagate the decoder (D1.1); its ∂L/∂z_0 and ∂L/∂c_0 are ∂L/∂h_n and ∂L/∂c_n of the encoder; back-propagate the encoder.
Dropping the cell state's part is a mistake that training hides and this check does not.""",
    source="Sutskever, Vinyals and Le 2014, arXiv:1409.3215",
    erratum="X12: as printed, no context enters the decoder; D2.2 has it. X14: D3's program feeds the source to the decoder. "
    "X9: the documents' programs do not run, or not as meant. D0's runs only if output_dim = hidden_dim, as its decoder is "
    "handed the encoder's state; D2's unpacks an LSTM's two states as one; D3's hands its encoder a state that it does not "
    "take; D4's LSTM gets word numbers without an embedding.",
    layer="minis2s.layers.recurrent.Recurrent",
    model="minis2s.models.seq2seq.Seq2Seq",
    lesson="09_whole_model",
)

register(
    id="D3.8-bridge",
    title="Residual connection from encoder to decoder",
    section="D3 §3.3, Q3",
    printed="(worded: residual connections between encoder and decoder)",
    latex=r"y_i = z_i + h_n,\quad z_i = \mathrm{LSTM}(x_i, z_{i-1}),\quad z_0 = h_n",
    symbols={
        "x_i": "(S, B, E) target vectors, each of the word before",
        "h_n, c_0": "(B, H) the encoder's last hidden state; the decoder's first cell state",
        "z_i": "(S, B, H) decoder states",
        "y_i": "(S, B, H) what the output reads",
        "W_x, W_h, b": "(E, 4H), (H, 4H), (4H,)",
    },
    forward=residual,
    backward=residual_backward,
    checked=(bridge, bridge_backward),
    inputs=bridge_inputs,
    wrt=("x", "h_n", "c_0", "W_x", "W_h", "b"),
    derivation="""\
y_i = z_i + h_n for every i, hence  ∂L/∂z_i = ∂L/∂y_i  and  ∂L/∂h_n = Σ_i ∂L/∂y_i + (through the decoder, as in D3.1).
The first term has no factor in between: the encoder hears every step's error directly.""",
    source="as worded: D3 does not say which states; here the encoder's last one, added to each decoder state",
    lesson="13_long_sequences",
)

"""D1.2, D2.2 as printed, D2.10, D4.3: decoders without attention, composed of the cells. No new maths."""

from types import SimpleNamespace

from minis2s.equations.catalogue.folds import (
    GRU,
    LSTM,
    RNN,
    cell_weights,
    fold,
    fold_backward,
    random_arrays,
)
from minis2s.equations.catalogue.output import output_distribution, output_distribution_backward
from minis2s.equations.embedding import embedding, embedding_backward
from minis2s.equations.linear import linear, linear_backward
from minis2s.equations.registry import register
from minis2s.equations.softmax import cross_entropy, cross_entropy_backward


def decode_words(ids, W_emb, h_0, W_x, W_h, b):
    """h_t = RNN(h_{t-1}, s_t) with s_t the embedding of word t."""
    s, cache_s = embedding(ids, W_emb)
    (h, _), cache = fold(RNN, s, (h_0,), {"W_x": W_x, "W_h": W_h, "b": b})
    return h, (cache_s, cache)


def decode_words_backward(d_h, cache):
    cache_s, cache = cache
    d_s, (d_h_0,), d_weights = fold_backward(d_h, None, cache)
    return SimpleNamespace(W_emb=embedding_backward(d_s, cache_s), h_0=d_h_0, **d_weights)


def feed_back(ids, h_n, c_n, W_emb, W_x, W_h, b, W_o, b_o):
    """p(y_j) from y_{j-1} and the state, which starts as the encoder's last one. ids: the previous words y_0, y_1, …"""
    x, cache_x = embedding(ids, W_emb)
    (s, _), cache_s = fold(LSTM, x, (h_n, c_n), {"W_x": W_x, "W_h": W_h, "b": b})
    p, cache_p = output_distribution(s, W_o, b_o)
    return p, (cache_x, cache_s, cache_p)


def feed_back_backward(d_p, cache):
    cache_x, cache_s, cache_p = cache
    d_s, d_W_o, d_b_o = output_distribution_backward(d_p, cache_p)
    d_x, (d_h_n, d_c_n), d_weights = fold_backward(d_s, None, cache_s)
    return SimpleNamespace(W_emb=embedding_backward(d_x, cache_x), h_n=d_h_n, c_n=d_c_n, W_o=d_W_o, b_o=d_b_o, **d_weights)


def continuation_loss(ids, h_0, c_0, W_emb, W_x, W_h, b, W_o, b_o):
    """Cross-entropy of each word given the words before it, in one sequence and without an encoder."""
    x, cache_x = embedding(ids[:-1], W_emb)
    (s, _), cache_s = fold(LSTM, x, (h_0, c_0), {"W_x": W_x, "W_h": W_h, "b": b})
    logits, cache_logits = linear(s, W_o, b_o)
    loss, cache_loss = cross_entropy(logits, ids[1:])
    return loss, (cache_x, cache_s, cache_logits, cache_loss)


def continuation_loss_backward(d_loss, cache):
    cache_x, cache_s, cache_logits, cache_loss = cache
    d_s, d_W_o, d_b_o = linear_backward(cross_entropy_backward(d_loss, cache_loss), cache_logits)
    d_x, (d_h_0, d_c_0), d_weights = fold_backward(d_s, None, cache_s)
    return SimpleNamespace(W_emb=embedding_backward(d_x, cache_x), h_0=d_h_0, c_0=d_c_0, W_o=d_W_o, b_o=d_b_o, **d_weights)


def decode_in_step(h, y_0, **weights):
    """y_t = GRU(y_{t-1}, h_t): decoder step t reads encoder state t."""
    (y, _), cache = fold(GRU, h, (y_0,), weights)
    return y, cache


def decode_in_step_backward(d_y, cache):
    d_h, (d_y_0,), d_weights = fold_backward(d_y, None, cache)
    return SimpleNamespace(h=d_h, y_0=d_y_0, **d_weights)


def words_inputs(rng, S=3, B=2, V=3, E=2, H=3):
    ids = {"ids": rng.integers(0, V, (S, B))}
    return ids | random_arrays(rng, W_emb=(V, E), h_0=(B, H)) | cell_weights(rng, E, H, 1)


def feed_back_inputs(rng, S=2, B=2, V=4, E=2, H=3):
    ids = {"ids": rng.integers(0, V, (S, B))}
    arrays = random_arrays(rng, h_n=(B, H), c_n=(B, H), W_emb=(V, E), W_o=(H, V), b_o=(V,))
    return ids | arrays | cell_weights(rng, E, H, 4)


def continuation_inputs(rng, T=3, B=2, V=4, E=2, H=3):
    ids = {"ids": rng.integers(0, V, (T + 1, B))}
    arrays = random_arrays(rng, h_0=(B, H), c_0=(B, H), W_emb=(V, E), W_o=(H, V), b_o=(V,))
    return ids | arrays | cell_weights(rng, E, H, 4)


def in_step_inputs(rng, T=3, B=2, E=3, H=2):
    return random_arrays(rng, h=(T, B, E), y_0=(B, H), b_h=(3 * H,)) | cell_weights(rng, E, H, 3)


DECODER = {"layer": "minis2s.layers.stepping.SteppedStack", "model": "minis2s.models.decoder.Decoder"}
LSTM_WEIGHTS = {"W_x, W_h, b": "(E, 4H), (H, 4H), (4H,)"}
OUTPUT = {"W_o, b_o": "(H, V), (V,)"}

register(
    id="D4.3",
    title="Decoder recurrence over embedded words",
    section="D4 §3.3",
    printed="h_t = RNN(h_{t-1}, s_t)",
    latex=r"h_t = \tanh(h_{t-1} W_h + s_t W_x + b),\quad s_t = W_{\mathrm{emb}}[w_t]",
    symbols={
        "w_t": "(S, B) word numbers",
        "W_emb": "(V, E)",
        "s_t": "(S, B, E) word vectors",
        "h_t": "(S, B, H) hidden states; h_0 (B, H)",
        "W_x, W_h, b": "(E, H), (H, H), (H,)",
    },
    forward=decode_words,
    backward=decode_words_backward,
    inputs=words_inputs,
    wrt=("W_emb", "h_0", "W_x", "W_h", "b"),
    derivation="""\
From t = S to 1, with δ_t = ∂L/∂h_t (directly) + (from step t+1): D4.1 gives ∂L/∂s_t, ∂L/∂h_{t-1} and a share of W_x, W_h, b.
The ∂L/∂s_t are then scattered to the rows of W_emb that were looked up, D4.7.""",
    source="as printed, with the vanilla cell D4.1 for RNN",
    layer="minis2s.layers.stepping.SteppedStack",
    model="minis2s.models.decoder.Decoder",
    lesson="07_encoder_decoder",
)

register(
    id="D1.2",
    title="Decoder step with the previous output fed back",
    section="D1",
    printed="y_j = f_dec(h_i, y_{j-1}; φ)",
    latex=r"s_j = \mathrm{LSTM}(W_{\mathrm{emb}}[y_{j-1}], s_{j-1}),\quad s_0 = h_n,"
    r"\quad p(y_j) = \mathrm{softmax}(s_j W_o + b_o)",
    symbols={
        "y_{j-1}": "(S, B) previous words",
        "h_n, c_n": "(B, H) the encoder's last state",
        "W_emb": "(V, E)",
        **LSTM_WEIGHTS,
        **OUTPUT,
        "p": "(S, B, V) a distribution over words for each step",
    },
    forward=feed_back,
    backward=feed_back_backward,
    inputs=feed_back_inputs,
    wrt=("h_n", "c_n", "W_emb", "W_x", "W_h", "b", "W_o", "b_o"),
    derivation="""\
D4.4, then D1.1's back-propagation through time, then D4.7. The choice of a word has no gradient: under teacher forcing y_{j-1} is
the true word, a constant. ∂L/∂h_n is what the encoder learns from.""",
    source="as printed, with an LSTM for f_dec and D4.4 for y_j",
    erratum="X13: the printed h_i has a free index; it is the encoder's last state. X14: the word that is fed is y_{j-1}.",
    lesson="07_encoder_decoder",
    **DECODER,
)

register(
    id="D2.2-printed",
    title="Decoder in step with the encoder",
    section="D2 §4.2",
    printed="y_t = g(y_{t-1}, h_t)",
    latex=r"y_t = \mathrm{GRU}(h_t, y_{t-1})",
    symbols={
        "h_t": "(T, B, E) encoder states",
        "y_t": "(T, B, H) decoder states; y_0 (B, H)",
        "W_x, W_h, b, b_h": "(E, 3H), (H, 3H), (3H,), (3H,)",
    },
    forward=decode_in_step,
    backward=decode_in_step_backward,
    inputs=in_step_inputs,
    wrt=("h", "y_0", "W_x", "W_h", "b", "b_h"),
    derivation="Back-propagation through time as in D1.1, with D0.9 as the cell and the encoder states as its inputs.",
    source="as printed, with a GRU for g",
    lesson="03_back_propagation_through_time",
    erratum="X13: with y_t paired with h_t, a translation has exactly as many words as its source.",
)

register(
    id="D2.10",
    title="Sequence generation without an encoder: the language model",
    section="D2 §2",
    printed="(worded: in sequence generation the encoder may be empty, directly from the input sequence)",
    latex=r"L = -\frac1N \sum_t \log p(w_{t+1} \mid w_1, \dots, w_t),\quad p = \mathrm{softmax}(h_t W_o + b_o),"
    r"\quad h_t = \mathrm{LSTM}(W_{\mathrm{emb}}[w_t], h_{t-1})",
    symbols={
        "w_t": "(T+1, B) word numbers of the sequence",
        "W_emb": "(V, E)",
        "h_0, c_0": "(B, H) initial state",
        **LSTM_WEIGHTS,
        **OUTPUT,
        "L": "scalar, nats per word",
    },
    forward=continuation_loss,
    backward=continuation_loss_backward,
    inputs=continuation_inputs,
    wrt=("h_0", "c_0", "W_emb", "W_x", "W_h", "b", "W_o", "b_o"),
    derivation="D1.3, D4.4's affine map, D1.1's back-propagation through time, D4.7. Each word is a target, and then an input.",
    source="Mikolov et al. 2010, Interspeech; with an LSTM",
    layer="minis2s.layers.stepping.SteppedStack",
    model="minis2s.models.seq2seq.LanguageModel",
    lesson="09_whole_model",
)

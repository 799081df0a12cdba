"""D4.1, D0.9 and D2.1: the recurrent cells; D0.6: what is read off their state."""

from minis2s.equations.catalogue.folds import cell_weights, random_arrays
from minis2s.equations.catalogue.lstm import cell_inputs, cell_of_inputs, cell_of_inputs_backward
from minis2s.equations.gru import (
    gru_cell,
    gru_cell_backward,
    gru_cell_reset_before,
    gru_cell_reset_before_backward,
)
from minis2s.equations.linear import linear, linear_backward
from minis2s.equations.lstm import lstm_pointwise, lstm_pointwise_backward
from minis2s.equations.registry import register
from minis2s.equations.rnn import rnn_cell, rnn_cell_backward


def rnn_inputs(rng, B=3, E=4, H=2):
    return random_arrays(rng, x=(B, E), h_prev=(B, H)) | cell_weights(rng, E, H, 1)


def gru_reset_before_inputs(rng, B=3, E=4, H=2):
    return random_arrays(rng, x=(B, E), h_prev=(B, H)) | cell_weights(rng, E, H, 3)


def gru_inputs(rng, B=3, E=4, H=2):
    return gru_reset_before_inputs(rng, B, E, H) | random_arrays(rng, b_h=(3 * H,))


def read_off_inputs(rng, T=2, B=3, H=4, Y=5):
    return random_arrays(rng, x=(T, B, H), W=(H, Y), b=(Y,))


STEP = {"x_t": "(B, E) input vectors of step t", "h_{t-1}": "(B, H) hidden state before it", "h_t": "(B, H) new hidden state"}

RNN = {
    "forward": rnn_cell,
    "backward": rnn_cell_backward,
    "inputs": rnn_inputs,
    "wrt": ("x", "h_prev", "W_x", "W_h", "b"),
    "latex": r"h_t = \tanh(h_{t-1} W_h + x_t W_x + b)",
    "symbols": {**STEP, "W_x": "(E, H)", "W_h": "(H, H)", "b": "(H,)"},
    "derivation": """\
With a = h_{t-1} W_h + x_t W_x + b, so that h_t = tanh(a) and tanh' = 1 − tanh²:
  ∂L/∂a = ∂L/∂h_t ⊙ (1 − h_t²)
  ∂L/∂h_{t-1} = ∂L/∂a W_hᵀ     ∂L/∂W_h = h_{t-1}ᵀ ∂L/∂a
  ∂L/∂x_t = ∂L/∂a W_xᵀ         ∂L/∂W_x = x_tᵀ ∂L/∂a         ∂L/∂b = Σ_rows ∂L/∂a
Over T steps ∂L/∂h_0 contains T factors (1 − h²) W_hᵀ: it vanishes or explodes with T. The LSTM's D0.4 avoids that.""",
    "layer": "minis2s.layers.cells.RNNCell",
    "model": "minis2s.models.seq2seq.Seq2Seq",
}
GRU_SYMBOLS = {
    **STEP,
    "r_t": "(B, H) reset gate, each entry in (0, 1)",
    "z_t": "(B, H) update gate; near 1 it keeps the old state",
    "n_t": "(B, H) candidate, each entry in (−1, 1)",
    "W_x": "(E, 3H) its column blocks are W_xr, W_xz, W_xn",
    "W_h": "(H, 3H) its column blocks are W_hr, W_hz, W_hn",
    "b": "(3H,) blocks r, z, n",
}
GRU_GATES = r"""r_t = \sigma(h_{t-1} W_{hr} + x_t W_{xr} + b_r),\quad z_t = \sigma(h_{t-1} W_{hz} + x_t W_{xz} + b_z),\quad """
GRU_UPDATE = r"""h_t = (1 - z_t) \odot n_t + z_t \odot h_{t-1}"""
GRU = {
    "forward": gru_cell,
    "backward": gru_cell_backward,
    "inputs": gru_inputs,
    "wrt": ("x", "h_prev", "W_x", "W_h", "b", "b_h"),
    "latex": GRU_GATES + r"n_t = \tanh(x_t W_{xn} + b_n + r_t \odot (h_{t-1} W_{hn} + b_{hn})),\quad " + GRU_UPDATE,
    "symbols": {**GRU_SYMBOLS, "b_h": "(3H,) bias of the recurrent product; in the formula only its block b_hn shows"},
    "derivation": """\
With δ = ∂L/∂h_t, and m = h_{t-1} W_hn + b_hn inside of the candidate's n = tanh(a_n), a_n = x W_xn + b_n + r ⊙ m:
  ∂L/∂z = δ ⊙ (h_{t-1} − n)     ∂L/∂n = δ ⊙ (1 − z)     and directly ∂L/∂h_{t-1} ∋ δ ⊙ z
  ∂L/∂a_n = ∂L/∂n ⊙ (1 − n²)
  ∂L/∂r = ∂L/∂a_n ⊙ m           ∂L/∂m = ∂L/∂a_n ⊙ r
  ∂L/∂a_r = ∂L/∂r ⊙ r(1 − r)    ∂L/∂a_z = ∂L/∂z ⊙ z(1 − z)
The product with x receives (∂a_r, ∂a_z, ∂a_n), the one with h_{t-1} receives (∂a_r, ∂a_z, ∂m); both are affine, as in D0.1.
h_{t-1} adds up what comes through z ⊙ h_{t-1} and what comes through the product.""",
    "source": "Cho et al. 2014, arXiv:1406.1078, equations 5–8, with the reset gate after the product as in PyTorch's nn.GRU",
    "layer": "minis2s.layers.cells.GRUCell",
    "model": "minis2s.models.seq2seq.Seq2Seq",
}
LSTM = {
    "forward": lstm_pointwise,
    "backward": lstm_pointwise_backward,
    "checked": (cell_of_inputs, cell_of_inputs_backward),
    "inputs": cell_inputs,
    "wrt": ("x", "h_prev", "c_prev", "W_x", "W_h", "b"),
    "latex": r"(h_t, c_t) = \mathrm{LSTM}(x_t, h_{t-1}, c_{t-1})",
    "symbols": {**STEP, "c_t": "(B, H) cell state", "W_x, W_h, b": "(E, 4H), (H, 4H), (4H,), blocks i, f, o, g: see D0.1"},
    "derivation": """\
D0.5, D0.4 and D0.1–D0.3 in reverse. With d_h = ∂L/∂h_t and d_c = ∂L/∂c_t from the next step:
  d_o = d_h ⊙ tanh(c_t)     d_c ← d_c + d_h ⊙ o ⊙ (1 − tanh²(c_t))
  d_i = d_c ⊙ g   d_f = d_c ⊙ c_{t-1}   d_g = d_c ⊙ i   d_c_{t-1} = d_c ⊙ f
each gate times its slope, and one product for all four blocks.""",
    "layer": "minis2s.layers.cells.LSTMCell",
    "model": "minis2s.models.seq2seq.Seq2Seq",
}

register(
    id="D4.1",
    title="Vanilla recurrence",
    section="D4 §3.2",
    printed="h_t = RNN(h_{t-1}, x_t)",
    source="Elman 1990, Cognitive Science 14(2); D4 does not say what RNN computes",
    lesson="03_back_propagation_through_time",
    **RNN,
)

register(
    id="D0.9",
    title="Gated recurrent unit, reset after the product",
    section="D0 §3.1–3.2",
    lesson="06_gru",
    printed="(worded: the encoder and the decoder may use an LSTM or a GRU)",
    **GRU,
)

register(
    id="D0.9-cho",
    title="Gated recurrent unit, reset before the product",
    section="D0 §3.1–3.2",
    layer="minis2s.layers.cells.GRUCellResetBefore",
    model="minis2s.models.seq2seq.Seq2Seq",
    lesson="06_gru",
    printed="(worded: the encoder and the decoder may use an LSTM or a GRU)",
    forward=gru_cell_reset_before,
    backward=gru_cell_reset_before_backward,
    inputs=gru_reset_before_inputs,
    wrt=("x", "h_prev", "W_x", "W_h", "b"),
    latex=GRU_GATES + r"n_t = \tanh(x_t W_{xn} + b_n + (r_t \odot h_{t-1}) W_{hn}),\quad " + GRU_UPDATE,
    symbols=GRU_SYMBOLS,
    derivation="""\
As D0.9, but the reset gate acts on y = r ⊙ h_{t-1}, before the product, so that n = tanh(x W_xn + b_n + y W_hn):
  ∂L/∂a_n = δ ⊙ (1 − z) ⊙ (1 − n²)       ∂L/∂y = ∂L/∂a_n W_hnᵀ       ∂L/∂W_hn = yᵀ ∂L/∂a_n
  ∂L/∂r = ∂L/∂y ⊙ h_{t-1}                 ∂L/∂h_{t-1} ∋ ∂L/∂y ⊙ r
h_{t-1} is reached three times: through the update, through the reset, and through the gates' product.""",
    source="Cho et al. 2014, arXiv:1406.1078, equations 5–8",
)

for id, name, fields in [("D2.1", "LSTM", LSTM), ("D2.1-gru", "GRU", GRU), ("D2.1-rnn", "vanilla cell", RNN)]:
    register(
        id=id,
        title=f"Recurrent encoder step: the {name}",
        section="D2 §4.1",
        printed="h_t = f(h_{t-1}, x_t)",
        lesson="03_back_propagation_through_time",
        **{"source": f"D2 names 'RNN or Transformer' for f; a Transformer is no such recurrence. Here f is the {name}"} | fields,
    )

register(
    id="D0.6",
    title="Output vector",
    section="D0 §3.1–3.2",
    printed="(worded: update the output vector y_t)",
    latex=r"y_t = h_t W_y + b_y",
    symbols={"h_t": "(T, B, H) hidden states", "W_y": "(H, Y)", "b_y": "(Y,)", "y_t": "(T, B, Y) output vectors"},
    forward=linear,
    backward=linear_backward,
    inputs=read_off_inputs,
    wrt=("x", "W", "b"),
    derivation="""\
y is affine in h, W and b. With δ = ∂L/∂y:
  ∂L/∂h_t = δ_t Wᵀ     ∂L/∂W = Σ_t h_tᵀ δ_t     ∂L/∂b = Σ_t Σ_rows δ_t
As the sums run over all steps, one product with the steps stacked computes each.""",
    source="D0 gives no formula; the affine read-out of every recurrent network (Elman 1990). D4.4 puts a softmax on it",
    layer="minis2s.layers.linear.Linear",
    model="minis2s.models.seq2seq.Seq2Seq",
    lesson="09_whole_model",
)

"""The long short-term memory cell: D0.1–D0.5 (D0 §3.1; Hochreiter and Schmidhuber 1997, with Gers' forget gate).

    i_t = σ(W_i·[h_{t-1}, x_t] + b_i)                               D0.1   input gate
    f_t = σ(W_f·[h_{t-1}, x_t] + b_f)                               D0.2   forget gate
    o_t = σ(W_o·[h_{t-1}, x_t] + b_o)                               D0.3   output gate
    c_t = f_t ⊙ c_{t-1} + i_t ⊙ g_t,  g_t = tanh(W_c·[h_{t-1}, x_t] + b_c)   D0.4   cell state, candidate
    h_t = o_t ⊙ tanh(c_t)                                           D0.5   hidden state

The four products are one: with the blocks in the order i, f, o, g and W split by rows into a part for h and a part for x,

    a_t = W·[h_{t-1}, x_t] + b = h_{t-1} W_h + (x_t W_x + b),

where the bracket does not depend on the recurrence. A layer computes it for all steps with a single product, and the loop
is left with `linear(h_prev, W_h, z_t)` followed by `lstm_pointwise`.
"""

from typing import Any, NamedTuple

from minis2s.backend import array_module, elementwise
from minis2s.equations.activations import sigmoid_slope, sigmoid_values, tanh_slope
from minis2s.equations.linear import linear, linear_backward


class LSTMGates(NamedTuple):
    i: Any
    f: Any
    o: Any
    g: Any


class LSTMState(NamedTuple):
    h: Any
    c: Any


class LSTMPointwiseGradients(NamedTuple):
    a: Any
    c_prev: Any


class LSTMPreactivationGradients(NamedTuple):
    x: Any
    h_prev: Any
    W_x: Any
    W_h: Any
    b: Any


def lstm_preactivation(x, h_prev, W_x, W_h, b):
    """a = W·[h_prev, x] + b = h_prev W_h + (x W_x + b), the four blocks i, f, o, g side by side.

    x: (B, E); h_prev: (B, H); W_x: (E, 4H); W_h: (H, 4H); b: (4H,). Returns a (B, 4H).
    """
    z, cache_x = linear(x, W_x, b)
    a, cache_h = linear(h_prev, W_h, z)
    return a, (cache_x, cache_h)


def lstm_preactivation_backward(d_a, cache):
    """The two products' gradients; the addend z of the second is the output of the first."""
    cache_x, cache_h = cache
    d_h_prev, d_W_h, d_z = linear_backward(d_a, cache_h)
    d_x, d_W_x, d_b = linear_backward(d_z, cache_x)
    return LSTMPreactivationGradients(d_x, d_h_prev, d_W_x, d_W_h, d_b)


def lstm_gates(a):
    """D0.1–D0.3 and the candidate: i, f, o = σ(a_i), σ(a_f), σ(a_o); g = tanh(a_g).

    a: (B, 4H) pre-activations. Returns LSTMGates of (B, H) each. The three sigmoids are one contiguous block.
    """
    H = a.shape[-1] // 4
    s = sigmoid_values(a[..., : 3 * H])
    g = array_module(a).tanh(a[..., 3 * H :])
    gates = LSTMGates(s[..., :H], s[..., H : 2 * H], s[..., 2 * H :], g)
    return gates, gates


def lstm_gates_backward(d_gates, cache):
    """d_a, block by block: d ⊙ σ' for the gates, d ⊙ tanh' for the candidate; a block that receives None is zero."""
    xp = array_module(cache.g)
    d_gates = [xp.zeros_like(y) if d_y is None else d_y for d_y, y in zip(d_gates, cache, strict=True)]
    return xp.concatenate(_gate_slopes(*d_gates, *cache), axis=-1)


@elementwise
def _gate_slopes(d_i, d_f, d_o, d_g, i, f, o, g):
    return sigmoid_slope(d_i, i), sigmoid_slope(d_f, f), sigmoid_slope(d_o, o), tanh_slope(d_g, g)


def lstm_cell_state(i, f, g, c_prev):
    """D0.4: c = f ⊙ c_prev + i ⊙ g. All (B, H)."""
    return _cell_state(i, f, g, c_prev), (i, f, g, c_prev)


@elementwise
def _cell_state(i, f, g, c_prev):
    return f * c_prev + i * g


class LSTMCellStateGradients(NamedTuple):
    i: Any
    f: Any
    g: Any
    c_prev: Any


def lstm_cell_state_backward(d_c, cache):
    """d_i = d_c ⊙ g, d_f = d_c ⊙ c_prev, d_g = d_c ⊙ i, d_c_prev = d_c ⊙ f: each factor receives the other one."""
    i, f, g, c_prev = cache
    return LSTMCellStateGradients(*_cell_state_gradients(d_c, i, f, g, c_prev))


@elementwise
def _cell_state_gradients(d_c, i, f, g, c_prev):
    return d_c * g, d_c * c_prev, d_c * i, d_c * f


def lstm_hidden_state(o, c):
    """D0.5: h = o ⊙ tanh(c). All (B, H)."""
    h, tanh_c = _hidden_state(o, c)
    return h, (o, tanh_c)


@elementwise
def _hidden_state(o, c):
    tanh_c = array_module(c).tanh(c)
    return o * tanh_c, tanh_c


class LSTMHiddenStateGradients(NamedTuple):
    o: Any
    c: Any


def lstm_hidden_state_backward(d_h, cache):
    """d_o = d_h ⊙ tanh(c), d_c = d_h ⊙ o ⊙ (1 − tanh²(c))."""
    return LSTMHiddenStateGradients(*_hidden_state_gradients(d_h, *cache))


@elementwise
def _hidden_state_gradients(d_h, o, tanh_c):
    return d_h * tanh_c, tanh_slope(d_h * o, tanh_c)


def lstm_pointwise(a, c_prev):
    """Everything after the matrix products: (a, c_{t-1}) → (h_t, c_t).

    a: (B, 4H) in the order i, f, o, g; c_prev: (B, H). Returns LSTMState(h, c), each (B, H).
    """
    gates, gates_cache = lstm_gates(a)  # 1
    c, cell_cache = lstm_cell_state(gates.i, gates.f, gates.g, c_prev)  # 2
    h, hidden_cache = lstm_hidden_state(gates.o, c)  # 3
    return LSTMState(h, c), (gates_cache, cell_cache, hidden_cache)


def lstm_pointwise_backward(d_state, cache):
    """Gradients (a, c_prev) from LSTMState(d_h, d_c); either may be None, not both.

    c_t reaches the loss twice: through h_t (step 3), and directly as the next step's c_{t-1}. The two add up.
    """
    d_h, d_c = d_state
    gates_cache, cell_cache, hidden_cache = cache
    d_o = None
    if d_h is not None:
        d_o, d_c_of_h = lstm_hidden_state_backward(d_h, hidden_cache)  # 3
        d_c = d_c_of_h if d_c is None else d_c + d_c_of_h
    d_i, d_f, d_g, d_c_prev = lstm_cell_state_backward(d_c, cell_cache)  # 2
    d_a = lstm_gates_backward(LSTMGates(d_i, d_f, d_o, d_g), gates_cache)  # 1
    return LSTMPointwiseGradients(d_a, d_c_prev)

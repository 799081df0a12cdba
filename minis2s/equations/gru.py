"""The gated recurrent unit, D0.9 (Cho et al. 2014, arXiv:1406.1078, equations 5–8), in the two forms that are in use.

    r = σ(a_r)                              reset gate
    z = σ(a_z)                              update gate
    n = tanh(…)                             candidate
    h_t = (1 − z) ⊙ n + z ⊙ h_{t-1}         z near 1 keeps the old state: the polarity of Cho's equation 7 and of PyTorch
                                            (Chung et al. 2014, arXiv:1412.3555, swap z and 1 − z)

The forms differ in where the reset gate acts, written with a_x = x_t W_x + b:

    after the product    n = tanh(a_xn + r ⊙ (h_{t-1} W_hn + b_hn))     PyTorch, cuDNN; `gru_cell`
    before the product   n = tanh(a_xn + (r ⊙ h_{t-1}) W_hn)            Cho's equation 8; `gru_cell_reset_before`

Blocks lie in the order r, z, n, PyTorch's. a_x does not depend on the recurrence, so a layer computes it for all steps with one
`linear`. The loop is left with one product and `gru_pointwise`, or with two products around `gru_reset` and `gru_update`.
"""

from typing import Any, NamedTuple

from minis2s.backend import array_module, elementwise
from minis2s.equations.activations import sigmoid_slope, sigmoid_values, tanh, tanh_backward
from minis2s.equations.linear import linear, linear_backward


class GRUGates(NamedTuple):
    r: Any
    z: Any


class GRUResetGradients(NamedTuple):
    r: Any
    y: Any


class GRUUpdateGradients(NamedTuple):
    z: Any
    n: Any
    h_prev: Any


class GRUPointwiseGradients(NamedTuple):
    a_x: Any
    a_h: Any
    h_prev: Any


class GRUGradients(NamedTuple):
    x: Any
    h_prev: Any
    W_x: Any
    W_h: Any
    b: Any
    b_h: Any


def gru_gates(a):
    """r, z = σ(a_r), σ(a_z). a: (B, 2H), the blocks r, z side by side. Returns GRUGates of (B, H) each."""
    H = a.shape[-1] // 2
    s = sigmoid_values(a)
    gates = GRUGates(s[..., :H], s[..., H:])
    return gates, gates


def gru_gates_backward(d_gates, cache):
    """d_a = d ⊙ σ', block by block."""
    blocks = [sigmoid_slope(d, y) for d, y in zip(d_gates, cache, strict=True)]
    return array_module(cache.r).concatenate(blocks, axis=-1)


def gru_reset(r, y):
    """r ⊙ y: what the reset gate lets pass of y, which is h_{t-1} before the product, or h_{t-1} W_hn + b_hn after it."""
    return r * y, (r, y)


def gru_reset_backward(d_out, cache):
    """d_r = d ⊙ y, d_y = d ⊙ r: each factor receives the other one."""
    return GRUResetGradients(*_reset_gradients(d_out, *cache))


@elementwise
def _reset_gradients(d_out, r, y):
    return d_out * y, d_out * r


@elementwise
def _update(z, n, h_prev):
    return (1 - z) * n + z * h_prev


def gru_update(z, n, h_prev):
    """h = (1 − z) ⊙ n + z ⊙ h_prev: entry by entry a mean of the candidate and the old state. All (B, H)."""
    return _update(z, n, h_prev), (z, n, h_prev)


def gru_update_backward(d_h, cache):
    """d_z = d_h ⊙ (h_prev − n), d_n = d_h ⊙ (1 − z), d_h_prev = d_h ⊙ z."""
    return GRUUpdateGradients(*_update_gradients(d_h, *cache))


@elementwise
def _update_gradients(d_h, z, n, h_prev):
    return d_h * (h_prev - n), d_h * (1 - z), d_h * z


def gru_pointwise(a_x, a_h, h_prev):
    """Everything after the products, with the reset after them: (a_x, a_h, h_{t-1}) → h_t.

    a_x = x W_x + b and a_h = h_prev W_h + b_h: (B, 3H) in the order r, z, n; h_prev: (B, H). Returns h (B, H).
    """
    split = 2 * h_prev.shape[-1]
    gates, cache_gates = gru_gates(a_x[..., :split] + a_h[..., :split])  # 1
    y, cache_reset = gru_reset(gates.r, a_h[..., split:])  # 2
    n, cache_tanh = tanh(a_x[..., split:] + y)  # 3
    h, cache_update = gru_update(gates.z, n, h_prev)  # 4
    return h, (cache_gates, cache_reset, cache_tanh, cache_update)


def gru_pointwise_backward(d_h, cache):
    """h_{t-1} is reached twice: here through z ⊙ h_{t-1} (step 4), and through a_h by the product that made it."""
    cache_gates, cache_reset, cache_tanh, cache_update = cache
    d_z, d_n, d_h_prev = gru_update_backward(d_h, cache_update)  # 4
    d_a_n = tanh_backward(d_n, cache_tanh)  # 3
    d_r, d_a_hn = gru_reset_backward(d_a_n, cache_reset)  # 2
    d_a = gru_gates_backward(GRUGates(d_r, d_z), cache_gates)  # 1
    join = array_module(d_a).concatenate
    return GRUPointwiseGradients(join([d_a, d_a_n], axis=-1), join([d_a, d_a_hn], axis=-1), d_h_prev)


def gru_cell(x, h_prev, W_x, W_h, b, b_h):
    """One step with the reset after the product (PyTorch's nn.GRU).

    x: (B, E); h_prev: (B, H); W_x: (E, 3H); W_h: (H, 3H); b, b_h: (3H,), blocks r, z, n. Returns h (B, H). Of b_h only the block
    b_hn does what b could not, since it stands inside of r ⊙ (…).
    """
    a_x, cache_x = linear(x, W_x, b)  # 1
    a_h, cache_h = linear(h_prev, W_h, b_h)  # 2
    h, cache_pointwise = gru_pointwise(a_x, a_h, h_prev)  # 3
    return h, (cache_x, cache_h, cache_pointwise)


def gru_cell_backward(d_h, cache):
    cache_x, cache_h, cache_pointwise = cache
    d_a_x, d_a_h, d_h_prev = gru_pointwise_backward(d_h, cache_pointwise)  # 3
    d_h_prev_of_product, d_W_h, d_b_h = linear_backward(d_a_h, cache_h)  # 2
    d_x, d_W_x, d_b = linear_backward(d_a_x, cache_x)  # 1
    return GRUGradients(d_x, d_h_prev + d_h_prev_of_product, d_W_x, d_W_h, d_b, d_b_h)


def gru_cell_reset_before(x, h_prev, W_x, W_h, b):
    """One step with the reset before the product (Cho et al. 2014). Shapes as in `gru_cell`, without b_h."""
    split = 2 * h_prev.shape[-1]
    a_x, cache_x = linear(x, W_x, b)  # 1
    a, cache_a = linear(h_prev, W_h[:, :split], a_x[..., :split])  # 2
    gates, cache_gates = gru_gates(a)  # 3
    y, cache_reset = gru_reset(gates.r, h_prev)  # 4
    a_n, cache_n = linear(y, W_h[:, split:], a_x[..., split:])  # 5
    n, cache_tanh = tanh(a_n)  # 6
    h, cache_update = gru_update(gates.z, n, h_prev)  # 7
    return h, (cache_x, cache_a, cache_gates, cache_reset, cache_n, cache_tanh, cache_update)


def gru_cell_reset_before_backward(d_h, cache):
    """h_{t-1} is reached three times: by the gates' product (2), by the reset (4) and by the update (7). b_h is None."""
    cache_x, cache_a, cache_gates, cache_reset, cache_n, cache_tanh, cache_update = cache
    d_z, d_n, d_h_prev = gru_update_backward(d_h, cache_update)  # 7
    d_a_n = tanh_backward(d_n, cache_tanh)  # 6
    d_y, d_W_hn, d_a_xn = linear_backward(d_a_n, cache_n)  # 5
    d_r, d_h_prev_of_reset = gru_reset_backward(d_y, cache_reset)  # 4
    d_a = gru_gates_backward(GRUGates(d_r, d_z), cache_gates)  # 3
    d_h_prev_of_gates, d_W_hrz, d_a_xrz = linear_backward(d_a, cache_a)  # 2
    join = array_module(d_a).concatenate
    d_x, d_W_x, d_b = linear_backward(join([d_a_xrz, d_a_xn], axis=-1), cache_x)  # 1
    d_h_prev = d_h_prev + d_h_prev_of_reset + d_h_prev_of_gates
    return GRUGradients(d_x, d_h_prev, d_W_x, join([d_W_hrz, d_W_hn], axis=-1), d_b, None)

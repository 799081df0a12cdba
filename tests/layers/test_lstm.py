"""The LSTM over time: against scalar loops written from D0.1–D0.5, against PyTorch, and by the complex step at drawn lengths."""

from math import exp, tanh

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from minis2s.layers.lstm import LSTM

from minis2s.backend import select
from minis2s.equations.lstm import LSTMState
from minis2s.layers.base import Initialiser
from minis2s.layers.packing import Packing
from minis2s.models.check import check_lstm, mask_of

LENGTHS = (3, 6, 1, 0, 3, 4)
E, H = 3, 2


def layer_of(rng, reverse=False, dtype=np.float64, scale=1.0):
    layer = LSTM(E, H, Initialiser(rng, select("numpy"), dtype), reverse)
    for _, p in layer.named_parameters():
        p.value = (scale * rng.standard_normal(p.value.shape)).astype(dtype)
    return layer


def lstm_by_hand(x, h, c, W_x, W_h, b):
    """One sequence x (list of lists) from state lists h, c: D0.1–D0.5 with Python numbers. All h_t, and the last c."""
    H = len(h)
    outputs = []
    for x_t in x:
        row = [*h, *x_t]  # W·[h_{t-1}, x_t]
        weights = [*W_h.tolist(), *W_x.tolist()]
        a = [sum(r * w[k] for r, w in zip(row, weights, strict=True)) + b[k] for k in range(4 * H)]
        i, f, o = ([1 / (1 + exp(-a[block * H + k])) for k in range(H)] for block in range(3))
        c = [f[k] * c[k] + i[k] * tanh(a[3 * H + k]) for k in range(H)]
        h = [o[k] * tanh(c[k]) for k in range(H)]
        outputs.append(h)
    return outputs, h, c


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("with_state", [False, True])
def test_forward_is_the_documents_equations_repeated(reverse, with_state):
    rng = np.random.default_rng(1)
    layer, mask = layer_of(rng, reverse), mask_of(LENGTHS)
    T, B = mask.shape
    x = rng.standard_normal((T, B, E))
    state = LSTMState(rng.standard_normal((B, H)), rng.standard_normal((B, H))) if with_state else None
    (h, final), _ = layer.forward(x, Packing(mask), state)
    for b, n in enumerate(LENGTHS):
        h_0, c_0 = (state.h[b], state.c[b]) if with_state else (np.zeros(H), np.zeros(H))
        steps = range(n)[::-1] if reverse else range(n)
        weights = (p.value for p in (layer.W_x, layer.W_h, layer.b))
        outputs, h_n, c_n = lstm_by_hand([x[t, b].tolist() for t in steps], h_0.tolist(), c_0.tolist(), *weights)
        for t, expected in zip(steps, outputs, strict=True):
            np.testing.assert_allclose(h[t, b], expected, rtol=0, atol=1e-13)
        assert (h[n:, b] == 0).all()
        np.testing.assert_allclose(final.h[b], h_n, rtol=0, atol=1e-13)
        np.testing.assert_allclose(final.c[b], c_n, rtol=0, atol=1e-13)


def test_an_empty_column_keeps_its_initial_state_and_hands_its_gradient_through():
    rng = np.random.default_rng(2)
    layer, packing = layer_of(rng), Packing(mask_of((2, 0)))
    state, d = (LSTMState(rng.standard_normal((2, H)), rng.standard_normal((2, H))) for _ in range(2))
    (_, final), cache = layer.forward(rng.standard_normal((2, 2, E)), packing, state)
    layer.zero_gradients()
    _, d_state = layer.backward(None, d, cache)
    for part in ("h", "c"):
        np.testing.assert_array_equal(getattr(final, part)[1], getattr(state, part)[1])
        np.testing.assert_array_equal(getattr(d_state, part)[1], getattr(d, part)[1])


@pytest.mark.parametrize("lengths", [(3, 6, 1, 3, 4), (4, 4, 4), (1,)])
def test_both_directions_equal_torch_forward_and_backward(lengths):
    """Packed sequences, given initial states, gradients of all outputs and of both final states; float64, to 1e-10."""
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(3)
    layers = [layer_of(rng, reverse) for reverse in (False, True)]
    theirs = torch.nn.LSTM(E, H, bidirectional=True).double()
    for layer, suffix in zip(layers, ("", "_reverse"), strict=True):
        ours = {"weight_ih": layer.W_x.value, "weight_hh": layer.W_h.value, "bias_ih": layer.b.value}
        ours["bias_hh"] = np.zeros(4 * H)
        for name, value in ours.items():
            getattr(theirs, f"{name}_l0{suffix}").data = torch.from_numpy(gates_ifgo(value))
    mask = mask_of(lengths)
    T, B = mask.shape
    x, d_h = rng.standard_normal((T, B, E)), rng.standard_normal((T, B, 2 * H))
    h_0, c_0, d_h_n, d_c_n = (rng.standard_normal((2, B, H)) for _ in range(4))

    inputs = [torch.from_numpy(a).requires_grad_() for a in (x, h_0, c_0)]
    packed = torch.nn.utils.rnn.pack_padded_sequence(inputs[0], torch.tensor(lengths), enforce_sorted=False)
    out, final = theirs(packed, tuple(inputs[1:]))
    out, _ = torch.nn.utils.rnn.pad_packed_sequence(out)
    outputs = (out, *final)
    sum((y * torch.from_numpy(d)).sum() for y, d in zip(outputs, (d_h, d_h_n, d_c_n), strict=True)).backward()

    d_x = 0
    for k, layer in enumerate(layers):
        part = slice(k * H, (k + 1) * H)
        (h, (h_n, c_n)), cache = layer.forward(x, Packing(mask), LSTMState(h_0[k], c_0[k]))
        layer.zero_gradients()
        d_x_k, d_state = layer.backward(d_h[:, :, part], LSTMState(d_h_n[k], d_c_n[k]), cache)
        d_x = d_x + d_x_k
        close(h, out[..., part])
        close(h_n, final[0][k])
        close(c_n, final[1][k])
        close(d_state.h, inputs[1].grad[k])
        close(d_state.c, inputs[2].grad[k])
        suffix = ("", "_reverse")[k]
        for name, p in (("weight_ih", layer.W_x), ("weight_hh", layer.W_h), ("bias_ih", layer.b)):
            close(gates_ifgo(p.grad), getattr(theirs, f"{name}_l0{suffix}").grad)
    close(d_x, inputs[0].grad)


def gates_ifgo(W):
    """(…, 4H) in our order i, f, o, g → PyTorch's (4H, …) in the order i, f, g, o."""
    i, f, o, g = np.split(np.moveaxis(W, -1, 0), 4)
    return np.ascontiguousarray(np.concatenate([i, f, g, o]))


def close(ours, theirs):
    theirs = theirs.detach().numpy()
    assert ours.shape == theirs.shape
    assert np.linalg.norm(ours - theirs) <= 1e-10 * np.linalg.norm(theirs)


@settings(max_examples=12, deadline=None)
@given(st.lists(st.integers(0, 3), min_size=1, max_size=3).filter(any), st.booleans(), st.integers(0, 2**32 - 1))
def test_every_gradient_by_the_complex_step_over_drawn_lengths(lengths, reverse, seed):
    results = check_lstm("test", np.random.default_rng(seed), reverse, select("numpy"), ("complex-step",), tuple(lengths), E, H)
    assert {r.target.split(" (")[0] for r in results} == {"x", "h_0", "c_0", "W_x", "W_h", "b"}
    assert [r for r in results if not r.passed] == []


def test_what_padding_holds_has_no_influence_and_no_gradient():
    rng = np.random.default_rng(4)
    layer, mask = layer_of(rng), mask_of(LENGTHS)
    x, d_h = rng.standard_normal((*mask.shape, E)), rng.standard_normal((*mask.shape, H))
    results = []
    for rubbish in (0.0, np.nan, 1e300):
        (h, final), cache = layer.forward(np.where(mask[..., None], x, rubbish), Packing(mask))
        layer.zero_gradients()
        d_x, d_state = layer.backward(np.where(mask[..., None], d_h, rubbish), None, cache)
        assert (d_x[~mask] == 0).all() and (h[~mask] == 0).all()
        results.append([h, *final, d_x, *d_state, *(p.grad.copy() for _, p in layer.named_parameters())])
    for other in results[1:]:
        for a, b in zip(results[0], other, strict=True):
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("lengths", [(2, 5, 1), (3, 3, 3)])  # the second one is not sorted: arrays are handed out as they are
def test_arguments_are_not_changed_and_a_second_backward_gives_the_same_again(lengths):
    rng = np.random.default_rng(5)
    layer, mask = layer_of(rng), mask_of(lengths)
    T, B = mask.shape
    x, d_h = rng.standard_normal((T, B, E)), rng.standard_normal((T, B, H))
    state, d = (LSTMState(rng.standard_normal((B, H)), rng.standard_normal((B, H))) for _ in range(2))
    arguments = [x, d_h, *state, *d]
    before = [a.copy() for a in arguments]
    _, cache = layer.forward(x, Packing(mask), state)
    layer.zero_gradients()
    d_x, d_state = layer.backward(d_h, d, cache)
    once = [p.grad.copy() for _, p in layer.named_parameters()]
    d_x2, d_state2 = layer.backward(d_h, d, cache)
    for a, b in zip([d_x, *d_state], [d_x2, *d_state2], strict=True):
        np.testing.assert_array_equal(a, b)
    for g, (_, p) in zip(once, layer.named_parameters(), strict=True):
        np.testing.assert_array_equal(p.grad, g + g)  # gradients add up
    for a, b in zip(arguments, before, strict=True):
        np.testing.assert_array_equal(a, b)

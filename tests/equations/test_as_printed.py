"""The forms as printed compute what is printed. That it is wrong is shown in test_errata."""

from math import exp

import numpy as np
import pytest

from minis2s.equations import as_printed
from minis2s.equations.registry import equation, equations

from . import scalars
from .gradients import assert_gradients, assert_single_precision


def draw(id, seed=0, **sizes):
    return equation(id).inputs(np.random.default_rng(seed), **sizes)


def assert_close(a, b):
    np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-14)


def exponents(case, b):
    q = scalars.affine(case["z"][b], case["W_z"], case["b"])
    return [scalars.dot(case["v"], scalars.plus(scalars.times(h_j, case["W_h"]), q)) for h_j in case["h"][:, b]]


def test_the_worded_attention_of_D0():
    case = draw("D0.7-printed")
    p, _ = as_printed.worded_attention(**case)
    for b in range(p.shape[0]):
        assert_close(p[b], scalars.softmax(scalars.weighted(case["weights"][:, b], case["states"][:, b])))


def test_the_exponential_attention_of_D3():
    case = draw("D3.3-printed")
    alpha, _ = as_printed.exponential_attention(**case)
    for b in range(alpha.shape[1]):
        assert_close(alpha[:, b], [exp(e) for e in exponents(case, b)])


def test_the_same_normalised():
    case = draw("D3.3-normalised")
    alpha, _ = as_printed.affine_attention(**case)
    for b in range(alpha.shape[1]):
        if case["mask"][:, b].any():
            assert_close(alpha[:, b], scalars.softmax(exponents(case, b), case["mask"][:, b]))


def test_the_sigmoid_attention_of_D3():
    case = draw("D3.2-printed")
    alpha, _ = as_printed.sigmoid_attention(**case)
    for t, b in np.ndindex(*alpha.shape[:2]):
        a = scalars.plus(scalars.times(case["h"][t, b], case["W_h"]), scalars.affine(case["z"][t, b], case["W_z"], case["b"]))
        assert_close(alpha[t, b], [scalars.sigma(x) for x in a])


def test_the_growing_context_of_D4():
    c_prev, h = np.array([[1.0, 2.0]]), np.array([[3.0]])
    np.testing.assert_array_equal(as_printed.concatenate(c_prev, h)[0], [[1, 2, 3]])
    assert_gradients(as_printed.concatenate, as_printed.concatenate_backward, {"c_prev": c_prev, "h": h}, ("c_prev", "h"))
    assert_single_precision(as_printed.concatenate, as_printed.concatenate_backward, {"c_prev": c_prev, "h": h})


@pytest.mark.parametrize("T", [1, 3])
def test_the_last_position(T):
    states = np.random.default_rng(1).standard_normal((T, 2, 2))
    np.testing.assert_array_equal(as_printed.last_position(states)[0], states[T - 1])
    assert_gradients(as_printed.last_position, as_printed.last_position_backward, {"states": states}, ("states",))


CODE_WRT = ("state", "encoder_output", "W_q", "b_q", "W_k", "b_k", "W_v", "b_v")


def code_inputs(steps, B=2, T=4, H=3, seed=0):
    rng = np.random.default_rng(seed)
    shapes = {"state": (B, *steps, H), "encoder_output": (B, T, H)}
    shapes |= {f"W_{x}": (H, H) for x in "qkv"} | {f"b_{x}": (H,) for x in "qkv"}
    return {name: rng.standard_normal(shape) for name, shape in shapes.items()}


@pytest.mark.parametrize("steps", [(1,), (3,), ()], ids=["one query", "three queries", "no step axis"])
def test_the_attention_of_D3s_program(steps):
    """Line by line in PyTorch, batch first, with softmax(dim=1)."""
    case = code_inputs(steps)
    assert_gradients(as_printed.code_attention, as_printed.code_attention_backward, case, CODE_WRT)
    torch = pytest.importorskip("torch")
    t = {name: torch.tensor(value, requires_grad=True) for name, value in case.items()}
    q, k, v = (t[x] @ t[f"W_{w}"] + t[f"b_{w}"] for x, w in (("state", "q"), ("encoder_output", "k"), ("encoder_output", "v")))
    energy = torch.matmul(q, k.transpose(1, 2))
    theirs = torch.matmul(torch.nn.functional.softmax(energy, dim=1), v)
    c, cache = as_printed.code_attention(**case)
    assert_close(c, theirs.detach().numpy())
    d = np.random.default_rng(2).standard_normal(c.shape)
    theirs.backward(torch.tensor(d))
    for name, gradient in as_printed.code_attention_backward(d, cache)._asdict().items():
        np.testing.assert_allclose(gradient, t[name].grad.numpy(), atol=1e-12, err_msg=name)


def test_every_form_as_printed_names_its_erratum_and_the_row_has_a_right_form():
    rows = {entry.id for entry in equations()}
    for entry in equations():
        if entry.variant == "printed":
            assert entry.erratum.startswith("X") and entry.row in rows

"""Parameters, their names, their initial values; the embedding and the affine layer, which only own them."""

import numpy as np
import pytest

from minis2s.backend import select
from minis2s.errors import UsageError
from minis2s.gradcheck import check_pair
from minis2s.layers.base import Initialiser, Layer
from minis2s.layers.embedding import Embedding
from minis2s.layers.linear import Linear
from minis2s.layers.tied import TiedOutput
from minis2s.models.check import using


def init(seed=0, dtype=np.float64):
    return Initialiser(np.random.default_rng(seed), select("numpy"), dtype)


class Nested(Layer):
    def __init__(self):
        self.first = Linear(2, 3, init(0))
        self.rest = [Embedding(4, 2, init(1)), "no layer", Linear(3, 1, init(2))]
        self.size = 3


def test_names_come_in_the_order_of_definition():
    layer = Nested()
    assert [name for name, _ in layer.named_parameters()] == ["first.W", "first.b", "rest.0.W", "rest.2.W", "rest.2.b"]
    assert layer.n_parameters() == 6 + 3 + 8 + 3 + 1


def test_state_is_a_copy_and_assign_checks_names_and_shapes():
    layer = Nested()
    state = layer.state()
    state["first.b"][:] = 5
    assert (layer.first.b.value == 0).all()
    layer.assign(state)
    assert (layer.first.b.value == 5).all()
    with pytest.raises(KeyError, match=r"first\.b"):
        layer.assign({name: a for name, a in state.items() if name != "first.b"})
    with pytest.raises(KeyError, match="alien"):
        layer.assign(state | {"alien": np.ones(1)})
    with pytest.raises(ValueError, match=r"first\.b: shape \(4,\) does not fit \(3,\)"):
        layer.assign(state | {"first.b": np.ones(4)})


def test_a_failed_assignment_changes_nothing():
    layer = Nested()
    before = layer.state()
    with pytest.raises(ValueError):
        layer.assign({name: a + 1 for name, a in before.items()} | {"rest.2.b": np.ones(7)})
    for name, value in layer.state().items():
        np.testing.assert_array_equal(value, before[name])


def test_zero_gradients_begins_anew_and_follows_a_change_of_precision():
    layer = Linear(2, 3, init())
    layer.zero_gradients()
    layer.W.accumulate(np.ones((2, 3)))
    layer.zero_gradients()
    assert (layer.W.grad == 0).all()
    layer.assign({name: a.astype(np.float32) for name, a in layer.state().items()})
    layer.zero_gradients()
    assert layer.W.grad.dtype == np.float32


def test_initial_values():
    W = init().xavier(30, 50, blocks=4).value
    limit = (6 / 80) ** 0.5
    assert W.shape == (30, 200) and limit * 0.98 < np.abs(W).max() <= limit and abs(W.mean()) < 0.02 * limit
    b = init().lstm_bias(3).value
    assert b.tolist() == [0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0]  # i, f, o, g
    assert Initialiser(np.random.default_rng(0), select("numpy"), forget_bias=2.5).lstm_bias(1).value.tolist() == [0, 2.5, 0, 0]
    assert abs(init().normal(50, 50, std=0.3).value.std() - 0.3) < 0.01
    assert init(dtype=np.float32).normal(3, std=1.0).value.dtype == np.float32


@pytest.mark.parametrize("n_in, n_out", [(6, 6), (7, 4), (4, 7)])
def test_orthogonal_blocks_keep_lengths(n_in, n_out):
    """QᵀQ = 1 (or QQᵀ, if it is wide); over many draws no sign is preferred, so each entry is zero in the mean."""
    W = init().orthogonal(n_in, n_out, blocks=3).value
    assert W.shape == (n_in, 3 * n_out)
    for Q in np.split(W, 3, axis=1):
        product = Q.T @ Q if n_in >= n_out else Q @ Q.T
        np.testing.assert_allclose(product, np.eye(min(n_in, n_out)), rtol=0, atol=1e-13)
    blocks = np.concatenate(np.split(init().orthogonal(n_in, n_out, blocks=400).value, 400, axis=1))
    means = blocks.reshape(400, n_in, n_out).mean(axis=0)
    assert np.abs(means).max() < 5 * (1 / max(n_in, n_out) / 400) ** 0.5


def test_the_recurrent_weights_begin_as_asked():
    def made(recurrent):
        return Initialiser(np.random.default_rng(0), select("numpy"), np.float64, recurrent).recurrent(5, 2).value

    np.testing.assert_allclose(made("orthogonal")[:, :5].T @ made("orthogonal")[:, :5], np.eye(5), rtol=0, atol=1e-13)
    assert np.abs(made("xavier")).max() <= (6 / 10) ** 0.5
    with pytest.raises(UsageError, match="unknown initialisation 'orthagonal'; did you mean 'orthogonal'"):
        made("orthagonal")


@pytest.mark.parametrize("width", [2, 5])
def test_a_tied_output_reads_the_embeddings_own_vectors(width):
    """logits = (o W + b) Eᵀ + b', or o Eᵀ + b' where the widths agree; the vectors are counted once, their gradients add up."""
    rng = np.random.default_rng(4)
    words = Embedding(7, 2, init())
    layer = TiedOutput(width, words, init(1))
    assert ("narrow.W" in dict(layer.named_parameters())) == (width != 2)
    layer.b.value = rng.standard_normal(7)
    o, d = rng.standard_normal((3, width)), rng.standard_normal((3, 7))
    logits, cache = layer.forward(o)
    u = o @ layer.narrow.W.value + layer.narrow.b.value if width != 2 else o
    np.testing.assert_allclose(logits, u @ words.W.value.T + layer.b.value, rtol=0, atol=1e-14)
    words.zero_gradients()
    layer.zero_gradients()
    layer.backward(d, cache)
    layer.backward(d, cache)
    np.testing.assert_allclose(words.W.grad, 2 * d.T @ u, rtol=0, atol=1e-13)


def test_embedding_looks_up_and_adds_the_gradients_of_repeated_words():
    layer = Embedding(5, 2, init())
    ids = np.array([[3, 1], [3, 0], [3, 1]])
    x, cache = layer.forward(ids)
    onehot = np.eye(5)[ids]
    np.testing.assert_array_equal(x, onehot @ layer.W.value)
    d_x = np.random.default_rng(1).standard_normal(x.shape)
    layer.zero_gradients()
    layer.backward(d_x, cache)
    np.testing.assert_allclose(layer.W.grad, onehot.reshape(-1, 5).T @ d_x.reshape(-1, 2), rtol=0, atol=1e-15)
    layer.backward(d_x, cache)
    np.testing.assert_allclose(layer.W.grad, 2 * onehot.reshape(-1, 5).T @ d_x.reshape(-1, 2), rtol=0, atol=1e-15)


@pytest.mark.parametrize("shape", [(4,), (2, 3)])
def test_linear_gradients(shape):
    rng = np.random.default_rng(2)
    layer = Linear(2, 3, init())
    layer.b.value = rng.standard_normal(3)

    def forward(x, **parameters):
        with using(layer, parameters):
            return layer.forward(x)

    class Gradients:
        def __init__(self, d_y, cache):
            layer.zero_gradients()
            self.x = layer.backward(d_y, cache)
            self.W, self.b = layer.W.grad, layer.b.grad

    x = rng.standard_normal((*shape, 2))
    y, _ = layer.forward(x)
    for at in np.ndindex(*shape):
        by_hand = [sum(x[at][i] * layer.W.value[i, k] for i in range(2)) + layer.b.value[k] for k in range(3)]
        np.testing.assert_allclose(y[at], by_hand, rtol=0, atol=1e-14)
    inputs = {"x": x} | layer.state_on_backend()
    results = check_pair("linear", forward, Gradients, inputs, tuple(inputs), rng)
    assert [r for r in results if not r.passed] == []

"""The catalogue's compositions, which are written to be read, give what the layers give, which do the same with less work."""

import numpy as np
import pytest

from minis2s.backend import select
from minis2s.data.vocabulary import BOS, EOS, PAD
from minis2s.decoding.greedy import greedy
from minis2s.equations import search
from minis2s.equations.lstm import LSTMState
from minis2s.equations.registry import equation
from minis2s.layers.attention import Attention
from minis2s.layers.base import Initialiser
from minis2s.layers.cells import cell
from minis2s.layers.embedding import Embedding
from minis2s.layers.linear import Linear
from minis2s.layers.packing import Packing
from minis2s.layers.recurrent import Recurrent
from minis2s.layers.stepping import SteppedStack
from minis2s.models.configuration import ModelConfig
from minis2s.models.decoder import Decoder
from minis2s.models.seq2seq import Seq2Seq


def initialiser():
    return Initialiser(np.random.default_rng(0), select("numpy"), np.float64)


def assert_close(a, b):
    np.testing.assert_allclose(a, b, rtol=0, atol=1e-14)


@pytest.mark.parametrize("seed", range(3))
def test_the_lstm_layer_is_the_fold_D1_1(seed):
    case = equation("D1.1").inputs(np.random.default_rng(seed), T=5, B=4, E=3, H=2)
    (out, cache), d = equation("D1.1").forward(**case), np.random.default_rng(9)
    d_out = type(out)(*(d.standard_normal(y.shape) for y in out))
    expected = equation("D1.1").backward(d_out, cache)
    layer = Recurrent(cell("lstm")(3, 2, initialiser()))
    layer.cell.assign({name: case[name] for name in ("W_x", "W_h", "b")})
    layer.zero_gradients()
    (h, final), cache = layer.forward(case["x"], Packing(case["mask"]), LSTMState(case["h_0"], case["c_0"]))
    d_x, d_state = layer.backward(d_out.h, LSTMState(d_out.h_n, d_out.c_n), cache)
    for a, b in zip((h, *final), out, strict=True):
        assert_close(a, b)
    gradients = {"x": d_x, "h_0": d_state.h, "c_0": d_state.c} | {name: p.grad for name, p in layer.cell.named_parameters()}
    for name, gradient in gradients.items():
        np.testing.assert_allclose(gradient, getattr(expected, name), rtol=0, atol=1e-13, err_msg=name)


@pytest.mark.parametrize("seed", range(3))
def test_the_decoder_is_the_recurrent_decoder_with_attention_D2_2(seed):
    S, T, B, E, C, H, A, V = 4, 5, 3, 2, 3, 4, 6, 7
    rng = np.random.default_rng(seed)
    case = equation("D2.2").inputs(rng, S=S, T=T, B=B, E=E, C=C, H=H, A=A)
    words, ids = rng.standard_normal((V, E)), rng.integers(0, V, (S, B))
    init = initialiser()
    stack, attention = SteppedStack("lstm", 1, E, H, init), Attention("additive", H, C, A, init)
    decoder = Decoder(Embedding(V, E, init), stack, attention, lambda width: Linear(width, V, init), init)
    W_o = rng.standard_normal((H + C, V))
    W_o[H:] = 0  # the logits then show the states alone
    decoder.assign({
        "reader.W": words, "context.score.W_s": case["W_s"], "context.score.W_h": case["W_m"], "context.score.v": case["v"],
        "stack.layers.0.W_x": case["W_x"][:E], "W_c": case["W_x"][E:], "stack.layers.0.W_h": case["W_h"],
        "stack.layers.0.b": case["b"], "output.W": W_o, "output.b": np.zeros(V),
    })  # fmt: skip
    state = LSTMState(case["s_0"], case["c_0"])
    (logits, _), _ = decoder.forward(ids, Packing(np.ones((S, B), bool)), case["memory"], np.ones((T, B), bool), [state])
    s, _ = equation("D2.2").forward(**(case | {"x": words[ids]}))
    np.testing.assert_allclose(logits.reshape(S, B, V), s @ W_o[:H], rtol=0, atol=1e-13)


@pytest.mark.parametrize("seed", range(5))
def test_greedy_decoding_of_a_sentence_is_greedy_search_D1_5(seed):
    rng, limit = np.random.default_rng(seed), 6
    config = ModelConfig(embedding_size=3, hidden_size=4, attention_size=5)
    model = Seq2Seq(config, 8, 9, rng, dtype=np.float64)
    model.decoder.output.W.value *= 4  # so that the words' probabilities differ
    source, mask = rng.integers(4, 8, (5, 1)), np.ones((5, 1), bool)

    def step(state, token):
        logits, state, _ = model.step(np.array([token]), state)
        log_p = logits[0] - np.log(np.exp(logits[0]).sum())
        log_p[[PAD, BOS]] = -np.inf
        return log_p, state

    found = search.greedy(step, model.start(source, mask), BOS, EOS, limit)
    [decoded] = greedy(model, source, mask, limit)
    words = [word for word in found.tokens if word != EOS]
    assert decoded.words == words
    if found.tokens[-1] == EOS:
        assert decoded.complete and decoded.log_probability == pytest.approx(found.log_p, rel=1e-12)

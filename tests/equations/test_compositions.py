"""Encoders and decoders as the catalogue composes them, sentence by sentence with scalars and against PyTorch's modules."""

from math import log

import numpy as np
import pytest

from minis2s.equations.registry import equation

from . import scalars

LSTM = ("W_x", "W_h", "b")


def run(id, seed=0):
    """(inputs, outputs) of an entry at random inputs."""
    entry = equation(id)
    inputs = entry.inputs(np.random.default_rng(seed))
    return inputs, (entry.checked or (entry.forward,))[0](**inputs)[0]


def lstm_weights(case, prefix=""):
    return [case[prefix + name] for name in LSTM]


def words(x, mask, b):
    """The vectors of sentence b, without padding."""
    return [x_t for x_t, m in zip(x[:, b], mask[:, b], strict=True) if m]


def padded(states, like):
    """With zeros where there is padding."""
    return states + [[0.0] * like.shape[-1]] * (like.shape[0] - len(states))


def assert_close(a, b):
    np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("seed", range(3))
def test_encoder(seed):
    case, out = run("D1.1", seed)
    for b in range(out.h_n.shape[0]):
        x = words(case["x"], case["mask"], b)
        states, (h, c) = scalars.lstm_over(x, case["h_0"][b], case["c_0"][b], lstm_weights(case))
        assert_close(out.h[:, b], padded(states, out.h))
        assert_close(out.h_n[b], h)
        assert_close(out.c_n[b], c)


@pytest.mark.parametrize("seed", range(3))
def test_bidirectional_encoder(seed):
    case, h = run("D3.7", seed)
    for b in range(h.shape[1]):
        x = words(case["x"], case["mask"], b)
        right, _ = scalars.lstm_over(x, case["right_h_0"][b], case["right_c_0"][b], lstm_weights(case, "right_"))
        left, _ = scalars.lstm_over(x[::-1], case["left_h_0"][b], case["left_c_0"][b], lstm_weights(case, "left_"))
        assert_close(h[:, b], padded([[*r, *l] for r, l in zip(right, left[::-1], strict=True)], h))


@pytest.mark.parametrize("id", ["D3.9", "D3.8"])
def test_stacked_layers_without_and_with_a_residual_connection(id):
    case, y = run(id)
    for b in range(y.shape[1]):
        x = words(case["x"], case["mask"], b)
        lower, _ = scalars.lstm_over(x, case["lower_h_0"][b], case["lower_c_0"][b], lstm_weights(case, "lower_"))
        upper, _ = scalars.lstm_over(lower, case["upper_h_0"][b], case["upper_c_0"][b], lstm_weights(case, "upper_"))
        if id == "D3.8":
            upper = [scalars.plus(h, f) for h, f in zip(lower, upper, strict=True)]
        assert_close(y[:, b], padded(upper, y))


def test_encoder_and_decoder_joined():
    case, z = run("D3.1")
    for b in range(z.shape[1]):
        _, (h, c) = scalars.lstm_over(case["x"][:, b], case["h_0"][b], case["c_0"][b], lstm_weights(case, "enc_"))
        states, _ = scalars.lstm_over(case["y"][:, b], h, c, lstm_weights(case, "dec_"))
        assert_close(z[:, b], states)


def test_residual_path_from_encoder_to_decoder():
    case, y = run("D3.8-bridge")
    for b in range(y.shape[1]):
        states, _ = scalars.lstm_over(case["x"][:, b], case["h_n"][b], case["c_0"][b], lstm_weights(case))
        assert_close(y[:, b], [scalars.plus(z, case["h_n"][b]) for z in states])


def test_decoder_over_embedded_words():
    case, h = run("D4.3")
    for b in range(h.shape[1]):
        state, states = case["h_0"][b], []
        for word in case["ids"][:, b]:
            state = scalars.rnn(case["W_emb"][word], state, *lstm_weights(case))
            states.append(state)
        assert_close(h[:, b], states)


def distributions(case, states):
    return [scalars.softmax(scalars.affine(s, case["W_o"], case["b_o"])) for s in states]


def test_decoder_with_the_previous_word_fed_back():
    case, p = run("D1.2")
    for b in range(p.shape[1]):
        x = [case["W_emb"][word] for word in case["ids"][:, b]]
        states, _ = scalars.lstm_over(x, case["h_n"][b], case["c_n"][b], lstm_weights(case))
        assert_close(p[:, b], distributions(case, states))


def test_language_model():
    case, loss = run("D2.10")
    logs = []
    for b in range(case["ids"].shape[1]):
        ids = case["ids"][:, b]
        states, _ = scalars.lstm_over([case["W_emb"][w] for w in ids[:-1]], case["h_0"][b], case["c_0"][b], lstm_weights(case))
        logs += [log(p[w]) for p, w in zip(distributions(case, states), ids[1:], strict=True)]
    assert loss == pytest.approx(-sum(logs) / len(logs), rel=1e-13)


def test_attention_from_states_to_the_output_distribution():
    case, p = run("D0.7")
    for b in range(p.shape[0]):
        h = case["h"][:, b]
        e = scalars.additive(case["s"][b], h, case["W_s"], case["W_h"], case["v"])
        c = scalars.weighted(scalars.softmax(e, case["mask"][:, b]), h)
        assert_close(p[b], scalars.softmax(scalars.affine([*case["s"][b], *c], case["W_o"], case["b_o"])))


def test_recurrent_decoder_with_attention():
    case, s = run("D2.2")
    for b in range(s.shape[1]):
        h, state, cell, states = case["memory"][:, b], case["s_0"][b], case["c_0"][b], []
        for x in case["x"][:, b]:
            e = scalars.additive(state, h, case["W_s"], case["W_m"], case["v"])
            state, cell = scalars.lstm([*x, *scalars.weighted(scalars.softmax(e), h)], state, cell, *lstm_weights(case))
            states.append(state)
        assert_close(s[:, b], states)


def test_decoder_in_step_with_the_encoder():
    case, y = run("D2.2-printed")
    for b in range(y.shape[1]):
        state, states = case["y_0"][b], []
        for h in case["h"][:, b]:
            state = scalars.gru(h, state, *lstm_weights(case), case["b_h"])
            states.append(state)
        assert_close(y[:, b], states)


def test_query_key_value():
    case, c = run("D3.5")
    for b in range(c.shape[0]):
        h = case["h"][:, b]
        q = scalars.affine(case["s"][b], case["W_q"], case["b_q"])
        k = [scalars.affine(h_j, case["W_k"], case["b_k"]) for h_j in h]
        v = [scalars.affine(h_j, case["W_v"], case["b_v"]) for h_j in h]
        assert_close(c[b], scalars.weighted(scalars.softmax([scalars.dot(q, k_j) for k_j in k], case["mask"][:, b]), v))


def test_output_vector_and_distribution():
    case, y = run("D0.6")
    _, p = run("D4.4")
    logits = run("D4.4")[0]
    for t, b in np.ndindex(*y.shape[:2]):
        assert_close(y[t, b], scalars.affine(case["x"][t, b], case["W"], case["b"]))
    for t, b in np.ndindex(*p.shape[:2]):
        assert_close(p[t, b], scalars.softmax(scalars.affine(logits["x"][t, b], logits["W"], logits["b"])))


# PyTorch's whole modules, with their own initial states, packing and directions.

BLOCKS = {"lstm": (0, 1, 3, 2)}  # ours i, f, o, g; theirs i, f, g, o


def load(torch, module, case, prefixes):
    """Our weights into nn.LSTM's parameters, one suffix for each prefix."""
    H = module.hidden_size
    order = np.concatenate([np.arange(k * H, (k + 1) * H) for k in BLOCKS["lstm"]])
    for prefix, suffix in prefixes.items():
        with torch.no_grad():
            getattr(module, f"weight_ih_{suffix}").copy_(torch.tensor(case[prefix + "W_x"][:, order].T))
            getattr(module, f"weight_hh_{suffix}").copy_(torch.tensor(case[prefix + "W_h"][:, order].T))
            getattr(module, f"bias_ih_{suffix}").copy_(torch.tensor(case[prefix + "b"][order]))
            getattr(module, f"bias_hh_{suffix}").zero_()


@pytest.mark.parametrize(
    ("id", "prefixes", "options"),
    [
        ("D1.1", {"": "l0"}, {}),
        ("D3.7", {"right_": "l0", "left_": "l0_reverse"}, {"bidirectional": True}),
        ("D3.9", {"lower_": "l0", "upper_": "l1"}, {"num_layers": 2}),
    ],
)
def test_against_torchs_lstm_on_packed_sequences(id, prefixes, options):
    torch = pytest.importorskip("torch")
    rnn = torch.nn.utils.rnn
    case, out = run(id, seed=3)
    h = out.h if id == "D1.1" else out
    first = next(iter(prefixes))
    E, H = case[first + "W_x"].shape[0], case[first + "W_h"].shape[0]
    module = torch.nn.LSTM(E, H, dtype=torch.float64, **options)
    load(torch, module, case, prefixes)
    state = [torch.tensor(np.stack([case[prefix + name] for prefix in prefixes])) for name in ("h_0", "c_0")]
    x = torch.tensor(case["x"], requires_grad=True)
    packed = rnn.pack_padded_sequence(x, torch.tensor(case["mask"].sum(axis=0)), enforce_sorted=False)
    theirs, _ = rnn.pad_packed_sequence(module(packed, tuple(state))[0], total_length=x.shape[0])
    assert_close(h, theirs.detach().numpy())
    d = np.random.default_rng(4).standard_normal(h.shape)
    theirs.backward(torch.tensor(d))
    entry = equation(id)
    forward, backward = entry.checked or (entry.forward, entry.backward)
    d_out = type(out)(d, None, None) if id == "D1.1" else d
    gradients = backward(d_out, forward(**case)[1])
    np.testing.assert_allclose(gradients.x, x.grad.numpy(), atol=1e-13)
    for prefix, suffix in prefixes.items():
        order = np.argsort(np.concatenate([np.arange(k * H, (k + 1) * H) for k in BLOCKS["lstm"]]))
        their_W_h = getattr(module, f"weight_hh_{suffix}").grad.numpy().T[:, order]
        np.testing.assert_allclose(getattr(gradients, prefix + "W_h"), their_W_h, atol=1e-13)

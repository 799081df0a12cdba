"""The documents' mistakes, proved: X1–X9, X11 and X15, and of X12 and X14 what shows without a model.

X10 (a program whose loss is None), X13 (indices), X16 (notation) and X17 (a citation) are told where the formula is taught;
so are those parts of X9 that are TensorFlow programs.
"""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minis2s.equations import as_printed
from minis2s.equations.attention import context
from minis2s.equations.catalogue import contexts, decoders, encoder_decoder, encoders
from minis2s.equations.catalogue.attention import weights_of_states, weights_of_states_backward
from minis2s.equations.catalogue.attention_decoders import decode_with_attention, decode_with_attention_backward
from minis2s.equations.catalogue.lstm import cell_of_inputs, cell_of_inputs_backward
from minis2s.equations.edit_distance import edit_distance
from minis2s.equations.lstm import LSTMGates, LSTMState, lstm_cell_state, lstm_gates
from minis2s.equations.registry import equation
from minis2s.equations.softmax import cross_entropy, cross_entropy_backward, softmax

EPSILON = np.finfo(float).eps
VALUES = st.floats(-10, 10)


def draw(id, seed=0, **sizes):
    return equation(id).inputs(np.random.default_rng(seed), **sizes)


# X1: without tanh, the decoder state cancels


def affine_case(seed, T=5, B=3):
    case = draw("D3.3-normalised", seed, T=T, B=B)
    return case | {"mask": np.ones((T, B), bool)}


def with_tanh(case):
    """The same numbers for the right form: W_s for W_z, s_{i-1} for z_i, no b."""
    return {"s_prev": case["z"], "h": case["h"], "W_s": case["W_z"], "W_h": case["W_h"], "v": case["v"], "mask": case["mask"]}


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 20), st.lists(VALUES, min_size=6, max_size=6), st.floats(-10, 10))
def test_x1_no_decoder_state_moves_the_weights(seed, entries, b):
    """The weights are those of vᵀ W_h h_j alone, to the rounding of the exponents: a few ε · max|e|."""
    case = affine_case(seed)
    case |= {"z": np.reshape(entries, (3, 2)), "b": case["b"] + b}
    alpha, (((_, _, (u, _)), _)) = as_printed.affine_attention(**case)
    largest = max(np.abs(u).max() * np.abs(case["v"]).sum(), 1.0)  # bounds |e| and what is summed to it
    without, _ = softmax(case["h"] @ case["W_h"] @ case["v"], axis=0)
    assert np.abs(alpha - without).max() <= 16 * EPSILON * largest


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 1000))
def test_x1_nothing_reaches_the_decoder_state_its_matrix_or_the_bias(seed):
    case = affine_case(seed)
    alpha, cache = as_printed.affine_attention(**case)
    gradients = as_printed.affine_attention_backward(np.random.default_rng(seed).standard_normal(alpha.shape), cache)
    size = max(np.abs(g).max() for g in gradients)
    for name in ("z", "W_z", "b"):
        assert np.abs(getattr(gradients, name)).max() <= 64 * EPSILON * max(size, 1), name


def test_x1_with_tanh_the_decoder_state_moves_the_weights():
    for seed in range(10):
        case = affine_case(seed)
        alpha, cache = weights_of_states(**with_tanh(case))
        moved, _ = weights_of_states(**with_tanh(case | {"z": case["z"] + 1.0}))
        assert np.abs(moved - alpha).max() > 1e-3
        gradients = weights_of_states_backward(np.random.default_rng(seed).standard_normal(alpha.shape), cache)
        assert np.abs(gradients.s_prev).max() > 1e-4 and np.abs(gradients.W_s).max() > 1e-4


def test_x1_every_decoder_step_has_the_same_weights():
    case = affine_case(1)
    steps = np.random.default_rng(2).standard_normal((4, *case["z"].shape))
    printed = np.stack([as_printed.affine_attention(**(case | {"z": z}))[0] for z in steps])
    right = np.stack([weights_of_states(**with_tanh(case | {"z": z}))[0] for z in steps])
    assert np.ptp(printed, axis=0).max() < 1e-14
    assert np.ptp(right, axis=0).max() > 0.01


# X2: not normalised


def test_x2_the_weights_do_not_sum_to_one_and_the_context_grows_with_the_source():
    case = draw("D3.3-printed")
    alpha, _ = as_printed.exponential_attention(**case)
    assert np.abs(alpha.sum(axis=0) - 1).min() > 0.1
    twice, _ = as_printed.exponential_attention(**(case | {"h": np.concatenate([case["h"], case["h"]])}))
    c, c_twice = context(alpha, case["h"])[0], context(twice, np.concatenate([case["h"], case["h"]]))[0]
    np.testing.assert_allclose(c_twice, 2 * c, rtol=1e-12)
    normalised = [context(a / a.sum(axis=0), h)[0] for a, h in ((alpha, case["h"]), (twice, np.concatenate([case["h"]] * 2)))]
    np.testing.assert_allclose(*normalised, rtol=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_x2_large_scores_overflow(dtype):
    case = {name: value.astype(dtype) for name, value in draw("D3.3-printed").items()} | {"b": np.full(6, 1e3, dtype)}
    case["v"] = np.abs(case["v"])
    with np.errstate(over="ignore"):
        alpha, _ = as_printed.exponential_attention(**case)
    assert np.isinf(alpha).any()
    assert np.isfinite(as_printed.affine_attention(**case)[0]).all()


# X3: a vector, not a weight; and m = n


def test_x3_the_result_is_a_vector_for_each_step_and_not_an_m_by_n_matrix():
    case = draw("D3.2-printed", T=3, A=5)
    alpha, _ = as_printed.sigmoid_attention(**case)
    assert alpha.shape == (3, 2, 5)  # α declared in R^{m×n} would be (3, 3) for each sentence


@pytest.mark.parametrize(("n", "m"), [(3, 2), (3, 1), (1, 4)])
def test_x3_the_sum_needs_sequences_of_equal_length(n, m):
    case = draw("D3.2-printed", T=3)
    h, z = np.resize(case["h"], (n, *case["h"].shape[1:])), np.resize(case["z"], (m, *case["z"].shape[1:]))
    with pytest.raises(ValueError, match="equal length"):
        as_printed.sigmoid_attention(h, z, case["W_h"], case["W_z"], case["b"])


# X4: softmax of the candidate


def test_x4_the_output_is_a_distribution_over_hidden_units_and_not_over_words():
    case, H, V = draw("D0.7-printed", H=5), 5, 4
    p, _ = as_printed.worded_attention(**case)
    assert p.shape[-1] == H and np.allclose(p.sum(axis=-1), 1)
    right = draw("D0.7", V=V)
    q, _ = equation("D0.7").forward(**right)
    assert q.shape[-1] == V and np.allclose(q.sum(axis=-1), 1)


def test_x4_weights_that_no_softmax_made_are_no_weights():
    """Twice the weights should be the same attention; as worded it is another output. Softmax on the scores gives a mean."""
    case = draw("D0.7-printed")
    p, _ = as_printed.worded_attention(**case)
    other, _ = as_printed.worded_attention(2 * case["weights"], case["states"])
    assert np.abs(p - other).max() > 0.05
    alpha, _ = softmax(case["weights"], axis=0)
    c, _ = context(alpha, case["states"])
    assert (c <= case["states"].max(axis=0)).all() and (c >= case["states"].min(axis=0)).all()


# X5: the cell state is no gate


def test_x5_the_cell_state_leaves_the_range_of_a_gate_and_the_candidate_has_its_own():
    a = np.array([[8.0, 8.0, 8.0, 2.0]])  # i, f and o open
    gates, _ = lstm_gates(a)
    c = np.zeros((1, 1))
    for _ in range(10):
        c, _ = lstm_cell_state(gates.i, gates.f, gates.g, c)
    assert c > 9  # a gate lies in (0, 1)
    assert all(0 < gate < 1 for gate in gates[:3]) and -1 < gates.g < 1
    negative = LSTMGates(*lstm_gates(-a)[0])
    assert negative.g < 0 < negative.i  # what W_c computes is a tanh, so no gate either


# X6: the edit distance has no gradient


def test_x6_small_changes_move_the_likelihood_but_not_the_edit_distance():
    rng = np.random.default_rng(0)
    logits, targets = rng.standard_normal((6, 1, 5)), rng.integers(0, 5, (6, 1))

    def distance(logits):
        return edit_distance(list(logits[:, 0].argmax(axis=-1)), list(targets[:, 0]))

    loss, cache = cross_entropy(logits, targets)
    gradient = cross_entropy_backward(1.0, cache)
    for at in np.ndindex(*logits.shape):
        moved = logits.copy()
        moved[at] += 1e-6
        assert distance(moved) == distance(logits)
        assert (cross_entropy(moved, targets)[0] - loss) / 1e-6 == pytest.approx(gradient[at], abs=1e-5)
    assert np.abs(gradient).min() > 0
    assert distance(logits - 0.5 * gradient * logits.size) < distance(logits)  # and it is a good metric of what the loss improves


# X7: the softmax is over the wrong axis


def code_case(steps, B=3, T=4, H=2, seed=0):
    rng = np.random.default_rng(seed)
    shapes = {"state": (B, *steps, H), "encoder_output": (B, T, H)}
    shapes |= {f"W_{x}": (H, H) for x in "qkv"} | {f"b_{x}": (H,) for x in "qkv"}
    return {name: rng.standard_normal(shape) for name, shape in shapes.items()}


def weights_of(case):
    """The softmax inside of D3's code."""
    return as_printed.code_attention(**case)[1][6]


def test_x7_with_one_query_every_weight_is_one():
    case = code_case((1,))
    np.testing.assert_array_equal(weights_of(case), 1)
    context_, cache = as_printed.code_attention(**case)
    values = case["encoder_output"] @ case["W_v"] + case["b_v"]
    np.testing.assert_allclose(context_[:, 0], values.sum(axis=1), rtol=1e-13)  # the plain sum: nothing is attended to
    gradients = as_printed.code_attention_backward(np.ones_like(context_), cache)
    for name in ("state", "W_q", "b_q", "W_k", "b_k"):
        np.testing.assert_array_equal(getattr(gradients, name), 0)  # so queries and keys never learn


def test_x7_with_several_queries_they_compete_and_no_query_has_weights_of_sum_one():
    weights = weights_of(code_case((3,)))  # (B, S, T)
    np.testing.assert_allclose(weights.sum(axis=1), 1, rtol=1e-13)
    assert np.abs(weights.sum(axis=2) - 1).min() > 1e-3


def test_x7_without_a_step_axis_sentences_are_mixed():
    """The state (B, H) is taken for B queries, and each sentence is asked with all of them."""
    case = code_case(())
    context_, _ = as_printed.code_attention(**case)
    assert context_.shape == (3, 3, 2)  # (B, B, H) where (B, H) was meant
    other = case["state"].copy()
    other[2] += 1.0
    moved, _ = as_printed.code_attention(**(case | {"state": other}))
    assert np.abs(moved[0] - context_[0]).max() > 1e-3  # another sentence's state moves this sentence's result


def test_x7_over_the_source_axis_none_of_this_happens():
    case = draw("D3.5", B=3)
    case["mask"] = np.ones_like(case["mask"])
    c, _ = equation("D3.5").forward(**case)
    assert c.shape == (3, 6)
    other = case["s"].copy()
    other[2] += 1.0
    moved, _ = equation("D3.5").forward(**(case | {"s": other}))
    np.testing.assert_array_equal(moved[:2], c[:2])
    assert np.abs(moved[2] - c[2]).max() > 1e-3


# X8: the concatenation grows


def test_x8_the_context_grows_with_every_step():
    h = np.ones((4, 2, 3))
    sizes = [contexts.concatenate_states(h[:t], np.zeros((2, 0)))[0].shape[1] for t in range(1, 5)]
    assert sizes == [3, 6, 9, 12]
    c, _ = contexts.concatenate_states(h, np.zeros((2, 0)))
    np.testing.assert_array_equal(c, equation("D4.2").forward(h, np.ones((4, 2), bool))[0])  # the same numbers for a fixed T


@pytest.mark.parametrize("T", [1, 3, 6])
def test_x8_the_last_state_and_attention_are_of_fixed_size(T):
    states, mask = np.ones((T, 2, 3)), np.ones((T, 2), bool)
    assert equation("D1.1-last").forward(states, mask)[0].shape == (2, 3)
    assert context(np.ones((T, 2)), states)[0].shape == (2, 3)


# X9: programs that do not run


def test_x9_d0_a_decoder_of_another_size_cannot_take_the_encoders_state():
    """D0: nn.LSTM(hidden_dim, output_dim) is handed a state of hidden_dim."""
    torch = pytest.importorskip("torch")
    encoder = torch.nn.LSTM(5, 4, 1, batch_first=True)
    x = torch.zeros(2, 3, 5)
    out, state = encoder(x)
    torch.nn.LSTM(4, 4, 1, batch_first=True)(out, state)  # output_dim = hidden_dim runs
    with pytest.raises(RuntimeError, match="hidden"):
        torch.nn.LSTM(4, 7, 1, batch_first=True)(out, state)


def test_x9_d0_neither_does_the_cell_itself():
    case = draw("D2.1")
    with pytest.raises(ValueError):
        cell_of_inputs(**(case | {"h_prev": np.zeros((3, 7))}))


def test_x9_d3_word_numbers_are_no_vectors_of_300_features():
    torch = pytest.importorskip("torch")
    ids = torch.tensor([300, 1, 2, 3, 4, 5])
    with pytest.raises((RuntimeError, ValueError)):
        torch.nn.LSTM(300, 256, 2, batch_first=True)(ids[None])


def test_x9_d3_its_program_calls_what_it_has_not_got():
    """`F` is not imported; and the encoder's forward takes no state, but is given one."""
    torch = pytest.importorskip("torch")
    with pytest.raises(NameError, match="F"):
        eval("F.softmax(energy, dim=1)", {"torch": torch, "nn": torch.nn, "energy": torch.zeros(1, 1, 2)})

    class Encoder(torch.nn.Module):
        def forward(self, input_seq):
            return input_seq

    with pytest.raises(TypeError):
        Encoder()(torch.zeros(1), (torch.zeros(1), torch.zeros(1)))


def test_x9_d3_and_d4_with_an_embedding_they_run():
    case = draw("D4.3")
    h, _ = decoders.decode_words(**case)
    assert h.shape == (*case["ids"].shape, case["h_0"].shape[1])


# X11: nothing is masked


def encoder_case(T=4, B=2, n=2):
    """Two sentences of which the second has only n words."""
    case = draw("D1.1", T=T, B=B)
    mask = np.ones((T, B), bool)
    mask[n:, 1] = False
    return case | {"mask": mask}


def unmasked(case):
    return {name: value for name, value in case.items() if name != "mask"}


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 99), st.floats(-5, 5))
def test_x11_what_padding_holds_changes_the_printed_encoding_and_not_the_masked_one(seed, filling):
    case = encoder_case()
    x = case["x"].copy()
    x[2:, 1] = np.random.default_rng(seed).standard_normal(x[2:, 1].shape) + filling
    refilled = case | {"x": x}
    out, other = encoders.encode(**case)[0], encoders.encode(**refilled)[0]
    for a, b in zip(out, other, strict=True):
        np.testing.assert_array_equal(a, b)
    printed, other = (contexts.encode_padding_too(**unmasked(c))[0] for c in (case, refilled))
    np.testing.assert_array_equal(printed[0], other[0])
    assert np.abs(printed[1] - other[1]).max() > 1e-6


def test_x11_masked_a_sentence_in_a_batch_is_the_sentence_alone():
    case = encoder_case()
    out, _ = encoders.encode(**case)
    alone = case | {name: case[name][1:] for name in ("h_0", "c_0")} | {"x": case["x"][:2, 1:], "mask": case["mask"][:2, 1:]}
    np.testing.assert_allclose(out.h_n[1:], encoders.encode(**alone)[0].h_n, rtol=1e-13)
    printed, _ = contexts.encode_padding_too(**unmasked(case))
    assert np.abs(printed[1] - out.h_n[1]).max() > 0.01


def test_x11_padding_receives_gradients_as_printed_and_none_when_masked():
    case = encoder_case()
    out, cache = encoders.encode(**case)
    gradients = encoders.encode_backward(encoders.Encoding(*(np.ones_like(y) for y in out)), cache)
    np.testing.assert_array_equal(gradients.x[2:, 1], 0)
    printed, cache = contexts.encode_padding_too(**unmasked(case))
    assert np.abs(contexts.encode_padding_too_backward(np.ones_like(printed), cache).x[2:, 1]).min() > 0


def test_x11_an_unmasked_loss_counts_padding():
    rng = np.random.default_rng(0)
    logits, targets, mask = rng.standard_normal((4, 2, 5)), rng.integers(0, 5, (4, 2)), encoder_case()["mask"]
    refilled = np.where(mask, targets, (targets + 1) % 5)
    assert cross_entropy(logits, targets, mask)[0] == cross_entropy(logits, refilled, mask)[0]
    assert abs(cross_entropy(logits, targets)[0] - cross_entropy(logits, refilled)[0]) > 0.01
    _, cache = cross_entropy(logits, targets, mask)
    np.testing.assert_array_equal(cross_entropy_backward(1.0, cache)[~mask], 0)
    assert np.abs(cross_entropy_backward(1.0, cross_entropy(logits, targets)[1])[~mask]).min() > 0


# X12: the context does not enter the decoder (whole models: tests/models)


def test_x12_through_the_context_a_loss_reaches_every_encoder_state_at_once():
    case = draw("D2.2", T=6)
    s, cache = decode_with_attention(**case)
    d_s = np.zeros_like(s)
    d_s[0] = 1.0
    d_memory = decode_with_attention_backward(d_s, cache).memory
    assert np.abs(d_memory).max(axis=(1, 2)).min() > 1e-4


def test_x12_as_printed_the_decoder_hears_the_encoder_only_through_its_last_state():
    """z = Decoder(h): with the forget gate shut at the last word, nothing before that word matters."""
    case = draw("D3.1", T=4)
    H = case["h_0"].shape[1]
    b = case["enc_b"].copy()
    b[:H], b[H : 2 * H] = -800, -800  # i and f exactly 0: c_n and h_n are 0 whatever was read
    z, cache = encoder_decoder.encode_and_decode(**(case | {"enc_b": b}))
    assert np.abs(encoder_decoder.encode_and_decode_backward(np.ones_like(z), cache).x).max() == 0


# X14: targets that are not shifted (whole models: tests/models)


def copying_loss(fed, targets, V, size=50.0):
    """The loss of a decoder that has learned one thing: to say the word that it is fed."""
    return cross_entropy(size * (fed[..., None] == np.arange(V)), targets)[0]


def test_x14_fed_the_target_itself_a_decoder_copies_and_has_learned_nothing():
    V, rng = 8, np.random.default_rng(0)
    targets = rng.integers(1, V, (2000, 1))
    shifted = np.concatenate([np.zeros_like(targets[:1]), targets[:-1]])
    assert copying_loss(targets, targets, V) < 1e-12
    assert copying_loss(shifted, targets, V) > math.log(V)


# X15: the initial cell state


def test_x15_the_initial_cell_state_matters_and_has_a_gradient():
    case = draw("D0.4")
    state, cache = cell_of_inputs(**case)
    moved, _ = cell_of_inputs(**(case | {"c_prev": case["c_prev"] + 1.0}))
    assert np.abs(moved.h - state.h).min() > 1e-3
    gradients = cell_of_inputs_backward(LSTMState(np.ones_like(state.h), None), cache)
    assert np.abs(gradients.c_prev).min() > 1e-4
    assert {"h_0", "c_0"} <= set(equation("D1.1").wrt)

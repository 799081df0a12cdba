"""Weights under PyTorch's names: the table's rows by hand, there and back to the last bit for every model, and what is refused.

That the converted weights compute the same is in tests/layers/test_torch.py (stacks) and here (a decoder's cells).
"""

import numpy as np
import pytest

from minis2s.errors import DataError
from minis2s.models.check import small_model
from minis2s.models.combinations import MODELS
from minis2s.training.conversion import from_torch, to_torch


def model_of(**settings):
    """A small model whose biases are not zero, in float64; a negative zero among them."""
    rng = np.random.default_rng(0)
    model, _ = small_model(rng, **settings)
    for _, p in model.named_parameters():
        p.value = rng.standard_normal(p.value.shape)
        p.value.reshape(-1)[0] = -0.0
    return model


@pytest.mark.parametrize("name", MODELS)
def test_there_and_back_is_the_same_to_the_last_bit(name):
    model = model_of(**MODELS[name])
    before = model.state()
    back = from_torch(model, to_torch(model))
    assert back.keys() == before.keys()
    for key, value in before.items():
        assert (value.dtype, value.shape, value.tobytes()) == (back[key].dtype, back[key].shape, back[key].tobytes()), key
    assert sum(a.size for a in to_torch(model).values()) >= model.n_parameters()


def test_the_rows_of_the_table():
    model = model_of(layers=2, encoder_layers=1, attention="query-key")
    ours, theirs = model.state(), to_torch(model)
    np.testing.assert_array_equal(theirs["decoder.output.weight"], ours["decoder.output.W"].T)
    np.testing.assert_array_equal(theirs["decoder.output.bias"], ours["decoder.output.b"])
    np.testing.assert_array_equal(theirs["encoder.reader.weight"], ours["encoder.reader.W"])
    np.testing.assert_array_equal(theirs["decoder.context.score.q.weight"], ours["decoder.context.score.q.W"].T)
    cell = "encoder.stack.layers.0.backwards.cell"
    i, f, o, g = np.split(ours[f"{cell}.W_h"], 4, axis=1)
    np.testing.assert_array_equal(theirs["encoder.stack.weight_hh_l0_reverse"], np.concatenate([i.T, f.T, g.T, o.T]))
    i, f, o, g = np.split(ours[f"{cell}.b"], 4)
    np.testing.assert_array_equal(theirs["encoder.stack.bias_ih_l0_reverse"], np.concatenate([i, f, g, o]))
    assert not theirs["encoder.stack.bias_hh_l0_reverse"].any()
    assert theirs["decoder.stack.weight_ih_l1"].shape == (16, 4)
    assert all(name.startswith(("encoder.stack.", "encoder.reader.", "decoder.", "bridge.parts.")) for name in theirs)


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
def test_a_decoders_cell_is_the_one_of_torch_that_reads_word_and_context(cell):
    """nn.…Cell with the converted weights, fed [word; context; output vector] at once."""
    torch = pytest.importorskip("torch")
    model = model_of(cell=cell, input_feeding=True)
    decoder, weights = model.decoder, to_torch(model)
    kind = {"lstm": torch.nn.LSTMCell, "gru": torch.nn.GRUCell, "rnn": torch.nn.RNNCell}[cell]
    fed = decoder.W_c.value.shape[0]
    theirs = kind(2 + fed, 4).double()
    names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    theirs.load_state_dict({name: torch.from_numpy(weights[f"decoder.stack.{name}_l0"]) for name in names})
    rng = np.random.default_rng(1)
    x, c, h = (rng.standard_normal((5, n)) for n in (2, fed, 4))
    lowest = decoder.stack.layers[0]
    state = lowest.zero_state(5)._replace(h=h)
    new, _ = lowest.step(lowest.project(x)[0] + c @ decoder.W_c.value, state)
    h, *rest = (torch.from_numpy(part) for part in state)
    both = torch.from_numpy(np.concatenate([x, c], axis=1))
    out = theirs(both, (h, *rest)) if rest else (theirs(both, h),)
    for a, b in zip(new, out, strict=True):
        np.testing.assert_allclose(a, b.detach().numpy(), rtol=0, atol=1e-14)


def test_both_biases_of_another_program_are_added_up():
    model = model_of()
    arrays = to_torch(model)
    rng = np.random.default_rng(1)
    b_hh = arrays["decoder.stack.bias_hh_l0"] = rng.standard_normal(16)
    b = from_torch(model, arrays)["decoder.stack.layers.0.b"]
    i, f, g, o = np.split(arrays["decoder.stack.bias_ih_l0"] + b_hh, 4)
    np.testing.assert_array_equal(b, np.concatenate([i, f, o, g]))


def test_weights_take_the_models_precision():
    model = model_of()
    arrays = {name: a.astype(np.float32) for name, a in to_torch(model).items()}
    assert all(a.dtype == np.float64 for a in from_torch(model, arrays).values())


@pytest.mark.parametrize(
    "change, message",
    [
        (lambda a: a.pop("encoder.reader.weight"), "it lacks encoder.reader.weight"),
        (lambda a: a.update({"lm_head.weight": a["decoder.output.weight"]}), "the model has no lm_head.weight"),
        (lambda a: a.update({"decoder.output.bias": np.zeros(3)}), r"decoder.output.bias is float64 \(3,\) there; .* \(9,\)"),
        (lambda a: a.update({"decoder.output.bias": np.zeros(9, int)}), "decoder.output.bias is int64"),
        (lambda a: a.clear(), "it lacks .* …"),
    ],
)
def test_weights_of_another_model_are_refused_by_name(change, message):
    model = model_of()
    arrays = to_torch(model)
    change(arrays)
    with pytest.raises(DataError, match=message):
        from_torch(model, arrays, "there.npz")

"""Observers see what really happens: norms against the definition, and nothing of the computation changes."""

from dataclasses import replace

import numpy as np
import pytest

from minis2s.backend import select
from minis2s.data.batching import Example, make_batch
from minis2s.layers.base import Initialiser, Observer
from minis2s.layers.cells import CELLS
from minis2s.models.configuration import ModelConfig
from minis2s.models.observe import GradientNorms, UnitActivity, gradient_flow, observing
from minis2s.models.seq2seq import Seq2Seq

ENCODER, DECODER = "encoder.stack.layers.0", "decoder.stack.layers.0"
LAYERS = [f"{ENCODER}.forwards.cell", f"{ENCODER}.backwards.cell", DECODER]
SIZES = ModelConfig(embedding_size=5, hidden_size=12, attention_size=4)
N_WORDS = 20


def model_of(forget=None, dtype=np.float64, **settings):
    """A model; forget: the bias of all forget gates."""
    model = Seq2Seq(replace(SIZES, **settings), N_WORDS, N_WORDS, np.random.default_rng(3), dtype=dtype)
    for name, layer in model.named_layers():
        if forget is not None and name in LAYERS:
            H = layer.hidden_size
            layer.b.value[H : 2 * H] = forget
    return model


def batch_of(lengths=((4, 3), (7, 9), (2, 5), (7, 1)), seed=0):
    rng = np.random.default_rng(seed)
    return make_batch([Example(*(rng.integers(4, N_WORDS, n).tolist() for n in pair)) for pair in lengths])


class Recorder(Observer):
    looks = True

    def states(self, packing, reverse, h, caches):
        self.packing, self.reverse, self.h = packing, reverse, h
        self.gates = [self.cell.gates(cache) for cache in caches]

    def gradients(self, packing, reverse, d_z):
        self.d_z = d_z


def gradients(model, batch):
    model.zero_gradients()
    loss, cache = model.forward(batch)
    model.backward(cache)
    return loss, {name: p.grad.copy() for name, p in model.named_parameters()}


def test_layers_are_found_by_their_parameters_names():
    model = model_of()
    layers = dict(model.named_layers())
    assert [name for name, layer in layers.items() if hasattr(layer, "observer")] == LAYERS
    owned = {f"{name}.{own}" for name, layer in layers.items() for own in vars(layer)}
    assert {name for name, _ in model.named_parameters()} <= owned


def test_watching_changes_nothing_and_ends_with_the_block():
    model, batch = model_of(), batch_of()
    loss, plain = gradients(model, batch)
    with observing(model, Recorder) as seen:
        loss_seen, watched = gradients(model, batch)
    assert list(seen) == LAYERS and loss_seen == loss
    assert all(np.array_equal(plain[name], watched[name]) for name in plain)
    assert all(type(layer.observer) is Observer for name, layer in model.named_layers() if name in LAYERS)
    with pytest.raises(ZeroDivisionError), observing(model, Recorder):
        raise ZeroDivisionError
    assert type(model.decoder.stack.layers[0].observer) is Observer


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("layers", [1, 2])
def test_the_gradients_shown_are_those_of_the_pre_activations(cell, layers):
    """The bias enters every pre-activation once, so its gradient is their sum."""
    model = model_of(cell=cell, layers=layers)
    with observing(model, Recorder) as seen:
        _, of = gradients(model, batch_of())
    assert len(seen) == 3 * layers
    for name in seen:
        np.testing.assert_allclose(seen[name].d_z.sum(axis=0), of[f"{name}.b"], rtol=1e-12)


def test_norms_by_step_count_from_the_last_step_that_is_computed():
    """Against loops over sentences and steps, from the unpacked gradients."""
    model, batch = model_of(), batch_of()
    with observing(model, Recorder) as raw:
        gradients(model, batch)
    with observing(model, GradientNorms) as seen:
        gradients(model, batch)
    for name, mask in zip(LAYERS, (batch.source_mask, batch.source_mask, batch.target_mask), strict=True):
        d_z = raw[name].packing.unpack(raw[name].d_z)
        longest = mask.sum(axis=0).max()
        expected = np.zeros((longest, 4))
        for before in range(longest):
            squares = []
            for b in range(batch.size):
                n = mask[:, b].sum()
                if before < n:
                    t = before if raw[name].reverse else n - 1 - before
                    squares.append((d_z[t, b].reshape(4, -1) ** 2).sum(axis=1))
            expected[before] = np.sqrt(np.mean(squares, axis=0))
        np.testing.assert_allclose(seen[name].by_step, expected, rtol=1e-12)


def test_the_flow_of_the_loss_is_what_a_training_step_has():
    model, batch = model_of(), batch_of()
    with observing(model, GradientNorms) as seen:
        gradients(model, batch)
    flow = gradient_flow(model, batch)
    assert list(flow) == LAYERS
    for name in LAYERS:
        np.testing.assert_allclose(flow[name][1], seen[name].by_step, rtol=1e-12)


def test_what_is_carried_enters_at_the_last_step_only():
    """With a recurrence that carries nothing at all, nothing is left one step before."""
    model = model_of(forget=-1e3)
    for name, layer in model.named_layers():
        if name in LAYERS:
            layer.W_h.value[...] = 0
    model.decoder.context.score.W_s.value[...] = 0
    for _, gradient, carried in gradient_flow(model, batch_of()).values():
        assert (gradient > 0).any() and (carried[0] > 0).any()
        assert np.abs(carried[1:]).max() <= 1e-12 * carried[0].max()


def test_a_forget_gate_that_is_shut_carries_less():
    batch = batch_of([(12, 12)] * 4)
    shares = {}
    for forget in (-6, 1, 6):
        for name, (_, _, carried) in gradient_flow(model_of(forget), batch).items():
            norms = np.linalg.norm(carried, axis=1)
            shares[forget, name] = norms[10] / norms[0]
    for name in LAYERS:
        assert shares[-6, name] < 1e-3 < shares[1, name] < shares[6, name] < 10


def test_unit_activity_counts_still_and_saturated_units():
    model = model_of()
    H = SIZES.hidden_size
    b = model.decoder.stack.layers[0].b.value
    b[2 * H : 2 * H + 3] = -50  # three output gates shut: their units say nothing
    b[H : H + 2] = 50  # two forget gates open
    with observing(model, UnitActivity) as seen:
        for seed in (0, 1):
            model.forward(batch_of(seed=seed))
    summary = seen[DECODER].summary()
    assert summary == {"units": 12, "still": 3, "shut": {"i": 0, "f": 0, "o": 3}, "open": {"i": 0, "f": 2, "o": 0}}
    assert seen[LAYERS[0]].summary()["units"] == 6
    assert seen[LAYERS[0]].summary()["still"] == 0


def test_unit_activity_ranges_over_all_batches():
    model = model_of()
    with observing(model, UnitActivity) as seen:
        for seed in (0, 1):
            model.forward(batch_of(seed=seed))
    rows = []
    for seed in (0, 1):
        with observing(model, Recorder) as raw:
            model.forward(batch_of(seed=seed))
        gates = {name: np.concatenate([g[name] for g in raw[DECODER].gates]) for name in "ifo"}
        rows.append({"h": raw[DECODER].h, **gates})
    ranges = seen[DECODER].ranges
    assert ranges.keys() == rows[0].keys()
    for name, (lowest, highest) in ranges.items():
        values = np.concatenate([each[name] for each in rows])
        np.testing.assert_array_equal(lowest, values.min(axis=0))
        np.testing.assert_array_equal(highest, values.max(axis=0))


@pytest.mark.parametrize("name", CELLS)
def test_a_cell_shows_the_gates_that_its_step_used(name):
    """Computed from the pre-activations z + h W_h (+ b_h), by the blocks' names."""
    rng = np.random.default_rng(1)
    cell = CELLS[name](3, 2, Initialiser(rng, select("numpy"), np.float64))
    z, state = rng.standard_normal((4, 2 * len(cell.blocks))), cell.zero_state(4)
    state = state._replace(h=rng.standard_normal((4, 2)))
    _, cache = cell.step(z, state)
    a = z + state.h @ cell.W_h.value
    blocks = dict(zip(cell.blocks, np.split(a, len(cell.blocks), axis=1), strict=True))
    gates = cell.gates(cache)
    assert set(gates) == {"lstm": {"i", "f", "o"}, "rnn": set()}.get(name, {"r", "z"})
    for gate, values in gates.items():
        np.testing.assert_allclose(values, 1 / (1 + np.exp(-blocks[gate])), rtol=0, atol=1e-14)


@pytest.mark.parametrize("settings", [{"model": "language-model"}, {"model": "ctc"}, {"cell": "gru", "layers": 2}])
def test_gradients_flow_in_models_without_encoder_or_decoder(settings):
    from minis2s.models.check import small_model
    from minis2s.models.combinations import SMALL

    model, batch = small_model(np.random.default_rng(0), **(SMALL | settings))
    flow = gradient_flow(model, batch)
    cells = {name for name, layer in model.named_layers() if hasattr(layer, "observer")}
    assert flow.keys() == cells
    for blocks, gradient, carried in flow.values():
        assert gradient.shape == carried.shape and gradient.shape[1] == len(blocks)
        assert (gradient[0] > 0).any() and (carried[0] > 0).any()

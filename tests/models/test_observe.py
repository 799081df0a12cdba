"""Observers see what really happens: norms against the definition, and nothing of the computation changes."""

import numpy as np
import pytest

from minis2s.data.batching import Example, make_batch
from minis2s.layers.base import Observer
from minis2s.models import observe
from minis2s.models.configuration import ModelConfig
from minis2s.models.observe import GATES, GradientNorms, UnitActivity, gradient_flow, observing
from minis2s.models.seq2seq import Seq2Seq

LAYERS = ["encoder.directions.0", "encoder.directions.1", "decoder"]
SIZES = ModelConfig(embedding_size=5, hidden_size=12, attention_size=4)
N_WORDS = 20


def model_of(forget=None, dtype=np.float64):
    """A model; forget: the bias of all forget gates."""
    model = Seq2Seq(SIZES, N_WORDS, N_WORDS, np.random.default_rng(3), dtype=dtype)
    for name, layer in model.named_layers():
        if forget is not None and name in LAYERS:
            H = layer.hidden_size
            layer.b.value[H : 2 * H] = forget
    return model


def batch_of(lengths=((4, 3), (7, 9), (2, 5), (7, 1)), seed=0):
    rng = np.random.default_rng(seed)
    return make_batch([Example(*(rng.integers(4, N_WORDS, n).tolist() for n in pair)) for pair in lengths])


class Recorder(Observer):
    def states(self, packing, h, caches):
        self.packing, self.h, self.gates = packing, h, [cache[0] for cache in caches]

    def gradients(self, packing, d_a):
        self.d_a = d_a


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
    assert type(model.decoder.observer) is Observer


def test_the_gradients_shown_are_those_of_the_pre_activations():
    """The bias enters every pre-activation once, so its gradient is their sum."""
    model = model_of()
    with observing(model, Recorder) as seen:
        _, of = gradients(model, batch_of())
    for name in LAYERS:
        np.testing.assert_allclose(seen[name].d_a.sum(axis=0), of[f"{name}.b"], rtol=1e-12)


def test_norms_by_step_count_from_the_last_step_that_is_computed():
    """Against loops over sentences and steps, from the unpacked gradients."""
    model, batch = model_of(), batch_of()
    with observing(model, Recorder) as raw:
        gradients(model, batch)
    with observing(model, GradientNorms) as seen:
        gradients(model, batch)
    for name, mask in zip(LAYERS, (batch.source_mask, batch.source_mask, batch.target_mask), strict=True):
        d_a = raw[name].packing.unpack(raw[name].d_a)
        longest = mask.sum(axis=0).max()
        expected = np.zeros((longest, 4))
        for before in range(longest):
            squares = []
            for b in range(batch.size):
                n = mask[:, b].sum()
                if before < n:
                    t = before if name.endswith("1") else n - 1 - before
                    squares.append((d_a[t, b].reshape(4, -1) ** 2).sum(axis=1))
            expected[before] = np.sqrt(np.mean(squares, axis=0))
        np.testing.assert_allclose(seen[name].by_step, expected, rtol=1e-12)


def test_the_flow_of_the_loss_is_what_a_training_step_has():
    model, batch = model_of(), batch_of()
    with observing(model, GradientNorms) as seen:
        gradients(model, batch)
    flow = gradient_flow(model, batch)
    assert list(flow) == LAYERS
    for name in LAYERS:
        np.testing.assert_allclose(flow[name][0], seen[name].by_step, rtol=1e-12)


def test_what_is_carried_enters_at_the_last_step_only():
    """With a recurrence that carries nothing at all, nothing is left one step before."""
    model = model_of(forget=-1e3)
    for name, layer in model.named_layers():
        if name in LAYERS:
            (layer.W_r if name == "decoder" else layer.W_h).value[...] = 0
    model.decoder.attention.W_s.value[...] = 0
    for _, (gradient, carried) in gradient_flow(model, batch_of()).items():
        assert (gradient > 0).any() and (carried[0] > 0).any()
        assert np.abs(carried[1:]).max() <= 1e-12 * carried[0].max()


def test_a_forget_gate_that_is_shut_carries_less():
    batch = batch_of([(12, 12)] * 4)
    shares = {}
    for forget in (-6, 1, 6):
        for name, (_, carried) in gradient_flow(model_of(forget), batch).items():
            norms = np.linalg.norm(carried, axis=1)
            shares[forget, name] = norms[10] / norms[0]
    for name in LAYERS:
        assert shares[-6, name] < 1e-3 < shares[1, name] < shares[6, name] < 10


def test_unit_activity_counts_still_and_saturated_units():
    model = model_of()
    H = SIZES.hidden_size
    b = model.decoder.b.value
    b[2 * H : 2 * H + 3] = -50  # three output gates shut: their units say nothing
    b[H : H + 2] = 50  # two forget gates open
    with observing(model, UnitActivity) as seen:
        for seed in (0, 1):
            model.forward(batch_of(seed=seed))
    summary = seen["decoder"].summary()
    assert summary == {"units": 12, "still": 3, "shut": {"i": 0, "f": 0, "o": 3}, "open": {"i": 0, "f": 2, "o": 0}}
    assert seen["encoder.directions.0"].summary()["units"] == 6
    assert seen["encoder.directions.0"].summary()["still"] == 0


def test_unit_activity_ranges_over_all_batches():
    model = model_of()
    with observing(model, UnitActivity) as seen:
        for seed in (0, 1):
            model.forward(batch_of(seed=seed))
    rows = []
    for seed in (0, 1):
        with observing(model, Recorder) as raw:
            model.forward(batch_of(seed=seed))
        gates = np.concatenate([np.concatenate([g.i, g.f, g.o], axis=1) for g in raw["decoder"].gates])
        rows.append(np.concatenate([raw["decoder"].h, gates], axis=1))
    rows = np.concatenate(rows)
    np.testing.assert_array_equal(seen["decoder"].lowest.reshape(-1), rows.min(axis=0))
    np.testing.assert_array_equal(seen["decoder"].highest.reshape(-1), rows.max(axis=0))


def test_the_gates_order_is_the_cells():
    from minis2s.equations.lstm import LSTMGates

    assert GATES == LSTMGates._fields and observe.SHUT < 0.5 < observe.OPEN

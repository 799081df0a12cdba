"""Long sequences: truncated back-propagation through time against its blocks differentiated one by one, and recomputation, whose
gradients must be the ordinary ones to the last bit and whose caches must grow like √T.
"""

import tracemalloc
from math import ceil, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minis2s.backend import select
from minis2s.errors import UsageError
from minis2s.layers.base import Initialiser
from minis2s.layers.cells import CELLS, cell, on_parts
from minis2s.layers.packing import Packing
from minis2s.layers.recurrent import Recurrent
from minis2s.layers.unrolling import FULL, Unrolling
from minis2s.models import model_of
from minis2s.models.check import MODELS, check_model, mask_of, same_masks, small_batch, small_model
from minis2s.models.configuration import ModelConfig
from minis2s.models.observe import UnitActivity, gradient_flow, observing

E, H = 3, 2
LENGTHS = (5, 7, 1, 3, 6)
every_cell = pytest.mark.parametrize("name", CELLS)
both_ways = pytest.mark.parametrize("reverse", [False, True])


def layer_of(name, rng, reverse=False, unrolling=FULL, sizes=(E, H), dtype=np.float64):
    layer = Recurrent(cell(name)(*sizes, Initialiser(rng, select("numpy"), dtype)), reverse, unrolling)
    for _, p in layer.named_parameters():
        p.value = (0.7 * rng.standard_normal(p.value.shape)).astype(dtype)
    return layer


def like(unrolling, layer):
    """The same cell, unrolled in another way."""
    return Recurrent(layer.cell, layer.reverse, unrolling)


def problem(layer, rng, mask, dtype=np.float64):
    """(x, state before, d_h, d_final) at random."""
    size = layer.cell.b.value.size // len(layer.cell.blocks)

    def draw(*shape):
        return rng.standard_normal(shape).astype(dtype)

    state, d_final = (on_parts(lambda part: draw(mask.shape[1], size), layer.cell.zero_state(1)) for _ in range(2))
    return draw(*mask.shape, layer.cell.W_x.value.shape[0]), state, draw(*mask.shape, size), d_final


def gradients(layer, mask, x, state, d_h, d_final):
    """(outputs, {name: gradient}) of everything."""
    layer.zero_gradients()
    (h, final), cache = layer.forward(x, Packing(mask), state)
    d_x, d_state = layer.backward(d_h, d_final, cache)
    found = {name: p.grad.copy() for name, p in layer.named_parameters()}
    return [h, *final], found | {"x": d_x} | dict(zip(layer.cell.State._fields, d_state, strict=True))


# Which steps


@given(st.integers(0, 200))
def test_segments_cover_the_steps_once_in_order_and_hold_no_more_than_the_square_root(T):
    steps = list(range(T))
    segments = Unrolling(recompute=True).segments(steps)
    assert [t for segment in segments for t in segment] == steps
    assert all(1 <= len(segment) <= ceil(sqrt(T)) for segment in segments) and len(segments) <= ceil(sqrt(T))
    assert FULL.segments(steps) == ([steps] if steps else [])


@given(st.lists(st.integers(0, 7), min_size=1, max_size=5).filter(any), st.integers(1, 9), st.booleans())
def test_a_cut_takes_the_sequences_that_go_on_across_it(lengths, k, reverse):
    """A sequence is in two blocks around step t if it has the step read before t, in another block of k."""
    packing = Packing(mask_of(lengths))
    for t, _ in packing.steps():
        before = t + 1 if reverse else t - 1
        across = sum(before >= 0 and n > max(t, before) and before // k != t // k for n in lengths)
        assert Unrolling(k).cut(packing, t, reverse) == across
        assert FULL.cut(packing, t, reverse) == 0


# Truncated back-propagation through time


def block_by_block(layer, k, mask, x, state, d_h, d_final):
    """Each block of k steps differentiated alone, with the state that it begins with as a constant; shared weights' gradients
    added up. What goes into the state before a sequence's first token comes from the block in which that is read.
    """
    T, B = mask.shape
    lengths = mask.sum(axis=0)
    blocks = [slice(a, min(a + k, T)) for a in range(0, T, k)]
    total = {name: 0 for name, _ in layer.named_parameters()} | {"x": np.zeros_like(x)}
    total |= {part: np.zeros((B, H)) for part in layer.cell.State._fields}
    for block in blocks[::-1] if layer.reverse else blocks:
        here = mask[block]
        first, last = (lengths > 0) & (block.start == 0), (block.start < lengths) & (lengths <= block.stop)
        begins, ends = (last, first) if layer.reverse else (first, last)
        d_end = on_parts(lambda d: np.where(ends[:, None], d, 0), d_final)  # noqa: B023, used at once
        (_, after), found = outputs_and_gradients(like(FULL, layer), here, x[block], state, d_h[block], d_end)
        state = after
        for name in total:
            if name == "x":
                total["x"][block] = found["x"]
            elif name in layer.cell.State._fields:
                total[name] += np.where(begins[:, None], found[name], 0)
            else:
                total[name] = total[name] + found[name]
    return total


def outputs_and_gradients(layer, mask, x, state, d_h, d_final):
    (h, *final), found = gradients(layer, mask, x, state, d_h, d_final)
    return (h, type(state)(*final)), found


@every_cell
@both_ways
@pytest.mark.parametrize("k", [1, 2, 3, 6])
@pytest.mark.parametrize("recompute", [False, True])
def test_truncated_is_every_block_alone(name, reverse, k, recompute):
    rng = np.random.default_rng(1)
    layer, mask = layer_of(name, rng, reverse, Unrolling(k, recompute)), mask_of(LENGTHS)
    given_ = problem(layer, rng, mask)
    _, truncated = gradients(layer, mask, *given_)
    _, full = gradients(like(FULL, layer), mask, *given_)
    for key, wanted in block_by_block(layer, k, mask, *given_).items():
        np.testing.assert_allclose(truncated[key], wanted, rtol=0, atol=1e-13)
    assert not np.allclose(truncated["cell.W_h"], full["cell.W_h"])


@every_cell
@both_ways
def test_truncation_changes_no_value_and_nothing_at_all_from_T_on(name, reverse):
    rng = np.random.default_rng(2)
    layer, mask = layer_of(name, rng, reverse), mask_of(LENGTHS)
    given_ = problem(layer, rng, mask)
    outputs, full = gradients(layer, mask, *given_)
    for k in (1, 3, len(mask), len(mask) + 5):
        same, truncated = gradients(like(Unrolling(k), layer), mask, *given_)
        for a, b in zip(outputs, same, strict=True):
            np.testing.assert_array_equal(a, b)
        if k >= len(mask):
            for key in full:
                np.testing.assert_array_equal(full[key], truncated[key])


@settings(max_examples=20, deadline=None)
@given(st.integers(2, 9), st.integers(1, 4), st.integers(1, 2))
def test_a_language_model_is_truncated_block_by_block(S, k, layers):
    """With one sentence, the learned start can be set to the state that a block begins with: an ordinary model per block."""
    rng = np.random.default_rng(S)
    config = ModelConfig(model="language-model", embedding_size=3, hidden_size=2, layers=layers, learned_start=True, truncate=k)
    model = model_of(config, 8, 9, rng, dtype=np.float64)
    for _, p in model.named_parameters():
        p.value = rng.standard_normal(p.value.shape)
    batch = small_batch(rng, 8, 9, (1,), (S,))
    truncated = gradients_of(model, batch)
    plain = model_of(ModelConfig(**vars(config) | {"truncate": 0}), 8, 9, rng, dtype=np.float64)
    values = model.state()
    starts = [name for name in values if name.startswith("bridge")]
    wanted = {name: 0 for name in values}
    state = model.start(batch.source, np.ones((1, 1), bool))
    for a in range(0, S, k):
        block = slice(a, a + k)
        carried = [part[0] for each in state.cells for part in each]
        plain.assign(values | dict(zip(starts, carried, strict=True)))
        part = small_batch(rng, 8, 9, (1,), (len(batch.target_in[block]),))
        part.target_in, part.target_out, part.n_target_tokens = batch.target_in[block], batch.target_out[block], S
        for name, d in gradients_of(plain, part).items():
            wanted[name] = wanted[name] + (d if a == 0 or name not in starts else 0)
        for word in batch.target_in[block]:
            _, state, _ = model.step(word, state)
    for name in wanted:
        np.testing.assert_allclose(truncated[name], wanted[name], rtol=0, atol=1e-13)


def gradients_of(model, batch):
    model.zero_gradients()
    _, cache = model.forward(batch, rng=same_masks())
    model.backward(cache)
    return {name: p.grad.copy() for name, p in model.named_parameters()}


def test_a_truncated_gradient_is_not_the_losss_and_the_check_sees_that(monkeypatch):
    rng = np.random.default_rng(3)
    model, batch = small_model(rng, **MODELS["truncated"])
    assert all(r.passed for r in check_model("held", model, batch, ("complex-step",)))
    full, _ = small_model(rng, **MODELS["truncated"] | {"truncate": 0})
    full.assign(model.state())
    assert full.forward(batch, rng=same_masks())[0] == model.forward(batch, rng=same_masks())[0]
    monkeypatch.setattr(Unrolling, "cut", lambda self, *_: 0)
    assert not all(r.passed for r in check_model("not cut", model, batch, ("complex-step",)))


def test_what_a_truncated_recurrence_carries_ends_at_the_cut():
    rng = np.random.default_rng(4)
    config = ModelConfig(embedding_size=3, hidden_size=4, attention_size=3, truncate=3)
    model = model_of(config, 8, 9, rng, dtype=np.float64)
    batch = small_batch(rng, 8, 9, (9, 9), (9, 9))
    for name, (_, _, carried) in gradient_flow(model, batch).items():
        per_step = carried.sum(axis=1)
        assert (per_step[:3] > 0).all(), name
        assert (per_step[3:] == 0).all(), name


# Recomputation


@every_cell
@both_ways
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("lengths", [LENGTHS, (40, 17, 40, 2, 1, 33), (1,), (6, 6)])
def test_recomputed_gradients_are_the_same_to_the_bit(name, reverse, dtype, lengths):
    rng = np.random.default_rng(5)
    layer, mask = layer_of(name, rng, reverse, dtype=dtype, sizes=(17, 19)), mask_of(lengths)
    given_ = problem(layer, rng, mask, dtype)
    outputs, kept = gradients(layer, mask, *given_)
    same, recomputed = gradients(like(Unrolling(recompute=True), layer), mask, *given_)
    for a, b in zip([*outputs, *kept.values()], [*same, *recomputed.values()], strict=True):
        assert a.dtype == b.dtype == dtype
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("name", MODELS)
def test_every_model_recomputes_its_gradients_to_the_bit(name):
    """Also a second time from the same cache, and without a trace in what was to be looked at."""
    rng = np.random.default_rng(6)
    model, batch = small_model(rng, **MODELS[name] | {"recompute": False})
    other, _ = small_model(rng, **MODELS[name] | {"recompute": True})
    other.assign(model.state())
    wanted = gradients_of(model, batch)
    _, cache = other.forward(batch, rng=same_masks())
    for _ in range(2):
        other.zero_gradients()
        other.backward(cache)
        for key, p in other.named_parameters():
            np.testing.assert_array_equal(p.grad, wanted[key])
    if model.decoder:
        _, source, *_ = cache.decoder
        assert len(source.weights) == len(batch.target_in)


@pytest.mark.parametrize("name", ["bidirectional", "language model"])
def test_an_observer_sees_the_same_of_a_recomputing_model(name):
    summaries = []
    for recompute in (False, True):
        model, batch = small_model(np.random.default_rng(7), **MODELS[name] | {"recompute": recompute})
        with observing(model, UnitActivity) as seen:
            _, cache = model.forward(batch)
        model.zero_gradients()
        model.backward(cache)
        summaries.append({key: observer.summary() for key, observer in seen.items()})
    assert summaries[0] == summaries[1] and summaries[0]


def held_bytes(recompute, T, B=16, width=64):
    """What lives on between forward and backward, beyond the output h."""
    unrolling, rng = Unrolling(recompute=recompute), np.random.default_rng(9)
    layer = layer_of("lstm", rng, unrolling=unrolling, sizes=(width, width), dtype=np.float32)
    x, packing = np.zeros((T, B, width), np.float32), Packing(np.ones((T, B), bool))
    tracemalloc.start()
    try:
        (h, _), cache = layer.forward(x, packing)
        held = tracemalloc.get_traced_memory()[0] - h.nbytes
        assert cache
        return held
    finally:
        tracemalloc.stop()


def test_what_is_kept_grows_like_the_square_root():
    """16 times the steps: 16 times the caches, or 4 times as many states."""
    ordinary, recomputed = ([held_bytes(recompute, T) for T in (100, 1600)] for recompute in (False, True))
    assert 15 < ordinary[1] / ordinary[0] < 17
    assert recomputed[1] < 5 * recomputed[0]
    assert recomputed[1] < ordinary[1] / 60


def test_a_negative_block_is_refused():
    with pytest.raises(UsageError, match="truncate is a number of steps, or 0 for none; not -1"):
        ModelConfig(truncate=-1)

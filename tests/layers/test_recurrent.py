"""Every cell over time: against scalar loops written from the printed formulas, and by the complex step at drawn lengths; stacks
of them: against the layers one after the other. (test_torch.py holds them to PyTorch.)
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minis2s.backend import select
from minis2s.errors import UsageError
from minis2s.layers.base import Initialiser
from minis2s.layers.cells import CELLS, cell, on_parts
from minis2s.layers.dropout import Dropout
from minis2s.layers.packing import Packing
from minis2s.layers.recurrent import Recurrent, Stack
from minis2s.layers.stepping import SteppedStack
from minis2s.models.check import check_recurrent, mask_of
from tests.equations import scalars

LENGTHS = (3, 6, 1, 0, 3, 4)
E, H = 3, 2

# One step of each cell with Python numbers: (x, [h, …], {parameter: list}) → [h, …].
BY_HAND = {
    "lstm": lambda x, state, p: scalars.lstm(x, *state, p["W_x"], p["W_h"], p["b"]),
    "gru": lambda x, state, p: [scalars.gru(x, *state, p["W_x"], p["W_h"], p["b"], p["b_h"])],
    "gru-reset-before": lambda x, state, p: [scalars.gru(x, *state, p["W_x"], p["W_h"], p["b"], [0.0] * 3 * H, "before")],
    "rnn": lambda x, state, p: [scalars.rnn(x, *state, p["W_x"], p["W_h"], p["b"])],
}
every_cell = pytest.mark.parametrize("name", CELLS)


def initialiser(rng, dtype=np.float64):
    return Initialiser(rng, select("numpy"), dtype)


def randomised(layer, rng):
    for _, p in layer.named_parameters():
        p.value = rng.standard_normal(p.value.shape)
    return layer


def layer_of(name, rng, reverse=False):
    return randomised(Recurrent(cell(name)(E, H, initialiser(rng)), reverse), rng)


def state_of(layer, rng, B):
    return on_parts(lambda part: rng.standard_normal(part.shape), layer.cell.zero_state(B))


def test_every_cell_has_a_scalar_loop():
    assert BY_HAND.keys() == CELLS.keys()


@every_cell
@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("with_state", [False, True])
def test_forward_is_the_documents_equations_repeated(name, reverse, with_state):
    rng = np.random.default_rng(1)
    layer, mask = layer_of(name, rng, reverse), mask_of(LENGTHS)
    T, B = mask.shape
    x = rng.standard_normal((T, B, E))
    before = state_of(layer, rng, B) if with_state else layer.cell.zero_state(B)
    (h, final), _ = layer.forward(x, Packing(mask), before if with_state else None)
    weights = {name: p.value.tolist() for name, p in layer.cell.named_parameters()}
    for b, n in enumerate(LENGTHS):
        state = [part[b].tolist() for part in before]
        for t in range(n)[::-1] if reverse else range(n):
            state = BY_HAND[name](x[t, b].tolist(), state, weights)
            np.testing.assert_allclose(h[t, b], state[0], rtol=0, atol=1e-13)
        assert (h[n:, b] == 0).all()
        for part, expected in zip(final, state, strict=True):
            np.testing.assert_allclose(part[b], expected, rtol=0, atol=1e-13)


@every_cell
def test_an_empty_column_keeps_its_initial_state_and_hands_its_gradient_through(name):
    rng = np.random.default_rng(2)
    layer, packing = layer_of(name, rng), Packing(mask_of((2, 0)))
    state, d = state_of(layer, rng, 2), state_of(layer, rng, 2)
    (_, final), cache = layer.forward(rng.standard_normal((2, 2, E)), packing, state)
    layer.zero_gradients()
    _, d_state = layer.backward(None, d, cache)
    for after, before, d_before, d_after in zip(final, state, d_state, d, strict=True):
        np.testing.assert_array_equal(after[1], before[1])
        np.testing.assert_array_equal(d_before[1], d_after[1])


@settings(max_examples=16, deadline=None)
@given(
    st.sampled_from(sorted(CELLS)),
    st.lists(st.integers(0, 3), min_size=1, max_size=3).filter(any),
    st.booleans(),
    st.integers(0, 2**32 - 1),
)
def test_every_gradient_by_the_complex_step_over_drawn_lengths(name, lengths, reverse, seed):
    rng = np.random.default_rng(seed)
    layer = layer_of(name, rng, reverse)
    results = check_recurrent("test", rng, layer, select("numpy"), ("complex-step",), tuple(lengths), E)
    wanted = {"x", *(f"{part}_0" for part in layer.cell.State._fields), *(name for name, _ in layer.named_parameters())}
    assert {r.target.split(" (")[0] for r in results} == wanted
    assert [r for r in results if not r.passed] == []


@every_cell
def test_what_padding_holds_has_no_influence_and_no_gradient(name):
    rng = np.random.default_rng(4)
    layer, mask = layer_of(name, rng), mask_of(LENGTHS)
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


@every_cell
@pytest.mark.parametrize("lengths", [(2, 5, 1), (3, 3, 3)])  # the second one is not sorted: arrays are handed out as they are
def test_arguments_are_not_changed_and_a_second_backward_gives_the_same_again(name, lengths):
    rng = np.random.default_rng(5)
    layer, mask = layer_of(name, rng), mask_of(lengths)
    T, B = mask.shape
    x, d_h = rng.standard_normal((T, B, E)), rng.standard_normal((T, B, H))
    state, d = state_of(layer, rng, B), state_of(layer, rng, B)
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


def test_a_cell_that_does_not_exist_is_named_with_the_nearest_one():
    with pytest.raises(UsageError, match="unknown cell 'lstn'; did you mean 'lstm'"):
        cell("lstn")


# Stacks


@every_cell
@pytest.mark.parametrize("residual", [False, True])
@pytest.mark.parametrize("bidirectional", [False, True])
def test_a_stack_is_its_layers_one_after_the_other(name, residual, bidirectional):
    """By hand from Recurrent layers: h of both directions side by side, x + layer(x) from the second layer on."""
    rng = np.random.default_rng(6)
    stack = randomised(Stack(name, 3, E, 4, initialiser(rng), bidirectional, residual, learned_start=True), rng)
    packing = Packing(mask_of((2, 4, 1)))
    x = rng.standard_normal((4, 3, E))
    (out, finals), _ = stack.forward(x, packing)
    for k, layer in enumerate(stack.layers):
        each = [layer.forwards, layer.backwards][: 1 + bidirectional]
        hs, states = [], []
        for direction, recurrent in enumerate(each):
            size = 4 // len(each)
            start = [np.tile(p.value[direction * size :][:size], (3, 1)) for p in layer.start]
            (h, state), _ = recurrent.forward(x, packing, recurrent.cell.State(*start))
            hs.append(h)
            states.append(state)
        for part, parts in zip(finals[k], zip(*states, strict=True), strict=True):
            np.testing.assert_array_equal(part, np.concatenate(parts, axis=-1))
        h = np.concatenate(hs, axis=-1)
        x = x + h if residual and k else h
    np.testing.assert_array_equal(out, x)


@every_cell
@pytest.mark.parametrize("residual", [False, True])
def test_a_stepped_stack_is_a_stack_of_one_direction(name, residual):
    """Step by step, all layers at once, or layer by layer over all steps: the same numbers."""
    rng = np.random.default_rng(7)
    stack = randomised(Stack(name, 3, E, 4, initialiser(rng), residual=residual), rng)
    stepped = SteppedStack(name, 3, E, 4, initialiser(rng), residual)
    stepped.assign({key.replace(".forwards.cell", ""): value for key, value in stack.state().items()})
    x = rng.standard_normal((5, 2, E))
    (out, finals), _ = stack.forward(x, Packing(np.ones((5, 2), bool)))
    states = stepped.zero_states(2)
    for t in range(5):
        z, _ = stepped.layers[0].project(x[t])
        top, states, _ = stepped.step(z, states)
        np.testing.assert_allclose(top, out[t], rtol=0, atol=1e-14)
    for ours, theirs in zip(states, finals, strict=True):
        for a, b in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(a, b, rtol=0, atol=1e-14)


def test_dropout_stands_between_the_layers_only():
    rng = np.random.default_rng(8)
    seen = []

    class Spy(Dropout):
        def forward(self, x, rng=None, packing=None):
            seen.append(x)
            return super().forward(x, rng, packing)

    stack = Stack("rnn", 3, E, 4, initialiser(rng), dropout=Spy(0.5))
    x, packing = rng.standard_normal((4, 2, E)), Packing(np.ones((4, 2), bool))
    stack.forward(x, packing)
    assert len(seen) == 2 and all(each is not x for each in seen)
    plain, _ = stack.forward(x, packing)
    dropped, _ = stack.forward(x, packing, np.random.default_rng(0))
    np.testing.assert_array_equal(plain[0], stack.forward(x, packing)[0][0])
    np.testing.assert_array_equal(dropped[1][0].h, plain[1][0].h)  # the first layer comes before any
    assert not np.array_equal(dropped[0], plain[0])


def test_variational_dropout_drops_the_same_units_at_every_step():
    rng = np.random.default_rng(9)
    packing = Packing(mask_of((2, 4, 1)))
    x = np.ones((4, 3, 5))
    (y, _), (rows, _) = (
        Dropout(0.5, variational=True).forward(a, np.random.default_rng(1), p) for a, p in ((x, None), (packing.pack(x), packing))
    )
    assert (y == y[0]).all() and 0 < (y == 0).sum() < y.size
    rows = packing.unpack(rows)
    for b, n in enumerate((2, 4, 1)):
        assert (rows[:n, b] == rows[0, b]).all()
    mask = Dropout(0.5, variational=True).of_steps(packing, 5, rng)
    np.testing.assert_array_equal(mask(0, 2), mask(3, 2))
    plain = Dropout(0.5).of_steps(packing, 5, rng)
    assert not np.array_equal(plain(0, 2), plain(1, 2)) and Dropout(0.5).of_steps(packing, 5)(0, 2) is None

"""Optimisers as equations (D0.8, D3.10, D4.5, D4.6): against PyTorch's for 50 steps, and in pieces, in float32, at the edges."""

import numpy as np
import pytest

from minis2s.equations.optimisers import adagrad, adam, adamw, clip_factor, coupled_decay, decoupled_decay, momentum, sgd

RATE, DECAY, STEPS = 0.05, 0.02, 50
ZERO = np.float64(0)  # a state at its start; broadcasts to any shape
SHAPE = (4, 3)

# name → (our step from (θ, gradient, state, t) to (θ, state); the same of torch.optim)
OPTIMISERS = {
    "sgd": (
        lambda x, g, state, t: (sgd(x, g, RATE), ()),
        lambda optim, p: optim.SGD(p, lr=RATE),
    ),
    "momentum": (
        lambda x, g, state, t: split(momentum(x, g, *(state or [ZERO]), RATE, 0.8)),
        lambda optim, p: optim.SGD(p, lr=RATE, momentum=0.8),
    ),
    "momentum, coupled decay": (
        lambda x, g, state, t: split(momentum(x, coupled_decay(x, g, DECAY), *(state or [ZERO]), RATE)),
        lambda optim, p: optim.SGD(p, lr=RATE, momentum=0.9, weight_decay=DECAY),
    ),
    "adagrad": (
        lambda x, g, state, t: split(adagrad(x, g, *(state or [ZERO]), RATE)),
        lambda optim, p: optim.Adagrad(p, lr=RATE),
    ),
    "adam": (
        lambda x, g, state, t: split(adam(x, g, *(state or [ZERO, ZERO]), t, RATE)),
        lambda optim, p: optim.Adam(p, lr=RATE),
    ),
    "adam, other constants": (
        lambda x, g, state, t: split(adam(x, g, *(state or [ZERO, ZERO]), t, RATE, 0.7, 0.98, 1e-3)),
        lambda optim, p: optim.Adam(p, lr=RATE, betas=(0.7, 0.98), eps=1e-3),
    ),
    "adam, coupled decay": (
        lambda x, g, state, t: split(adam(x, coupled_decay(x, g, DECAY), *(state or [ZERO, ZERO]), t, RATE)),
        lambda optim, p: optim.Adam(p, lr=RATE, weight_decay=DECAY),
    ),
    "adamw": (
        lambda x, g, state, t: split(adamw(x, g, *(state or [ZERO, ZERO]), t, RATE, DECAY)),
        lambda optim, p: optim.AdamW(p, lr=RATE, weight_decay=DECAY),
    ),
    "adamw, its own decay": (
        lambda x, g, state, t: split(adamw(x, g, *(state or [ZERO, ZERO]), t, RATE)),
        lambda optim, p: optim.AdamW(p, lr=RATE),
    ),
}


def split(step):
    return step[0], step[1:]


def gradient_of(x, noise):
    """Of a bowl whose axes differ a thousandfold, with noise: the parameters feed back into their gradients."""
    return x * np.logspace(-2, 1, x.size).reshape(x.shape) + noise


@pytest.mark.parametrize("name", OPTIMISERS)
def test_fifty_steps_against_torch(name):
    torch = pytest.importorskip("torch")
    ours, theirs = OPTIMISERS[name]
    rng = np.random.default_rng(0)
    x, state = rng.standard_normal(SHAPE), ()
    parameter = torch.tensor(x, requires_grad=True)
    optimiser = theirs(torch.optim, [parameter])
    for t in range(1, STEPS + 1):
        noise = rng.standard_normal(x.shape)
        parameter.grad = torch.tensor(gradient_of(parameter.detach().numpy(), noise))
        optimiser.step()
        x, state = ours(x, gradient_of(x, noise), state, t)
        assert np.linalg.norm(x - parameter.detach().numpy()) <= 1e-12 * np.linalg.norm(x)


@pytest.mark.parametrize("name", OPTIMISERS)
def test_whole_or_piece_by_piece_is_the_same_to_the_last_bit(name):
    step, _ = OPTIMISERS[name]
    rng = np.random.default_rng(1)
    x, gradients = rng.standard_normal(SHAPE), rng.standard_normal((3, *SHAPE))
    whole, rows = (x, ()), [(x[k : k + 1], ()) for k in range(len(x))]
    for t, g in enumerate(gradients, 1):
        whole = step(whole[0], g, whole[1], t)
        rows = [step(row, g[k : k + 1], state, t) for k, (row, state) in enumerate(rows)]
    np.testing.assert_array_equal(whole[0], np.concatenate([row for row, _ in rows]))


@pytest.mark.parametrize("name", OPTIMISERS)
def test_inputs_are_left_alone_and_float32_stays(name):
    step, _ = OPTIMISERS[name]
    rng = np.random.default_rng(2)
    x, g = rng.standard_normal((2, *SHAPE))
    n_states = len(step(x, g, (), 1)[1])
    states = tuple(rng.random((n_states, *x.shape)))
    single = [np.float32(a) for a in (x, g, *states)]
    kept = [a.copy() for a in single]
    new, new_states = step(single[0], single[1], tuple(single[2:]), 3)
    for before, after in zip(kept, single, strict=True):
        np.testing.assert_array_equal(before, after)
    expected, expected_states = step(x, g, states, 3)
    for ours, exact in zip((new, *new_states), (expected, *expected_states), strict=True):
        assert ours.dtype == np.float32
        np.testing.assert_allclose(ours, exact, rtol=1e-5, atol=1e-6)


def test_an_entry_whose_gradient_is_always_zero_stays_where_it_is():
    x, zero = np.ones(3), np.zeros(3)
    for new in (
        sgd(x, zero, RATE),
        momentum(x, zero, zero, RATE).parameter,
        adagrad(x, zero, zero, RATE).parameter,
        adam(x, zero, zero, zero, 1, RATE).parameter,
    ):
        np.testing.assert_array_equal(new, x)


def test_adam_is_blind_to_the_gradients_scale_and_so_is_its_first_step():
    x, g, zero = np.zeros(4), np.array([1e-3, 1.0, -1.0, 1e3]), np.zeros(4)
    np.testing.assert_allclose(adam(x, g, zero, zero, 1, RATE).parameter, -RATE * np.sign(g), rtol=1e-4)


def test_coupled_and_decoupled_decay_agree_for_gradient_descent_only():
    x, g = np.random.default_rng(3).standard_normal((2, 5))
    zero = np.zeros(5)
    coupled, decoupled = coupled_decay(x, g, DECAY), decoupled_decay(x, RATE, DECAY)
    np.testing.assert_allclose(sgd(x, coupled, RATE), sgd(decoupled, g, RATE), rtol=1e-14)
    with_coupled, with_decoupled = adam(x, coupled, zero, zero, 1, RATE), adamw(x, g, zero, zero, 1, RATE, DECAY)
    assert np.abs(with_coupled.parameter - with_decoupled.parameter).max() > 1e-4


def test_coupled_decay_adds_the_penaltys_gradient():
    x, g = np.random.default_rng(4).standard_normal((2, 5))
    np.testing.assert_allclose(coupled_decay(x, g, DECAY), g + DECAY * x, rtol=1e-15)


def test_clipping_shortens_what_is_too_long_and_nothing_else():
    assert clip_factor(2.0, 5.0) == clip_factor(5.0, 5.0) == clip_factor(0.0, 5.0) == 1.0
    assert clip_factor(20.0, 5.0) == 0.25

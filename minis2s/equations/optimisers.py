"""Optimisers as equations: new parameters and state from old ones and a gradient, as pure functions.

They work element by element, so an array may be updated whole or piece by piece with the same result to the last bit.
"""

from typing import Any, NamedTuple

from minis2s.backend import array_module, elementwise


class MomentumStep(NamedTuple):
    parameter: Any
    velocity: Any


class AdagradStep(NamedTuple):
    parameter: Any
    accumulated: Any


class AdamStep(NamedTuple):
    parameter: Any
    m: Any
    v: Any


@elementwise
def _descend(parameter, direction, rate):
    return parameter - rate * direction


def sgd(parameter, gradient, learning_rate):
    """Gradient descent (D0.8): θ ← θ − η g. The gradient of a batch stands for that of all the data (Robbins and Monro 1951).

    Arrays of one shape. Returns the new parameter.
    """
    return _descend(parameter, gradient, learning_rate)


@elementwise
def _momentum(parameter, gradient, velocity, rate, friction):
    velocity = friction * velocity + gradient
    return parameter - rate * velocity, velocity


def momentum(parameter, gradient, velocity, learning_rate, friction=0.9):
    """Gradient descent with momentum (D0.8; Polyak 1964, in PyTorch's form).

        u ← μ u + g
        θ ← θ − η u

    All arrays of one shape; u starts at zero. A steady gradient is amplified 1/(1 − μ) times. Returns MomentumStep(parameter,
    velocity).
    """
    return MomentumStep(*_momentum(parameter, gradient, velocity, learning_rate, friction))


@elementwise
def _adagrad(parameter, gradient, accumulated, rate, epsilon):
    accumulated = accumulated + gradient * gradient
    return parameter - rate * gradient / (array_module(accumulated).sqrt(accumulated) + epsilon), accumulated


def adagrad(parameter, gradient, accumulated, learning_rate, epsilon=1e-10):
    """Adagrad (D4.5; Duchi, Hazan and Singer 2011, JMLR 12, the diagonal form): each entry's rate falls with its own history.

        G ← G + g²
        θ ← θ − η g / (√G + ε)

    All arrays of one shape; G starts at zero. Returns AdagradStep(parameter, accumulated).
    """
    return AdagradStep(*_adagrad(parameter, gradient, accumulated, learning_rate, epsilon))


@elementwise
def _adam(parameter, gradient, m, v, rate, beta1, new1, beta2, new2, epsilon, correction):
    m = beta1 * m + new1 * gradient
    v = beta2 * v + new2 * (gradient * gradient)
    step = m / (array_module(v).sqrt(v) * correction + epsilon)
    return parameter - rate * step, m, v


def adam(parameter, gradient, m, v, t, learning_rate, beta1=0.9, beta2=0.999, epsilon=1e-8):
    """Step t = 1, 2, … of Adam (D4.5; Kingma and Ba 2014, arXiv:1412.6980, algorithm 1).

        m ← β₁ m + (1 − β₁) g                m̂ = m / (1 − β₁ᵗ)
        v ← β₂ v + (1 − β₂) g²               v̂ = v / (1 − β₂ᵗ)
        θ ← θ − η m̂ / (√v̂ + ε)

    All arrays of one shape; m and v start at zero. Returns AdamStep(parameter, m, v).
    """
    rate = learning_rate / (1 - beta1**t)
    correction = (1 - beta2**t) ** -0.5
    return AdamStep(*_adam(parameter, gradient, m, v, rate, beta1, 1 - beta1, beta2, 1 - beta2, epsilon, correction))


def adamw(parameter, gradient, m, v, t, learning_rate, weight_decay=0.01, beta1=0.9, beta2=0.999, epsilon=1e-8):
    """Step t = 1, 2, … of AdamW (D3.10; Loshchilov and Hutter 2017, arXiv:1711.05101, algorithm 2, in PyTorch's form).

        θ ← (1 − η λ) θ,  then Adam's step

    The decay does not pass through m and v, so Adam's division by √v̂ does not undo it where gradients are large. Arguments and
    result as `adam`.
    """
    return adam(decoupled_decay(parameter, learning_rate, weight_decay), gradient, m, v, t, learning_rate, beta1, beta2, epsilon)


def decoupled_decay(parameter, learning_rate, weight_decay):
    """θ ← (1 − η λ) θ: decay as a step of its own, beside any optimiser's."""
    return (1 - learning_rate * weight_decay) * parameter


def coupled_decay(parameter, gradient, weight_decay):
    """g ← g + λ θ: the gradient of L + ½ λ ‖θ‖² (D4.6), to be given to any optimiser.

    With `sgd` it is the same as decoupled decay; with an adaptive optimiser it is not.
    """
    return _descend(gradient, parameter, -weight_decay)


def clip_factor(norm, limit):
    """Global-norm clipping (Pascanu et al. 2013, arXiv:1211.5063): scale all gradients by min(1, limit / ‖g‖).

    norm: a number, or an array without axes, which is not read.
    """
    return limit / array_module(norm).maximum(norm, limit)

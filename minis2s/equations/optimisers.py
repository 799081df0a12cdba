"""Optimisers as equations: new parameters and state from old ones and a gradient, as pure functions.

They work element by element, so an array may be updated whole or piece by piece with the same result to the last bit.
"""

from typing import Any, NamedTuple

from minis2s.backend import array_module, elementwise


class AdamStep(NamedTuple):
    parameter: Any
    m: Any
    v: Any


@elementwise
def _adam(parameter, gradient, m, v, rate, beta1, beta2, epsilon, correction):
    m = beta1 * m + (1 - beta1) * gradient
    v = beta2 * v + (1 - beta2) * (gradient * gradient)
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
    return AdamStep(*_adam(parameter, gradient, m, v, rate, beta1, beta2, epsilon, correction))


def clip_factor(norm, limit):
    """Global-norm clipping (Pascanu et al. 2013, arXiv:1211.5063): scale all gradients by min(1, limit / ‖g‖)."""
    return limit / norm if norm > limit else 1.0

"""D0.8, D3.10, D4.5 and a part of D4.6: gradient descent, AdamW, Adam and Adagrad, coupled weight decay.

An update has no gradient to check. Each is verified instead over several steps, one number at a time, against its recurrence
written out: momentum's u_t is Σ_i μ^{t−i} g_i, and Adam's m̂_t is the average of the g_i with the weights β₁^{t−i}.
"""

from math import sqrt

import numpy as np

from minis2s.equations.optimisers import adagrad, adam, adamw, clip_factor, coupled_decay, momentum, sgd
from minis2s.equations.registry import register

RATE, DECAY = 0.1, 0.3


def verified(step, unrolled, states=0, count_steps=False, steps=4):
    """A `verify` for `step(θ, g, *state, [t,] η)`: `unrolled(θ, [g_1, …])` gives the last θ of one parameter in plain numbers."""

    def verify(rng, convert):
        theta, gradients = rng.standard_normal((2, 3)), rng.standard_normal((steps, 2, 3))
        new = (convert(theta), *(convert(np.zeros_like(theta)) for _ in range(states)))
        for t, gradient in enumerate(gradients, 1):
            new = step(new[0], convert(gradient), *new[1:], *([t] if count_steps else []), RATE)
            new = new if isinstance(new, tuple) else (new,)
        expected = [unrolled(x, g) for x, g in zip(theta.ravel().tolist(), gradients.reshape(steps, -1).T.tolist(), strict=True)]
        return {"θ": (new[0], np.reshape(expected, theta.shape))}

    return verify


def unrolled_sgd(theta, gradients):
    return theta - RATE * sum(gradients)


def unrolled_momentum(theta, gradients, friction=0.9):
    velocities = [sum(friction ** (t - i) * gradients[i] for i in range(t + 1)) for t in range(len(gradients))]
    return theta - RATE * sum(velocities)


def unrolled_adagrad(theta, gradients, epsilon=1e-10):
    return theta - sum(RATE * g / (sqrt(sum(h * h for h in gradients[: t + 1])) + epsilon) for t, g in enumerate(gradients))


def unrolled_adam(theta, gradients):
    return theta - RATE * sum(adam_directions(gradients))


def unrolled_adamw(theta, gradients, decay=0.01):
    for direction in adam_directions(gradients):
        theta = theta - RATE * decay * theta - RATE * direction
    return theta


def decaying_sgd(theta, gradient, rate):
    return sgd(theta, coupled_decay(theta, gradient, DECAY), rate)


def unrolled_decaying_sgd(theta, gradients):
    """θ_0 (1 − ηλ)^T − η Σ_t (1 − ηλ)^{T−t} g_t."""
    kept = 1 - RATE * DECAY
    return theta * kept ** len(gradients) - RATE * sum(kept**age * g for age, g in enumerate(reversed(gradients)))


def verify_clipping(rng, convert):
    norms, limit = rng.exponential(2.0, 20), 2.0
    return {"norm": ([norm * clip_factor(norm, limit) for norm in norms], np.minimum(norms, limit))}


def adam_directions(gradients, beta1=0.9, beta2=0.999, epsilon=1e-8):
    """m̂/(√v̂ + ε) of every step."""
    squares = [g * g for g in gradients]
    steps = range(1, len(gradients) + 1)
    return [average(gradients[:t], beta1) / (sqrt(average(squares[:t], beta2)) + epsilon) for t in steps]


def average(values, beta):
    """The mean of the values with weights 1, β, β², … from the last one back."""
    weights = [beta**age for age in reversed(range(len(values)))]
    return sum(w * x for w, x in zip(weights, values, strict=True)) / sum(weights)


SYMBOLS = {"θ": "parameters, any shape", "g": "their gradient, of the same shape", "η": "learning rate"}
MOMENTS = {
    "m, v": "of the same shape: moving averages of g and g², zero at first",
    "m̂, v̂": "the same without the pull towards that zero",
    "β₁, β₂": "how slowly the averages forget: 0.9, 0.999",
    "t": "number of the step, from 1",
    "ε": "1e-8, so that nothing is divided by zero",
}

register(
    id="D0.8",
    kind="method",
    title="Stochastic gradient descent",
    section="D0 §3.4",
    printed="(worded: gradient descent on the parameters)",
    latex=r"\theta \leftarrow \theta - \eta\, g",
    symbols=SYMBOLS,
    forward=sgd,
    verify=verified(sgd, unrolled_sgd),
    source="Robbins and Monro 1951",
    layer="minis2s.training.optimisers.SGD",
    lesson="11_optimisers",
)

register(
    id="D0.8-momentum",
    kind="method",
    title="Gradient descent with momentum",
    section="D0 §3.4",
    printed="(not in the documents: the usual form of D0.8)",
    latex=r"u \leftarrow \mu u + g,\quad \theta \leftarrow \theta - \eta\, u",
    symbols=SYMBOLS | {"u": "velocity, of the same shape, zero at first", "μ": "friction, below 1"},
    forward=momentum,
    verify=verified(momentum, unrolled_momentum, states=1),
    source="Polyak 1964, in PyTorch's form (the learning rate outside the velocity)",
    layer="minis2s.training.optimisers.Momentum",
    lesson="11_optimisers",
)

register(
    id="D0.8-clipped",
    kind="method",
    title="Clipping by the global norm",
    section="D0 §3.4",
    printed="(not in the documents: keeps one step from going too far)",
    latex=r"g \leftarrow g \cdot \min\left(1, \frac{\mathrm{limit}}{\lVert g \rVert}\right)",
    symbols={"g": "the gradients of all parameters together", "limit": "the longest that they may be"},
    forward=clip_factor,
    verify=verify_clipping,
    source="Pascanu, Mikolov and Bengio 2013, arXiv:1211.5063",
    layer="minis2s.training.optimisers.Adam",
    lesson="11_optimisers",
)

register(
    id="D3.10",
    kind="method",
    title="AdamW: Adam with decoupled weight decay",
    section="D3 §5.2",
    printed="(code: AdamW)",
    latex=r"\theta \leftarrow (1 - \eta\lambda)\,\theta - \eta\, \hat m / (\sqrt{\hat v} + \varepsilon)",
    symbols=SYMBOLS | MOMENTS | {"λ": "weight decay"},
    forward=adamw,
    verify=verified(adamw, unrolled_adamw, states=2, count_steps=True),
    source="Loshchilov and Hutter 2017, arXiv:1711.05101, algorithm 2, in PyTorch's form (η λ instead of a schedule times λ)",
    erratum="X10: D3 §5.2 uses it to fine-tune a classifier and calls that translation.",
    layer="minis2s.training.optimisers.AdamW",
    lesson="11_optimisers",
)

register(
    id="D4.5",
    kind="method",
    title="Adam",
    section="D4 §6",
    printed="(worded: Adam)",
    latex=r"m \leftarrow \beta_1 m + (1 - \beta_1) g,\quad v \leftarrow \beta_2 v + (1 - \beta_2) g^2,\quad "
    r"\hat m = \frac{m}{1 - \beta_1^t},\quad \hat v = \frac{v}{1 - \beta_2^t},\quad "
    r"\theta \leftarrow \theta - \eta\, \frac{\hat m}{\sqrt{\hat v} + \varepsilon}",
    symbols=SYMBOLS | MOMENTS,
    forward=adam,
    verify=verified(adam, unrolled_adam, states=2, count_steps=True),
    source="Kingma and Ba 2014, arXiv:1412.6980, algorithm 1",
    layer="minis2s.training.optimisers.Adam",
    lesson="11_optimisers",
)

register(
    id="D4.5-adagrad",
    kind="method",
    title="Adagrad",
    section="D4 §6",
    printed="(worded: Adagrad)",
    latex=r"G \leftarrow G + g^2,\quad \theta \leftarrow \theta - \eta\, \frac{g}{\sqrt{G} + \varepsilon}",
    symbols=SYMBOLS | {"G": "of the same shape: the sum of all g² so far", "ε": "1e-10, so that nothing is divided by zero"},
    forward=adagrad,
    verify=verified(adagrad, unrolled_adagrad, states=1),
    source="Duchi, Hazan and Singer 2011, JMLR 12, the diagonal form",
    layer="minis2s.training.optimisers.Adagrad",
    lesson="11_optimisers",
)

register(
    id="D4.6-coupled",
    kind="method",
    title="Coupled weight decay",
    section="D4 §6",
    printed="(worded: weight decay)",
    latex=r"g \leftarrow g + \lambda \theta",
    symbols=SYMBOLS | {"λ": "weight decay"},
    forward=coupled_decay,
    verify=verified(decaying_sgd, unrolled_decaying_sgd),
    source="the gradient of L + ½ λ ‖θ‖², D4.6-weight-decay; the decoupled form is in D3.10",
    lesson="11_optimisers",
)

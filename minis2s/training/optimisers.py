"""Optimisers: each owns its state (moments, step count) and calls its equation."""

from itertools import groupby

from minis2s.backend import array_module, assign_if, unread
from minis2s.equations.optimisers import adagrad, adam, adamw, clip_factor, coupled_decay, momentum, sgd
from minis2s.pieces import each, pieces


class Optimiser:
    """Updates FlatParameters from their gradients, clipped by their global norm. A subclass is one rule.

    weight_decay: λ, by default the rule's usual one. Only arrays with two axes or more decay, embeddings among them: a bias has
    no products in which a large value could make the function rough, so shrinking it only holds back what it can fit.
    """

    state_names = ()  # of the rule's state: vectors as long as the parameters, zero at first
    settings = ()  # that the rule takes besides weight_decay
    usual_decay = 0.0

    def __init__(self, flat, clip=None, weight_decay=None, **settings):
        xp = array_module(flat.values)
        self.flat, self.clip, self.t = flat, clip, 0
        self.vectors = {name: xp.zeros_like(flat.values) for name in self.state_names}
        self.options = settings
        decay = self.usual_decay if weight_decay is None else weight_decay
        self._pieces = [(part, rate) for whole, rate in _stretches(flat, decay) for part in pieces(xp, whole)]

    def step(self, learning_rate, norm, finite=True):
        """Update the parameters from the gradients, whose norm is `norm`. Where `finite` is False, nothing changes but t.

        Both may be arrays without axes of a device (`unread`): what depends on them is decided there.
        """
        self.t += 1
        factor = 1.0 if self.clip is None else unread(clip_factor(norm, self.clip))
        clipped = not (isinstance(factor, float) and factor == 1.0)
        changing, gradients = (self.flat.values, *self.vectors.values()), self.flat.gradients

        def update(piece):
            part, decay = piece
            g = gradients[part] * factor if clipped else gradients[part]
            parameter, *state = (vector[part] for vector in changing)
            for vector, new in zip(changing, self.update(learning_rate, decay, parameter, g, *state), strict=True):
                assign_if(finite, vector[part], new)

        each(update, self._pieces)

    def update(self, rate, decay, parameter, gradient, *state):
        """(new parameter, *new state) of a piece. Decay is the gradient of ½ λ ‖θ‖² (D4.6), as any rule can take it."""
        if decay:
            gradient = coupled_decay(parameter, gradient, decay)
        return self.rule(rate, parameter, gradient, *state)

    def restore(self, t, vectors):
        """Go on after update t with the state that it left."""
        self.t = int(t)
        for name, vector in self.vectors.items():
            vector[...] = vectors[name]


class SGD(Optimiser):
    """Gradient descent, D0.8."""

    def rule(self, rate, parameter, gradient):
        return (sgd(parameter, gradient, rate),)


class Momentum(Optimiser):
    """Gradient descent with momentum, D0.8."""

    state_names, settings = ("velocity",), ("momentum",)

    def rule(self, rate, parameter, gradient, velocity):
        return momentum(parameter, gradient, velocity, rate, self.options.get("momentum", 0.9))


class Adagrad(Optimiser):
    """Adagrad, D4.5."""

    state_names = ("accumulated",)

    def rule(self, rate, parameter, gradient, accumulated):
        return adagrad(parameter, gradient, accumulated, rate)


class Adam(Optimiser):
    """Adam, D4.5."""

    state_names, settings = ("m", "v"), ("beta1", "beta2")

    def rule(self, rate, parameter, gradient, m, v):
        return adam(parameter, gradient, m, v, self.t, rate, **self.options)


class AdamW(Adam):
    """AdamW, D3.10: its decay stays out of the moments."""

    usual_decay = 0.01

    def update(self, rate, decay, parameter, gradient, m, v):
        return adamw(parameter, gradient, m, v, self.t, rate, decay, **self.options)


OPTIMISERS = {"sgd": SGD, "momentum": Momentum, "adagrad": Adagrad, "adam": Adam, "adamw": AdamW}


def _stretches(flat, decay):
    """(slice, decay) of neighbouring parameters that decay alike, in order."""
    if not decay:
        return [(slice(0, flat.values.size), 0.0)]
    names = (list(group) for _, group in groupby(flat.parts, lambda name: len(flat.shapes[name]) > 1))
    wholes = ((slice(flat.parts[n[0]].start, flat.parts[n[-1]].stop), len(flat.shapes[n[0]]) > 1) for n in names)
    return [(whole, decay if matrix else 0.0) for whole, matrix in wholes]

"""Parameters and the layers that own them."""

import numpy as np

from minis2s.backend import array_module, to_host


class Parameter:
    """An array that is learned, and the gradient that has been added up for it since `zero_gradients`.

    `grad` is None until then; a model that only translates has no need of it.
    """

    __slots__ = ("grad", "value")

    def __init__(self, value):
        self.value = value
        self.grad = None

    def accumulate(self, gradient):
        self.grad += gradient


class Layer:
    """Owns parameters and sublayers as plain attributes; adds loops over time, never a formula.

    By convention `forward(...) -> (out, cache)` and `backward(d_out..., cache) -> gradients of the inputs`, which adds the
    parameters' gradients to their `grad`.
    """

    def named_parameters(self, prefix=""):
        """(name, Parameter) pairs in the order of definition; nested names are joined by dots."""
        for name, attribute in vars(self).items():
            if isinstance(attribute, Parameter):
                yield prefix + name, attribute
            else:
                for part, layer in _sublayers(name, attribute):
                    yield from layer.named_parameters(f"{prefix}{part}.")

    def named_layers(self, prefix=""):
        """(name, Layer) pairs of all layers inside this one, likewise."""
        for name, attribute in vars(self).items():
            for part, layer in _sublayers(name, attribute):
                yield prefix + part, layer
                yield from layer.named_layers(f"{prefix}{part}.")

    def zero_gradients(self):
        for _, p in self.named_parameters():
            if p.grad is None or p.grad.shape != p.value.shape or p.grad.dtype != p.value.dtype:
                p.grad = array_module(p.value).zeros_like(p.value)
            else:
                p.grad.fill(0)

    def state(self):
        """name → host copy of each parameter."""
        return {name: np.array(to_host(p.value)) for name, p in self.named_parameters()}

    def state_on_backend(self):
        """name → each parameter's own array, not a copy."""
        return {name: p.value for name, p in self.named_parameters()}

    def assign(self, values):
        """Replace every parameter's array by values[name], as it is: dtype and library are the caller's choice. All or none."""
        parameters = dict(self.named_parameters())
        if parameters.keys() != values.keys():
            raise KeyError(f"parameters do not match: {sorted(parameters.keys() ^ values.keys())}")
        for name, p in parameters.items():
            if p.value.shape != values[name].shape:
                raise ValueError(f"{name}: shape {values[name].shape} does not fit {p.value.shape}")
        for name, p in parameters.items():
            p.value = values[name]

    def n_parameters(self):
        return sum(p.value.size for _, p in self.named_parameters())


def _sublayers(name, attribute):
    """(name, Layer) pairs that an attribute holds: itself, or the members of a list."""
    members = [(f"{name}.{k}", part) for k, part in enumerate(attribute)] if isinstance(attribute, list) else [(name, attribute)]
    return [(part, layer) for part, layer in members if isinstance(layer, Layer)]


class Observer:
    """What a recurrent layer shows while it computes. This one looks away; others are in models/observe.py.

    packing: of the layer's sequences; the arrays hold their real places, packed. states: h (N, H), and the caches of each
    step's `lstm_pointwise`; gradients: d_a (N, 4H), of the pre-activations.
    """

    def __init__(self, layer=None):
        self.reverse = getattr(layer, "reverse", False)

    def states(self, packing, h, caches): ...
    def gradients(self, packing, d_a): ...


class Initialiser:
    """Draws initial weights on the host from an explicit generator, then puts them where the model lives."""

    def __init__(self, rng, backend, dtype=np.float32):
        self.rng, self.backend, self.dtype = rng, backend, np.dtype(dtype)

    def _put(self, values):
        return Parameter(self.backend.asarray(values.astype(self.dtype)))

    def xavier(self, n_in, n_out, blocks=1):
        """(n_in, blocks·n_out), uniform in ±√(6 / (n_in + n_out)) (Glorot and Bengio 2010, eq. 16), for each block."""
        limit = np.sqrt(6 / (n_in + n_out))
        return self._put(self.rng.uniform(-limit, limit, (n_in, blocks * n_out)))

    def normal(self, *shape, std):
        return self._put(self.rng.normal(0, std, shape))

    def zeros(self, *shape):
        return self._put(np.zeros(shape))

    def lstm_bias(self, hidden_size, forget=1.0):
        """Zeros, but `forget` for the forget gate's block: a new cell remembers (Gers et al. 2000)."""
        blocks = np.zeros((4, hidden_size))
        blocks[1] = forget
        return self._put(blocks.reshape(-1))

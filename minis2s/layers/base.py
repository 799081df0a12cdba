"""Parameters and the layers that own them."""

import numpy as np

from minis2s.backend import array_module, to_host
from minis2s.errors import unknown_name

RECURRENT = ("xavier", "orthogonal")  # how weights from state to state begin


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
        for name, member in _members(self, prefix):
            if isinstance(member, Parameter):
                yield name, member
            else:
                yield from member.named_parameters(f"{name}.")

    def named_layers(self, prefix=""):
        """(name, Layer) pairs of all layers inside this one, likewise."""
        for name, member in _members(self, prefix):
            if isinstance(member, Layer):
                yield name, member
                yield from member.named_layers(f"{name}.")

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


def _members(layer, prefix):
    """(name, Parameter or Layer) pairs of what a layer's attributes hold: themselves, or the members of a list."""
    for name, attribute in vars(layer).items():
        named = enumerate(attribute) if isinstance(attribute, list) else [(None, attribute)]
        for k, member in named:
            if isinstance(member, Parameter | Layer):
                yield f"{prefix}{name}" if k is None else f"{prefix}{name}.{k}", member


class Observer:
    """What a recurrent cell shows while it computes. This one looks away; others are in models/observe.py.

    packing: of the sequences; the arrays hold their real places, packed. reverse: whether they are read from the end. states:
    h (N, H), and what each step's gates were, as `Cell.gates` tells; gradients: d_z (N, kH), of the pre-activations.
    """

    looks = False  # so that what would be shown need not be gathered

    def __init__(self, cell=None):
        self.cell = cell

    def states(self, packing, reverse, h, caches): ...
    def gradients(self, packing, reverse, d_z): ...


class Initialiser:
    """Draws initial weights on the host from an explicit generator, then puts them where the model lives.

    recurrent: how the weights from state to state begin, "xavier" or "orthogonal"; forget_bias: of an LSTM's forget gate.
    """

    def __init__(self, rng, backend, dtype=np.float32, recurrent="xavier", forget_bias=1.0):
        if recurrent not in RECURRENT:
            raise unknown_name("initialisation", recurrent, RECURRENT)
        self.rng, self.backend, self.dtype = rng, backend, np.dtype(dtype)
        self.square = getattr(self, recurrent)
        self.forget_bias = forget_bias

    def _put(self, values):
        return Parameter(self.backend.asarray(values.astype(self.dtype)))

    def xavier(self, n_in, n_out, blocks=1):
        """(n_in, blocks·n_out), uniform in ±√(6 / (n_in + n_out)) (Glorot and Bengio 2010, eq. 16), for each block."""
        limit = np.sqrt(6 / (n_in + n_out))
        return self._put(self.rng.uniform(-limit, limit, (n_in, blocks * n_out)))

    def orthogonal(self, n_in, n_out, blocks=1):
        """The same shape, each block with orthonormal columns (rows, if it is wide): Saxe et al. 2014, arXiv:1312.6120.

        Q of a matrix of normal numbers, its signs such that R's diagonal is positive; without that Q is not uniform.
        """
        return self._put(np.concatenate([self._orthonormal(n_in, n_out) for _ in range(blocks)], axis=1))

    def _orthonormal(self, n_in, n_out):
        q, r = np.linalg.qr(self.rng.standard_normal((max(n_in, n_out), min(n_in, n_out))))
        q = q * np.where(np.diag(r) < 0, -1, 1)
        return q if n_in >= n_out else q.T

    def recurrent(self, size, blocks=1):
        """(size, blocks·size): weights from a state to the next."""
        return self.square(size, size, blocks)

    def normal(self, *shape, std):
        return self._put(self.rng.normal(0, std, shape))

    def zeros(self, *shape):
        return self._put(np.zeros(shape))

    def lstm_bias(self, hidden_size):
        """Zeros, but `forget_bias` for the forget gate's block: a new cell remembers (Gers et al. 2000)."""
        blocks = np.zeros((4, hidden_size))
        blocks[1] = self.forget_bias
        return self._put(blocks.reshape(-1))

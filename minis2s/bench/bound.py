"""The matrix products of a training step or of decoding, and the time that they alone take: nothing that is done to the rest can
make it shorter.
"""

import time
from statistics import median

import numpy as np


class Recorded(np.ndarray):
    """An array that writes down every matrix product that it, or what is made of it, takes part in."""

    products: list = []  # noqa: RUF012, one list for all: what is recorded is a step, not an array
    __array_priority__ = 1.0  # so that concatenated rows still write down what they take part in

    def __array_ufunc__(self, ufunc, method, *inputs, out=None, **keywords):
        plain = [x.view(np.ndarray) if isinstance(x, Recorded) else x for x in inputs]
        if ufunc is np.matmul:
            Recorded.products.append(tuple((x.shape, x.strides, x.dtype) for x in plain))
        if out is not None:
            keywords["out"] = tuple(x.view(np.ndarray) if isinstance(x, Recorded) else x for x in out)
        result = getattr(ufunc, method)(*plain, **keywords)
        return result.view(Recorded) if isinstance(result, np.ndarray) and result.ndim else result


def forward_and_backward(engine):
    """What of a training step has matrix products."""
    _, cache = engine.model.forward(engine.batch)
    engine.model.backward(cache)


def matrix_products(engine, work=forward_and_backward):
    """[((shape, strides, dtype), (shape, strides, dtype))] of the factors in work(engine), the engine being our own."""
    flat = engine.flat
    Recorded.products = []
    values, gradients = flat.values, flat.gradients
    try:
        for views, attribute in ((flat.views(values.view(Recorded)), "value"), (flat.views(gradients.view(Recorded)), "grad")):
            for name, p in engine.model.named_parameters():
                setattr(p, attribute, views[name])
        work(engine)
    finally:
        for views, attribute in ((flat.views(values), "value"), (flat.views(gradients), "grad")):
            for name, p in engine.model.named_parameters():
                setattr(p, attribute, views[name])
    return Recorded.products


class Products:
    """The same products on other numbers, laid out in memory as theirs were. `run()` computes all of them once."""

    def __init__(self, products, rng):
        made = {}  # factors of one layout share their memory: a step's do, too, where they are weights
        self.pairs = []
        for factors in products:
            for factor in factors:
                if factor not in made:
                    made[factor] = _laid_out(*factor, rng)
            self.pairs.append([made[factor] for factor in factors])

    def run(self):
        for a, b in self.pairs:
            np.matmul(a, b)


def _laid_out(shape, strides, dtype, rng):
    """Random numbers of a shape and strides."""
    size = 1 + sum((n - 1) * abs(step) for n, step in zip(shape, strides, strict=True)) // dtype.itemsize
    memory = rng.standard_normal(size).astype(dtype)
    return np.lib.stride_tricks.as_strided(memory, shape, [abs(step) for step in strides])


def flops(products):
    """Multiplications and additions of the products."""
    total = 0
    for (a, _, _), (b, _, _) in products:
        rows = int(np.prod(a[:-1]))
        total += 2 * rows * a[-1] * (b[-1] if len(b) > 1 else 1)
    return total


def seconds(products, rounds=5):
    """Median time of all products once."""
    timings = []
    for _ in range(rounds):
        began = time.perf_counter()
        products.run()
        timings.append(time.perf_counter() - began)
    return median(timings)

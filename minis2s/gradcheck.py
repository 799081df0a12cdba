"""Are the derivatives right? Two independent numerical derivatives, compared with the ones written by hand.

For L = Σ_k ⟨d_k, out_k⟩ with random cotangents d_k, each entry of each input is moved:

    complex step   ∂L/∂x ≈ Im L(x + ih) / h,  h = 1e-30     no subtraction, so exact to rounding (≤ 1e-10)
    five-point     ∂L/∂x ≈ (8[L(x+h) − L(x−h)] − [L(x+2h) − L(x−2h)]) / 12h     real arithmetic only (≤ 1e-6)

Source: Squire and Trapp 1998, SIAM Review 40(1); Abramowitz and Stegun 25.3.6.

An error is normwise: ‖a − n‖ ≤ tolerance · max(‖a‖, ‖n‖, S). S is there for gradients that cancel or saturate, the larger of

    ‖Σ_j |d_j ∂out_j/∂x|‖                    the size of the terms that the gradient sums: they may cancel, as in a softmax
    rounding · ‖d‖ · ‖out‖ / tolerance       what rounding alone can make of the outputs: σ'(40) is σ(1 − σ), a difference of two
                                             numbers near one, and cannot be right to ten digits of its own tiny value

The second is no wider than it must be, so that a wrong gradient does not hide behind it: one of 10⁻³ ‖d‖·‖out‖ is still judged by
the whole tolerance, and one of 10⁻¹⁰ ‖d‖·‖out‖ to three digits.
"""

import zlib
from typing import NamedTuple

import numpy as np

from minis2s.backend import array_module, to_host

TOLERANCES = {"complex-step": 1e-10, "five-point": 1e-6, "projection": 1e-10, "oracle": 1e-12}
ORACLE = "oracle"  # for what has no gradient: the values themselves, against an independent way to compute them
METHODS = ("complex-step", "five-point", ORACLE)  # what an equation's check can run
SINGLE_PRECISION_TOLERANCE = 1e-5  # for a float32 gradient, against derivatives taken in double precision at the same inputs
COMPLEX_STEP = 1e-30
FIVE_POINT_STEP = 1e-3  # for functions that bend on a scale of one, as all do here but the cosine of tiny vectors
# What rounding can leave, in parts of ‖d‖·‖out‖: some hundred units in the last place (for differences a few, over the step).
# Right gradients need no more at saturated, large and tiny inputs; that is tested.
ROUNDING = {"complex-step": 1e-13, "five-point": 1e-12}
SINGLE_PRECISION_ROUNDING = 1e-6


class Result(NamedTuple):
    """One comparison: a gradient `target` of the thing called `id`, against one numerical method."""

    id: str
    target: str
    method: str
    error: float
    tolerance: float
    passed: bool


class Report(NamedTuple):
    """All the results of a run. `as_dict` is what `minis2s check --json` prints."""

    backend: str
    dtype: str
    results: list

    @property
    def passed(self):
        return bool(self.results) and all(r.passed for r in self.results)

    def worst(self, id, method):
        """The result with the largest error of one id and method, or None."""
        return max((r for r in self.results if (r.id, r.method) == (id, method)), key=_badness, default=None)

    def as_dict(self):
        results = [{**r._asdict(), "error": r.error if np.isfinite(r.error) else None} for r in self.results]
        return {"backend": self.backend, "dtype": self.dtype, "results": results, "passed": self.passed}


def _badness(result):
    return result.error if np.isfinite(result.error) else np.inf


def check_pair(id, forward, backward, inputs, wrt, rng, methods=("complex-step", "five-point")):
    """Check a function pair: every input named in `wrt`, every pattern of upstream gradients.

    forward(**inputs) -> (out, cache), out an array or a tuple of arrays; backward(d_out, cache) -> gradients, a NamedTuple with
    the inputs' names, or one array when `wrt` has one name. inputs: dict of float64 arrays (and whatever else the function
    takes); float32 ones are checked in float32. Patterns: all outputs receive a random cotangent; and, where there are several,
    each one alone, the others None. Returns a list of Result; the target's name says which output was alone.
    """
    out, cache = forward(**inputs)
    names = list(getattr(out, "_fields", [])) or [f"out{k}" for k in range(len(_as_tuple(out)))]
    cotangents = [random_like(y, rng) for y in _as_tuple(out)]
    patterns = [("", cotangents)]
    if len(cotangents) > 1:
        for k, name in enumerate(names):
            patterns.append((f" ({name} alone)", [d if j == k else None for j, d in enumerate(cotangents)]))
    results = []
    for label, pattern in patterns:
        d_out = pattern[0] if not isinstance(out, tuple) else _like(out, pattern)
        gradients = backward(d_out, cache)
        analytic = {name: _gradient_of(gradients, name) for name in wrt}
        for result in check_function(id, lambda **x: forward(**x)[0], inputs, analytic, pattern, methods):
            results.append(result._replace(target=result.target + label))
    return results


def check_function(id, function, inputs, analytic, cotangents, methods=("complex-step", "five-point")):
    """Compare gradients `analytic[name]` of L = Σ_k ⟨cotangents[k], function(**inputs)[k]⟩ with numerical ones.

    A cotangent that is None counts as zero. Returns a Result for each name and method.
    """

    def terms(x):
        """⟨d, out⟩ before the sum: one vector with an entry for every entry of every output."""
        products = [(d * y).reshape(-1) for d, y in zip(cotangents, _as_tuple(function(**x)), strict=True) if d is not None]
        return array_module(*products).concatenate(products)

    size = _output_size(function, inputs, cotangents)
    results = []
    for name, gradient in analytic.items():
        dtype = inputs[name].dtype
        for method in methods:
            numerical, jacobian_size = _NUMERICAL[method](terms, inputs, name)
            rounding = SINGLE_PRECISION_ROUNDING if dtype == np.float32 else ROUNDING[method]
            scale = np.maximum(jacobian_size, rounding * size / _tolerance(method, dtype))  # np.maximum passes a NaN on
            results.append(judge(id, name, method, to_host(gradient), numerical, scale, dtype))
    return results


def judge(id, target, method, analytic, numerical, scale=0.0, dtype=None):
    """A Result from two gradients of one array: ‖a − n‖ / max(‖a‖, ‖n‖, S) against the method's tolerance.

    dtype: of the array, which its gradient must have too; it decides the tolerance. By default that of the gradient.
    """
    dtype = dtype or analytic.dtype
    tolerance = _tolerance(method, dtype)
    if analytic.shape != numerical.shape or analytic.dtype != dtype:
        return Result(id, target, method, np.inf, tolerance, False)
    size = max(_norm(analytic), _norm(numerical), scale)
    difference = _norm(analytic - numerical)
    if not np.isfinite(size + scale):  # where something overflowed, every error would look small
        return Result(id, target, method, np.inf, tolerance, False)
    error = float(difference / size) if size > 0 else float(difference)
    return Result(id, target, method, error, tolerance, bool(error <= tolerance))  # a NaN does not pass


def check_projection(id, loss, parameters, gradients, rng, directions=3):
    """Random projection for models too large to move entry by entry: Im L(θ + ihu)/h against ⟨gradient, u⟩.

    loss(parameters) -> complex scalar; parameters, gradients: dicts of float64 arrays. A mistake anywhere changes the projection
    with probability one, but the answer does not say where.
    """
    results = []
    for k in range(directions):
        u = {name: random_like(value, rng) for name, value in parameters.items()}
        moved = {name: value + 1j * COMPLEX_STEP * u[name] for name, value in parameters.items()}
        numerical = np.imag(to_host(loss(moved))) / COMPLEX_STEP
        terms = [float((gradients[name] * u[name]).sum()) for name in parameters]
        scale = float(np.linalg.norm(terms))
        results.append(judge(id, f"direction {k + 1}", "projection", np.asarray(sum(terms)), np.asarray(numerical), scale))
    return results


def _complex_step(terms, inputs, name):
    """(∂L/∂x entry by entry, ‖Σ_j |d_j ∂out_j/∂x|‖): the derivative, and the size of the terms that it sums."""
    x = inputs[name]
    moved = x.astype(np.complex128)
    point = _in_precision(inputs, np.complex128) | {name: moved}
    gradient, size = np.empty(x.shape), np.empty(x.shape)
    for k in np.ndindex(*x.shape):
        before = moved[k].copy()
        moved[k] = before + 1j * COMPLEX_STEP
        derivative = to_host(terms(point).imag) / COMPLEX_STEP
        moved[k] = before
        gradient[k], size[k] = derivative.sum(), np.abs(derivative).sum()
    return gradient, _norm(size)


def _five_point(terms, inputs, name):
    """The same in real arithmetic, with the fourth-order central difference."""
    x = inputs[name]
    moved = x.astype(np.float64)
    point = _in_precision(inputs, np.float64) | {name: moved}
    gradient, size = np.empty(x.shape), np.empty(x.shape)
    for k in np.ndindex(*x.shape):
        before = moved[k].copy()
        h = FIVE_POINT_STEP
        at = {}
        for step in (-2, -1, 1, 2):
            moved[k] = before + step * h
            at[step] = to_host(terms(point))
        moved[k] = before
        derivative = (8 * (at[1] - at[-1]) - (at[2] - at[-2])) / (12 * h)
        gradient[k], size[k] = derivative.sum(), np.abs(derivative).sum()
    return gradient, _norm(size)


_NUMERICAL = {"complex-step": _complex_step, "five-point": _five_point}


def _output_size(function, inputs, cotangents):
    """Σ_k ‖d_k‖·‖out_k‖: what the rounding of the outputs is measured by."""
    outputs = _as_tuple(function(**inputs))
    return sum(_norm(to_host(d)) * _norm(to_host(y)) for d, y in zip(cotangents, outputs, strict=True) if d is not None)


def _tolerance(method, dtype):
    return SINGLE_PRECISION_TOLERANCE if dtype == np.float32 else TOLERANCES[method]


def _gradient_of(gradients, name):
    """The gradient called `name`: of one array, itself; None where there is none, which no check passes."""
    return gradients if hasattr(gradients, "dtype") else getattr(gradients, name, None)


def _in_precision(inputs, dtype):
    return {name: x.astype(dtype) if _is_real(x) else x for name, x in inputs.items()}


def _is_real(x):
    return getattr(getattr(x, "dtype", None), "kind", "") == "f"


def generator(seed, id):
    """The generator of one check: the same whether others are run beside it or not."""
    return np.random.default_rng([seed, zlib.crc32(id.encode())])


def random_like(x, rng):
    """A standard normal array of x's shape and precision, beside x, drawn on the host."""
    return array_module(x).asarray(rng.standard_normal(x.shape), dtype=x.dtype)


def _norm(x):
    return float(np.linalg.norm(np.asarray(x, dtype=np.float64).reshape(-1)))


def _as_tuple(out):
    return out if isinstance(out, tuple) else (out,)


def _like(out, values):
    return type(out)(*values) if hasattr(out, "_fields") else tuple(values)

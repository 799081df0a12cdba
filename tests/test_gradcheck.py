"""The checks are checked: they pass right gradients at any size, and fail wrong ones, also where gradients are small."""

from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minis2s import gradcheck
from minis2s.equations.activations import sigmoid, sigmoid_backward, tanh, tanh_backward
from minis2s.equations.softmax import softmax, softmax_backward
from minis2s.gradcheck import Report, Result, check_function, check_pair, check_projection, judge

METHODS = ("complex-step", "five-point")


class Gradients(NamedTuple):
    x: Any
    y: Any


class Outputs(NamedTuple):
    p: Any
    q: Any


def product(x, y):
    return x * y, (x, y)


def product_backward(d, cache):
    x, y = cache
    return Gradients(d * y, d * x)


def two(x, y):
    return Outputs(x * y, np.tanh(x)), (x, y)


def two_backward(d, cache):
    x, y = cache
    d_p, d_q = (0.0 if g is None else g for g in d)
    return Gradients(d_p * y + d_q * (1 - np.tanh(x) ** 2), d_p * x + 0.0 * y)


def arrays(seed=0, scale=1.0, shape=(2, 3)):
    x, y = scale * np.random.default_rng(seed).standard_normal((2, *shape))
    return {"x": x, "y": y}


def run(forward, backward, inputs, wrt=("x", "y"), methods=METHODS):
    return check_pair("test", forward, backward, inputs, wrt, np.random.default_rng(1), methods)


def verdicts(results):
    return {(r.target, r.method): r.passed for r in results}


# What passes


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e4])
def test_a_right_gradient_passes_by_far(scale):
    results = run(product, product_backward, arrays(scale=scale))
    assert len(results) == 4 and all(r.passed for r in results)
    assert max(r.error for r in results if r.method == "complex-step") < 1e-14


def test_every_output_is_checked_alone_too():
    targets = {r.target for r in run(two, two_backward, arrays())}
    assert targets == {"x", "y", "x (p alone)", "y (p alone)", "x (q alone)", "y (q alone)"}
    assert all(r.passed for r in run(two, two_backward, arrays()))


@pytest.mark.parametrize("size", [20.0, 30.0, 40.0])
def test_saturated_slopes_pass(size):
    """σ'(30) has three digits and σ'(40) none; tanh'(30) is zero."""
    x = {"x": size * np.array([1.0, -1.0, 0.9, 0.0])}
    assert all(r.passed for r in run(sigmoid, sigmoid_backward, x, ("x",)))
    assert all(r.passed for r in run(tanh, tanh_backward, x, ("x",)))


def test_terms_that_cancel_pass():
    """A number added to all scores changes no softmax: the gradient is zero, but its terms are not."""

    def shifted(x, e):
        p, cache = softmax(e + x)
        return p, cache

    def backward(d, cache):
        return softmax_backward(d, cache).sum()[None]

    inputs = {"x": np.ones(1), "e": np.random.default_rng(2).standard_normal(5)}
    assert all(r.passed for r in run(shifted, backward, inputs, ("x",)))


def test_logits_of_ten_thousand_pass():
    """The five-point step is absolute: a relative one would jump over everything that happens between two logits."""
    rng = np.random.default_rng(3)
    e = 1e4 + rng.standard_normal((3, 4))
    assert all(r.passed for r in run(softmax, softmax_backward, {"e": e}, ("e",)))


# What fails


def fails(backward, forward=product, inputs=None, names=("x",)):
    """Both methods say that the named gradients are wrong, and nothing else is."""
    results = verdicts(run(forward, backward, inputs or arrays()))
    assert results == {(name, m): name not in names for name in ("x", "y") for m in METHODS}


def test_a_wrong_factor_fails():
    fails(lambda d, cache: Gradients(product_backward(d, cache).x * (1 + 3e-6), product_backward(d, cache).y))


def test_an_error_of_a_billionth_fails_the_complex_step():
    results = run(product, lambda d, c: product_backward(d, c)._replace(x=d * c[1] * (1 + 1e-9)), arrays())
    assert not verdicts(results)["x", "complex-step"] and verdicts(results)["x", "five-point"]


@pytest.mark.parametrize("entry", [(0, 0), (1, 2)])
def test_one_wrong_entry_fails(entry):
    def backward(d, cache):
        gradients = product_backward(d, cache)
        gradients.x[entry] += 1e-4
        return gradients

    fails(backward)


def test_swapped_inputs_fail():
    fails(lambda d, cache: Gradients(*product_backward(d, cache)[::-1]), names=("x", "y"))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_not_a_number_fails(value):
    def backward(d, cache):
        gradients = product_backward(d, cache)
        gradients.x[0, 0] = value
        return gradients

    fails(backward)
    for result in run(product, backward, arrays()):
        assert result.passed == (result.target == "y")


WRONG_KINDS = {
    "one axis more": lambda g: g[None],
    "transposed": lambda g: g.T,
    "a row missing": lambda g: g[:1],
    "a number": lambda g: g.sum(),
    "none": lambda g: None,
    "less precise": lambda g: g.astype(np.float32),
    "complex": lambda g: g + 0j,
}


@pytest.mark.parametrize("wrong", WRONG_KINDS.values(), ids=WRONG_KINDS)
def test_a_gradient_of_the_wrong_kind_fails(wrong):
    fails(lambda d, cache: product_backward(d, cache)._replace(x=wrong(product_backward(d, cache).x)))


def test_a_missing_gradient_fails():
    class OnlyY(NamedTuple):
        y: Any

    fails(lambda d, cache: OnlyY(product_backward(d, cache).y))


def test_a_gradient_is_found_by_its_name_and_never_in_an_arrays_attributes():
    """An input called T has the gradient that the backward returns, not the array's transpose."""
    results = run(lambda T: (T * T, T), lambda d, T: 2 * d * T, {"T": np.arange(6.0).reshape(2, 3)}, ("T",))
    assert all(r.passed for r in results)


def test_an_ignored_upstream_gradient_fails():
    fails(lambda d, cache: product_backward(np.ones_like(d), cache), names=("x", "y"))


def test_a_mistake_in_the_way_of_one_output_fails_where_that_output_is_alone():
    def backward(d, cache):
        return two_backward(Outputs(d.p, None), cache)

    results = verdicts(run(two, backward, arrays()))
    assert not results["x (q alone)", "complex-step"] and not results["x", "complex-step"]
    assert results["x (p alone)", "complex-step"] and results["y (q alone)", "complex-step"]


def test_where_the_output_overflows_nothing_passes():
    """S would be infinite, and every error small beside it."""
    inputs = {"x": np.array([800.0, 0.0])}
    with np.errstate(all="ignore"):
        results = run(lambda x: (np.exp(x), x), lambda d, x: d * 0, inputs, ("x",))
    assert [r.passed for r in results] == [False, False]


def test_where_the_output_is_nan_nothing_passes():
    inputs = {"x": np.array([-1.0, 1.0])}
    with np.errstate(all="ignore"):
        results = run(lambda x: (np.sqrt(x * np.array([1.0, np.nan])), x), lambda d, x: d * 0, inputs, ("x",))
    assert [r.passed for r in results] == [False, False]


# S hides no mistake


def slope_off_by(fraction):
    return lambda d, y: sigmoid_backward(d, y) * (1 + fraction)


@settings(max_examples=50, deadline=None)
@given(st.floats(0, 6), st.integers(0, 99))
def test_one_part_in_a_million_is_seen_while_a_gradient_is_above_a_thousandth(size, seed):
    """Up to |x| = 6, where σ' is 1/400, by the full tolerance: the complex step sees an error of 10⁻⁹."""
    x = {"x": size * np.random.default_rng(seed).choice([-1.0, 1.0], 4)}
    assert not run(sigmoid, slope_off_by(1e-9), x, ("x",), ("complex-step",))[0].passed
    assert not run(sigmoid, slope_off_by(1e-5), x, ("x",), ("five-point",))[0].passed


@pytest.mark.parametrize(("size", "fraction"), [(10.0, 1e-7), (15.0, 1e-5), (20.0, 1e-3), (25.0, 0.1), (28.0, 0.5)])
def test_saturated_slopes_are_judged_to_what_rounding_leaves(size, fraction):
    """σ'(28) is 7·10⁻¹³. Half of it, none of it, the other sign: found wrong, though beside ‖d‖·‖out‖ they would look right."""
    x = {"x": size * np.array([1.0, 1.0, -1.0])}
    assert run(sigmoid, sigmoid_backward, x, ("x",), ("complex-step",))[0].passed
    for wrong in (slope_off_by(fraction), slope_off_by(-1.0), slope_off_by(-2.0)):
        assert not run(sigmoid, wrong, x, ("x",), ("complex-step",))[0].passed


def test_a_large_output_beside_a_small_one_hides_no_mistake_in_the_small_ones_gradient():
    """An LSTM's c may be large, its h never is: here a thousand times larger, and the mistake one of 10⁻⁵."""

    def forward(x, y):
        return Outputs(1e3 * y, np.tanh(x)), (x, y)

    def backward(d, cache):
        d_p, d_q = (0.0 if g is None else g for g in d)
        return Gradients(d_q * (1 - np.tanh(cache[0]) ** 2) * (1 + 1e-5), 1e3 * d_p + 0.0 * cache[1])

    results = verdicts(run(forward, backward, arrays(), methods=("complex-step",)))
    assert not results["x", "complex-step"] and results["y", "complex-step"]


@settings(max_examples=30, deadline=None)
@given(
    st.sampled_from([1e-6, 1e-3, 1.0, 30.0, 1e4]),
    st.integers(0, 99),
    st.sampled_from(["sigmoid", "tanh", "softmax", "square"]),
)
def test_a_sign_that_is_wrong_is_seen_at_every_size(scale, seed, name):
    """Wherever the gradient is more than rounding: the whole of it wrong is never taken for right."""
    forward, backward = {
        "sigmoid": (sigmoid, sigmoid_backward),
        "tanh": (tanh, tanh_backward),
        "softmax": (softmax, softmax_backward),
        "square": (lambda x: (x * x, x), lambda d, x: 2 * d * x),
    }[name]
    x = scale * np.random.default_rng(seed).standard_normal((3, 4))
    x[0] = np.random.default_rng(seed).standard_normal(4) * min(scale, 1)  # one row is not saturated
    argument = "e" if name == "softmax" else "x"
    results = run(forward, lambda d, cache: -backward(d, cache), {argument: x}, (argument,))
    assert not any(r.passed for r in results)
    assert all(r.passed for r in run(forward, backward, {argument: x}, (argument,), ("complex-step",)))


# float32, projections, judgement, reports


def test_single_precision_is_judged_as_such():
    single = {name: value.astype(np.float32) for name, value in arrays().items()}
    results = run(product, product_backward, single)
    assert all(r.passed and r.tolerance == gradcheck.SINGLE_PRECISION_TOLERANCE for r in results)
    silently_double = run(product, lambda d, c: Gradients(*(g.astype(np.float64) for g in product_backward(d, c))), single)
    assert not any(r.passed for r in silently_double)


def test_a_projection_finds_one_wrong_entry_among_many():
    rng = np.random.default_rng(4)
    parameters = {"W": rng.standard_normal((20, 30)), "b": rng.standard_normal(30)}

    def loss(p):
        return (np.tanh(p["W"]) ** 2).sum() + (p["b"] ** 3).sum()

    right = {"W": 2 * np.tanh(parameters["W"]) * (1 - np.tanh(parameters["W"]) ** 2), "b": 3 * parameters["b"] ** 2}
    assert all(r.passed for r in check_projection("test", loss, parameters, right, rng))
    wrong = {"W": right["W"].copy(), "b": right["b"]}
    wrong["W"][7, 11] += 1e-4
    assert not any(r.passed for r in check_projection("test", loss, parameters, wrong, rng))


def test_a_function_of_several_outputs_with_an_absent_cotangent():
    inputs = arrays()
    d = np.ones((2, 3))
    right = {"x": d * (1 - np.tanh(inputs["x"]) ** 2)}
    results = check_function("test", lambda x, y: two(x, y)[0], inputs, right, [None, d])
    assert len(results) == 2 and all(r.passed for r in results)


def test_judgement():
    a, n = np.array([1.0, 2.0]), np.array([1.0, 2.0])
    assert judge("id", "x", "complex-step", a, n) == Result("id", "x", "complex-step", 0.0, 1e-10, True)
    assert judge("id", "x", "complex-step", a, n + [0, 1e-3], 100.0).error == pytest.approx(1e-5)
    assert judge("id", "x", "complex-step", 0 * a, 0 * n).passed
    assert not judge("id", "x", "complex-step", 0 * a, 0 * n + 1e-100).passed  # with nothing to compare with, nothing is small
    assert not judge("id", "x", "complex-step", a, n + 1, np.inf).passed
    assert not judge("id", "x", "complex-step", a, n, np.nan).passed


def test_a_report_with_a_failure_or_with_nothing_has_not_passed():
    good, bad = Result("D0.1", "x", "complex-step", 1e-16, 1e-10, True), Result("D0.1", "W", "complex-step", np.inf, 1e-10, False)
    assert Report("numpy", "float64", [good]).passed
    assert not Report("numpy", "float64", [good, bad]).passed
    assert not Report("numpy", "float64", []).passed
    assert Report("numpy", "float64", [good, bad]).worst("D0.1", "complex-step") == bad
    assert Report("numpy", "float64", [good, bad]).as_dict()["results"][1]["error"] is None  # JSON has no infinity

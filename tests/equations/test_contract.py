"""What every formula of the registry must hold, whatever it computes: rule 3 of the design, and gradients at any shape."""

import inspect

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minis2s.equations.registry import equation, equations
from minis2s.gradcheck import check_pair

FORMULAS = [e.id for e in equations() if e.kind == "formula"]
SINGLE = 2e-5  # float32 against float64, relative to the largest entry: some hundred units in the last place


def pair(entry):
    return entry.checked or (entry.forward, entry.backward)


def is_float(a):
    return getattr(a, "dtype", np.dtype(bool)).kind == "f"


def as_tuple(x):
    return x if isinstance(x, tuple) else (x,)


def upstream(out, rng, dtype=np.float64):
    """A random cotangent for each output, in the form in which `backward` wants them."""
    d = [np.asarray(rng.standard_normal(np.shape(y)), dtype=dtype)[()] for y in as_tuple(out)]
    return (type(out)(*d) if hasattr(out, "_fields") else tuple(d)) if isinstance(out, tuple) else d[0]


def gradients_of(entry, gradients):
    return [gradients if hasattr(gradients, "dtype") else getattr(gradients, name) for name in entry.wrt]


def failures(entry, inputs, seed=0, methods=("complex-step",)):
    results = check_pair(entry.id, *pair(entry), inputs, entry.wrt, np.random.default_rng(seed), methods)
    assert {r.target.split(" (")[0] for r in results} == set(entry.wrt)
    return [r for r in results if not r.passed]


@pytest.mark.parametrize("id", FORMULAS)
def test_inputs_are_not_changed_and_backward_twice_is_the_same(id):
    entry, rng = equation(id), np.random.default_rng(1)
    forward, backward = pair(entry)
    inputs = entry.inputs(rng)
    before = {name: np.copy(value) for name, value in inputs.items()}
    out, cache = forward(**inputs)
    kept = [np.copy(y) for y in as_tuple(out)]
    d_out = upstream(out, rng)
    d_kept = [np.copy(d) for d in as_tuple(d_out)]
    first = [np.copy(g) for g in gradients_of(entry, backward(d_out, cache))]
    for a, b in zip(first, gradients_of(entry, backward(d_out, cache)), strict=True):
        np.testing.assert_array_equal(a, b)
    for name, value in inputs.items():
        np.testing.assert_array_equal(value, before[name], err_msg=name)
    for a, b in zip([*as_tuple(out), *as_tuple(d_out)], [*kept, *d_kept], strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("id", FORMULAS)
def test_float32_stays_float32_and_is_near_float64(id):
    entry, rng = equation(id), np.random.default_rng(2)
    forward, backward = pair(entry)
    single = {name: value.astype(np.float32) if is_float(value) else value for name, value in entry.inputs(rng).items()}
    double = {name: value.astype(np.float64) if is_float(value) else value for name, value in single.items()}
    out32, cache32 = forward(**single)
    out64, cache64 = forward(**double)
    d32, d64 = (upstream(out32, np.random.default_rng(3), dtype) for dtype in (np.float32, np.float64))
    results32 = [*as_tuple(out32), *gradients_of(entry, backward(d32, cache32))]
    results64 = [*as_tuple(out64), *gradients_of(entry, backward(d64, cache64))]
    size = max(np.abs(a).max() for a in results64)
    for a, b in zip(results32, results64, strict=True):
        assert a.dtype == np.float32
        np.testing.assert_allclose(a, b, rtol=0, atol=SINGLE * size)


@pytest.mark.parametrize("id", FORMULAS)
def test_complex_in_complex_out(id):
    """A complex step is lost where an equation falls back to real numbers; and at real values it changes nothing."""
    entry = equation(id)
    inputs = entry.inputs(np.random.default_rng(4))
    moved = {name: value.astype(np.complex128) if is_float(value) else value for name, value in inputs.items()}
    real, complex_ = (as_tuple(pair(entry)[0](**x)[0]) for x in (inputs, moved))
    for a, b in zip(real, complex_, strict=True):
        assert a.dtype == np.float64 and b.dtype == np.complex128
        np.testing.assert_allclose(b, a, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("scale", [1.0, 1e-6])
@pytest.mark.parametrize("id", FORMULAS)
def test_gradients_at_normal_and_tiny_inputs(id, scale):
    entry = equation(id)
    inputs = {n: scale * v if is_float(v) else v for n, v in entry.inputs(np.random.default_rng(5)).items()}
    # The cosine of vectors of 1e-6 bends on a scale of 1e-6, where a step of 1e-3 says nothing.
    methods = ("complex-step",) if id == "D2.5-cosine" and scale < 1 else ("complex-step", "five-point")
    assert failures(entry, inputs, methods=methods) == []


def sizes(entry):
    """The names of the sizes that the entry's inputs can be drawn at."""
    parameters = inspect.signature(entry.inputs).parameters.values()
    return [p.name for p in parameters if isinstance(p.default, int) and p.name != "width"]


BATCHES_BY_HAND = ("D1.3", "D1.4", "D2.6", "D2.6-smoothed", "D2.7")  # their losses' own tests draw shapes
RESIZABLE = [id for id in FORMULAS if sizes(equation(id)) and id not in BATCHES_BY_HAND]


@pytest.mark.parametrize("id", RESIZABLE)
@settings(max_examples=6, deadline=None)
@given(data=st.data())
def test_gradients_at_any_shape(id, data):
    """Among them T = 1, B = 1, one word, and (where T is short) sentences of nothing but padding."""
    entry = equation(id)
    drawn = {name: data.draw(st.integers(1, 3), name) for name in sizes(entry)}
    inputs = entry.inputs(np.random.default_rng(data.draw(st.integers(0, 99), "seed")), **drawn)
    assert failures(entry, inputs) == []


MASKED = [id for id in RESIZABLE if "mask" in equation(id).inputs(np.random.default_rng(0))]


@pytest.mark.parametrize("id", MASKED)
def test_sentences_of_nothing_but_padding(id):
    """The gradient is right where every place of a sentence, or of the whole batch, is masked; nothing becomes NaN."""
    entry = equation(id)
    inputs = entry.inputs(np.random.default_rng(6))
    one, all_ = inputs["mask"].copy(), np.zeros_like(inputs["mask"])
    one[:, 0] = False
    for mask in (one, all_):
        padded = inputs | {"mask": mask}
        assert failures(entry, padded) == []
        out, _ = pair(entry)[0](**padded)
        assert all(np.isfinite(y).all() for y in as_tuple(out))


def test_the_masked_rows_are_there():
    assert {"D0.7", "D1.1", "D2.4", "D2.9", "D3.3", "D3.5", "D3.7", "D3.9", "D4.2"} <= set(MASKED)

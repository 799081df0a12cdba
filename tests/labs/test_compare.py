"""Right, wrong, by how much, and where."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minis2s.labs.compare import SINGLE, distance, errors, in_float32, judge
from minis2s.labs.spec import Output, Task

BLOCKS = {"gates": ("i", "f", "o", "g")}


def task(*outputs, tolerance=1e-9):
    return Task("f", "D0.1", 1, outputs, None, None, tolerance=tolerance)


def verdict(got, expected, axes="", **settings):
    return judge(task(Output("y", axes), **settings), BLOCKS, {"y": np.asarray(expected)}, {"y": got})


@given(st.integers(0, 10_000), st.floats(1e-6, 1e6))
def test_rounding_passes_and_a_thousandth_does_not(seed, size):
    rng = np.random.default_rng(seed)
    expected = size * rng.standard_normal((4, 3))
    noise = rng.uniform(-1, 1, expected.shape) * np.abs(expected).max()
    assert verdict(expected + 1e-13 * noise, expected).passed
    wrong = expected.copy()
    wrong.flat[rng.integers(12)] += 1e-3 * max(np.abs(expected).max(), 1e-3)
    assert not verdict(wrong, expected).passed


@given(st.integers(0, 10_000))
def test_the_wrong_parts_are_told_exactly(seed):
    rng = np.random.default_rng(seed)
    T, B, H = rng.integers(1, 5, 3)
    expected = rng.standard_normal((T, B, 4 * H))
    bad = rng.random(expected.shape) < 0.1
    found = verdict(expected + bad, expected, "time batch gates")
    assert found.passed == (not bad.any())
    if bad.any():
        (wrong,) = found.wrong
        index = np.argwhere(bad)
        assert set(wrong.steps) == set(index[:, 0].tolist()) and wrong.steps_of == T
        assert set(wrong.rows) == set(index[:, 1].tolist()) and wrong.rows_of == B
        assert set(wrong.blocks) == {"ifog"[k // H] for k in index[:, 2]}
        assert wrong.whole == bad.all()
        assert found.error == pytest.approx(1 / np.abs(expected).max())


def test_zero_expected_has_an_absolute_scale():
    assert verdict(np.full(3, 1e-15), np.zeros(3)).passed
    assert not verdict(np.full(3, 1e-6), np.zeros(3)).passed


def test_float32_gets_its_own_tolerance_and_the_reason():
    expected = np.random.default_rng(0).standard_normal((4, 3))
    for got in (expected.astype("f4"), expected.astype("f4").astype(float)):
        found = verdict(got, expected)
        assert found.passed and found.tolerance == SINGLE and "float32" in found.remark
    assert not verdict((expected * 1.001).astype("f4"), expected).passed
    assert not verdict(expected * (1 + 1e-6), expected).passed  # in float64 that is a mistake


def test_whole_numbers_say_nothing_about_precision():
    assert not in_float32([np.array([1.0, 2.5, -3.0]), np.array([True]), np.arange(3)])
    assert not verdict(np.array([0.5, 1.0 + 1e-6]), np.array([0.5, 1.0])).passed


def test_what_is_not_finite():
    expected = np.array([-np.inf, 1.0])
    assert verdict(expected.copy(), expected).passed
    assert not verdict(np.array([np.inf, 1.0]), expected).passed
    assert not verdict(np.array([-np.inf, np.nan]), expected).passed
    assert "1 NaN" in verdict(np.array([-np.inf, np.nan]), expected).wrong[0].reason
    assert verdict(np.array([0.0, np.inf]), np.zeros(2)).error is None  # ∞ is no number for JSON


def test_integers_and_booleans_compare_by_value():
    assert verdict(np.array([1.0, 2.0]), np.array([1, 2])).passed
    assert verdict(np.array([1, 0]), np.array([True, False])).passed
    assert not verdict(np.array([1, 3]), np.array([1, 2])).passed
    assert not verdict(np.array([2**62 + 1.0]), np.array([2**61])).passed


@pytest.mark.parametrize(
    ("got", "words"),
    [
        (None, "is None"),
        (np.zeros((3, 2)), "has shape (3, 2), expected (2, 3)"),
        (np.float64(0), "has shape () (a number), expected (2, 3)"),
        (np.zeros((2, 3), complex), "complex"),
        (np.zeros((2, 3), "f2"), "float16"),
    ],
)
def test_what_cannot_be_compared_is_said(got, words):
    found = verdict(got, np.zeros((2, 3)))
    assert not found.passed and found.error is None and words in found.wrong[0].reason


def test_outputs_that_are_not_expected_are_not_compared():
    both = task(Output("y"), Output("z"))
    assert judge(both, {}, {"y": np.ones(2)}, {"y": np.ones(2), "z": None}).passed


def test_empty_arrays():
    assert distance(np.zeros((0, 3)), np.zeros((0, 3))) == 0
    assert errors(np.zeros((0, 3)), np.zeros((0, 3))).shape == (0, 3)
    assert verdict(np.zeros((0, 3)), np.zeros((0, 3)), "time batch").passed

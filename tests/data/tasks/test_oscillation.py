"""Swings obey their equation, and trivial answers score what the task states."""

import re

import numpy as np
import pytest

from minis2s.data.tasks import oscillation


@pytest.fixture(scope="module")
def splits():
    return oscillation.generate(0)


def numbers(pairs, side):
    return np.array([[float(each) for each in pair[side].split(" ")] for pair in pairs])


def test_the_continuation_obeys_one_recurrence_and_joins_the_measurements(splits):
    """a and b by least squares from the target alone: they fit it to rounding, lie in their ranges, lead back to the source."""
    source, target = numbers(splits.test, 0), numbers(splits.test, 1)
    assert source.shape == (1000, oscillation.MEASURED) and target.shape == (1000, oscillation.ASKED)
    for x, y in zip(source, target, strict=True):
        if np.abs(y).max() < 0.2:
            continue  # three digits tell too little
        before = np.stack([y[1:-1], -y[:-2]], axis=1)
        (a, b), *_ = np.linalg.lstsq(before, y[2:], rcond=None)
        assert np.abs(before @ (a, b) - y[2:]).max() < 0.003
        assert 0.8 < b < 1.05 and -0.05 < a / 2 / np.sqrt(b) < 0.98
        backwards = (a * y[0] - y[1]) / b  # x_{t-1} from the two that follow
        assert abs(backwards - x[-1]) < oscillation.NOISE + 0.06
    assert np.abs(source).max() <= 1 + oscillation.NOISE


@pytest.mark.parametrize("name", ["zero", "last value"])
def test_trivial_answers_score_what_is_stated(splits, name):
    source, target = numbers(splits.test, 0), numbers(splits.test, 1)
    answers = {"zero": np.zeros_like(target), "last value": np.repeat(source[:, -1:], target.shape[1], axis=1)}
    error = np.mean((answers[name] - target) ** 2)
    stated = float(re.search(rf"{name} (\d\.\d+)", oscillation.__doc__)[1])
    assert error == pytest.approx(stated, rel=0.01)


def test_an_autoregression_scores_what_is_stated(splits):
    errors = []
    for x, y in zip(numbers(splits.test, 0), numbers(splits.test, 1), strict=True):
        rows = np.lib.stride_tricks.sliding_window_view(x, 9)
        weights, *_ = np.linalg.lstsq(rows[:, :8], rows[:, 8], rcond=None)
        found = list(x)
        for _ in y:
            found.append(weights @ found[-8:])
        errors.append(np.mean((found[len(x) :] - y) ** 2))
    assert np.mean(errors) == pytest.approx(float(re.search(r"comes to (\d\.\d+)", oscillation.__doc__)[1]), rel=0.05)


def test_periods_and_decays_of_test_are_new_together(splits):
    """The ranges, from the equation that the targets obey: test's combinations are few, and (but for rounding) not training's."""

    def cells(pairs):
        y = numbers([pair for pair in pairs if max(abs(float(each)) for each in pair.target.split()) > 0.5], 1)
        found = []
        for row in y:
            (a, b), *_ = np.linalg.lstsq(np.stack([row[1:-1], -row[:-2]], axis=1), row[2:], rcond=None)
            r = np.sqrt(max(b, 0))
            found.append((np.searchsorted(oscillation.COSINES, a / 2 / r), np.searchsorted(oscillation.REMAINS, r)))
        return found

    train, test = cells(splits.train), cells(splits.test)
    held = {cell for cell in set(test) if test.count(cell) > 0.1 * len(test)}
    assert 1 <= len(held) <= 4
    assert sum(cell in held for cell in test) > 0.7 * len(test)
    assert sum(cell in held for cell in train) < 0.03 * len(train)

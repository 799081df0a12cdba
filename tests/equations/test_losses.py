"""Mean squared error (D1.4)."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minis2s.equations.losses import mean_squared_error, mean_squared_error_backward
from minis2s.equations.padding import length_mask

from .gradients import assert_gradients, assert_single_precision


def inputs(shape=(3, 4, 2), lengths=(3, 2, 1, 0), scale=1.0, seed=0):
    rng = np.random.default_rng(seed)
    y, targets = scale * rng.standard_normal((2, *shape))
    return {"y": y, "targets": targets, "mask": length_mask(lengths, shape[0])}


def by_loops(y, targets, mask):
    total, n = 0.0, 0
    for t, b in np.ndindex(*mask.shape):
        if mask[t, b]:
            n += 1
            for d in range(y.shape[2]):
                total += (y[t, b, d] - targets[t, b, d]) ** 2
    return total / (max(n, 1) * y.shape[2])


CASES = {
    "padding, one row of nothing else": inputs(),
    "one step": inputs((1, 2, 3), (1, 1)),
    "one row": inputs((4, 1, 2), (3,)),
    "one number": inputs((1, 1, 1), (1,)),
    "nothing but padding": inputs((2, 2, 2), (0, 0)),
    "large": inputs(scale=1e4),
    "tiny": inputs(scale=1e-6),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_the_printed_formula_and_its_gradients(case):
    loss, _ = mean_squared_error(**case)
    assert loss == pytest.approx(by_loops(**case), rel=1e-14)
    assert_gradients(mean_squared_error, mean_squared_error_backward, case, ("y", "targets"))


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_any_shape(data):
    T, B, D = (data.draw(st.integers(1, 4)) for _ in range(3))
    lengths = data.draw(st.lists(st.integers(0, T), min_size=B, max_size=B))
    case = inputs((T, B, D), lengths, seed=data.draw(st.integers(0, 100)))
    assert mean_squared_error(**case)[0] == pytest.approx(by_loops(**case), rel=1e-13)
    assert_gradients(mean_squared_error, mean_squared_error_backward, case, ("y", "targets"))


def test_without_a_mask_it_is_the_mean_of_the_squares():
    case = inputs()
    loss, cache = mean_squared_error(case["y"], case["targets"])
    assert loss == pytest.approx(np.mean((case["y"] - case["targets"]) ** 2), rel=1e-15)
    d_y, _ = mean_squared_error_backward(1.0, cache)
    np.testing.assert_allclose(d_y, 2 * (case["y"] - case["targets"]) / case["y"].size, rtol=1e-15)


def test_padding_may_hold_anything():
    case = inputs()
    hole = case | {"y": np.where(case["mask"][..., None], case["y"], np.nan)}
    loss, cache = mean_squared_error(**hole)
    assert loss == mean_squared_error(**case)[0]
    d_y, d_targets = mean_squared_error_backward(1.0, cache)
    for gradient in (d_y, d_targets):
        assert (gradient[~case["mask"]] == 0).all() and np.isfinite(gradient).all()


def test_two_halves_of_a_batch_add_up_with_the_whole_batchs_total():
    case = inputs()
    total = int(case["mask"].sum())
    left, right = ({k: value[:, half] for k, value in case.items()} for half in (slice(2), slice(2, 4)))
    halves = mean_squared_error(**left, total=total)[0] + mean_squared_error(**right, total=total)[0]
    assert halves == pytest.approx(mean_squared_error(**case)[0], rel=1e-15)


def test_single_precision():
    assert_single_precision(mean_squared_error, mean_squared_error_backward, inputs())

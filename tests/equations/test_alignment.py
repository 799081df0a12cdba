"""The windows of recurrent attention (D2.9), alone and in both forms of it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minis2s.equations.alignment import alignment_windows, alignment_windows_backward
from minis2s.equations.catalogue.alignment import align_by_location, align_recurrently, location_inputs, recurrent_inputs

from . import scalars
from .gradients import assert_single_precision


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 5), st.integers(1, 3), st.sampled_from([1, 3, 5]))
def test_windows_and_the_transpose_of_taking_them(T, B, width):
    rng = np.random.default_rng(0)
    alpha, R = rng.standard_normal((T, B)), width // 2
    windows, cache = alignment_windows(alpha, width)
    d = rng.standard_normal(windows.shape)
    d_alpha = np.zeros_like(alpha)
    for j, b, k in np.ndindex(*windows.shape):
        source = j + k - R
        assert windows[j, b, k] == (alpha[source, b] if 0 <= source < T else 0)
        if 0 <= source < T:
            d_alpha[source, b] += d[j, b, k]
    np.testing.assert_allclose(alignment_windows_backward(d, cache), d_alpha, rtol=1e-13, atol=1e-15)


def test_an_even_width_is_refused():
    with pytest.raises(ValueError, match="odd width"):
        alignment_windows(np.zeros((3, 1)), 2)


def test_windows_times_filters_are_a_convolution():
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(1)
    alpha, F = rng.standard_normal((6, 2)), rng.standard_normal((3, 4))
    theirs = torch.nn.functional.conv1d(torch.tensor(alpha.T[:, None]), torch.tensor(F.T[:, None]), padding=1)
    np.testing.assert_allclose(alignment_windows(alpha, 3)[0] @ F, theirs.numpy().transpose(2, 0, 1), rtol=1e-12)


def window(alpha, j, width):
    return [alpha[k] if 0 <= k < len(alpha) else 0.0 for k in range(j - width // 2, j + width // 2 + 1)]


def by_scalars(case, b, recurrent):
    """The weights of all steps, for one sentence."""
    h, mask, alpha = case["h"][:, b], case["mask"][:, b], list(case["alpha_0"][:, b])
    width, steps = len(case["F"]), []
    memory = [list(d) for d in case["d_0"][:, b]] if recurrent else None
    for s in case["s"][:, b]:
        windows = [window(alpha, j, width) for j in range(len(h))]
        if recurrent:
            features = memory = [
                scalars.rnn(w, d, case["F"], case["W_d"], case["b"]) for w, d in zip(windows, memory, strict=True)
            ]
        else:
            features = [scalars.times(w, case["F"]) for w in windows]
        more = [scalars.times(f, case["U"]) for f in features]
        alpha = scalars.softmax(scalars.additive(s, h, case["W_s"], case["W_h"], case["v"], more), mask)
        steps.append(alpha)
    return steps


@pytest.mark.parametrize("recurrent", [False, True], ids=["location", "recurrent"])
def test_weights_that_depend_on_the_weights_before(recurrent):
    draw, align = (recurrent_inputs, align_recurrently) if recurrent else (location_inputs, align_by_location)
    case = draw(np.random.default_rng(2))
    alpha, _ = align(**case)
    for b in range(alpha.shape[2]):
        if case["mask"][:, b].any():
            np.testing.assert_allclose(alpha[:, :, b], by_scalars(case, b, recurrent), rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(alpha.sum(axis=1), 1, rtol=1e-12)
    moved, _ = align(**(case | {"alpha_0": case["alpha_0"] + 1.0}))
    assert np.abs(moved - alpha)[-1].max() > 1e-4  # the first weights are still felt in the last step


def test_single_precision():
    alpha = {"alpha": np.random.default_rng(3).standard_normal((4, 2))}
    assert_single_precision(lambda alpha: alignment_windows(alpha, 3), alignment_windows_backward, alpha)

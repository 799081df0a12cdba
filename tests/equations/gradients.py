"""What every function pair must hold: right gradients, inputs left alone, the same answer twice, float32 that stays float32."""

import numpy as np

from minis2s.gradcheck import check_pair

SINGLE = 2e-5  # float32 against float64, relative to the largest entry


def assert_gradients(forward, backward, inputs, wrt, seed=0):
    """Both numerical methods, for all inputs named in `wrt`; nothing is changed by running the pair, once or twice."""
    before = {name: np.copy(value) for name, value in inputs.items()}
    results = check_pair("test", forward, backward, inputs, wrt, np.random.default_rng(seed))
    assert {(r.target.split(" (")[0], r.method) for r in results} == {(n, m) for n in wrt for m in ("complex-step", "five-point")}
    assert [r for r in results if not r.passed] == []
    out, cache = forward(**inputs)
    d_out = np.random.default_rng(seed).standard_normal(out.shape)
    kept = d_out.copy()
    first, second = backward(d_out, cache), backward(d_out, cache)
    for a, b in zip(as_tuple(first), as_tuple(second), strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(d_out, kept)
    for name, value in inputs.items():
        np.testing.assert_array_equal(value, before[name], err_msg=f"{name} was changed")


def assert_single_precision(forward, backward, inputs):
    """In float32 everything stays float32, and is near float64."""
    single = {name: value.astype(np.float32) if value.dtype.kind == "f" else value for name, value in inputs.items()}
    (out, cache), (out32, cache32) = forward(**inputs), forward(**single)
    d_out = np.random.default_rng(0).standard_normal(out.shape)
    gradients, gradients32 = backward(d_out, cache), backward(np.asarray(d_out, dtype=np.float32)[()], cache32)
    for a, a32 in [(out, out32), *zip(as_tuple(gradients), as_tuple(gradients32), strict=True)]:
        assert a32.dtype == np.float32
        assert np.abs(a - a32).max(initial=0) <= SINGLE * max(1.0, np.abs(a).max(initial=0))


def as_tuple(x):
    return x if isinstance(x, tuple) else (x,)

"""One answer beside what is expected: right or wrong, by how much, and in which part of which output."""

from dataclasses import dataclass
from typing import Any

import numpy as np

SINGLE = 1e-4  # tolerance for work in float32: 24 bits, and the rounding of some hundred operations
SMALLEST = 1e-3  # an output whose largest entry is below this is judged as if that were its size: zero has no relative error


@dataclass(frozen=True)
class Wrong:
    """What is wrong with one output. Where its numbers are: `steps`, `rows` and `blocks` list the parts that are not right.

    Each is None if the output has no such axis; `steps_of`, `rows_of`: how many there are; `whole`: all of it is wrong.
    """

    output: Any
    reason: str
    steps: tuple | None = None
    rows: tuple | None = None
    blocks: tuple | None = None
    all_blocks: tuple = ()
    steps_of: int = 0
    rows_of: int = 0
    whole: bool = False


@dataclass(frozen=True)
class Verdict:
    """The judgement on one call. `error`: the largest of its outputs, None where no numbers could be compared."""

    passed: bool
    error: float | None = None
    tolerance: float = 0.0
    wrong: tuple[Wrong, ...] = ()
    reason: str = ""
    remark: str = ""


def scale(expected):
    """What an error in this array is relative to: its largest finite entry."""
    finite = np.abs(expected[np.isfinite(expected)])
    return max(float(finite.max(initial=0.0)), SMALLEST)


def errors(got, expected):
    """|got − expected| / scale, entry by entry; 0 where both are the same infinity, ∞ where only one is finite."""
    got, expected = (np.asarray(a, complex if np.iscomplexobj(a) else float) for a in (got, expected))
    with np.errstate(all="ignore"):
        error = np.abs(got - expected) / scale(expected)
    same = (got == expected) | (np.isnan(got) & np.isnan(expected))
    return np.where(same, 0.0, np.where(np.isfinite(got) & np.isfinite(expected), error, np.inf))


def distance(got, expected):
    """The largest of `errors`; 0 for empty arrays."""
    return float(errors(got, expected).max(initial=0.0))


def in_float32(arrays):
    """Whether these numbers were computed in float32, wholly or at the end: they have the type, or no bit that it lacks."""
    return any(array.dtype == np.float32 or _only_24_bits(array) for array in arrays)


def _only_24_bits(array):
    if array.dtype.kind != "f":
        return False
    with np.errstate(all="ignore"):
        coarse = np.array_equal(array * 1024, np.round(array * 1024))  # whole and half numbers tell nothing
        return not coarse and np.array_equal(array, array.astype(np.float32))


def judge(task, blocks, expected, got):
    """The Verdict on {output: array or None}. Outputs that the specification leaves out of `expected` are not compared."""
    compared = [output for output in task.outputs if output.name in expected]
    single = in_float32([got[output.name] for output in compared if got[output.name] is not None])
    tolerance = max(task.tolerance, SINGLE) if single else task.tolerance
    wrong, largest = [], 0.0
    for output in compared:
        array, right = got[output.name], expected[output.name]
        if reason := _not_comparable(array, right):
            wrong.append(Wrong(output, reason))
            largest = None
            continue
        error = errors(array, right)
        if largest is not None:
            largest = max(largest, float(error.max(initial=0.0)))
        if (error > tolerance).any():
            wrong.append(_localise(output, blocks, error > tolerance, array))
    remark = "computed in float32, which keeps 7 digits: tolerance 1e-4" if single else ""
    return Verdict(not wrong, None if largest is None or largest == np.inf else largest, tolerance, tuple(wrong), "", remark)


def _not_comparable(array, right):
    if array is None:
        return "is None"
    if array.shape != right.shape:
        return f"has shape {_shape(array)}, expected {_shape(right)}"
    if array.dtype.kind == "c" and right.dtype.kind != "c":
        return "is complex, expected real numbers"
    if array.dtype == np.float16:
        return "is float16, which keeps 3 digits: compute in float64 or float32"
    return ""


def _shape(array):
    return "() (a number)" if array.shape == () else str(array.shape)


def _localise(output, blocks, bad, array):
    """The parts of one output that hold a wrong entry."""
    found = {}
    for axis, name in enumerate(output.axes.split()):
        across = tuple(k for k in range(bad.ndim) if k != axis)
        hit = np.flatnonzero(bad.any(axis=across)).tolist()
        if name == "time":
            found |= {"steps": tuple(hit), "steps_of": bad.shape[axis]}
        elif name == "batch":
            found |= {"rows": tuple(hit), "rows_of": bad.shape[axis]}
        elif name in blocks:
            width = bad.shape[axis] // len(blocks[name])
            found["blocks"] = tuple(part for k, part in enumerate(blocks[name]) if any(h // width == k for h in hit))
            found["all_blocks"] = tuple(blocks[name])
    missing = int(np.isnan(array[bad]).sum())
    reason = f"has {missing} NaN among {array.size} entries" if missing else ""
    return Wrong(output, reason, whole=bool(bad.all()), **found)

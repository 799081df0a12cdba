"""Run in a process of its own by test_hostcuda.py and test_gpu.py: every equation on CuPy. Prints one JSON document.

    {"equations": {id: {what: number or list of strings}}, "backend": {what: true or a message}, "nvcc": [lines, failed] or null}

An equation whose check raises has the traceback under "error".
"""

import json
import sys
import traceback

if "--hostcuda" in sys.argv:
    import hostcuda  # before CuPy: it puts the CPU in the place of the device
else:
    hostcuda = None
import numpy as np

from minis2s import backend
from minis2s.equations.registry import equations
from minis2s.gradcheck import ORACLE, check_pair, random_like

SMALL = 1.0  # what inputs and upstream gradients measure; a gradient far below it may be nothing but their rounding


def converter(chosen, dtype):
    def convert(a):
        a = np.asarray(a)
        return chosen.asarray(a, dtype=dtype if a.dtype.kind == "f" else None)

    return convert


def as_tuple(x):
    return x if isinstance(x, tuple) else (x,)


def like(out, values):
    return type(out)(*values) if hasattr(out, "_fields") else tuple(values) if isinstance(out, tuple) else values[0]


def evaluated(entry, chosen, dtype):
    """(name, array) of every output and every gradient: with all upstream gradients, and with each one alone."""
    rng = np.random.default_rng(0)
    convert = converter(chosen, dtype)
    forward, backward = entry.checked or (entry.forward, entry.backward)
    out, cache = forward(**{name: convert(value) for name, value in entry.inputs(rng).items()})
    cotangents = [convert(backend.to_host(random_like(backend.to_host(y), rng))) for y in as_tuple(out)]
    found = [(f"output {k}", y) for k, y in enumerate(as_tuple(out))]
    alone = range(len(cotangents)) if len(cotangents) > 1 else []
    for k in [None, *alone]:
        d_out = like(out, [d if k in (None, j) else None for j, d in enumerate(cotangents)])
        gradients = backward(d_out, cache)
        found += [(f"d_{name} ({k})", getattr(gradients, name, gradients)) for name in entry.wrt]
    return found


def compared(entry, numpy, cupy):
    """The largest errors of one formula; names of what is not on the device or not of the dtype that it should be."""
    report = {"wrong type": []}
    reference = evaluated(entry, numpy, np.float64)
    for dtype in (np.float64, np.float32):
        errors = []
        for (name, a), (_, b) in zip(reference, evaluated(entry, cupy, dtype), strict=True):
            if not isinstance(b, cupy.xp.ndarray) or b.dtype != dtype or b.shape != a.shape:
                wrong = f"{name} is {type(b).__module__}'s {b.dtype} {b.shape}"
                report["wrong type"].append(f"{wrong}, not the device's {np.dtype(dtype)} {a.shape}")
            errors.append(float(np.linalg.norm(a - backend.to_host(b)) / max(np.linalg.norm(a), SMALL)))
        report[np.dtype(dtype).name] = max(errors)
    forward, backward = entry.checked or (entry.forward, entry.backward)
    rng = np.random.default_rng(0)
    inputs = {name: converter(cupy, np.float64)(value) for name, value in entry.inputs(rng).items()}
    results = check_pair(entry.id, forward, backward, inputs, entry.wrt, rng, ("complex-step",))
    report["complex128"] = max(r.error for r in results)
    return report


def oracle(entry, cupy):
    return {
        f"oracle {dtype}": max(r.error for r in entry.check(np.random.default_rng(0), (ORACLE,), converter(cupy, dtype)))
        for dtype in ("float64", "float32")
    }


def of_equations():
    numpy, cupy = backend.select("numpy"), backend.select("cupy")
    reports = {}
    for entry in equations():
        report = reports[entry.id] = {}
        try:
            if entry.wrt:
                report |= compared(entry, numpy, cupy)
            if entry.verify:
                report |= oracle(entry, cupy)
        except Exception:
            report["error"] = traceback.format_exc(limit=-6)
    return reports


def of_the_backend():
    chosen = backend.select("cupy")
    ids, rows = np.array([[0, 2], [2, 2]]), np.arange(12.0).reshape(2, 2, 3)
    added = backend.scatter_add(4, chosen.asarray(ids), chosen.asarray(rows))
    a = chosen.asarray([1.0, 2.0], dtype=np.float32)
    return {
        "select": chosen.name == "cupy" and chosen.xp is sys.modules["cupy"],
        "auto": backend.select("auto").name == "cupy",
        "array_module": backend.array_module(np.ones(2), a) is chosen.xp,
        "to_host": isinstance(backend.to_host(a), np.ndarray) and backend.to_host(a).tolist() == [1.0, 2.0],
        "scatter_add": isinstance(added, chosen.xp.ndarray) and (added.get() == backend.scatter_add(4, ids, rows)).all().item(),
    }


if __name__ == "__main__":
    document = {"equations": of_equations(), "backend": of_the_backend()}
    document["nvcc"] = hostcuda.check_with_nvcc() if hostcuda and hostcuda.nvcc_wanted else None
    print(json.dumps(document))

"""What CuPy has, as lists in cupy_surface.json, so that tests know it where CuPy is not installed.

    python tests/backends/cupy_surface.py      writes the lists of the CuPy that is installed (it needs no device)
"""

import inspect
import json
import re
from pathlib import Path

FILE = Path(__file__).with_suffix(".json")


def surface():
    """{"functions": {name: parameters}, "ufuncs": names, "methods": {name: parameters}, "attributes": names}.

    Parameters of the arguments that a call may name or give in this order; one that takes any number begins with a star.
    """
    import cupy

    found = {"cupy": cupy.__version__, "functions": {}, "ufuncs": [], "methods": {}, "attributes": []}
    for name, what in inspect.getmembers(cupy):
        if name.startswith("_") or isinstance(what, type) or not callable(what):
            continue
        if isinstance(what, cupy.ufunc):
            found["ufuncs"].append(name)
        else:
            try:
                found["functions"][name] = [_starred(p) for p in inspect.signature(what).parameters.values()]
            except ValueError:  # a few helpers that are compiled
                continue
    for name, what in inspect.getmembers(cupy.ndarray):
        if name.startswith("_"):
            continue
        if callable(what):
            found["methods"][name] = _compiled(what.__doc__)
        else:
            found["attributes"].append(name)
    return found


def _starred(parameter):
    return f"*{parameter.name}" if parameter.kind is parameter.VAR_POSITIONAL else parameter.name


def _compiled(doc):
    """The parameters of a compiled method, which stand in its documentation's first line."""
    inside = re.match(r"[\w.]+\((.*?)\)(?: ->|$)", (doc or "").split("\n")[0])
    parts = inside[1].split(", ")[1:] if inside else []
    return [re.sub(r"=.*", "", part).split(" ")[-1] for part in parts]


if __name__ == "__main__":
    FILE.write_text(json.dumps(surface(), sort_keys=True) + "\n", encoding="utf-8")

"""Processes of their own for tests on a device, real or not, and what their reports must say."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TOLERANCES = {"float64": 1e-12, "float32": 1e-5, "complex128": 1e-10, "oracle float64": 1e-12, "oracle float32": 1e-5}


def python(*arguments, folder="", **environment):
    """Standard output of a Python process that finds this repository, and what is in `folder`."""
    paths = [str(folder), str(ROOT), os.environ.get("PYTHONPATH", "")]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths))} | environment
    done = subprocess.run([sys.executable, *arguments], env=environment, cwd=ROOT, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stderr[-4000:]
    return done.stdout


def assert_numpys(found):
    """What device_checks found of one equation: on the device, of the right type, and NumPy's values up to rounding."""
    assert "error" not in found, found["error"]
    assert found.get("wrong type", []) == []  # float32 stays float32
    errors = {name: error for name, error in found.items() if name in TOLERANCES}
    assert errors
    assert {name: error for name, error in errors.items() if not error <= TOLERANCES[name]} == {}

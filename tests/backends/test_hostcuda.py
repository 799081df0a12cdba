"""Every equation on CuPy, without a GPU: hostcuda runs CuPy's own front end on the CPU (a tool beside this repository).

It replaces the CUDA device for a whole process, so it gets one of its own. Where the tool, CuPy or a compiler is not there, these
tests are skipped and say why; MINIS2S_HOSTCUDA names another place for it, relative to the repository.
"""

import importlib.metadata
import json
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from minis2s.equations.registry import equations

ROOT = Path(__file__).resolve().parents[2]
HOSTCUDA = (ROOT / os.environ.get("MINIS2S_HOSTCUDA", "../shared/tools/hostcuda")).resolve()
IDS = [entry.id for entry in equations()]


def why_not():
    """What is missing, or None."""
    if not (HOSTCUDA / "hostcuda.py").is_file():
        return f"hostcuda is not at {HOSTCUDA} (set MINIS2S_HOSTCUDA to its folder)"
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        return f"hostcuda needs Linux on x86-64, this is {sys.platform} on {platform.machine()}"
    try:
        version = importlib.metadata.version("cupy-cuda13x")
    except importlib.metadata.PackageNotFoundError:
        return "hostcuda needs CuPy: pip install 'cupy-cuda13x==14.2.*'"
    if not version.startswith("14.2."):
        return f"hostcuda needs cupy-cuda13x 14.2, this is {version}"
    compiler = os.environ.get("HOSTCUDA_CXX", "g++")
    if shutil.which(compiler) is None:
        return f"hostcuda needs the compiler {compiler}"
    return None


MISSING = why_not()
pytestmark = [pytest.mark.slow, pytest.mark.skipif(MISSING is not None, reason=str(MISSING))]


@pytest.fixture(scope="module")
def report():
    paths = [str(HOSTCUDA), str(ROOT), os.environ.get("PYTHONPATH", "")]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths))}
    script = Path(__file__).with_name("device_checks.py")
    done = subprocess.run([sys.executable, str(script)], env=environment, cwd=ROOT, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr[-4000:]
    return json.loads(done.stdout)


def test_nothing_is_left_out(report):
    assert sorted(report["equations"]) == sorted(IDS)


@pytest.mark.parametrize("id", IDS)
def test_an_equation_on_the_device_is_numpys(id, report):
    found = report["equations"][id]
    assert "error" not in found, found["error"]
    assert found.get("wrong type", []) == []  # on the device; float32 stays float32
    tolerances = {"float64": 1e-12, "float32": 1e-5, "complex128": 1e-10, "oracle float64": 1e-12, "oracle float32": 1e-5}
    errors = {name: error for name, error in found.items() if name in tolerances}
    assert errors
    assert {name: error for name, error in errors.items() if not error <= tolerances[name]} == {}


@pytest.mark.parametrize("what", ["select", "auto", "array_module", "to_host", "scatter_add"])
def test_the_backend_on_the_device(what, report):
    assert report["backend"][what] is True


def test_the_fake_device_stays_out_of_this_process():
    assert "hostcuda" not in sys.modules

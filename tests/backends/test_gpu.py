"""The tests of test_hostcuda.py on a real device: `pytest -m gpu`. Without one they are skipped, and say what is missing."""

import json
import subprocess
import sys

import pytest

from minis2s.equations.registry import equations
from minis2s.models.check import MODELS
from tests.backends.processes import ROOT, assert_numpys, python

pytestmark = pytest.mark.gpu


@pytest.fixture(scope="module", autouse=True)
def device():
    """In a process of its own, since tests beside these put other things in CuPy's place."""
    code = "from minis2s.backend import device_name, select; print(device_name(select('cupy')))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(done.stderr.strip().split("\n")[-1])
    return done.stdout.strip()


@pytest.fixture(scope="module")
def report():
    return json.loads(python("-m", "tests.backends.device_checks"))


@pytest.fixture(scope="module")
def models():
    return json.loads(python("-m", "tests.backends.device_models"))


@pytest.mark.parametrize("id", [entry.id for entry in equations()])
def test_an_equation_is_numpys(id, report):
    assert_numpys(report["equations"][id])


@pytest.mark.parametrize("name", MODELS)
def test_a_model_and_its_gradients_are_numpys(name, models):
    assert models["models"][name] is None, models["models"][name]


@pytest.mark.parametrize("what", ["training", "refused", "decoding"])
def test_training_and_decoding_are_numpys(what, models):
    assert models[what]
    assert {name: message for name, message in models[what].items() if message} == {}


def test_the_benchmark_runs_and_says_on_what(device):
    command = "-m minis2s bench --backend cupy --settings date --seconds 2 --json"
    document = json.loads(python(*command.split()))
    assert document["device"] == device
    assert [(r["engine"], r["device"], r["tf32"]) for r in document["results"]] == [("minis2s", "cuda", x) for x in (False, True)]

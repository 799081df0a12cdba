"""Equations, models, training and decoding on CuPy, without a GPU: hostcuda runs CuPy's own front end on the CPU.

It is a tool beside this repository.

It replaces the CUDA device for a whole process, so it gets one of its own. Where the tool, CuPy or a compiler is not there, these
tests are skipped and say why; MINIS2S_HOSTCUDA names another place for it, relative to the repository.
"""

import importlib.metadata
import importlib.util
import json
import os
import platform
import re
import shutil
import sys

import pytest

from minis2s.equations.registry import equations
from minis2s.models.check import MODELS
from minis2s.training.optimisers import OPTIMISERS
from tests.backends.processes import ROOT, assert_numpys, python
from tests.training.scenes import write_pairs

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
NVCC = shutil.which("nvcc")
pytestmark = [pytest.mark.slow, pytest.mark.skipif(MISSING is not None, reason=str(MISSING))]


def with_hostcuda(*arguments):
    return python(*arguments, folder=HOSTCUDA, HOSTCUDA_NVCC="1" if NVCC else "0")


@pytest.fixture(scope="module")
def report():
    return json.loads(with_hostcuda("-m", "tests.backends.device_checks", "--hostcuda"))


@pytest.fixture(scope="module")
def models():
    return json.loads(with_hostcuda("-m", "tests.backends.device_models", "--hostcuda"))


def test_nothing_is_left_out(report):
    assert sorted(report["equations"]) == sorted(IDS)


@pytest.mark.parametrize("id", IDS)
def test_an_equation_on_the_device_is_numpys(id, report):
    assert_numpys(report["equations"][id])


@pytest.mark.parametrize("what", ["select", "auto", "array_module", "to_host", "scatter_add"])
def test_the_backend_on_the_device(what, report):
    assert report["backend"][what] is True


@pytest.mark.parametrize("name", MODELS)
def test_a_model_and_its_gradients_on_the_device_are_numpys(name, models):
    assert models["models"][name] is None, models["models"][name]


@pytest.mark.parametrize("kind", [*OPTIMISERS, "average", "own words"])
def test_twenty_steps_on_the_device_are_numpys(kind, models):
    """Losses and norms in double precision to 1e-9, with dropout and hidden words."""
    assert models["training"][kind] is None, models["training"][kind]


@pytest.mark.parametrize("step", [1, 4, 13])
def test_what_is_not_finite_is_named_as_on_the_host(step, models):
    assert models["refused"][f"step {step}"] is None, models["refused"][f"step {step}"]


def test_decoding_on_the_device_is_numpys(models):
    assert len(models["decoding"]) > 50
    assert {name: message for name, message in models["decoding"].items() if message} == {}


# At most so many kernels for one more step of the source, and for one more of the target, forwards and backwards; products, which
# are cuBLAS's, are not counted.
LAUNCHES = {"LSTM": (15, 48), "bidirectional LSTM": (30, 48), "GRU": (22, 55), "RNN": (5, 38)}
UPLOADS = 8  # source, its mask, target words fed and asked for; which places are real, twice; the target's order and its inverse


@pytest.mark.parametrize("name", LAUNCHES)
def test_what_a_training_step_asks_of_the_device(name, models):
    found = models["counts"][name]
    assert (found["device_to_host"], found["synchronizations"], found["allocations"]) == (0, 0, 0)
    assert found["host_to_device"] <= UPLOADS
    assert 0 < found["encoder step"] <= LAUNCHES[name][0] and 0 < found["decoder step"] <= LAUNCHES[name][1]


def test_ten_steps_are_read_at_once(models):
    assert models["counts"]["training"] == {"updates": 20, "device_to_host": 2}


@pytest.mark.skipif(NVCC is None, reason="nvcc is not on PATH, so it is not known whether the kernels compile for a real device")
@pytest.mark.parametrize("which", ["report", "models"])
def test_all_kernels_compile_for_sm_90(which, request):
    lines, failed = request.getfixturevalue(which)["nvcc"]
    assert not failed, lines
    assert int(re.search(r"nvcc compiled (\d+) of", lines[-1])[1]) > 50
    print(lines[-1])


COMMAND = """
import sys
if sys.argv.pop(1) == "cupy":
    import hostcuda
from minis2s.cli import main
sys.exit(main(sys.argv[1:]))
"""


def test_a_whole_run_on_the_device(tmp_path):
    """`minis2s train` from the command line: the same scores as on the host, up to rounding in single precision."""
    write_pairs(tmp_path / "train.tsv", 40)
    write_pairs(tmp_path / "dev.tsv", 8, 9)
    files = ["--train", str(tmp_path / "train.tsv"), "--dev", str(tmp_path / "dev.tsv")]
    sizes = "--hidden-size 8 --embedding-size 6 --attention-size 4 --batch-size 5 --epochs 2 --dropout 0.1 --hide-words 0.1"
    metrics = {}
    for backend in ("numpy", "cupy"):
        run = tmp_path / backend
        out = with_hostcuda("-c", COMMAND, backend, "train", *files, *sizes.split(), "--run", str(run), "--backend", backend)
        assert f"{backend}, float32" in out
        metrics[backend] = [json.loads(line) for line in (run / "metrics.jsonl").read_text("utf-8").splitlines()]
        assert with_hostcuda("-c", COMMAND, backend, "translate", str(run), "a b c", "--backend", backend).strip()
    for ours, numpys in zip(metrics["cupy"], metrics["numpy"], strict=True):
        for key in ("train_loss", "gradient_norm", "gradient_norm_max", "dev_loss"):
            assert ours[key] == pytest.approx(numpys[key], rel=1e-4), key
        assert ours["steps"] == numpys["steps"]


BENCH = """
import hostcuda, sys
from minis2s.bench import settings
settings.SETTINGS = {"tiny": settings.Setting("tiny", V=12, E=4, H=6, A=3, B=5, S=6, T=4)}
from minis2s.cli import main
sys.exit(main(["bench", "--backend", "cupy", "--settings", "tiny", *sys.argv[1:]]))
"""


def test_the_benchmark_of_a_device_runs():
    """Its figures mean nothing here; that it comes to them is all that is seen."""
    peers = ["--against", "torch"] if importlib.util.find_spec("torch") else []
    document = json.loads(with_hostcuda("-c", BENCH, "--seconds", "0.05", "--json", *peers))
    names = ["minis2s", *peers[1:]]
    assert document["device"].startswith("hostcuda")
    assert [(r["engine"], r["tf32"]) for r in document["results"]] == [(n, tf32) for tf32 in (False, True) for n in names]
    assert max(r["loss"] for r in document["results"]) - min(r["loss"] for r in document["results"]) < 1e-4
    assert all(r["step_ms"] > 0 and r["decode_ms"] > 0 for r in document["results"])


def test_the_fake_device_stays_out_of_this_process():
    assert "hostcuda" not in sys.modules

"""The backend: following arrays, scatter-add, choosing a library, saying precisely what is missing when CuPy does not work."""

import ctypes
import sys
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minis2s import backend
from minis2s.backend import BackendError, array_module, elementwise, keep_freed_memory, scatter_add, select, to_host
from minis2s.errors import UsageError


class FakeCUDAError(RuntimeError):
    """Stands in for cupy.cuda.runtime.CUDARuntimeError."""


def fake_cupy(devices=1, ones=np.ones):
    """A module with as much of CuPy as `select` touches. `devices`: how many there are, or the error that asking raises."""

    def get_device_count():
        if isinstance(devices, Exception):
            raise devices
        return devices

    module = ModuleType("cupy")
    module.cuda = SimpleNamespace(runtime=SimpleNamespace(getDeviceCount=get_device_count, CUDARuntimeError=FakeCUDAError))
    module.ones = ones
    return module


def failing(error):
    def fail(*arguments, **options):
        raise error

    return fail


BROKEN = {
    "not installed": (None, r"needs CuPy, which cannot be imported .*: pip install 'cupy-cuda13x>=14.2'.*extra cuda13.*cuda12"),
    "no driver": (
        fake_cupy(FakeCUDAError("cudaErrorInsufficientDriver: CUDA driver version is insufficient for CUDA runtime version")),
        "needs an NVIDIA driver that fits CuPy's CUDA version: cudaErrorInsufficientDriver.*; install or update the driver",
    ),
    "no device, as an error": (
        fake_cupy(FakeCUDAError("cudaErrorNoDevice: no CUDA-capable device is detected")),
        "found no CUDA device",
    ),
    "no device, as a number": (fake_cupy(0), "found no CUDA device; is one visible"),
    "no compiler": (
        fake_cupy(ones=failing(RuntimeError("CuPy failed to load libnvrtc.so.13: OSError: cannot open shared object file"))),
        r"found a device, but NVRTC does not work .RuntimeError: CuPy failed to load libnvrtc.*install 'cupy-cuda13x\[ctk\]'",
    ),
    "no cuBLAS": (
        fake_cupy(ones=failing(RuntimeError("CuPy failed to load libcublas.so.13: OSError: cannot open shared object file"))),
        "found a device, but cuBLAS does not work",
    ),
    "something else": (
        fake_cupy(ones=failing(MemoryError("out of memory"))),
        "but CUDA does not work .MemoryError: out of memory",
    ),
}


@pytest.mark.parametrize("broken", BROKEN)
def test_what_is_missing_is_named(broken, monkeypatch):
    module, message = BROKEN[broken]
    monkeypatch.setitem(sys.modules, "cupy", module)  # None makes the import fail
    with pytest.raises(BackendError, match=message) as caught:
        select("cupy")
    assert isinstance(caught.value, UsageError)


@pytest.mark.parametrize("broken", BROKEN)
def test_auto_is_numpy_where_cupy_does_not_work(broken, monkeypatch):
    monkeypatch.setitem(sys.modules, "cupy", BROKEN[broken][0])
    assert select("auto") == ("numpy", np)


@pytest.mark.parametrize("name", ["cupy", "auto"])
def test_a_cupy_that_works_is_chosen(name, monkeypatch):
    module = fake_cupy()
    monkeypatch.setitem(sys.modules, "cupy", module)
    assert select(name) == ("cupy", module)


def test_numpy_is_the_default_and_never_imports_cupy(monkeypatch):
    monkeypatch.delenv(backend.ENVIRONMENT_VARIABLE, raising=False)
    monkeypatch.setitem(sys.modules, "cupy", None)
    assert select() == select("numpy") == ("numpy", np)


def test_the_environment_variable_chooses_and_an_argument_overrules_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "cupy", None)
    monkeypatch.setenv(backend.ENVIRONMENT_VARIABLE, "cupy")
    with pytest.raises(BackendError):
        select()
    assert select("numpy").name == "numpy"
    monkeypatch.setenv(backend.ENVIRONMENT_VARIABLE, "")
    assert select().name == "numpy"


def test_an_unknown_backend_is_refused_with_the_nearest_name():
    with pytest.raises(UsageError, match=r"unknown backend 'numpi'; did you mean 'numpy'\? \(known: numpy, cupy, auto\)"):
        select("numpi")


def test_a_backend_makes_arrays():
    a = select("numpy").asarray([[1, 2]], dtype=np.float32)
    assert isinstance(a, np.ndarray) and a.dtype == np.float32


class DeviceArray:
    """Looks like CuPy's by the name of its module."""

    __module__ = "cupy._core.core"

    def get(self):
        return np.arange(3)


def test_functions_follow_the_arrays_that_they_are_given(monkeypatch):
    module = fake_cupy()
    monkeypatch.setitem(sys.modules, "cupy", module)
    assert array_module() is array_module(np.ones(2), None, 3, [1]) is np
    assert array_module(np.ones(2), DeviceArray()) is array_module(DeviceArray(), 0.5) is module
    np.testing.assert_array_equal(to_host(DeviceArray()), [0, 1, 2])
    np.testing.assert_array_equal(to_host([1, 2]), [1, 2])


def test_an_elementwise_function_is_fused_once_on_a_device_and_plain_on_the_host(monkeypatch):
    module, fused = fake_cupy(), []
    module.fuse = lambda function: fused.append(function) or (lambda *arguments: "one kernel")
    monkeypatch.setitem(sys.modules, "cupy", module)

    @elementwise
    def twice(x):
        """2x."""
        return 2 * x

    assert (twice.__name__, twice.__doc__) == ("twice", "2x.")
    np.testing.assert_array_equal(twice(np.arange(3)), [0, 2, 4])
    assert fused == []
    assert [twice(DeviceArray()), twice(DeviceArray())] == ["one kernel"] * 2
    assert len(fused) == 1


@settings(max_examples=50, deadline=None)
@given(
    ids_shape=st.lists(st.integers(0, 3), min_size=1, max_size=3).map(tuple),
    n_rows=st.integers(1, 4),
    width=st.integers(1, 3),
    seed=st.integers(0, 100),
    dtype=st.sampled_from([np.float32, np.float64]),
)
def test_scatter_add_is_the_sum_of_the_rows_with_each_id(ids_shape, n_rows, width, seed, dtype):
    rng = np.random.default_rng(seed)
    ids, rows = rng.integers(0, n_rows, ids_shape), rng.standard_normal((*ids_shape, width)).astype(dtype)
    expected = np.zeros((n_rows, width), dtype)
    for at in np.ndindex(*ids_shape):
        expected[ids[at]] += rows[at]
    out = scatter_add(n_rows, ids, rows)
    assert out.dtype == dtype
    np.testing.assert_array_equal(out, expected)  # in the same order, so to the last bit


def test_scatter_add_reads_arrays_that_are_not_contiguous():
    ids, rows = np.array([[0, 1], [1, 2]]).T, np.arange(12.0).reshape(3, 2, 2).T
    expected = np.zeros((3, 3))
    for at in np.ndindex(2, 2):
        expected[ids[at]] += rows[at]
    np.testing.assert_array_equal(scatter_add(3, ids, rows), expected)


@pytest.mark.parametrize(("most", "expected"), [(1 << 31, 1 << 30), (1 << 25, 1 << 25)], ids=["new glibc", "old glibc"])
def test_freed_memory_is_kept_by_mallopt(most, expected, monkeypatch):
    accepted = {}

    def mallopt(option, value):
        if value > most and option == -3:
            return 0  # as glibc does before 2.35
        accepted[option] = value
        return 1

    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(ctypes, "CDLL", lambda name: SimpleNamespace(mallopt=mallopt))
    keep_freed_memory()
    assert accepted == {-3: expected, -1: (1 << 31) - 1}  # M_MMAP_THRESHOLD, M_TRIM_THRESHOLD of malloc.h


@pytest.mark.parametrize("platform", ["darwin", "win32"])
def test_other_systems_are_left_alone(platform, monkeypatch):
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(ctypes, "CDLL", lambda name: pytest.fail("nothing should be loaded"))
    keep_freed_memory()


@pytest.mark.parametrize("library", [lambda name: SimpleNamespace(), failing(OSError("none"))], ids=["no mallopt", "no library"])
def test_a_c_library_without_mallopt_is_left_alone(library, monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(ctypes, "CDLL", library)
    keep_freed_memory()


def test_asking_twice_does_no_harm():
    keep_freed_memory()
    keep_freed_memory()
    assert np.ones(1_000_000).sum() == 1_000_000

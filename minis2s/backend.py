"""Which array library computes: NumPy on the host, or CuPy on a CUDA device.

Functions do not ask for a backend: they follow the arrays that they are given (`array_module`). A backend is chosen once,
where arrays are made (`select`). This is the only module that imports CuPy.
"""

import ctypes
import functools
import os
import sys
from typing import Any, NamedTuple

import numpy as np

from minis2s.errors import UsageError, unknown_name

ENVIRONMENT_VARIABLE = "MINIS2S_BACKEND"
NAMES = ("numpy", "cupy", "auto")


class BackendError(UsageError):
    """The backend that was asked for cannot be used here; the message names what is missing."""


class Backend(NamedTuple):
    """An array library and the way to and from it."""

    name: str
    xp: Any

    def asarray(self, a, dtype=None):
        """`a` (a host array or nested list) as an array of this backend."""
        return self.xp.asarray(a, dtype=dtype)


def array_module(*arrays):
    """The library of the arrays: CuPy if one of them lives there, NumPy otherwise. Arguments of other types are ignored."""
    for a in arrays:
        kind = type(a)
        # By name, so that NumPy users never import CuPy; it also recognises the stand-ins that `cupy.fuse` traces with.
        if kind is not np.ndarray and kind.__module__.startswith("cupy"):
            return sys.modules["cupy"]
    return np


def to_host(a):
    """`a` as a NumPy array; a copy from the device where needed."""
    return a.get() if array_module(a) is not np else np.asarray(a)


def unread(a):
    """A single number: a Python float; on a device the array (without axes) as it is, because to read it is to wait for it."""
    return float(a) if array_module(a) is np else a


def assign_if(condition, target, new):
    """target ← new if `condition`, one boolean, holds. That of a device is not waited for."""
    xp = array_module(target)
    if xp is not np:
        xp.copyto(target, new, where=condition)
    elif condition:
        target[...] = new


def elementwise(function):
    """Mark a function of arrays that works element by element: one fused kernel on CuPy, plain NumPy otherwise.

    Arguments are arrays and Python numbers. A number must meet an array before it meets another number: a fused kernel computes
    `1 - beta` of two numbers in half precision, so `1 - beta` is an argument of its own.
    """
    fused = None

    @functools.wraps(function)
    def call(*arguments):
        nonlocal fused
        xp = array_module(*arguments)
        if xp is np:
            return function(*arguments)
        if fused is None:
            fused = xp.fuse(function)
        return fused(*arguments)

    return call


def scatter_add(n_rows, ids, rows):
    """out[k] = Σ of the rows whose id is k: the transpose of a lookup.

    ids: integers of any shape in [0, n_rows); rows: shape ids.shape + (E,). Returns (n_rows, E), zeros where no id points.
    On the host the sum is in order, thus the same to the last bit each time; on a device it uses atomic additions.
    """
    xp = array_module(rows)
    width = rows.shape[-1]
    out = xp.zeros((n_rows, width), dtype=rows.dtype)
    if xp is np:
        # The flat form of np.add.at is several times faster than the two-dimensional one.
        flat_ids = (ids.reshape(-1, 1) * width + np.arange(width)).reshape(-1)
        np.add.at(out.reshape(-1), flat_ids, rows.reshape(-1))
    else:
        xp.add.at(out, ids.reshape(-1), rows.reshape(-1, width))
    return out


def select(name=None):
    """The backend called `name` (numpy, cupy or auto); by default that of $MINIS2S_BACKEND, else NumPy.

    `auto` is CuPy where it works and NumPy otherwise. Raises BackendError with what is missing and what to install.
    """
    name = name or os.environ.get(ENVIRONMENT_VARIABLE) or "numpy"
    if name not in NAMES:
        raise unknown_name("backend", name, NAMES)
    if name == "numpy":
        return Backend("numpy", np)
    try:
        return Backend("cupy", _working_cupy())
    except BackendError:
        if name == "auto":
            return Backend("numpy", np)
        raise


def _working_cupy():
    """The cupy module, after it has multiplied two matrices: that needs driver, device, compiler and cuBLAS."""
    install = "pip install 'cupy-cuda13x>=14.2' (the extra cuda13, for CUDA 13) or 'cupy-cuda12x>=14.2' (cuda12)"
    try:
        import cupy
    except ImportError as error:
        raise BackendError(f"the cupy backend needs CuPy, which cannot be imported ({error}): {install}") from None
    try:
        devices = cupy.cuda.runtime.getDeviceCount()
    except cupy.cuda.runtime.CUDARuntimeError as error:
        if "NoDevice" in str(error):
            devices = 0
        else:
            raise BackendError(
                f"the cupy backend needs an NVIDIA driver that fits CuPy's CUDA version: {error}; "
                "install or update the driver, or use --backend numpy"
            ) from None
    if devices == 0:
        raise BackendError("the cupy backend found no CUDA device; is one visible (nvidia-smi)? Or use --backend numpy")
    try:
        a = cupy.ones((2, 2), dtype=np.float32)
        float(((a + a) @ a).sum())
    except Exception as error:
        part = "cuBLAS" if "cublas" in str(error).lower() else "NVRTC" if "nvrtc" in str(error).lower() else "CUDA"
        raise BackendError(
            f"the cupy backend found a device, but {part} does not work ({type(error).__name__}: {error}); install the "
            "CUDA libraries: pip install 'cupy-cuda13x[ctk]' (or 'cupy-cuda12x[ctk]')"
        ) from None
    return cupy


def device_name(backend):
    """What the device of a CuPy backend is called, with CuPy's version."""
    name = backend.xp.cuda.runtime.getDeviceProperties(backend.xp.cuda.Device().id)["name"]
    return f"{name.decode()}, CuPy {backend.xp.__version__}"


def allow_tf32(backend, allowed):
    """Whether CuPy's products of float32 may round their factors to TF32, whose mantissas have 10 bits: faster, less exact."""
    linalg = backend.xp._core._routines_linalg  # there is no public way but an environment variable, read once
    linalg.set_compute_type(np.float32, linalg.COMPUTE_TYPE_TF32 if allowed else linalg.COMPUTE_TYPE_DEFAULT)


def keep_freed_memory():
    """Ask the C library to keep freed memory instead of handing it back to the system after each array operation.

    Temporaries larger than a few hundred kilobytes are otherwise mapped, page-faulted and unmapped at every use, which
    makes an element-wise pass over a large array two to four times slower. Linux with glibc only; a no-op elsewhere.
    """
    mmap_threshold, trim_threshold = -3, -1  # M_MMAP_THRESHOLD, M_TRIM_THRESHOLD of malloc.h
    if not sys.platform.startswith("linux"):
        return
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return
    if not mallopt(mmap_threshold, 1 << 30):
        mallopt(mmap_threshold, 1 << 25)  # the most that glibc before 2.35 accepts
    mallopt(trim_threshold, (1 << 31) - 1)

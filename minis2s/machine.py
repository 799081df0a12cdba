"""What computes: processor, BLAS and its threads. Times and last bits mean nothing without it."""

import os
import platform
import sys

from threadpoolctl import threadpool_info, threadpool_limits

_limits = None  # must stay alive: the limit ends with the object
_threads = None


def set_threads(n):
    """Let matrix products, and what is computed in `pieces`, use at most n threads, from now on."""
    global _limits, _threads
    _limits, _threads = threadpool_limits(n, user_api="blas"), n


def threads():
    """How many threads a matrix product may use: as many as were set, else as many as the BLAS has chosen."""
    global _threads
    if _threads is None:  # asked once: to look at the loaded libraries takes a millisecond
        _threads = max((library["num_threads"] for library in _blas_libraries()), default=1)
    return _threads


def blas():
    """The BLAS with its version and the core type whose kernels it chose, as in "openblas 0.3.31 (Haswell)"."""
    names = [f"{lib['internal_api']} {lib['version']} ({lib.get('architecture', '?')})" for lib in _blas_libraries()]
    return ", ".join(dict.fromkeys(names)) or "unknown"


def processor():
    """The processor's name and how many of them the system shows."""
    return f"{_model_name() or platform.machine()}, {os.cpu_count()} processors"


def resident_bytes():
    """Memory that this process holds now (Linux), or has held at most (other POSIX systems); 0 where the system does not say."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        pass
    try:
        import resource
    except ImportError:  # Windows
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024  # bytes there, kilobytes elsewhere


def _blas_libraries():
    return [library for library in threadpool_info() if library["user_api"] == "blas" and "torch" not in library["filepath"]]


def _model_name():
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            return next((line.split(":")[1].strip() for line in file if line.startswith("model name")), "")
    except OSError:
        return platform.processor()

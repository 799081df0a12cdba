"""A stand-in for CuPy that refuses what CuPy refuses, or does in silence at a device's expense. NumPy does the arithmetic.

Refused: to become a host array or a Python number without `.get()`; to be iterated over; to be indexed with booleans (the size of
the result must be read from the device); to be mixed with host arrays, an index among them; to be assigned to where places repeat
(which of the values stays is undefined); every function, method or keyword that CuPy does not have (cupy_surface.json).

    monkeypatch.setitem(sys.modules, "cupy", fence.cupy)      so that `array_module` finds it
    backend = Backend("cupy", fence.cupy)
"""

import json
import operator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import numpy as np

SURFACE = json.loads(Path(__file__).with_name("cupy_surface.json").read_text("utf-8"))
UPWARD = ("array", "asarray", "ascontiguousarray")  # the functions that bring host arrays to the device
UNINITIALISED = ("empty", "empty_like")
READING = ("item", "tolist", "tobytes", "tofile", "dump", "dumps", "nonzero")
MEANINGLESS = ("data", "device", "cstruct", "flat", "base")  # of a fence


class Refused(TypeError):
    """What the fence is there for."""


class Reads:
    """How often something was copied from the device to the host; `allowed`: whether it may be."""

    count, allowed = 0, True


@contextmanager
def no_reading():
    """Within the block `.get()` is refused as well."""
    Reads.allowed = False
    try:
        yield
    finally:
        Reads.allowed = True


class ndarray:
    """A device array, known as one by the name of its module."""

    __module__ = "cupy"
    __slots__ = ("_a",)
    __hash__ = None

    def __init__(self, a):
        self._a = a

    def get(self):
        if not Reads.allowed:
            raise Refused("a device array is read where nothing may wait for the device")
        Reads.count += 1
        return np.array(self._a)

    def __getattr__(self, name):
        if name in SURFACE["attributes"] and name not in MEANINGLESS:
            return _raised(getattr(self._a, name), type(self))
        if name not in SURFACE["methods"]:
            raise AttributeError(f"CuPy's arrays have no {name}")
        if name in READING:
            raise Refused(f"{name} reads from the device; say so with to_host")
        return _checked(f"ndarray.{name}", getattr(self._a, name), SURFACE["methods"][name], type(self))

    def __getitem__(self, key):
        return _raised(self._a[_index(key)], type(self))

    def __setitem__(self, key, value):
        key = _index(key)
        places = np.arange(self._a.size).reshape(self._a.shape)[key].reshape(-1)
        if len(np.unique(places)) < len(places):
            raise Refused("places repeat in an assignment; on a device the order is not defined: use scatter_add")
        self._a[key] = _lowered(value)

    def __len__(self):
        return len(self._a)

    def __repr__(self):
        return f"fence.ndarray({self._a!r})"

    def __array_ufunc__(self, ufunc, method, *inputs, **keywords):
        """CuPy computes np.float64(2) * a, in double precision; np.tanh(a) it does, too, but functions follow their arrays."""
        kinds = {next(kind for kind in (ndarray, np.generic, object) if isinstance(x, kind)) for x in inputs}
        if method != "__call__" or keywords or kinds != {ndarray, np.generic}:
            raise Refused(f"np.{ufunc.__name__} on a device array")
        return _raised(ufunc(*_lowered(inputs)), type(self))

    def __array_function__(self, function, *_):
        raise Refused(f"np.{function.__name__} on a device array")


class Traced(ndarray):
    """What a function sees while CuPy makes one kernel of it: it can be computed with, and nothing else."""

    __module__ = "cupy"
    __slots__ = ()

    def __getattr__(self, name):
        raise Refused(f"{name} of an array inside of a fused function")

    def __getitem__(self, key):
        raise Refused("indexing inside of a fused function")

    __setitem__ = __len__ = __getitem__


def _refuse(name):
    def refuse(self, *_, **__):
        raise Refused(f"{name} of a device array; to_host says that it is read")

    return refuse


def _operator(function, swapped=False):
    def apply(self, *others):
        values = _lowered((self, *others))
        kind = Traced if any(isinstance(x, Traced) for x in others) else type(self)
        return _raised(function(*(values[::-1] if swapped else values)), kind)

    return apply


def _in_place(function):
    def apply(self, other):
        self._a[...] = function(self._a, _lowered(other)).astype(self._a.dtype, casting="same_kind")
        return self

    return apply


for _name in ("array", "bool", "int", "float", "complex", "index", "iter", "contains"):
    setattr(ndarray, f"__{_name}__", _refuse(f"__{_name}__"))
for _name in ("lt", "le", "gt", "ge", "eq", "ne", "neg", "pos", "abs", "invert"):
    setattr(ndarray, f"__{_name}__", _operator(getattr(operator, _name)))
for _name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "and_", "or_", "xor", "lshift", "rshift"):
    _function, _dunder = getattr(operator, _name), _name.rstrip("_")
    setattr(ndarray, f"__{_dunder}__", _operator(_function))
    setattr(ndarray, f"__r{_dunder}__", _operator(_function, swapped=True))
    setattr(ndarray, f"__i{_dunder}__", _in_place(_function))


def _index(key):
    """A key for NumPy; refuses what reads from the device and what is copied to it in silence."""
    for part in key if isinstance(key, tuple) else (key,):
        if isinstance(part, list | np.ndarray):
            raise Refused("a device array is indexed with a host array or a list, which is copied at every use: upload it once")
        if isinstance(part, ndarray) and part._a.dtype == bool:
            raise Refused("a device array is indexed with booleans: the size of the result must be read; use where")
    return tuple(map(_lowered, key)) if isinstance(key, tuple) else _lowered(key)


def _lowered(x):
    """Arguments for NumPy."""
    if isinstance(x, ndarray):
        return x._a
    if isinstance(x, np.ndarray):
        raise Refused("a host array meets a device array")
    return type(x)(map(_lowered, x)) if type(x) in (tuple, list) else x


def _raised(x, kind=ndarray):
    """Results of NumPy as those of CuPy, which knows no scalars, only arrays without axes."""
    if isinstance(x, np.ndarray | np.generic):
        return kind(np.asarray(x))
    return type(x)(_raised(y, kind) for y in x) if type(x) in (tuple, list) and any(isinstance(y, np.ndarray) for y in x) else x


def _checked(name, function, parameters, kind=ndarray, lower=_lowered):
    """function of NumPy, called only as CuPy's can be."""

    def call(*arguments, **keywords):
        unknown = set(keywords) - set(parameters)
        if unknown:
            raise Refused(f"CuPy's {name} has no {', '.join(sorted(unknown))}")
        if len(arguments) > len(parameters) and not any(p.startswith("*") for p in parameters):
            raise Refused(f"CuPy's {name} takes {len(parameters)} arguments, not {len(arguments)}")
        traced = any(isinstance(x, Traced) for x in arguments)
        return _raised(function(*map(lower, arguments), **{k: lower(x) for k, x in keywords.items()}), Traced if traced else kind)

    return call


class Ufunc:
    """An element-wise function; of the methods of NumPy's only `at` is known to work for all that is needed."""

    def __init__(self, name):
        self.name = name
        self._call = _checked(name, getattr(np, name), ["*x", "out", "dtype", "casting"])

    def __call__(self, *arguments, **keywords):
        return self._call(*arguments, **keywords)

    def __getattr__(self, name):
        if name != "at":
            raise Refused(f"CuPy's {self.name} has no {name} that could be relied on")
        return lambda a, key, b: getattr(np, self.name).at(a._a, _index(key), _lowered(b))


class Fence(ModuleType):
    ndarray = ndarray

    def __getattr__(self, name):
        if name in SURFACE["ufuncs"]:
            return Ufunc(name)
        if name in UPWARD:
            return _checked(name, getattr(np, name), SURFACE["functions"][name], lower=_uploaded)
        if name in UNINITIALISED:
            return _checked(name, lambda *a, **k: _unset(getattr(np, name)(*a, **k)), SURFACE["functions"][name])
        if name in SURFACE["functions"]:
            return _checked(name, getattr(np, name), SURFACE["functions"][name])
        if isinstance(getattr(np, name, None), type):  # dtypes and finfo are NumPy's own
            return getattr(np, name)
        raise AttributeError(f"CuPy has no {name}")

    def fuse(self, function):
        """One kernel of a function: of device arrays and Python numbers, and nothing but arithmetic."""

        def fused(*arguments):
            if not all(isinstance(x, ndarray | bool | int | float) for x in arguments):
                raise Refused(f"{function.__name__} is one kernel of device arrays and Python numbers")
            found = function(*(Traced(x._a) if isinstance(x, ndarray) else x for x in arguments))
            return tuple(ndarray(x._a) for x in found) if isinstance(found, tuple) else ndarray(found._a)

        return fused


def _uploaded(x):
    return np.array(x) if isinstance(x, np.ndarray) else _lowered(x)


def _unset(a):
    """Memory that nobody has written: what is read from it must not be mistaken for a number."""
    a.fill(np.nan if a.dtype.kind in "fc" else np.iinfo(a.dtype).min if a.dtype.kind == "i" else 1)
    return a


cupy = Fence("cupy")

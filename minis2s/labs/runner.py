"""The program of the child process that runs one submission. Self-contained: it knows Python, NumPy, and neither the package nor
any expected value; it is copied into the submission's folder.

    runner.py SETTINGS    (JSON: submission, given, numpy, memory, seconds, result_size)

It confines itself, loads the submission, and then answers calls. A line on standard input names a file of arguments (.npz); an
answer is a frame on what was standard output: its length in eight bytes, then an .npz. What the submission prints goes to
standard error, and what it reads is empty. It can do all of this in the runner's stead, and so give wrong numbers; nothing more.
"""

import importlib.util
import io
import json
import os
import struct
import sys


def main():
    settings = json.loads(sys.argv[1])
    channel, orders = os.dup(1), os.dup(0)
    os.dup2(2, 1)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    sys.path.insert(0, settings["numpy"])
    import numpy

    folder = os.path.dirname(os.path.abspath(__file__))
    sys.path[0] = folder  # instead of NumPy's, where other packages live too
    from confine import confine

    del sys.path[0]
    library = [os.path.dirname(os.__file__), os.path.dirname(numpy.__file__), os.path.dirname(numpy.__file__) + ".libs"]
    readable = [path for path in [*library, *sys.path, os.devnull, "/dev/urandom"] if os.path.exists(path)]
    fences = confine(folder, readable, settings["memory"], settings["seconds"])
    sys.meta_path.insert(0, Refuser())
    send = Sender(channel, numpy, settings["result_size"])
    send("ready", fences=fences)
    given, _ = load("given", settings["given"])
    module, problem = load("submission", settings["submission"])
    send("loaded" if module else "broken", **problem)
    with open(orders, encoding="utf-8") as lines:
        for line in lines:
            answer(send, numpy, module, given, json.loads(line))


class Refuser:
    """The reference is not for use in a submission."""

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "minis2s":
            raise ImportError("a submission may not import minis2s: write the equations with NumPy alone")


class Sender:
    """Writes one frame: what happened, as JSON, and the arrays."""

    def __init__(self, channel, numpy, limit):
        self.channel, self.numpy, self.limit = os.fdopen(channel, "wb"), numpy, limit

    def __call__(self, status, arrays=(), **more):
        size = sum(array.nbytes for array in arrays if array is not None)
        if size > self.limit:
            status, arrays, more = "bad", (), more | {"message": f"returns {size:,} bytes, more than is read"}
        more |= {"status": status, "missing": [n for n, array in enumerate(arrays) if array is None]}
        record = self.numpy.frombuffer(json.dumps(more).encode(), dtype=self.numpy.uint8)
        file = io.BytesIO()
        named = {f"a{n}": array for n, array in enumerate(arrays) if array is not None}
        self.numpy.savez(file, record=record, **named)
        self.channel.write(struct.pack(">Q", file.tell()) + file.getvalue())
        self.channel.flush()


def load(name, path):
    """(the module, {}), or (None, what went wrong)."""
    try:
        spec = importlib.util.spec_from_file_location(name, path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module, {}
    except BaseException as error:  # also SystemExit: the file decides nothing here
        return None, described(error, path)


def answer(send, numpy, module, given, order):
    function = getattr(module, order["function"], None)
    if not callable(function):
        return send("absent", token=order["token"])
    arguments = read_arguments(numpy, order, given)
    before = {name: value.copy() for name, value in arguments.items() if isinstance(value, numpy.ndarray)}
    try:
        with numpy.errstate(all="ignore"):
            result = function(**arguments)
        arrays = as_arrays(numpy, result, order["outputs"])
    except NotImplementedError as error:
        return send("unwritten", token=order["token"], **described(error, module.__file__))
    except Unusable as error:
        return send("bad", token=order["token"], message=str(error))
    except BaseException as error:
        return send("raised", token=order["token"], **described(error, module.__file__))
    changed = [name for name, value in before.items() if not same(numpy, value, arguments[name])]
    send("ok", arrays, token=order["token"], changed=changed)


def read_arguments(numpy, order, given):
    with numpy.load(order["file"], allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    functions = {name: getattr(given, function) for name, function in order["given"].items()}
    return {name: {**order["values"], **arrays, **functions}[name] for name in order["order"]}


class Unusable(Exception):
    """A returned value that is not the arrays that were asked for."""


def as_arrays(numpy, result, names):
    """The returned arrays in the order of `names`: from a tuple, a list, a dict, or bare if there is only one."""
    if isinstance(result, dict):
        if absent := [name for name in names if name not in result]:
            raise Unusable(f"returns a dict without {', '.join(absent)}")
        result = [result[name] for name in names]
    elif len(names) == 1 and not _is_several(result):
        result = (result,)
    elif not isinstance(result, (tuple, list)):
        raise Unusable(f"returns one {type(result).__name__}; {len(names)} values are expected: {', '.join(names)}")
    if len(result) != len(names):
        raise Unusable(f"returns {len(result)} values; expected: {', '.join(names)}")
    return [None if value is None else as_array(numpy, name, value) for name, value in zip(names, result)]  # noqa: B905


def _is_several(result):
    """Whether a tuple is several results, or one in a tuple; nested tuples and tuples of numbers are one array."""
    if not isinstance(result, tuple) or len(result) == 1:
        return isinstance(result, tuple) and not isinstance(result[0], (tuple, list))
    return any(value is None or getattr(value, "ndim", 0) for value in result)


def as_array(numpy, name, value):
    try:
        array = numpy.ascontiguousarray(value).reshape(numpy.shape(value))
    except Exception:
        raise Unusable(f"{name} is a {type(value).__name__} that makes no array") from None
    if array.dtype.kind not in "biufc":
        raise Unusable(f"{name} holds {array.dtype} values, not numbers")
    return array


def same(numpy, a, b):
    return a.shape == b.shape and a.tobytes() == b.tobytes()


def described(error, path):
    """What an exception says, and the last line of the submission that it passed through."""
    line, trace = getattr(error, "lineno", None) if isinstance(error, SyntaxError) else None, error.__traceback__
    while trace:
        if trace.tb_frame.f_code.co_filename == path:
            line = trace.tb_lineno
        trace = trace.tb_next
    try:
        message = str(error.msg if isinstance(error, SyntaxError) else error)  # without the file's name, which is ours
    except Exception:
        message = "its message cannot be shown"
    return {"type": type(error).__name__, "message": message[:2000], "line": line}


if __name__ == "__main__":
    main()

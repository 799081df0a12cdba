"""The process that runs a submission, seen from the grader: started, asked, killed, started again.

What comes back is believed to be arrays at most. Expected values and verdicts are never sent.
"""

import json
import os
import queue
import secrets
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from minis2s.labs.arrays import Garbled, read
from minis2s.labs.spec import Given

HERE = Path(__file__).parent
PROGRAMS = ("runner.py", "confine.py")
START = 60  # seconds for Python and NumPy to load, also on a machine that is busy
KEPT = 20_000  # bytes kept of what a submission prints
CHARACTERS = 300  # of a message
FAREWELL = 2.0  # seconds for the pipes of a killed process to end
READER = "reader of a submission's pipe"


@dataclass(frozen=True)
class Limits:
    """What one call may use: seconds of time; and the whole process: seconds in all, bytes of memory and of an answer."""

    seconds: float = 10.0
    total: float = 120.0
    memory: int = 2**30
    result_size: int = 2**24


@dataclass(frozen=True)
class Reply:
    """What became of one call.

    status: "ok"; or "absent" (no such function), "unwritten", "bad" (returns no arrays), "raised", "broken" (the file does not
    load), "timeout", "died", "garbled". arrays: in the outputs' order, None for None. message: for the student.
    """

    status: str
    arrays: tuple = ()
    message: str = ""
    changed: tuple = ()


@dataclass
class Child:
    """One submission's process; a context manager. `fences` says after the start how it is confined."""

    submission: bytes
    given: str
    limits: Limits = Limits()
    fences: dict = field(default_factory=dict)
    process: subprocess.Popen | None = None
    broken: Reply | None = None

    def __enter__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="lab-"))
        self.printed = bytearray()
        self.calls = 0
        return self

    def __exit__(self, *_):
        self._kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def call(self, function, outputs, arguments):
        """The Reply of `function(**arguments)`, whose results are called `outputs`. A process that has died is started again."""
        if self.process is None and self.broken is None:
            self._start()
        if self.broken:
            return self.broken
        self.calls += 1
        token = secrets.token_hex(8)
        order = self._write(arguments) | {"function": function, "outputs": list(outputs), "token": token}
        try:
            self.process.stdin.write(json.dumps(order).encode() + b"\n")
            self.process.stdin.flush()
        except OSError:
            return self._lost()
        return self._answer(self.limits.seconds, token)

    def output(self):
        """What the submission printed, as far as it was kept."""
        return bytes(self.printed).decode("utf-8", "replace")

    def _write(self, arguments):
        """The arguments' arrays as a file, the rest as JSON. A file, since a pipe to a process that does not read would block."""
        arrays, values, given = {}, {}, {}
        for name, value in arguments.items():
            kind = arrays if isinstance(value, np.ndarray) else given if isinstance(value, Given) else values
            kind[name] = value.name if isinstance(value, Given) else value
        path = self.folder / f"arguments_{self.calls}.npz"
        path.unlink(missing_ok=True)  # a submission may have laid a link here
        with open(path, "xb") as file:
            np.savez(file, **arrays)
        path.chmod(0o644)
        return {"file": str(path), "values": values, "given": given, "order": list(arguments)}

    def _start(self):
        for name in PROGRAMS:
            shutil.copy(HERE / name, self.folder / name)
        (self.folder / "submission.py").write_bytes(self.submission)
        (self.folder / "given.py").write_text(self.given, "utf-8")
        settings = {"submission": str(self.folder / "submission.py"), "given": str(self.folder / "given.py")}
        settings |= {"numpy": str(Path(np.__file__).parents[1]), "seconds": int(self.limits.total) + 1}
        settings |= {name: getattr(self.limits, name) for name in ("memory", "result_size")}
        flags = ["-I", "-S", "-B", "-u", "-X", "utf8"]  # no user's settings, no installed packages, no files left behind
        self.process = subprocess.Popen(
            [sys.executable, *flags, str(self.folder / "runner.py"), json.dumps(settings)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            cwd=self.folder, env=_environment(self.folder), start_new_session=True,
        )  # fmt: skip
        self.frames = queue.Queue(maxsize=4)
        readers = (_read_frames, self.process.stdout, self.frames, self.limits), (_keep, self.process.stderr, self.printed)
        self.readers = [threading.Thread(target=target, args=args, daemon=True, name=READER) for target, *args in readers]
        for reader in self.readers:
            reader.start()
        ready = self._answer(START)
        if ready.status != "ready":
            raise OSError(f"the process for submissions does not start: {ready.message} {self.output()[-CHARACTERS:]}")
        loaded = self._answer(self.limits.seconds)
        if loaded.status != "loaded":
            self._kill()
            what = {"timeout": "the file does not end", "died": "the process ends"}.get(loaded.status)
            message = f"{what} while it is loaded ({loaded.message})" if what else loaded.message
            self.broken = Reply("broken", message=message)

    def _answer(self, seconds, token=None):
        try:
            data = self.frames.get(timeout=seconds)
        except queue.Empty:
            self._kill()
            return Reply("timeout", message=f"no answer after {seconds:g} s: a loop that does not end?")
        if data is None:
            return self._lost()
        try:
            record, arrays = read(data)
            if token is not None and record.get("token") != token:
                raise Garbled("the answer belongs to no question")
            return self._reply(record, arrays)
        except (Garbled, KeyError, TypeError, ValueError) as error:
            self._kill()
            return Reply("garbled", message=f"the channel for results was disturbed: {error}")

    def _reply(self, record, arrays):
        status, missing = str(record["status"]), record["missing"]
        self.fences = record.get("fences", self.fences)
        message = _clean(record.get("message", ""))
        if "type" in record:
            line = record["line"]
            where = f"line {int(line)}: " if line is not None else ""
            message = where + _clean(record["type"]) + (f": {message}" if message else "")
        found = tuple(None if n in missing else arrays[f"a{n}"] for n in range(len(arrays) + len(missing)))
        return Reply(status, found, message, tuple(_clean(name) for name in record.get("changed", ())))

    def _lost(self):
        """The process has closed the channel: it died, of what its exit code says."""
        self._kill(grace=1.0)
        return Reply("died", message=_cause(self.code))

    def _kill(self, grace=0.0):
        """End the process and all of its session. Without `grace` at once; with it, it may first end by itself."""
        if self.process is None:
            return
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(grace)
        if hasattr(os, "killpg"):
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)
        else:
            self.process.kill()
        self.code = self.process.wait()
        with suppress(OSError):
            self.process.stdin.close()
        self._end_readers()
        self.process = None

    def _end_readers(self):
        """Let the threads reach the end of their pipes: frames that nobody wants must not block them, and be kept, for ever.

        Where a process could flee from its session and holds a pipe open, they are left to themselves.
        """
        deadline = time.monotonic() + FAREWELL
        while any(reader.is_alive() for reader in self.readers) and time.monotonic() < deadline:
            with suppress(queue.Empty):
                self.frames.get(timeout=0.01)


def _environment(folder):
    """One thread, UTF-8, and nothing of the grader's own."""
    kept = {name: os.environ[name] for name in ("SYSTEMROOT", "PATH", "LD_LIBRARY_PATH") if name in os.environ}
    threads = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"), "1")
    return kept | threads | {"HOME": str(folder), "TMPDIR": str(folder), "PYTHONHASHSEED": "0"}


def _read_frames(pipe, frames, limits):
    """Each frame into the queue, then None: at the end, and at the first that is too long."""
    largest = limits.result_size + 2**16
    with pipe, suppress(OSError, ValueError):
        while len(head := pipe.read(8)) == 8:
            (length,) = struct.unpack(">Q", head)
            if length > largest or len(data := pipe.read(length)) < length:
                break
            frames.put(data)
        frames.put(None)


def _keep(pipe, kept):
    """Read on, so that printing does not block, and keep the beginning."""
    with pipe, suppress(OSError, ValueError):
        while data := pipe.read1(65536):
            kept += data[: max(0, KEPT - len(kept))]


def _clean(text):
    """A stranger's text, for a terminal: short, on one line, nothing that steers."""
    text = str(text)
    shown = "".join(ch if ch.isprintable() else " " for ch in text[:CHARACTERS])
    return shown + ("…" if len(text) > CHARACTERS else "")


def _cause(code):
    if code >= 0:
        return f"the process ended with exit code {code}; a function returns, it does not exit"
    name = signal.Signals(-code).name if -code in {s.value for s in signal.Signals} else str(-code)
    hint = {"SIGXCPU": ": too much processor time", "SIGSEGV": ": out of memory or stack?"}
    return f"the process was killed by {name}{hint.get(name, '')}"

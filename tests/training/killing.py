"""Processes that are killed by SIGKILL at a chosen place, and what they have computed until then. POSIX only (fork)."""

import io
import os
import signal
import sys
import traceback
from pathlib import Path

import minis2s
from minis2s import files
from minis2s.training.run import Run

from .scenes import session_of

PACKAGE = Path(minis2s.__file__).parent
WATCHED = [str(PACKAGE / name) for name in ("files.py", *(f"training/{n}.py" for n in ("checkpoint", "run", "session", "lock")))]
WATCHED_TRAINER = [*WATCHED, str(PACKAGE / "training/trainer.py")]


def in_child(work):
    """Call work() in a forked process. True if it came to its end, False if it was killed; anything else fails."""
    child = os.fork()
    if child == 0:
        try:
            work()
            os._exit(0)
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL, status
        return False
    assert os.WEXITSTATUS(status) == 0, "the child failed; its traceback is on stderr"
    return True


def train(folder, run, before=lambda session: None, **settings):
    """Begin the run, or go on with it if it has begun; each step's loss and norm go to RUN.log before the update."""
    path = folder / run
    session = session_of(folder, run=run, resume=(path / "config.json").exists(), **settings)
    log = os.open(folder / f"{run}.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    gradient = session.trainer.gradient

    def logged(batch, rng=None):
        loss, norm = gradient(batch, rng)
        os.write(log, f"{session.trainer.progress.total_steps + 1} {loss.hex()} {norm.hex()}\n".encode())
        return loss, norm

    session.trainer.gradient = logged
    before(session)
    session.train()


def losses(folder, run):
    """step → what was computed for it, by each process that came there: one entry if all agree."""
    found = {}
    for line in (folder / f"{run}.log").read_text().splitlines():
        step, _, values = line.partition(" ")
        found.setdefault(int(step), set()).add(values)
    return found


def assert_whole(path):
    """What a kill left behind: each file is there as a whole or not at all, and the lines of metrics are valid."""
    run = Run(path)
    for name in ("last", "best"):
        if (path / f"{name}.npz").exists():
            run.load(name)
    if (path / "config.json").exists():
        run.config()
    run.metrics()
    run.health()


def kill():
    os.kill(os.getpid(), signal.SIGKILL)


class AtCall:
    """Kill at the n-th of the system calls by which `minis2s.files` writes: before it, or half-way through a write."""

    def __init__(self, n):
        self.n, self.names = n, []

    def reached(self, name):
        self.names.append(name)
        return len(self.names) == self.n

    def install(self):
        real = files.os

        def killing(name):
            def call(*arguments, **settings):
                if self.reached(name):
                    kill()
                return getattr(real, name)(*arguments, **settings)

            return staticmethod(call)

        class Calls:  # `os` for that module, and for nobody else
            fsync, replace, open = killing("fsync"), killing("replace"), killing("open")

            def __getattr__(self, name):
                return getattr(real, name)

        files.os = Calls()
        files.open = self._open

    def _open(self, path, mode):
        if self.reached(f"open {Path(path).name}"):
            kill()
        at_call = self

        class Raw(io.FileIO):  # what reaches the system; what a buffer still holds dies with the process
            def write(self, data):
                if at_call.reached(f"write {Path(path).name}"):
                    super().write(memoryview(data)[: len(data) // 2])
                    kill()
                return super().write(data)

        return io.BufferedWriter(Raw(path, mode))


class AtLine:
    """Kill before the n-th line of the files that is executed (n = 0: never); `names` says which there were."""

    def __init__(self, n, paths):
        self.n, self.paths, self.names = n, set(paths), []

    def install(self):
        sys.settrace(self._call)

    def _call(self, frame, event, argument):
        return self._line if frame.f_code.co_filename in self.paths else None

    def _line(self, frame, event, argument):
        if event == "line":
            self.names.append(f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno}")
            if len(self.names) == self.n:
                kill()
        return self._line

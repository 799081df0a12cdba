"""Processes that are killed by SIGKILL at a chosen place, and what they have computed until then. POSIX only (fork)."""

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

    def __init__(self, n, with_writes=lambda name: True):
        self.n, self.count, self.names, self.with_writes = n, 0, [], with_writes

    def reached(self, name):
        self.count += 1
        self.names.append(name)
        return self.count == self.n

    def install(self):
        for name in ("fsync", "replace", "open"):
            self._wrap(name)
        files.open = self._open

    def _wrap(self, name):
        original, module = getattr(os, name), files.os

        def call(*arguments, **settings):
            if self.reached(name):
                kill()
            return original(*arguments, **settings)

        class Calls:  # `files.os`, but nobody else's
            def __getattr__(self, other):
                return call if other == name else getattr(module, other)

        files.os = Calls()

    def _open(self, path, mode):
        if self.reached("open a file"):
            kill()
        file = open(path, mode)
        if self.with_writes(Path(path).name):
            write = file.write

            def half(data):
                if self.reached("write"):
                    write(memoryview(data)[: len(data) // 2])
                    file.flush()
                    kill()
                return write(data)

            return Writing(file, half)
        return file


class Writing:
    """A file whose writes go through `write`."""

    def __init__(self, file, write):
        self.file, self.write = file, write

    def __getattr__(self, name):
        return getattr(self.file, name)

    def __enter__(self):
        self.file.__enter__()
        return self

    def __exit__(self, *error):
        return self.file.__exit__(*error)

    def __iter__(self):
        return iter(self.file)


class AtLine:
    """Kill before the n-th line of the files that is executed (n = 0: never); `count` says how many there were."""

    def __init__(self, n, paths):
        self.n, self.paths, self.count = n, set(paths), 0

    def install(self):
        sys.settrace(self._call)

    def _call(self, frame, event, argument):
        return self._line if frame.f_code.co_filename in self.paths else None

    def _line(self, frame, event, argument):
        if event == "line":
            self.count += 1
            if self.count == self.n:
                kill()
        return self._line

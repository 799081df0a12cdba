"""One process on a run directory: the second is refused, a dead one never blocks."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import minis2s
from minis2s.errors import Minis2sError, UsageError
from minis2s.training.lock import NAME, Lock
from minis2s.training.run import Run

from .scenes import session_of

ROOT = Path(minis2s.__file__).parent.parent

HOLD = """
import sys
from pathlib import Path
from minis2s.training.lock import Lock
Lock(Path(sys.argv[1])).acquire()
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def holder(tmp_path):
    """Another process that holds the directory."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    process = subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout.readline().strip() == b"held"
    yield process
    process.kill()
    process.wait(timeout=30)
    for pipe in (process.stdin, process.stdout):
        pipe.close()


def test_the_second_process_is_told_who_the_first_is(tmp_path, holder):
    with pytest.raises(UsageError, match=rf"is in use by process {holder.pid} on .+; wait for it, or choose another") as caught:
        Lock(tmp_path).acquire()
    assert caught.value.exit_code == 2
    holder.stdin.close()
    assert holder.wait(timeout=30) == 0
    lock = Lock(tmp_path)
    lock.acquire()
    lock.release()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is POSIX")
def test_what_a_killed_process_leaves_behind_blocks_nobody(tmp_path, holder):
    holder.send_signal(signal.SIGKILL)
    holder.wait(timeout=30)
    assert (tmp_path / NAME).exists()
    lock = Lock(tmp_path)
    lock.acquire()
    assert f"process {os.getpid()} " in (tmp_path / NAME).read_text()
    lock.release()


@pytest.mark.parametrize("content", [b"", b"process 1 on nowhere\n", b"\xff" * 5000])
def test_a_stale_file_is_harmless(content, tmp_path):
    (tmp_path / NAME).write_bytes(content)
    lock = Lock(tmp_path)
    lock.acquire()
    with pytest.raises(UsageError, match=f"is in use by process {os.getpid()} on"):
        Lock(tmp_path).acquire()
    lock.release()
    Lock(tmp_path).acquire()


def test_twice_is_once(tmp_path):
    lock = Lock(tmp_path)
    lock.release()
    lock.acquire()
    lock.acquire()
    lock.release()
    lock.release()
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_was_removed_while_we_waited_is_not_the_lock(tmp_path):
    """Whoever releases removes the file; a lock on what is no longer there would hold nobody off."""
    first, second = Lock(tmp_path), Lock(tmp_path)
    first.acquire()
    (tmp_path / NAME).unlink()  # as if between the opening and the locking of another
    second.acquire()
    assert (tmp_path / NAME).exists()
    with pytest.raises(UsageError):
        Lock(tmp_path).acquire()


def test_a_place_that_is_not_there(tmp_path):
    with pytest.raises(Minis2sError, match="cannot write"):
        Lock(tmp_path / "none").acquire()


def test_a_disk_without_locks_will_do(tmp_path, monkeypatch):
    from minis2s.training import lock as module

    def no_locks(descriptor):
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(module, "_try_to_lock", no_locks)
    lock = Lock(tmp_path)
    lock.acquire()
    lock.release()


# Runs


def test_a_run_is_held_from_its_preparation_to_its_end(tmp_path):
    session = session_of(tmp_path)
    for again in (lambda: session_of(tmp_path, resume=True), lambda: Run(tmp_path / "run", overwrite=True).begin({})):
        with pytest.raises(UsageError, match="is in use by process"):
            again()
    before = {p.name: p.read_bytes() for p in (tmp_path / "run").iterdir()}
    assert before.keys() == {"config.json", NAME}
    session.train()
    assert not (tmp_path / "run" / NAME).exists()
    session_of(tmp_path, resume=True).train()


def test_of_two_that_begin_at_once_one_is_refused(tmp_path):
    """Both have looked, and the directory was free."""
    first, second = Run.new(tmp_path / "run"), Run.new(tmp_path / "run")
    first.begin({"number": 1})
    with pytest.raises(UsageError, match="is in use by"):
        second.begin({"number": 2})
    first.release()
    with pytest.raises(UsageError, match="already holds a run"):
        second.begin({"number": 2})
    assert first.config() == {"number": 1}
    second.release()


def test_a_run_that_is_refused_is_not_held(tmp_path):
    session_of(tmp_path).train()
    (tmp_path / "run" / "last.npz").write_bytes(b"damaged")
    for _ in range(2):
        with pytest.raises(UsageError, match="not a minis2s checkpoint"):
            session_of(tmp_path, resume=True)


def test_what_a_killed_process_had_not_finished_is_cleared_away(tmp_path):
    session_of(tmp_path).train()
    run = tmp_path / "run"
    for name in (".last.npz.123.tmp", ".metrics.jsonl.4.tmp", "attention/.epoch-01.png.77.tmp"):
        (run / name).write_bytes(b"half")
    for name in (".mine.tmp", "notes.1.tmp", ".last.npz.old"):
        (run / name).write_bytes(b"mine")
    session_of(tmp_path, resume=True).train()
    left = {p.relative_to(run).as_posix() for p in run.rglob("*") if "tmp" in p.name or "old" in p.name}
    assert left == {".mine.tmp", "notes.1.tmp", ".last.npz.old"}

"""A file is replaced whole or not at all, whatever the system does."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

import minis2s
from minis2s.errors import Minis2sError
from minis2s.files import append_line, replacing

ROOT = Path(minis2s.__file__).parent.parent


def write(path, data):
    with replacing(path) as file:
        file.write(data)


def test_a_file_is_made_and_replaced_and_nothing_else_is_left(tmp_path):
    path = tmp_path / "a.bin"
    write(path, b"one")
    assert path.read_bytes() == b"one"
    write(path, b"two")
    assert path.read_bytes() == b"two" and [p.name for p in tmp_path.iterdir()] == ["a.bin"]


@pytest.mark.parametrize("name", ["fsync", "replace"])
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS])
def test_a_full_disk_leaves_the_old_file(name, code, tmp_path, monkeypatch):
    path = tmp_path / "a.bin"
    write(path, b"old")

    def full(*_):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, name, full)
    with pytest.raises(Minis2sError, match=f"cannot write .*a.bin: {os.strerror(code)}; what was there before is unchanged") as e:
        write(path, b"new")
    assert e.value.exit_code == 1
    monkeypatch.undo()
    assert path.read_bytes() == b"old" and [p.name for p in tmp_path.iterdir()] == ["a.bin"]


@pytest.mark.parametrize("error", [ValueError("a bug"), KeyboardInterrupt()])
def test_an_error_while_writing_goes_on_and_leaves_the_old_file(error, tmp_path):
    path = tmp_path / "a.bin"
    write(path, b"old")
    with pytest.raises(type(error)), replacing(path) as file:
        file.write(b"half")
        raise error
    assert path.read_bytes() == b"old" and [p.name for p in tmp_path.iterdir()] == ["a.bin"]


def test_places_where_nothing_can_be_written(tmp_path):
    (tmp_path / "file").write_text("x")
    for path in (tmp_path / "no" / "such", tmp_path / "file" / "below"):
        with pytest.raises(Minis2sError, match="cannot write"):
            write(path, b"x")
    (tmp_path / "folder").mkdir()
    with pytest.raises(Minis2sError, match="cannot write"):
        write(tmp_path / "folder", b"x")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file", "folder"]


def test_a_disk_that_cannot_sync_directories_will_do(tmp_path, monkeypatch):
    real = os.fsync

    def only_files(descriptor):
        if os.path.isdir(f"/proc/self/fd/{descriptor}"):
            raise OSError(errno.EINVAL, "no")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", only_files)
    write(tmp_path / "a", b"x")
    assert (tmp_path / "a").read_bytes() == b"x"


@pytest.mark.skipif(sys.platform == "win32", reason="limits on a process are POSIX")
def test_a_real_limit_on_the_size_of_files_in_the_middle_of_a_checkpoint(tmp_path):
    """The system itself refuses after 20 kB: the old checkpoint stays, whole, and the message is one."""
    program = """
import resource, sys
import numpy as np
from minis2s.errors import Minis2sError
from minis2s.training.checkpoint import load_checkpoint, save_checkpoint
path = sys.argv[1]
save_checkpoint(path, {"a": np.arange(10.0)}, {"number": 1})
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
try:
    save_checkpoint(path, {"a": np.arange(100_000.0)}, {"number": 2})
except Minis2sError as error:
    print(error)
print(load_checkpoint(path).record["number"])
"""
    path = tmp_path / "last.npz"
    command = [sys.executable, "-c", program, str(path)]
    done = subprocess.run(command, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    message, number = done.stdout.splitlines()
    assert message.startswith(f"cannot write {path}: ") and number == "1"
    assert [p.name for p in tmp_path.iterdir()] == ["last.npz"]


def test_lines_are_appended(tmp_path):
    path = tmp_path / "lines"
    append_line(path, "eins")
    append_line(path, "二")
    assert path.read_text("utf-8") == "eins\n二\n"
    with pytest.raises(Minis2sError, match="cannot write"):
        append_line(tmp_path, "x")

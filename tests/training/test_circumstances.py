"""What a machine does to a run overnight: disks that fill, directories that vanish, clocks that jump, any names, signals."""

import errno
import itertools
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

import minis2s
from minis2s import files
from minis2s.cli import main
from minis2s.errors import Minis2sError
from minis2s.files import replacing
from minis2s.training import samples as samples_module
from minis2s.training import session as session_module
from minis2s.training.checkpoint import load_checkpoint
from minis2s.training.interruption import Interrupted
from minis2s.training.run import load
from minis2s.training.trainer import Reporter

from .scenes import outcome, session_of, write_pairs

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="POSIX only")
ROOT = Path(minis2s.__file__).parent.parent
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"}
SMALL = "--hidden-size 8 --embedding-size 6 --attention-size 4 --batch-size 5".split()


@pytest.fixture(autouse=True)
def quick_pictures(monkeypatch):
    def draw(path, *_, **__):
        with replacing(path) as file:
            file.write(b"picture")
        return ""

    monkeypatch.setattr(session_module, "training_curves", draw)
    monkeypatch.setattr(samples_module, "attention_map", draw)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    session_of(folder).train()
    return outcome(folder / "run")


# Disks


def refuse_from(monkeypatch, owner, name, n, code):
    """From its n-th call on, owner.name refuses as a disk does. Returns the arguments of all calls."""
    original, calls = getattr(owner, name), []

    def call(*arguments):
        calls.append(arguments)
        if len(calls) >= n:
            raise OSError(code, os.strerror(code))
        return original(*arguments)

    monkeypatch.setattr(owner, name, call)
    return calls


@pytest.mark.slow
def test_a_disk_that_fills_before_any_artefact(whole, tmp_path):
    """The n-th file cannot be renamed into place, nor any after it, for each n: an error; the run goes on when there is room."""
    seen = set()
    for n in itertools.count(1):
        folder = tmp_path / f"{n}"
        folder.mkdir()
        with pytest.MonkeyPatch.context() as patch:
            calls = refuse_from(patch, files.os, "replace", n, errno.ENOSPC)
            try:
                session_of(folder).train()
            except Minis2sError as error:
                assert "cannot write" in str(error) and os.strerror(errno.ENOSPC) in str(error)
                seen.add(Path(calls[n - 1][1]).name)
            else:
                break
        assert not [p for p in folder.rglob("*.tmp")]
        session_of(folder, resume=(folder / "run" / "config.json").exists()).train()
        assert outcome(folder / "run") == whole
    written = {p.name for p in (folder / "run").rglob("*") if p.is_file()} - {"metrics.jsonl", "health.jsonl"}
    assert seen == written and n > 15


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EIO])
def test_a_disk_that_fills_while_lines_are_appended(code, whole, tmp_path):
    for n in (1, 2, 4, 6):
        folder = tmp_path / f"{n}"
        folder.mkdir()
        with pytest.MonkeyPatch.context() as patch:
            append = files.append_line
            calls = []

            def refuse(path, line, append=append, calls=calls, n=n):
                calls.append(path)
                if len(calls) >= n:
                    with open(path, "ab") as file:
                        file.write(line.encode()[: len(line) // 2])  # as much as there was room for
                    raise files.cannot_write(path, OSError(code, os.strerror(code)))
                append(path, line)

            patch.setattr("minis2s.training.run.append_line", refuse)
            with pytest.raises(Minis2sError, match="cannot write"):
                session_of(folder).train()
        session_of(folder, resume=True).train()
        assert outcome(folder / "run") == whole


def test_a_checkpoint_within_an_epoch_that_finds_no_room(whole, tmp_path, monkeypatch):
    class FillDisk(Reporter):
        steps = 0

        def step(self, loss, norm, tokens):
            self.steps += 1
            if self.steps == 3:
                refuse_from(monkeypatch, files.os, "fsync", 1, errno.ENOSPC)

    with pytest.raises(Minis2sError, match=r"cannot write .*last\.npz"):
        session_of(tmp_path, FillDisk(), save_every=2).train()
    monkeypatch.undo()
    assert load_checkpoint(tmp_path / "run" / "last.npz").record["progress"]["total_steps"] == 2
    session_of(tmp_path, resume=True).train()
    assert outcome(tmp_path / "run")["last/optimiser/m"] == whole["last/optimiser/m"]


@POSIX
def test_a_read_only_directory(tmp_path):
    """A real one, as a user who is not root, whom nothing stops: refused in one line, before a minute of training."""
    nobody = os.geteuid() or 65534
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file, n, seed in (("train.tsv", 10, 0), ("dev.tsv", 5, 9)):
            write_pairs(folder / file, n, seed)
        (folder / "run").mkdir()
        os.chmod(folder / "run", 0o555)
        os.chmod(folder, 0o555)
        program = f"""
import os, sys
from minis2s.cli import main
train = "train --epochs 1 --hidden-size 8 --train train.tsv --dev dev.tsv --run".split()
main([*train, sys.argv[1]])  # so that all is imported while we may read it
if os.geteuid() != {nobody}: os.setuid({nobody})
print("as nobody", file=sys.stderr)
for run in ("run", "new"):
    print("code", main([*train, run]))
"""
        command = [sys.executable, "-c", program, str(tmp_path / "run")]
        done = subprocess.run(command, cwd=folder, env=ENVIRONMENT, capture_output=True, timeout=120)
        assert done.stdout.decode().splitlines()[-2:] == ["code 1", "code 1"], done.stderr.decode()
        lines = done.stderr.decode().partition("as nobody\n")[2].splitlines()
        assert len(lines) == 2 and all(line.startswith("minis2s: error: cannot write ") for line in lines), lines
        assert all("Permission denied" in line for line in lines)
        os.chmod(folder, 0o755)


# Directories and names


@pytest.mark.parametrize("when", ["step 3", "epoch 1"])
def test_a_run_directory_that_vanishes(when, tmp_path):
    class Remover(Reporter):
        steps = 0

        def step(self, loss, norm, tokens):
            self.steps += 1
            if when == f"step {self.steps}":
                shutil.rmtree(tmp_path / "run")

        def epoch(self, record, is_best):
            if when == f"epoch {record['epoch']}":
                shutil.rmtree(tmp_path / "run")

    with pytest.raises(Minis2sError, match=r"cannot write .*No such file or directory") as caught:
        session_of(tmp_path, Remover()).train()
    assert caught.value.exit_code == 1
    assert not (tmp_path / "run").exists()


def test_a_very_deep_directory(whole, tmp_path):
    deep = Path(*["a long name of a folder"] * 60)
    session_of(tmp_path, run=deep).train()
    assert len(str(tmp_path / deep)) > 1200
    assert outcome(tmp_path / deep) == whole
    assert load(tmp_path / deep).translate(["a b"])


@pytest.mark.parametrize("where", [Path("x" * 300), Path(*["y" * 200] * 30), Path("a\0b")], ids=["name", "path", "NUL"])
def test_a_path_that_no_system_takes(where, tmp_path):
    with pytest.raises(Minis2sError, match="cannot write"):
        session_of(tmp_path, run=where)
    with pytest.raises(Minis2sError):
        load(tmp_path / where)


NAMES = ["训练 数据", "été 🙂", "מבחן", "-dash", "a'b\"c", "$HOME %d {x} [y]", "line\u2028end", "tab\tand\nnewline"]


@pytest.mark.parametrize("name", NAMES)
def test_names_in_any_script(name, tmp_path, monkeypatch, capsys):
    if sys.platform == "win32" and set(name) & set('"\t\n'):
        pytest.skip("no such names there")
    folder = tmp_path / name
    folder.mkdir()
    write_pairs(folder / f"{name}.tsv", 10, 0)
    write_pairs(folder / f"{name} dev.tsv", 5, 9)
    monkeypatch.chdir(folder)
    data = [f"--train=./{name}.tsv", f"--dev=./{name} dev.tsv"]
    assert main(["train", *data, f"--run={name}", *SMALL, "--epochs", "1"]) == 0
    assert main(["train", f"--resume=./{name}"]) == 0
    assert main(["translate", f"./{name}", "a b"]) == 0
    assert "Traceback" not in capsys.readouterr().err


# Clocks


def test_no_part_of_the_package_reads_the_time_of_day():
    """It jumps: when summer time ends, when a network sets it. `time.perf_counter` and `time.monotonic` do not.

    A course's rubric is the exception: from which date on hints are given is a matter of the calendar.
    """
    for path in Path(minis2s.__file__).parent.rglob("*.py"):
        if path.parts[-2:] == ("labs", "rubric.py"):
            continue
        text = path.read_text("utf-8")
        assert "time.time()" not in text and "from time import time" not in text and "datetime.now" not in text, path


def test_a_clock_that_moves_backwards(whole, tmp_path, monkeypatch):
    now = itertools.count(2e9, -3600.0)
    monkeypatch.setattr(time, "time", lambda: next(now))
    session = session_of(tmp_path)
    session.train()
    assert outcome(tmp_path / "run") == whole
    assert all(r["seconds"] >= 0 and r["tokens_per_s"] > 0 for r in session.run_directory.metrics())


# Signals


class Signalling(Reporter):
    def __init__(self, number):
        self.number, self.left = number, 3

    def step(self, loss, norm, tokens):
        self.left -= 1
        if self.left == 0:
            signal.raise_signal(self.number)


@POSIX
@pytest.mark.parametrize("name, code", [("SIGINT", 130), ("SIGTERM", 143), ("SIGHUP", 129)])
def test_signals_save_and_stop(name, code, whole, tmp_path):
    number = getattr(signal, name)
    before = signal.getsignal(number)
    with pytest.raises(Interrupted, match=name) as caught:
        session_of(tmp_path, Signalling(number)).train()
    assert caught.value.exit_code == code and signal.getsignal(number) is before
    assert load_checkpoint(tmp_path / "run" / "last.npz").record["progress"]["total_steps"] == 3
    session_of(tmp_path, resume=True).train()
    assert outcome(tmp_path / "run") == whole


@POSIX
def test_a_signal_that_is_ignored_stays_ignored(whole, tmp_path):
    """As `nohup minis2s train` wants it."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        session_of(tmp_path, Signalling(signal.SIGHUP)).train()
    finally:
        signal.signal(signal.SIGHUP, before)
    assert outcome(tmp_path / "run") == whole


@POSIX
@pytest.mark.slow
@pytest.mark.parametrize("name, code", [("SIGTERM", 143), ("SIGHUP", 129)])
def test_signals_from_outside(name, code, tmp_path):
    """A process of its own, on a terminal that is gone when HUP comes."""
    write_pairs(tmp_path / "train.tsv", 3000, 0)
    write_pairs(tmp_path / "dev.tsv", 8, 9)
    ours, theirs = os.openpty()
    files = ["--train", str(tmp_path / "train.tsv"), "--dev", str(tmp_path / "dev.tsv")]
    command = [sys.executable, "-m", "minis2s", "train", *files, "--run", str(tmp_path / "run"), *SMALL, "--save-every", "10"]
    process = subprocess.Popen(command, env=ENVIRONMENT, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    deadline = time.monotonic() + 60
    while not (tmp_path / "run" / "health.jsonl").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    time.sleep(0.3)
    os.close(ours)
    process.send_signal(getattr(signal, name))
    assert process.wait(timeout=60) == code
    steps = load_checkpoint(tmp_path / "run" / "last.npz").record["progress"]["total_steps"]
    assert steps > 0 and not (tmp_path / "run" / ".lock").exists()

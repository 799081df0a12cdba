"""The fences one by one, each where another is missing: what is refused, and what is reported."""

import json
import os
import subprocess
import sys

import pytest

from minis2s.labs.child import HERE

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="a fence of Linux")
AS_SEEN_FROM_ELSEWHERE = {
    "Windows": "sys.platform = 'win32'; sys.modules['resource'] = None",
    "macOS": "sys.platform = 'darwin'; import resource; del resource.RLIMIT_AS",
    "old Linux": "confine.CREATE_RULESET = 9999",
    "unknown processor": "platform.machine = lambda: 'riscv64'",
}


def confined(tmp_path, before, attempts):
    """(the report, what became of each attempt) of a process that confines itself after running `before`."""
    program = f"""
import ctypes, json, os, platform, socket, subprocess, sys
sys.path.insert(0, {str(HERE)!r})
import confine
{before}
libc = ctypes.CDLL(None, use_errno=True)
report = confine.confine({str(tmp_path)!r}, [{os.path.dirname(os.__file__)!r}], 2**31, 60)
def attempt(action):
    try:
        return str(action())
    except Exception as error:
        return type(error).__name__
print(json.dumps([report, [attempt(action) for action in ({"".join(f"lambda: {each}, " for each in attempts)})]]))
"""
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, env=environment)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


PYTHON = ("os.fork()", "socket.socket()", "subprocess.run(['true'])", "os.system('true')", "os.kill(os.getppid(), 0)")


@pytest.mark.parametrize("system", AS_SEEN_FROM_ELSEWHERE)
def test_where_a_fence_is_missing_it_is_said_and_python_still_refuses(tmp_path, system):
    if "Linux" in system and not sys.platform.startswith("linux"):
        pytest.skip("a fence of Linux")
    report, became = confined(tmp_path, AS_SEEN_FROM_ELSEWHERE[system], [*PYTHON, "os.kill(os.getpid(), 0)"])
    assert became == ["PermissionError"] * len(PYTHON) + ["None"]
    missing = {fence for fence, standing in report.items() if standing is not True}
    assert all(isinstance(report[fence], str) and report[fence] for fence in missing)
    expected = {"Windows": {"limits", "files", "calls"}, "macOS": {"limits", "files", "calls"}, "old Linux": {"files"}}
    assert missing >= expected.get(system, {"calls"})


def test_a_limit_that_the_system_lacks_does_not_cost_the_others(tmp_path):
    pytest.importorskip("resource")
    path = tmp_path / "file"
    report, (raised,) = confined(tmp_path, AS_SEEN_FROM_ELSEWHERE["macOS"], [f"open({str(path)!r}, 'wb', 0).write(b'x')"])
    assert "RLIMIT_AS" in report["limits"] and raised == "OSError"
    assert path.read_bytes() == b""


@linux
def test_the_system_calls_are_refused_below_python(tmp_path):
    calls = ("libc.fork()", "libc.socket(2, 1, 0)", "libc.kill(os.getppid(), 0)", "libc.kill(-1, 0)", "libc.setsid()",
             "libc.ptrace(16, os.getppid(), 0, 0)", "libc.unshare(0x10000000)")  # fmt: skip
    report, became = confined(tmp_path, "confine._refuse = lambda *_: None", [*calls, "libc.kill(os.getpid(), 0)"])
    if report["calls"] is not True:
        pytest.skip(report["calls"])
    assert became == ["-1"] * len(calls) + ["0"]


@linux
def test_files_outside_are_not_opened_and_nothing_is_written(tmp_path):
    (tmp_path / "mine").write_text("mine")
    tmp_path.chmod(0o755)
    attempts = [f"open({str(tmp_path / 'mine')!r}).read()", f"open({str(tmp_path / 'new')!r}, 'w')", "open('/etc/passwd')",
                "open('/proc/self/mem')", f"os.listdir({str(HERE)!r})", f"os.unlink({str(tmp_path / 'mine')!r})",
                "__import__('statistics').mean([1, 3])"]  # fmt: skip
    report, became = confined(tmp_path, "", attempts)
    if report["files"] is not True:
        pytest.skip(report["files"])
    assert became == ["mine", *["PermissionError"] * 5, "2"]


@linux
def test_the_reference_beside_numpy_cannot_be_read(tmp_path):
    """A folder of the library that holds installed packages: all else in it may be read."""
    library = tmp_path / "library"
    (library / "site-packages").mkdir(parents=True)
    for path in (library / "module.py", library / "site-packages" / "reference.py"):
        path.write_text("x")
    before = f"rights = confine._rights; confine._rights = lambda paths: rights([*paths, {str(library)!r}])"
    own = tmp_path / "own"
    own.mkdir()
    attempts = [f"open({str(library / 'module.py')!r}).read()", f"open({str(library / 'site-packages' / 'reference.py')!r})"]
    report, became = confined(own, before, attempts)
    if report["files"] is not True:
        pytest.skip(report["files"])
    assert became == ["x", "PermissionError"]


@linux
@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can step down")
def test_root_becomes_nobody_or_loses_its_powers(tmp_path):
    """Nobody, where all that is needed can be read by nobody; here that is a matter of where Python lies."""
    readable = "step = confine._step_down; confine._step_down = lambda libc, folder, readable: step(libc, folder, ['/'])"
    for before, uid in ((readable, "65534"), (readable.replace("'/'", "'/', '/no such'"), "0")):
        (tmp_path / uid).mkdir(mode=0o700)
        _, became = confined(tmp_path / uid, before, ["os.getuid()", "os.setuid(1)", "os.setuid(0)"])
        assert became[:2] == [uid, "PermissionError"]
        assert became[2] == ("None" if uid == "0" else "PermissionError")

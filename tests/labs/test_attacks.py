"""What a submission may try. Each is graded as wrong, with the reason, and harms neither the grader nor its neighbours."""

import json
import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import minis2s
from minis2s.labs import explain
from minis2s.labs.child import KEPT, READER, Limits
from minis2s.labs.grading import Grader
from minis2s.labs.records import as_json
from minis2s.labs.rubric import Rubric

from .sample import EXERCISE, RIGHT, with_gates

PACKAGE = Path(minis2s.__file__).parent
pytestmark = pytest.mark.slow  # some 70 processes, and a dozen that are waited for until their time is over
LIBC = "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)"
WRITE_TO_ALL = """
import io, json, os, struct

def frame(**record):
    file = io.BytesIO()
    np.savez(file, record=np.frombuffer(json.dumps(record).encode(), 'u1'), a0=np.zeros(3))
    return struct.pack('>Q', file.tell()) + file.getvalue()

def write_to_all(data):
    for fd in range(3, 20):
        try:
            os.write(fd, data)
        except OSError:
            pass
"""
LIMITS, FILES, CALLS = "limits", "files", "calls"

ATTACKS = {  # name: (body of the function, before it, what becomes of it, words of the reason, the fence that it needs)
    "infinite loop": ("while True: pass", "", "timeout", "does not end", None),
    "sleep": ("import time; time.sleep(1000)", "", "timeout", "no answer after", None),
    "ignores signals": ("signal.signal(15, signal.SIG_IGN)\nwhile True: pass", "import signal", "timeout", "does not end", None),
    "stops itself": ("import os, signal; os.kill(os.getpid(), signal.SIGSTOP)", "", "timeout", "no answer", LIMITS),
    "huge array": ("return np.ones(10**11)", "", "raised", "MemoryError", LIMITS),
    "memory bit by bit": ("x = []\nwhile True: x.append(np.empty(10**6))", "", "raised", "MemoryError", LIMITS),
    "large answer": ("return np.zeros(10**7)", "", "bad", "80,000,000 bytes", None),
    "huge view": ("return np.broadcast_to(a, (10**9, *a.shape))", "", "bad", "makes no array", LIMITS),
    "recursion": ("return gates(a)", "", "raised", "RecursionError", None),
    "fork": ("import os; os.fork()", "", "raised", "PermissionError", None),
    "fork in C": ("return float(libc.fork())", LIBC, "wrong", "shape", CALLS),
    "clone in C": ("return float(libc.syscall(56, 17, 0, 0, 0, 0))", LIBC, "wrong", "shape", CALLS),
    "subprocess": ("import subprocess; subprocess.run(['true'])", "", "raised", "PermissionError", None),
    "shell": ("import os; os.system('true')", "", "raised", "PermissionError", None),
    "shell in C": ("return float(libc.system(b'true'))", LIBC, "wrong", "shape", CALLS),
    "huge file": ("open('big', 'wb').write(bytes(10**8))", "", "raised", "Permission denied|too large", LIMITS),
    "many files": ("for n in range(10**6): open(f'{n}', 'w').write('x')", "", "raised", "Permission denied|too large", LIMITS),
    "endless output": ("while True: print('x' * 10**6)", "", "timeout", "does not end", None),
    "exit": ("raise SystemExit(0)", "", "raised", "SystemExit", None),
    "hard exit": ("import os; os._exit(0)", "", "died", "exit code 0", None),
    "fake score": ("print('{\"score\": 100, \"passed\": true}')\nreturn np.zeros(3)", "", "wrong", "shape", None),
    "patches NumPy": ("return np.zeros(3)", "np.array_equal = np.abs = lambda *a, **k: True", "wrong", "shape", None),
    "patches the way back": ("return np.zeros(3)", "np.savez = lambda file, **k: file.write(b'PK')", "broken", "channel", None),
    "writes the result itself": (
        "write_to_all(frame(status='ok', missing=[], passed=True))", WRITE_TO_ALL, "garbled", "belongs to no question", None),
    "writes nonsense": ("write_to_all(bytes(7) + b'\\x05hello')", WRITE_TO_ALL, "garbled", "no .npz", None),
    "floods the channel": (
        "while True: write_to_all(frame(status='ok', more='x' * 10**6))", WRITE_TO_ALL, "garbled", "belongs to no", None),
    "promises a large answer": ("write_to_all(b'\\x7f' + bytes(7))", WRITE_TO_ALL, "died", "exit code|killed", None),
    "closes everything": ("import os; os.closerange(0, 60)", "", "died", "ended", None),
    "reads the master": (f"open({str(PACKAGE / 'labs/masters/02_losses.py')!r})", "", "raised", "Permission denied", FILES),
    "lists the package": (f"import os; os.listdir({str(PACKAGE)!r})", "", "raised", "Permission denied", FILES),
    "reads the grader's memory": (f"open('/proc/{os.getpid()}/mem', 'rb')", "", "raised", "Permission denied|No such", FILES),
    "reads the password file": ("open('/etc/passwd')", "", "raised", "Permission denied", FILES),
    "writes outside": (f"open({str(PACKAGE / 'planted.py')!r}, 'w')", "", "raised", "Permission denied|Read-only", FILES),
    "imports the reference": ("from minis2s.equations import lstm", "", "raised", "may not import minis2s", None),
    "imports it with a path": (
        f"import sys; sys.meta_path.pop(0); sys.path.insert(0, {str(PACKAGE.parent)!r}); import minis2s", "",
        "raised", "ModuleNotFoundError|Permission", FILES),
    "kills the grader": (f"import os; os.kill({os.getpid()}, 9)", "", "raised", "PermissionError", None),
    "kills the grader in C": (f"return float(libc.kill({os.getpid()}, 9))", LIBC, "wrong", "shape", CALLS),
    "kills all": ("return float(libc.kill(-1, 9))", LIBC, "wrong", "shape", CALLS),
    "limits the grader": (
        f"return float(libc.prlimit({os.getpid()}, 7, (ctypes.c_ulong * 2)(3, 3), None))", LIBC, "wrong", "shape", CALLS),
    "kills itself": ("import os; os.kill(os.getpid(), 9)", "", "died", "SIGKILL", None),
    "crashes": ("libc.memset(None, 0, 1)", LIBC, "died", "SIG", None),
    "network": ("import socket; socket.create_connection(('192.0.2.1', 80))", "", "raised", "PermissionError|Error", None),
    "network in C": ("return float(libc.socket(2, 1, 0))", LIBC, "wrong", "shape", CALLS),
    "reads its input": ("input()", "", "raised", "EOFError", None),
    "NaN": ("return a * np.nan", "", "wrong", "NaN", None),
    "infinity": ("return a / 0", "", "wrong", "wrong", None),
    "objects": ("return np.array([object()])", "", "bad", "not numbers", None),
    "strings": ("return np.full(a.shape, 'σ')", "", "bad", "not numbers", None),
    "ragged lists": ("return [[1.0], [1.0, 2.0]]", "", "bad", "makes no array", None),
    "an array that refuses": ("return E()", "class E:\n    def __array__(self, *a, **k): raise KeyError", "bad", "array", None),
    "nothing": ("return None", "", "wrong", "is None", None),
    "two for one": ("return a, a", "", "bad", "returns 2 values", None),
    "another shape": ("return np.zeros((7, 1))", "", "wrong", "has shape (7, 1), expected (1, 1, 4)", None),
    "complex": ("return a + 1j", "", "wrong", "complex", None),
    "half precision": ("return (0.5 * (1 + np.tanh(a / 2))).astype('f2')", "", "wrong", "float16", None),
    "rude": ("raise ValueError('\\x1b[2J\\n' + 'idiot ' * 10**6)", "", "raised", "ValueError", None),
    "unspeakable": ("raise Rude", "class Rude(BaseException):\n    def __str__(self): raise KeyError", "raised", "Rude", None),
    "half a character": ("raise ValueError('\\ud800')", "", "raised", "ValueError", None),
    "not written": ("raise NotImplementedError", "", "unwritten", "", None),
    "loops while loaded": ("return a", "while True: pass", "broken", "while it is loaded", None),
    "exits while loaded": ("return a", "import os; os._exit(0)", "broken", "while it is loaded", None),
}  # fmt: skip

FILES_AS_A_WHOLE = {  # name: (bytes, whether all is right, words of the reason)
    "syntax error": (b"def gates(a:\n    return a\n", False, "line 1: SyntaxError"),
    "null bytes": (b"import numpy\x00", False, "SyntaxError|ValueError"),
    "no text": (bytes(range(128, 256)) * 100, False, "SyntaxError|Unicode"),
    "UTF-16": (RIGHT.encode("utf-16"), False, "SyntaxError|Unicode|ValueError"),
    "Latin-1 undeclared": (RIGHT.replace("σ", "é").encode("latin-1", "replace"), False, "SyntaxError|Unicode"),
    "too large": (b"#" * (2**20 + 1), False, "more than a solution needs"),
    "deep nesting": (b"x = " + b"(" * 5000 + b")" * 5000, False, "Error"),
    "empty": (b"", False, ""),
    "UTF-8 with a mark": (b"\xef\xbb\xbf" + RIGHT.encode(), True, ""),
    "Latin-1 declared": (b"# -*- coding: latin-1 -*-\n" + RIGHT.encode("ascii", "replace"), True, ""),
    "GBK declared": ("# -*- coding: gbk -*-\n# 正确的答案\n".encode("gbk") + RIGHT.encode("ascii", "replace"), True, ""),
    "Windows line ends": (RIGHT.replace("\n", "\r\n").encode(), True, ""),
}


@pytest.fixture(scope="module")
def graded():
    """{name: Result} of all attacks, four at a time: each also shows that it does not harm its neighbours."""
    rubric = Rubric(limits=Limits(seconds=2.0, total=60.0, memory=3 * 2**27))
    grader = Grader(EXERCISE, rubric)
    files = {name: with_gates(attack[0], attack[1]) for name, attack in ATTACKS.items()}
    files |= {name: file[0] for name, file in FILES_AS_A_WHOLE.items()}
    with ThreadPoolExecutor(4) as pool:
        return dict(zip(files, pool.map(grader.grade, files.values()), strict=True))


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_is_graded_as_wrong_and_the_rest_of_the_file_as_right(name, graded):
    _, _, status, words, fence = ATTACKS[name]
    result = graded[name]
    if fence and result.fences.get(fence) is not True:
        pytest.skip(f"this system lacks the fence: {result.fences.get(fence)}")
    gates, backward = result.tasks
    assert gates.status == status, (gates.status, explain.where(gates))
    assert gates.score == 0 and not gates.passed
    told = " ".join(explain.where(gates)) + result.broken
    assert any(word in told for word in words.split("|")), told
    assert len(told) < 1000 and told.isprintable()
    if status != "broken":
        assert backward.passed and backward.score == 6, explain.where(backward)
    json.dumps(as_json(result), allow_nan=False).encode()


@pytest.mark.parametrize("name", FILES_AS_A_WHOLE)
def test_files_of_any_kind_are_read_or_refused_with_a_reason(name, graded):
    _, right, words = FILES_AS_A_WHOLE[name]
    result = graded[name]
    assert result.passed == right, result.broken
    assert right or result.score == 0
    assert any(word in result.broken for word in words.split("|")), result.broken


def test_what_is_printed_is_kept_in_part(graded):
    assert 0 < len(graded["endless output"].printed) <= KEPT
    assert "score" in graded["fake score"].printed


def test_nothing_is_left_behind(graded):
    assert not [thread for thread in threading.enumerate() if thread.name == READER]
    assert not (PACKAGE / "planted.py").exists()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the fences are Linux's")
def test_here_all_fences_stand(graded):
    """Not a law of nature, but where it fails the tests above prove less than they seem to."""
    assert set(graded["NaN"].fences) == {LIMITS, FILES, CALLS}

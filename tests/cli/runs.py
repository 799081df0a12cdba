"""Data and command lines for tests of commands, and a way to run them in processes of their own."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np

import minis2s

ROOT = Path(minis2s.__file__).parent.parent
LETTERS = dict(zip("abcde", "甲乙丙丁戊", strict=True))
SMALL = "--embedding-size 8 --hidden-size 16 --attention-size 8 --batch-size 20 --learning-rate 0.03"


def pairs(n, seed):
    rng = np.random.default_rng(seed)
    words = (rng.choice(list(LETTERS), rng.integers(1, 5)).tolist() for _ in range(n))
    return [(" ".join(w), "".join(LETTERS[x] for x in w)) for w in words]


def write_pairs(path, n, seed):
    path.write_text("".join(f"{source}\t{target}\n" for source, target in pairs(n, seed)), encoding="utf-8")
    return path


def tiny_arguments(folder, run="run"):
    """`train` on train.tsv and dev.tsv of the folder."""
    files = ["--train", str(folder / "train.tsv"), "--dev", str(folder / "dev.tsv"), "--run", str(folder / run)]
    return ["train", *files, "--target-tokeniser", "chars", *SMALL.split()]


def environment():
    inherited = {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"}
    return inherited | {"PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"}


def child(*arguments, cwd=None, stdin=b""):
    """(exit code, stdout, stderr) of `python -m minis2s …` in a process of its own, output decoded."""
    command = [sys.executable, "-m", "minis2s", *map(str, arguments)]
    done = subprocess.run(command, input=stdin, env=environment(), cwd=cwd, capture_output=True, timeout=120)
    return done.returncode, done.stdout.decode("utf-8"), done.stderr.decode("utf-8")


def assert_one_line_error(err, message):
    """What a person sees: our one line, no traceback."""
    assert err.startswith("minis2s: error: ") and err.count("\n") == 1, err
    assert message in err, err

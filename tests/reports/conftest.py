"""Runs to report on: one with words that would be markup, and one that is unwell."""

import numpy as np
import pytest

from minis2s.cli import main

WORDS = {"a": "甲", "b": "乙", "<script>alert(1)</script>": "<b>丙</b>", "&amp;": "&lt;丁", '"\'': "戊\"'", "{x}": "$y$"}
SMALL = "--embedding-size 8 --hidden-size 16 --attention-size 8 --batch-size 20 --learning-rate 0.02"


def write(path, n, seed):
    rng = np.random.default_rng(seed)
    chosen = (rng.choice(list(WORDS), rng.integers(1, 7)).tolist() for _ in range(n))
    path.write_text("".join(f"{' '.join(s)}\t{' '.join(WORDS[w] for w in s)}\n" for s in chosen), encoding="utf-8")
    return str(path)


@pytest.fixture(scope="session")
def runs(tmp_path_factory):
    """The folder of two runs, "well" and "unwell"."""
    folder = tmp_path_factory.mktemp("reports")
    files = ["--train", write(folder / "train.tsv", 100, 0), "--dev", write(folder / "dev.tsv", 30, 1)]
    assert main(["train", *files, *SMALL.split(), "--epochs", "3", "--run", str(folder / "well")]) == 0
    assert main(["train", *files, *SMALL.split(), "--epochs", "2", "--clip", "0.0001", "--run", str(folder / "unwell")]) == 0
    return folder

"""The documents' programs, in lessons/programs: they run, need the core dependencies only, and say what they mend."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PROGRAMS = sorted((ROOT / "lessons" / "programs").glob("*.py"))
# What each prints at its end, beside what it asserts itself: document and section, and a line.
PROMISED = {
    "01_encoder_decoder": ("D0 §4", r"[\d.]+ % of 444 strings"),
    "02_one_hot": ("D1", r"[\d.]+ % of 243 sentences"),
    "03_classes": ("D2 §5", r"[\d.]+ % of 201 sentences"),
    "04_attention": ("D3 §3.2, §4.3", "I love deep learning → 我喜欢深度学习"),
    "05_fine_tuning": ("D3 §5", r"test accuracy [\d.]+ % of 107 questions"),
    "06_lstm_512": ("D4 §4", r"[\d.]+ % of 153 strings"),
}


def test_there_is_one_for_each_program_of_the_documents():
    assert [path.stem for path in PROGRAMS] == list(PROMISED)


@pytest.fixture(params=PROGRAMS, ids=lambda path: path.stem)
def program(request):
    return request.param


@pytest.mark.slow
def test_a_program_trains_and_prints_what_its_document_promises(program, tmp_path):
    env = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8", "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, "-W", "error", program]  # from elsewhere, so that it can only use the package
    done = subprocess.run(command, env=env, cwd=tmp_path, capture_output=True, encoding="utf-8", timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(f"^{PROMISED[program.stem][1]}", done.stdout, re.MULTILINE), done.stdout
    assert list(tmp_path.iterdir()) == []


def test_its_head_says_where_it_is_from_and_what_did_not_run(program):
    document, *_ = PROMISED[program.stem]
    head = ast.get_docstring(ast.parse(program.read_text("utf-8")))
    assert head.startswith(f"{document} · ") and "As printed" in head and "\nHere: " in head
    assert re.search(r"\(X\d+", head)


def test_it_ends_by_asserting_how_good_it_is(program):
    """On the test part: a threshold that a model which has learnt nothing fails."""
    last = next(node for node in reversed([*ast.walk(ast.parse(program.read_text("utf-8")))]) if isinstance(node, ast.Assert))
    bounds = [node for node in ast.walk(last) if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.Gt)]
    assert any(isinstance(right := bound.comparators[0], ast.Constant) and right.value >= 50 for bound in bounds)


def test_it_needs_the_core_dependencies_only(program):
    for node in ast.walk(ast.parse(program.read_text("utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module] if isinstance(node, ast.ImportFrom) else []
        for name in names:
            assert name.split(".")[0] in {*sys.stdlib_module_names, "numpy", "minis2s"}


def test_it_is_short(program):
    assert len(program.read_text("utf-8").splitlines()) < 130

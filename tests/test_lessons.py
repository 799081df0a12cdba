"""The lessons run, hold what they claim, have all their parts, and teach the package's source instead of copies of it."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import minis2s
from minis2s.equations.registry import equations

ROOT = Path(__file__).parent.parent
LESSONS = sorted((ROOT / "lessons").glob("[0-9]*.py"))
PARTS = (
    "The formulas as printed",
    "Symbols and shapes",
    "The engine's own source",
    "A worked example for paper",
    "The backward pass, derived",
    "The check, live",
    "A picture",
    "A question",
    "Errata",
)


def cells(path):
    """(kind, text) of each cell of a percent-format file; a Markdown cell without its comment signs."""
    parts = re.split(r"^# %%(.*)\n", path.read_text("utf-8"), flags=re.MULTILINE)
    assert parts[0] == "", f"{path.name} must begin with a cell"
    for title, body in zip(parts[1::2], parts[2::2], strict=True):
        if title.strip() == "[markdown]":
            lines = body.strip("\n").split("\n")
            assert all(line == "#" or line.startswith("# ") for line in lines), f"not all of a Markdown cell is comments: {lines}"
            yield "markdown", "\n".join(line[2:] for line in lines)
        else:
            assert title == "", f"unknown kind of cell: {title}"
            yield "code", body


def markdown(path):
    return "\n\n".join(text for kind, text in cells(path) if kind == "markdown")


def by_name(path):
    return path.stem


@pytest.fixture(params=LESSONS, ids=by_name)
def lesson(request):
    return request.param


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_a_lesson_runs_and_draws_its_picture(lesson, encoding, tmp_path):
    copy = tmp_path / lesson.name  # elsewhere, as a learner with an installed package has it
    copy.write_bytes(lesson.read_bytes())
    env = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": encoding}
    done = subprocess.run([sys.executable, "-W", "error", copy], env=env, cwd=tmp_path, capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr.decode()
    assert done.stderr == b""
    assert done.stdout.decode().rstrip().endswith("every claim held.")
    (picture,) = (tmp_path / "output").iterdir()
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_a_lesson_claims_and_proves(lesson):
    tree = ast.parse(lesson.read_text("utf-8"))
    assert sum(isinstance(node, ast.Assert) for node in ast.walk(tree)) >= 15
    calls = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    assert {"show_printed", "show_source", "show_checks", "show_picture"} <= calls


def test_a_lesson_needs_the_core_dependencies_only(lesson):
    for node in ast.walk(ast.parse(lesson.read_text("utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module] if isinstance(node, ast.ImportFrom) else []
        for name in names:
            assert name.split(".")[0] in {*sys.stdlib_module_names, "numpy", "matplotlib", "rich", "sacrebleu", "minis2s"}


def test_the_cells_parse(lesson):
    kinds = [kind for kind, _ in cells(lesson)]
    assert kinds[0] == "markdown" and kinds.count("code") >= 8
    for kind, text in cells(lesson):
        if kind == "code":
            ast.parse(text)


def test_a_lesson_has_all_its_parts(lesson):
    text = markdown(lesson)
    headings = re.findall(r"^## (.*)$", text, flags=re.MULTILINE)
    for part in PARTS:
        assert any(part in heading for heading in headings), f"{lesson.name} lacks {part!r}"
    assert text.startswith(f"# Lesson {int(lesson.stem[:2])} · ")
    assert text.count("<details>") == text.count("</details>") >= 1
    assert len(set(re.findall(r"[\u4e00-\u9fff]{2,}", text))) >= 15  # the Chinese terms beside the English ones


def test_the_mathematics_is_closed(lesson):
    """Dollar signs and braces come in pairs, in each Markdown cell; a table's rows are equally wide."""
    for kind, text in cells(lesson):
        if kind != "markdown":
            continue
        text = re.sub(r"`[^`]*`", "", text)
        assert text.count("$$") % 2 == 0 and text.count("$") % 2 == 0, text
        for formula in re.findall(r"\$\$(.+?)\$\$|\$(.+?)\$", text, flags=re.DOTALL):
            formula = "".join(formula)
            assert formula.count("{") == formula.count("}"), formula
            assert len(re.findall(r"\\left\b", formula)) == len(re.findall(r"\\right\b", formula)), formula
        for table in re.findall(r"(?:^\|.*\|$\n?)+", text, flags=re.MULTILINE):
            assert len({row.count("|") for row in table.strip().split("\n")}) == 1, table


def test_no_source_of_the_package_is_pasted(lesson):
    """Three lines in a row that stand in the package as well are a copy; imports and single words are not."""
    code = significant("\n".join(text for kind, text in cells(lesson) if kind == "code"))
    taken = set(zip(code, code[1:], code[2:], strict=False))
    for path in Path(minis2s.__file__).parent.rglob("*.py"):
        lines = significant(path.read_text("utf-8"))
        copied = taken & set(zip(lines, lines[1:], lines[2:], strict=False))
        assert not copied, f"{lesson.name} repeats {path.name}: {copied}"


def significant(text):
    """The lines of Python text without indentation, blank lines, imports and lines of brackets or a single name."""
    tree = ast.parse(text)
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    skipped = {line for node in imports for line in range(node.lineno, node.end_lineno + 1)}
    lines = [line.strip() for number, line in enumerate(text.split("\n"), 1) if number not in skipped]
    return [line for line in lines if len(re.findall(r"\w+", line)) > 1]


def test_a_copy_would_be_seen():
    path = Path(minis2s.__file__).parent / "equations" / "linear.py"
    lines = significant(path.read_text("utf-8"))
    assert len(lines) > 10
    pasted = significant("from a import b\n\n" + "def linear_copy(x, W, b):\n    y = x @ W\n    z = 1\n")
    assert pasted == ["def linear_copy(x, W, b):", "y = x @ W", "z = 1"]


def test_every_lesson_that_the_registry_names_exists():
    names = {path.stem for path in LESSONS}
    for entry in equations():
        assert not entry.lesson or entry.lesson in names, f"{entry.id} names lesson {entry.lesson}"


def test_a_lesson_shows_the_equations_that_name_it(lesson):
    """What the registry says is taught there is printed there, with its formula as the document has it."""
    ids = {entry.id for entry in equations() if entry.lesson == lesson.stem and entry.kind == "formula"}
    assert ids <= set(re.findall(r'"(D\d\.\d+(?:-\w+)*)"', lesson.read_text("utf-8")))

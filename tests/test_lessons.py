"""The lessons run, hold what they claim, have all their parts, and teach the package's source instead of copies of it."""

import ast
import importlib
import inspect
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import minis2s
from minis2s.equations import as_printed
from minis2s.equations.registry import equations, helpers_of

ROOT = Path(__file__).parent.parent
LESSONS = sorted((ROOT / "lessons").glob("[0-9]*.py"))
# Parts that every lesson has, that one with equations at home in it has, and that one has if they have gradients, or errata.
PARTS = ("A worked example for paper", "A picture", "uestion")
EQUATION_PARTS = ("The formulas as printed", "Symbols and shapes", "The engine's own source", "The check, live")


def at_home(lesson):
    """The entries of the registry that are taught in this lesson."""
    return [entry for entry in equations() if entry.lesson == lesson.stem]


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
    out = done.stdout.decode("utf-8")
    drawn = list((tmp_path / "output").iterdir())
    assert len(drawn) == len(calls(lesson, "show_picture")) and all(p.read_bytes().startswith(b"\x89PNG") for p in drawn)
    for entry in at_home(lesson):
        assert re.search(rf"^{re.escape(entry.id)} .*\bok *$", out, re.MULTILINE), f"the check of {entry.id} is not run"


def calls(lesson, name):
    """The calls of a function by this name in a lesson."""
    nodes = ast.walk(ast.parse(lesson.read_text("utf-8")))
    return [n for n in nodes if isinstance(n, ast.Call) and isinstance(n.func, ast.Name) and n.func.id == name]


def test_a_lesson_claims_and_proves(lesson):
    tree = ast.parse(lesson.read_text("utf-8"))
    assert sum(isinstance(node, ast.Assert) for node in ast.walk(tree)) >= 15
    assert calls(lesson, "show_source") and calls(lesson, "show_picture")


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
    entries, parts = at_home(lesson), PARTS
    if entries:
        parts += EQUATION_PARTS
    if any(entry.wrt for entry in entries):
        parts += ("The backward pass, derived",)
    if any(entry.erratum for entry in entries):
        parts += ("Errata",)
    for part in parts:
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
            assert not re.search(r"\n *([-+*>]|\d+[.)]) ", formula), f"a line of it looks like a list: {formula}"
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


# The glossary


GLOSSARY = (ROOT / "lessons" / "glossary.md").read_text("utf-8")
ROWS = [[cell.strip() for cell in row.split("|")[1:-1]] for row in re.findall(r"^\|.*\|$", GLOSSARY, re.MULTILINE)]
CHINESE = r"[\u4e00-\u9fff]+"


def test_the_glossary_has_english_chinese_and_a_lesson_for_each_term():
    terms = [row for row in ROWS if row[0] not in ("English", "---")]
    assert len(terms) > 100
    for english, chinese, _, number in terms:
        assert re.search("[a-z]", english) and re.search(CHINESE, chinese)
        assert 1 <= int(number) <= 15
    assert len({english for english, *_ in terms}) >= len(terms) - 1  # "hypothesis" is a term of two fields


def test_the_terms_that_a_lesson_introduces_are_in_the_glossary(lesson):
    """A term in bold, with its Chinese."""
    known = {word for row in ROWS for word in re.split("、", row[1])}
    text = re.sub(r"\s*\n\s*", " ", markdown(lesson))
    for chinese in re.findall(rf"\*\*[a-z][A-Za-z -]* ({CHINESE}(?:、{CHINESE})*)\*\*", text):
        assert set(chinese.split("、")) <= known, f"{chinese} of {lesson.name} is not in lessons/glossary.md"


# Where each equation is at home


def test_every_equation_has_one_home():
    names = {path.stem for path in LESSONS}
    for entry in equations():
        assert entry.lesson, f"{entry.id} is taught nowhere"
        assert entry.lesson in names, f"{entry.id} names lesson {entry.lesson}, which does not exist"


def test_the_forms_of_a_row_are_taught_together():
    homes = {}
    for entry in equations():
        homes.setdefault(entry.row, set()).add(entry.lesson)
    assert {row: lessons for row, lessons in homes.items() if len(lessons) > 1} == {}


def test_a_lesson_prints_the_equations_that_are_at_home_in_it_and_no_others(lesson):
    printed = [argument.value for call in calls(lesson, "show_printed") for argument in call.args]
    assert sorted(printed) == sorted(entry.id for entry in at_home(lesson))


def test_each_row_is_mentioned_where_it_is_at_home(lesson):
    text = markdown(lesson)
    for entry in at_home(lesson):
        assert re.search(rf"{re.escape(entry.row)}(?!\d)", text), f"the text of {lesson.name} never names {entry.row}"
        for number in re.findall(r"X\d+", entry.erratum):
            assert re.search(rf"{number}(?!\d)", text), f"{lesson.name} does not tell {number}, the erratum of {entry.id}"


def shown_functions(lesson):
    """The functions that a lesson hands to `show_source`, looked up by its own imports."""
    imports = [node for node in ast.walk(ast.parse(lesson.read_text("utf-8"))) if isinstance(node, ast.ImportFrom)]
    modules = {alias.asname or alias.name: (node.module, alias.name) for node in imports for alias in node.names}
    for call in calls(lesson, "show_source"):
        for argument in call.args:
            if isinstance(argument, ast.Name):
                module, name = modules[argument.id]
                yield getattr(importlib.import_module(module), name)


def test_the_code_of_every_equation_is_shown_in_the_course():
    shown = {inspect.unwrap(part) for lesson in LESSONS for f in shown_functions(lesson) for part in (f, *helpers_of(f))}
    for entry in equations():
        if not entry.lesson or entry.variant.startswith("printed") or entry.forward.__module__ == as_printed.__name__:
            continue
        for function in filter(None, (entry.forward, entry.backward)):
            assert inspect.unwrap(function) in shown, f"no lesson shows {function.__name__} of {entry.id}"

"""Where things stand: lines of tests and lessons that name an equation's function, or an id."""

import ast
import functools
import inspect
import re
from pathlib import Path

import minis2s
from minis2s.course import lessons
from minis2s.equations.registry import source_of

ROOT = Path(minis2s.__file__).parent.parent


def place(function):
    """`file:line` of a function of the package."""
    path, line, _ = source_of(function)
    return f"{path.as_posix()}:{line}"


def tests_of(function):
    """`file:line` of the first test in each module of tests/ that calls a function; its family's tests as a whole."""
    name = inspect.unwrap(function).__name__
    own = ROOT / "tests" / "equations" / f"test_{function.__module__.rpartition('.')[2]}.py"
    found = [own.relative_to(ROOT).as_posix()] if own.exists() else []
    for path, tree in test_modules().items():
        if path == own:
            continue
        lines = [test.lineno for test in tree.body if _is_test(test) and _uses(test, name)]
        found += [f"{path.relative_to(ROOT).as_posix()}:{min(lines)}"] if lines else []
    return found


def tests_naming(id):
    """`file:line` in each module of tests/ that shows an erratum: where a comment or a docstring begins with its id."""
    found = []
    for path in test_modules():
        for number, line in enumerate(path.read_text("utf-8").split("\n"), 1):
            if re.match(rf'(# |    """){id}:', line):
                found.append(f"{path.relative_to(ROOT).as_posix()}:{number}")
                break
    return found


def lessons_naming(id):
    """The lessons whose text names an id."""
    return [each for each in lessons() if re.search(rf"\b{re.escape(id)}(?![\d-])", each.path.read_text("utf-8"))]


@functools.cache
def test_modules():
    """Path → syntax tree of each test of equations, layers and models."""
    paths = [path for folder in ("equations", "layers", "models") for path in sorted((ROOT / "tests" / folder).glob("test_*.py"))]
    return {path: ast.parse(path.read_text("utf-8")) for path in paths}


def _is_test(node):
    return isinstance(node, ast.FunctionDef) and node.name.startswith("test_")


def _uses(tree, name):
    return any(name in (getattr(node, "id", None), getattr(node, "attr", None)) for node in ast.walk(tree))

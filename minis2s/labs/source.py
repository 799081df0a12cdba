"""The text of a master: what is released of it, and what becomes of it when lines are replaced."""

import ast
import importlib.abc
import importlib.util
import textwrap
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

BEGIN, END = "# BEGIN SOLUTION", "# END SOLUTION"
UNWRITTEN = 'raise NotImplementedError("write me")'


class Solution(NamedTuple):
    """Where a function's solution lies: lines[start:stop], without the markers; `indent` is the markers' own."""

    start: int
    stop: int
    indent: str


class Patch(NamedTuple):
    """In the solution of `function`, `old` becomes `new`."""

    function: str
    old: str
    new: str


@lru_cache(maxsize=64)
def solutions(text):
    """{function: Solution} of a master, not to be changed. ValueError where a marker is missing or outside a function."""
    lines, found = text.split("\n"), {}
    for function in (node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)):
        rows = range(function.lineno - 1, function.end_lineno + 1)  # a comment at the end is not in the function's node
        begins, ends = ([n for n in rows if n < len(lines) and lines[n].strip() == mark] for mark in (BEGIN, END))
        if len(begins) != len(ends) or len(begins) > 1:
            raise ValueError(f"{function.name} needs one {BEGIN!r} and one {END!r}")
        if begins:
            indent = lines[begins[0]][: -len(BEGIN)]
            found[function.name] = Solution(begins[0] + 1, ends[0], indent)
    if sum(line.strip() in (BEGIN, END) for line in lines) != 2 * len(found):
        raise ValueError("a marker stands outside a top-level function")
    return found


def release(text):
    """The text without its solutions."""
    lines = text.split("\n")
    for start, stop, indent in reversed(solutions(text).values()):
        lines[start - 1 : stop + 1] = [indent + UNWRITTEN]
    return "\n".join(lines)


def body(text, function):
    """The solution's lines without their common indentation."""
    start, stop, _ = solutions(text)[function]
    return textwrap.dedent("\n".join(text.split("\n")[start:stop]))


def patched(text, patches):
    """The master's text with all patches applied; None if one does not fit exactly once, or two overlap."""
    for function in dict.fromkeys(patch.function for patch in patches):
        solution = body(text, function)
        places = []
        for _, old, new in (patch for patch in patches if patch.function == function):
            if not old or solution.count(old) != 1:
                return None
            at = solution.index(old)
            places.append((at, at + len(old), new))
        places.sort()
        if any(first[1] > second[0] for first, second in pairwise(places)):
            return None
        for at, end, new in reversed(places):
            solution = solution[:at] + new + solution[end:]
        start, stop, indent = solutions(text)[function]
        lines = text.split("\n")
        lines[start:stop] = textwrap.indent(solution, indent).split("\n")
        text = "\n".join(lines)
    return text


class _Text(importlib.abc.InspectLoader):
    def __init__(self, text):
        self.text = text

    def get_source(self, name):
        return self.text


def module_of(text, name="master"):
    """The module that this text is. Only for texts of the package itself: a submission is never run in this process."""
    loader = _Text(text)
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(name, loader))
    loader.exec_module(module)
    return module

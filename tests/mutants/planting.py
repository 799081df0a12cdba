"""Planting: wrong versions of a function from its syntax tree, and putting one in the function's place for a while."""

import ast
import contextlib
import inspect
import sys
import textwrap
import types
from typing import Any, NamedTuple

from . import expressions, statements  # noqa: F401 (they register their operators)
from .operators import NO_FIELDS, Context, name_of, replacements


class Mutant(NamedTuple):
    """A wrong version of `function` (its dotted name): what was changed, the line before and after, and the code."""

    function: str
    operator: str
    before: str
    after: str
    code: Any

    @property
    def label(self):
        return f"{self.before}  →  {self.after}"


@contextlib.contextmanager
def planted(function, code):
    """Inside the block every caller of `function` gets `code`, also those that imported it by name."""
    original = function.__code__
    function.__code__ = code
    try:
        yield
    finally:
        function.__code__ = original


@contextlib.contextmanager
def planted_in_calls(function, code, owner, callers):
    """Inside the block `callers` get `code` where they call owner.function; everyone else (the forward pass) the right one."""
    wrong = function.__name__ + "__mutant"
    planted_function = types.FunctionType(code, function.__globals__, wrong, function.__defaults__)
    # A method is looked up in its class; a function in the globals of each module that calls it.
    with contextlib.ExitStack() as stack:
        if inspect.isclass(owner):
            setattr(owner, wrong, planted_function)
            stack.callback(delattr, owner, wrong)
        for caller in callers:
            stack.enter_context(planted(caller, _renamed(caller.__code__, function.__name__, wrong)))
            if caller.__globals__.get(wrong) is not planted_function:
                caller.__globals__[wrong] = planted_function
                stack.callback(caller.__globals__.pop, wrong)
        yield


def calls(caller, name):
    """Does the function use this name, also in a comprehension?"""
    return _renamed(caller.__code__, name, name + "'") != caller.__code__


def _renamed(code, old, new):
    """The code with a global name or attribute renamed."""
    constants = tuple(_renamed(c, old, new) if isinstance(c, types.CodeType) else c for c in code.co_consts)
    return code.replace(co_names=tuple(new if n == old else n for n in code.co_names), co_consts=constants)


def mutants(name, function, lines=None):
    """Every systematic mutant of a function, no two with the same text. lines: change only these lines of the file."""
    tree, compiled = _parse(function)
    if lines is not None:
        lines = {line - function.__code__.co_firstlineno + 1 for line in lines}
    seen, labels = {ast.unparse(tree)}, {}
    for operator, statement, before in _mistakes(tree, Context(tree), lines):
        text = ast.unparse(ast.fix_missing_locations(tree))
        if text in seen:
            continue
        seen.add(text)
        after = "; ".join(_first_line(s) for s in statement)
        count = labels[before, after] = labels.get((before, after), 0) + 1
        if count > 1:  # the same line stands twice in the function
            after += f"   (place {count})"
        yield Mutant(name, operator, before, after, compiled(tree))


def mutant_from_text(name, function, before, after):
    """A hand-written mistake: `before`, which must stand exactly once in the function's source, replaced by `after`."""
    source = textwrap.dedent(inspect.getsource(function))
    if source.count(before) != 1:
        raise LookupError(f"{name}: {before!r} stands {source.count(before)} times in the source, not once")
    _, compiled = _parse(function)
    return Mutant(name, "by hand", before, after, compiled(_definition(source.replace(before, after))))


def _definition(source):
    tree = ast.parse(textwrap.dedent(source)).body[0]
    tree.decorator_list = []
    return tree


def _parse(function):
    """(syntax tree without docstring and annotations, a function that compiles such a tree in the module's names)."""
    tree = _definition(inspect.getsource(function))
    if ast.get_docstring(tree) is not None:
        tree.body = tree.body[1:] or [ast.Pass()]
    names = vars(sys.modules[function.__module__])

    def compiled(tree):
        for a in [*tree.args.args, *tree.args.kwonlyargs]:
            a.annotation = None
        tree.returns = None
        module = ast.fix_missing_locations(ast.Module([tree], []))
        scope = dict(names)
        exec(compile(ast.parse(ast.unparse(module)), f"<mutant of {function.__qualname__}>", "exec"), scope)
        return scope[tree.name].__code__

    return tree, compiled


def _mistakes(tree, context, lines):
    """Change the tree in place, yield (operator, the changed statements, the line before), change it back; for every mistake."""
    for parent, field, index, node, statement in _places(tree):
        if lines is not None and statement.lineno not in lines:
            continue
        for operator, wrong in replacements(node, context):
            before = _first_line(statement)
            _put(parent, field, index, wrong)
            changed = wrong if isinstance(wrong, list) else [statement]
            yield operator, changed, before
            _put_back(parent, field, index, node, wrong)


def _places(tree):
    """(parent, field, index or None, node, nearest statement) of each node of the body, outer before inner."""
    stack = [(tree, "body", k, s, s) for k, s in reversed(list(enumerate(tree.body)))]
    while stack:
        parent, field, index, node, statement = stack.pop()
        if _is_guard(node):
            continue
        by_backend = isinstance(node, ast.If) and ast.unparse(node.test) == "xp is np"
        if not by_backend:
            yield parent, field, index, node, statement
        children = []
        for name, value in ast.iter_fields(node):
            if by_backend and name != "body":
                continue  # the device's branch is held to the host's by the tests of the backends
            for k, child in enumerate(value) if isinstance(value, list) else [(None, value)]:
                if isinstance(child, ast.AST) and not _is_no_mathematics(node, child):
                    children.append((node, name, k, child, child if isinstance(child, ast.stmt) else statement))
        stack.extend(reversed(children))


def _is_guard(node):
    """`if …: raise …` refuses bad input; it is no part of a gradient."""
    return isinstance(node, ast.If) and len(node.body) == 1 and isinstance(node.body[0], ast.Raise)


def _is_no_mathematics(parent, node):
    """Which library, whose shape, the −1 of a reshape (any negative number means the same), the `strict` of a zip."""
    if isinstance(parent, ast.Call):
        if isinstance(node, ast.keyword):
            return node.arg in ("strict", "dtype")
        return name_of(parent.func) == "reshape" and ast.unparse(node) == "-1"
    if isinstance(node, ast.Call):
        return name_of(node.func) == "array_module"
    return isinstance(parent, ast.Attribute) and parent.attr in NO_FIELDS


def _put(parent, field, index, wrong):
    if index is None:
        setattr(parent, field, wrong)
    elif isinstance(wrong, list):
        getattr(parent, field)[index : index + 1] = wrong
    else:
        getattr(parent, field)[index] = wrong


def _put_back(parent, field, index, node, wrong):
    if index is not None and isinstance(wrong, list):
        getattr(parent, field)[index : index + len(wrong)] = [node]
    else:
        _put(parent, field, index, node)


def _first_line(statement):
    text = ast.unparse(ast.fix_missing_locations(statement))
    return text.split("\n")[0]

"""The systematic mistakes: an operator looks at one node of a syntax tree and offers wrong nodes to put in its place.

They imitate slips of the pen: a term or factor left out, a sign, a transpose, an axis, an index one too far, a mask skipped,
two gradients exchanged, an upstream gradient lost. An operator knows nothing about the equations. This module keeps the list;
the operators are in `expressions` and `statements`.
"""

import ast

OPERATORS = {}
NO_FIELDS = ("shape", "ndim", "dtype", "size", "xp")  # of an array; which library


def operator(*kinds):
    """Register a generator function (node, context) → wrong nodes, for nodes of these kinds."""

    def add(function):
        for kind in kinds:
            OPERATORS.setdefault(kind, []).append((function.__name__.replace("_", " "), function))
        return function

    return add


def replacements(node, context):
    """(operator's name, wrong node) for each mistake that can be made at `node`; a list of statements for a statement."""
    for name, function in OPERATORS.get(type(node), ()):
        for wrong in function(node, context):
            yield name, wrong


def name_of(node):
    """The name or the last attribute: "where" of xp.where."""
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def is_module(node):
    """Is it an array library: xp, np, array_module(…)?"""
    if isinstance(node, ast.Call):
        return name_of(node.func) == "array_module"
    return isinstance(node, ast.Name) and node.id in ("xp", "np")


def swapped(members, a, b):
    members = list(members)
    members[a], members[b] = members[b], members[a]
    return members


def with_arguments(call, arguments):
    return ast.Call(call.func, arguments, call.keywords)


class Context:
    """What an operator may want to know about the function as a whole."""

    def __init__(self, tree):
        nodes = list(ast.walk(tree))
        self.parameters = [a.arg for a in tree.args.args]
        self.called = {n.func.id for n in nodes if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)}
        self.methods = {n.func.attr for n in nodes if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute)} | {"T"}
        self.slopes = {n.id for n in nodes if isinstance(n, ast.Name) and n.id.endswith("_slope")}
        self.siblings, self.fields, self._assigned = {}, {}, []
        for statement in (n for n in nodes if isinstance(n, ast.Assign)):
            for target in statement.targets:
                stored = [e.id for e in ast.walk(target) if isinstance(e, ast.Name) and isinstance(e.ctx, ast.Store)]
                self._assigned += [(statement.lineno, name) for name in stored]
                names = [e.id for e in target.elts if isinstance(e, ast.Name)] if isinstance(target, ast.Tuple) else []
                for name in names:
                    self.siblings.setdefault(name, []).extend(other for other in names if other not in (name, "_"))
        for n in nodes:
            if isinstance(n, ast.Attribute) and isinstance(n.value, ast.Name) and n.attr not in self.methods:
                self.fields.setdefault(n.value.id, set()).add(n.attr)

    def bound_before(self, name, statement):
        """Has `name` a value before this statement?"""
        return name in self.parameters or any(line < statement.lineno and name == other for line, other in self._assigned)

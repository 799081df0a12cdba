"""Right answers in other styles, made from the masters by rewriting their syntax trees: the same mathematics in other hands.

A style is a function (the text of a solution, the function's arguments) → the rewritten text; what it needs beside is in HELPERS.
"""

import ast
import re
import textwrap

from minis2s.labs import source

HELPERS = '''
def _matmul(a, b):
    """a @ b, number by number."""
    out = np.zeros(a.shape[:-1] + b.shape[1:], dtype=np.result_type(a, b))
    for place in np.ndindex(*out.shape):
        row, column = place[: a.ndim - 1], place[a.ndim - 1 :]
        for k in range(a.shape[-1]):
            out[place] += a[(*row, k)] * b[(k, *column)]
    return out


def _each(operation, a, b):
    """An operation of two arrays, number by number."""
    if not isinstance(a, np.ndarray) and not isinstance(b, np.ndarray):
        return operation(a, b)
    a, b = np.broadcast_arrays(a, b)
    numbers = [operation(a[place], b[place]) for place in np.ndindex(*a.shape)]
    return np.array(numbers).reshape(a.shape)


def _room(a, b):
    """A new array for a and b, filled with a."""
    room = np.empty(np.broadcast_shapes(np.shape(a), np.shape(b)), dtype=np.result_type(a, b, 1.0 if np.ndim(a) == 0 else a))
    room[...] = a
    return room
'''
OPERATORS = {ast.Add: "a + b", ast.Sub: "a - b", ast.Mult: "a * b", ast.Div: "a / b", ast.Pow: "a**b"}


def _expression(text, **parts):
    """The expression that `text` is, with trees put in for names."""

    class Fill(ast.NodeTransformer):
        def visit_Name(self, node):
            return parts.get(node.id, node)

    return Fill().visit(ast.parse(text, mode="eval").body)


class Loops(ast.NodeTransformer):
    """Every product of matrices and every operation of arrays as loops over single numbers."""

    def visit_BinOp(self, node):
        self.generic_visit(node)
        if isinstance(node.op, ast.MatMult):
            return _expression("_matmul(A, B)", A=node.left, B=node.right)
        if type(node.op) in OPERATORS:
            operation = ast.parse(f"lambda a, b: {OPERATORS[type(node.op)]}", mode="eval").body
            return ast.Call(ast.Name("_each", ast.Load()), [operation, node.left, node.right], [])
        return node


class Einsum(ast.NodeTransformer):
    """Products of matrices and sums over the first axis as np.einsum."""

    def visit_BinOp(self, node):
        self.generic_visit(node)
        if not isinstance(node.op, ast.MatMult):
            return node
        left, right = node.left, node.right
        if _is_transposed(left):
            return _expression("np.einsum('bi,bj->ij', A, B)", A=left.value, B=right)
        if _is_transposed(right):
            return _expression("np.einsum('...j,ij->...i', A, B)", A=left, B=right.value)
        if isinstance(right, ast.Name) and right.id == "v":
            return _expression("np.einsum('...i,i->...', A, B)", A=left, B=right)
        return _expression("np.einsum('...i,ij->...j', A, B)", A=left, B=right)

    def visit_Call(self, node):
        self.generic_visit(node)
        if ast.unparse(node).endswith(".sum(axis=0)") and "mask" not in ast.unparse(node):
            return _expression("np.einsum('i...->...', A)", A=node.func.value)
        return node


class InPlace(ast.NodeTransformer):
    """x = a + b as a new array that holds a, to which b is added in place; so for −, ·, /."""

    def visit_Assign(self, node):
        target, value = node.targets[0], node.value
        simple = isinstance(target, ast.Name) and isinstance(value, ast.BinOp)
        if not simple or not isinstance(value.op, ast.Add | ast.Sub | ast.Mult | ast.Div):
            return node
        room = ast.Assign([ast.Name("room", ast.Store())], _expression("_room(A, B)", A=value.left, B=value.right))
        change = ast.AugAssign(ast.Name("room", ast.Store()), value.op, value.right)
        return [room, change, ast.Assign([target], ast.Name("room", ast.Load()))]


def _is_transposed(node):
    return isinstance(node, ast.Attribute) and node.attr == "T"


def _rewriting(transformer):
    def style(body, arguments):
        tree = transformer().visit(ast.parse(body))
        return ast.unparse(ast.fix_missing_locations(tree))

    return style


def single(body, arguments):
    """Everything in float32."""
    names = ", ".join(arguments)
    cast = "value.astype(np.float32) if isinstance(value, np.ndarray) and value.dtype.kind == 'f' else value"
    return f"[{names}] = [{cast} for value in ({names},)]\n{body}"


GATES = (  # of each gate by itself, in lists: (pattern, replacement), applied to the text in this order
    (
        r"( *)a = (\S+) @ W_x \+ (\S+) @ W_h \+ b\n *(a_[\w, ]+) = np\.split\(a, (\d), axis=-1\)",
        r"\1gates = zip(np.split(W_x, \5, axis=1), np.split(W_h, \5, axis=1), np.split(b, \5))"
        r"\n\1\4 = [\2 @ w + \3 @ u + bias for w, u, bias in gates]",
    ),
    (
        r"np\.split\((\S+) @ (\w+) \+ (\w+), 3, axis=-1\)",
        r"[\1 @ w + bias for w, bias in zip(np.split(\2, 3, axis=1), np.split(\3, 3))]",
    ),
    (r"np\.split\(a, (\d), axis=-1\)", r"[a[:, k * (a.shape[1] // \1) : (k + 1) * (a.shape[1] // \1)] for k in range(\1)]"),
    (r"d_a = np\.where\(real, d_a, 0\)", r"d_a = np.split(np.where(real, d_a, 0), 4, axis=-1)"),
    (r"(d_[au]) = np\.concatenate\((.+), axis=-1\)", r"\1 = \2"),
    (r"(d_[au]) @ (W_\w)\.T", r"sum(d @ w.T for d, w in zip(\1, np.split(\2, len(\1), axis=1)))"),
    (r"([\w\[\]]+)\.T @ (d_[au])\b", r"np.concatenate([\1.T @ d for d in \2], axis=1)"),
    (r"(d_[au])\.sum\(axis=0\)", r"np.concatenate([d.sum(axis=0) for d in \1])"),
)


def gates(body, arguments):
    """Each gate by itself, in lists. Only for functions of gates."""
    if "d_a" not in arguments and not re.search(r"np\.split|d_a = np\.concatenate|lstm_step_backward", body):
        return body
    new = body
    for pattern, replacement in GATES:
        new = re.sub(pattern, replacement, new)
    if "d_a" in arguments:
        blocks = "W_x.shape[1] // W_h.shape[0]"
        new = f"d_a = np.split(d_a, {blocks}, axis=-1)\n{new}"
    return new


STYLES = {
    "loops": _rewriting(Loops),
    "per-gate lists": gates,
    "einsum": _rewriting(Einsum),
    "in place": _rewriting(InPlace),
    "float32": single,
}


def submission(exercise, style):
    """(the text of a whole submission, the functions that the style has changed)."""
    text, changed = exercise.text, []
    arguments = {node.name: [a.arg for a in node.args.args] for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)}
    for task in exercise.lab.tasks:
        old = source.body(text, task.function)
        new = STYLES[style](old, arguments[task.function])
        if ast.unparse(ast.parse(new)) != ast.unparse(ast.parse(old)):
            start, stop, indent = source.solutions(text)[task.function]
            lines = text.split("\n")
            lines[start:stop] = textwrap.indent(new, indent).split("\n")
            text = "\n".join(lines)
            changed.append(task.function)
    return text + HELPERS, changed

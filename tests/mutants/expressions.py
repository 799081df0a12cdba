"""Mistakes in an expression: terms, factors, signs, transposes, axes, indices, masks, arguments, names."""

import ast
import itertools

from .operators import NO_FIELDS, is_module, name_of, operator, swapped, with_arguments

OTHER_REDUCTION = {"sum": "mean", "cumsum": "sum", "cumprod": "prod", "maximum": "minimum"}
FILLED = {"zeros_like": "ones_like", "zeros": "ones", "ones_like": "zeros_like", "ones": "zeros"}
NEVER_DROPPED = ("range", "where", "isinstance", "len", "tuple", "list", "ascontiguousarray")  # a mask has its own operator
WITHOUT_ORDER = ("max", "min", "maximum", "minimum", "logaddexp", "isinstance", "swapaxes")
COMPARISONS = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
}


@operator(ast.BinOp)
def drop_a_term_or_factor(node, context):
    if isinstance(node.op, ast.Add | ast.Mult):
        yield node.left
        yield node.right
    elif isinstance(node.op, ast.Sub):
        yield node.left
        yield ast.UnaryOp(ast.USub(), node.right)
    elif isinstance(node.op, ast.Div | ast.Pow | ast.FloorDiv):
        yield node.left


@operator(ast.BinOp)
def flip_a_sign_or_an_operation(node, context):
    other = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.Div: ast.Mult}.get(type(node.op))
    if other:
        yield ast.BinOp(node.left, other(), node.right)


@operator(ast.BinOp)
def swap_two_factors(node, context):
    if isinstance(node.op, ast.MatMult | ast.Sub | ast.Div):
        yield ast.BinOp(node.right, node.op, node.left)


@operator(ast.UnaryOp)
def drop_a_sign_or_a_not(node, context):
    if not (isinstance(node.op, ast.USub) and isinstance(node.operand, ast.Constant)):
        yield node.operand


@operator(ast.Attribute)
def drop_a_transpose(node, context):
    if node.attr == "T":
        yield node.value


@operator(ast.Call)
def drop_a_call(node, context):
    """x.swapaxes(…), x.sum(…), x.reshape(…) → x; xp.moveaxis(x, …), slope(x, …) → x."""
    if isinstance(node.func, ast.Attribute) and not is_module(node.func.value):
        yield node.func.value
    elif node.args and not isinstance(node.args[0], ast.Starred) and name_of(node.func) not in NEVER_DROPPED:
        yield node.args[0]


@operator(ast.Call)
def another_reduction_or_filling(node, context):
    name = name_of(node.func)
    if isinstance(node.func, ast.Attribute) and name in OTHER_REDUCTION | FILLED:
        other = ast.Attribute(node.func.value, (OTHER_REDUCTION | FILLED)[name], ast.Load())
        yield ast.Call(other, node.args, node.keywords)


@operator(ast.Call)
def skip_the_mask(node, context):
    """where(mask, a, b) → a, b, where(not mask, a, b)."""
    if name_of(node.func) == "where" and len(node.args) == 3:
        yield node.args[1]
        yield node.args[2]
        yield ast.Call(node.func, [ast.UnaryOp(ast.Invert(), node.args[0]), *node.args[1:]], node.keywords)


@operator(ast.Call)
def swap_two_arguments(node, context):
    if name_of(node.func) not in WITHOUT_ORDER:
        for a, b in itertools.combinations(range(len(node.args)), 2):
            if not any(isinstance(node.args[k], ast.Starred) for k in (a, b)):
                yield ast.Call(node.func, swapped(node.args, a, b), node.keywords)


@operator(ast.Tuple)
def swap_two_members(node, context):
    """In a returned tuple two gradients, in an unpacking two names; of a long tuple, neighbours only."""
    n = len(node.elts)
    for a, b in itertools.combinations(range(n), 2) if n <= 4 else itertools.pairwise(range(n)):
        yield ast.Tuple(swapped(node.elts, a, b), node.ctx)


@operator(ast.Call)
def range_too_short_or_reversed(node, context):
    if name_of(node.func) == "range":
        start, *rest = node.args if len(node.args) > 1 else [ast.Constant(0), *node.args]
        step = rest[1:]
        down = bool(step) and ast.unparse(step[0]).startswith("-")
        inward = ast.Sub() if down else ast.Add()
        outward = ast.Add() if down else ast.Sub()
        yield with_arguments(node, [ast.BinOp(start, inward, ast.Constant(1)), *rest])
        yield with_arguments(node, [start, ast.BinOp(rest[0], outward, ast.Constant(1)), *step])
        if not step:
            yield ast.Call(ast.Name("reversed", ast.Load()), [node], [])


@operator(ast.Name)
def lose_an_upstream_gradient(node, context):
    """d → 0·d (forgotten) and 0·d + 1 (taken to be one, as at the end of a chain)."""
    if isinstance(node.ctx, ast.Load) and node.id.startswith("d_") and node.id not in context.called:
        zero = ast.BinOp(ast.Constant(0), ast.Mult(), node)
        yield zero
        yield ast.BinOp(zero, ast.Add(), ast.Constant(1))


@operator(ast.Name)
def use_another_name_of_the_same_unpacking(node, context):
    """h for h_prev, c for c_prev, one gate for another."""
    if isinstance(node.ctx, ast.Load):
        for other in context.siblings.get(node.id, ()):
            yield ast.Name(other, ast.Load())
        if node.id.endswith("_slope"):
            for other in sorted(context.slopes - {node.id}):
                yield ast.Name(other, ast.Load())


@operator(ast.Attribute)
def use_another_field(node, context):
    if isinstance(node.ctx, ast.Load) and isinstance(node.value, ast.Name) and node.attr not in context.methods | {*NO_FIELDS}:
        for other in sorted(context.fields.get(node.value.id, set()) - {node.attr, *NO_FIELDS}):
            yield ast.Attribute(node.value, other, ast.Load())


@operator(ast.Constant)
def another_number(node, context):
    """Axes, indices, bounds of slices, coefficients; a flag flipped."""
    if isinstance(node.value, bool):
        yield ast.Constant(not node.value)
    elif isinstance(node.value, int | float):
        yield ast.Constant(node.value + 1)
        yield ast.Constant(node.value - 1)


@operator(ast.Subscript)
def shift_an_index(node, context):
    """x[t] → x[t − 1], x[t + 1]."""
    indices = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    for k, index in enumerate(indices):
        if isinstance(index, ast.Name | ast.BinOp):
            for op in (ast.Sub(), ast.Add()):
                moved = [*indices[:k], ast.BinOp(index, op, ast.Constant(1)), *indices[k + 1 :]]
                yield ast.Subscript(node.value, ast.Tuple(moved, ast.Load()) if len(moved) > 1 else moved[0], node.ctx)


@operator(ast.Slice)
def drop_a_bound(node, context):
    if node.lower:
        yield ast.Slice(None, node.upper, node.step)
        yield ast.Slice(ast.BinOp(node.lower, ast.Add(), ast.Constant(1)), node.upper, node.step)
    if node.upper:
        yield ast.Slice(node.lower, None, node.step)
        yield ast.Slice(node.lower, ast.BinOp(node.upper, ast.Sub(), ast.Constant(1)), node.step)
    if node.step:
        yield ast.Slice(node.lower, node.upper, None)


@operator(ast.Call)
def negate_a_returned_gradient(node, context):
    """Gradients(a, b) → Gradients(−a, b), Gradients(0·a, b); not for None."""
    if name_of(node.func).endswith(("Gradients", "Gradient")):
        for k, value in enumerate(node.args):
            if not isinstance(value, ast.Starred | ast.Constant):
                yield with_arguments(node, [*node.args[:k], ast.UnaryOp(ast.USub(), value), *node.args[k + 1 :]])


@operator(ast.Compare)
def another_comparison(node, context):
    other = COMPARISONS.get(type(node.ops[0]))
    if len(node.ops) == 1 and other:
        yield ast.Compare(node.left, [other()], node.comparators)


@operator(ast.BoolOp)
def drop_a_condition(node, context):
    yield from node.values
    yield ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)


@operator(ast.IfExp)
def one_case_only(node, context):
    yield node.body
    yield node.orelse

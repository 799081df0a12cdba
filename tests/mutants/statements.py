"""Mistakes in a statement: left out, overwriting instead of adding, one case for all, a result negated."""

import ast

from .operators import name_of, operator

BLANK = ("empty", "empty_like", "zeros", "zeros_like")  # arrays that are about to be filled, or hold nothing but zeros


@operator(ast.If)
def always_or_never(node, context):
    yield [*node.body]
    yield [*node.orelse] or [ast.Pass()]


@operator(ast.AugAssign)
def overwrite_instead_of_adding(node, context):
    other = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult}.get(type(node.op))
    if other:
        yield [ast.AugAssign(node.target, other(), node.value)]
    yield [ast.Assign([node.target], node.value)]
    yield [ast.Pass()]


@operator(ast.Assign)
def leave_out_a_statement(node, context):
    """Only where the names keep an older value: otherwise any run would notice."""
    bound = {n.id for t in node.targets for n in ast.walk(t) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    if all(context.bound_before(name, node) for name in bound):
        yield [ast.Pass()]


@operator(ast.Expr)
def leave_out_a_call(node, context):
    if isinstance(node.value, ast.Call):
        yield [ast.Pass()]


@operator(ast.Assign)
def lose_one_of_the_upstream_gradients(node, context):
    """d_h, d_c = d_state → d_c forgotten, as if it were None."""
    target = node.targets[0]
    if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Name) and node.value.id in context.parameters:
        for name in target.elts:
            if isinstance(name, ast.Name) and name.id.startswith("d_"):
                yield [node, ast.Assign([ast.Name(name.id, ast.Store())], ast.Constant(None))]


@operator(ast.Return)
def negate_or_lose_a_result(node, context):
    if node.value is not None and not isinstance(node.value, ast.Tuple):
        if not (isinstance(node.value, ast.Call) and name_of(node.value.func)[:1].isupper()):
            yield [ast.Return(ast.UnaryOp(ast.USub(), node.value))]


@operator(ast.Assign)
def negate_a_gradient(node, context):
    target = node.targets[0]
    blank = isinstance(node.value, ast.Constant) or (isinstance(node.value, ast.Call) and name_of(node.value.func) in BLANK)
    if isinstance(target, ast.Name) and target.id.startswith("d_") and not blank:
        yield [ast.Assign(node.targets, ast.UnaryOp(ast.USub(), node.value))]

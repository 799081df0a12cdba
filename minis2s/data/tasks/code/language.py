"""What an expression of the code task may use: nothing here can reach beyond the values that it is given."""

import ast
import operator

FUNCTIONS = {each.__name__: each for each in (
    abs, all, any, enumerate, len, list, max, min, range, reversed, set, sorted, str, sum, tuple, zip,
)}  # fmt: skip
KEYS = {"len": len, "abs": abs}  # what `key=` may name
METHODS = {
    str: ("capitalize", "count", "endswith", "find", "index", "isdigit", "islower", "isupper", "join", "lower", "replace",
          "split", "startswith", "strip", "swapcase", "title", "upper"),
    list: ("count", "index"),
    tuple: ("count", "index"),
}  # fmt: skip
OPERATORS = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod, ast.Pow: operator.pow, ast.USub: operator.neg, ast.UAdd: operator.pos, ast.Not: operator.not_,
    ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt,
    ast.GtE: operator.ge, ast.In: lambda a, b: a in b, ast.NotIn: lambda a, b: a not in b,
}  # fmt: skip
# The functions whose result does not depend on the order of a set's items, which differs from run to run.
ORDERLESS = ("all", "any", "len", "max", "min", "set", "sorted", "sum")

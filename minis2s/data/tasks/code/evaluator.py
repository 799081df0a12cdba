"""The value of a Python expression that nobody has read, computed without letting Python run it.

The text is parsed, and its tree is walked here. Only a node that has a method below, and the functions, methods and operators of
`language`, mean anything; all else is refused: attributes, formats, lambdas, floats, names that were not given. What could grow
is measured before it is made (powers, repetitions, replacements), and each step counts, those of a comprehension too. So any
expression ends soon and in little memory. What is left has Python's own meaning, as Python's own operations compute it.
"""

import ast
import warnings

from minis2s.data.tasks.code.language import FUNCTIONS, KEYS, METHODS, OPERATORS, ORDERLESS

LONGEST = 300  # characters of an expression
DEEPEST = 30  # nodes one inside the other
STEPS = 10_000
BITS = 256  # of a whole number
SIZE = 5_000  # items of a list, characters of a text


class ExpressionError(ValueError):
    """The text is no expression of the small language, has no value (1 % 0), or would take too much."""


_VALUES = (int, str, list, tuple, set)  # a bool is an int
_MISTAKES = (ArithmeticError, LookupError, MemoryError, RecursionError, RuntimeError, TypeError, ValueError)


def evaluate(text, variables):
    """The value of the expression `text`, in which the names of the dict `variables` stand for its values.

    Values are whole numbers, truth values, texts, and lists, tuples and sets of them. Raises ExpressionError.
    """
    if len(text) > LONGEST:
        raise ExpressionError(f"longer than {LONGEST} characters")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the parser, on what is merely unusual
            tree = ast.parse(text.strip(), mode="eval")
        value = _Walk().value(tree.body, variables)
    except ExpressionError:
        raise
    except (SyntaxError, *_MISTAKES) as error:
        raise ExpressionError(f"{type(error).__name__}: {error}") from None
    if not isinstance(value, _VALUES):
        raise ExpressionError(f"a {type(value).__name__} is no value yet")
    return value


def same(one, other):
    """Whether two values are equal and of the same types: True is not 1, a list is no tuple."""
    if type(one) is not type(other):
        return False
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return one == other


def _size(value):
    """Characters and items in it, those in its items too; a list that holds another twice has it twice."""
    if isinstance(value, list | tuple | set):
        if not all(isinstance(item, _VALUES) for item in value):
            raise ExpressionError("a list of what is no value yet")
        return len(value) + sum(map(_size, value))
    return len(value) if isinstance(value, str | range) else 0


class _Walk:
    """One evaluation: a method for each kind of node, from (node, names) to its value."""

    def __init__(self):
        self.steps = self.depth = 0

    def value(self, node, names):
        """The value of a node, if its kind is allowed and it is not too large."""
        method = getattr(self, "_" + type(node).__name__, None)
        if method is None:
            raise ExpressionError(f"{type(node).__name__} is not allowed")
        self._pay(1)
        self.depth += 1
        if self.depth > DEEPEST:
            raise ExpressionError(f"nested more than {DEEPEST} deep")
        try:
            return self._measured(method(node, names))
        finally:
            self.depth -= 1

    def _pay(self, steps):
        self.steps += steps
        if self.steps > STEPS:
            raise ExpressionError(f"more than {STEPS} steps")

    def _measured(self, value):
        if isinstance(value, int) and value.bit_length() > BITS:
            raise ExpressionError(f"a number of more than {BITS} bits")
        size = _size(value)
        self._afford(size)
        self._pay(size // 10)
        return value

    def _afford(self, size):
        if size > SIZE:
            raise ExpressionError(f"something of more than {SIZE} items")

    def _Constant(self, node, names):
        if type(node.value) not in (int, bool, str):
            raise ExpressionError(f"{type(node.value).__name__} constants are not allowed")
        return node.value

    def _Name(self, node, names):
        if node.id not in names:
            raise ExpressionError(f"unknown name {node.id}")
        return names[node.id]

    def _List(self, node, names):
        return [self.value(each, names) for each in node.elts]

    def _Tuple(self, node, names):
        return tuple(self._List(node, names))

    def _UnaryOp(self, node, names):
        return self._operator(node.op)(self.value(node.operand, names))

    def _BinOp(self, node, names):
        left, right = self.value(node.left, names), self.value(node.right, names)
        if isinstance(node.op, ast.Mod) and not isinstance(left, int):
            raise ExpressionError("% formats no texts here")
        if isinstance(node.op, ast.Pow) and not (isinstance(left, int) and isinstance(right, int) and 0 <= right <= BITS
                                                 and left.bit_length() * right <= BITS):  # fmt: skip
            raise ExpressionError("too large a power, or a negative one")
        if isinstance(node.op, ast.Mult):
            for sequence, times in ((left, right), (right, left)):
                if isinstance(sequence, str | list | tuple) and isinstance(times, int):
                    self._afford(_size(sequence) * times)
        return self._operator(node.op)(left, right)

    def _operator(self, op):
        if type(op) not in OPERATORS:
            raise ExpressionError(f"{type(op).__name__} is not allowed")
        return OPERATORS[type(op)]

    def _BoolOp(self, node, names):
        stop = isinstance(node.op, ast.Or)  # the truth value that decides
        for each in node.values:
            value = self.value(each, names)
            if bool(value) is stop:
                break
        return value

    def _Compare(self, node, names):
        left = self.value(node.left, names)
        for op, each in zip(node.ops, node.comparators, strict=True):
            right = self.value(each, names)
            if not (result := self._operator(op)(left, right)):
                break
            left = right
        return result

    def _IfExp(self, node, names):
        return self.value(node.body if self.value(node.test, names) else node.orelse, names)

    def _Subscript(self, node, names):
        value = self.value(node.value, names)
        if isinstance(node.slice, ast.Slice):
            bounds = (node.slice.lower, node.slice.upper, node.slice.step)
            return value[slice(*(each and self.value(each, names) for each in bounds))]
        return value[self.value(node.slice, names)]

    def _ListComp(self, node, names):
        return list(self._GeneratorExp(node, names))

    def _SetComp(self, node, names):
        return set(self._GeneratorExp(node, names))

    def _GeneratorExp(self, node, names):
        first = self._iterable(node.generators[0].iter, names)  # at once, as in Python
        return self._generated(node.elt, node.generators, first, names)

    def _generated(self, element, generators, items, names):
        """The values of `element` for the `items` of the first generator and those of the inner ones."""
        generator, *inner = generators
        if generator.is_async:
            raise ExpressionError("async is not allowed")
        for item in items:
            self._pay(1)
            local = names | self._bound(generator.target, item)
            if not all(self.value(test, local) for test in generator.ifs):
                continue
            if inner:
                yield from self._generated(element, inner, self._iterable(inner[0].iter, local), local)
            else:
                yield self.value(element, local)

    def _iterable(self, node, names):
        value = self.value(node, names)
        if isinstance(value, set):
            raise ExpressionError("a set has no order")
        return iter(value)

    def _bound(self, target, item):
        """{name: value} of `for target in …`: a name, or names apart by commas."""
        if isinstance(target, ast.Name):
            return {target.id: item}
        if not isinstance(target, ast.Tuple):
            raise ExpressionError("only names can be bound")
        items = list(item)
        return {k: v for each, part in zip(target.elts, items, strict=True) for k, v in self._bound(each, part).items()}

    def _Call(self, node, names):
        arguments = [self.value(each, names) for each in node.args]
        if isinstance(node.func, ast.Attribute):
            return self._method(self.value(node.func.value, names), node.func.attr, arguments, node.keywords)
        name = node.func.id if isinstance(node.func, ast.Name) else None
        if name not in FUNCTIONS or name in names:
            raise ExpressionError("only the functions of this language can be called")
        keywords = {each.arg: self._keyword(each, names) for each in node.keywords}
        if (name not in ORDERLESS or "key" in keywords) and any(isinstance(each, set) for each in arguments):
            raise ExpressionError("a set has no order")
        if name == "str" and not all(isinstance(each, int | str) for each in arguments):
            raise ExpressionError("only numbers become texts")
        return FUNCTIONS[name](*arguments, **keywords)

    def _keyword(self, keyword, names):
        if keyword.arg == "key" and isinstance(keyword.value, ast.Name) and keyword.value.id in KEYS:
            return KEYS[keyword.value.id]
        if keyword.arg in ("default", "reverse", "start"):
            return self.value(keyword.value, names)
        raise ExpressionError(f"{keyword.arg}= is not allowed so")

    def _method(self, value, name, arguments, keywords):
        if name not in METHODS.get(type(value), ()) or keywords:
            raise ExpressionError(f"{name} is no method here")
        if any(isinstance(each, set) for each in arguments):
            raise ExpressionError("a set has no order")
        if name == "replace" and len(arguments) > 1:
            self._afford(len(value) + (len(value) + 1) * len(arguments[1]))
        if name == "join" and isinstance(arguments[0], list | tuple):
            self._afford(len(value) * len(arguments[0]))
        return getattr(value, name)(*arguments)

"""Expressions by unknown hands: the values are Python's own, and nothing else can be had."""

import string
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minis2s.data.tasks.code.evaluator import LONGEST, ExpressionError, evaluate, same

NAMES = {"xs": [3, -1, 4, 1, -5, 9], "words": ["tea", "Iron", "to", "noon"], "n": 7, "s": "A long way"}


@pytest.mark.parametrize(
    "text",
    """sum([x**2 for x in xs if x % 2 == 0])
sum(x * y for x in xs for y in xs if x < y)
sorted(words, key=len, reverse=True)
max([x for x in xs if x > 100], default=0)
[w[::-1].upper() for w in words if "o" in w and not w.startswith("t")]
",".join(w[0] for w in words)
len(set(xs)) if n > 3 else -1
[a + b for a, b in zip(xs, xs[1:])]
[i * x for i, x in enumerate(xs)]
[y for x in xs if x > 0 for y in range(x) if y % 2]
{x // 2 for x in xs}
{len(w) for w in words} == set([3, 4, 2])
any(x > 3 for x in xs) and all(w for w in words)
n > 3 or 1 // 0
1 < n <= 7 != 8
-n**2 + abs(-n) - (+n)
s.replace("A", "b").title().count("L") * 3
(s * 3)[:12] + str(n)
[[x, w] for x in xs[:2] for w in words[-2:]]
list(reversed(xs))[0:6:2]
tuple(words) + ("x",)
True == 1
"a" * 0 or "b"
n - 1 if not n else n""".splitlines(),
)
def test_values_are_python_s(text):
    assert same(evaluate(text, NAMES), eval(text, dict(NAMES)))


HOSTILE = {
    "attribute": "().__class__.__base__",
    "attribute of a method": "s.upper.__self__",
    "method that is none of ours": "xs.append(1)",
    "dunder method": "xs.__len__()",
    "import": "__import__('os')",
    "builtin": "open('x')",
    "eval": "eval('1')",
    "lambda": "(lambda: 1)()",
    "walrus": "[y := 1, y]",
    "f-string": "f'{n}'",
    "format": "'{0.__class__}'.format(n)",
    "format_map": "'{x}'.format_map(xs)",
    "% format": "'%999999999d' % n",
    "% format of a list": "['%d'] % n",
    "a name shadowed": "[len(w) for len in xs for w in words]",
    "float": "1.5",
    "float from a power": "2 ** -1",
    "complex": "1j",
    "bytes": "b'x'",
    "ellipsis": "...",
    "division": "n / 2",
    "shift": "1 << 99999999",
    "tower": "9 ** 9 ** 9 ** 9",
    "power": "10 ** 1000000",
    "repeated squaring": "[x**200 for x in [2]][0] ** 200",
    "long number": "9" * 290,
    "growing product": "*".join(["99999999"] * 30),
    "repetition": "'a' * 10**10",
    "repetition from the left": "10**10 * [0]",
    "repetition of a repetition": "[[[0] * 999] * 999] * 999",
    "nested doubling": "[[x, x] for x in [[y, y] for y in [[z, z] for z in [xs * 20]]]] * 20",
    "replace": "'aaaa'.replace('', s * 400)",
    "join": "(s * 90).join(['a'] * 900)",
    "range": "sum(range(10**9))",
    "range beyond a machine word": "list(range(10**60))",
    "nested loops": "[1 for a in range(99) for b in range(99) for c in range(99) for d in range(99)]",
    "loops in lazy generators": "any(False for a in range(99) for b in range(99) for c in range(99))",
    "loop in a loop": "[sum([y for y in range(999)]) for x in range(999)]",
    "deep unary": "-" * 250 + "1",
    "deep not": "not " * 60 + "1",
    "deep lists": "[" * 99 + "]" * 99,
    "deep calls": "s" + ".upper()" * 40,
    "chain of calls": "n" + "()" * 140,
    "too long": "1 + " * 100 + "1",
    "a statement": "import os",
    "two": "1; 2",
    "assignment": "n = 2",
    "nothing": "",
    "null byte": "1\0",
    "surrogate": "'\ud800' + s.encode()",
    "an unclosed text": "'abc",
    "starred": "max(*xs)",
    "keywords": "sorted(xs, **xs)",
    "own key function": "sorted(xs, key=max)",
    "dict": "{1: 2}",
    "yield": "(yield)",
    "await": "await n",
    "async generator": "[x async for x in xs]",
    "unknown name": "m",
    "function as a value": "[len]",
    "lazy value": "(x for x in xs)",
    "lazy value inside": "[reversed(xs)]",
    "order of a set": "list(set(words))",
    "order of a set in a loop": "[w for w in set(words)]",
    "order of a set in a text": "''.join(set(words))",
    "order of a set by its ties": "max(set(words), key=len)",
    "a set as text": "str(set(words))",
    "starting value": "sum([[1]], start=(x for x in xs))",
    "unpacking too few": "[a for a, b in xs]",
    "binding an item": "[1 for xs[0] in xs]",
    "by zero": "n % 0",
    "no such item": "xs[99]",
    "wrong types": "xs + s",
    "not hashable": "{[1]}",
}  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_the_rest_is_refused_in_little_memory(text):
    before = [*NAMES["xs"]], [*NAMES["words"]]
    tracemalloc.start()
    with pytest.raises(ExpressionError) as caught:
        evaluate(text, NAMES)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20e6
    assert str(caught.value)
    assert (NAMES["xs"], NAMES["words"]) == before


PIECES = """xs words n s x 1 0 99 'a' ( ) [ ] { } , . : * ** + - % // < == = key= len sum sorted range set str max join replace
upper __class__ format '{}' f' lambda é""".split()
PIECES += [" for x in ", " in ", " not ", " if ", " else ", " and ", " or ", " await ", "\n"]
TEXTS = st.one_of(
    st.lists(st.sampled_from(PIECES), max_size=30).map("".join),
    st.text(string.printable, max_size=60),
    st.text(max_size=30),
)


@settings(deadline=None)
@given(TEXTS)
def test_any_text_has_a_small_value_or_is_refused(text):
    try:
        value = evaluate(text, NAMES)
    except ExpressionError:
        return
    assert isinstance(value, int | str | list | tuple | set)
    assert len(repr(value)) < 100_000


@st.composite
def expressions(draw, depth=3):
    """Well-formed ones, of numbers only, so that most have a value."""
    if depth == 0:
        return draw(st.sampled_from(["n", "2", "3", "xs[0]", "len(s)", "-1"]))
    one, other = draw(expressions(depth - 1)), draw(expressions(depth - 1))
    forms = (
        "({one} + {other})",
        "({one} * {other})",
        "({one} // {other})",
        "({one} % {other})",
        "abs({one} - {other})",
        "sum([x * {one} for x in xs if x > {other}])",
        "sum({one} for x in xs if x != {other})",
        "({one} if {other} > 0 else {one})",
        "len([y for x in xs[:3] for y in [{one}, {other}]])",
        "max([{one}, {other}])",
        "len('ab' * ({one} % 5))",
    )
    return draw(st.sampled_from(forms)).format(one=one, other=other)


@settings(deadline=None)
@given(expressions())
def test_drawn_expressions_have_python_s_values(text):
    try:
        expected = eval(text, dict(NAMES))
    except ZeroDivisionError:
        expected = None
    try:
        value = evaluate(text, NAMES)
    except ExpressionError as error:
        assert expected is None or any(limit in str(error) for limit in ("steps", "deep", "longer than", "bits"))
    else:
        assert same(value, expected)


def test_equal_means_of_equal_types_too():
    assert same([1, ("a", {2})], [1, ("a", {2})])
    for one, other in (True, 1), ([True], [1]), ([1], (1,)), ("1", 1), ([1], [1, 2]), ([[0]], [[False]]):
        assert not same(one, other)


def test_the_length_that_is_allowed():
    text = "1" + " " * (LONGEST - 1)
    assert evaluate(text, {}) == 1
    with pytest.raises(ExpressionError, match="longer than"):
        evaluate(text + " ", {})

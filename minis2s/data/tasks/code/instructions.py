"""Instructions in English and the Python expressions that they mean, both put together from the same parts.

Two kinds. A selection, from the list `xs` of numbers or the list `words`: what to do (add up), with what of each item (the
squares of), and with which items (above 3). A chain: two or three steps, on the number `n` or the text `s`. A part is one line of
a table, English and Python; {k} stands for a number, {a} and {b} for letters.
"""

from itertools import pairwise
from typing import NamedTuple

from minis2s.data.files import Pair
from minis2s.data.tasks.combinations import Drawn

NUMBERS = tuple(map(str, range(2, 13)))
LETTERS = "a", "e", "i", "n", "o", "r", "s", "t"


class Selection(NamedTuple):
    """Tables from English to Python; {} is what an end is applied to, a list. No map and no condition are "" in English."""

    items: str
    collection: str
    item: str
    ends: dict
    maps: dict
    conditions: dict


class Chain(NamedTuple):
    """The name of a value, and a table of what can be done to it: English to (Python, its strength, the strength that {} needs).

    {} is the value so far, which goes into brackets if it is weaker: strengths are 1 for + and -, 2 for *, // and %, 3 for -n,
    4 for **, 5 for what is closed.
    """

    name: str
    steps: dict


_ENDS = {
    "list": "{}",
    "sort": "sorted({})",
    "sort downwards": "sorted({})[::-1]",
    "collect without repetition": "set({})",
    "count": "len({})",
}
XS = Selection(
    "numbers", "xs", "x",
    {**_ENDS, "add up": "sum({})", "find the largest of": "max({}, default=0)", "find the smallest of": "min({}, default=0)"},
    {
        "": "x",
        "the squares of": "x**2",
        "the cubes of": "x**3",
        "the doubles of": "2 * x",
        "the halves of": "x // 2",
        "the negatives of": "-x",
        "the absolute values of": "abs(x)",
        "{k} more than": "x + {k}",
        "{k} less than": "x - {k}",
        "{k} times": "{k} * x",
        "the remainders by {k} of": "x % {k}",
    },
    {
        "": "",
        "that are even": "x % 2 == 0",
        "that are odd": "x % 2 == 1",
        "that are positive": "x > 0",
        "that are negative": "x < 0",
        "above {k}": "x > {k}",
        "below {k}": "x < {k}",
        "from {k} upwards": "x >= {k}",
        "up to {k}": "x <= {k}",
        "other than {k}": "x != {k}",
        "divisible by {k}": "x % {k} == 0",
    },
)  # fmt: skip
WORDS = Selection(
    "words", "words", "w",
    _ENDS,
    {
        "": "w",
        "the upper-case forms of": "w.upper()",
        "the title-case forms of": "w.title()",
        "the lengths of": "len(w)",
        "the reverses of": "w[::-1]",
        "the first letters of": "w[0]",
        "the last letters of": "w[-1]",
        "the first {k} letters of": "w[:{k}]",
        "how often {a} occurs in": 'w.count("{a}")',
    },
    {
        "": "",
        "longer than {k}": "len(w) > {k}",
        "shorter than {k}": "len(w) < {k}",
        "with {a}": '"{a}" in w',
        "without {a}": '"{a}" not in w',
        "that start with {a}": 'w[0] == "{a}"',
        "that end with {a}": 'w[-1] == "{a}"',
        "in small letters": "w.islower()",
    },
)  # fmt: skip
N = Chain("n", {
    "add {k}": ("{} + {k}", 1, 1),
    "subtract {k}": ("{} - {k}", 1, 1),
    "multiply it by {k}": ("{} * {k}", 2, 2),
    "divide it by {k}": ("{} // {k}", 2, 2),
    "take the remainder by {k}": ("{} % {k}", 2, 2),
    "negate it": ("-{}", 3, 3),
    "square it": ("{}**2", 4, 5),
    "cube it": ("{}**3", 4, 5),
    "take the absolute value": ("abs({})", 5, 0),
})  # fmt: skip
S = Chain("s", {
    "put it in capitals": ("{}.upper()", 5, 5),
    "put it in small letters": ("{}.lower()", 5, 5),
    "reverse it": ("{}[::-1]", 5, 5),
    "keep the first {k} letters": ("{}[:{k}]", 5, 5),
    "drop the first {k} letters": ("{}[{k}:]", 5, 5),
    "keep the last {k} letters": ("{}[-{k}:]", 5, 5),
    "replace {a} by {b}": ('{}.replace("{a}", "{b}")', 5, 5),
    "append {a}": ('{} + "{a}"', 1, 1),
    "repeat it {k} times": ("{} * {k}", 2, 2),
})  # fmt: skip

FAMILIES = {}
for _each in (XS, WORDS):
    FAMILIES |= {
        f"{_each.items}: end-map": (tuple(_each.ends), tuple(_each.maps)),
        f"{_each.items}: end-condition": (tuple(_each.ends), tuple(_each.conditions)),
        f"{_each.items}: map-condition": (tuple(_each.maps), tuple(_each.conditions)),
    }
for _each in (N, S):
    FAMILIES[f"{_each.name}: step-step"] = tuple(_each.steps), tuple(_each.steps)
_PARTS = [part for table in (XS.maps, XS.conditions, WORDS.maps, WORDS.conditions, N.steps, S.steps) for part in table]
FAMILIES["part-number"] = tuple(part for part in _PARTS if "{k}" in part), NUMBERS


def instruction(draw):
    """A Drawn instruction with its expression."""
    return draw.weighted({_selection: 0.6, _chain: 0.4})(draw)


def _selection(draw):
    kind = draw.pick((XS, XS, XS, WORDS, WORDS))
    end, map_, condition = (draw.deal((kind.items, i), tuple(table)) for i, table in enumerate(kind[3:]))
    pairs = {"end-map": (end, map_), "end-condition": (end, condition), "map-condition": (map_, condition)}
    found = {(f"{kind.items}: {family}", *pair) for family, pair in pairs.items()}
    of_each, of_each_python = _filled(draw, map_, kind.maps[map_], found)
    which, which_python = _filled(draw, condition, kind.conditions[condition], found)
    python = f"[{of_each_python} for {kind.item} in {kind.collection}" + f" if {which_python}" * bool(which) + "]"
    if not (map_ or condition):
        python = kind.collection
    english = " ".join(filter(None, (end, of_each, "the", kind.items, which)))
    return Drawn(Pair(english.capitalize(), kind.ends[end].format(python)), frozenset(found), frozenset(found))


def _chain(draw):
    kind = draw.pick((N, S))
    steps = [draw.deal(kind.name, tuple(kind.steps)) for _ in range(draw.pick((2, 2, 3)))]
    found = {(f"{kind.name}: step-step", *two) for two in pairwise(steps)}
    english, python, strength = [], kind.name, 5
    for step in steps:
        form, new, needed = kind.steps[step]
        text, form = _filled(draw, step, form.replace("{}", "{value}"), found)
        english.append(text)
        python = form.replace("{value}", python if strength >= needed else f"({python})")
        strength = new
    text = f"Take {kind.name}, {', '.join(english[:-1])} and {english[-1]}"
    return Drawn(Pair(text, python), frozenset(found), frozenset(found))


def _filled(draw, english, python, found):
    """Both with a number and letters in their places; a number's combination is added to `found`."""
    letters = [draw.deal("letter", LETTERS) for _ in "ab"]
    values = {"k": draw.deal(english, NUMBERS), "a": letters[0], "b": letters[1]}
    if "{k}" in english:
        found.add(("part-number", english, values["k"]))
    for name, value in values.items():
        english, python = (text.replace("{" + name + "}", value) for text in (english, python))
    return english, python

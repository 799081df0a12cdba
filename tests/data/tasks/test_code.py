"""Instructions carried out by hand in another way; the judge; what is held out."""

import ast
import re
from itertools import pairwise

import pytest

from minis2s.data.tasks import code
from minis2s.data.tasks.code.evaluator import evaluate, same
from minis2s.data.tasks.code.instructions import FAMILIES

# What each part means, in Python written once more: of an item, or of the value so far.
MAPS = {
    "the squares of": lambda x, k: x * x,
    "the cubes of": lambda x, k: x * x * x,
    "the doubles of": lambda x, k: x + x,
    "the halves of": lambda x, k: divmod(x, 2)[0],
    "the negatives of": lambda x, k: 0 - x,
    "the absolute values of": lambda x, k: max(x, 0 - x),
    "K more than": lambda x, k: k + x,
    "K less than": lambda x, k: 0 - k + x,
    "K times": lambda x, k: sum([x] * k),
    "the remainders by K of": lambda x, k: divmod(x, k)[1],
    "the upper-case forms of": lambda w, k: "".join(map(str.upper, w)),
    "the title-case forms of": lambda w, k: w[:1].upper() + w[1:].lower(),
    "the lengths of": lambda w, k: sum(1 for _ in w),
    "the reverses of": lambda w, k: "".join(reversed(w)),
    "the first letters of": lambda w, k: next(iter(w)),
    "the last letters of": lambda w, k: next(reversed(w)),
    "the first K letters of": lambda w, k: "".join(letter for at, letter in enumerate(w) if at < k),
    "how often L occurs in": lambda w, letter: sum(each == letter for each in w),
}
CONDITIONS = {
    "that are even": lambda x, k: not x & 1,
    "that are odd": lambda x, k: bool(x & 1),
    "that are positive": lambda x, k: x >= 1,
    "that are negative": lambda x, k: x <= -1,
    "above K": lambda x, k: x >= k + 1,
    "below K": lambda x, k: x <= k - 1,
    "from K upwards": lambda x, k: not x < k,
    "up to K": lambda x, k: not x > k,
    "other than K": lambda x, k: not x == k,
    "divisible by K": lambda x, k: x // k * k == x,
    "longer than K": lambda w, k: len(w) >= k + 1,
    "shorter than K": lambda w, k: len(w) <= k - 1,
    "with L": lambda w, letter: letter in set(w),
    "without L": lambda w, letter: letter not in set(w),
    "that start with L": lambda w, letter: w[0] == letter,
    "that end with L": lambda w, letter: w[-1] == letter,
    "in small letters": lambda w, k: all("a" <= letter <= "z" for letter in w),
}
ENDS = {
    "list": lambda items: items,
    "sort": sorted,
    "sort downwards": lambda items: sorted(items)[::-1],
    "collect without repetition": lambda items: set(items),
    "count": lambda items: sum(1 for _ in items),
    "add up": lambda items: sum(items),
    "find the largest of": lambda items: sorted(items)[-1] if items else 0,
    "find the smallest of": lambda items: sorted(items)[0] if items else 0,
}
STEPS = {
    "add K": lambda v, k: v + k,
    "subtract K": lambda v, k: v - k,
    "multiply it by K": lambda v, k: v * k,
    "divide it by K": lambda v, k: divmod(v, k)[0],
    "take the remainder by K": lambda v, k: divmod(v, k)[1],
    "negate it": lambda v, k: 0 - v,
    "square it": lambda v, k: v * v,
    "cube it": lambda v, k: v * v * v,
    "take the absolute value": lambda v, k: max(v, 0 - v),
    "put it in capitals": lambda v, k: "".join(map(str.upper, v)),
    "put it in small letters": lambda v, k: "".join(map(str.lower, v)),
    "reverse it": lambda v, k: "".join(reversed(v)),
    "keep the first K letters": lambda v, k: "".join(list(v)[:k]),
    "drop the first K letters": lambda v, k: "".join(list(v)[k:]),
    "keep the last K letters": lambda v, k: "".join(reversed(list(reversed(v))[:k])),
    "replace L by M": lambda v, letters: "".join(letters[1] if each == letters[0] else each for each in v),
    "append L": lambda v, letter: f"{v}{letter}",
    "repeat it K times": lambda v, k: "".join([v] * k),
}


@pytest.fixture(scope="module")
def splits():
    return code.generate(0)


def patterns(table):
    """[(regular expression, what to do)], longest first."""
    keys = sorted(table, key=len, reverse=True)
    return [(re.compile(re.sub(r"\b[KLM]\b", lambda m: r"(\d+)" if m[0] == "K" else "([a-z])", key)), table[key]) for key in keys]


def parse(text, table):
    """(what to do, its argument) of a part of an instruction, or None."""
    for pattern, do in patterns(table):
        if match := pattern.fullmatch(text):
            found = [int(each) if each.isdigit() else each for each in match.groups()]
            return do, (found[0] if len(found) == 1 else found or None)
    return None


def carry_out(instruction, given):
    """The value of an English instruction, without any Python expression."""
    if match := re.fullmatch(r"Take (n|s), (.*) and (.*)", instruction):
        value = given[match[1]]
        for step in [*match[2].split(", "), match[3]]:
            do, argument = parse(step, STEPS)
            value = do(value, argument)
        return value
    start, kind, which = re.fullmatch(r"(.*)\bthe (numbers|words)\b ?(.*)", instruction).groups()
    items = given["xs" if kind == "numbers" else "words"]
    if which:
        holds, argument = parse(which, CONDITIONS)
        items = [item for item in items if holds(item, argument)]
    start = start.strip()
    start = start[0].lower() + start[1:]
    end = next(end for end in sorted(ENDS, key=len, reverse=True) if start.startswith(end))
    if of_each := start.removeprefix(end).strip():
        do, argument = parse(of_each, MAPS)
        items = [do(item, argument) for item in items]
    return ENDS[end](items)


def test_expressions_do_what_the_instructions_say(splits):
    tried = list(code.inputs())
    for pair in splits.test + splits.train[:1500]:
        for given in tried[::3]:
            assert same(evaluate(pair.target, given), carry_out(pair.source, given)), (pair, given)


def test_expressions_are_written_as_people_write_them(splits):
    """No bracket too many, no space missing: as Python itself would write the tree, but for spaces around ** and quotes."""
    for pair in splits.test:
        assert ast.unparse(ast.parse(pair.target)).replace(" ** ", "**").replace("'", '"') == pair.target


def test_the_judge_asks_for_values_not_for_spelling():
    def equal(one, other):
        return code.equal(one, other, list(code.inputs()))

    assert equal("sum([x**2 for x in xs if x > 3])", "sum(y * y for y in xs if not y <= 3)")
    assert equal("len(words)", "sum(1 for w in words)")
    assert not equal("sum([x for x in xs if x > 3])", "sum([x for x in xs if x > 4])")
    assert not equal("sorted(xs)", "xs")
    assert not equal("set(xs)", "xs")
    assert not equal("len(xs)", "1 // 0")
    assert not equal("len(xs)", "len(xs")
    assert not equal("n % 7", "__import__('os').getpid()")


def test_the_inputs_tell_every_two_expressions_apart(splits):
    """No two targets with different values anywhere are equal on all inputs, as far as the inputs of another draw can tell."""
    pairs = splits.test[:300]
    wrong = [other.target for other in pairs[1:] + pairs[:1]]
    assert code.judge(pairs, wrong)["evaluates_equal"] < 1
    assert code.judge(pairs, [pair.target for pair in pairs]) == {"evaluates_equal": 100.0}
    for n in range(2, 13):  # near misses in the number alone
        for form in ("[x for x in xs if x > {}]", "[w for w in words if len(w) < {}]", "s[:{}]", "n // {}"):
            assert not code.equal(form.format(n), form.format(n + 1), list(code.inputs())), (form, n)


def parts(instruction):
    """The parts of an instruction and their numbers, from its text."""
    if match := re.fullmatch(r"Take (n|s), (.*) and (.*)", instruction):
        steps = [*match[2].split(", "), match[3]]
        return [*pairwise(steps)], steps
    start, kind, which = re.fullmatch(r"(.*)\bthe (numbers|words)\b ?(.*)", instruction).groups()
    start = start.strip()[0].lower() + start.strip()[1:]
    end = next(end for end in sorted(ENDS, key=len, reverse=True) if start.startswith(end))
    map_ = start.removeprefix(end).strip()
    three = (kind, end), ("of each", map_), ("which", which)
    return [(one, other) for at, one in enumerate(three) for other in three[at + 1 :]], [map_, which]


def combinations(instruction):
    twos, singles = parts(instruction)

    def general(text):
        if isinstance(text, tuple):
            return tuple(map(general, text))
        return re.sub(r"\b[a-z]\b", "L", re.sub(r"\d+", "K", text))

    numbers = {(general(each), re.search(r"\d+", each)[0]) for each in singles if re.search(r"\d+", each)}
    return {(general(one), general(other)) for one, other in twos} | numbers


def test_combinations_of_test_are_new(splits):
    train, dev, test = ([combinations(pair.source) for pair in part] for part in splits)
    shown = set.union(*train)
    new_dev, new_test = (set.union(*part) - shown for part in (dev, test))
    assert new_dev.isdisjoint(new_test) and len(new_test) >= 20
    assert all(each & new_dev and not each & new_test for each in dev)
    assert all(each & new_test and not each & new_dev for each in test)


def test_every_part_has_a_family():
    for table in (MAPS, CONDITIONS, STEPS, ENDS):
        for part in table:
            form = part.replace("K", "{k}").replace("L", "{a}").replace("M", "{b}")
            assert any(form in side for family in FAMILIES.values() for side in family), part

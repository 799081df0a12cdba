"""Sentences with "to be", which Chinese says in five ways.

很 joins a quality (她很高; no "is", and the 很 goes when it is denied, asked or compared), 是 an identity (她是医生),
是 … 的 a colour, 在 a place (书在桌子上), and 有 says what there is (桌子上有一本书).
"""

from minis2s.data.tasks.translation.clauses import Sentence
from minis2s.data.tasks.translation.english import article, be, negated, sentence
from minis2s.data.tasks.translation.lexicon import ADVERBS
from minis2s.data.tasks.translation.phrases import counted

THIS = {"this": ("这", "he"), "that": ("那", "he"), "these": ("这些", "they"), "those": ("那些", "they")}


def _be(subject, takes, rest, negative=False, contracted=False, whether=False, past=False, adverb=""):
    """subject be (not) rest; turned round in a question."""
    verb = be(takes, past)
    if whether:
        return sentence(verb, subject, adverb, rest)
    return sentence(subject, negated(verb, contracted) if negative else verb, adverb, rest)


def quality(subject, adjective, degree="", negative=False, contracted=False, whether=False, adverb="", time=None):
    """She is (very, too, not, not very) tall (yesterday): 她昨天很高. `degree`: "", very or too; `time` makes it past."""
    text = _be(subject.as_subject, subject.takes, sentence(degree, adjective.english, time.english if time else ""),
               negative, contracted, whether, time is not None, adverb)  # fmt: skip
    chinese = subject.chinese + (time.chinese if time else "") + ADVERBS.get(adverb, "")
    chinese += _degree(adjective.chinese, degree, negative, whether) + ("吗" if whether else "")
    found = {("adjective-noun", adjective.chinese, head) for head in subject.heads}
    if time:
        found |= {("subject-time", head, time.chinese) for head in subject.heads}
    return Sentence(text, chinese, "quality", frozenset(found.union(subject.combinations)), whether)


def _degree(adjective, degree="", negative=False, whether=False):
    if negative:
        # 有礼貌 has 有 in it, so 没 denies it; "not very" is 不太 for all.
        return "不太" + adjective if degree == "very" else ("没" if adjective.startswith("有") else "不") + adjective
    if degree == "too":
        return f"太{adjective}了"
    return ("非常" if degree == "very" else "" if whether else "很") + adjective


def colour(subject, entry, negative=False, contracted=False, whether=False):
    """That car is (not) red: 那辆车是红色的."""
    text = _be(subject.as_subject, subject.takes, entry.english, negative, contracted, whether)
    chinese = f"{subject.chinese}{'不' if negative else ''}是{entry.chinese}的{'吗' if whether else ''}"
    found = {("adjective-noun", entry.chinese, head) for head in subject.heads}
    return Sentence(text, chinese, "colour", frozenset(found.union(subject.combinations)), whether)


def weather(english, chinese, degree="", negative=False, whether=False, place=None, time=None, past=False):
    """It is cold in Beijing, it was cold yesterday: 北京很冷, 昨天很冷. Either a place or a time."""
    where = f"{place.preposition} {place.english}" if place else time.english
    text = _be("it", "he", sentence(degree, english, where), negative, False, whether, past)
    here = place.chinese if place else time.chinese
    found = frozenset([("adjective-noun", chinese, here)])
    answer = here + _degree(chinese, degree, negative, whether) + ("吗" if whether else "")
    return Sentence(text, answer, "weather", found, whether)


def comparison(first, adjective, second, how="more", contracted=False, whether=False):
    """Tom is taller than Mary, as tall as Mary, not as tall as Mary: 汤姆比玛丽高, 和玛丽一样高, 没有玛丽高."""
    if how == "more":
        rest, chinese = f"{adjective.comparative} than", f"比{second.chinese}{adjective.chinese}"
    elif how == "same":
        rest, chinese = f"as {adjective.english} as", f"和{second.chinese}一样{adjective.chinese}"
    else:
        rest, chinese = f"as {adjective.english} as", f"没有{second.chinese}{adjective.chinese}"
    text = _be(first.as_subject, first.takes, f"{rest} {second.english}", how == "less", contracted, whether)
    heads = first.heads + second.heads
    found = {("adjective-noun", adjective.chinese, head) for head in heads}
    found = found.union(first.combinations, second.combinations)
    return Sentence(text, f"{first.chinese}{chinese}{'吗' if whether else ''}", "comparison", frozenset(found), whether)


def profession(subject, worker, adjective=None, negative=False, contracted=False, whether=False):
    """She is a doctor, a good doctor; they are doctors: 她是医生, 她是一位好医生, 他们是医生."""
    found = {("subject-job", head, worker.chinese) for head in subject.heads}
    if adjective:
        what = counted(worker, "a", adjective)
        job, chinese = what.english, what.chinese
        found = found.union(what.combinations)
    else:
        job = worker.plural if subject.plural else f"{article(worker.english)} {worker.english}"
        chinese = worker.chinese
    text = _be(subject.as_subject, subject.takes, job, negative, contracted, whether)
    said = f"{subject.chinese}{'不' if negative else ''}是{chinese}{'吗' if whether else ''}"
    return Sentence(text, said, "profession", frozenset(found.union(subject.combinations)), whether)


def identity(word, thing, negative=False, contracted=False, whether=False):
    """This is my book: 这是我的书. `word`: this, that, these or those."""
    chinese, takes = THIS[word]
    text = _be(word, takes, thing.english, negative, contracted, whether)
    said = f"{chinese}{'不' if negative else ''}是{thing.chinese}{'吗' if whether else ''}"
    return Sentence(text, said, "identity", frozenset(thing.combinations), whether)


def whose(word, noun):
    """Whose book is this? 这是谁的书？"""
    chinese, takes = THIS[word]
    thing = noun.plural if takes == "they" else noun.english
    return Sentence(f"whose {thing} {be(takes)} {word}", f"{chinese}是谁的{noun.chinese}", "whose", frozenset(), True)


def what_is(word):
    """What is this? 这是什么？"""
    chinese, takes = THIS[word]
    return Sentence(f"what {be(takes)} {word}", f"{chinese}是什么", "what is", frozenset(), True)


def who_is(person):
    """Who is that doctor? 那位医生是谁？"""
    text = f"who {be(person.takes)} {person.as_subject}"
    return Sentence(text, f"{person.chinese}是谁", "who is", frozenset(person.combinations), True)


def where_is(thing):
    """Where is my book? 我的书在哪里？"""
    text = f"where {be(thing.takes)} {thing.as_subject}"
    return Sentence(text, f"{thing.chinese}在哪里", "where is", frozenset(thing.combinations), True)


def located(thing, english, chinese, negative=False, contracted=False, whether=False):
    """My book is on the table: 我的书在桌子上."""
    text = _be(thing.as_subject, thing.takes, english, negative, contracted, whether)
    said = f"{thing.chinese}{'不' if negative else ''}在{chinese}{'吗' if whether else ''}"
    found = {("thing-spot", head, chinese) for head in thing.heads}
    return Sentence(text, said, "located", frozenset(found.union(thing.combinations)), whether)


def existence(thing, english, chinese, negative=False, whether=False):
    """There are two cats, are there cats, there are no cats under the table: 桌子下面有两只猫, 有猫吗, 没有猫."""
    verb = be(thing.takes)
    start = f"{verb} there" if whether else f"there {verb} no" if negative else f"there {verb}"
    said = f"{chinese}{'没' if negative else ''}有{thing.chinese}{'吗' if whether else ''}"
    found = {("thing-spot", head, chinese) for head in thing.heads}
    text = f"{start} {thing.english} {english}"
    return Sentence(text, said, "existence", frozenset(found.union(thing.combinations)), whether)

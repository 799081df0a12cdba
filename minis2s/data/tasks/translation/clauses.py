"""A clause with a verb, said in English and in Chinese from the same description.

What the pair teaches a translator: English puts auxiliary and question word first and changes the verb's form; Chinese
leaves the question word where the answer would stand, puts time and place before the verb, and marks aspect with
了, 过 and 正在. No word order is copied.
"""

from typing import NamedTuple

from minis2s.data.tasks.translation import english
from minis2s.data.tasks.translation.lexicon import ADVERBS, Modal, Place, Time, Verb
from minis2s.data.tasks.translation.phrases import WHERE, Phrase


class Sentence(NamedTuple):
    """A pair without capital and end mark. `kind` names the pattern; `combinations` are (family, word, word)."""

    english: str
    chinese: str
    kind: str
    combinations: frozenset
    question: bool = False


class Clause(NamedTuple):
    """Who does what, where, when and how. An `asks` phrase as subject, object or place makes it a question."""

    subject: Phrase
    verb: Verb
    object: Phrase | None = None
    aspect: str = "h"  # h present, p past, e experience, g progressive, m with `modal`
    modal: Modal | None = None
    negative: bool = False
    contracted: bool = False  # don't for do not
    adverb: str = ""
    place: Place | None = None
    time: Time | None = None
    time_first: bool = False
    where: bool = False
    why: bool = False
    whether: bool = False  # a yes-no question

    @property
    def question(self):
        asked = self.where or self.why or self.whether or self.subject.asks
        return bool(asked or (self.object and self.object.asks))


def say(clause, kind="verb"):
    """The Sentence of a Clause."""
    return Sentence(_english(clause), _chinese(clause), kind, frozenset(_combinations(clause)), clause.question)


def _english(c):
    inverted = c.question and not c.subject.asks
    auxiliary, verb = _verb_group(c, needs_auxiliary=inverted or c.negative)
    adverb = "ever" if c.aspect == "e" and c.whether else c.adverb
    negative_adverb = ""
    if c.negative and c.aspect == "e":
        adverb = english.sentence(c.adverb, "never")  # has also never been
    elif c.negative:
        auxiliary = english.negated(auxiliary, c.contracted or inverted)
        adverb, negative_adverb = "", c.adverb  # he also does not swim
    object_ = place = front = ""
    if c.object and c.object.asks:
        front = c.object.english
        if c.object is WHERE:  # where does he live, without "in"
            verb = verb.rsplit(" ", 1)[0]
    elif c.object:
        object_ = c.object.english
    if c.where or c.why:
        front = "where" if c.where else "why"
    if c.place:
        place = f"{c.place.preposition} {c.place.english}"
    time = c.time.english if c.time else ""
    start = english.sentence(front, auxiliary) if inverted else ""
    middle = english.sentence(negative_adverb, "" if inverted else auxiliary, adverb)
    ending = english.sentence(verb, object_, place, "" if c.time_first else time)
    return english.sentence(time if c.time_first else "", start, c.subject.as_subject, middle, ending)


def _verb_group(c, needs_auxiliary):
    """The auxiliary ("" where none is needed) and the verb in the form that goes with it."""
    who, verb = c.subject.takes, c.verb.english
    if c.aspect == "e":
        return english.have(who), english.participle(verb)
    if c.aspect == "g":
        return english.be(who), english.progressive(verb)
    if c.modal and "a" in c.modal.uses:
        return c.modal.english, verb
    if c.modal:  # want to eat: want is an ordinary verb in the present
        verb = f"{c.modal.english} {verb}"
    if needs_auxiliary:
        return english.do(who, past=c.aspect == "p"), verb
    if c.aspect == "p":
        return "", english.past(verb)
    return "", english.third_person(verb) if who == "he" else verb


def _chinese(c):
    place = "在哪里" if c.where else f"在{c.place.chinese}" if c.place else ""
    time = c.time.chinese if c.time else ""
    return "".join((
        time if c.time_first else "",
        c.subject.chinese,
        "" if c.time_first else time,
        "为什么" if c.why else "",
        ADVERBS.get(c.adverb, ""),
        _before_verb(c, place),
        c.verb.chinese,
        _after_verb(c),
        "吗" if c.whether and not (c.object and c.object.choice) else "",
    ))  # fmt: skip


def _before_verb(c, place):
    """Negation, modal verb and place, in this order; 正在 and 在 + place share their 在."""
    if c.aspect == "g":
        return ("没" if c.negative else "正") + (place or "在")
    # 没 denies that something happened, and the verb 有; 不 denies habits, states, will and ability.
    negation = "没" if c.aspect in "pe" or c.verb.chinese == "有" else "不"
    return (negation if c.negative else "") + _modal(c) + place


def _modal(c):
    if c.aspect != "m":
        return ""
    return "会" if c.modal.english == "can" and "s" in c.verb.uses else c.modal.chinese


def _after_verb(c):
    """The object with the particle: 过 follows the verb; 了 follows it before something particular (买了一本书,
    买了那本书), and ends the sentence after a kind or nothing (看书了). Negation leaves no 了."""
    thing = c.object.chinese if c.object else ""
    if c.aspect == "e":
        return "过" + thing
    if c.aspect != "p" or c.negative:
        return thing
    return "了" + thing if c.object and not c.object.general else thing + "了"


def _combinations(c):
    yield from c.subject.combinations
    if c.time:
        yield from (("subject-time", head, c.time.chinese) for head in c.subject.heads)
    if c.place:
        yield "verb-place", c.verb.chinese, c.place.chinese
    if c.object:
        yield from c.object.combinations
        yield from (("verb-object", c.verb.chinese, head) for head in c.object.heads)

"""Noun phrases in both languages side by side.

A phrase records the combinations inside it, by their Chinese words (English has several forms of each), so that those
which are held out can be kept from training: `("owner-noun", "我", "猫")` for my cat and my cats.
"""

from typing import NamedTuple

from minis2s.data.tasks.translation.english import article
from minis2s.data.tasks.translation.lexicon import NUMERALS, PRONOUNS

_DEMONSTRATIVES = {"this": "这", "that": "那", "these": "这些", "those": "那些"}


class Phrase(NamedTuple):
    """A noun phrase. `heads` are the Chinese words that it is about, two for "Tom and Mary"."""

    english: str  # as an object: me
    chinese: str
    heads: tuple[str, ...]
    sort: str
    plural: bool = False
    subject: str = ""  # as a subject, where that is another word: I
    agreement: str = ""  # the verb forms it takes, where number does not tell: I, he, they
    general: bool = False  # a kind, not particular things: books, music
    asks: bool = False  # what, who
    choice: bool = False  # tea or coffee?
    combinations: tuple = ()

    @property
    def as_subject(self):
        return self.subject or self.english

    @property
    def takes(self):
        """The verb forms that it takes as a subject: those of I, he or they."""
        return self.agreement or ("they" if self.plural else "he")


WHAT = Phrase("what", "什么", (), "thing", asks=True)
WHO = Phrase("who", "谁", (), "person", asks=True)
WHERE = Phrase("where", "哪里", (), "place", asks=True)


def pronoun(entry):
    """I / me, 我."""
    plural = entry.subject in ("we", "they")
    return Phrase(entry.object, entry.chinese, (entry.chinese,), "person", plural, entry.subject, entry.agreement)


def name(english, chinese):
    """Tom, 汤姆."""
    return Phrase(english, chinese, (chinese,), "person")


class Owner(NamedTuple):
    """my, Tom's; whose."""

    english: str
    chinese: str
    single: bool  # my, not our


OWNERS = tuple(Owner(each.possessive, each.chinese, each.subject not in ("we", "they")) for each in PRONOUNS)


def owner_named(english, chinese):
    """Tom's, 汤姆的."""
    return Owner(f"{english}'s", chinese, False)


def owned(owner, noun, plural=False, kin=False):
    """my cats, 我的猫; but 我妈妈: one's family goes without 的 after a single pronoun."""
    chinese = owner.chinese + ("" if kin and owner.single else "的") + noun.chinese
    found = (("owner-noun", owner.chinese, noun.chinese),)
    english = f"{owner.english} {noun.plural if plural else noun.english}"
    return Phrase(english, chinese, (noun.chinese,), noun.sort, plural, combinations=found)


def kind(noun):
    """Things in general: books, music."""
    english = noun.plural or noun.english
    return Phrase(english, noun.chinese, (noun.chinese,), noun.sort, plural=bool(noun.plural), general=True)


def definite(noun):
    """the teacher, 老师: Chinese has no article."""
    return Phrase(f"the {noun.english}", noun.chinese, (noun.chinese,), noun.sort)


def definite_plural(person):
    """the students, 学生们."""
    return Phrase(f"the {person.plural}", f"{person.chinese}们", (person.chinese,), "person", plural=True)


def pointed(noun, word):
    """this book, 这本书; those books, 那些书 (some is a measure word of its own)."""
    plural = word in ("these", "those")
    measure = "" if plural else noun.measure
    english = f"{word} {noun.plural if plural else noun.english}"
    return Phrase(english, _DEMONSTRATIVES[word] + measure + noun.chinese, (noun.chinese,), noun.sort, plural)


def counted(noun, numeral, adjective=None):
    """three new books, 三本新书; a cup of tea, 一杯茶; many books, 很多书."""
    plural = numeral != "a"
    thing = noun.plural if plural and noun.plural else noun.english
    measure = "" if numeral in ("many", "some") else noun.measure
    if measure and not noun.plural:
        thing = f"{noun.unit}{'s' if plural and noun.unit != 'glass' else 'es' if plural else ''} of {thing}"
    found = (("numeral-noun", NUMERALS[numeral], noun.chinese),)
    quality = ""
    if adjective:
        thing, quality = f"{adjective.english} {thing}", adjective.attributive
        found += (("adjective-noun", adjective.chinese, noun.chinese),)
    english = f"{article(thing) if numeral == 'a' else numeral} {thing}"
    chinese = NUMERALS[numeral] + measure + quality + noun.chinese
    return Phrase(english, chinese, (noun.chinese,), noun.sort, plural, combinations=found)


def how_many(noun):
    """how many books, 几本书."""
    return Phrase(f"how many {noun.plural}", f"几{noun.measure}{noun.chinese}", (noun.chinese,), noun.sort, True, asks=True)


def which(noun):
    """which book, 哪本书."""
    return Phrase(f"which {noun.english}", f"哪{noun.measure}{noun.chinese}", (noun.chinese,), noun.sort, asks=True)


def place(entry):
    """A place as an object: (go to) the library, 图书馆. In general, as a book is: 去图书馆了."""
    sort = "city" if "city" in entry.groups else "place"
    return Phrase(entry.english, entry.chinese, (entry.chinese,), sort, general=True)


def both(first, second):
    """Tom and Mary, 汤姆和玛丽."""
    return Phrase(
        f"{first.english} and {second.english}",
        f"{first.chinese}和{second.chinese}",
        first.heads + second.heads,
        first.sort,
        plural=True,
        subject=f"{first.as_subject} and {second.as_subject}",
        general=first.general,
        combinations=first.combinations + second.combinations,
    )


def either(first, second):
    """tea or coffee (a question that offers a choice), 茶还是咖啡."""
    english, chinese = f"{first.english} or {second.english}", f"{first.chinese}还是{second.chinese}"
    return both(first, second)._replace(english=english, chinese=chinese, choice=True)

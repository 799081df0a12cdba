"""Drawing words so that all of them are learnt: by dealing from shuffled decks, every card once before any comes twice."""

from functools import cache

from minis2s.data.tasks.translation import lexicon, phrases

CONTRACTED = 0.4  # of the negations: don't for do not
_BLOCK = 4096
# "The doctor" is 医生, one whom both know; the farmer would be 农民, which reads as farmers in general.
_ROLES = ("teacher", "doctor", "lawyer", "manager", "nurse", "driver", "chef", "waiter")


class Draw:
    """Chance from a numpy Generator, drawn in blocks: a call for each single number would take most of the time."""

    def __init__(self, rng):
        self._rng, self._numbers, self._decks = rng, [], {}

    def chance(self, probability):
        return self._number() < probability

    def pick(self, cards):
        return cards[int(self._number() * len(cards))]

    def deal(self, name, cards):
        """The next card of the deck called `name`; `cards`, always the same for a name, are shuffled when it is empty."""
        deck = self._decks.setdefault(name, [])
        if not deck:
            deck += [cards[at] for at in self._rng.permutation(len(cards))]
        return deck.pop()

    def weighted(self, table):
        """A key of `table` (key: weight), in the long run as often as its weight says."""
        mark = self._number() * sum(table.values())
        for key, weight in table.items():
            mark -= weight
            if mark < 0:
                return key
        return key

    def _number(self):
        if not self._numbers:
            self._numbers = self._rng.random(_BLOCK).tolist()
        return self._numbers.pop()


@cache
def members(entries, sorts):
    """Those of `entries` whose sort, or which themselves, are among `sorts` (apart by commas)."""
    names = set(sorts.split(","))
    return tuple(entry for entry in entries if entry.sort in names or entry.english in names)


@cache
def places(groups):
    """The places that belong to one of the groups (apart by commas)."""
    names = set(groups.split(","))
    return tuple(place for place in lexicon.PLACES if names & set(place.groups.split(",")))


@cache
def things(verb):
    """What `verb` can be done to: nouns, places, and "person". The last counts as eight nouns, money and time as four."""
    sorts = verb.objects.split(",")
    more = ("person",) * 8 if "person" in sorts else members(lexicon.NOUNS, "means") * 3 if "means" in sorts else ()
    return (*members(lexicon.NOUNS, verb.objects), *places(verb.objects), *more)


@cache
def qualities(noun):
    """The adjectives and colours that stand before `noun`."""
    fitting = [each for each in lexicon.ADJECTIVES + lexicon.COLOURS if each.attributive]
    return tuple(each for each in fitting if noun.sort in each.sorts.split(",") or noun.english in each.sorts.split(","))


def owner(draw):
    """my, his, Tom's."""
    if draw.chance(0.85):
        return draw.deal("owner", phrases.OWNERS)
    return phrases.owner_named(*draw.deal("owner by name", tuple(lexicon.NAMES.items())))


def person(draw, first=True):
    """Someone: he, Tom, my mother, that doctor, the students. `first=False`: neither I nor we, for most questions."""
    role = draw.weighted({"pronoun": 0.48, "name": 0.1, "kin": 0.16, "relation": 0.06, "worker": 0.2})
    if role == "pronoun":
        others = tuple(each for each in lexicon.PRONOUNS if each.subject not in ("I", "we"))
        return phrases.pronoun(draw.deal(f"pronoun {first}", lexicon.PRONOUNS if first else others))
    if role == "name":
        return phrases.name(*draw.deal("name", tuple(lexicon.NAMES.items())))
    if role == "kin":
        return phrases.owned(owner(draw), draw.deal("kin", lexicon.KIN), kin=True)
    if role == "relation":
        return phrases.owned(owner(draw), draw.deal("relation", lexicon.RELATIONS), plural=draw.chance(0.3))
    worker = draw.deal("worker", lexicon.WORKERS)
    word = draw.weighted({"the": 0.3, "this": 0.2, "that": 0.25, "these": 0.07, "those": 0.07, "plural": 0.11})
    if word == "the" and worker.english in _ROLES:
        return phrases.definite(worker)
    if word in ("the", "plural"):
        return phrases.definite_plural(worker)
    return phrases.pointed(worker, word)


def subject(draw, first=True):
    """Someone, or two with names: Tom and Mary, Tom and I."""
    if not draw.chance(0.07):
        return person(draw, first=first)
    one = phrases.name(*draw.deal("name", tuple(lexicon.NAMES.items())))
    if first and draw.chance(0.3):
        return phrases.both(one, phrases.pronoun(lexicon.PRONOUNS[0]))
    other = phrases.name(*draw.deal("name", tuple(lexicon.NAMES.items())))
    return one if one == other else phrases.both(one, other)


def amount(draw, noun, adjectives=0.6, one=0.4):
    """a book, three new books, two cups of tea; nobody has nine houses."""
    numerals = tuple(lexicon.NUMERALS)[1:]
    few = noun.sort in ("vehicle", "building", "furniture")
    numeral = "a" if draw.chance(one) else draw.deal(f"numeral {few}", numerals[:2] if few else numerals)
    fitting = qualities(noun) if noun.plural else ()
    adjective = draw.deal(noun, fitting) if fitting and draw.chance(adjectives) else None
    return phrases.counted(noun, numeral, adjective)


def particular(draw, noun, numbers=("this", "that", "these", "those")):
    """this book, my books."""
    if draw.chance(0.6):
        return phrases.pointed(noun, draw.deal("this", numbers))
    return phrases.owned(owner(draw), noun, plural=draw.chance(0.3))


def same_person(first, second):
    """Whether a pronoun would have to become myself, or someone meets himself."""
    ours = {"我", "我们"}
    both_ours = ours & set(first.heads) and ours & set(second.heads)
    return bool(both_ours or set(first.heads) & set(second.heads))

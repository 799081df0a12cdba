"""Patterns of two clauses that follow from each other. Each is a function of a Draw that gives a Sentence, or None."""

from functools import cache

from minis2s.data.tasks.translation import phrases, sampling
from minis2s.data.tasks.translation.clauses import Clause, say
from minis2s.data.tasks.translation.compounds import because_first, but_also, joined
from minis2s.data.tasks.translation.copulas import quality
from minis2s.data.tasks.translation.lexicon import ADJECTIVES, MODALS, NOUNS, PRONOUNS, VERBS

_ADJECTIVE = {each.english: each for each in ADJECTIVES}
_MODAL = {each.english: each for each in MODALS}
_ALONE = {each.english: each for each in VERBS if not each.objects}
_VERB = {each.english: each for each in reversed(VERBS) if each.objects}
_IT = phrases.Phrase("it", "它", (), "thing")

# What one wants, or (busy) cannot do, when one is so.
_MOODS = {
    "hungry": ("want to", "eat"), "tired": ("want to", "sleep", "rest", "go home"), "thirsty": ("want to", "drink"),
    "happy": ("want to", "sing", "dance"), "sad": ("want to", "cry", "go home"),
    "angry": ("want to", "go home"), "busy": ("can", "come", "rest", "walk", "travel"),
}  # fmt: skip
_PLEASANT = ("beautiful", "cheap", "comfortable", "delicious", "fresh", "interesting", "useful", "fast", "cute", "good", "new")
_UNPLEASANT = ("expensive", "heavy", "boring", "difficult", "dirty", "old")
_CONTRARY = ({"new", "old"}, {"cheap", "expensive"}, {"interesting", "boring"}, {"good", "boring"})
_PRAISED = ("smart", "kind", "rich", "friendly", "famous", "young", "strong", "polite")
_PITIED = ("lazy", "busy", "tired", "sad", "angry")


def mood(draw):
    """He is tired so he wants to sleep. She cannot come because she is busy. Because I am hungry I want to eat."""
    adjective = draw.deal("mood", tuple(_MOODS))
    modal, *verbs = _MOODS[adjective]
    english = draw.pick(verbs)
    someone = phrases.pronoun(draw.deal("mood of", PRONOUNS))
    object_ = None
    if english == "drink":
        object_ = phrases.kind(draw.deal("thirst", [each for each in NOUNS if each.sort == "drink"]))
    verb = _VERB["drink"] if object_ else _ALONE[english]
    result = say(Clause(someone, verb, object_, "m", _MODAL[modal], negative=modal == "can",
                        contracted=draw.chance(sampling.CONTRACTED)))
    reason = quality(someone, _ADJECTIVE[adjective], draw.pick(("", "", "very")))
    order = draw.weighted({"so": 0.4, "because": 0.4, "because first": 0.2})
    if order == "because first":
        return because_first(reason, result)
    return joined(reason, "so", result) if order == "so" else joined(result, "because", reason)


def opinion(draw):
    """I like this book because it is interesting. They do not want to buy that car because it is too expensive."""
    negative = draw.chance(0.4)
    adjective = _ADJECTIVE[draw.deal(("opinion", negative), _UNPLEASANT if negative else _PLEASANT)]
    noun = draw.deal(("opinion", adjective), _counted(adjective))
    english, modal = draw.pick((("like", None), ("buy", _MODAL["want to"])))
    verb = _VERB[english]
    if noun not in sampling.things(verb):
        return None
    thing = phrases.pointed(noun, draw.pick(("this", "that")))
    someone = phrases.pronoun(draw.deal("opinion of", PRONOUNS))
    first = say(Clause(someone, verb, thing, "m" if modal else "h", modal, negative, draw.chance(sampling.CONTRACTED)))
    said = quality(_IT, adjective, draw.pick(("", "too" if negative else "very")))
    found = frozenset([("adjective-noun", adjective.chinese, noun.chinese)])
    return joined(first, "because", said, found)


def contrast(draw):
    """She likes tea but she does not like coffee. I like cats but Tom likes dogs."""
    verb = _VERB[draw.weighted({"like": 0.4, "love": 0.4, "hate": 0.1, "understand": 0.1})]
    nouns = [thing for thing in sampling.things(verb) if thing in NOUNS]
    one, other = (draw.deal(("contrast", verb), nouns) for _ in range(2))
    if one.sort != other.sort or one == other:
        return None
    someone = phrases.pronoun(draw.deal("contrast of", PRONOUNS))
    first = say(Clause(someone, verb, phrases.kind(one)))
    if draw.chance(0.5):
        return joined(first, "but", say(Clause(someone, verb, phrases.kind(other), negative=True)))
    another = sampling.subject(draw)
    if sampling.same_person(someone, another):
        return None
    return joined(first, "but", say(Clause(another, verb, phrases.kind(other))))


def two_sided(draw):
    """This car is beautiful but expensive: 这辆车很漂亮，但是很贵."""
    if draw.chance(0.5):
        subject, sides = sampling.person(draw), (_PRAISED, _PITIED)
    else:
        noun = draw.deal("two-sided", [each for each in NOUNS if each.plural])
        subject = sampling.particular(draw, noun)
        sides = [[name for name in side if noun in _counted(_ADJECTIVE[name])] for side in (_PLEASANT, _UNPLEASANT)]
    if not all(sides):
        return None
    one, other = (_ADJECTIVE[draw.pick(side)] for side in sides)
    if {one.english, other.english} in _CONTRARY:
        return None
    return but_also(quality(subject, one), subject, other)


@cache
def _counted(adjective):
    return tuple(noun for noun in sampling.members(NOUNS, adjective.sorts) if noun.plural)

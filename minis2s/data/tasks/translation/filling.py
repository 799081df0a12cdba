"""What a clause with a verb can take besides its verb: an object, a time, a place, an adverb, a modal verb.

The rules keep the sentences sensible in both languages. "Two apples" goes with a past or a wish, hardly with a habit;
a habit has no "last week"; who knows someone does not know him in the kitchen.
"""

from functools import cache

from minis2s.data.tasks.translation import phrases, sampling
from minis2s.data.tasks.translation.lexicon import MODALS, TIMES, Noun, Place

_CAN = next(modal for modal in MODALS if modal.english == "can")  # dealt twice: it is 会 or 能
_HOW_OFTEN = {"h": 0.5, "p": 0.7, "e": 0.35, "g": 0.35, "m": 0.35}  # has a time


def is_state(verb):
    """Whether it is a lasting state (know, have) and not an action: no time, no place, no progressive."""
    return not set("pgm") & set(verb.uses)


def modal_for(draw, aspect):
    """A modal verb where the aspect calls for one."""
    return draw.deal("modal", MODALS + (_CAN,)) if aspect == "m" else None


def set_in(draw, clause, time=None, place=0.3):
    """The clause with a time and a place, if it takes them. `time`, `place`: how often (None: as usual)."""
    verb, aspect = clause.verb, clause.aspect
    if is_state(verb):
        return clause
    often = _HOW_OFTEN[aspect] if time is None else time
    if verb.english == "read" and aspect == "p":
        often = 1  # its past looks like its present: only the time tells
    if draw.chance(often):
        clause = clause._replace(time=_time(draw, clause))
    if verb.places and draw.chance(place):
        clause = clause._replace(place=draw.deal(("place", verb.places), sampling.places(verb.places)))
    return clause


def _time(draw, clause):
    modal = clause.modal
    if modal and ("t" not in modal.uses or (modal.english == "can" and "s" in clause.verb.uses)):
        return None  # 明天会游泳 would say that one will swim tomorrow
    uses = clause.verb.uses
    reach = "day" if "t" in uses else "year" if ("l" if clause.aspect == "p" else "f") in uses else "week"
    time = draw.deal(("time", clause.aspect, reach), _times(clause.aspect, reach))
    never = clause.negative and ("r" in time.uses or clause.aspect == "e")  # "not every day" is another negation
    return None if never else time


@cache
def _times(aspect, reach):
    letter = "f" if aspect == "m" else aspect
    beyond = {"day": "wl", "week": "l", "year": ""}[reach]
    return tuple(time for time in TIMES if letter in time.uses and not set(beyond) & set(time.uses))


def adverb_for(draw, clause):
    """An adverb for a statement that is not denied, or ""."""
    aspect, verb = clause.aspect, clause.verb
    if aspect == "h" and not is_state(verb) and not clause.time and draw.chance(0.75):
        adverb = draw.deal("often", ("often", "always", "usually", "sometimes", "never", "only"))
        if adverb != "only":
            return adverb
        return "only" if clause.object and not clause.place else ""
    if clause.subject.plural and clause.subject.subject not in ("", "you") and aspect != "g" and draw.chance(0.4):
        return together(clause.subject)
    if draw.chance(0.12):
        return "also"
    return "only" if verb.english in ("have", "like", "know", "trust", "want", "need") and draw.chance(0.12) else ""


def together(subject):
    """all or, for Tom and Mary, both."""
    return "both" if len(subject.heads) == 2 else "all"


def with_object(draw, clause, counting=True):
    """The clause with an object that its verb takes, or None where the one drawn does not fit in."""
    verb = clause.verb
    if not verb.objects:
        return clause
    thing = draw.deal(verb, sampling.things(verb))
    if thing == "person":
        someone = sampling.person(draw)
        return None if sampling.same_person(clause.subject, someone) else clause._replace(object=someone)
    if isinstance(thing, Place):
        return clause._replace(object=phrases.place(thing))
    if verb.places == "shop" and not _for_sale(thing, clause.place, clause.time):
        return None
    forms = _forms(clause, thing, counting and not clause.negative)
    if not forms:
        return None
    form = draw.pick(forms)
    if form == "general":
        return clause._replace(object=_kind(draw, clause, thing))
    if form == "particular":
        return clause._replace(object=sampling.particular(draw, thing))
    return clause._replace(object=sampling.amount(draw, thing, one=1 if clause.aspect == "g" else 0.4))


def _for_sale(thing, place, time):
    """Nobody buys a house in the supermarket, or remembers an apple that he bought last year."""
    if thing.sort in ("vehicle", "building", "furniture"):
        return place is None or "city" in place.groups
    return time is None or "l" not in time.uses or thing.sort in ("device", "clothes")


def _forms(clause, thing, counting):
    """Which of general (books), particular (this book) and counted (two books) fit, as often as they should come."""
    verb, aspect = clause.verb, clause.aspect
    forms = [] if "d" in verb.uses else ["general"]
    if clause.modal and clause.modal.english == "like to":
        return forms
    if is_state(verb):
        definite = verb.english != "have"
    elif aspect == "h":  # one reads this book, or two books, every day
        definite = "r" in verb.uses and clause.time is not None and "r" in clause.time.uses
    else:
        definite = True
    if definite and thing.plural:
        forms.append("particular")
    if counting and "q" in verb.uses and thing.measure and aspect != "e" and (definite or verb.english == "have"):
        return [*forms, "counted", "counted"] if thing.plural else ["counted"]  # cups and bowls come with few nouns
    return forms


def _kind(draw, clause, noun):
    """books; at times books and magazines, in a question books or magazines."""
    if draw.chance(0.3 if clause.whether else 0.12) and not clause.place:
        other = draw.deal(clause.verb, sampling.things(clause.verb))
        if isinstance(other, Noun) and other != noun and other.sort == noun.sort:
            pair = phrases.either if clause.whether and clause.aspect in "hm" and draw.chance(0.8) else phrases.both
            return pair(phrases.kind(noun), phrases.kind(other))
    return phrases.kind(noun)

"""Patterns with "to be". Each is a function of a Draw that gives a Sentence, or None."""

from functools import cache

from minis2s.data.tasks.translation import copulas, filling, lexicon, phrases, sampling

_PAST = tuple(time for time in lexicon.TIMES if time.uses == "p")


@cache
def _bearers(adjective):
    """What can be so: nouns, places, and "person" as often as ten nouns."""
    people = ("person",) * 10 if "person" in adjective.sorts.split(",") else ()
    return (*sampling.members(lexicon.NOUNS, adjective.sorts), *sampling.places(adjective.sorts), *people)


def _bearer(draw, adjective, first=True):
    """A phrase for something that can be so: my mother, this car, physics, Beijing."""
    thing = draw.deal(adjective, _bearers(adjective))
    if thing == "person":
        return sampling.subject(draw, first=first)
    if thing in lexicon.PLACES:
        return phrases.place(thing)
    if not thing.plural or (thing.sort in ("fruit", "food") and draw.chance(0.4)):
        return phrases.kind(thing)
    return sampling.particular(draw, thing)


def quality(draw):
    """She is very tall. These apples are not fresh. Is your room quiet? I was busy yesterday."""
    adjective = draw.deal("adjective", lexicon.ADJECTIVES)
    asks = draw.chance(0.15)
    subject = _bearer(draw, adjective, first=not asks)
    if asks:
        return copulas.quality(subject, adjective, whether=True)
    if draw.chance(0.25):
        return copulas.quality(subject, adjective, draw.pick(("", "", "very")), True, draw.chance(sampling.CONTRACTED))
    passing = ("happy", "sad", "tired", "busy", "angry")
    if adjective.english in passing and draw.chance(0.7):
        return copulas.quality(subject, adjective, draw.pick(("", "very")), time=draw.deal("past", _PAST))
    if draw.chance(0.15):
        everyone = subject.plural and subject.subject and draw.chance(0.6)
        return copulas.quality(subject, adjective, adverb=filling.together(subject) if everyone else "also")
    return copulas.quality(subject, adjective, draw.pick(("", "", "very", "too")))


def colour(draw):
    """That car is red."""
    entry = draw.deal("colour", lexicon.COLOURS)
    thing = sampling.particular(draw, draw.deal(entry, sampling.members(lexicon.NOUNS, entry.sorts)))
    way = draw.weighted({"plain": 0.7, "negative": 0.2, "whether": 0.1})
    return copulas.colour(thing, entry, way == "negative", draw.chance(sampling.CONTRACTED), way == "whether")


def weather(draw):
    """It is too cold in Beijing. It was hot yesterday."""
    english, chinese = draw.deal("weather", tuple(lexicon.WEATHER.items()))
    way = draw.weighted({"plain": 0.4, "very": 0.2, "too": 0.1, "negative": 0.15, "whether": 0.15})
    degree = way if way == "very" or (way == "too" and english in ("cold", "hot")) else ""
    place = time = None
    if draw.chance(0.6):
        place = draw.deal("weather in", sampling.places("city,country"))
    else:
        time = draw.deal("weather on", [each for each in lexicon.TIMES if each.english in ("today", "yesterday", "this morning")])
    past = time is not None and "f" not in time.uses
    return copulas.weather(english, chinese, degree, way == "negative", way == "whether", place, time, past)


def comparison(draw):
    """Tom is taller than Mary. This car is not as fast as that car. Is physics as easy as history?"""
    adjective = draw.deal("comparative", tuple(each for each in lexicon.ADJECTIVES if each.comparative))
    asks = draw.chance(0.15)
    thing = draw.deal(adjective, _bearers(adjective))
    if thing == "person":
        first, second = sampling.person(draw, first=not asks), sampling.person(draw)
    elif thing in lexicon.PLACES or not thing.plural:
        other = draw.pick([each for each in _bearers(adjective) if _alike(each, thing)])
        first, second = (phrases.place(each) if each in lexicon.PLACES else phrases.kind(each) for each in (thing, other))
    else:
        first, second = _contrasted(draw, thing)
    if thing == "person" or not getattr(thing, "plural", ""):
        if sampling.same_person(first, second):
            return None
    how = draw.weighted({"more": 0.7, "same": 0.15, "less": 0 if asks else 0.15})
    return copulas.comparison(first, adjective, second, how, draw.chance(sampling.CONTRACTED), asks)


def _alike(one, other):
    """Whether two places, or two fields of study, are compared; not the zoo with physics."""
    if isinstance(one, str):
        return False
    return one in lexicon.PLACES if other in lexicon.PLACES else getattr(one, "sort", "") == other.sort and not one.plural


def _contrasted(draw, noun):
    """this car and that car, my car and your car, apples and oranges."""
    if draw.chance(0.5):
        words = draw.pick((("this", "that"), ("that", "this"), ("these", "those")))
        return tuple(phrases.pointed(noun, word) for word in words)
    one, other = sampling.owner(draw), sampling.owner(draw)
    if one == other:
        return phrases.pointed(noun, "this"), phrases.owned(other, noun)
    return phrases.owned(one, noun), phrases.owned(other, noun)


def profession(draw):
    """She is a doctor. Are they teachers? Linda is a famous singer."""
    way = draw.weighted({"plain": 0.5, "negative": 0.25, "whether": 0.25})
    who = sampling.subject(draw, first=way != "whether")
    worker = draw.deal("profession", lexicon.WORKERS)
    if worker.chinese in who.heads or set(who.heads) & {each.chinese for each in lexicon.WORKERS}:
        return None
    adjective = None
    if not who.plural and who.subject != "I" and way == "plain" and draw.chance(0.7):  # 位 is not said of oneself
        adjective = draw.deal("person", [each for each in lexicon.ADJECTIVES if each.attributive and "person" in each.sorts])
    return copulas.profession(who, worker, adjective, way == "negative", draw.chance(sampling.CONTRACTED), way == "whether")


def identity(draw):
    """This is my book. Is that your dog? That is a computer. Whose bags are these? What is this?"""
    if draw.chance(0.01):
        return copulas.what_is(draw.pick(tuple(copulas.THIS)))
    if draw.chance(0.06):
        asked = sampling.person(draw, first=False)
        return None if asked.combinations else copulas.who_is(asked)  # my mother: I know who she is
    noun = draw.deal("identity", [each for each in lexicon.NOUNS if each.plural and each.sort != "show"])
    word = draw.deal("this is", tuple(copulas.THIS))
    plural = word in ("these", "those")
    if draw.chance(0.2):
        return copulas.whose(word, noun)
    way = draw.weighted({"plain": 0.6, "negative": 0.2, "whether": 0.2})
    if plural or way != "plain" or draw.chance(0.5):
        thing = phrases.owned(sampling.owner(draw), noun, plural)
    else:
        thing = sampling.amount(draw, noun, one=1)
    return copulas.identity(word, thing, way == "negative", draw.chance(sampling.CONTRACTED), way == "whether")


def located(draw):
    """My mother is at school. The key is under the bed. Where is my phone?"""
    asks = draw.chance(0.3)
    if draw.chance(0.5):
        thing = sampling.person(draw, first=not asks)
        spot = draw.deal("someone's place", lexicon.PLACES)
        english, chinese = f"{spot.preposition} {spot.english}", spot.chinese
    else:
        english, chinese, sorts = draw.deal("spot", lexicon.LANDMARKS)
        noun = draw.deal(sorts, sampling.members(lexicon.NOUNS, sorts))
        thing = phrases.definite(noun) if draw.chance(0.4) else phrases.owned(sampling.owner(draw), noun)
    if asks and draw.chance(0.5):
        return copulas.where_is(thing)
    return copulas.located(thing, english, chinese, not asks and draw.chance(0.2), draw.chance(sampling.CONTRACTED), asks)


def existence(draw):
    """There are two cats under the table. Are there children in the park? There is no milk in the bottle."""
    if draw.chance(0.35):
        inside = [each for each in sampling.places("public,quiet") if each.preposition == "in"]
        spot = draw.deal("inside", inside)
        english, chinese = f"in {spot.english}", f"{spot.chinese}里"
        noun = draw.deal("there", lexicon.WORKERS)
    else:
        english, chinese, sorts = draw.deal("spot", lexicon.LANDMARKS)
        noun = draw.deal(sorts, sampling.members(lexicon.NOUNS, sorts))
    way = draw.weighted({"plain": 0.7, "negative": 0.15, "whether": 0.15})
    thing = phrases.kind(noun) if way != "plain" else sampling.amount(draw, noun, adjectives=0.35)
    return copulas.existence(thing, english, chinese, way == "negative", way == "whether")

"""Patterns with a verb: statements and questions drawn from the lexicon, so that they make sense.

Each pattern is a function of a Draw that gives a Sentence, or None where the words drawn do not go together.
"""

from functools import cache

from minis2s.data.tasks.translation import phrases, sampling
from minis2s.data.tasks.translation.clauses import Clause, say
from minis2s.data.tasks.translation.filling import adverb_for, is_state, modal_for, set_in, with_object
from minis2s.data.tasks.translation.lexicon import MODALS, VERBS, WORKERS, Noun, Verb

_ASPECTS = {"h": 0.42, "p": 0.2, "e": 0.08, "g": 0.12, "m": 0.18}
# What is asked about with "what": the answer must not change the verb (play), nor be known from it (speak, live in).
_ASKED = tuple(
    verb for verb in VERBS if verb.english in (
        "like", "love", "hate", "need", "want", "have", "buy", "sell", "eat", "drink", "read", "write", "watch",
        "listen to", "learn", "study", "teach", "draw", "make", "look for", "wash", "repair", "borrow", "lose",
    ) and verb.objects
)  # fmt: skip


# Verbs that are dealt more often than the others: those with many objects, and those that bring cups and bowls.
_FREQUENT = {"love": 4, "like": 4, "want": 3, "have": 2, "need": 2, "drink": 3, "make": 2}


@cache
def _verbs(aspect, choice=VERBS):
    """The verbs used in an aspect, each as often as it should come."""
    return tuple(verb for verb in choice if aspect in verb.uses for _ in range(_FREQUENT.get(verb.english, 1)))


def statement(draw):
    """They often swim at the beach. My mother did not buy those apples yesterday."""
    aspect = draw.weighted(_ASPECTS)
    verb = draw.deal(("verb", aspect), _verbs(aspect))
    clause = Clause(sampling.subject(draw), verb, aspect=aspect, modal=modal_for(draw, aspect))
    negative = draw.chance(0.2) and "n" not in verb.uses and (aspect != "m" or "n" in clause.modal.uses)
    clause = clause._replace(negative=negative, contracted=negative and draw.chance(sampling.CONTRACTED))
    clause = set_in(draw, clause)
    clause = with_object(draw, clause)
    if clause is None:
        return None
    if clause.negative:
        return say(clause._replace(adverb="also" if draw.chance(0.15) else ""))
    clause = clause._replace(adverb=adverb_for(draw, clause))
    bare_habit = aspect == "h" and not is_state(verb) and not (clause.time or clause.adverb or clause.place)
    if bare_habit and (not clause.object or draw.chance(0.6)):
        return None  # "he swims" hardly says anything
    if clause.adverb in ("always", "usually") and not clause.object and not clause.place:
        return None
    if clause.time and not clause.adverb and aspect != "e" and draw.chance(0.2):
        clause = clause._replace(time_first=True)
    return say(clause)


def whether(draw):
    """Do you often read novels? Has she ever been to Paris? Doesn't Tom like music?"""
    aspect = draw.weighted(_ASPECTS)
    verb = draw.deal(("verb", aspect), _verbs(aspect))
    clause = Clause(sampling.subject(draw, first=False), verb, aspect=aspect, modal=modal_for(draw, aspect), whether=True)
    if clause.modal and "n" not in clause.modal.uses:
        return None
    clause = with_object(draw, set_in(draw, clause, time=0.35, place=0.2), counting=False)
    if clause is None or (clause.time and aspect == "e"):
        return None
    if aspect == "h" and "n" not in verb.uses and not clause.time and draw.chance(0.15):
        return say(clause._replace(negative=True), "whether")
    if aspect == "h" and not is_state(verb) and not clause.time and draw.chance(0.25):
        clause = clause._replace(adverb=draw.pick(("often", "usually", "always")))
    return say(clause, "whether")


def what(draw):
    """What did he buy yesterday? Where do you want to go? Whom it concerns: who does she know?"""
    aspect = draw.weighted({"h": 0.35, "p": 0.3, "g": 0.15, "m": 0.2})
    if draw.chance(0.25):
        return _who(draw, aspect)
    clause = Clause(sampling.subject(draw, first=False), VERBS[0], aspect=aspect, modal=modal_for(draw, aspect))
    if aspect != "g" and draw.chance(0.2):
        verb = draw.pick([each for each in VERBS if each.english in ("live in", "go to") and aspect in each.uses])
        clause = clause._replace(verb=verb, object=phrases.WHERE)
    else:
        verb = draw.deal(("asked", aspect), _verbs(aspect, _ASKED))
        clause = clause._replace(verb=verb, object=phrases.WHAT)
    clause = set_in(draw, clause, time=0.4, place=0.25)
    return None if _modal_unfit(clause) else say(clause, "where to" if clause.object is phrases.WHERE else "what")


def _who(draw, aspect):
    verbs = tuple(verb for verb in VERBS if verb.objects.endswith("person") and aspect in verb.uses)
    verb = draw.deal(("who", aspect), verbs)
    clause = Clause(sampling.subject(draw, first=False), verb, phrases.WHO, aspect, modal_for(draw, aspect))
    clause = set_in(draw, clause, time=0.4, place=0.25)
    return None if _modal_unfit(clause) else say(clause, "whom")


def how_many(draw):
    """How many books did you buy? Which book do they want to read?"""
    aspect = draw.weighted({"h": 0.3, "p": 0.4, "m": 0.3})
    verbs = [verb for verb in VERBS if aspect in verb.uses and "q" in verb.uses and (aspect != "h" or is_state(verb))]
    verb = draw.deal(("how many", aspect), verbs)
    noun = draw.deal(verb, sampling.things(verb))
    if not isinstance(noun, Noun) or not noun.plural:
        return None
    asked = phrases.how_many(noun) if draw.chance(0.5) or verb.english == "have" else phrases.which(noun)
    clause = Clause(sampling.subject(draw, first=False), verb, asked, aspect, modal_for(draw, aspect))
    clause = set_in(draw, clause, time=0.35, place=0.1)
    return None if _modal_unfit(clause) else say(clause, "how many" if asked.plural else "which")


def who(draw):
    """Who wants to drink tea? Who did not come yesterday?"""
    aspect = draw.weighted(_ASPECTS)
    verb = draw.deal(("verb", aspect), _verbs(aspect))
    clause = Clause(phrases.WHO, verb, aspect=aspect, modal=modal_for(draw, aspect))
    clause = clause._replace(negative=draw.chance(0.15) and "n" not in verb.uses and aspect in "hp")
    clause = with_object(draw, set_in(draw, clause), counting=not clause.negative)
    return None if clause is None or _modal_unfit(clause) else say(clause, "who")


def where(draw):
    """Where do they play tennis? Where does she want to work?"""
    aspect = draw.weighted({"h": 0.6, "m": 0.4})
    verbs = tuple(verb for verb in VERBS if aspect in verb.uses and verb.places)
    verb = draw.deal(("where", aspect), verbs)
    clause = Clause(sampling.subject(draw, first=False), verb, aspect=aspect, modal=modal_for(draw, aspect), where=True)
    clause = with_object(draw, set_in(draw, clause, time=0.25, place=0), counting=aspect == "m")
    return None if clause is None or _modal_unfit(clause) else say(clause, "where")


def why(draw):
    """Why does he like history? Why don't you want to go home? Why didn't she come?"""
    aspect = draw.weighted({"h": 0.6, "m": 0.25, "p": 0.15})
    verb = draw.deal(("verb", aspect), _verbs(aspect))
    modal = next(each for each in MODALS if each.english == "want to") if aspect == "m" else None
    clause = Clause(sampling.subject(draw, first=False), verb, aspect=aspect, modal=modal, why=True)
    clause = clause._replace(negative="n" not in verb.uses and (aspect == "p" or draw.chance(0.3)))
    clause = with_object(draw, set_in(draw, clause, time=0.25, place=0.2), counting=False)
    return clause and say(clause, "why")


def to_become(draw):
    """She wants to be a doctor: 她想当医生."""
    worker = draw.deal("become", [each for each in WORKERS if each.english not in ("student", "child")])
    job = phrases.kind(worker)._replace(english=f"a{'n' if worker.english[0] in 'aeiou' else ''} {worker.english}")
    want = next(each for each in MODALS if each.english == "want to")
    asks = draw.chance(0.2)
    who_wants = sampling.person(draw, first=not asks)
    if who_wants.plural or set(who_wants.heads) & set(job.heads):
        return None
    negative = not asks and draw.chance(0.25)
    clause = Clause(who_wants, Verb("be", "当", "person", "m"), job, "m", want, negative, whether=asks)
    return say(clause._replace(contracted=draw.chance(sampling.CONTRACTED)), "to become")


def _modal_unfit(clause):
    return clause.question and clause.modal is not None and clause.modal.english in ("must", "like to")

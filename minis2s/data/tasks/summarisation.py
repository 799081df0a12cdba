"""Summarisation, synthetic: a chatty announcement, and its point in one sentence, without the asides.

    Dear friends! On Friday the choir (which is older than the town) will repeat the concert. After all, the hall is free.
    By the way, the museum cancelled the lecture last Monday.
    →  The choir will repeat the concert on Friday because the hall is free.

What must go are parentheses, digressions, examples and courtesy; they speak of the same choirs and concerts as the point does,
so a summary cannot be told by its words alone. Held out are combinations of organiser and event, of what is done and the event,
of event and day, and of what is done and the reason: training shows them nowhere, not even in an aside.
"""

import numpy as np

from minis2s.data.files import Pair
from minis2s.data.tasks.combinations import Drawn, fill, held_out
from minis2s.data.tasks.task import Expected, Task
from minis2s.data.tasks.translation.sampling import Draw

SIZES = 20_000, 500, 1_000
ORGANISERS = "choir", "museum", "library", "school", "theatre", "orchestra", "council", "bakery", "university", "fire brigade"
VERBS = {"repeat": "repeated", "cancel": "cancelled", "postpone": "postponed", "film": "filmed", "extend": "extended",
         "announce": "announced", "shorten": "shortened", "improve": "improved"}  # fmt: skip
EVENTS = "concert", "lecture", "exhibition", "picnic", "tour", "match", "party", "workshop", "festival", "quiz"
DAYS = "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"
REASONS = (
    *("the hall is free", "the roof leaks", "it will rain", "many people asked for it", "the tickets sell well"),
    *("money is short", "the trains are late", "everybody loves it", "the guests are ill", "there is too much noise"),
)
FAMILIES = {
    "organiser-event": (ORGANISERS, EVENTS),
    "verb-event": (tuple(VERBS), EVENTS),
    "event-day": (EVENTS, DAYS),
    "verb-reason": (tuple(VERBS), REASONS),
}

POINTS = (
    "the {organiser}{a} will {verb} the {event}{b} on {day}{c}",
    "on {day}{c} the {organiser}{a} will {verb} the {event}{b}",
    "the {organiser}{a} has decided to {verb} the {event}{b} on {day}{c}",
    "the {event}{b} will be {verbed} by the {organiser}{a} on {day}{c}",
    "on {day}{c} the {event}{b} will be {verbed} by the {organiser}{a}",
)
GROUNDS = (
    "{point} because {reason}.",
    "{point}. After all, {reason}.",
    "{point}. The reason is simple: {reason}.",
    "As {reason}, {point}.",
)
SUMMARY = "The {organiser} will {verb} the {event} on {day} because {reason}."
PARENTHESES = {
    "a": (" (which is older than the town)", " (not the {organiser})", ", a friend of the {organiser},", " (who else?)"),
    "b": (" (not the {event})", " (I hope I may call it so)", ", which some call a {event},", " (yes, again)"),
    "c": (" (not {day}, as some thought)", " (I had to look it up)", ", or so they tell me,", " (a better day than {day})"),
}
DIGRESSIONS = (
    "By the way, the {organiser} {verbed} the {event} last {day}.",
    "That reminds me of the {event} of the {organiser}, but never mind.",
    "Somebody said that {reason}, but that was another {event}.",
    "For example, on a {day} long ago the {organiser} {verbed} the {event}.",
    "Such things happen, for example when the {organiser} wants to {verb} the {event}.",
)
OPENINGS = "Dear friends!", "Good morning, everyone.", "I hope this finds you well.", "Thank you for reading our news."
CLOSINGS = "Thank you for your patience.", "With kind regards.", "Do write to us.", "See you soon!"


def announcement(draw):
    """A Drawn announcement with its summary."""
    shown = set()
    content = _content(draw)
    asked = frozenset(_combinations(SUMMARY, content))
    shown.update(asked)

    def aside(text):
        other = _content(draw)
        shown.update(_combinations(text, other))
        return text.format(**other)

    gaps = {gap: aside(draw.pick(texts)) if draw.chance(0.35) else "" for gap, texts in PARENTHESES.items()}
    point = draw.pick(POINTS).format(**content, **gaps)
    parts = [_capitalised(draw.pick(GROUNDS).format(point=point, reason=content["reason"]))]
    for _ in range(draw.pick((0, 1, 2))):
        parts.insert(draw.pick((0, len(parts))), aside(draw.pick(DIGRESSIONS)))
    opening, closing = draw.pick(OPENINGS) if draw.chance(0.4) else "", draw.pick(CLOSINGS) if draw.chance(0.4) else ""
    text = " ".join(filter(None, (opening, *parts, closing)))
    return Drawn(Pair(_tidy(text), SUMMARY.format(**content)), frozenset(shown), asked)


def _content(draw):
    """Who does what, and so on, by the names that the texts use."""
    verb = draw.pick(tuple(VERBS))
    others = {"organiser": ORGANISERS, "event": EVENTS, "day": DAYS, "reason": REASONS}
    return {"verb": verb, "verbed": VERBS[verb]} | {name: draw.pick(words) for name, words in others.items()}


def _combinations(text, content):
    """Those of the content's combinations that a text shows both halves of."""
    for family in FAMILIES:
        first, second = family.split("-")
        if "{" + first in text and "{" + second in text:
            yield family, content[first], content[second]


def _capitalised(text):
    return text[0].upper() + text[1:]


def _tidy(text):
    """An aside between commas needs none before a full stop or another comma."""
    return text.replace(",.", ".").replace(",,", ",")


def generate(seed=0):
    """Splits of Pairs, the same for the same seed."""
    rng = np.random.default_rng(seed)
    held, draw = held_out(FAMILIES, rng), Draw(rng)
    return fill(lambda: announcement(draw), held, SIZES)


TASK = Task(
    name="summarisation",
    description="A summary in one sentence: synthetic announcements without parentheses, digressions and courtesy",
    held_out="8 % of the combinations of organiser and event, deed and event, event and day, deed and reason stand nowhere in "
    "training, not even in an aside. Each test summary has one of them.",
    source_tokeniser="wordpunct",
    target_tokeniser="wordpunct",
    generate=generate,
    sizes=SIZES,
    example=Pair(
        "The school (not the fire brigade) has decided to improve the festival on Monday. After all, it will rain. See you soon!",
        "The school will improve the festival on Monday because it will rain.",
    ),
    settings={"epochs": 2, "learning_rate": 6e-3, "dropout": 0.1, "best_by": "exact_match"},
    expected=Expected("exact_match", 99.9, 70),
)

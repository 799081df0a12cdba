"""Summaries, found once more by striking out the asides; what is held out stands nowhere in training."""

import re

import pytest

from minis2s.data.tasks import summarisation
from minis2s.data.tasks.summarisation import DAYS, EVENTS, ORGANISERS, REASONS, VERBS

ORGANISER, EVENT, DAY = (f"(?P<{name}>{'|'.join(words)})" for name, words in
                         (("organiser", ORGANISERS), ("event", EVENTS), ("day", DAYS)))  # fmt: skip
VERB = f"(?P<verb>{'|'.join((*VERBS, *VERBS.values()))})"
REASON = f"(?P<reason>{'|'.join(REASONS)})"
BASE = {past: verb for verb, past in VERBS.items()} | {verb: verb for verb in VERBS}
# After the asides are gone, the point is one of these.
POINTS = [
    re.compile(form.replace("O", ORGANISER).replace("V", VERB).replace("E", EVENT).replace("D", DAY), re.IGNORECASE)
    for form in ("the O will V the E on D", "on D the O will V the E", "the O has decided to V the E on D",
                 "the E will be V by the O on D", "on D the E will be V by the O")
]  # fmt: skip
ASIDES = (
    r" \([^)]*\)",  # parentheses
    r", (a friend of|which some|or so they) [^,.]*(?=[,.])",
    r"(By the way|That reminds me|Somebody said|For example|Such things happen)[^.]*\.",
    r"(Dear friends|Good morning|I hope this|Thank you for|With kind|Do write|See you)[^.!]*[.!]",
)


@pytest.fixture(scope="module")
def splits():
    return summarisation.generate(0)


def summary(text):
    for aside in ASIDES:
        text = re.sub(aside, "", text)
    text = text.replace(",", "")
    reason = re.search(REASON, text, re.IGNORECASE)["reason"].lower()
    match = next(found for point in POINTS if (found := point.search(text)))
    verb = BASE[match["verb"]]
    return f"The {match['organiser']} will {verb} the {match['event']} on {match['day']} because {reason}."


def test_summaries_are_what_is_left_without_asides(splits):
    for pair in splits.test + splits.dev + splits.train[:3000]:
        assert summary(pair.source) == pair.target, pair.source


def test_asides_are_many_and_speak_of_the_same_things(splits):
    """No word alone tells what belongs into a summary: asides have organisers, events and days, too."""
    several = [sum(pair.source.count(word) for word in EVENTS) > 1 for pair in splits.test]
    assert 0.5 < sum(several) / len(several) < 1
    days = [sum(pair.source.count(word) for word in DAYS) > 1 for pair in splits.test]
    assert 0.3 < sum(days) / len(days) < 1
    assert sum(len(pair.source) > 1.5 * len(pair.target) for pair in splits.test) > 700


def pairs_in(text):
    """Two of a kind that is held out, within one sentence or aside."""
    found = set()
    for part in re.split(r"[.!()]", text):
        for firsts, seconds in ((ORGANISERS, EVENTS), (EVENTS, DAYS), (VERBS, EVENTS), (VERBS, REASONS)):
            found |= {(one, other) for one in firsts for other in seconds if one in part and other in part}
    return found


def test_summaries_of_test_have_combinations_that_training_never_has(splits):
    train, dev, test = ([pairs_in(pair.target) for pair in part] for part in splits)
    shown = set.union(*train)
    new_dev, new_test = (set.union(*part) - shown for part in (dev, test))
    assert new_dev.isdisjoint(new_test) and len(new_test) >= 15
    assert all(each & new_dev and not each & new_test for each in dev)
    assert all(each & new_test and not each & new_dev for each in test)


def test_held_out_combinations_stand_in_no_aside_of_training_either(splits):
    digression = re.compile(rf"By the way the {ORGANISER} {VERB} the {EVENT} last {DAY}")
    told = set()
    for pair in splits.train:
        for match in digression.finditer(pair.source.replace(",", "")):
            told |= {(match["organiser"], match["event"]), (match["event"], match["day"]), (BASE[match["verb"]], match["event"])}
    shown = set.union(*(pairs_in(pair.target) for pair in splits.train))
    new = set.union(*(pairs_in(pair.target) for pair in splits.test + splits.dev)) - shown
    assert len(told) > 150 and told.isdisjoint(new)

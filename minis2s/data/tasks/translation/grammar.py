"""The patterns together: an endless stream of sentences, each pattern as often as its weight says."""

from minis2s.data.tasks.translation import be_patterns, compound_patterns, verb_patterns
from minis2s.data.tasks.translation.sampling import Draw

PATTERNS = {
    verb_patterns.statement: 45,
    verb_patterns.whether: 8,
    verb_patterns.what: 4,
    verb_patterns.how_many: 3,
    verb_patterns.who: 2.5,
    verb_patterns.where: 2,
    verb_patterns.why: 2,
    verb_patterns.to_become: 1,
    be_patterns.quality: 9,
    be_patterns.comparison: 7,
    be_patterns.colour: 1.5,
    be_patterns.weather: 1.5,
    be_patterns.profession: 4,
    be_patterns.identity: 3,
    be_patterns.located: 3,
    be_patterns.existence: 4.5,
    compound_patterns.mood: 2,
    compound_patterns.opinion: 1.5,
    compound_patterns.contrast: 3,
    compound_patterns.two_sided: 1.5,
}


LONGEST = 9  # English words: short sentences are learnt soon, and read at a glance


def sentences(rng, number):
    """`number` Sentences that differ in their English, drawn with a numpy Generator."""
    draw, found = Draw(rng), {}
    while len(found) < number:
        sentence = draw.weighted(PATTERNS)(draw)
        if sentence is not None and sentence.english.count(" ") < LONGEST:
            found.setdefault(sentence.english, sentence)
    return list(found.values())

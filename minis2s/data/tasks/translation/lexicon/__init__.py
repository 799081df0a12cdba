"""The words of the built-in English-Chinese grammar, as tables that are meant to be read and extended.

Each English word has one translation for each use, so the mapping that a model learns is a function. Sorts ("fruit",
"device") say what goes with what: one eats fruit, repairs a device, and only fruit is fresh.
"""

from minis2s.data.tasks.translation.lexicon.adjectives import ADJECTIVES, COLOURS, WEATHER, Adjective
from minis2s.data.tasks.translation.lexicon.nouns import LANDMARKS, NOUNS, NUMERALS, Noun
from minis2s.data.tasks.translation.lexicon.people import KIN, NAMES, PRONOUNS, RELATIONS, WORKERS, Person, Pronoun
from minis2s.data.tasks.translation.lexicon.settings import ADVERBS, PLACES, TIMES, Place, Time
from minis2s.data.tasks.translation.lexicon.verbs import MODALS, VERBS, Modal, Verb

__all__ = [
    "ADJECTIVES", "COLOURS", "WEATHER", "Adjective",
    "LANDMARKS", "NOUNS", "NUMERALS", "Noun",
    "KIN", "NAMES", "PRONOUNS", "RELATIONS", "WORKERS", "Person", "Pronoun",
    "ADVERBS", "PLACES", "TIMES", "Place", "Time",
    "MODALS", "VERBS", "Modal", "Verb",
]  # fmt: skip

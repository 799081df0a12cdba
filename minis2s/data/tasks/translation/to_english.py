"""Chinese to English, by the same grammar, from those of its sentences whose Chinese has one English.

Chinese says less: neither number (我的书 is my book or my books) nor the difference of love and like, can and will, learn and
study. Where the grammar has several English sentences for a Chinese one, only one of them is used here, so that each answer is
right or wrong: `OTHERS` lists what is left out. What is held out are the same families of combinations as from English.
"""

import re

import numpy as np

from minis2s.data.files import Pair
from minis2s.data.tasks.task import Expected, Splits, Task
from minis2s.data.tasks.translation import lexicon, written
from minis2s.data.tasks.translation.grammar import sentences
from minis2s.data.tasks.translation.holdout import held_out, split

TRAIN, DEV, TEST = 50_000, 500, 1_000
_DRAWN = 90_000


def _any(words):
    return f"(?:{'|'.join(sorted(words))})"


_OWNER = _any([*(pronoun.possessive for pronoun in lexicon.PRONOUNS), r"\w+'s"])
_PLURAL = _any(entry.plural for entry in (*lexicon.NOUNS, *lexicon.RELATIONS) if entry.plural)
_SKILL = _any({verb.english for verb in lexicon.VERBS if "s" in verb.uses})
_PLACE = _any(place.chinese for place in lexicon.PLACES)

# What the Chinese does not tell, as patterns of the English that is left out, and of the Chinese of which both are.
OTHERS = {
    "do not, not don't (but: don't you …, why don't you …)": r"(?<!^why) \w+n't\b",
    "like, not love": r"\blove",
    "study, not learn": r"\blearn(?:s|ed)?\b|(?<!deep )(?<!machine )\blearning\b",
    "my book, not my books": rf"\b{_OWNER} {_PLURAL}\b",
    "he drives, not: he drives cars (both 开车)": r"\bdr(?:iv|ov)\w+ cars\b",
    "can, not will, of what one has learnt to do (both 会)": rf"\bwill\b.*\b{_SKILL}\b",
    "what did he read, or watch? (both 看)": r"^what .*\b(?:read|watch)",
}
_OTHER_ENGLISH = re.compile("|".join(OTHERS.values()))
_BOTH = re.compile(f"没在{_PLACE}")  # did not swim at the beach, is not swimming at the beach


def unambiguous(sentence):
    """Whether this is the one English for its Chinese."""
    return not (_OTHER_ENGLISH.search(sentence.english) or _BOTH.search(sentence.chinese))


def generate(seed=0):
    """Splits of Pairs, the same for the same seed. Statements end without a mark in both languages."""
    splits, _ = generate_sentences(seed)
    return Splits(*([Pair(*reversed(written(each))) for each in part] for part in splits))


def generate_sentences(seed=0):
    """What `generate` writes down, as Sentences that know their combinations, and the sets held out for dev and test."""
    rng = np.random.default_rng([seed, 2])
    drawn = [each for each in sentences(rng, _DRAWN) if unambiguous(each)]
    held = held_out(drawn, rng)
    train, dev, test = split(drawn, held)
    return Splits(train[:TRAIN], dev[:DEV], test[:TEST]), held


TASK = Task(
    name="translation-zh-en",
    description="Chinese to English: the same grammar, where the Chinese tells which English is meant",
    held_out="6 % of the combinations of two words, as in the task translation.",
    source_tokeniser="chars",
    target_tokeniser="wordpunct",
    generate=generate,
    sizes=(TRAIN, DEV, TEST),
    example=Pair("他们的叔叔喜欢深度学习", "Their uncle likes deep learning"),
    settings={"epochs": 3, "learning_rate": 6e-3, "dropout": 0.1, "best_by": "exact_match"},
    expected=Expected("exact_match", 99, 90),
)

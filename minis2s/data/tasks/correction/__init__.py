"""Text correction: sentences with errors, to what was meant.

    you love deep lwarning    you love deep learning
    你西还深度学习               你喜欢深度学习

Two tasks. `correction` is English with the errors of fast fingers (`keyboard`): a neighbouring key, a letter dropped, doubled or
swapped with the next, a word split, two joined. `correction-zh` is Chinese with those of a writer by sound (`homophones`): the
wrong character of the right syllable. Some sentences are right and must stay as they are.

The English model reads letters and writes words, all in lower case: it is then a matter of a few steps, not of thirty, and a word
that it writes is a word. The Chinese one reads and writes characters.

The sentences are those of the task translation, made by its grammar, and what is held out are its combinations of words. A
corrector that only knows which words go together, from a table of phrases, has no help from it there.
"""

from functools import partial

import numpy as np

from minis2s.data.files import Pair
from minis2s.data.tasks.correction.homophones import misspelt
from minis2s.data.tasks.correction.keyboard import mistyped
from minis2s.data.tasks.task import Expected, Splits, Task
from minis2s.data.tasks.translation import written
from minis2s.data.tasks.translation.grammar import sentences
from minis2s.data.tasks.translation.holdout import held_out, split
from minis2s.data.tasks.translation.sampling import Draw

DEV, TEST = 500, 1_000
TRAIN = {"correction": 60_000, "correction-zh": 40_000}
_MORE = 1.3  # sentences are drawn for a part, since those with held-out combinations cannot all be used


def generate(name, seed=0):
    """Splits of Pairs (with errors, right) of the task `name`, the same for the same seed."""
    splits, _ = generate_sentences(name, seed)
    draw = Draw(np.random.default_rng([seed, 3]))
    english, chinese = ([[written(each)[side] for each in part] for part in splits] for side in (0, 1))
    if name == "correction-zh":
        return Splits(*([Pair(misspelt(text, draw), text) for text in part] for part in chinese))
    right = [[text.lower() for text in part] for part in english]
    words = frozenset(word.strip("?") for part in right for text in part for word in text.split())
    return Splits(*([Pair(mistyped(text, draw, words), text) for text in part] for part in right))


def generate_sentences(name, seed=0):
    """What `generate` writes down, as Sentences that know their combinations, and the sets held out for dev and test."""
    rng = np.random.default_rng([seed, 4])
    drawn = sentences(rng, round(_MORE * TRAIN[name]))
    if name == "correction-zh":
        drawn = list({(each.chinese, each.question): each for each in drawn}.values())
    held = held_out(drawn, rng)
    train, dev, test = split(drawn, held)
    return Splits(train[: TRAIN[name]], dev[:DEV], test[:TEST]), held


def _task(name, description, target_tokeniser, example, settings, expected):
    return Task(
        name=name,
        description=description,
        held_out="6 % of the combinations of two words, as in the task translation.",
        source_tokeniser="chars",
        target_tokeniser=target_tokeniser,
        generate=partial(generate, name),
        sizes=(TRAIN[name], DEV, TEST),
        example=example,
        settings={"best_by": "exact_match", **settings},
        expected=expected,
    )


ENGLISH = _task(
    "correction",
    "English with typing errors, to what was meant; synthetic sentences",
    "wordpunct",
    Pair("you love deep lwarning", "you love deep learning"),
    {"epochs": 3, "learning_rate": 6e-3, "dropout": 0.1},
    Expected("exact_match", 97.5, 150),
)
CHINESE = _task(
    "correction-zh",
    "Chinese with characters that only sound right, to what was meant; synthetic sentences",
    "chars",
    Pair("你西还深度学习", "你喜欢深度学习"),
    {"epochs": 3, "learning_rate": 6e-3},
    Expected("exact_match", 99, 80),
)

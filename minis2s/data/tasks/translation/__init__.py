"""English to Chinese, synthetic: no sentence here was ever said, a grammar of a few hundred words makes them all.

The grammar builds both sides of a pair from one description, so each English sentence has one translation, and what
must be learnt is known: words, word order (time and place go before the Chinese verb), measure words, 了 and 过, 不 and
没, questions. Training never shows certain combinations of words (verb and object, subject and time, …), and dev and
test are made of just these; see `holdout`. Do not read a score on it as a score on real translation.

The modules, in reading order: `lexicon` (the words), `english` (forms), `phrases`, `clauses`, `copulas`, `compounds`
(what can be said, in both languages), `sampling`, `filling`, `*_patterns`, `grammar` (what is said), `holdout`.
"""

import numpy as np

from minis2s.data.files import Pair
from minis2s.data.tasks.task import Expected, Splits, Task
from minis2s.data.tasks.translation import lexicon, phrases
from minis2s.data.tasks.translation.clauses import Clause, say
from minis2s.data.tasks.translation.grammar import sentences
from minis2s.data.tasks.translation.holdout import held_out, split

TRAIN, DEV, TEST = 60_000, 500, 1_000  # pairs
_DRAWN = 74_000  # sentences, of which the held-out combinations take their part
_FULL_STOPS = 0.3  # of the statements end in one; the translation is the same without


def generate(seed=0):
    """Splits of Pairs, the same for the same seed. The first test pair is "I love deep learning", 我喜欢深度学习."""
    splits, _ = generate_sentences(seed)
    rng = np.random.default_rng([seed, 1])
    train, dev, test = ([written(each, rng.random() < _FULL_STOPS) for each in part] for part in splits)
    return Splits(train, dev, [written(FLAGSHIP), *test[1:]])


def generate_sentences(seed=0):
    """What `generate` writes down, as Sentences that know their combinations, and the sets held out for dev and test."""
    rng = np.random.default_rng(seed)
    drawn = [FLAGSHIP, *(each for each in sentences(rng, _DRAWN) if each.english != FLAGSHIP.english)]
    held = held_out(drawn, rng)
    train, dev, test = split(drawn, held)
    return Splits(train[:TRAIN], dev[:DEV], test[:TEST]), held


def written(sentence, full_stop=False):
    """The Pair of a Sentence: a capital, and ? or, if wanted, a full stop. Chinese statements end without a mark."""
    english = sentence.english[0].upper() + sentence.english[1:]
    if sentence.question:
        return Pair(english + "?", sentence.chinese + "？")
    return Pair(english + "." * full_stop, sentence.chinese)


def _flagship():
    love = next(verb for verb in lexicon.VERBS if verb.english == "love")
    field = next(noun for noun in lexicon.NOUNS if noun.english == "deep learning")
    return say(Clause(phrases.pronoun(lexicon.PRONOUNS[0]), love, phrases.kind(field)))


FLAGSHIP = _flagship()
TASK = Task(
    name="translation",
    description="English to Chinese: synthetic sentences of a small grammar, tested on combinations of words never trained on",
    held_out="6 % of the combinations of two words, in each of a dozen families: a verb with an object (love, deep learning), a "
    "subject with a time, an adjective with a noun, ... Training shows each of the words often, but never the two together.",
    source_tokeniser="wordpunct",
    target_tokeniser="chars",
    generate=generate,
    sizes=(TRAIN, DEV, TEST),
    example=written(FLAGSHIP),
    settings={"epochs": 3, "learning_rate": 6e-3, "dropout": 0.1, "best_by": "exact_match"},
    expected=Expected("exact_match", 99.0, 100),
)

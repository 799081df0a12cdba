"""Sequences without a source, synthetic: verses, to be continued or made up.

    the old king waits beside the shore / the moon hides near the hollow door / the winter sleeps in the white hill / …

Four lines of eight syllables, rhyming AABB. A language model has to count, to remember a rhyme over a whole line, and to keep to
the grammar; `judge` tells whether it does, as there is no single right verse. Dev and test verses hold combinations of two
nouns, in one line and the next, that training never has. (Not of two neighbours: a language model would learn that training
lacks them, and be right to find them improbable.)
"""

from itertools import pairwise

import numpy as np

from minis2s.data.files import Pair
from minis2s.data.tasks.combinations import Drawn, fill, held_out
from minis2s.data.tasks.task import Expected, Task
from minis2s.data.tasks.translation.sampling import Draw

SIZES = 20_000, 500, 1_000
SYLLABLES = 8  # in a line
# Each table: syllables to words.
ADJECTIVES = {1: "old white dark young lost cold", 2: "silent golden weary little hollow gentle", 3: "forgotten beautiful"}
NOUNS = {1: "king bird child ship moon wind", 2: "river sailor lady shadow stranger winter", 3: "messenger fisherman"}
VERBS = {1: "waits sings sleeps dreams stands hides", 2: "wanders whispers listens tarries lingers"}
PREPOSITIONS = {1: "by near at in", 2: "beside beneath before behind", 3: "underneath"}
RHYMES = "shore door floor store", "night light sight knight", "hill mill sill rill", "day bay clay hay", "rain lane plain train"


def _words(table):
    return {word: syllables for syllables, words in table.items() for word in words.split()}


CLASSES = {"adjective": _words(ADJECTIVES), "noun": _words(NOUNS), "verb": _words(VERBS), "preposition": _words(PREPOSITIONS),
           "place": {word: 1 for words in RHYMES for word in words.split()}, "the": {"the": 1}}  # fmt: skip
CLASSES["quality"] = CLASSES["adjective"]  # of a place
RHYME = {word: at for at, words in enumerate(RHYMES) for word in words.split()}
FAMILIES = {"noun-next": (tuple(CLASSES["noun"]), tuple(CLASSES["noun"]))}
# What a line may be: the classes of its words.
FORMS = tuple(form.split() for form in (
    "the noun verb preposition the place",
    "the adjective noun verb preposition the place",
    "the noun verb preposition the quality place",
    "the adjective noun verb preposition the quality place",
))  # fmt: skip


def verse(draw):
    """A Drawn verse."""
    lines = [_line(draw, end) for end in _ends(draw)]
    nouns = [next(word for word in line if word in CLASSES["noun"]) for line in lines]
    found = frozenset(("noun-next", *two) for two in pairwise(nouns))
    return Drawn(Pair("", " / ".join(map(" ".join, lines))), found, found)


def _ends(draw):
    """Four words that rhyme AABB."""
    pairs = []
    while len(pairs) < 2:
        words = draw.deal("rhyme", RHYMES).split()
        first = draw.pick(words)
        pair = first, draw.pick([word for word in words if word != first])
        if not pairs or RHYME[first] != RHYME[pairs[0][0]]:
            pairs.append(pair)
    return [*pairs[0], *pairs[1]]


def _line(draw, end):
    """The words of a line of SYLLABLES that ends in `end`."""
    fitting = ()
    while not fitting:
        form = draw.pick(FORMS)
        rest = [name for name in form if name != "preposition"]
        words = {name: end if name == "place" else draw.pick(tuple(CLASSES[name])) for name in rest}
        fitting = PREPOSITIONS.get(SYLLABLES - sum(CLASSES[name][words[name]] for name in rest), "").split()
    words["preposition"] = draw.pick(fitting)
    return [words[name] for name in form]


def generate(seed=0):
    """Splits of Pairs with empty sources, the same for the same seed."""
    rng = np.random.default_rng(seed)
    held, draw = held_out(FAMILIES, rng), Draw(rng)
    return fill(lambda: verse(draw), held, SIZES)


def is_verse(text):
    """Whether a text keeps all the rules: four lines of the grammar, eight syllables each, AABB, no word as its own rhyme."""
    lines = [line.split() for line in text.split(" / ")]
    if len(lines) != 4 or not all(map(_is_line, lines)):
        return False
    a, b, c, d = (line[-1] for line in lines)
    return RHYME[a] == RHYME[b] != RHYME[c] == RHYME[d] and a != b and c != d


def _is_line(words):
    return any(
        len(form) == len(words)
        and all(word in CLASSES[name] for name, word in zip(form, words, strict=True))
        and sum(CLASSES[name][word] for name, word in zip(form, words, strict=True)) == SYLLABLES
        for form in FORMS
    )


def judge(pairs, outputs):
    """{"valid": percent of the outputs, whole verses, that keep the rules}. What the pairs say does not matter."""
    return {"valid": 100 * sum(map(is_verse, outputs)) / len(outputs)}


TASK = Task(
    name="verse",
    description="Verses to make up, synthetic: four lines of eight syllables, AABB; how many keep that: evaluate --sample",
    held_out="8 % of the combinations of two nouns, one in a line and one in the next: training never has them. Each test "
    "verse has one.",
    source_tokeniser="words",
    target_tokeniser="words",
    generate=generate,
    sizes=SIZES,
    example=Pair(
        "",
        "the little bird hides in the hay / the shadow listens at the clay / the wind whispers beneath the shore / "
        "the bird sings underneath the store",
    ),
    model="language-model",
    settings={"epochs": 8, "learning_rate": 8e-3},
    expected=Expected("valid", 52, 110),  # of verses that are sampled: evaluate --sample
    judge=judge,
)

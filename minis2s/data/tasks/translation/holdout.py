"""Holding out whole combinations: what training never shows together, though it shows each half often.

A translator that does well on them has learnt to compose, not to remember. "I love deep learning" is one: neither love
nor like, which is the same 喜欢, stands with deep learning in any sentence of the training data.
"""

from collections import Counter

from minis2s.data.tasks.task import Splits

SHARE = 0.06  # of the combinations of each family
TEST_SHARE = 2 / 3  # of those held out; the others are dev's
FLAGSHIP = ("verb-object", "喜欢", "深度学习")
# play is 打, 踢 or 弹, as the object decides: nobody could know who has not seen the two together.
_ALWAYS_SHOWN = ("打", "踢", "弹")
# In each family a word keeps this many partners, and this share of its occurrences, for training.
_PARTNERS, _KEPT = 4, 0.75


def held_out(sentences, rng):
    """The combinations kept from training, drawn with a numpy Generator: a set for dev and a disjoint one for test."""
    counts = Counter(found for sentence in sentences for found in sentence.combinations)
    dev, test = set(), set()
    for family in sorted({found[0] for found in counts}):
        taken = _drawn({found: counts[found] for found in sorted(counts) if found[0] == family}, rng)
        border = round(TEST_SHARE * len(taken))
        test.update(taken[:border])
        dev.update(taken[border:])
    return dev, test


def _drawn(counts, rng):
    """SHARE of the combinations of one family (combination: occurrences), such that no word becomes rare."""
    partners, total, lost = Counter(), Counter(), Counter()
    for found, count in counts.items():
        for word in _words(found):
            partners[word] += 1
            total[word] += count
    order = list(counts)
    order = [FLAGSHIP] * (FLAGSHIP in counts) + [order[at] for at in rng.permutation(len(order))]
    taken = []
    for found in order:
        words, count = _words(found), counts[found]
        spared = all(partners[w] > _PARTNERS and lost[w] + count <= (1 - _KEPT) * total[w] for w in words)
        if not spared or found in taken or found[1] in _ALWAYS_SHOWN:
            continue
        taken.append(found)
        for word in words:
            partners[word] -= 1
            lost[word] += count
        if len(taken) == round(SHARE * len(order)):
            break
    return taken


def _words(combination):
    """The two halves, told apart by side: 他 as an owner is not 他 as a subject."""
    _, first, second = combination
    return (1, first), (2, second)


def split(sentences, held):
    """Splits of the sentences: each one of dev and test has a held-out combination (of `held`), training has none.

    A sentence with one of dev's and one of test's is left out, as dev must not tell about test.
    """
    dev, test = held
    splits = Splits([], [], [])
    for sentence in sentences:
        in_dev, in_test = not dev.isdisjoint(sentence.combinations), not test.isdisjoint(sentence.combinations)
        if not (in_dev and in_test):
            (splits.dev if in_dev else splits.test if in_test else splits.train).append(sentence)
    return splits

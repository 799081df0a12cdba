"""Synthetic English-to-Chinese sentences from a small grammar (placeholder until the grammar is in)."""

from minis2s.data.files import Pair
from minis2s.data.tasks.task import Splits, Task


def generate(seed=0):
    pairs = [Pair("I like music", "我喜欢音乐"), Pair("He likes tea", "他喜欢茶")]
    return Splits(pairs * 10, pairs, [Pair("I love deep learning", "我喜欢深度学习")])


TASK = Task("translation", "English to Chinese, synthetic sentences from a grammar", "wordpunct", "chars", generate)

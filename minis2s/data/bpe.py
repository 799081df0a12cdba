"""Byte-pair encoding: pieces of words, learned from the data. Frequent words become one token, rare ones several.

Source: R. Sennrich, B. Haddow, A. Birch, Neural machine translation of rare words with subword units, section 3.2,
arXiv:1508.07909.
The merges are learned by Hugging Face's `tokenizers`; applying them is the short loop below, so a trained model needs no library.
Tokens are text as it stands, a space in front included, so nothing is lost: `join(split(text)) == text`.
"""

import json
from functools import lru_cache
from itertools import groupby, pairwise
from math import inf
from unicodedata import category

from minis2s.errors import UsageError

LONGEST_CHUNK = 48  # characters: merging takes a time that grows with the square of it
_CACHED = 1 << 16  # chunks


class BytePairEncoding:
    """merges: pairs of tokens, the first learned first. Merging never goes beyond a chunk (see `chunks`)."""

    name = "bpe"

    def __init__(self, merges):
        self.merges = [(str(left), str(right)) for left, right in merges]
        self._ranks = {pair: rank for rank, pair in enumerate(self.merges)}
        self._merged = lru_cache(_CACHED)(self._merge)

    @classmethod
    def learn(cls, texts, size):
        """The encoding of `texts` with about `size` tokens: every character, and what the most frequent neighbours merge to.

        Raises UsageError if the library is not installed.
        """
        try:
            from tokenizers import Tokenizer, models, trainers
        except ImportError as error:
            raise UsageError(f"the tokeniser 'bpe' is learned by a library ({error}): pip install 'minis2s[bpe]'") from None
        learner = Tokenizer(models.BPE())
        trainer = trainers.BpeTrainer(vocab_size=size, min_frequency=2, special_tokens=[], show_progress=False)
        learner.train_from_iterator((list(chunks(text)) for text in texts), trainer)
        return cls(json.loads(learner.to_str())["model"]["merges"])

    def split(self, text):
        return [token for chunk in chunks(text) for token in self._merged(chunk)]

    def join(self, tokens):
        return "".join(tokens)

    def as_record(self):
        """What JSON can hold and `BytePairEncoding(record["merges"])` begins from."""
        return {"merges": [list(pair) for pair in self.merges]}

    def _merge(self, chunk):
        """Its characters, and again and again the two neighbours that were learned first put together."""
        tokens = list(chunk)
        while len(tokens) > 1:
            rank, at = min((self._ranks.get(pair, inf), at) for at, pair in enumerate(pairwise(tokens)))
            if rank == inf:
                break
            tokens[at : at + 2] = [tokens[at] + tokens[at + 1]]
        return tuple(tokens)


def chunks(text):
    """The text cut where its kind changes: letters with their marks, digits, white space, other signs; a last space goes with
    what follows it. "I love deep-sea 鱼" -> I · ␣love · ␣deep · - · sea · ␣鱼. What is longer than LONGEST_CHUNK is cut again.
    """
    space = ""
    for kind, run in groupby(text, key=_kind):
        run = space + "".join(run)
        space = ""
        if kind == "space" and run.endswith(" "):
            run, space = run[:-1], " "
        yield from (run[at : at + LONGEST_CHUNK] for at in range(0, len(run), LONGEST_CHUNK))
    if space:
        yield space


@lru_cache(1 << 14)
def _kind(character):
    if character.isspace():
        return "space"
    return {"L": "word", "M": "word", "N": "number"}.get(category(character)[0], "sign")

"""From pairs of text to pairs of ids, and what is done about sentences that are too long."""

from itertools import pairwise
from typing import NamedTuple

from minis2s.data.batching import Example
from minis2s.data.vocabulary import BOS, UNK
from minis2s.errors import UsageError


def encode_pair(pair, source_tokeniser, target_tokeniser, source_vocabulary, target_vocabulary, kind="seq2seq"):
    """The Example of a Pair; tokens that a vocabulary lacks become UNK.

    kind: of the model. A language model learns the whole text, the source continued by the target, and has no other source.
    Raises UsageError for what is no number where numbers are read, and for labels that CTC cannot align.
    """
    if kind == "language-model":
        tokens = source_tokeniser.split(pair.source) + target_tokeniser.split(pair.target)
        return Example([BOS], target_vocabulary.encode(tokens))
    example = Example(
        source_vocabulary.encode(source_tokeniser.split(pair.source)),
        target_vocabulary.encode(target_tokeniser.split(pair.target)),
    )
    if kind == "ctc":
        refuse_what_cannot_align(*example)
    return example


def encode_pairs(pairs, *sides, kind="seq2seq", where="the data"):
    """The Example of each Pair, in order; see `encode_pair`. where: their name, for errors, which say the line as well."""
    examples = []
    for line, pair in enumerate(pairs, start=1):
        try:
            examples.append(encode_pair(pair, *sides, kind=kind))
        except UsageError as error:
            raise UsageError(f"{where}, line {line}: {error}") from None
    return examples


def refuse_what_cannot_align(source, labels):
    """Raises UsageError if CTC has no path for these tokens: a label needs a step, and one more if it equals the one before."""
    needed = len(labels) + sum(a == b for a, b in pairwise(labels))
    if needed > len(source):
        raise UsageError(
            f"{len(labels)} labels need {needed} steps of the source (equal neighbours a blank between them), which has "
            f"{len(source)}; leave the pair out"
        )


class UnknownShare(NamedTuple):
    """Which share of the tokens is unknown to the vocabularies; `str()` is the sentence to show to the user."""

    what: str
    source: float
    target: float

    def __str__(self):
        return f"{self.what}: {self.source:.2%} of the source tokens and {self.target:.2%} of the target tokens are unknown"

    @classmethod
    def of(cls, examples, what):
        """Counted in Examples; of real numbers none is unknown."""
        sides = [[word for each in examples if isinstance(each[k], list) for word in each[k]] for k in (0, 1)]
        return cls(what, *(words.count(UNK) / max(len(words), 1) for words in sides))


class TooLong(NamedTuple):
    """How many pairs were over the limit, and where to look; `str()` is the sentence to show to the user."""

    what: str  # which data, for the message: a file, "training data"
    limit: int  # tokens a side
    count: int  # pairs over the limit
    total: int  # pairs in all
    first_line: int  # from 1; the reader gives one pair a line
    longest: int  # tokens

    def __str__(self):
        sentences = f"{self.count} of {self.total} pairs are longer than {self.limit} tokens"
        return f"{self.what}: {sentences} (the first on line {self.first_line}, the longest has {self.longest})"


def check_lengths(pairs, limit, what, *, drop=True):
    """Pairs with at most `limit` tokens a side, and a TooLong report on the others, or None: never a silent cut.

    `pairs` are Examples or any (source tokens, target tokens); their order is kept. Training drops long pairs and
    prints the report. Where every line must have an answer, `drop=False` raises it as a UsageError instead.
    """
    lengths = [max(len(source), len(target)) for source, target in pairs]
    long = [number for number, length in enumerate(lengths) if length > limit]
    if not long:
        return list(pairs), None
    report = TooLong(what, limit, len(long), len(lengths), long[0] + 1, max(lengths))
    if not drop:
        raise UsageError(f"{report}; shorten or split them, or raise the limit")
    return [pair for pair, length in zip(pairs, lengths, strict=True) if length <= limit], report

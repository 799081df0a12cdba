"""The data of a run, from its configuration: what is trained on, what is judged by, and what lies between text and the model."""

from dataclasses import dataclass
from functools import partial
from operator import add

import numpy as np

from minis2s.data.bpe import BytePairEncoding
from minis2s.data.corpus import FileCorpus, pairs_of, sample
from minis2s.data.encoding import UnknownShare, check_lengths, encode_pair, encode_pairs, refuse_what_cannot_align
from minis2s.data.files import Pair
from minis2s.data.normalisation import Normalisation
from minis2s.data.numbers import Moments, Numbers
from minis2s.data.survey import TokenCounts, survey
from minis2s.data.tasks import task
from minis2s.data.tokenisers import LEARNED, TOKENISERS, Normalised, RealNumbers, tokeniser
from minis2s.data.vocabulary import Vocabulary
from minis2s.data.windows import Windows
from minis2s.errors import UsageError, unknown_name
from minis2s.training.run import Languages

SIDES = ("source", "target")


@dataclass(frozen=True)
class DataConfig:
    """Either the name of a built-in task, or files for training and for dev: one tab-separated file, one of JSON lines
    (.jsonl), or two aligned ones.

    lowercase, width: how a side's text is normalised beyond NFC (see `Normalisation`). bpe_tokens: about how many tokens the
    tokeniser "bpe" learns. Words rarer than min_frequency or beyond the max_…_vocabulary most frequent (0: no limit) are unknown
    words. max_length: tokens a side; longer pairs are left out, and counted. window_pairs: how many pairs are held in memory,
    and shuffled; for more the data are read again in each epoch.
    """

    task: str | None = None
    train: tuple = ()
    dev: tuple = ()
    source_tokeniser: str = "words"
    target_tokeniser: str = "words"
    source_lowercase: bool = False
    target_lowercase: bool = False
    source_width: str = "as-is"
    target_width: str = "as-is"
    bpe_tokens: int = 8000
    min_frequency: int = 1
    max_source_vocabulary: int = 0
    max_target_vocabulary: int = 0
    max_length: int = 100
    window_pairs: int = 200_000

    def __post_init__(self):
        for name in ("min_frequency", "max_length", "window_pairs", "bpe_tokens"):
            if getattr(self, name) < 1:
                raise UsageError(f"{name} must be at least 1, not {getattr(self, name)}")
        for side in SIDES:
            if (size := self.side(side, "max_{}_vocabulary")) < 0:
                raise UsageError(f"max_{side}_vocabulary cannot be negative ({size}); 0 is no limit")
            if (name := self.side(side, "{}_tokeniser")) not in (*TOKENISERS, *LEARNED):
                raise unknown_name("tokeniser", name, (*TOKENISERS, *LEARNED))
            self.normalisation(side)

    def side(self, side, field):
        """The setting of a side, "source" or "target"."""
        return getattr(self, field.format(side))

    def normalisation(self, side):
        return Normalisation(self.side(side, "{}_lowercase"), self.side(side, "{}_width"))

    def load(self, has_source=True):
        """(training pairs, dev pairs); the first can be iterated again and again, and need not fit into memory."""
        if self.task:
            splits = task(self.task).generate(seed=0)
            return splits.train, splits.dev
        pairs_of(self.train, has_source)  # refuses what is no set of files, before any is read
        return FileCorpus(self.train, has_source), list(pairs_of(self.dev, has_source))


class RunData:
    """Reads the data of a DataConfig for a kind of model, once or (for "bpe") twice; what it finds is noted.

    languages: vocabularies and tokenisers. training: Windows. dev: normalised Pairs within the length limit; dev_examples.
    checksum: of the training data. notes: what was left out and what to know, for people; counts: the same as numbers.
    tell(pairs, share): called now and then while training data are read; share is None where it is not known.
    """

    def __init__(self, config, kind="seq2seq", tell=lambda pairs, share: None):
        self.config, self.kind, self.notes = config, kind, []
        corpus, dev = config.load(has_source=kind != "language-model")
        size = getattr(corpus, "bytes", None)
        tokenisers = self._tokenisers(corpus, lambda pairs: tell(pairs, None))
        found = survey(
            corpus,
            *tokenisers,
            limit=config.max_length,
            window_pairs=config.window_pairs,
            dev=dev,
            check=refuse_what_cannot_align if kind == "ctc" else None,
            length=add if kind == "language-model" else max,  # which reads both sides as one text
            counts=[Moments() if each.name == RealNumbers.name else TokenCounts() for each in tokenisers],
            tell=lambda pairs, done: tell(pairs, min(done / size, 1.0) if size else None),
        )
        if kind == "language-model":  # one language: what comes before, and what continues it
            found.target.update(found.source)
            found.source = found.target
        vocabularies = [self._vocabulary(*each) for each in zip(SIDES, (found.source, found.target), strict=True)]
        self.languages = Languages(*vocabularies, *tokenisers)
        sides = (*tokenisers, *vocabularies)
        self._note_length(found.too_long)
        self._refuse_nothing(found.examples, "training data")
        self.training = Windows(corpus, found.windows, partial(_encode, sides, kind), config.max_length)
        dev_files = " and ".join(config.dev)
        encoded = encode_pairs(dev, *sides, kind=kind, where=f"{dev_files}: dev data" if dev_files else "dev data")
        self.dev_examples, too_long = check_lengths(encoded, config.max_length, "dev data")
        self._note_length(too_long)
        self._refuse_nothing(len(self.dev_examples), "dev data")
        kept = (pair for pair, example in zip(dev, encoded, strict=True) if max(map(len, example)) <= config.max_length)
        spellings = [config.normalisation(side) for side in SIDES]
        self.dev = [Pair(*(spell(text) for spell, text in zip(spellings, pair, strict=True))) for pair in kept]
        unknown = UnknownShare.of(self.dev_examples, "dev data")
        if unknown.source or unknown.target:
            self.notes.append(str(unknown))
        if found.duplicates:
            self.notes.append(f"{found.duplicates}; scores on them tell nothing about new sentences")
        if len(found.windows) > 1:
            pairs = f"{found.pairs:,} training pairs are read again in each epoch"
            self.notes.append(f"{pairs}, and shuffled {config.window_pairs:,} at a time (--window-pairs)")
        self.checksum = found.checksum
        self.counts = {
            "training_pairs": found.pairs,
            "training_examples": found.examples,
            "windows": len(found.windows),
            "dev_pairs": len(dev),
            "dev_examples": len(self.dev_examples),
            "dev_unknown_source": unknown.source,
            "dev_unknown_target": unknown.target,
            "dev_pairs_in_training": found.duplicates.count if found.duplicates else 0,
        }

    def _tokenisers(self, corpus, tell):
        """Both sides'; what must be learned is learned from as many pairs as a window has, drawn from all."""
        names = [self.config.side(side, "{}_tokeniser") for side in SIDES]
        learn = set(names) & set(LEARNED)
        drawn = sample(corpus, self.config.window_pairs, np.random.default_rng(0), tell) if learn else []
        if self.kind == "language-model":  # one language: what comes before, and what continues it
            return [self._tokeniser("target", names[1], (text for pair in drawn for text in pair))] * 2
        columns = zip(*drawn, strict=True) if drawn else ((), ())
        return [self._tokeniser(*each) for each in zip(SIDES, names, columns, strict=True)]

    def _tokeniser(self, side, name, texts):
        normalisation = self.config.normalisation(side)
        if name in LEARNED:
            return Normalised(BytePairEncoding.learn(map(normalisation, texts), self.config.bpe_tokens), normalisation)
        return Normalised(tokeniser(name), normalisation)

    def _vocabulary(self, side, counts):
        if isinstance(counts, Moments):
            return Numbers.of(counts)
        if counts.lost:
            what = f"training data: more than {counts.bound:,} different {side} tokens"
            self.notes.append(f"{what}; those seen at most {counts.lost} times may be left out of the vocabulary")
        return Vocabulary.from_counts(counts, self.config.min_frequency, self.config.side(side, "max_{}_vocabulary") or None)

    def _note_length(self, report):
        if report:
            self.notes.append(f"{report}; they are left out (--max-length raises the limit)")

    def _refuse_nothing(self, examples, what):
        if not examples:
            raise UsageError(f"{what}: no pair is left within the limit of {self.config.max_length} tokens")


def _encode(sides, kind, pair):
    try:
        return encode_pair(pair, *sides, kind=kind)
    except UsageError as error:  # only now, as rare labels are one and the same in a vocabulary
        raise UsageError(f"training data, {pair.source[:40]!r}: {error}") from None

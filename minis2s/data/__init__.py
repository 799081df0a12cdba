"""Text in, batches out: files, normalisation, tokenisers, vocabularies, batching, and built-in data. Knows no model."""

from minis2s.data.batching import Batch, Example, bucketed_batches, make_batch
from minis2s.data.bpe import BytePairEncoding
from minis2s.data.corpus import FileCorpus, pairs_of
from minis2s.data.encoding import TooLong, check_lengths, encode_pair, encode_pairs
from minis2s.data.files import Pair, read_aligned, read_lines, read_pairs
from minis2s.data.normalisation import Normalisation, normalise
from minis2s.data.survey import Survey
from minis2s.data.tokenisers import TOKENISERS, Normalised, tokeniser
from minis2s.data.vocabulary import BOS, EOS, PAD, SPECIALS, UNK, Vocabulary
from minis2s.data.windows import Windows

__all__ = [
    "Batch", "Example", "bucketed_batches", "make_batch",
    "BytePairEncoding", "TOKENISERS", "Normalised", "tokeniser",
    "FileCorpus", "pairs_of",
    "TooLong", "check_lengths", "encode_pair", "encode_pairs",
    "Pair", "read_aligned", "read_lines", "read_pairs",
    "Normalisation", "normalise",
    "Survey", "Windows",
    "BOS", "EOS", "PAD", "SPECIALS", "UNK", "Vocabulary",
]  # fmt: skip

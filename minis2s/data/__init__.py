"""Text in, batches out: files, tokenisers, vocabularies, batching, and built-in data. Knows no model."""

from minis2s.data.batching import Batch, Example, bucketed_batches, make_batch
from minis2s.data.encoding import TooLong, check_lengths, encode_pairs
from minis2s.data.files import Pair, normalise, read_aligned, read_lines, read_pairs
from minis2s.data.tokenisers import TOKENISERS, tokeniser
from minis2s.data.vocabulary import BOS, EOS, PAD, SPECIALS, UNK, Vocabulary

__all__ = [
    "Batch", "Example", "bucketed_batches", "make_batch",
    "TooLong", "check_lengths", "encode_pairs",
    "Pair", "normalise", "read_aligned", "read_lines", "read_pairs",
    "TOKENISERS", "tokeniser",
    "BOS", "EOS", "PAD", "SPECIALS", "UNK", "Vocabulary",
]  # fmt: skip

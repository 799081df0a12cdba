"""Sentences of similar length side by side: time-major arrays, right-padded, with masks.

Work on padding is wasted, so batches are cut from sentences sorted by length; training still needs chance, so the
sorting happens only within windows of many batches of a shuffled list, and the batches come in shuffled order.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from minis2s.data.vocabulary import BOS, EOS, PAD
from minis2s.errors import UsageError


class Example(NamedTuple):
    """A pair as lists of ids, without BOS and EOS, or as real vectors, arrays (n, D)."""

    source: list[int] | np.ndarray
    target: list[int] | np.ndarray


@dataclass(frozen=True, eq=False)
class Batch:
    """B examples with at most T source tokens and S - 1 target tokens; rows by falling source length, equal ones as given.

    Of a side of real vectors, the arrays are (T, B, D) or (S, B, D) float32, 0 where the mask is False. Vectors have no EOS: a
    target has at most S of them.
    """

    source: np.ndarray  # (T, B) int64, PAD where the mask is False
    source_mask: np.ndarray  # (T, B) bool
    target_in: np.ndarray  # (S, B) int64: BOS, y_1 … y_n, what the decoder is fed; of real vectors: 0, y_1 … y_{n-1}
    target_out: np.ndarray  # (S, B) int64: y_1 … y_n, EOS, what it must answer; of real vectors: y_1 … y_n
    target_mask: np.ndarray  # (S, B) bool, for both
    index: np.ndarray  # (B,) int64: where each row stood in the list that the batch was made from

    @property
    def size(self):
        """B, the number of examples."""
        return self.source.shape[1]

    @property
    def n_source_tokens(self):
        """Real source tokens, without padding."""
        return int(self.source_mask.sum())

    @property
    def n_target_tokens(self):
        """Real target tokens, each sentence's EOS included, or real vectors: the number that the loss is divided by."""
        return int(self.target_mask.sum())

    @property
    def labels(self):
        """(S − 1, B) int64: the target words y_1 … y_n alone, for CTC."""
        return self.target_in[1:]

    @property
    def label_mask(self):
        """(S − 1, B) bool."""
        return self.target_mask[1:]


def make_batch(examples):
    """The Batch of a list of Examples. Raises UsageError for an empty list or an example with an empty source."""
    _refuse_empty(examples)
    index = np.argsort([-len(example.source) for example in examples], kind="stable")
    ordered = [examples[row] for row in index]
    source, source_mask = _padded([example.source for example in ordered])
    before, after = zip(*(_shifted(example.target) for example in ordered), strict=True)
    target_in, target_mask = _padded(before)
    target_out, _ = _padded(after)
    return Batch(source, source_mask, target_in, target_out, target_mask, index)


def bucketed_batches(examples, batch_size, rng=None, window=50):
    """Which examples form which batch: lists of positions for `make_batch`, every example in exactly one.

    With `rng` (numpy Generator): shuffled, sorted by length within windows of `window` batches, batches in shuffled
    order. Without: everything sorted by (source, target) length, always the same, for evaluation.
    The plan is small and made at once, so that a trainer can remember its place in it.

    Raises UsageError for no examples, an empty source, or a batch size or window below 1.
    """
    if batch_size < 1 or window < 1:
        raise UsageError(f"batch size and window must be at least 1, not {batch_size} and {window}")
    _refuse_empty(examples)
    lengths = np.array([(len(example.source), len(example.target)) for example in examples])
    order = np.arange(len(examples)) if rng is None else rng.permutation(len(examples))
    span = len(examples) if rng is None else window * batch_size
    batches = []
    for start in range(0, len(order), span):
        part = order[start : start + span]
        source_lengths, target_lengths = lengths[part].T
        part = part[np.lexsort((target_lengths, source_lengths))]  # the last key counts first; the sort is stable
        batches += [part[at : at + batch_size].tolist() for at in range(0, len(part), batch_size)]
    return batches if rng is None else [batches[number] for number in rng.permutation(len(batches))]


def _shifted(target):
    """(what is fed, what must be answered): each step is fed what the step before should have answered."""
    if isinstance(target, np.ndarray):
        return np.concatenate([np.zeros_like(target[:1]), target[:-1]]), target
    return [BOS, *target], [*target, EOS]


def _padded(rows):
    """B lists of ids as (T, B) int64, right-padded with PAD, or B arrays (n, D) as (T, B, D), padded with 0; and the (T, B) mask
    of what is real.
    """
    lengths = np.array([len(row) for row in rows])
    mask = np.arange(lengths.max()) < lengths[:, None]
    values = np.concatenate(rows)  # it and the mask run row by row, so everything lands in its place
    padded = np.full((*mask.shape, *values.shape[1:]), PAD, dtype=values.dtype if values.ndim > 1 else np.int64)
    padded[mask] = values
    return np.ascontiguousarray(padded.swapaxes(0, 1)), np.ascontiguousarray(mask.T)


def _refuse_empty(examples):
    if not examples:
        raise UsageError("there are no examples to make a batch of")
    for number, example in enumerate(examples):
        if not len(example.source):
            raise UsageError(f"example {number} has an empty source: there is nothing to encode")

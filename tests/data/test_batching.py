import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minis2s.data.batching import Example, bucketed_batches, make_batch
from minis2s.data.encoding import check_lengths, encode_pairs
from minis2s.data.files import Pair
from minis2s.data.tokenisers import tokeniser
from minis2s.data.vocabulary import BOS, EOS, PAD, UNK, Vocabulary
from minis2s.errors import UsageError

IDS = st.integers(4, 99)
EXAMPLES = st.lists(st.builds(Example, st.lists(IDS, min_size=1, max_size=7), st.lists(IDS, max_size=7)), min_size=1)


@given(EXAMPLES)
def test_a_batch_holds_its_examples_and_nothing_else(examples):
    batch = make_batch(examples)
    assert batch.size == len(examples)
    for column, row in enumerate(batch.index):
        source, target = examples[row]
        assert batch.source[batch.source_mask[:, column], column].tolist() == source
        assert batch.target_in[batch.target_mask[:, column], column].tolist() == [BOS, *target]
        assert batch.target_out[batch.target_mask[:, column], column].tolist() == [*target, EOS]
    assert sorted(batch.index) == list(range(len(examples)))
    assert batch.n_source_tokens == sum(len(each.source) for each in examples)
    assert batch.n_target_tokens == sum(len(each.target) + 1 for each in examples)


@given(EXAMPLES)
def test_padding_stands_at_the_end_and_the_masks_tell_it(examples):
    batch = make_batch(examples)
    for mask, arrays in ((batch.source_mask, [batch.source]), (batch.target_mask, [batch.target_in, batch.target_out])):
        assert mask.dtype == bool and mask.flags.c_contiguous
        assert mask[0].all() and mask.any(axis=1).all()  # no empty column, no step that only pads
        assert not (mask[1:] & ~mask[:-1]).any()  # once it has ended, a row does not begin again
        for array in arrays:
            assert array.dtype == np.int64 and array.shape == mask.shape and array.flags.c_contiguous
            assert ((array == PAD) == ~mask).all()


@given(EXAMPLES)
def test_the_target_is_shifted_by_one(examples):
    batch = make_batch(examples)
    inner = batch.target_mask[1:]
    assert (batch.target_in[0] == BOS).all()
    assert (batch.target_in[1:][inner] == batch.target_out[:-1][inner]).all()


@given(EXAMPLES)
def test_rows_come_by_falling_source_length_and_equal_ones_as_given(examples):
    index = make_batch(examples).index.tolist()
    assert index == sorted(range(len(examples)), key=lambda row: (-len(examples[row].source), row))


@given(EXAMPLES, st.integers(1, 9), st.integers(1, 4), st.one_of(st.none(), st.integers(0, 9)))
def test_every_example_is_in_exactly_one_batch(examples, batch_size, window, seed):
    rng = None if seed is None else np.random.default_rng(seed)
    batches = bucketed_batches(examples, batch_size, rng, window)
    assert sorted(row for batch in batches for row in batch) == list(range(len(examples)))
    assert all(1 <= len(batch) <= batch_size for batch in batches)
    assert len(batches) == -(-len(examples) // batch_size)


def lengths(examples, batch):
    return [(len(examples[row].source), len(examples[row].target)) for row in batch]


@given(EXAMPLES, st.integers(1, 9))
def test_evaluation_is_sorted_as_a_whole_and_always_the_same(examples, batch_size):
    batches = bucketed_batches(examples, batch_size)
    flat = [length for batch in batches for length in lengths(examples, batch)]
    assert flat == sorted(flat)
    assert batches == bucketed_batches(examples, batch_size)


def many(number, seed=0):
    rng = np.random.default_rng(seed)
    return [Example([4] * rng.integers(1, 30), [4] * rng.integers(1, 30)) for _ in range(number)]


def test_training_batches_waste_little_and_come_in_changing_order():
    examples, rng = many(4000), np.random.default_rng(1)
    first, second = (bucketed_batches(examples, 32, rng) for _ in range(2))
    spread = [max(lengths(examples, batch))[0] - min(lengths(examples, batch))[0] for batch in first]
    assert np.mean(spread) < 2  # a random batch of 32 spreads over almost 29
    means = [np.mean(lengths(examples, batch)) for batch in first]
    assert abs(np.corrcoef(means, np.arange(len(means)))[0, 1]) < 0.4  # short and long ones mixed over the epoch
    assert {frozenset(batch) for batch in first}.isdisjoint(frozenset(batch) for batch in second)


def test_the_same_seed_gives_the_same_plan():
    examples = many(300)
    plans = [bucketed_batches(examples, 8, np.random.default_rng(seed)) for seed in (5, 5, 6)]
    assert plans[0] == plans[1] != plans[2]


@pytest.mark.parametrize("use", [make_batch, lambda examples: bucketed_batches(examples, 2)])
def test_nothing_and_an_empty_source_are_refused(use):
    with pytest.raises(UsageError, match="example 1 has an empty source"):
        use([Example([4], [5]), Example([], [5])])
    with pytest.raises(UsageError, match="no examples"):
        use([])


@pytest.mark.parametrize(("batch_size", "window"), [(0, 1), (-3, 1), (1, 0)])
def test_impossible_sizes_are_refused(batch_size, window):
    with pytest.raises(UsageError, match="at least 1"):
        bucketed_batches(many(3), batch_size, window=window)


def test_pairs_are_encoded_side_by_side():
    source, target = Vocabulary(["you", "?"]), Vocabulary(["你"])
    examples = encode_pairs([Pair("You?", "你好")], tokeniser("wordpunct"), tokeniser("chars"), source, target)
    assert examples == [Example([4, 5], [4, UNK])]


def test_long_pairs_are_dropped_and_reported():
    pairs = [Example([4] * n, [4] * m) for n, m in ((3, 3), (4, 1), (1, 9), (3, 2))]
    kept, report = check_lengths(pairs, 3, "train.tsv")
    assert kept == [pairs[0], pairs[3]]
    assert (report.count, report.total, report.first_line, report.longest) == (2, 4, 2, 9)
    assert str(report) == (
        "train.tsv: 2 of 4 pairs are longer than 3 tokens (the first on line 2, the longest has 9)"
    )


def test_where_none_may_be_dropped_a_long_one_is_refused():
    with pytest.raises(UsageError, match=r"test\.tsv: 1 of 1 pairs are longer than 1 tokens .* raise the limit"):
        check_lengths([("ab", "c")], 1, "test.tsv", drop=False)


def test_pairs_within_the_limit_pass_without_a_report():
    pairs = [Example([4], [5])]
    assert check_lengths(pairs, 1, "x") == (pairs, None)

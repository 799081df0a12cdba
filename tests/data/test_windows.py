"""Windows: the same batches from a stream as from memory, each pair once an epoch, no more in memory than a window."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minis2s.data.batching import Example, bucketed_batches
from minis2s.data.corpus import FileCorpus
from minis2s.data.encoding import UnknownShare
from minis2s.data.files import Pair
from minis2s.data.survey import TokenCounts, survey
from minis2s.data.tokenisers import tokeniser
from minis2s.data.vocabulary import UNK
from minis2s.data.windows import Windows
from minis2s.errors import UsageError

WORDS = tokeniser("words")
LIMIT = 6


def pair(number, length):
    """A pair of `length` tokens that tells its number."""
    return Pair(" ".join([str(number)] * length), f"t{number}")


def numbered(lengths):
    return [pair(number, length) for number, length in enumerate(lengths)]


def encode(pair):
    """An Example that keeps the tokens themselves, so that a test can read them."""
    return Example(pair.source.split(), pair.target.split())


def windows_of(pairs, window_pairs, encode=encode):
    found = survey(pairs, WORDS, WORDS, limit=LIMIT, window_pairs=window_pairs)
    return Windows(pairs, found.windows, encode, LIMIT)


def numbers(batches):
    return [[int(example.source[0]) for example in batch] for batch in batches]


LENGTHS = st.lists(st.integers(1, LIMIT + 2), min_size=1, max_size=60)
SIZES = {"lengths": LENGTHS, "window_pairs": st.integers(1, 70), "batch_size": st.integers(1, 9)}


@given(**SIZES, seed=st.sampled_from([0, 1, 2**31, 2**70]), epoch=st.integers(0, 3))
def test_each_pair_within_the_limit_exactly_once_in_an_epoch(lengths, window_pairs, batch_size, seed, epoch):
    windows = windows_of(numbered(lengths), window_pairs)
    batches = numbers(windows.batches(batch_size, seed, epoch))
    kept = [number for number, length in enumerate(lengths) if length <= LIMIT]
    assert sorted(number for batch in batches for number in batch) == kept
    assert len(batches) == windows.steps(batch_size) and len(windows) == len(kept)
    assert all(1 <= len(batch) <= batch_size for batch in batches)
    for batch in batches:
        assert len({number // window_pairs for number in batch}) == 1  # a batch never reaches beyond its window
    order = [batch[0] // window_pairs for batch in batches]
    assert order == sorted(order)


@given(**SIZES, first=st.integers(0, 70))
def test_an_epoch_that_is_taken_up_in_its_middle_goes_on_with_the_same_batches(lengths, window_pairs, batch_size, first):
    windows = windows_of(numbered(lengths), window_pairs)
    assert numbers(windows.batches(batch_size, 3, 1, first)) == numbers(windows.batches(batch_size, 3, 1))[first:]


@given(lengths=LENGTHS, batch_size=st.integers(1, 9), more=st.integers(0, 5))
def test_what_fits_into_one_window_is_planned_as_in_memory(lengths, batch_size, more):
    """And as it was before there were windows: one plan over all examples, from (seed, 1, epoch)."""
    pairs = numbered(lengths)
    examples = [encode(p) for p, n in zip(pairs, lengths, strict=True) if n <= LIMIT]
    stream, memory = windows_of(pairs, len(pairs) + more), Windows.of(examples)
    for epoch in range(2):
        batches = list(stream.batches(batch_size, 5, epoch))
        assert batches == list(memory.batches(batch_size, 5, epoch))
        if examples:
            plan = bucketed_batches(examples, batch_size, np.random.default_rng([5, 1, epoch]))
            assert batches == [[examples[row] for row in rows] for rows in plan]


@given(**SIZES)
def test_a_window_is_planned_as_if_it_were_all(lengths, window_pairs, batch_size):
    """From a file as from memory: the generator of window k follows from (seed, 1, epoch, k) alone."""
    pairs = numbered(lengths)
    wanted = []
    for number, start in enumerate(range(0, len(pairs), window_pairs)):
        examples = [encode(p) for p in pairs[start : start + window_pairs] if len(p.source.split()) <= LIMIT]
        if examples:
            plan = bucketed_batches(examples, batch_size, np.random.default_rng([7, 1, 2, number]))
            wanted += [[examples[row] for row in rows] for rows in plan]
    assert list(windows_of(pairs, window_pairs).batches(batch_size, 7, 2)) == wanted


def test_epochs_and_seeds_differ():
    windows = windows_of(numbered([1] * 200), 50)
    plans = [numbers(windows.batches(10, seed, epoch)) for seed, epoch in ((1, 0), (1, 1), (2, 0), (1, 0))]
    assert plans[0] == plans[3] and plans[0] != plans[1] and plans[0] != plans[2]


class Counted(list):
    """A source that knows how many of its kind are alive."""

    alive = most = 0

    def __init__(self, tokens):
        super().__init__(tokens)
        Counted.alive += 1
        Counted.most = max(Counted.most, Counted.alive)

    def __del__(self):
        Counted.alive -= 1


@pytest.mark.parametrize("window_pairs", [10, 37, 100])
def test_no_more_than_a_window_is_in_memory(window_pairs):
    windows = windows_of(numbered([1, 2, 9] * 100), window_pairs, lambda p: Example(Counted(p.source.split()), ["t"]))
    Counted.alive = Counted.most = 0
    for batch in windows.batches(8, 1, 0):
        assert len(batch) <= 8
        del batch
    most_kept = max(window.examples for window in windows.windows)
    assert most_kept <= Counted.most <= most_kept + 8 + 1  # a batch that is out, and a pair that proves too long


def test_what_fits_is_encoded_once_and_what_does_not_in_each_epoch():
    calls = []

    def counting(p):
        calls.append(p)
        return encode(p)

    for window_pairs, wanted in ((20, 20), (10, 60)):
        calls.clear()
        windows = windows_of(numbered([1] * 20), window_pairs, counting)
        for epoch in range(3):
            list(windows.batches(4, 1, epoch))
        assert len(calls) == wanted


def test_what_is_passed_over_is_not_encoded():
    calls = []
    windows = windows_of(numbered([1] * 100), 10, lambda p: calls.append(p) or encode(p))
    list(windows.batches(5, 1, 0, first=15))  # two batches a window: the first seven windows, and one batch
    assert len(calls) == 30


@pytest.mark.parametrize("change", ["a word", "one fewer", "another order", "emptied"])
def test_a_file_that_changes_while_it_is_trained_on(change, tmp_path):
    path = tmp_path / "train.tsv"
    rows = [f"{n}\tt{n}\n" for n in range(50)]
    path.write_text("".join(rows))
    corpus = FileCorpus([path])
    windows = windows_of(corpus, 20)
    changed = {"a word": [*rows[:33], "x\ty\n", *rows[34:]], "one fewer": rows[:-1], "emptied": ["0\tt0\n"],
               "another order": [*rows[:20], *rows[20:40][::-1], *rows[40:]]}[change]  # fmt: skip
    batches = windows.batches(5, 1, 0)
    next(batches)
    path.write_text("".join(changed))
    with pytest.raises(UsageError, match="the training data have changed since they were first read"):
        list(windows.batches(5, 1, 1))


def test_lines_that_are_added_are_not_seen(tmp_path):
    path = tmp_path / "train.tsv"
    path.write_text("".join(f"{n}\tt{n}\n" for n in range(50)))
    windows = windows_of(FileCorpus([path]), 20)
    before = list(windows.batches(5, 1, 0))
    with open(path, "a") as file:
        file.write("more\tmore\n")
    assert list(windows.batches(5, 1, 0)) == before


# The first pass


@given(lengths=LENGTHS, window_pairs=st.integers(1, 70))
def test_the_survey_counts_what_there_is(lengths, window_pairs):
    pairs = numbered(lengths)
    found = survey(iter(pairs), WORDS, WORDS, limit=LIMIT, window_pairs=window_pairs)
    assert found.pairs == len(pairs) and found.examples == sum(n <= LIMIT for n in lengths)
    assert [window.pairs for window in found.windows[:-1]] == [window_pairs] * (len(found.windows) - 1)
    assert found.source == {str(number): length for number, length in enumerate(lengths)}
    assert found.target == {f"t{number}": 1 for number in range(len(lengths))}
    long = [number for number, n in enumerate(lengths, start=1) if n > LIMIT]
    if long:
        report = found.too_long
        assert (report.count, report.total, report.first_line) == (len(long), len(lengths), long[0])
        assert report.longest == max(lengths)
    else:
        assert found.too_long is None


def test_the_checksum_knows_every_character_and_the_order():
    def checksum(*pairs, window_pairs=2):
        return survey([Pair(*p) for p in pairs], WORDS, WORDS, limit=9, window_pairs=window_pairs).checksum

    kinds = [[("a", "b"), ("c", "d")], [("c", "d"), ("a", "b")], [("a b", "b"), ("c", "d")], [("a", "b"), ("c", "d"), ("c", "d")]]
    kinds += [[("a", "b")], [("b", "a"), ("c", "d")]]
    assert len({checksum(*kind) for kind in kinds}) == len(kinds)
    assert checksum(*kinds[0]) == checksum(*kinds[0])


def test_an_empty_corpus():
    found = survey([], WORDS, WORDS, limit=9, window_pairs=2)
    assert (found.pairs, found.examples, found.windows, found.duplicates) == (0, 0, [], None)


def test_duplicates_are_found_as_the_model_reads_them():
    train = [Pair("a b", "x"), Pair("c", "y"), Pair("c", "y"), Pair("d", "z")]
    dev = [Pair("new", "x"), Pair("a b", "y"), Pair(" c", "y "), Pair("a  b", "x"), Pair("c", "y")]
    report = survey(train, WORDS, WORDS, limit=9, window_pairs=2, dev=dev).duplicates
    assert (report.count, report.total, report.dev_line, report.train_line) == (3, 5, 3, 2)
    assert str(report) == "dev data: 3 of 5 pairs are training pairs, too (the first on line 3, in the training data on line 2)"
    assert survey(train, WORDS, WORDS, limit=9, window_pairs=2, dev=dev[:2]).duplicates is None


def test_progress_is_told():
    told = []
    pairs = [Pair("a", "b")] * 25_000
    survey(pairs, WORDS, WORDS, limit=9, window_pairs=7_000, tell=lambda *where: told.append(where))
    assert told == [(10_000, 40_000), (20_000, 80_000)]


@given(st.lists(st.integers(0, 30), max_size=300), st.integers(1, 12))
def test_counts_are_bounded_and_say_by_how_much_they_are_too_low(tokens, bound):
    counts = TokenCounts(bound)
    for at in range(0, len(tokens), 3):
        counts.count(tokens[at : at + 3])
    assert len(counts) <= bound
    for token in set(tokens):
        assert tokens.count(token) - counts.lost <= counts[token] <= tokens.count(token)
    assert counts.lost == 0 or len(set(tokens)) > bound
    assert counts.lost <= len(tokens) / bound  # each one taken from everybody was paid for by a full table


def test_the_share_of_unknown_tokens():
    share = UnknownShare.of([Example([UNK, 5, 6], [7]), Example([5], [UNK, 5, 5])], "dev data")
    assert (share.source, share.target) == (0.25, 0.25)
    assert str(share) == "dev data: 25.00% of the source tokens and 25.00% of the target tokens are unknown"
    assert UnknownShare.of([], "x")[1:] == (0, 0)

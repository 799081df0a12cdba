"""Sequences of real vectors as text."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minis2s.data.batching import Example, make_batch
from minis2s.data.encoding import encode_pair
from minis2s.data.files import Pair
from minis2s.data.numbers import Moments, Numbers, values
from minis2s.data.tokenisers import tokeniser
from minis2s.errors import UsageError

NUMBER = st.floats(-1e6, 1e6, allow_nan=False).map(lambda x: round(x, 3))


@given(st.lists(st.tuples(NUMBER, NUMBER), min_size=2, max_size=20))
def test_standardised_columns_and_back(rows):
    tokens = [f"{a},{b}" for a, b in rows]
    moments = Moments()
    for k in range(0, len(tokens), 3):
        moments.count(tokens[k : k + 3])
    numbers = Numbers.of(moments)
    encoded = numbers.encode(tokens)
    assert encoded.shape == (len(rows), 2) and encoded.dtype == np.float32
    np.testing.assert_allclose(encoded.mean(axis=0), 0, atol=1e-3)
    spread = np.std(np.array(rows), axis=0)
    for column in np.flatnonzero(spread > 1e-3 * np.abs(rows).max(axis=0)):
        assert encoded[:, column].std() == pytest.approx(1, abs=1e-2)
    scale = np.maximum(np.abs(rows).max(axis=0), 1e-3)
    np.testing.assert_allclose(values(" ".join(numbers.decode(encoded))) / scale, np.array(rows) / scale, atol=2e-4)
    assert Numbers(**numbers.as_record()) == numbers and len(numbers) == 2


@given(st.lists(st.integers(1, 9), min_size=1, max_size=9), NUMBER)
def test_a_column_that_does_not_vary_keeps_its_unit_however_it_is_rounded(lengths, x):
    moments = Moments()
    for n in lengths:
        moments.count([f"{x}"] * n)
    numbers = Numbers.of(moments)
    assert numbers.scale.tolist() == [1] and numbers.mean[0] == pytest.approx(x)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1 x", "'x' is no number"),
        ("1 inf", "'inf' is no number"),
        ("1,2 3", "'3' has 1 columns; the others have 2"),
        (",", "no number"),
    ],
)
def test_what_is_no_number_is_named(text, message):
    with pytest.raises(UsageError, match=message):
        values(text)


@pytest.mark.parametrize("record", [([], []), ([0.0], [0.0]), ([0.0], [1.0, 1.0]), ([np.nan], [1.0]), ([[0.0]], [[1.0]])])
def test_damaged_records_are_refused(record):
    with pytest.raises(UsageError, match="scales above zero"):
        Numbers(*record)


def test_a_batch_of_numbers_is_shifted_by_a_step_and_padded_with_zeros():
    numbers = Numbers([0.0], [1.0])
    example = [Example(numbers.encode(x.split()), numbers.encode(y.split())) for x, y in [("1", "5 6"), ("1 2 3", "7 8 9")]]
    batch = make_batch(example)
    np.testing.assert_array_equal(batch.source[..., 0], [[1, 1], [2, 0], [3, 0]])
    np.testing.assert_array_equal(batch.target_in[..., 0], [[0, 0], [7, 5], [8, 0]])
    np.testing.assert_array_equal(batch.target_out[..., 0], [[7, 5], [8, 6], [9, 0]])
    assert batch.target_out.dtype == np.float32 and batch.target_mask.sum() == 5


def test_the_labels_of_a_batch_are_its_target_words_without_the_end():
    batch = make_batch([Example([4, 5, 6], [7, 8]), Example([4], [9])])
    np.testing.assert_array_equal(batch.labels, [[7, 9], [8, 0]])
    np.testing.assert_array_equal(batch.label_mask, [[True, True], [True, False]])


def test_a_language_model_learns_the_prefix_and_what_continues_it():
    from minis2s.data.vocabulary import BOS, Vocabulary

    chars, letters = tokeniser("chars"), Vocabulary("abc")
    example = encode_pair(Pair("ab", "ca"), chars, chars, letters, letters, kind="language-model")
    assert example == Example([BOS], letters.encode(list("abca")))

"""CTC decoding against all paths, written out one by one, and against the algorithm with dictionaries and probabilities."""

from collections import defaultdict
from itertools import product
from math import log, prod

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minis2s.decoding.ctc import best_path, prefix_beam
from minis2s.equations.ctc import ctc
from minis2s.errors import UsageError

ALL = 10_000  # wider than there are labellings


def distributions(seed, T, B, V, sharpness=1.0):
    """(T, B, V), each row sums to one."""
    logits = sharpness * np.random.default_rng(seed).standard_normal((T, B, V))
    return np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)


def merged(path):
    """Without repetitions, then without blanks."""
    return tuple(c for k, c in enumerate(path) if c != 0 and (k == 0 or path[k - 1] != c))


def every_labelling(p):
    """labels → their probability: the sum over all paths through p (T, V)."""
    found = defaultdict(float)
    for path in product(range(p.shape[1]), repeat=len(p)):
        found[merged(path)] += prod(p[t, c] for t, c in enumerate(path))
    return {labels: total for labels, total in found.items() if total > 0}


def textbook(p, width):
    """Prefix beam search on probabilities: prefix → (p ending in a blank, p ending in a label)."""
    beam = {(): (1.0, 0.0)}
    for row in p:
        new = defaultdict(lambda: [0.0, 0.0])
        for prefix, (blank, label) in beam.items():
            new[prefix][0] += row[0] * (blank + label)
            for c in range(1, len(row)):
                if prefix[-1:] == (c,):
                    new[prefix][1] += row[c] * label
                    new[(*prefix, c)][1] += row[c] * blank
                else:
                    new[(*prefix, c)][1] += row[c] * (blank + label)
        ranked = sorted(new.items(), key=lambda item: -sum(item[1]))[:width]
        beam = {prefix: both for prefix, both in ranked if sum(both) > 0}
    return sorted(((sum(both), prefix) for prefix, both in beam.items()), reverse=True)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 6), st.integers(2, 3), st.floats(0, 4))
def test_with_a_huge_width_every_labelling_is_found_with_its_whole_probability(seed, T, V, sharpness):
    p = distributions(seed, T, 2, V, sharpness)
    for b, found in enumerate(prefix_beam(np.log(p), ALL)):
        expected = every_labelling(p[:, b])
        assert {tuple(h.labels) for h in found} == set(expected)
        for h in found:
            assert h.log_p == pytest.approx(log(expected[tuple(h.labels)]), rel=1e-10, abs=1e-12)
        assert [h.log_p for h in found] == sorted((h.log_p for h in found), reverse=True)
        assert sum(np.exp(h.log_p) for h in found) == pytest.approx(1)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 12), st.integers(2, 6), st.integers(1, 8))
def test_of_any_width_it_is_the_algorithm_with_dictionaries(seed, T, V, width):
    p = distributions(seed, T, 3, V, 1.5)
    for b, found in enumerate(prefix_beam(np.log(p), width)):
        expected = textbook(p[:, b], width)
        assert [tuple(h.labels) for h in found] == [labels for _, labels in expected]
        np.testing.assert_allclose([h.log_p for h in found], np.log([total for total, _ in expected]), rtol=1e-9, atol=1e-11)


@given(st.integers(0, 10_000), st.integers(1, 6), st.integers(2, 4))
@settings(max_examples=60, deadline=None)
def test_the_best_path_is_the_best_of_all_paths(seed, T, V):
    p = distributions(seed, T, 2, V)
    for b, found in enumerate(best_path(np.log(p))):
        value, path = max((prod(p[t, b, c] for t, c in enumerate(path)), path) for path in product(range(V), repeat=T))
        assert tuple(found.labels) == merged(path)
        assert found.log_p == pytest.approx(log(value))


def test_the_best_labelling_need_not_hold_the_best_path():
    """Graves' example: the blank path has 0.36, "a" has three paths with 0.64 together."""
    log_p = np.log(np.array([[[0.6, 0.4]], [[0.6, 0.4]]]))
    assert best_path(log_p)[0].labels == []
    (first, second), = prefix_beam(log_p, 5)
    assert first.labels == [1] and first.log_p == pytest.approx(log(0.64))
    assert second.labels == [] and second.log_p == pytest.approx(log(0.36))


def test_the_scores_are_the_losses_of_the_labellings():
    rng = np.random.default_rng(1)
    logits = rng.standard_normal((7, 1, 4))
    log_p = logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))
    for h in prefix_beam(log_p, ALL)[0][:50]:
        loss, _ = ctc(logits, np.array(h.labels, dtype=int).reshape(-1, 1), total=1)
        assert -loss == pytest.approx(h.log_p, rel=1e-10)


@pytest.mark.parametrize("zero", [-np.inf, -1e30, -1e38])
def test_symbols_without_any_probability(zero):
    p = np.array([[0.5, 0.5, 0], [0, 0, 1], [0, 1, 0], [0.25, 0, 0.75]])
    log_p = np.where(p > 0, np.log(np.maximum(p, 1e-300)), zero)[:, None]
    (found,) = prefix_beam(log_p.astype(np.float32), ALL)
    expected = every_labelling(p)
    assert {tuple(h.labels): pytest.approx(h.log_p, abs=1e-6) for h in found} == {k: log(v) for k, v in expected.items()}
    assert best_path(log_p)[0].labels == [2, 1, 2]


@given(st.integers(0, 10_000), st.lists(st.integers(0, 5), min_size=1, max_size=4))
@settings(max_examples=30, deadline=None)
def test_a_row_depends_neither_on_padding_nor_on_its_neighbours(seed, lengths):
    log_p = np.log(distributions(seed, 6, len(lengths), 4))
    mask = np.arange(6)[:, None] < np.array(lengths)
    log_p[~mask] = np.nan
    assert best_path(log_p, mask) == [best_path(log_p[:n, b : b + 1])[0] for b, n in enumerate(lengths)]
    assert prefix_beam(log_p, 3, mask) == [prefix_beam(log_p[:n, b : b + 1], 3)[0] for b, n in enumerate(lengths)]


def test_no_steps_are_no_labels():
    nothing = np.zeros((0, 1, 3))
    assert best_path(nothing) == [([], 0.0)] and prefix_beam(nothing, 3) == [[([], 0.0)]]


def test_a_wide_beam_finds_what_a_narrow_one_misses():
    log_p = np.log(distributions(5, 30, 1, 5, 0.3))
    narrow, wide = (prefix_beam(log_p, width)[0] for width in (1, 256))
    assert len(narrow) == 1 and len(wide) == 256
    assert wide[0].log_p > narrow[0].log_p + 1


@pytest.mark.parametrize(
    "log_p, arguments, message",
    [
        (np.zeros((3, 2, 4)), {"width": 0}, "the beam width must be at least 1, not 0"),
        (np.zeros((3, 4)), {"width": 2}, r"must be \(T, B, V\), V at least 2 with the blank, not \(3, 4\)"),
        (np.zeros((3, 4, 1)), {"width": 2}, r"V at least 2"),
        (np.zeros((3, 2, 4)), {"width": 2, "mask": np.ones((2, 3), bool)}, r"the mask is \(2, 3\), but .* need \(3, 2\)"),
    ],
)
def test_what_cannot_be_decoded_is_refused(log_p, arguments, message):
    with pytest.raises(UsageError, match=message):
        prefix_beam(log_p, **arguments)

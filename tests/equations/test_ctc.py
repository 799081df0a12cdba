"""CTC (D2.7): against the sum over every path, against PyTorch, at its limits; and the errors where no path exists."""

from itertools import product
from math import exp, fsum, log

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from minis2s.equations.ctc import collapse, ctc, ctc_backward
from minis2s.equations.padding import length_mask, pad
from minis2s.errors import UsageError

from .gradients import assert_gradients, assert_single_precision


def inputs(labels, steps, V=4, scale=1.0, seed=0, T=None):
    ids, label_mask = pad(labels)
    mask = length_mask(steps, T)
    logits = scale * np.random.default_rng(seed).standard_normal((*mask.shape, V))
    return {"logits": logits, "labels": ids, "mask": mask, "label_mask": label_mask}


def merged(path):
    """The labels of a path, written out: a symbol counts where it is not the blank and not the same as the one before."""
    return [k for t, k in enumerate(path) if k != 0 and (t == 0 or path[t - 1] != k)]


def loss_over_all_paths(logits, labels, mask, label_mask):
    total = 0.0
    for b in range(logits.shape[1]):
        rows = [logits[t, b] for t in range(logits.shape[0]) if mask[t, b]]
        log_p = [[float(x) - log(fsum(exp(y) for y in row)) for x in row] for row in rows]
        wanted = [int(k) for k, real in zip(labels[:, b], label_mask[:, b], strict=True) if real]
        paths = [path for path in product(range(logits.shape[2]), repeat=len(rows)) if merged(path) == wanted]
        total -= log(fsum(exp(fsum(log_p[t][k] for t, k in enumerate(path))) for path in paths))
    return total / max(int(label_mask.sum()), 1)


CASES = {
    "a choice, repeated labels, one path only, no label, nothing": inputs([[1, 1, 2], [3, 2], [2, 1], [], []], [5, 4, 2, 3, 0]),
    "one step": inputs([[2], [], [3]], [1, 1, 1]),
    "one row": inputs([[1, 2]], [4]),
    "no labels at all": inputs([[], []], [3, 2]),
    "nothing but padding": inputs([[], []], [0, 0], T=2),
    "all the same label": inputs([[2, 2], [2, 2, 2]], [5, 5]),
    "two symbols": inputs([[1, 1], [1]], [4, 4], V=2),
    "tiny": inputs([[1, 1], [3, 2]], [4, 3], scale=1e-6),
    "large": inputs([[1, 1], [3, 2]], [4, 3], scale=10),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_the_sum_over_all_paths_and_the_gradient(case):
    loss, _ = ctc(**case)
    assert loss == pytest.approx(loss_over_all_paths(**case), rel=1e-12, abs=1e-14)
    assert_gradients(ctc, ctc_backward, case, ("logits",))


@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_any_labels_that_fit(data):
    V, T, B = data.draw(st.integers(2, 3)), data.draw(st.integers(1, 4)), data.draw(st.integers(1, 3))
    labels = [data.draw(st.lists(st.integers(1, V - 1), max_size=3)) for _ in range(B)]
    steps = [data.draw(st.integers(0, T)) for _ in range(B)]
    assume(all(fits(row, n) for row, n in zip(labels, steps, strict=True)))
    case = inputs(labels, steps, V, seed=data.draw(st.integers(0, 100)), T=T)
    assert ctc(**case)[0] == pytest.approx(loss_over_all_paths(**case), rel=1e-12, abs=1e-14)
    assert_gradients(ctc, ctc_backward, case, ("logits",))


def fits(labels, steps):
    """Whether any path of so many symbols gives the labels, by trying them all."""
    return any(merged(path) == labels for path in product(range(max(labels, default=0) + 1), repeat=steps))


@settings(max_examples=50, deadline=None)
@given(labels=st.lists(st.integers(1, 2), max_size=3), steps=st.integers(0, 4))
def test_labels_are_refused_exactly_where_no_path_gives_them(labels, steps):
    case = inputs([labels], [steps], V=3, T=4)
    if fits(labels, steps):
        assert np.isfinite(ctc(**case)[0])
    else:
        with pytest.raises(UsageError, match=r"row 0: no alignment exists: .* but there are"):
            ctc(**case)


def torch_loss(case):
    torch = pytest.importorskip("torch")
    logits = torch.tensor(case["logits"], requires_grad=True)
    lengths = [torch.tensor(case[name].sum(axis=0)) for name in ("mask", "label_mask")]
    labels = torch.tensor(case["labels"].T)
    loss = torch.nn.functional.ctc_loss(torch.log_softmax(logits, dim=-1), labels, *lengths, blank=0, reduction="sum")
    loss = loss / max(int(case["label_mask"].sum()), 1)
    loss.backward()
    return loss.item(), np.where(case["mask"][..., None], logits.grad.numpy(), 0)


@pytest.mark.parametrize("seed", range(3))
def test_against_torch(seed):
    rng = np.random.default_rng(seed)
    labels = [rng.integers(1, 6, rng.integers(0, 9)).tolist() for _ in range(7)]
    case = inputs(labels, rng.integers(18, 30, 7), V=6, scale=2, seed=seed)
    expected, expected_gradient = torch_loss(case)
    loss, cache = ctc(**case)
    assert loss == pytest.approx(expected, rel=1e-13)
    np.testing.assert_allclose(ctc_backward(1.0, cache), expected_gradient, rtol=0, atol=1e-14)


def test_two_thousand_steps_stay_finite_and_right():
    labels = np.random.default_rng(0).integers(1, 5, 300).tolist()
    case = inputs([labels, labels[:7]], [2000, 1500], V=5)
    expected, expected_gradient = torch_loss(case)
    loss, cache = ctc(**case)
    assert loss == pytest.approx(expected, rel=1e-12)
    np.testing.assert_allclose(ctc_backward(1.0, cache), expected_gradient, rtol=0, atol=1e-11)
    case["logits"] = case["logits"].astype(np.float32)
    loss32, cache = ctc(**case)
    d_logits = ctc_backward(np.float32(1), cache)
    assert loss32.dtype == d_logits.dtype == np.float32
    assert loss32 == pytest.approx(expected, rel=1e-4)
    # α and β are logarithms of the size of 2000, where float32 has four decimals.
    np.testing.assert_allclose(d_logits, expected_gradient, rtol=0, atol=1e-2 * np.abs(expected_gradient).max())


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_logits_of_ten_thousand_stay_finite(dtype):
    case = inputs([[1, 1, 2], [3, 2], [2, 1], []], [5, 4, 2, 3])
    case["logits"] = np.where(np.random.default_rng(1).random(case["logits"].shape) < 0.5, -1e4, 1e4).astype(dtype)
    loss, cache = ctc(**case)
    d_logits = ctc_backward(dtype(1), cache)
    assert loss.dtype == d_logits.dtype == dtype
    assert np.isfinite(loss) and np.isfinite(d_logits).all()
    # Paths that use only symbols with the high logit have probabilities like 2^-t; a path forced through a low one costs 20000.
    assert loss == pytest.approx(loss_by_best_path(case), rel=1e-3)


def loss_by_best_path(case):
    """−log of the likeliest path: with logits this far apart the others add less than 20 nats to some ten thousands."""
    total, p = 0.0, case["logits"].astype(np.float64)
    log_p = p - p.max(axis=-1, keepdims=True)
    log_p -= np.log(np.exp(log_p).sum(axis=-1, keepdims=True))
    for b in range(p.shape[1]):
        n = int(case["mask"][:, b].sum())
        wanted = case["labels"][case["label_mask"][:, b], b].tolist()
        paths = (path for path in product(range(p.shape[2]), repeat=n) if merged(path) == wanted)
        total -= max(sum(log_p[t, b, k] for t, k in enumerate(path)) for path in paths)
    return total / case["label_mask"].sum()


def test_single_precision():
    assert_single_precision(ctc, ctc_backward, CASES["a choice, repeated labels, one path only, no label, nothing"])


def test_padding_may_hold_anything():
    case = CASES["a choice, repeated labels, one path only, no label, nothing"]
    hole = case | {
        "logits": np.where(case["mask"][..., None], case["logits"], np.nan),
        "labels": np.where(case["label_mask"], case["labels"], -7),
    }
    loss, cache = ctc(**hole)
    assert loss == ctc(**case)[0]
    d_logits = ctc_backward(1.0, cache)
    assert (d_logits[~case["mask"]] == 0).all()
    np.testing.assert_array_equal(d_logits, ctc_backward(1.0, ctc(**case)[1]))


def test_a_step_that_is_masked_in_the_middle_is_as_if_it_were_not_there():
    case = inputs([[1, 2]], [4])
    wider = case | {"logits": np.insert(case["logits"], 2, 5.0, axis=0), "mask": np.insert(case["mask"], 2, False, axis=0)}
    loss, cache = ctc(**wider)
    assert loss == ctc(**case)[0]
    np.testing.assert_array_equal(np.delete(ctc_backward(1.0, cache), 2, axis=0), ctc_backward(1.0, ctc(**case)[1]))


def test_without_masks_all_is_real():
    case = inputs([[1, 2], [3, 3]], [4, 4])
    assert ctc(case["logits"], case["labels"])[0] == ctc(**case)[0]


def test_two_halves_of_a_batch_add_up_with_the_whole_batchs_total():
    case = CASES["a choice, repeated labels, one path only, no label, nothing"]
    left, right = ({k: value[:, half] for k, value in case.items()} for half in (slice(2), slice(2, None)))
    total = int(case["label_mask"].sum())
    assert ctc(**left, total=total)[0] + ctc(**right, total=total)[0] == pytest.approx(ctc(**case)[0], rel=1e-14)


def test_each_steps_gradient_sums_to_zero():
    case = CASES["a choice, repeated labels, one path only, no label, nothing"]
    d_logits = ctc_backward(1.0, ctc(**case)[1])
    np.testing.assert_allclose(d_logits.sum(axis=-1), 0, atol=1e-15)


@pytest.mark.parametrize(
    ("labels", "steps", "message"),
    [
        ([[1], [2, 2]], [2, 2], r"row 1: no alignment exists: 2 labels, 1 of them equal to the one before, need 3 steps.*are 2"),
        ([[1], [2]], [2, 0], r"row 1: no alignment exists: 1 labels, .* need 1 steps, but there are 0"),
        ([[1, 0]], [3], r"row 0: label 0 is not in \[1, 4\); 0 is the blank"),
        ([[1], [1, 4]], [3, 3], r"row 1: label 4 is not in \[1, 4\)"),
        ([[-2]], [3], r"row 0: label -2 is not in"),
    ],
)
def test_labels_that_cannot_be_are_refused_with_their_row(labels, steps, message):
    with pytest.raises(UsageError, match=message):
        ctc(**inputs(labels, steps))


def test_labels_after_padding_are_refused_with_their_row():
    case = inputs([[1, 2], [3, 2]], [4, 4])
    case["label_mask"][0, 1] = False
    with pytest.raises(UsageError, match="row 1: a label comes after padding"):
        ctc(**case)


@pytest.mark.parametrize("name", ["labels", "mask", "label_mask"])
def test_shapes_that_do_not_fit_are_refused(name):
    case = inputs([[1, 2], [3, 2]], [4, 4])
    with pytest.raises(UsageError, match=r"must be \(T, B, V\), \(T, B\), \(L, B\), \(L, B\)"):
        ctc(**case | {name: case[name][:, :1]})


def test_collapse_merges_repetitions_before_it_drops_blanks():
    assert collapse([1, 1, 0, 1, 2]) == [1, 1, 2]
    assert collapse([]) == collapse([0, 0]) == []
    for path in product(range(3), repeat=5):
        assert collapse(path) == merged(path)

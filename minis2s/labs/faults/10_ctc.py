"""Lab 10, CTC: what is asked, what is right, and the mistakes that are known."""

import numpy as np

from minis2s.equations.ctc import BLANK, ctc, ctc_backward
from minis2s.equations.softmax import softmax
from minis2s.labs.faults.drawing import gradient, in_turn, normal
from minis2s.labs.spec import Fault, Lab, Output, Task

V = 5
LADDER = ("one", "two", "many")


def _labels(rng, rung):
    """(number of steps, labels): one; two different ones; several with equal neighbours."""
    first, second, third = (1 + rng.permutation(V - 1)[:3]).tolist()
    if rung == "one":
        return 1, np.array([first])
    if rung == "two":  # the label after the skipped blank is 1 in every second draw: beside the blank's number, easily mistaken
        return 3, np.array(in_turn(rng, (3, 1), (first, second)))
    return in_turn(rng, (7, np.array([first, first, second, second])), (6, np.array([third, third, first])))


def _problem(rng, rung):
    """(logits (T, 1, V), labels (L,)) for the package's function."""
    T, labels = _labels(rng, rung)
    return normal(rng, (T, 1, V)), labels


def _extended(labels):
    symbols = np.full(2 * len(labels) + 1, BLANK)
    symbols[1::2] = labels
    return symbols


def _solution(logits, labels):
    """p, α and β as probabilities, the loss and its gradient, all of one sequence."""
    L, cache = ctc(logits, labels[:, None], total=1)
    p = softmax(logits)[0][:, 0]
    alpha = np.exp(cache[2][1:, :, 0])
    # β of a sequence is α of the reversed one, which counts p_t: it is the endings after step t, so one step later.
    _, reverse = ctc(logits[::-1], labels[::-1, None], total=1)
    ahead = np.exp(reverse[2][1:, :, 0])[::-1, ::-1]
    beta = ahead / p[:, _extended(labels)]
    return {"p": p, "symbols": _extended(labels), "alpha": alpha, "beta": beta, "L": L, "d_z": ctc_backward(1.0, cache)[:, 0]}


def _given(*names):
    return lambda rng, rung, variant: {name: _solution(*_problem(rng, rung))[name] for name in names}


def _variables(rng, rung, variant):
    logits, labels = _problem(rng, rung)
    return {"p": softmax(logits)[0][:, 0], "symbols": _extended(labels)}


def _right(name):
    """From the arguments back to the package's function: the logarithm of a distribution is a row of logits."""
    return lambda q, variant: {name: _solution(np.log(q["p"])[:, None], q["symbols"][1::2])[name]}


def _gradient_arguments(rng, rung, variant):
    found = _solution(*_problem(rng, rung))
    return {name: found[name] for name in ("p", "alpha", "beta", "symbols")}


def _loss_arguments(rng, rung, variant):
    """Now the last label, now the last blank is the likelier end."""
    alpha = _solution(*_problem(rng, rung))["alpha"]
    small, large = np.sort(0.1 + 0.8 * rng.random(2)) * alpha.max()
    alpha[-1, -2:] = in_turn(rng, (small, large), (large, small))
    return {"alpha": alpha}


EXTEND = Task(
    "extend", "D2.7", 5, (Output("symbols", "symbols", "l'"),), lambda rng, rung, variant: {"labels": _labels(rng, rung)[1]},
    lambda q, variant: {"symbols": _extended(q["labels"])}, LADDER,
    faults=(
        Fault("no-outer-blanks", "symbols[1::2] = labels", "symbols[1::2] = labels\nsymbols = symbols[1:-1]",
              "the blanks at the two ends are missing", "(0, l_1, 0, …, l_L, 0)"),
        Fault("labels-first", "symbols[1::2] = labels", "symbols[:-1:2] = labels",
              "the labels stand in the blanks' places", "(0, l_1, 0, …)"),
        Fault("blanks-at-repeats-only", "symbols[1::2] = labels",
              "symbols[1::2] = labels\nkeep = [s % 2 == 1 or 0 < s < 2 * len(labels) and labels[s // 2] == labels[s // 2 - 1] "
              "for s in range(len(symbols))]\nsymbols = symbols[np.array(keep)]",
              "blanks stand between equal labels only: they stand everywhere, paths decide", "“with blanks between them”"),
        Fault("merged", "symbols[1::2] = labels",
              "symbols[1::2] = np.where(np.append(False, labels[1:] == labels[:-1]), 0, labels)",
              "equal neighbours among the labels are merged: only paths are merged", "l_1, l_2, …"),
        Fault("reversed", "symbols[1::2] = labels", "symbols[1::2] = labels[::-1]", "the labels are in reverse", "l_1, …, l_L"),
    ),
    hints=(
        "Look at the length of the result.",
        "Every second symbol is a blank, first and last too.",
        "2L + 1 symbols; labels at odd places.",
    ),
)  # fmt: skip

SKIP = "if s >= 2 and symbols[s] != 0 and symbols[s] != symbols[s - 2]:"
FORWARD = Task(
    "forward_variables", "D2.7", 20, (Output("alpha", "time symbols", "α"),), _variables, _right("alpha"), LADDER,
    faults=(
        Fault("repeats-skipped", SKIP, "if s >= 2 and symbols[s] != 0:",
              "the blank between two equal labels is skipped, which merges them", "l'_s ≠ l'_{s−2}"),
        Fault("labels-skipped", SKIP, "if s >= 2 and (symbols[s] == 0 or symbols[s] != symbols[s - 2]):",
              "labels are skipped too: from blank to blank", "l'_s ≠ 0"),
        Fault("no-skip", SKIP, "if False:", "no blank is ever skipped: each must be visited", "α_{t−1}(s−2)"),
        Fault("starts-with-blank-only", "alpha[0, 1] = p[0, symbols[1]]\n", "",
              "a path may also begin with the first label", "α_1(1)"),
        Fault("starts-with-label-only", "alpha[0, 0] = p[0, symbols[0]]\n", "", "a path may also begin with a blank", "α_1(0)"),
        Fault("starts-anywhere", "alpha[0, 1] = p[0, symbols[1]]", "alpha[0] = p[0, symbols]",
              "a path may begin with the first two symbols only", "α_1(s)"),
        Fault("not-emitted", "alpha[t, s] = p[t, symbols[s]] * total", "alpha[t, s] = total",
              "p_t is missing: only the first step is counted", "p_t(l'_s)"),
        Fault("previous-emission", "alpha[t, s] = p[t, symbols[s]]", "alpha[t, s] = p[t - 1, symbols[s]]",
              "p is taken from the step before", "p_t"),
        Fault("no-stay", "total = alpha[t - 1, s]\n", "total = 0 * alpha[t - 1, s]\n",
              "a path may also stay where it is", "α_{t−1}(s)"),
        Fault("same-step", "total = total + alpha[t - 1, s - 1]", "total = total + alpha[t, s - 1]",
              "moves come from the step before, not from the same one", "α_{t−1}(s−1)"),
        Fault("no-single-move", "total = total + alpha[t - 1, s - 1]", "total = total + 0 * alpha[t - 1, s - 1]",
              "the move by one symbol is missing", "α_{t−1}(s−1)"),
        Fault("symbol-number", "p[t, symbols[s]] * total", "p[t, s % p.shape[1]] * total",
              "the place s is looked up in p instead of its symbol", "p_t(l'_s)"),
    ),
    hints=(
        "Look at the first step, then at two different labels, then at two equal ones.",
        "In one step a path stays, moves by one symbol, or by two if it passes a blank between different labels.",
        "The third term: only where l'_s is a label, and differs from the label before it.",
    ),
)  # fmt: skip

SKIP_BACK = "if s + 2 < S and symbols[s + 2] != 0 and symbols[s + 2] != symbols[s]:"
BACKWARD = Task(
    "backward_variables", "D2.7", 20, (Output("beta", "time symbols", "β"),), _variables, _right("beta"), LADDER,
    faults=(
        Fault("repeats-skipped", SKIP_BACK, "if s + 2 < S and symbols[s + 2] != 0:",
              "the blank between two equal labels is skipped, which merges them", "l'_{s+2} ≠ l'_s"),
        Fault("labels-skipped", SKIP_BACK, "if s + 2 < S and (symbols[s + 2] == 0 or symbols[s + 2] != symbols[s]):",
              "labels are skipped too: from blank to blank", "l'_{s+2} ≠ 0"),
        Fault("no-skip", SKIP_BACK, "if False:", "no blank is ever skipped: each must be visited", "r = s + 2"),
        Fault("ends-with-blank-only", "beta[T - 1, S - 2] = 1\n", "", "a path may also end with the last label", "β_T(2L − 1)"),
        Fault("ends-with-label-only", "beta[T - 1, S - 1] = 1\n", "", "a path may also end with a blank", "β_T(2L)"),
        Fault("counts-own-step", "beta[t, s] = total", "beta[t, s] = total * p[t, symbols[s]]",
              "p_t is counted too: β holds the steps after t only", "“the steps after t”"),
        Fault("own-emission", "total = p[t + 1, symbols[s]] * beta[t + 1, s]", "total = p[t, symbols[s]] * beta[t + 1, s]",
              "staying takes p from the wrong step", "p_{t+1}"),
        Fault("emission-of-origin", "p[t + 1, symbols[s + 1]] * beta[t + 1, s + 1]", "p[t + 1, symbols[s]] * beta[t + 1, s + 1]",
              "the symbol that is left is emitted instead of the one that is reached", "p_{t+1}(l'_r)"),
        Fault("not-emitted", "p[t + 1, symbols[s + 1]] * beta[t + 1, s + 1]", "beta[t + 1, s + 1]",
              "p is missing in the move by one", "p_{t+1}(l'_r)"),
        Fault("starts-at-one-everywhere", "beta[T - 1, S - 1] = 1", "beta[T - 1] = 1",
              "a path must have come to the end in the last step", "β_T(s) = 0 for other s"),
    ),
    hints=(
        "Look at the last step, then at the one before it.",
        "β sums what can still follow; in the last step that is nothing, with probability one, at two places.",
        "Each term emits the symbol that is reached, in step t + 1; the skip obeys the same rule as forwards.",
    ),
)  # fmt: skip

LOSS = Task(
    "ctc_loss", "D2.7", 5, (Output("L", "", "L"),), _loss_arguments, lambda q, variant: {"L": _loss_of(q["alpha"])}, LADDER,
    faults=(
        Fault("last-blank-only", "alpha[-1, -1] + alpha[-1, -2]", "alpha[-1, -1]",
              "paths that end with the last label are not counted", "α_T(2L − 1)"),
        Fault("last-label-only", "alpha[-1, -1] + alpha[-1, -2]", "alpha[-1, -2]",
              "paths that end with the last blank are not counted", "α_T(2L)"),
        Fault("all-places", "alpha[-1, -1] + alpha[-1, -2]", "alpha[-1].sum()",
              "paths that have not come to the end are counted", "α_T(2L) + α_T(2L − 1)"),
        Fault("no-log", "-np.log(likelihood)", "1 - likelihood", "the loss is not a logarithm", "−log"),
        Fault("sign", "-np.log(likelihood)", "np.log(likelihood)", "the sign is missing", "−log"),
        Fault("best-only", "alpha[-1, -1] + alpha[-1, -2]", "max(alpha[-1, -1], alpha[-1, -2])",
              "the larger of the two is taken, not their sum", "+"),
    ),
    hints=(
        "Look at the last row of α.",
        "Paths end at two places; the loss is positive.",
        "−log of the sum of two entries of the last row.",
    ),
)  # fmt: skip

GRADIENT = Task(
    "ctc_gradient", "D2.7", 20, (gradient("z", "time words"),), _gradient_arguments, _right("d_z"), LADDER,
    faults=(
        Fault("symbols-overwrite", "d_z[:, symbols[s]] -= share[:, s]", "d_z[:, symbols[s]] = p[:, symbols[s]] - share[:, s]",
              "a symbol that stands several times keeps its last share only: the blank always does", "Σ over s with l'_s = k"),
        Fault("sign", "d_z[:, symbols[s]] -= share[:, s]", "d_z[:, symbols[s]] += share[:, s]",
              "the shares are added to p instead of subtracted", "p − …"),
        Fault("negative", "return d_z", "return -d_z", "the whole gradient has the wrong sign", "p_t(k) − …"),
        Fault("not-normalised", "alpha * beta / likelihood", "alpha * beta",
              "αβ is not divided by p(l): the shares do not sum to one", "/ p(l)"),
        Fault("alpha-only", "alpha * beta / likelihood", "alpha / alpha.sum(axis=1, keepdims=True)",
              "β is missing: the future is not looked at", "α β"),
        Fault("share-only", "d_z = p.copy()", "d_z = 0 * p", "p is missing: only the target of the pull is there", "p_t(k)"),
        Fault("emission-twice", "alpha * beta / likelihood",
              "alpha * beta * p[:, symbols] / (alpha * beta * p[:, symbols]).sum(axis=1, keepdims=True)",
              "p_t is counted once too often: α counts it, β does not", "α_t β_t"),
        Fault("gradient-of-p", "return d_z", "return (d_z - p) / p",
              "this is the gradient at the probabilities, not at the scores before the softmax", "∂L/∂z"),
        Fault("labels-only", "range(len(symbols))", "range(1, len(symbols), 2)", "the blanks' shares are left out", "“every s”"),
    ),
    hints=(
        "Look at what a row of the result sums to.",
        "Each row sums to zero: a distribution less a distribution. Symbols that are not among the labels keep p.",
        "The shares of all s that hold the same symbol add up, also those of the blank.",
    ),
)  # fmt: skip


def _loss_of(alpha):
    return -np.log(alpha[-1, -2:].sum())


LAB = Lab("Connectionist temporal classification", (EXTEND, FORWARD, BACKWARD, LOSS, GRADIENT))

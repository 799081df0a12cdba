"""Lab 2, the losses: what is asked, what is right, and the mistakes that are known."""

import numpy as np

from minis2s.equations import activations, softmax
from minis2s.labs.faults.drawing import COUNTED, STEPS_AND_ROWS, TIME, gradient, mask_of, normal
from minis2s.labs.spec import Fault, Lab, Output, Task

V = 5
SLOPE_HINTS = (
    "Look at the factor that multiplies d_y, for a single number.",
    "The slope is positive, and largest where x = 0; a saturated output lets almost nothing through.",
    "y is already the function's value: write the slope in y, do not apply the function again.",
)


def _shape(rung):
    return STEPS_AND_ROWS[rung][1], V


def _x(rng, rung, variant):
    x = normal(rng, _shape(rung))
    return {"x": 800 * x if rung == "extreme" else 2 * x}


def _slope(squash):
    def inputs(rng, rung, variant):
        d_y, x = normal(rng, _shape(rung), _shape(rung))
        return {"d_y": d_y, "y": squash(x)[0]}

    return inputs


def _scores(rng, rung, variant):
    e = normal(rng, _shape(rung))
    return {"e": np.round(1000 * e) if rung == "extreme" else e}  # whole numbers: float32 has them too


def _softmax_gradient(rng, rung, variant):
    d_p, e = normal(rng, _shape(rung), _shape(rung))
    return {"d_p": d_p, "p": softmax.softmax(e)[0]}


def _tokens(rng, rung, variant):
    T, B = STEPS_AND_ROWS[rung]
    logits, targets = normal(rng, (T, B, V)), rng.integers(0, V, (T, B))
    logits = np.round(1000 * logits) if rung == "extreme" else logits
    return {"logits": logits, "targets": targets, "mask": mask_of(rng, rung, T, B)}


def _tokens_backward(rng, rung, variant):
    return {"d_loss": float(rng.uniform(0.5, 3))} | _tokens(rng, rung, variant)


def _cross_entropy_backward(q, variant):
    _, cache = softmax.cross_entropy(q["logits"], q["targets"], q["mask"])
    return {"d_logits": softmax.cross_entropy_backward(q["d_loss"], cache)}


SIGMOID = Task(
    "sigmoid", "D0.1", 5, (Output("y", "batch k", "σ(x)"),), _x,
    lambda q, variant: {"y": activations.sigmoid(q["x"])[0]}, ("one", "rows", "extreme"),
    faults=(
        Fault("wrong-sign", "0.5 * x", "-0.5 * x", "the exponent has the wrong sign: large x gives 0 and not 1", "e^{−x}"),
        Fault("tanh-itself", "0.5 * (1 + np.tanh(0.5 * x))", "np.tanh(x)",
              "this is tanh(x): it goes from −1 to 1, σ from 0 to 1", "σ"),
        Fault("no-half", "np.tanh(0.5 * x)", "np.tanh(x)",
              "written through tanh, but of x instead of x/2: twice as steep", "x/2"),
        Fault("overflow", "0.5 * (1 + np.tanh(0.5 * x))", "np.exp(x) / (1 + np.exp(x))",
              "e^x overflows for large x, and ∞/∞ is NaN", "e^{−x}, or tanh, which never overflows"),
    ),
    hints=(
        "Look at large positive and large negative x first, then at x = 0.",
        "The result lies between 0 and 1, is ½ at 0, and grows with x; no x makes it NaN.",
        "1 / (1 + e^{−x}): which sign has the exponent, and what becomes of it for large |x|?",
    ),
)  # fmt: skip

SIGMOID_BACKWARD = Task(
    "sigmoid_backward", "D0.1", 5, (gradient("x", "batch k"),), _slope(activations.sigmoid),
    lambda q, variant: {"d_x": activations.sigmoid_backward(q["d_y"], q["y"])}, ("one", "rows"),
    faults=(
        Fault("sigma-twice", "y * (1 - y)", "1 / (1 + np.exp(-y)) * (1 - 1 / (1 + np.exp(-y)))",
              "σ is applied to y again: the slope is taken at the output instead of at x", "σ'(x) = y (1 − y)"),
        Fault("tanh-slope", "y * (1 - y)", "1 - y * y", "this is the slope of tanh", "σ' = y (1 − y)"),
        Fault("one-factor", "y * (1 - y)", "1 - y", "the factor y is missing", "y (1 − y)"),
        Fault("other-factor", "y * (1 - y)", "y", "the factor 1 − y is missing", "y (1 − y)"),
        Fault("sign", "y * (1 - y)", "y * (y - 1)", "the slope has the wrong sign", "y (1 − y)"),
        Fault("upstream-lost", "d_y * slope", "slope",
              "d_y is not used: this is the slope alone, without the chain rule", "d_y ⊙"),
    ),
    hints=SLOPE_HINTS,
)  # fmt: skip

TANH_BACKWARD = Task(
    "tanh_backward", "D0.4", 5, (gradient("x", "batch k"),), _slope(activations.tanh),
    lambda q, variant: {"d_x": activations.tanh_backward(q["d_y"], q["y"])}, ("one", "rows"),
    faults=(
        Fault("tanh-twice", "y * y", "np.tanh(y) ** 2", "tanh is applied to y again: the slope is taken at the output", "1 − y²"),
        Fault("not-squared", "y * y", "y", "1 − y: the square is missing", "1 − y²"),
        Fault("sigmoid-slope", "1 - y * y", "y * (1 - y)", "this is the slope of σ", "1 − y²"),
        Fault("sign", "1 - y * y", "y * y - 1", "the slope has the wrong sign", "1 − y²"),
        Fault("plus", "1 - y * y", "1 + y * y", "the square is added instead of subtracted", "1 − y²"),
        Fault("upstream-lost", "d_y * slope", "slope",
              "d_y is not used: this is the slope alone, without the chain rule", "d_y ⊙"),
    ),
    hints=SLOPE_HINTS,
)  # fmt: skip

SOFTMAX = Task(
    "softmax", "D2.4", 10, (Output("p", "batch k", "softmax(e)"),), _scores,
    lambda q, variant: {"p": softmax.softmax(q["e"])[0]}, ("one", "rows", "extreme"),
    faults=(
        Fault("wrong-axis", "p.sum(axis=-1, keepdims=True)", "p.sum(axis=0, keepdims=True)",
              "normalised over the rows, so the columns sum to one and not the rows", "Σ_j over the scores of one row"),
        Fault("everything-at-once", "p.sum(axis=-1, keepdims=True)", "p.sum()",
              "normalised over all rows together: only the whole array sums to one", "Σ_j over the scores of one row"),
        Fault("no-shift", "shifted = e - e.max(axis=-1, keepdims=True)", "shifted = e",
              "the maximum is not subtracted: exp of a large score is ∞, and ∞/∞ is NaN", "e_j − max e"),
        Fault("one-shift", "e.max(axis=-1, keepdims=True)", "e.max()",
              "one maximum is subtracted from all rows: a row with much lower scores becomes 0/0", "e_j − max e of the same row"),
        Fault("not-normalised", "p / p.sum(axis=-1, keepdims=True)", "p", "the exponentials are not divided by their sum", "Σ_j"),
        Fault("no-exp", "np.exp(shifted)", "shifted - shifted.min(axis=-1, keepdims=True) + 1",
              "the scores themselves are divided by their sum, without exp", "exp(e)"),
        Fault("minimum", "e.max(axis=-1, keepdims=True)", "e.min(axis=-1, keepdims=True)",
              "the minimum is subtracted, so the largest score still overflows", "e_j − max e"),
    ),
    hints=(
        "Look at what each row sums to, then at scores around 1000.",
        "Each row is positive and sums to one by itself; adding the same number to a row's scores changes nothing.",
        "The sum in the denominator runs over the scores of one row; the row's maximum may be subtracted first.",
    ),
)  # fmt: skip

SOFTMAX_BACKWARD = Task(
    "softmax_backward", "D2.4", 10, (gradient("e", "batch k"),), _softmax_gradient,
    lambda q, variant: {"d_e": softmax.softmax_backward(q["d_p"], (q["p"], -1))}, ("one", "rows"),
    faults=(
        Fault("diagonal-only", "d_p - mean", "d_p",
              "only p d_p is kept: raising one score also lowers all other weights", "Σ_j p_j d_p_j"),
        Fault("sigmoid-slope", "p * (d_p - mean)", "p * (1 - p) * d_p",
              "only the Jacobian's diagonal p (1 − p) is used, as if the entries were sigmoids of their own", "Σ_j p_j d_p_j"),
        Fault("plain-mean", "(p * d_p).sum(", "d_p.mean(",
              "the plain mean of d_p is subtracted: it must be weighted by p", "Σ_j p_j d_p_j"),
        Fault("unweighted-sum", "(p * d_p).sum(", "d_p.sum(",
              "the sum of d_p is subtracted without the weights p", "Σ_j p_j d_p_j"),
        Fault("wrong-axis", "axis=-1", "axis=0", "the sum runs over the rows instead of over the scores of one row", "Σ_j"),
        Fault("all-rows", "axis=-1, keepdims=True", "keepdims=True", "the sum runs over everything, so rows mix", "Σ_j"),
        Fault("factor-lost", "p * (d_p - mean)", "d_p - mean", "the factor p in front is missing", "p_k (…)"),
        Fault("sign", "d_p - mean", "d_p + mean", "the weighted mean is added instead of subtracted", "− Σ_j p_j d_p_j"),
        Fault("negative", "p * (d_p - mean)", "p * (mean - d_p)",
              "the whole gradient has the wrong sign", "d_p_k − Σ_j p_j d_p_j"),
    ),
    hints=(
        "Look at what the result's row sums to.",
        "A constant added to all scores changes nothing, so each row of d_e sums to zero.",
        "From d_p_k a mean is subtracted; look at how it is weighted, and over what it runs.",
    ),
)  # fmt: skip

MEAN = "np.where(mask, chosen, 0).sum()"
CROSS_ENTROPY = Task(
    "cross_entropy", "D1.3", 10, (Output("L", "", "L"),), _tokens,
    lambda q, variant: {"L": softmax.cross_entropy(q["logits"], q["targets"], q["mask"])[0]}, (*TIME, "padding", "extreme"),
    faults=(
        Fault("sign", "return -total", "return total",
              "the sign is missing: the loss is negative, and training would raise it", "−"),
        Fault("sum", " / mask.sum()", "", "the sum is not divided by the number of tokens", "1/N"),
        Fault("mask-ignored", MEAN, "chosen.sum()", "padding is counted in the sum", "the places where the mask is True"),
        Fault("padding-in-N", "mask.sum()", "mask.size", "divided by all places, padding included", "N, the number of tokens"),
        Fault("mask-ignored-twice", f"total = {MEAN}\nreturn -total / mask.sum()", "return -chosen.mean()",
              "the mean runs over all places: padding is counted in the sum and in N", "the places where the mask is True"),
        Fault("mask-inverted", "np.where(mask, chosen, 0)", "np.where(mask, 0, chosen)",
              "the padding is summed, not the tokens", "mask"),
        Fault("mean-of-columns", f"total = {MEAN}\nreturn -total / mask.sum()",
              "return -(np.where(mask, chosen, 0).sum(axis=0) / mask.sum(axis=0)).mean()",
              "each sequence is averaged by itself and then the sequences: a word of a short one weighs more",
              "1/N over the batch"),
        Fault("divided-by-B", "mask.sum()", "mask.shape[1]", "divided by the number of sequences, not of tokens", "N"),
        Fault("divided-by-T", "mask.sum()", "mask.shape[0]", "divided by the number of steps, not of tokens", "N"),
        Fault("not-normalised", "log_p = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))", "log_p = shifted",
              "the logits are taken for log probabilities: log Σ exp is not subtracted", "“log softmax”"),
        Fault("base-2", "-total / mask.sum()", "-total / mask.sum() / np.log(2)", "the loss is in bits, not in nats", "log"),
        Fault("off-by-one", "targets[..., None]", "(targets[..., None] + 1) % logits.shape[-1]",
              "the wrong word is looked up, one beside the target", "[targets_tb]"),
    ),
    tolerance=COUNTED,
    hints=(
        "Look at one token alone, then at several, then at a batch with padding.",
        "The loss of uniform logits is log V for any number of tokens, whatever stands at the padded places.",
        "−log of the target's probability; the sum and N both run over the places where the mask is True.",
    ),
)  # fmt: skip

CROSS_ENTROPY_BACKWARD = Task(
    "cross_entropy_backward", "D1.3", 10, (gradient("logits", "time batch k"),), _tokens_backward,
    _cross_entropy_backward, (*TIME, "padding", "extreme"),
    faults=(
        Fault("no-onehot", "(p - onehot)", "p", "the target's 1 is not subtracted", "− onehot(targets)"),
        Fault("sign", "(p - onehot)", "(onehot - p)",
              "the gradient has the wrong sign: a step would lower the target's score", "p − onehot"),
        Fault("at-the-target-only", "(p - onehot)", "(p - 1) * onehot",
              "only the target's score gets a gradient; the others must fall", "p"),
        Fault("sum", " / mask.sum()", "", "not divided by the number of tokens", "1/N"),
        Fault("upstream-lost", " * d_loss", "", "d_loss is not used: this is right only where it is 1", "d_loss"),
        Fault("mask-ignored", "return np.where(mask[..., None], d_logits, 0)", "return d_logits",
              "padding gets a gradient", "zero where the mask is False"),
        Fault("mask-inverted", "mask[..., None], d_logits, 0", "mask[..., None], 0, d_logits",
              "the gradient stands at the padding only", "mask"),
        Fault("padding-in-N", "mask.sum()", "mask.size", "divided by all places, padding included", "N, the number of tokens"),
        Fault("divided-by-B", "mask.sum()", "mask.shape[1]", "divided by the number of sequences, not of tokens", "N"),
        Fault("off-by-one", "np.arange(logits.shape[-1])", "(np.arange(logits.shape[-1]) - 1)",
              "the 1 stands beside the target", "onehot(targets)"),
        Fault("softmax-axis", "p / p.sum(axis=-1, keepdims=True)", "p / p.sum(axis=1, keepdims=True)",
              "the softmax is normalised over the rows of the batch, not over the words", "“softmax over the last axis”"),
    ),
    tolerance=COUNTED,
    hints=(
        "Look at one token alone: what do its V gradients sum to?",
        "At each token the gradient sums to zero over the words, and is negative at the target alone; at padding it is zero.",
        "p − onehot, times d_loss, divided by N: which of the factors is missing where?",
    ),
)  # fmt: skip

LAB = Lab(
    "σ, tanh, softmax and cross-entropy",
    (SIGMOID, SIGMOID_BACKWARD, TANH_BACKWARD, SOFTMAX, SOFTMAX_BACKWARD, CROSS_ENTROPY, CROSS_ENTROPY_BACKWARD),
)

"""Lab 8, additive attention: what is asked, what is right, and the mistakes that are known."""

import numpy as np

from minis2s.equations.attention import additive_score, additive_score_backward, context, context_backward
from minis2s.equations.linear import linear, linear_backward
from minis2s.equations.softmax import softmax, softmax_backward
from minis2s.labs.faults.drawing import H, absent, by_name, gradient, mask_of, normal, weights
from minis2s.labs.spec import Fault, Lab, Output, Task

A, C = 6, 5
WORDS_AND_ROWS = {"one": (1, 1), "rows": (1, 4), "two": (2, 4), "many": (3, 4)}
WORDS_AND_ROWS |= dict.fromkeys(("padding", "absent", "extreme"), (7, 4))
LADDER = ("one", "rows", "two", "many")
GRADIENTS = (
    gradient("s", "batch hidden"), gradient("h", "time batch memory"), gradient("W_s", "hidden attention"),
    gradient("W_h", "memory attention"), gradient("v", "attention"),
)  # fmt: skip


def _inputs(rng, rung, variant):
    T, B = WORDS_AND_ROWS[rung]
    s, h, v = normal(rng, (B, H), (T, B, C), (A,))
    W_s, W_h = weights(rng, (H, A), (C, A))
    return {"s": s, "h": h, "W_s": W_s, "W_h": W_h, "v": v}


def _scores(q):
    query, cache_query = linear(q["s"], q["W_s"])
    keys, cache_keys = linear(q["h"], q["W_h"])
    e, cache = additive_score(query, keys, q["v"])
    return e, (cache_query, cache_keys, cache)


def _right_scores_backward(q, variant):
    _, (cache_query, cache_keys, cache) = _scores(q)
    d_query, d_keys, d_v = additive_score_backward(q["d_e"], cache)
    d_s, d_W_s, _ = linear_backward(d_query, cache_query)
    d_h, d_W_h, _ = linear_backward(d_keys, cache_keys)
    return by_name(GRADIENTS, (d_s, d_h, d_W_s, d_W_h, d_v))


def _e(rng, rung, variant):
    T, B = WORDS_AND_ROWS[rung]
    mask = mask_of(rng, rung, T, B)
    e = normal(rng, (T, B))
    if rung == "extreme":  # large, and some rows of the batch far above others
        e = np.round(4 * e) + 3000 * rng.permutation(B)  # whole numbers: float32 has them too
    return {"e": np.where(mask, e, 50 if rung == "padding" else e), "mask": mask}


def _alpha(rng, rung, variant):
    return softmax(**_e(rng, "padding" if rung == "absent" else rung, variant), axis=0)[0]


def _weights_backward(rng, rung, variant):
    alpha = _alpha(rng, rung, variant)
    return {"d_alpha": normal(rng, alpha.shape), "alpha": alpha}


def _context(rng, rung, variant):
    alpha = _alpha(rng, rung, variant)
    return {"alpha": alpha, "h": normal(rng, (*alpha.shape, C))}


def _context_backward(rng, rung, variant):
    q = _context(rng, rung, variant)
    return {"d_c": normal(rng, q["h"].shape[1:])} | q


def _scores_backward(rng, rung, variant):
    q = _inputs(rng, rung, variant)
    return {"d_e": normal(rng, q["h"].shape[:2])} | q


def _whole(rng, rung, variant):
    q = _inputs(rng, rung, variant)
    T, B, _ = q["h"].shape
    alpha = softmax(_scores(q)[0], mask_of(rng, rung, T, B), axis=0)[0]
    d_c, d_alpha = normal(rng, (B, C), (T, B))
    q = {"d_c": d_c, "d_alpha": d_alpha, "s": q["s"], "h": q["h"], "alpha": alpha} | q
    return absent(rng, rung, q, ["d_alpha"], ["d_c"])


def _right_whole(q, variant):
    d_alpha, d_h = (0, 0) if q["d_c"] is None else context_backward(q["d_c"], (q["alpha"], q["h"]))
    d_alpha = d_alpha if q["d_alpha"] is None else d_alpha + q["d_alpha"]
    d = _right_scores_backward(q | {"d_e": softmax_backward(d_alpha, (q["alpha"], 0))}, variant)
    return d | {"d_h": d["d_h"] + d_h}


SCORES = Task(
    "attention_scores", "D2.5", 10, (Output("e", "time batch", "e"),), _inputs, lambda q, variant: {"e": _scores(q)[0]}, LADDER,
    faults=(
        Fault("no-tanh", "np.tanh(query + keys)", "(query + keys)",
              "tanh is missing: the decoder's state then cancels in the softmax (erratum X1)", "tanh"),
        Fault("no-query", "np.tanh(query + keys)", "np.tanh(keys)", "the decoder's state is not in the score", "s W_s"),
        Fault("no-keys", "np.tanh(query + keys)", "np.tanh(query + 0 * keys)",
              "the encoder's states are not in the score", "h_j W_h"),
        Fault("tanh-apart", "np.tanh(query + keys)", "(np.tanh(query) + np.tanh(keys))",
              "tanh is taken of each part instead of their sum", "tanh(… + …)"),
        Fault("product", "np.tanh(query + keys)", "np.tanh(query * keys)",
              "query and keys are multiplied instead of added", "s W_s + h_j W_h"),
        Fault("no-v", "u @ v", "u.sum(axis=-1)", "v is missing: the entries are added unweighted", "vᵀ"),
        Fault("sigmoid", "np.tanh(query + keys)", "1 / (1 + np.exp(-query - keys))", "σ stands in the place of tanh", "tanh"),
        Fault("scaled", "u @ v", "u @ v / np.sqrt(len(v))",
              "the score is divided by √A, as for the scaled dot score", "vᵀ tanh(…)"),
    ),
    hints=(
        "Look at one source word and one row first.",
        "Every word's score depends on its own state and on the decoder's, and is at most Σ |v|.",
        "tanh of the sum of two products, then the inner product with v.",
    ),
)  # fmt: skip

SHIFT = "np.exp(e - e.max(axis=0))"
WEIGHTS = Task(
    "attention_weights", "D2.4", 10, (Output("alpha", "time batch", "α"),), _e,
    lambda q, variant: {"alpha": softmax(q["e"], q["mask"], axis=0)[0]}, (*LADDER, "padding", "extreme"),
    faults=(
        Fault("wrong-axis", "p.sum(axis=0)", "p.sum(axis=1, keepdims=True)",
              "normalised over the batch, not over the source words", "Σ_k over the source"),
        Fault("everything", "p.sum(axis=0)", "p.sum()",
              "normalised over the whole array: the columns do not sum to one", "Σ_k over the source"),
        Fault("mask-ignored", "e = np.where(mask, e, -np.inf)", "e = 1 * e",
              "padding takes part and gets weight", "where the mask is True"),
        Fault("masked-with-zero", "e = np.where(mask, e, -np.inf)", "e = np.where(mask, e, 0)",
              "the scores of padding are set to 0, and exp(0) is 1: padding gets weight", "“zero elsewhere”"),
        Fault("masked-after", "return p / p.sum(axis=0)", "return np.where(e > -np.inf, p, 0) / len(p)",
              "divided by the number of words, not by the sum", "Σ_k"),
        Fault("mask-inverted", "np.where(mask, e, -np.inf)", "np.where(mask, -np.inf, e)",
              "the mask is read the wrong way: True is a word", "mask"),
        Fault("no-shift", SHIFT, "np.exp(e)",
              "the maximum is not subtracted: exp of a large score is ∞, and ∞/∞ is NaN", "e − max"),
        Fault("one-shift", SHIFT, "np.exp(e - e.max())",
              "one maximum for the whole batch: a column of lower scores becomes 0/0", "“max over the source”"),
        Fault("not-normalised", "return p / p.sum(axis=0)", "return p", "the exponentials are not divided by their sum", "Σ_k"),
    ),
    hints=(
        "Look at what each column sums to, then at what stands at padding.",
        "Each column is a distribution over that sequence's words; padding has weight zero, whatever its score was.",
        "Maximum and sum run over the source, axis 0, and over real words only.",
    ),
)  # fmt: skip

CONTEXT = Task(
    "attention_context", "D2.3", 5, (Output("c", "batch memory", "c"),), _context,
    lambda q, variant: {"c": context(q["alpha"], q["h"])[0]}, (*LADDER, "padding"),
    faults=(
        Fault("mean", "weighted.sum(axis=0)", "weighted.mean(axis=0)",
              "the weighted states are averaged: the weights sum to one already", "Σ_j"),
        Fault("unweighted", "alpha[..., None] * h", "h / len(h)", "the states are averaged without their weights", "α_j h_j"),
        Fault("best-word", "weighted.sum(axis=0)", "np.take_along_axis(h, alpha.argmax(axis=0)[None, :, None], axis=0)[0]",
              "the state with the largest weight is taken instead of the weighted sum", "Σ_j α_j h_j"),
        Fault("first-row-weights", "alpha[..., None]", "alpha[:, :1, None]",
              "all rows of the batch use the first row's weights", "“row by row”"),
        Fault("squared", "alpha[..., None] * h", "alpha[..., None] ** 2 * h", "the weights are applied twice", "α_j h_j"),
    ),
    hints=(
        "Look at one word, whose weight is 1, then at two.",
        "The context lies between the encoder's states; with one word it is that word's state.",
        "A sum over the source of weight times state, for each row of the batch by itself.",
    ),
)  # fmt: skip

CONTEXT_BACKWARD = Task(
    "attention_context_backward", "D2.3", 10, (gradient("alpha", "time batch"), GRADIENTS[1]), _context_backward,
    lambda q, variant: by_name((gradient("alpha", ""), GRADIENTS[1]), context_backward(q["d_c"], (q["alpha"], q["h"]))),
    (*LADDER, "padding"),
    faults=(
        Fault("weights-mean", "(d_c * h).sum(axis=-1)", "(d_c * h).mean(axis=-1)",
              "∂L/∂α is a mean over the entries of the state: it is an inner product", "d_c · h_j"),
        Fault("weights-weighted", "(d_c * h).sum(axis=-1)", "alpha * (d_c * h).sum(axis=-1)",
              "∂L/∂α holds α itself: a factor receives the other one", "d_c · h_j"),
        Fault("states-unweighted", "alpha[..., None] * d_c", "d_c + 0 * h",
              "each word receives all of d_c, without its weight", "α_j d_c"),
        Fault("states-with-h", "alpha[..., None] * d_c", "alpha[..., None] * d_c * h",
              "∂L/∂h holds h itself: a factor receives the other one", "α_j d_c"),
        Fault("states-shared", "alpha[..., None] * d_c", "d_c / len(h) + 0 * h",
              "d_c is shared out equally instead of by weight", "α_j d_c"),
        Fault("upstream-lost", "d_c * h", "h", "d_c is not used in ∂L/∂α", "d_c · h_j"),
        Fault("states-sign", "d_h = alpha", "d_h = -alpha", "∂L/∂h has the wrong sign", "α_j d_c"),
    ),
    hints=(
        "Look at the two results one by one.",
        "A product's factors receive each other: the weight gets the state, the state gets the weight.",
        "∂L/∂α_j is an inner product over the state's entries, ∂L/∂h_j is d_c times a number.",
    ),
)  # fmt: skip

WEIGHTS_BACKWARD = Task(
    "attention_weights_backward", "D2.4", 10, (gradient("e", "time batch"),), _weights_backward,
    lambda q, variant: {"d_e": softmax_backward(q["d_alpha"], (q["alpha"], 0))}, (*LADDER, "padding"),
    faults=(
        Fault("diagonal-only", "(d_alpha - mean)", "d_alpha",
              "only α d_α is kept: raising one score also lowers all other weights", "Σ_k α_k d_α_k"),
        Fault("wrong-axis", "sum(axis=0)", "sum(axis=1, keepdims=True)",
              "the sum runs over the batch instead of the source", "Σ_k over the source"),
        Fault("all-rows", "sum(axis=0)", "sum()",
              "the sum runs over everything, so rows of the batch mix", "Σ_k over the source"),
        Fault("plain-mean", "(alpha * d_alpha).sum(axis=0)", "d_alpha.mean(axis=0)",
              "the plain mean is subtracted: it must be weighted by α", "Σ_k α_k d_α_k"),
        Fault("sigmoid-slope", "alpha * (d_alpha - mean)", "alpha * (1 - alpha) * d_alpha",
              "only the Jacobian's diagonal α (1 − α) is used", "Σ_k α_k d_α_k"),
        Fault("factor-lost", "alpha * (d_alpha - mean)", "d_alpha - mean", "the factor α_j in front is missing", "α_j (…)"),
        Fault("sign", "d_alpha - mean", "d_alpha + mean", "the weighted mean is added instead of subtracted", "−"),
        Fault("negative", "(d_alpha - mean)", "(mean - d_alpha)", "the whole gradient has the wrong sign", "d_α_j − …"),
    ),
    hints=(
        "Look at what each column of the result sums to; with a single word it is zero.",
        "A number added to all scores of a column changes nothing, so each column of d_e sums to zero.",
        "The mean is weighted by α and runs over the source.",
    ),
)  # fmt: skip

INNER = "d_W_h = np.einsum(\"tbc,tba->ca\", h, d_a)"
SCORES_BACKWARD = Task(
    "attention_scores_backward", "D2.5", 20, GRADIENTS, _scores_backward, _right_scores_backward, LADDER,
    faults=(
        Fault("no-slope", "d_u * (1 - u * u)", "d_u", "the slope of tanh is missing", "1 − u²"),
        Fault("not-squared", "(1 - u * u)", "(1 - u)", "the slope is 1 − u: the square is missing", "1 − u²"),
        Fault("no-v", "d_e[..., None] * v", "d_e[..., None] + 0 * v", "v is missing on the way back", "d_e v"),
        Fault("query-mean", "d_a.sum(axis=0)", "d_a.mean(axis=0)",
              "the query's gradient is a mean over the source: every word sends one, and they add", "Σ_j d_a_j"),
        Fault("query-one-word", "d_a.sum(axis=0)", "d_a[-1]",
              "the query hears of one word only: it was used for all", "Σ_j d_a_j"),
        Fault("v-mean", "d_v = (d_e[..., None] * u).sum(axis=(0, 1))", "d_v = (d_e[..., None] * u).mean(axis=(0, 1))",
              "∂L/∂v is a mean: it is a sum over words and rows", "Σ_j Σ_b"),
        Fault("v-of-slope", "(d_e[..., None] * u).sum", "(d_e[..., None] * (1 - u * u)).sum",
              "∂L/∂v holds the slope: v multiplied u itself", "d_e u"),
        Fault("v-one-row", "(d_e[..., None] * u).sum(axis=(0, 1))", "(d_e[..., None] * u)[:, -1].sum(axis=0)",
              "∂L/∂v is taken from one row of the batch", "Σ_b"),
        Fault("W_h-last-word", INNER, "d_W_h = h[-1].T @ d_a[-1]", "∂L/∂W_h is that of the last word only", "Σ_j h_jᵀ d_a_j"),
        Fault("W_h-of-d_u", INNER, INNER.replace("d_a)", "d_u)"), "∂L/∂W_h misses the slope of tanh", "h_jᵀ d_a_j"),
        Fault("W_s-of-d_u", "s.T @ d_query", "s.T @ d_u.sum(axis=0)", "∂L/∂W_s misses the slope of tanh", "sᵀ Σ_j d_a_j"),
    ),
    hints=(
        "Look at d_v first, which does not depend on the slope; then at one word, then at several.",
        "The decoder's state was used for every word, so it hears from all of them; so do v and the weights.",
        "d_a_j = d_e_j v ⊙ (1 − u_j²); the query's is its sum over the source.",
    ),
)  # fmt: skip

WHOLE = Task(
    "attention_backward", "D2.3", 20, GRADIENTS, _whole, _right_whole, (*LADDER, "padding", "absent"),
    faults=(
        Fault("states-by-context-lost", "d_h = d_h_context + d_h_scores", "d_h = d_h_scores",
              "the encoder's states hear of the scores only: the way through the weighted sum is missing", "α_j d_c"),
        Fault("states-by-scores-lost", "d_h = d_h_context + d_h_scores", "d_h = d_h_context",
              "the encoder's states hear of the context only: the way through the scores is missing", "d_a_j W_hᵀ"),
        Fault("d_alpha-lost", "d_weights = d_weights + d_alpha", "d_weights = d_weights + 0 * d_alpha",
              "what the loss sends to the weights is not used", "d_alpha"),
        Fault("d_c-lost", "d_weights = d_weights + (d_c * h).sum(axis=-1)", "d_weights = d_weights + 0 * (d_c * h).sum(axis=-1)",
              "the context sends nothing to the weights", "d_c · h_j"),
        Fault("overwritten", "d_weights = d_weights + (d_c * h)", "d_weights = (d_c * h)",
              "what comes from the context replaces what the loss sends to the weights", "d_α + …"),
        Fault("softmax-skipped", "d_e = alpha * (d_weights - mean)", "d_e = d_weights",
              "the softmax is skipped on the way back", "α_j (d_α_j − …)"),
        Fault("diagonal-only", "(d_weights - mean)", "d_weights",
              "only α d_α is kept: raising one score also lowers all other weights", "Σ_k α_k d_α_k"),
        Fault("wrong-axis", "mean = (alpha * d_weights).sum(axis=0)", "mean = (alpha * d_weights).sum(axis=1, keepdims=True)",
              "the softmax's sum runs over the batch instead of the source", "Σ_k over the source"),
        Fault("no-slope", " * v * (1 - u * u)", " * v", "the slope of tanh is missing", "1 − u²"),
        Fault("no-v", " * v * (1 - u * u)", " * (1 - u * u)", "v is missing on the way back", "d_e v"),
        Fault("query-mean", "d_a.sum(axis=0)", "d_a.mean(axis=0)",
              "the query's gradient is a mean over the source: every word sends one, and they add", "Σ_j d_a_j"),
        Fault("states-unweighted", "d_h_context = alpha[..., None] * d_c", "d_h_context = d_c + 0 * h",
              "each word receives all of d_c, without its weight", "α_j d_c"),
        Fault("W_h-last-word", INNER, "d_W_h = h[-1].T @ d_a[-1]", "∂L/∂W_h is that of the last word only", "Σ_j h_jᵀ d_a_j"),
    ),
    hints=(
        "With one word the weight is fixed at 1: only the context's way to that word is left. Look there first.",
        "The weights hear from the context and from the loss; the words as what is summed and as what is scored.",
        "Context, softmax, scores: d_α first, then d_e, then d_a, and d_h on two ways.",
    ),
)  # fmt: skip

LAB = Lab("Additive attention", (SCORES, WEIGHTS, CONTEXT, CONTEXT_BACKWARD, WEIGHTS_BACKWARD, SCORES_BACKWARD, WHOLE))

"""Lab 9, a training step: what is asked, what is right, and the mistakes that are known."""

import numpy as np

from minis2s.equations.attention import context, context_backward
from minis2s.equations.embedding import embedding, embedding_backward
from minis2s.equations.linear import linear, linear_backward
from minis2s.equations.rnn import rnn_cell, rnn_cell_backward
from minis2s.equations.scores import dot_score, dot_score_backward
from minis2s.equations.softmax import cross_entropy, cross_entropy_backward, softmax, softmax_backward
from minis2s.labs.faults.drawing import COUNTED, STEPS_AND_ROWS, TIME, E, H, by_name, gradient, mask_of, normal, weights
from minis2s.labs.spec import Fault, Lab, Output, Task

V, SOURCE = 7, 6
BACKWARD = (
    gradient("y", "time batch in"), gradient("s_0", "batch hidden"), gradient("memory", "source batch hidden"),
    gradient("W_y", "in hidden"), gradient("W_c", "context hidden"), gradient("W_s", "from hidden"), gradient("b", "hidden"),
    gradient("W_o", "read words"), gradient("b_o", "words"),
)  # fmt: skip


def _ids(rng, rung, variant):
    T, B = STEPS_AND_ROWS[rung]
    return {"d_x": normal(rng, (T, B, E)), "ids": rng.integers(0, V - 3, (T, B)), "n_words": V}


def _target(rng, rung, variant):
    return {"target": rng.integers(2, V, STEPS_AND_ROWS[rung]), "start": int(rng.integers(0, 2))}


def _right_inputs(q, variant):
    return {"inputs": np.concatenate([np.full_like(q["target"][:1], q["start"]), q["target"][:-1]])}


def _source(rng, rung, variant):
    T, B = STEPS_AND_ROWS[rung]
    W, W_x, W_h, b = normal(rng, (V, E)), *weights(rng, (E, H), (H, H), (H,))
    source = rng.integers(1, V, (T, B))
    return {"source": source, "mask": mask_of(rng, rung, T, B), "W": W, "W_x": W_x, "W_h": W_h, "b": b}


def _encode(q, variant):
    x, _ = embedding(q["source"], q["W"])
    h, memory = np.zeros((x.shape[1], H)), []
    for x_t, mask in zip(x, q["mask"], strict=True):
        h = np.where(mask[:, None], rnn_cell(x_t, h, q["W_x"], q["W_h"], q["b"])[0], h)
        memory.append(np.where(mask[:, None], h, 0))
    return {"memory": np.stack(memory), "s_0": h}


def _step(rng, rung, variant):
    B = STEPS_AND_ROWS[rung][1]
    T = 1 if rung == "one" else SOURCE
    y, s_prev, memory = normal(rng, (B, E), (B, H), (T, B, H))
    W_y, W_c, W_s, b = weights(rng, (E, H), (H, H), (H, H), (H,))
    mask, (W_o, b_o) = mask_of(rng, rung, T, B), normal(rng, (2 * H, V), (V,))
    q = {"y": y, "s_prev": s_prev, "memory": memory, "mask": mask, "W_y": W_y, "W_c": W_c, "W_s": W_s, "b": b}
    return q | {"W_o": W_o, "b_o": b_o}


def _decode(q):
    """One step: ((logits, s, c), caches). The cell reads [y; c], with W_y above W_c."""
    e, cache_e = dot_score(q["s_prev"], q["memory"])
    alpha, cache_alpha = softmax(e, q["mask"], axis=0)
    c, cache_c = context(alpha, q["memory"])
    joined = np.concatenate([q["y"], c], axis=-1)
    s, cache_s = rnn_cell(joined, q["s_prev"], np.concatenate([q["W_y"], q["W_c"]]), q["W_s"], q["b"])
    logits, cache_o = linear(np.concatenate([s, c], axis=-1), q["W_o"], q["b_o"])
    return (logits, s, c), (cache_e, cache_alpha, cache_c, cache_s, cache_o), alpha


def _logits(rng, rung, variant):
    S, B = STEPS_AND_ROWS[rung]
    logits, target = normal(rng, (S, B, V)), rng.integers(0, V, (S, B))
    logits = np.round(1000 * logits) if rung == "extreme" else logits  # whole numbers: float32 has them too
    return {"logits": logits, "target": target, "mask": mask_of(rng, rung, S, B)}


def _loss(q, variant):
    L, cache = cross_entropy(q["logits"], q["target"], q["mask"])
    return {"L": L, "d_logits": cross_entropy_backward(1.0, cache)}


def _sequence(rng, rung, variant):
    S, B = STEPS_AND_ROWS[rung]
    q = _step(rng, rung, variant)
    state, steps, y = q["s_prev"], [], normal(rng, (S, B, E))
    for y_i in y:
        (_, state, c), _, alpha = _decode(q | {"y": y_i, "s_prev": state})
        steps.append((state, c, alpha))
    s, c, alpha = (np.stack(parts) for parts in zip(*steps, strict=True))
    d_logits = np.where(mask_of(rng, rung, S, B)[..., None], normal(rng, (S, B, V)), 0)
    arguments = {"d_logits": d_logits, "y": y, "s_0": q["s_prev"], "s": s, "c": c, "memory": q["memory"], "alpha": alpha}
    return arguments | {name: q[name] for name in ("W_y", "W_c", "W_s", "W_o")}


def _right_sequence(q, variant):
    d_next, d_memory, d_y, sums = np.zeros_like(q["s_0"]), 0, np.zeros_like(q["y"]), [0] * 6
    for i in reversed(range(len(q["y"]))):
        step = {name: q[name] for name in ("memory", "W_y", "W_c", "W_s", "W_o")} | {"y": q["y"][i], "mask": q["alpha"][i] > 0}
        step |= {"s_prev": q["s"][i - 1] if i else q["s_0"], "b": np.zeros(H), "b_o": np.zeros(V)}
        _, (cache_e, cache_alpha, cache_c, (cache_x, cache_h, _), cache_o), _ = _decode(step)
        d_both, d_W_o, d_b_o = linear_backward(q["d_logits"][i], cache_o)
        cache_o_now = (np.concatenate([q["s"][i], q["c"][i]], axis=-1), *cache_o[1:])  # the states that were given
        d_W_o = linear_backward(q["d_logits"][i], cache_o_now).W
        back = rnn_cell_backward(d_both[:, :H] + d_next, (cache_x, cache_h, q["s"][i]))
        d_c = d_both[:, H:] + back.x[:, E:]
        d_alpha, d_states = context_backward(d_c, cache_c)
        d_query, d_keys = dot_score_backward(softmax_backward(d_alpha, cache_alpha), cache_e)
        d_y[i], d_next, d_memory = back.x[:, :E], back.h_prev + d_query, d_memory + d_states + d_keys
        step_sums = back.W_x[:E], back.W_x[E:], back.W_h, back.b, d_W_o, d_b_o
        sums = [a + b for a, b in zip(sums, step_sums, strict=True)]
    return by_name(BACKWARD, (d_y, d_next, d_memory, *sums))


EMBEDDING = Task(
    "embedding_backward", "D4.7", 10, (gradient("W", "words in"),), _ids,
    lambda q, variant: {"d_W": embedding_backward(q["d_x"], (q["ids"], q["n_words"]))}, TIME,
    faults=(
        Fault("repeated-words", "np.add.at(d_W, ids, d_x)", "d_W[ids] += d_x",
              "a word that occurs twice keeps one of its gradients: adding at repeated indices writes once", "Σ over the places"),
        Fault("averaged", "np.add.at(d_W, ids, d_x)",
              "np.add.at(d_W, ids, d_x)\nd_W /= np.maximum(np.bincount(ids.reshape(-1), minlength=n_words), 1)[:, None]",
              "a word's gradient is the mean over its places: it is a sum", "Σ over the places"),
        Fault("next-word", "np.add.at(d_W, ids, d_x)", "np.add.at(d_W, (ids + 1) % n_words, d_x)",
              "the gradients go to the rows one beside the words", "d_W[k]"),
        Fault("mean-over-rows", "np.add.at(d_W, ids, d_x)", "np.add.at(d_W, ids, d_x / ids.shape[1])",
              "divided by the number of sequences", "Σ"),
    ),
    hints=(
        "Look at a batch in which a word occurs twice.",
        "Words that do not occur get zero; the rows of d_W sum to all of d_x.",
        "Each place adds its gradient to its word's row; no place replaces another's.",
    ),
)  # fmt: skip

INPUTS = Task(
    "decoder_inputs", "D1.2", 5, (Output("inputs", "time batch", "decoder inputs"),), _target, _right_inputs, TIME,
    faults=(
        Fault("not-shifted", "inputs[1:] = target[:-1]", "inputs[:] = target",
              "the target is not shifted: each step reads the word that it is to predict", "y_{i−1}"),
        Fault("wrong-way", "inputs[1:] = target[:-1]", "inputs[:-1] = target[1:]",
              "shifted the wrong way: each step reads the word after", "y_{i−1}"),
        Fault("no-start", "inputs[1:] = target[:-1]", "inputs[1:] = target[:-1]\ninputs[0] = 0",
              "the first step reads 0 instead of `start`", "start"),
        Fault("start-once", "inputs[1:] = target[:-1]", "inputs[1:] = target[:-1]\ninputs[0, 1:] = target[0, 1:]",
              "only the first row begins with `start`", "start"),
        Fault("rows-shifted", "inputs[1:] = target[:-1]", "inputs[:, 1:] = target[:, :-1]",
              "shifted along the batch instead of time", "y_{i−1}"),
        Fault("rolled", "inputs = np.full(target.shape, start)\ninputs[1:] = target[:-1]", "inputs = np.roll(target, 1, axis=0)",
              "the last word comes round to the beginning: the first step reads `start`", "start"),
    ),
    hints=(
        "Look at the first row of the result, then at the second.",
        "A step must not see the word that it predicts, only those before it.",
        "Row 0 is `start`, row i is the target's row i − 1.",
    ),
)  # fmt: skip

ENCODE = Task(
    "encode", "D1.1", 15, (Output("memory", "time batch hidden"), Output("s_0", "batch hidden")), _source, _encode,
    (*TIME, "padding"),
    faults=(
        Fault("mask-ignored", "h = np.where(real, h_new, h)", "h = h_new",
              "the state runs on over padding", "“the state is kept”"),
        Fault("state-zeroed", "h = np.where(real, h_new, h)", "h = np.where(real, h_new, 0)",
              "s_0 is zero for short sequences: the state is set to zero at padding, or s_0 is the last step's memory",
              "“the state is kept”"),
        Fault("memory-not-masked", "np.where(real, h_new, 0)", "h_new",
              "the memory at padding is not zero", "“the memory is zero”"),
        Fault("memory-held", "np.where(real, h_new, 0)", "np.where(real, h_new, h)",
              "the memory at padding repeats the last state", "“the memory is zero”"),
        Fault("not-carried", "h @ W_h", "(0 * h) @ W_h", "the state is not handed on: each word is read alone", "h_{t−1} W_h"),
        Fault("no-bias", " + b)", ")", "the bias is missing", "b"),
        Fault("transposed", "h @ W_h", "h @ W_h.T", "W_h is transposed: weights are (in, out) here", "h_{t−1} W_h"),
        Fault("no-tanh", "np.tanh(x[t] @ W_x + h @ W_h + b)", "(x[t] @ W_x + h @ W_h + b)",
              "tanh is missing: the state is not squashed", "tanh"),
    ),
    hints=(
        "Without padding first; then look at s_0 of a short sequence.",
        "s_0 is the state after the last word, wherever that stands.",
        "At padding the state is kept and the memory is zero: two different things.",
    ),
)  # fmt: skip

STEP = Task(
    "decoder_step", "D2.2", 15,
    (Output("logits", "batch words"), Output("s", "batch hidden"), Output("c", "batch hidden")), _step,
    lambda q, variant: dict(zip(("logits", "s", "c"), _decode(q)[0], strict=True)), ("one", "rows", "padding"),
    faults=(
        Fault("context-unused", " + c @ W_c", "", "the context does not enter the decoder's state (erratum X12)", "c_i W_c"),
        Fault("state-unused", " + s_prev @ W_s", "", "the old state does not enter the new one", "s_{i−1} W_s"),
        Fault("word-unused", "y @ W_y + ", "", "the previous word does not enter the state", "y W_y"),
        Fault("no-bias", " + b\n", "\n", "the bias of the state is missing", "b"),
        Fault("no-output-bias", " + b_o", "", "the bias of the output is missing", "b_o"),
        Fault("swapped", "[s, c]", "[c, s]", "state and context are exchanged before the output", "[s_i; c_i]"),
        Fault("old-state-in-output", "[s, c]", "[s_prev, c]", "the output reads the old state", "[s_i; c_i]"),
        Fault("no-tanh", "s = np.tanh(a)", "s = a", "tanh is missing: the state is not squashed", "tanh"),
        Fault("mask-ignored", "attend(s_prev, memory, mask)", "attend(s_prev, memory, np.ones_like(mask))",
              "the attention sees padding", "“the mask”"),
        Fault("weights-swapped", "c @ W_c + s_prev @ W_s", "c @ W_s + s_prev @ W_c",
              "context and state are multiplied with each other's weights", "c_i W_c + s_{i−1} W_s"),
    ),
    hints=(
        "Look at c first, then at s, then at the logits.",
        "The new state depends on the word, on the context and on the old state; the logits on state and context.",
        "Three products and a bias inside tanh; [s_i; c_i] in this order before W_o.",
    ),
)  # fmt: skip

LOSS = Task(
    "loss_and_gradient", "D1.3", 15, (Output("L", "", "L"), gradient("logits", "time batch words")), _logits, _loss,
    (*TIME, "padding", "extreme"),
    faults=(
        Fault("padding-in-N", "N = int(mask.sum())", "N = mask.size", "averaged over all places, padding included", "N"),
        Fault("per-sequence", "N = int(mask.sum())", "N = mask.shape[1]",
              "divided by the number of sequences, not of words", "N"),
        Fault("sum", "N = int(mask.sum())", "N = 1", "the sum over the words is not divided by their number", "1/N"),
        Fault("loss-mask", "np.where(mask, losses, 0)", "losses", "padding is in the loss", "“over the real words”"),
        Fault("gradient-mask", "np.where(mask[..., None], d_logits, 0)", "d_logits",
              "padding gets a gradient", "“zero at padding”"),
        Fault("gradient-not-averaged", "(np.exp(log_p) - onehot) / N", "(np.exp(log_p) - onehot)",
              "the loss is averaged, its gradient is not", "/ N"),
        Fault("no-onehot", "(np.exp(log_p) - onehot)", "np.exp(log_p)", "the target's 1 is not subtracted", "− onehot"),
        Fault("gradient-sign", "(np.exp(log_p) - onehot)", "(onehot - np.exp(log_p))",
              "the gradient has the wrong sign", "softmax − onehot"),
        Fault("loss-sign", "losses = -(", "losses = (", "the loss is negative: the sign is missing", "−"),
        Fault("logits-minus-onehot", "(np.exp(log_p) - onehot)", "(log_p - onehot)",
              "the log probabilities stand in the place of the probabilities", "softmax(logits)"),
    ),
    tolerance=COUNTED,
    hints=(
        "Look at the loss first, then at its gradient; then at padding.",
        "The gradient at a word sums to zero over the vocabulary; at padding it is zero.",
        "N counts the real words of the whole batch, for the loss and for the gradient.",
    ),
)  # fmt: skip

DECODER = Task(
    "decoder_backward", "D2.2", 40, BACKWARD, _sequence, _right_sequence, (*TIME, "padding"),
    faults=(
        Fault("query-lost", "d_next = d_a @ W_s.T + d_query", "d_next = d_a @ W_s.T",
              "s_{i−1} hears nothing from the attention that it asked", "“its query”"),
        Fault("recurrence-lost", "d_next = d_a @ W_s.T + d_query", "d_next = d_query",
              "s_{i−1} hears of the attention only, not through W_s", "d_a W_sᵀ"),
        Fault("not-carried", "d_s = d_both[:, :H] + d_next", "d_s = d_both[:, :H]",
              "right in the last step and wrong before: what step i + 1 sends to s_i is not added", "from step i + 1"),
        Fault("output-lost", "d_s = d_both[:, :H] + d_next", "d_s = d_next",
              "the logits send nothing to the state", "“from the logits”"),
        Fault("context-by-output-lost", "d_c = d_both[:, H:] + d_a @ W_c.T", "d_c = d_a @ W_c.T",
              "the logits send nothing to the context", "d_c from the logits"),
        Fault("context-by-cell-lost", "d_c = d_both[:, H:] + d_a @ W_c.T", "d_c = d_both[:, H:]",
              "the cell sends nothing to the context that it read", "d_a W_cᵀ"),
        Fault("memory-overwritten", "d_memory += d_memory_i", "d_memory = d_memory_i",
              "the memory keeps the first step's gradient only: it collects from all steps", "d_memory"),
        Fault("halves-exchanged", "d_s = d_both[:, :H]", "d_s = d_both[:, H:]",
              "the state takes the context's half of the output's gradient", "[s_i; c_i]"),
        Fault("no-slope", "d_s * (1 - s[i] * s[i])", "d_s", "the slope of tanh is missing", "1 − s²"),
        Fault("s_0-forgotten", "else s_0", "else 0 * s_0", "the first step's old state is taken for zero", "s_0"),
        Fault("new-state", "s_prev.T @ d_a", "s[i].T @ d_a",
              "∂L/∂W_s pairs d_a_i with s_i; W_s multiplied s_{i−1}", "s_{i−1}ᵀ d_a_i"),
        Fault("query-of-new-state", "attend_backward(d_c, s_prev,", "attend_backward(d_c, s[i],",
              "the attention is differentiated at the new state; the old one asked", "s_{i−1}"),
        Fault("W_o-overwritten", "d_W_o += ", "d_W_o = ", "∂L/∂W_o is that of the first step only", "Σ_i"),
        Fault("W_y-overwritten", "d_W_y += ", "d_W_y = ", "∂L/∂W_y is that of the first step only", "Σ_i"),
        Fault("W_c-overwritten", "d_W_c += ", "d_W_c = ", "∂L/∂W_c is that of the first step only", "Σ_i"),
        Fault("W_s-overwritten", "d_W_s += ", "d_W_s = ", "∂L/∂W_s is that of the first step only", "Σ_i"),
        Fault("b-overwritten", "d_b += ", "d_b = ", "∂L/∂b is that of the first step only", "Σ_i"),
        Fault("b_o-overwritten", "d_b_o += ", "d_b_o = ", "∂L/∂b_o is that of the first step only", "Σ_i"),
        Fault("forwards", "reversed(range(S))", "range(S)",
              "the steps run forwards: gradients start at the first word", "from i = S down to 1"),
    ),
    hints=(
        "Look at ∂L/∂W_o first, then at d_y of the last step, then at the step before it.",
        "s_i has three readers: the output, the next cell, and the next attention, as its query.",
        "d_s from the output's first half and from step i + 1; d_c from its second half and through W_c; d_memory is a sum.",
    ),
)  # fmt: skip

LAB = Lab("A training step of a sequence-to-sequence model", (EMBEDDING, INPUTS, ENCODE, STEP, LOSS, DECODER))

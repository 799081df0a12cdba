# %% [markdown]
# # Lesson 3 · The recurrent cell and back-propagation through time 循环单元与沿时间反向传播
#
# About 25 minutes. You need lesson 2: affine maps, $\tanh$, and their gradients. Run this file with
# `python lessons/03_back_propagation_through_time.py`, or open it cell by cell in VS Code or Jupyter (with jupytext).
#
# A sentence may have any length, and a network has a fixed number of weights. The way out is to read word by word, to keep
# what has been read in a state, and to use the *same* weights at each step: a recurrent network 循环神经网络. Its gradient is
# the chain rule, walked backwards over the steps. At the end you can do that on paper for three steps, and you know the two
# facts on which every recurrent layer's backward pass rests. Every claim is followed by an `assert`.

# %%
import numpy as np
from matplotlib.figure import Figure

from minis2s import gradcheck
from minis2s.backend import select
from minis2s.equations.catalogue.attention_decoders import decode_with_attention, decode_with_attention_backward
from minis2s.equations.catalogue.decoders import decode_in_step, decode_in_step_backward, in_step_inputs
from minis2s.equations.catalogue.folds import GRU, LSTM, RNN, cell_weights, fold, fold_backward
from minis2s.equations.linear import linear
from minis2s.equations.registry import equation
from minis2s.equations.rnn import rnn_cell, rnn_cell_backward
from minis2s.layers.base import Initialiser
from minis2s.layers.cells import RNNCell
from minis2s.layers.packing import Packing
from minis2s.layers.recurrent import Recurrent
from minis2s.lessons import show_checks, show_picture, show_printed, show_source

np.set_printoptions(precision=6, suppress=True)
rng = np.random.default_rng(3)

# %% [markdown]
# ## 1 The formulas as printed 原文公式
#
# Document D4 (§3.2) and document D2 (§4.1, §4.2) print
#
# $$h_t = \mathrm{RNN}(h_{t-1}, x_t) \tag{D4.1}$$
# $$h_t = f(h_{t-1}, x_t) \tag{D2.1}$$
# $$y_t = g(y_{t-1}, h_t) \tag{D2.2}$$
#
# All three say the same: the new **hidden state 隐藏状态** is a function of the old one and of the input of this step. The
# function is called a **cell 循环单元**; to repeat it along a sequence is to **unroll 展开** it. D4.1 does not say what RNN
# computes; here it is the oldest and plainest cell (Elman 1990), an affine map and a $\tanh$:
#
# $$h_t = \tanh(h_{t-1} W_h + x_t W_x + b).$$
#
# D2.1 leaves $f$ open. The registry has it with three cells: this one (`D2.1-rnn`), the LSTM (`D2.1`, lesson 5) and the GRU
# (`D2.1-gru`, lesson 6). D2 also names the Transformer for $f$; but that reads all words at once and has no $h_{t-1}$. D2.2 is
# the decoder's recurrence, and section 9 is about what it may read.

# %%
show_printed("D4.1", "D2.1", "D2.1-rnn", "D2.1-gru", "D2.2", "D2.2-printed")

# %% [markdown]
# ## 2 Symbols and shapes 符号与形状
#
# | symbol | shape | meaning |
# |---|---|---|
# | $x_1, \dots, x_T$ | $(T, B, E)$ | input vectors 输入向量, $B$ sentences side by side |
# | $h_0$ | $(B, H)$ | initial state 初始状态, usually zero |
# | $h_1, \dots, h_T$ | $(T, B, H)$ | hidden states 隐藏状态; each entry in $(-1, 1)$ |
# | $a_t = h_{t-1} W_h + x_t W_x + b$ | $(B, H)$ | pre-activation 预激活值 |
# | $W_x, W_h, b$ | $(E, H), (H, H), (H,)$ | weights and biases, the same at all steps 参数共享 |
# | $L$ | a number | the loss 损失; it may read every $h_t$ |
# | $\delta v$ | as $v$ | $\partial L/\partial v$, through *all* the ways in which $v$ reaches $L$ |

# %% [markdown]
# ## 3 The engine's own source 源代码
#
# The cell, and a `fold` 折叠 that repeats any cell over a sequence. (The layers do the same with less work: padding is packed
# away, and what can be one product is one. `fold` is written for reading and for checking.) The last two are readings of D2.2,
# for section 9.

# %%
show_source(rnn_cell, fold, decode_in_step, decode_with_attention)

# %% [markdown]
# ## 4 A worked example for paper 手算例子
#
# $B = E = H = 1$, three steps. With $\ell = \ln 3$ the function $\tanh$ has round values:
# $\tanh(\frac{\ell}{2}) = \frac{3-1}{3+1} = \frac12$, $\ \tanh(\ell) = \frac{9-1}{9+1} = \frac45$. Let $W_h = \ell$,
# $W_x = \frac{\ell}{2}$, $b = 0$, $h_0 = 0$ and $x = (1, 1, -\frac35)$.
#
# | $t$ | $x_t$ | $a_t/\ell = h_{t-1} + \frac12 x_t$ | $h_t = \tanh(a_t)$ | slope $1 - h_t^2$ |
# |---|---|---|---|---|
# | $1$ | $1$ | $0 + \frac12 = \frac12$ | $\frac12$ | $\frac34$ |
# | $2$ | $1$ | $\frac12 + \frac12 = 1$ | $\frac45$ | $\frac{9}{25}$ |
# | $3$ | $-\frac35$ | $\frac45 - \frac{3}{10} = \frac12$ | $\frac12$ | $\frac34$ |
#
# The second word is the same as the first, and yet the state is another one: it knows that something came before.

# %%
l = np.log(3)
x = np.array([1, 1, -3 / 5]).reshape(3, 1, 1)
h_0, W_x, W_h, b = np.zeros((1, 1)), np.array([[l / 2]]), np.array([[l]]), np.zeros(1)

h, states, caches = h_0, [], []
for x_t in x:
    h, cache = rnn_cell(x_t, h, W_x, W_h, b)
    states.append(h.item())
    caches.append(cache)
print("h =", states)
assert np.allclose(states, [1 / 2, 4 / 5, 1 / 2])

# %% [markdown]
# ## 5 The backward pass, derived 反向传播的推导
#
# **One step** is lesson 2 twice. With $\tanh' = 1 - \tanh^2$:
# $$\delta a_t = \delta h_t \odot (1 - h_t \odot h_t), \qquad
# \delta x_t = \delta a_t W_x^\top, \qquad \delta h_{t-1} \mathrel{+}= \delta a_t W_h^\top .$$
#
# **Over the steps**, two facts are all that is new.
#
# 1. **A state has two readers.** $h_t$ is read by the loss at its own step (or by the layer above), and by step $t + 1$. A
#    value that is read twice receives the sum of both gradients:
#    $$\delta h_t = \Big(\frac{\partial L}{\partial h_t}\Big)_{\text{directly}} + \delta a_{t+1} W_h^\top .$$
#    The second term must be known first, so the steps are walked **from the last to the first**.
# 2. **A weight has $T$ readers.** Imagine a copy of its own for each step, $W_h^{(1)}, \dots, W_h^{(T)}$; copy $t$ receives
#    $h_{t-1}^\top\, \delta a_t$. The copies are one and the same array, so its gradient is the sum:
#    $$\delta W_h = \sum_{t=1}^{T} h_{t-1}^\top\, \delta a_t, \qquad \delta W_x = \sum_t x_t^\top\, \delta a_t, \qquad
#    \delta b = \sum_t \sum_{\text{rows}} \delta a_t .$$
#
# That is **back-propagation through time**, BPTT. It is no new method: it is the chain rule on the unrolled network.

# %%
show_source(rnn_cell_backward, fold_backward, decode_in_step_backward, decode_with_attention_backward)

# %% [markdown]
# **On paper**, for $L = h_3$: only the last state is read, so $\delta h_3 = 1$, and the others are reached through their
# successors alone, $\delta h_{t-1} = \ell\,\delta a_t$. The last two columns are the shares of $\delta W_h$ and $\delta W_x$.
#
# | $t$ | $\delta h_t$ | $\delta a_t = \delta h_t\,(1 - h_t^2)$ | $h_{t-1}\,\delta a_t$ | $x_t\,\delta a_t$ |
# |---|---|---|---|---|
# | $3$ | $1$ | $\frac34$ | $\frac45\cdot\frac34 = \frac35$ | $-\frac35\cdot\frac34 = -\frac{9}{20}$ |
# | $2$ | $\frac34\ell$ | $\frac{27}{100}\ell$ | $\frac12\cdot\frac{27}{100}\ell = \frac{27}{200}\ell$ | $\frac{27}{100}\ell$ |
# | $1$ | $\frac{27}{100}\ell^2$ | $\frac{81}{400}\ell^2$ | $0$ | $\frac{81}{400}\ell^2$ |
# | $0$ | $\frac{81}{400}\ell^3$ | | | |
#
# With the engine's cell and a loop of five lines:


# %%
def back_through_time(direct, caches):
    """direct: ∂L/∂h_t at each step, without what comes from later steps. Returns (δh_0, δa of each step, gradients of each)."""
    d_h, d_as, gradients = np.zeros((1, 1)), [], []
    for d_direct, cache in zip(reversed(direct), reversed(caches), strict=True):
        d = rnn_cell_backward(d_direct + d_h, cache)  # fact 1
        d_h = d.h_prev
        d_as.insert(0, d.b.item())  # with one row, ∂L/∂b of a step is δa
        gradients.insert(0, d)
    return d_h, np.array(d_as), gradients


d_h_0, d_a, gradients = back_through_time([0, 0, 1], caches)
d_W_h, d_W_x = sum(d.W_h for d in gradients).item(), sum(d.W_x for d in gradients).item()  # fact 2
print("δa =", d_a, "  δh_0 =", d_h_0.item(), "  δW_h =", d_W_h, "  δW_x =", d_W_x)
assert np.allclose(d_a, [81 / 400 * l**2, 27 / 100 * l, 3 / 4])
assert np.isclose(d_h_0, 81 / 400 * l**3)
assert np.isclose(d_W_h, 3 / 5 + 27 / 200 * l) and np.isclose(d_W_x, -9 / 20 + 27 / 100 * l + 81 / 400 * l**2)

# %% [markdown]
# For $L = h_1 + h_2 + h_3$ every state is also read directly, and each $\delta h_t$ gains a $1$. So
# $\delta a_3 = \frac34$, $\ \delta a_2 = (1 + \frac34\ell)\frac{9}{25}$, $\ \delta a_1 = (1 + \ell\,\delta a_2)\frac34$.

# %%
_, d_a, _ = back_through_time([1, 1, 1], caches)
by_hand = [0, (1 + 3 / 4 * l) * 9 / 25, 3 / 4]
by_hand[0] = (1 + l * by_hand[1]) * 3 / 4
print("δa =", d_a)
assert np.allclose(d_a, by_hand)

(h, (h_n,)), cache = fold(RNN, x, (h_0,), {"W_x": W_x, "W_h": W_h, "b": b})
d_x, (d_h_0,), d_weights = fold_backward(np.ones((3, 1, 1)), None, cache)
assert np.allclose(h.ravel(), states) and np.allclose(d_x.ravel(), d_a * l / 2) and np.isclose(d_weights["b"], d_a.sum())

# %% [markdown]
# **What can wait.** $\delta a_t W_h^\top$ is needed at once, by step $t - 1$. The weights' gradients are not. A sum of products
# is one product of the stacked factors, so a layer keeps all $\delta a_t$ and multiplies once, after the loop; and
# $x_t W_x + b$ needs no state, so it is one product as well, before the loop. Same numbers, far fewer and larger products:

# %%
T, B, E, H = 7, 3, 4, 5
x, h_0, weights = rng.standard_normal((T, B, E)), rng.standard_normal((B, H)), cell_weights(rng, E, H, 1)
(h, _), cache = fold(RNN, x, (h_0,), weights)
d_h = rng.standard_normal(h.shape)
_, (d_h_0,), d_weights = fold_backward(d_h, None, cache)

d_a, carried = np.empty_like(h), 0
for t in reversed(range(T)):
    d_a[t] = (d_h[t] + carried) * (1 - h[t] ** 2)
    carried = d_a[t] @ weights["W_h"].T
h_before = np.concatenate([h_0[None], h[:-1]])
at_once = h_before.reshape(T * B, H).T @ d_a.reshape(T * B, H)
z, _ = linear(x, weights["W_x"], weights["b"])  # x_t W_x + b for all t
assert np.allclose(at_once, d_weights["W_h"], rtol=0, atol=1e-12) and np.allclose(carried, d_h_0, rtol=0, atol=1e-12)
assert np.allclose(np.tanh(h_before @ weights["W_h"] + z), h, rtol=0, atol=1e-12)
print("δW_h as one product of shapes", (H, T * B), "and", (T * B, H))

# %% [markdown]
# ## 6 The check, live 梯度检验
#
# One step of each cell, the two decoders of D2.2, and, in the last row, five steps of the plain cell with all their states and
# the last one read: every gradient that the loop must add up.


# %%
def unrolled(x, h_0, **weights):
    (h, (h_n,)), cache = fold(RNN, x, (h_0,), weights)
    return (h, h_n), cache


def unrolled_backward(d_out, cache):
    d_h, d_h_n = d_out
    d_x, (d_h_0,), d_weights = fold_backward(d_h, (d_h_n,), cache)
    return by_name(x=d_x, h_0=d_h_0, **d_weights)


def by_name(**gradients):
    return type("Gradients", (), gradients)


inputs = {"x": x[:5], "h_0": h_0, **weights}
ids = ("D4.1", "D2.1-rnn", "D2.1", "D2.1-gru", "D2.2", "D2.2-printed")
results = [result for id in ids for result in equation(id).check(rng)]
results += gradcheck.check_pair("bptt", unrolled, unrolled_backward, inputs, tuple(inputs), rng)
assert show_checks(results, {"bptt": "vanilla cell, five steps"})

# %% [markdown]
# Forget fact 1, so that each step hears its own loss only, and the check fails for all that acts over time:


# %%
def forgetful_backward(d_out, cache):
    """The planted mistake: nothing is carried from step t to step t − 1."""
    d_h, d_h_n = d_out
    cell, _, caches, *_ = cache
    d_h = np.zeros((5, B, H)) if d_h is None else d_h.copy()
    if d_h_n is not None:
        d_h[-1] += d_h_n
    d = [cell.backward(d_t, step) for d_t, step in zip(d_h, caches, strict=True)]
    summed = {name: sum(getattr(step, name) for step in d) for name in ("W_x", "W_h", "b")}
    return by_name(x=np.stack([step.x for step in d]), h_0=d[0].h_prev, **summed)


wrong = gradcheck.check_pair("wrong", unrolled, forgetful_backward, inputs, tuple(inputs), rng, ["complex-step"])
assert not show_checks(wrong, {"wrong": "nothing carried"})
assert not any(result.passed for result in wrong)

# %% [markdown]
# ## 7 A picture 图: which state hears of which word
#
# The size of $\partial h_t/\partial x_s$, for each pair of steps (the norm 范数 of its matrix, as a power of ten). Above the
# diagonal there is nothing: a state knows nothing of later words. Along a row it falls from right to left: the older a word,
# the less of it is left, which is lesson 4. And at step 9 a very large input drives the cell into saturation 饱和: all
# $|h_9| \approx 1$, the slopes $1 - h_9^2$ are almost zero, and no later state hears anything of the words before.

# %%
T, E, H = 16, 3, 8
weights = cell_weights(rng, E, H, 1)
weights["W_h"] *= 0.9 / np.linalg.norm(weights["W_h"], 2)  # its largest singular value is then 0.9
weights["b"][:] = 0
x = 0.5 * rng.standard_normal((T, E))
x[8] = 20 * np.sign(x[8])
rows = np.repeat(x[:, None], H, axis=1)  # H copies of one sequence: row k asks for the gradient of entry k of h_t
(h, _), cache = fold(RNN, rows, (np.zeros((H, H)),), weights)
influence = np.zeros((T, T))
for t in range(T):
    d_h = np.zeros_like(h)
    d_h[t] = np.eye(H)
    d_x, *_ = fold_backward(d_h, None, cache)
    influence[t] = np.linalg.norm(d_x, axis=(1, 2))

figure = Figure(figsize=(6.4, 4.8), layout="constrained")
axes = figure.subplots()
with np.errstate(divide="ignore"):
    image = axes.imshow(np.log10(influence), cmap="viridis", vmin=-6, vmax=0.5)
axes.set_xticks(range(0, T, 3), range(1, T + 1, 3))
axes.set_yticks(range(0, T, 3), range(1, T + 1, 3))
axes.set_xlabel("word s")
axes.set_ylabel("state t")
axes.set_title("log10 of the norm of ∂h_t/∂x_s; x_9 saturates the cell", fontsize="medium")
figure.colorbar(image)
show_picture(figure, "03_who_hears_of_what")

print("smallest |h_9| =", abs(h[8]).min())
assert abs(h[8]).min() > 0.99 and abs(h[7]).min() < 0.5
assert (np.triu(influence, 1) == 0).all() and (np.diag(influence)[:8] > 0.1).all()
assert influence[9:, :8].max() < 1e-3 * influence[7, :8].max()  # nothing passes step 9

# %% [markdown]
# ## 8 Questions 思考题
#
# **Memory.** What must be kept from the forward pass for the backward pass, and how does it grow? What would you lose by
# cutting a long sequence into pieces of 50 steps, carrying the state from piece to piece but no gradient (**truncated 截断**
# BPTT)?
#
# <details><summary>Answer 答案</summary>
#
# All $h_t$ and $x_t$: $\delta a_t$ needs the slope at $h_t$, and $\delta W_h$ needs $h_{t-1}$. That is
# $T \cdot B \cdot (H + E)$ numbers, linear in the length. Cut into pieces, only 50 steps are kept at a time. The states are
# still exact, but the gradient is not: it lacks every influence from before the cut. The network can *use* what it
# remembers across the cut, and cannot *learn* to remember it.
#
# </details>
#
# **The order of the words.** In section 4 swap $x_2$ and $x_3$. Why does $h_3$ change, though the weights are the same at all
# steps? Would it, without the $\tanh$?
#
# <details><summary>Answer 答案</summary>
#
# $x_2$ passes through $W_h$ once more than $x_3$ does. Without the $\tanh$, $h_3 = \frac{\ell}{2}(\ell^2 x_1 + \ell x_2 + x_3)$
# still weighs the steps differently, so yes; only at $W_h = 1$ would the order be lost.
#
# </details>

# %%
swapped, _ = fold(RNN, np.array([1, -3 / 5, 1]).reshape(3, 1, 1), (np.zeros((1, 1)),), {"W_x": W_x, "W_h": W_h, "b": b})
print("h_3 with the last two words swapped:", swapped[0][-1].item(), "instead of 0.5")
assert abs(swapped[0][-1].item() - 0.5) > 0.1


def truncated(cut):
    """Gradient of Σ h with respect to W_h when none passes from step cut + 1 to step `cut`; and the states."""
    state, states, d_W_h = (np.zeros((H, H)),), [], 0
    for piece in (rows[:cut], rows[cut:]):
        (h_piece, state), cache_piece = fold(RNN, piece, state, weights)
        states.append(h_piece)
        d_W_h = d_W_h + fold_backward(np.ones_like(h_piece), None, cache_piece)[2]["W_h"]
    return d_W_h, np.concatenate(states)


exact = fold_backward(np.ones_like(h), None, cache)[2]["W_h"]
errors = {cut: np.linalg.norm(truncated(cut)[0] - exact) / np.linalg.norm(exact) for cut in (4, 8)}
print("relative error of the gradient of W_h, cut after step 4 and after step 8:", errors[4], errors[8])
assert np.allclose(truncated(4)[1], h, rtol=0, atol=1e-14)  # the states are exact
assert errors[4] > 0.01 > 100 * errors[8]  # at step 9 the picture's cell passes nothing on, so little is lost before it

# %% [markdown]
# ## 9 Errata 勘误: what D2.2 may read
#
# **X13.** D2.2 prints $y_t = g(y_{t-1}, h_t)$, where $y_t$ is D2's name for the decoder's *state* and $h_t$ an encoder
# state. The same $t$ stands at both, so decoder step $t$ reads encoder state $t$: a translation would have exactly as many
# words as its source, in the same order. `D2.2-printed` is that form. (For tagging, one label for each word, it is the
# right one.)
#
# **X12.** D2 goes on to compute a context vector 上下文向量, and then uses it nowhere. Both errors have one remedy: what
# decoder step $i$ should read is not $h_i$, but a summary $c_i$ of *all* encoder states, made anew at each step. That is
# `D2.2`, a recurrence whose input is $[x_i; c_i]$, the word before and the context; lesson 8 explains $c_i$. Now source and
# target may differ in length.

# %%
inputs = in_step_inputs(rng, T=3)
y, _ = decode_in_step(**inputs)
print("X13: as printed:", len(inputs["h"]), "source words give", len(y), "decoder states")
assert len(y) == len(inputs["h"])

entry = equation("D2.2")
inputs = entry.inputs(rng)
s, cache = decode_with_attention(**inputs)
d = decode_with_attention_backward(np.ones_like(s), cache)
print("     with a context:", len(inputs["memory"]), "source words and", len(s), "decoder states")
print("X12: size of the gradient at each source word:", np.linalg.norm(d.memory, axis=(1, 2)))
assert len(s) != len(inputs["memory"]) and (np.linalg.norm(d.memory, axis=(1, 2)) > 1e-3).all()

# %% [markdown]
# ## 10 The same as a layer 层
#
# A model's layer adds no formula to all this, only the bookkeeping of a batch. `RNNCell` owns the weights and splits the
# cell into what can be done for all steps at once and what must be done in the loop; `Recurrent` is the loop. Sentences of
# different lengths are **packed 打包**: sorted by length, so that those that have ended simply drop out of the products,
# and no work is done on padding.

# %%
show_source(RNNCell.project, RNNCell.step, RNNCell.step_backward, RNNCell.finish, Recurrent.forward, Recurrent.backward)

# %%
T, B, E, H = 5, 3, 4, 6
layer = Recurrent(RNNCell(E, H, Initialiser(rng, select("numpy"), np.float64)))
mask = np.arange(T)[:, None] < [2, 5, 4]  # (T, B): sentences of 2, 5 and 4 words
x, d_h = rng.standard_normal((T, B, E)), rng.standard_normal((T, B, H))
(h, final), cache = layer.forward(x, Packing(mask))
layer.zero_gradients()
d_x, _ = layer.backward(d_h, None, cache)

weights = {name: getattr(layer.cell, name).value for name in ("W_x", "W_h", "b")}
(h_fold, (final_fold,)), cache = fold(RNN, x, (np.zeros((B, H)),), weights, mask)
d_x_fold, _, d_weights = fold_backward(d_h, None, cache)
print("rows in the products of the five steps:", Packing(mask).sizes, "instead of", [B] * T)
assert np.allclose(h, h_fold, rtol=0, atol=1e-14) and np.allclose(final.h, final_fold, rtol=0, atol=1e-14)
assert np.allclose(d_x, d_x_fold, rtol=0, atol=1e-13) and (d_x[~mask] == 0).all()
assert all(np.allclose(getattr(layer.cell, name).grad, d, rtol=0, atol=1e-13) for name, d in d_weights.items())

# %% [markdown]
# ## Where next
#
# `fold` takes any cell, and knows nothing about what is inside: the GRU and the LSTM of lessons 6 and 5 fit as they are,
# the LSTM with a state of two arrays. First, lesson 4 looks at the product of all the $W_h^\top$ that a gradient passes on
# its way back.

# %%
for cell, blocks, arrays in ((RNN, 1, 1), (GRU, 3, 1), (LSTM, 4, 2)):
    weights = cell_weights(rng, 4, 5, blocks) | ({"b_h": np.zeros(15)} if cell is GRU else {})
    (h, state), cache = fold(cell, rng.standard_normal((6, 2, 4)), (np.zeros((2, 5)),) * arrays, weights)
    d_x, d_state, _ = fold_backward(np.ones_like(h), None, cache)
    assert h.shape == (6, 2, 5) and d_x.shape == (6, 2, 4) and len(state) == len(d_state) == arrays
print("Lesson 3: every claim held.")

# %% [markdown]
# # Lesson 13 · Long sequences 长序列: padding, both directions, depth, truncation, memory
#
# About 25 minutes. You need lessons 3, 5 and 7: back-propagation through time 沿时间反向传播, the LSTM, encoder and decoder. Run
# this file with `python lessons/13_long_sequences.py`, or open it cell by cell in VS Code or Jupyter (with jupytext).
#
# Real sequences are unequal, and some are long. The first half of this lesson puts unequal ones side by side without mixing
# them up, and reads them in both directions and in several layers. The second half is about length itself: what a gradient
# that is cut every $k$ steps can and cannot learn, and how the memory of the backward pass is brought from $T$ to $\sqrt T$
# without changing one bit of the gradient. Every claim is followed by an `assert`.

# %%
import tracemalloc

import numpy as np
from matplotlib.figure import Figure

from minis2s import gradcheck
from minis2s.backend import select
from minis2s.equations.catalogue.contexts import encode_padding_too
from minis2s.equations.catalogue.encoder_decoder import bridge, bridge_backward
from minis2s.equations.catalogue.encoders import (
    encode,
    encode_both_ways,
    encode_both_ways_backward,
    residual_stack,
    residual_stack_backward,
    stack,
    stack_backward,
)
from minis2s.equations.catalogue.folds import LSTM, fold
from minis2s.equations.contexts import all_states, all_states_backward
from minis2s.equations.padding import length_mask, pad, truncate
from minis2s.equations.registry import equation
from minis2s.equations.residual import residual, residual_backward
from minis2s.errors import UsageError
from minis2s.layers.base import Initialiser
from minis2s.layers.cells import cell
from minis2s.layers.packing import Packing
from minis2s.layers.recurrent import Recurrent, Stack
from minis2s.layers.unrolling import Unrolling
from minis2s.lessons import show_checks, show_picture, show_printed, show_source
from minis2s.models.check import check_recurrent, small_batch
from minis2s.models.configuration import ModelConfig
from minis2s.models.seq2seq import Seq2Seq
from minis2s.training.flat import FlatParameters
from minis2s.training.optimisers import Adam

np.set_printoptions(precision=6, suppress=True)
rng = np.random.default_rng(13)
numpy = select("numpy")

# %% [markdown]
# ## 1 The formulas as printed 原文公式
#
# D3 has little but words here: truncation, padding, 长度归一化 ("length normalisation", making the lengths equal), an attention
# mask in its program (D3.6); 双向LSTM (D3.7); 残差连接 "between encoder and decoder" (D3.8); `num_layers = 2` (D3.9). D4 prints
# a context made of all states:
#
# $$\mathrm{mask}_{tb} = [\,t < n_b\,] \tag{D3.6}$$
# $$h_j = [\overrightarrow{h}_j;\ \overleftarrow{h}_j] \tag{D3.7}$$
# $$y_t = h^{(1)}_t + h^{(2)}_t \tag{D3.8}$$
# $$h^{(2)}_t = \mathrm{LSTM}^{(2)}(h^{(1)}_t,\ h^{(2)}_{t-1}) \tag{D3.9}$$
# $$c_t = \mathrm{concatenate}(c_{t-1}, h_t) \tag{D4.2}$$
#
# **padding 填充** makes short sequences as long as the longest; a **mask 掩码** remembers which places are real. A
# **bidirectional 双向** encoder reads from both ends. **stacked layers 堆叠层** read each other's states. A **residual connection
# 残差连接** adds a layer's input to its output; D3 wants it between encoder and decoder, the usual place is between layers, and
# the registry has both (`D3.8-bridge` is D3's).

# %%
show_printed("D3.6", "D3.7", "D3.8", "D3.8-bridge", "D3.9", "D4.2", "D4.2-printed")

# %% [markdown]
# ## 2 Symbols and shapes 符号与形状
#
# | symbol | shape | meaning |
# |---|---|---|
# | $n_b$ | $(B,)$ | length 长度 of sequence $b$ |
# | $T$ | | the longest length, or a larger one |
# | $x$, mask | $(T, B, E)$, $(T, B)$ | input vectors; True where there is a token |
# | $\overrightarrow{h}_j, \overleftarrow{h}_j$ | $(T, B, H)$ | states of the two directions 前向、后向 |
# | $h^{(l)}_t$ | $(T, B, H)$ | states of layer 层 $l$ |
# | $c$ | $(B, T H)$ | D4.2's context 上下文向量 |
# | $N = \sum_b n_b$ | | number of real places; "packed" arrays are $(N, \dots)$ |
# | $k$ | | length of a block in truncated back-propagation 截断反向传播 |
#
# ## 3 The engine's own source 源代码

# %%
show_source(truncate, pad, encode_both_ways, stack, residual, residual_stack, bridge, all_states)

# %% [markdown]
# ## 4 A worked example for paper 手算例子
#
# **Padding (D3.6).** The sentences $[7, 8]$, $[4, 5, 6, 9]$ and $[3]$, cut to at most three tokens (**truncation 截断**), side by
# side in columns, 0 as padding:
#
# | $t$ | tokens | mask | rows alive |
# |---|---|---|---|
# | 0 | 7 4 3 | 1 1 1 | 3 |
# | 1 | 8 5 0 | 1 1 0 | 2 |
# | 2 | 0 6 0 | 0 1 0 | 1 |
#
# Six of nine places are real. The layers sort the columns by falling length, here 1, 0, 2; then the rows alive at each step are
# the first ones, and the packed array is 4 7 3, 5 8, 6: what is not there is not computed (**packing 打包**).

# %%
sentences = [truncate(sentence, 3) for sentence in ([7, 8], [4, 5, 6, 9], [3])]
tokens, mask = pad(sentences)
print(tokens)
assert (tokens == [[7, 4, 3], [8, 5, 0], [0, 6, 0]]).all() and (mask == [[1, 1, 1], [1, 1, 0], [0, 1, 0]]).all()
assert (length_mask([2, 3, 1]) == mask).all()
packing = Packing(mask)
print("packed:", packing.pack(tokens), "  alive:", packing.sizes)
assert packing.pack(tokens).tolist() == [4, 7, 3, 5, 8, 6] and packing.sizes == [3, 2, 1] and len(packing) == 6
assert (packing.unpack(packing.pack(tokens)) == tokens).all()

# %% [markdown]
# **Both directions (D3.7).** An LSTM with $B = E = H = 1$, all gates half open ($\sigma(0) = \frac12$), no recurrent weight, and
# the candidate $g_t = \tanh(\frac{\ell}{2} x_t)$ with $\ell = \ln 3$, which is $\pm\frac12$ for $x_t = \pm1$. So
# $c_t = \frac12 c_{t-1} + \frac12 g_t$ and $h_t = \frac12\tanh(c_t)$. The words are $1, 1, -1$, and then one place of padding:
#
# | $t$ | $x_t$ | $g_t$ | $\overrightarrow{c}_t$ | $\overleftarrow{c}_t$ |
# |---|---|---|---|---|
# | 1 | $1$ | $\frac12$ | $0 + \frac14 = \frac14$ | $\frac{1}{16} + \frac14 = \frac{5}{16}$ |
# | 2 | $1$ | $\frac12$ | $\frac18 + \frac14 = \frac38$ | $-\frac18 + \frac14 = \frac18$ |
# | 3 | $-1$ | $-\frac12$ | $\frac{3}{16} - \frac14 = -\frac{1}{16}$ | $0 - \frac14 = -\frac14$ |
# | 4 | padding | | | |
#
# The right-to-left one starts at word 3, not at the padding. At word 2 the first column knows words 1 and 2, the second one
# words 3 and 2: together $h_2$ knows the whole sentence.

# %%
l = np.log(3)
x = np.array([1, 1, -1, 1e6]).reshape(4, 1, 1)  # whatever stands at the padding
half_open = {"W_x": np.array([[0, 0, 0, l / 2]]), "W_h": np.zeros((1, 4)), "b": np.zeros(4)}
zero = {"h_0": np.zeros((1, 1)), "c_0": np.zeros((1, 1))}
both = {f"{side}_{name}": value for side in ("right", "left") for name, value in {**half_open, **zero}.items()}
h, caches = encode_both_ways(x, length_mask([3], 4), **both)
by_hand = np.array([[1 / 4, 5 / 16], [3 / 8, 1 / 8], [-1 / 16, -1 / 4]])
print(h[:, 0])
assert np.allclose(h[:3, 0], np.tanh(by_hand) / 2) and (h[3] == 0).all()

# %% [markdown]
# **Depth (D3.9, D3.8).** Say a layer multiplies by $\frac12$. Two layers make $\frac14 x$ of $x$, ten make $x/1024$. With
# residual connections, $y = x + \frac12 x = \frac32 x$ for each: nothing dies. The gradient goes the same way back.
#
# **All states side by side (D4.2).** With $T = 3$ and a sentence of two words, $c = [h_1; h_2; 0]$.

# %%
signal, with_residual = np.ones(1), np.ones(1)
for _ in range(10):
    signal, (with_residual, _) = signal / 2, residual(with_residual, with_residual / 2)
assert signal == 1 / 1024 and np.isclose(with_residual, 1.5**10)
c, cache_states = all_states(np.array([[[1.0]], [[2.0]], [[3.0]]]), length_mask([2], 3))
assert c.tolist() == [[1, 2, 0]]

# %% [markdown]
# ## 5 The backward pass, derived 反向传播的推导
#
# * **Padding**: a state is carried over it unchanged, so its gradient is carried back unchanged; $x$ there gets exactly zero.
# * **D3.7**: $\delta h$ is split into its halves. One is walked back from $n$ to 1, the other from 1 to $n$. $x_j$ has two
#   readers: $\delta x_j = \overrightarrow{\delta x}_j + \overleftarrow{\delta x}_j$.
# * **D3.9**: the upper layer's $\delta x$ is the lower layer's $\delta h$. First the upper one through all of time, then the
#   lower.
# * **D3.8**: $y = x + f(x)$, so $\delta x = \delta y + (\partial f/\partial x)^\top \delta y$. The first term has no factor, in
#   any number of layers. `D3.8-bridge`: $y_i = z_i + h_n$ for each $i$, so $\delta h_n$ receives $\sum_i \delta y_i$ besides
#   what comes through the decoder.
# * **D4.2**: every $h_t$ is a block of $c$, and gets that block of $\delta c$; nothing at padding.

# %%
show_source(encode_both_ways_backward, stack_backward, residual_backward, residual_stack_backward, bridge_backward)
show_source(all_states_backward)

# %% [markdown]
# **On paper**, D3.7 with $L = \overrightarrow{h}_3$, the sentence above. $\delta c_3 = \frac12(1 - \tanh^2(\frac1{16}))$, halved
# by the forget gate at every step back; $\delta x_t = \frac12\,\delta c_t\,(1 - g_t^2)\,\frac{\ell}{2} =
# \frac{3\ell}{16}\delta c_t$. The other direction hears nothing.

# %%
d_h = np.zeros_like(h)
d_h[2, 0, 0] = 1.0
d = encode_both_ways_backward(d_h, caches)
d_c3 = (1 - np.tanh(1 / 16) ** 2) / 2
print("d_x =", d.x.ravel())
assert np.allclose(d.x.ravel(), [3 * l / 16 * d_c3 / 4, 3 * l / 16 * d_c3 / 2, 3 * l / 16 * d_c3, 0])
assert (d.left_W_x == 0).all() and (d.right_W_x != 0).any()
assert all_states_backward(np.array([[1.0, 2.0, 3.0]]), cache_states).ravel().tolist() == [1, 2, 0]

# %% [markdown]
# ## 6 The check, live 梯度检验
#
# The entries, and the layer that trains: packed, in both directions, cut and recomputed (sections 8 and 9).

# %%
ids = ("D3.6", "D3.7", "D3.8", "D3.8-bridge", "D3.9", "D4.2", "D4.2-printed")
results = [result for id in ids for result in equation(id).check(rng)]
init = Initialiser(rng, numpy, np.float64)
titles = {"packed": "LSTM layer, packed", "cut": "in blocks of two steps", "again": "with recomputation"}
for name, unrolling in (("packed", Unrolling()), ("cut", Unrolling(truncate=2)), ("again", Unrolling(recompute=True))):
    results += check_recurrent(name, rng, Recurrent(cell("lstm")(2, 3, init), True, unrolling), numpy, E=2)
assert show_checks(results, titles)

# %% [markdown]
# The check sees a direction that is forgotten:


# %%
def one_sided_backward(d_h, caches):
    """The planted mistake: x hears of the left-to-right reader only."""
    right = encode_both_ways_backward(np.where(np.arange(d_h.shape[-1]) < d_h.shape[-1] // 2, d_h, 0), caches)
    whole = encode_both_ways_backward(d_h, caches)
    whole.x = right.x
    return whole


entry = equation("D3.7")
wrong = gradcheck.check_pair("wrong", encode_both_ways, one_sided_backward, entry.inputs(rng), entry.wrt, rng)
assert not show_checks(wrong, {"wrong": "one direction forgotten"})
assert {result.target for result in wrong if not result.passed} == {"x"}

# %% [markdown]
# ## 7 Padding must change nothing
#
# Neither a state, nor an output, nor a gradient, whatever stands in the padding: even NaN. A product with the mask would fail
# here, for $0 \cdot \mathrm{NaN} = \mathrm{NaN}$; packing never looks. And it saves the work: with lengths spread evenly between
# 1 and $T$, half of all places are padding.

# %%
lengths = rng.integers(1, 41, 64)
mask = length_mask(lengths)
print(f"{mask.sum()} of {mask.size} places are real; the rest is not computed")
assert len(Packing(mask)) == lengths.sum() < 0.6 * mask.size

layer = Recurrent(cell("lstm")(5, 6, init))
x, d_h = rng.standard_normal((*mask.shape, 5)), rng.standard_normal((*mask.shape, 6))
seen = []
for rubbish in (0.0, np.nan):
    (h, final), cache = layer.forward(np.where(mask[..., None], x, rubbish), Packing(mask))
    layer.zero_gradients()
    d_x, _ = layer.backward(d_h, None, cache)
    seen.append([h, *final, d_x, *(p.grad.copy() for _, p in layer.named_parameters())])
assert all((a == b).all() for a, b in zip(*seen, strict=True))
assert (d_x[~mask] == 0).all() and (d_x[mask] != 0).all()
alone, _ = layer.forward(x[: lengths[0], :1], Packing(np.ones((lengths[0], 1), bool)))  # the first sentence without the others
assert np.allclose(h[: lengths[0], 0], alone[0][:, 0], rtol=0, atol=1e-14)

# %% [markdown]
# ## 8 Truncated back-propagation through time 截断
#
# A gradient that has walked back a hundred steps is often nothing but noise or zero (lesson 4), and always work. Truncation cuts
# the sequence into blocks 分块 of $k$ steps. The *states* go on across a cut, but to the backward pass what a block begins with
# is a constant:
#
# $$\delta h_{t-1} = \Big(\frac{\partial L}{\partial h_{t-1}}\Big)_{\text{directly}} + \begin{cases} 0 & k \text{ divides } t
# \text{ (steps from 0)} \\ \delta a_t W_h^\top & \text{else.} \end{cases}$$
#
# In the engine that is one line of `Recurrent.backward`, and `--truncate k` of `minis2s train`. Each block's gradient is right by
# itself; what is missing is every influence from before the cut. Two consequences in numbers. First, the gradient that enters
# at the last of 24 steps, and what is left of it earlier; and how far the whole gradient turns as $k$ grows:

# %%
show_source(Unrolling.cut, Recurrent.backward)

T, H = 24, 16
reader = cell("lstm")(8, H, init)
packing, x = Packing(np.ones((T, 4), bool)), rng.standard_normal((T, 4, 8))
d_last = np.zeros((T, 4, H))
d_last[-1] = rng.standard_normal((4, H))
d_every = rng.standard_normal((T, 4, H))


def gradients(k, d_h):
    """(the norm of d_x at each step, the parameters' whole gradient as one vector) with blocks of k steps."""
    layer = Recurrent(reader, unrolling=Unrolling(truncate=k))
    (h, _), cache = layer.forward(x, packing)
    layer.zero_gradients()
    d_x, _ = layer.backward(d_h, None, cache)
    return np.linalg.norm(d_x, axis=(1, 2)), np.concatenate([p.grad.ravel() for _, p in layer.named_parameters()]), h


full_by_step, _, h_full = gradients(0, d_last)
cut_by_step, _, h_cut = gradients(10, d_last)
assert (h_cut == h_full).all()  # no state has changed
assert (cut_by_step[:20] == 0).all() and (cut_by_step[20:] == full_by_step[20:]).all() and (full_by_step > 0).all()

_, full, _ = gradients(0, d_every)
cosines = {}
for k in (1, 2, 4, 8, 12, 24):
    _, truncated, _ = gradients(k, d_every)
    cosines[k] = truncated @ full / np.linalg.norm(truncated) / np.linalg.norm(full)
    print(f"k = {k:2}: cosine with the full gradient {cosines[k]:.4f}")
assert (gradients(T, d_every)[1] == full).all()  # k ≥ T cuts nothing, to the last bit
assert 0.5 < cosines[1] < cosines[4] < cosines[12] < cosines[24] + 1e-12

# %% [markdown]
# Second, what it does to learning. The source is twenty words; the target is the *first* of them, one of four. The decoder sees
# the last state only. With $k = 4$, no gradient reaches word 1: the cell never learns to remember it, and the loss stays at
# that of guessing, $\frac12\ln 4$ a word (the other word of the target is the end, which is certain).


# %%
def remember_the_first(k, steps=250, T=20, B=32):
    """The losses of a small model that is to repeat the first of T words."""
    rng = np.random.default_rng(0)
    sizes = {"embedding_size": 8, "hidden_size": 16, "bidirectional": False, "attention": "none", "cell": "gru"}
    model = Seq2Seq(ModelConfig(**sizes, truncate=k), 8, 8, rng)
    flat, losses = FlatParameters(model), []
    optimiser = Adam(flat, clip=1.0)
    for _ in range(steps):
        batch = small_batch(rng, 8, 8, (T,) * B, (2,) * B)
        batch.source[0] = rng.integers(4, 8, B)
        batch.target_out[:] = batch.source[0], np.full(B, 3)
        batch.target_in[:] = np.full(B, 2), batch.source[0]
        model.zero_gradients()
        loss, cache = model.forward(batch)
        model.backward(cache)
        optimiser.step(0.02, flat.gradient_norm())
        losses.append(float(loss))
    return losses


curves = {k: remember_the_first(k) for k in (0, 4)}
guessing = np.log(4) / 2
print({k: round(float(np.mean(losses[-20:])), 3) for k, losses in curves.items()}, " guessing:", round(guessing, 3))
assert np.mean(curves[0][-20:]) < 0.1 * guessing
assert np.mean(curves[4][-20:]) > 0.9 * guessing

# %% [markdown]
# So $k$ must be larger than the distances that matter, or attention must bridge them: through a context (lesson 8) a gradient
# reaches each $h_j$ directly and only has to walk inside its block.
#
# ## 9 The memory of the backward pass 内存: √T checkpoints
#
# The backward pass needs each step's gates, so the forward pass keeps them: for an LSTM, $i, f, o, g, \tanh c$ and the states,
# about $7H$ numbers for each of $T \cdot B$ places. But they can be computed *again*. Keep the state before each
# $\lceil\sqrt T\rceil$-th step only, the **checkpoints 检查点**; walking back, take the last one, run its segment forwards once
# more, walk back through it, forget it, take the one before. At no time are there more than $\lceil\sqrt T\rceil$ checkpoints
# and the caches of as many steps:
#
# | $T$ | caches kept | states kept | caches at a time |
# |---|---|---|---|
# | 100 | 100 | 10 | 10 |
# | 10 000 | 10 000 | 100 | 100 |
#
# The price is one more forward pass. Nothing is approximated: the same operations on the same numbers, so **recomputation
# 重新计算** gives the same gradient to the last bit. (What is one array for all steps stays so: the input, the output, and while
# walking back the gradient of the pre-activations, from which all weight gradients are one product.) `minis2s train --recompute`
# does it for encoder and decoder; in a decoder the caches of attention are the larger part, $S \cdot T$ of them.

# %%
show_source(Unrolling.segments, Recurrent.forward, Recurrent._run)


# %%
def held_and_gradient(T, recompute, B=16, H=64):
    """(bytes that live between forward and backward beyond input and output, all gradients)."""
    rng = np.random.default_rng(1)
    layer = Recurrent(cell("lstm")(H, H, Initialiser(rng, numpy)), unrolling=Unrolling(recompute=recompute))
    x = rng.standard_normal((T, B, H)).astype(np.float32)
    packing = Packing(np.ones((T, B), bool))
    tracemalloc.start()
    (h, _), cache = layer.forward(x, packing)
    held = tracemalloc.get_traced_memory()[0] - h.nbytes
    tracemalloc.stop()
    layer.zero_gradients()
    d_x, _ = layer.backward(h, None, cache)
    return held, [d_x, *(p.grad for _, p in layer.named_parameters())]


held = {}
for T in (100, 400, 1600):
    (ordinary, kept), (recomputed, again) = held_and_gradient(T, False), held_and_gradient(T, True)
    assert all((a == b).all() for a, b in zip(kept, again, strict=True))
    held[T] = ordinary, recomputed
    print(f"T = {T:4}: {ordinary / 1e3:8.0f} kB kept, with recomputation {recomputed / 1e3:5.0f} kB")
assert 15 < held[1600][0] / held[100][0] < 17  # 16 times the steps
assert held[1600][1] / held[100][1] < 5  # 4 times as many checkpoints
assert held[1600][1] < held[1600][0] / 60

# %% [markdown]
# Time is linear in $T$ either way; `python -m minis2s.bench.length` measures that to $T = 4000$, memory too.
#
# ## 10 A picture 图
#
# Left: section 8, the gradient that enters at step 24 and walks back, whole and cut in blocks of ten. Middle: the two trainings.
# Right: depth. Stacks of 1 to 12 LSTM layers at their first weights; the norm of $\partial L/\partial x$ for a random gradient
# on top. With residual connections the lowest layer hears of the loss as loudly as the highest.

# %%
d_top, x_deep = rng.standard_normal((8, 4, H)), rng.standard_normal((8, 4, H))
packing = Packing(np.ones((8, 4), bool))
depths, arriving = range(1, 13), {}
for with_residual in (False, True):
    arriving[with_residual] = []
    for depth in depths:
        tower = Stack("lstm", depth, H, H, Initialiser(np.random.default_rng(2), numpy, np.float64), residual=with_residual)
        tower.zero_gradients()
        _, cache = tower.forward(x_deep, packing)
        arriving[with_residual].append(np.linalg.norm(tower.backward(d_top, None, cache)))
without, residuals = arriving[False], arriving[True]
print(f"one layer: {without[0]:.1f}; 12 layers: {without[-1]:.1e} without, {residuals[-1]:.1e} with residual connections")
assert without[-1] < 1e-3 * without[0] and residuals[-1] > 0.5 * residuals[0]

figure = Figure(figsize=(13, 3.9), layout="constrained")
left, middle, right = figure.subplots(1, 3)
steps = np.arange(1, 25)
left.semilogy(steps, full_by_step, "-o", ms=4, label="whole")
left.semilogy(steps[20:], cut_by_step[20:], "s", ms=8, mfc="none", label="blocks of 10: zero before step 21")
for edge in (10.5, 20.5):
    left.axvline(edge, color="0.6", ls="--", lw=1)
left.set(xlabel="step", ylabel="norm of the gradient of its input", title="what is left of a gradient")
for k, style in ((0, "-"), (4, "--")):
    middle.plot(curves[k], style, label=f"blocks of {k}" if k else "whole")
middle.axhline(guessing, color="0.6", lw=1)
middle.set(xlabel="training step", ylabel="loss, nats per word", title="remember the first of 20 words")
for with_residual, style in ((False, "--s"), (True, "-o")):
    right.semilogy(depths, arriving[with_residual], style, ms=4, label="residual" if with_residual else "plain")
right.set(xlabel="layers", ylabel="norm of the input's gradient", title="depth")
for panel in (left, middle, right):
    panel.grid(alpha=0.3)
    panel.legend(fontsize="small")
show_picture(figure, "13_long_sequences")

# %% [markdown]
# ## 11 Questions 思考题
#
# **1.** Can a decoder be bidirectional?
#
# <details><summary>Answer 答案</summary>
#
# Not while it writes: the words to the right do not exist yet. In training they do, under teacher forcing, and a right-to-left
# reader would simply be shown the answer.
#
# </details>
#
# **2.** Why $\sqrt T$? With segments of $m$ steps, $T/m$ states and $m$ steps' caches are held. What if a step's caches are 3.5
# times as large as its state?
#
# <details><summary>Answer 答案</summary>
#
# $T/m + m$ is smallest where its derivative $1 - T/m^2$ is zero: $m = \sqrt T$. With caches $r$ times as large, $T/m + rm$ is
# smallest at $m = \sqrt{T/r}$: shorter segments, with $r = 3.5$ about half as long. The engine does not split hairs; near a
# minimum the sum is flat.
#
# </details>
#
# **3.** The engine counts the blocks of a truncated right-to-left reader from the *first* token, though it starts at the last
# one. What would go wrong otherwise?
#
# <details><summary>Answer 答案</summary>
#
# In a batch, "steps since the reader started" differs from sentence to sentence. Counted on the batch's steps, a sentence's
# gradient would depend on how long the *other* sentences are, and padding would change something.
#
# </details>

# %%
m = np.arange(1, 101)
assert m[np.argmin(100 / m + m)] == 10 and m[np.argmin(100 / m + 3.5 * m)] == 5

# %% [markdown]
# ## 12 Errata 勘误
#
# **X8**: D4 calls the context of D4.2 固定长度, "of fixed length". As printed, $c_t$ grows by $H$ at each step, and no weight
# matrix fits it at every $t$. Padded to a fixed $T$ it has a size, but only for sources up to that $T$: the engine's `all-states`
# has a `longest_source` and refuses longer ones. The last state (lesson 7) and attention (lesson 8) have no such limit.
#
# **X11**: D3 pads, and nothing in its recurrences and its loss knows where. Below, the same sentence with more and more padding:
# masked, its state is the same; as printed, it changes with the amount of padding.

# %%
grow, _ = equation("D4.2-printed").checked
sizes = [grow(np.zeros((t, 1, 2)), np.zeros((1, 0)))[0].shape[-1] for t in (1, 2, 3)]
print("X8: sizes of c_1, c_2, c_3 with H = 2:", sizes)
assert sizes == [2, 4, 6]
fixed = Seq2Seq(ModelConfig(attention="all-states", longest_source=5, embedding_size=4, hidden_size=4), 9, 9, rng)
try:
    fixed.forward(small_batch(rng, 9, 9, (6,), (2,)))
    raise AssertionError("a source that is too long was read")
except UsageError as error:
    print("X8:", error)

sentence = {**zero, "W_x": rng.standard_normal((1, 4)), "W_h": rng.standard_normal((1, 4)), "b": rng.standard_normal(4)}
masked, unmasked = [], []
for extra in (0, 1, 5):
    x = np.concatenate([np.array([1.0, -1.0, 1.0]), np.zeros(extra)]).reshape(-1, 1, 1)
    masked.append(encode(x, **sentence, mask=length_mask([3], 3 + extra))[0].h_n.item())
    unmasked.append(encode_padding_too(x, **sentence)[0].item())
print("X11: masked", masked, "  as printed", unmasked)
assert masked[0] == masked[1] == masked[2] == unmasked[0] and len(set(unmasked)) == 3
(h, (h_n, c_n)), _ = fold(LSTM, x, (zero["h_0"], zero["c_0"]), {name: sentence[name] for name in ("W_x", "W_h", "b")})
assert h_n.item() == unmasked[-1]

# %% [markdown]
# ## Where next
#
# `minis2s train --layers 4 --residual --truncate 50 --recompute` uses all of this; `minis2s train --dry-run` says what memory a
# run will take. Lesson 14 makes it fast.

# %%
print("Lesson 13: every claim held.")

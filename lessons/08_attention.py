# %% [markdown]
# # Lesson 8 · Attention 注意力
#
# About 25 minutes. You need lesson 5 (rows, caches, upstream gradients 上游梯度) and softmax. Run this file with
# `python lessons/08_attention.py`, or open it cell by cell in VS Code or Jupyter (with jupytext).
#
# An encoder 编码器 turns a source sentence of $T$ words into $T$ states $h_1, \dots, h_T$. Without attention 注意力 the
# decoder 解码器 sees only the last one, whatever the sentence's length. With attention it looks at all of them before each
# word that it writes, and decides itself where to look. Every claim below is followed by an `assert`.

# %%
import numpy as np
from matplotlib.figure import Figure

from minis2s import gradcheck
from minis2s.equations.as_printed import (
    affine_attention,
    affine_attention_backward,
    code_attention,
    exponential_attention,
    sigmoid_attention,
)
from minis2s.equations.attention import additive_score, additive_score_backward, context, context_backward
from minis2s.equations.catalogue.attention import masked_score_inputs, weights_of_states, weights_of_states_backward
from minis2s.equations.linear import linear, linear_backward
from minis2s.equations.lstm import (
    LSTMState,
    lstm_pointwise,
    lstm_pointwise_backward,
    lstm_preactivation,
    lstm_preactivation_backward,
)
from minis2s.equations.registry import equation
from minis2s.equations.softmax import softmax, softmax_backward
from minis2s.lessons import show_checks, show_picture, show_printed, show_source

np.set_printoptions(precision=6, suppress=True)
rng = np.random.default_rng(2)

# %% [markdown]
# ## 1 The formulas as printed 原文公式
#
# Document D2 (§4.3) prints the context vector and the weights, and describes the score in words, "the similarity of $h_i$ and
# $y_{t-1}$":
#
# $$a_t = \sum_{i=1}^{T} \alpha_{t,i} h_i \tag{D2.3}$$
# $$\alpha_{t,i} = \frac{\exp(e_{t,i})}{\sum_{j=1}^{T} \exp(e_{t,j})} \tag{D2.4}$$
#
# Document D3 (§4.2) prints a score inside an exponential, and the context vector again:
#
# $$\alpha_{ij} = \exp(v^T \cdot [W_h h_j + W_z z_i + b]) \tag{D3.3}$$
# $$c = \sum_{j=1}^{n} \alpha_{ij} h_j \tag{D3.4}$$
#
# D3.3 lacks two things, a $\tanh$ and the sum of D2.4 below the fraction (errata X1 and X2, section 9). What models use, here
# as well, is the form of Bahdanau, Cho and Bengio (2014):
#
# $$e_{ij} = v^\top \tanh(W_s s_{i-1} + W_h h_j), \qquad \alpha_{ij} = \frac{\exp(e_{ij})}{\sum_k \exp(e_{ik})}, \qquad
# c_i = \sum_j \alpha_{ij} h_j .$$
#
# In words: before word $i$, the decoder compares its state $s_{i-1}$ with each encoder state $h_j$, which gives a **score
# 得分** $e_{ij}$; softmax turns the scores of a sentence into **attention weights 注意力权重** $\alpha_{ij}$, positive and
# one in sum; their weighted sum of the encoder states is the **context vector 上下文向量** $c_i$.

# %%
show_printed("D2.3", "D2.4", "D2.5", "D3.3", "D3.4")

# %% [markdown]
# ## 2 Symbols and shapes 符号与形状
#
# | symbol | in D2, D3 | shape | meaning |
# |---|---|---|---|
# | $i$ | $t$; $i$ | | step of the decoder |
# | $j$ | $i$; $j$ | | place in the source, $1 \dots T$ |
# | $s_{i-1}$ | $y_{t-1}$; $z_i$ | $(B, H)$ | decoder state 解码器状态 before step $i$ |
# | $h_j$ | $h_i$; $h_j$ | $(T, B, C)$ | encoder states 编码器状态 |
# | $W_s, W_h$ | –; $W_z, W_h$ | $(H, A), (C, A)$ | weights 权重 |
# | $q_i = W_s s_{i-1}$ | | $(B, A)$ | query 查询 |
# | $k_j = W_h h_j$ | | $(T, B, A)$ | keys 键 |
# | $u_{ij} = \tanh(q_i + k_j)$ | | $(T, B, A)$ | |
# | $v$ | –; $v$ | $(A,)$ | weights that make a number of $u$ |
# | $e_{ij}$ | $e_{t,i}$ | $(T, B)$ | scores 得分 |
# | mask 掩码 | | $(T, B)$ | True where the source has a word, False at padding 填充 |
# | $\alpha_{ij}$ | $\alpha_{t,i}$; $\alpha_{ij}$ | $(T, B)$ | attention weights 注意力权重 |
# | $c_i$ | $a_t$; $c$ | $(B, C)$ | context vector 上下文向量 |
#
# As in lesson 5 vectors are rows, so $W_s s$ is computed as `s @ W_s`.

# %% [markdown]
# ## 3 The engine's own source 源代码

# %%
show_source(additive_score, softmax, context)

# %% [markdown]
# Why *additive*? $W_s s + W_h h_j = W\cdot[s, h_j]$ is the splitting of lesson 5 again: the score is a small network with one
# hidden layer on the two states joined. And again the split saves work. The keys $W_h h_j$ do not depend on the decoder's
# step, so a layer computes them once for the whole source, as one product; each step adds one query.

# %%
T, B, H, C, A = 5, 2, 3, 4, 6
s, h, W = rng.standard_normal((B, H)), rng.standard_normal((T, B, C)), rng.standard_normal((H + C, A))
query, _ = linear(s, W[:H])
keys, _ = linear(h, W[H:])  # all T at once
for j in range(T):
    joined = np.concatenate([s, h[j]], axis=1) @ W  # W · [s, h_j]
    assert np.allclose(joined, query + keys[j], rtol=0, atol=1e-12)
print("W·[s, h_j] = W_s s + W_h h_j for all", T, "places")

# %% [markdown]
# ## 4 A worked example for paper 手算例子
#
# $B = H = C = A = 1$; a source of three words and one place of padding. With $\ell = \ln 3$ as in lesson 5,
# $\tanh(\frac{\ell}{2}) = \frac12$. Let $W_s = W_h = \ell$, $v = 2\ln 2$, $s = \frac12$, and
#
# | $j$ | $1$ | $2$ | $3$ | $4$ (padding) |
# |---|---|---|---|---|
# | $h_j$ | $0$ | $-\frac12$ | $-1$ | $7$ |
# | $q + k_j = \ell\,(s + h_j)$ | $\frac12\ell$ | $0$ | $-\frac12\ell$ | |
# | $u_j = \tanh(q + k_j)$ | $\frac12$ | $0$ | $-\frac12$ | |
# | $e_j = v u_j$ | $\ln 2$ | $0$ | $-\ln 2$ | masked |
# | $\exp(e_j)$ | $2$ | $1$ | $\frac12$ | $0$ |
# | $\alpha_j$ (divide by $\frac72$) | $\frac47$ | $\frac27$ | $\frac17$ | $0$ |
#
# $$c = \sum_j \alpha_j h_j = 0 - \tfrac27\cdot\tfrac12 - \tfrac17 = -\tfrac27 .$$

# %%
l = np.log(3)
s = np.array([[0.5]])
h = np.array([0, -0.5, -1, 7]).reshape(4, 1, 1)
mask = np.array([True, True, True, False]).reshape(4, 1)
W_s, W_h, v = np.array([[l]]), np.array([[l]]), np.array([2 * np.log(2)])

query, cache_query = linear(s, W_s)
keys, cache_keys = linear(h, W_h)
e, cache_score = additive_score(query, keys, v)
alpha, cache_softmax = softmax(e, mask, axis=0)
c, cache_context = context(alpha, h)
print("(q + k) / ln 3 =", ((query + keys) / l)[:3].ravel(), "  u =", np.tanh(query + keys)[:3].ravel())
print("exp(e) =", np.exp(e)[:3].ravel(), "  7 alpha =", 7 * alpha.ravel(), "  7 c =", 7 * c.item())

assert np.allclose(((query + keys) / l)[:3].ravel(), [1 / 2, 0, -1 / 2])
assert np.allclose(np.tanh(query + keys)[:3].ravel(), [1 / 2, 0, -1 / 2])
assert np.allclose(np.exp(e)[:3].ravel(), [2, 1, 1 / 2])
assert np.allclose(alpha.ravel(), [4 / 7, 2 / 7, 1 / 7, 0])
assert alpha[3] == 0  # exactly, whatever stands there
assert np.isclose(c, -2 / 7)

# %% [markdown]
# Now a second decoder step, $s = 1$. The keys stay; $q + k_j$ becomes $(\ell, \frac12\ell, 0)$, so
# $u = (\frac45, \frac12, 0)$, as $\tanh \ell = \frac{9-1}{9+1}$; $\exp(e) = (4^{4/5}, 2, 1) = (3.0314, 2, 1)$. The weights
# moved: attention depends on the state.

# %%
e_next, _ = additive_score(linear(np.array([[1.0]]), W_s)[0], keys, v)
alpha_next, _ = softmax(e_next, mask, axis=0)
print("alpha at s = 1:", alpha_next.ravel())
assert np.allclose(np.exp(e_next)[:3].ravel(), [3.0314, 2, 1], atol=1e-4)
assert np.allclose(alpha_next[:3].ravel(), np.array([3.0314, 2, 1]) / 6.0314, atol=1e-5)

# %% [markdown]
# ## 5 The backward pass, derived 反向传播的推导
#
# Write $\delta y$ for $\partial L/\partial y$. One decoder step, in reverse; the index $i$ is left out.
#
# **Context**, $c = \sum_j \alpha_j h_j$, is linear in both factors:
# $$\delta\alpha_j = \delta c \cdot h_j \ \text{(a dot product)}, \qquad \delta h_j = \alpha_j\, \delta c .$$
#
# **Softmax**, $\alpha_j = \exp(e_j) / Z$ with $Z = \sum_k \exp(e_k)$. The quotient rule gives
# $\partial\alpha_j/\partial e_k = \alpha_j([j = k] - \alpha_k)$, hence
# $$\delta e_k = \sum_j \delta\alpha_j\, \alpha_j ([j = k] - \alpha_k)
# = \alpha_k \Big(\delta\alpha_k - \sum_j \alpha_j\, \delta\alpha_j\Big).$$
# In words: a score gains as far as its place is better than the average that attention now gets. So $\sum_k \delta e_k = 0$,
# and a padded place, with $\alpha = 0$, gets exactly nothing.
#
# **Score**, $e_j = v^\top u_j$ with $u_j = \tanh(q + k_j)$ and $\tanh' = 1 - \tanh^2$:
# $$\delta v = \sum_j \delta e_j\, u_j, \qquad \delta k_j = \delta e_j\; v \odot (1 - u_j \odot u_j), \qquad
# \delta q = \sum_j \delta k_j ;$$
# $q$ is added to every key, so its gradients add up.
#
# **Products**, $q = W_s s$ and $k_j = W_h h_j$ (rows: $q = s W_s$):
# $$\delta s = \delta q\, W_s^\top, \quad \delta W_s = s^\top \delta q, \qquad
# \delta h_j \mathrel{+}= \delta k_j\, W_h^\top, \quad \delta W_h = \sum_j h_j^\top\, \delta k_j .$$
# The $+$: each $h_j$ is read twice, as a key (*where to look*) and in the sum (*what is seen there*).

# %%
show_source(context_backward, softmax_backward, additive_score_backward)

# %% [markdown]
# **On paper**, with $L = c$, so $\delta c = 1$, and $m = \sum_j \alpha_j\, \delta\alpha_j = \sum_j \alpha_j h_j = -\frac27$:
#
# | $j$ | $1$ | $2$ | $3$ | sum |
# |---|---|---|---|---|
# | $\delta\alpha_j = h_j$ | $0$ | $-\frac12$ | $-1$ | |
# | $\delta e_j = \alpha_j(\delta\alpha_j - m)$ | $\frac{8}{49}$ | $-\frac{3}{49}$ | $-\frac{5}{49}$ | $0$ |
# | $1 - u_j^2$ | $\frac34$ | $1$ | $\frac34$ | |
# | $\delta k_j / v$ | $\frac{24}{196}$ | $-\frac{12}{196}$ | $-\frac{15}{196}$ | $\delta q / v = -\frac{3}{196}$ |
# | $h_j\,\delta k_j / v$ | $0$ | $\frac{6}{196}$ | $\frac{15}{196}$ | $\delta W_h / v = \frac{21}{196} = \frac{3}{28}$ |
#
# $$\delta v = \tfrac{8}{49}\cdot\tfrac12 + \tfrac{5}{49}\cdot\tfrac12 = \tfrac{13}{98}, \quad
# \delta s = -\tfrac{3}{196}\, v \ell, \quad
# \delta W_s = -\tfrac{3}{392}\, v, \quad \delta h_1 = \tfrac47 + \tfrac{24}{196}\, v\ell .$$

# %%
d_c = np.array([[1.0]])
d_alpha, d_h_seen = context_backward(d_c, cache_context)
d_e = softmax_backward(d_alpha, cache_softmax)
d_query, d_keys, d_v = additive_score_backward(d_e, cache_score)
d_s, d_W_s, _ = linear_backward(d_query, cache_query)
d_h_key, d_W_h, _ = linear_backward(d_keys, cache_keys)
d_h = d_h_seen + d_h_key
print("49 d_e =", 49 * d_e.ravel(), "  196 d_k / v =", 196 * d_keys.ravel() / v, "  98 d_v =", 98 * d_v)

assert np.allclose(d_e.ravel(), [8 / 49, -3 / 49, -5 / 49, 0]) and np.isclose(d_e.sum(), 0)
assert np.allclose(d_keys.ravel() / v, [24 / 196, -12 / 196, -15 / 196, 0])
assert np.allclose(d_query / v, -3 / 196) and np.allclose(d_v, 13 / 98)
assert np.allclose(d_s, -3 / 196 * v * l) and np.allclose(d_W_s, -3 / 392 * v) and np.allclose(d_W_h, 3 / 28 * v)
assert np.isclose(d_h[0].item(), 4 / 7 + 24 / 196 * (v * l).item()) and d_h[3] == 0

# %% [markdown]
# ## 6 The check, live 梯度检验
#
# Complex step 复数步长法 and five-point difference 五点差分, as in lesson 5, on batches with padding and with a sentence of
# one word. The last row is score, softmax and context in one, as a decoder uses them: $h$ is then read twice.


# %%
def attend(s_prev, h, W_s, W_h, v, mask):
    alpha, cache_weights = weights_of_states(s_prev, h, W_s, W_h, v, mask)
    c, cache_context = context(alpha, h)
    return c, (cache_weights, cache_context)


def attend_backward(d_c, cache):
    cache_weights, cache_context = cache
    d_alpha, d_h_seen = context_backward(d_c, cache_context)
    d = weights_of_states_backward(d_alpha, cache_weights)
    return d._replace(h=d.h + d_h_seen)


inputs = masked_score_inputs(rng)
wrt = ("s_prev", "h", "W_s", "W_h", "v")
results = [result for id in ("D2.3", "D2.4", "D2.5", "D3.3", "D3.4") for result in equation(id).check(rng)]
results += gradcheck.check_pair("all", attend, attend_backward, inputs, wrt, rng)
assert show_checks(results, {"all": "score, softmax, context"})

# %% [markdown]
# And it can fail. Forget that $h$ is read twice:


# %%
def forgetful_backward(d_c, cache):
    """The planted mistake: the encoder learns what is seen, but not where to look."""
    cache_weights, cache_context = cache
    d_alpha, d_h_seen = context_backward(d_c, cache_context)
    return weights_of_states_backward(d_alpha, cache_weights)._replace(h=d_h_seen)


wrong = gradcheck.check_pair("wrong", attend, forgetful_backward, inputs, wrt, rng)
assert not show_checks(wrong, {"wrong": "with the planted mistake"})
assert {result.target for result in wrong if not result.passed} == {"h"}

# %% [markdown]
# ## 7 A picture 图: what the tanh is for
#
# Three encoder states, and a decoder state that runs from $-3$ to $3$. With $A = 2$ and $v = (r, -r)$ the score is a
# difference of two steps, $e_j = r\tanh(2s + k_{j1}) - r\tanh(2s + k_{j2})$: high between $s = -k_{j1}/2$ and
# $s = -k_{j2}/2$, low elsewhere. The keys below are set by hand so that each word has a range of its own; training finds such
# ranges by itself, in many more dimensions.
#
# Left: with $\tanh$. Right: D3.3 as printed, then normalised, with the same weights. Above, attention maps, one row for each
# decoder state; below, the same as curves. On the left attention walks from word to word; on the right it cannot move.

# %%
T = 3
h = np.eye(T)[:, None, :]  # (T, B, C) = (3, 1, 3): each source word its own direction
W_s = np.array([[2.0, 2.0]])  # (H, A) = (1, 2)
W_h = np.array([[8.0, 2.0], [2.0, -2.0], [-2.0, -7.4]])  # (C, A): row j is the key of word j
v, b = np.array([1.5, -1.5]), np.zeros(2)
states = np.linspace(-3, 3, 121)
with_tanh = np.array([weights_of_states(s, h, W_s, W_h, v, None)[0][:, 0] for s in states.reshape(-1, 1, 1)])  # (121, T)
printed = np.array([affine_attention(s, h, W_s, W_h, b, v)[0][:, 0] for s in states.reshape(-1, 1, 1)])

figure = Figure(figsize=(9, 5.6), layout="constrained")
panels = figure.subplots(2, 2, sharex="row", sharey="row")
for column, (weights, title) in enumerate([(with_tanh, "with tanh"), (printed, "as printed, then normalised")]):
    above, below = panels[:, column]
    image = above.imshow(weights[::20], cmap="Blues", vmin=0, vmax=1, aspect="auto")
    above.set_xticks(range(T), ["$h_1$", "$h_2$", "$h_3$"])
    above.set_yticks(range(7), [f"s = {s:g}" for s in states[::20]])
    above.set_title(title, fontsize="medium")
    for k, row in enumerate(weights[::20]):
        for j, number in enumerate(row):
            above.text(j, k, f"{number:.2f}", ha="center", va="center", fontsize=8, color="white" if number > 0.6 else "black")
    for j, style in enumerate(["-", "--", ":"]):
        below.plot(states, weights[:, j], style, lw=2, label=f"$\\alpha_{j + 1}$")
    below.set_xlabel("decoder state s")
    below.set_ylim(-0.03, 1.03)
    below.grid(alpha=0.3)
panels[1, 0].set_ylabel("attention weight")
panels[1, 1].legend()
figure.colorbar(image, ax=panels[0], label="attention weight")
show_picture(figure, "08_attention")

assert [with_tanh[k].argmax() for k in (20, 60, 100)] == [0, 1, 2]  # at s = −2, 0, 2
assert with_tanh[[20, 60, 100], [0, 1, 2]].min() > 0.7
assert np.ptp(printed, axis=0).max() < 1e-12

# %% [markdown]
# ## 8 A question 思考题
#
# Suppose that all encoder states are equal, $h_1 = \dots = h_T$ (an untrained encoder on a sentence that repeats one word
# comes close). What are the weights, and what gradient does the decoder state get through the attention? Can the decoder
# learn where to look?
#
# <details><summary>Answer 答案</summary>
#
# Equal keys give equal scores, so $\alpha_j = 1/T$ whatever $s$ is. All $\delta\alpha_j = \delta c \cdot h_j$ are equal as
# well, hence equal to their average, and $\delta e_j = \alpha_j(\delta\alpha_j - m) = 0$: nothing flows to $s$, $W_s$, $W_h$
# or $v$. The decoder cannot learn where to look until the places differ. The encoder still learns what is seen, through
# $\delta h_j = \alpha_j\,\delta c$, and that is what makes them differ.
#
# </details>

# %%
same = inputs | {"h": np.broadcast_to(inputs["h"][:1], inputs["h"].shape).copy(), "mask": np.ones_like(inputs["mask"])}
c, cache = attend(**same)
d = attend_backward(rng.standard_normal(c.shape), cache)
T = len(same["h"])
print("alpha =", cache[1][0][:, 0], "  |d_s| =", np.linalg.norm(d.s_prev), "  |d_h| =", np.linalg.norm(d.h))
assert np.allclose(cache[1][0], 1 / T)
assert all(np.linalg.norm(gradient) < 1e-13 for gradient in (d.s_prev, d.W_s, d.W_h, d.v)) and np.linalg.norm(d.h) > 0.1

# %% [markdown]
# ## 9 Errata 勘误: what the documents print
#
# **X1: D3.3 lacks the tanh.** Without it the score is a sum of a part in $j$ and a part in $i$, and the exponential a
# product:
#
# $$\exp\!\big(v^\top(W_h h_j + W_z z_i + b)\big) = \exp(v^\top W_h h_j)\; \exp\!\big(v^\top(W_z z_i + b)\big).$$
#
# The second factor is the same for every $j$. Normalised over $j$ it cancels, and $z_i$ and $b$ with it: **every decoder step
# has the same weights**, so $W_z$ and $b$ can never learn anything. The $\tanh$ between sum and product prevents that. Both
# are measured here, at random states:

# %%
shapes = {"h": (4, 3, 5), "W_z": (2, 3), "W_h": (5, 3), "b": (3,), "v": (3,)}
p = {name: rng.standard_normal(shape) for name, shape in shapes.items()}
z = rng.standard_normal((20, 3, 2))  # 20 decoder steps for a batch of 3
printed = np.array([affine_attention(z_i, **p)[0] for z_i in z])  # (20, T, B)
correct = np.array([weights_of_states(z_i, p["h"], p["W_z"], p["W_h"], p["v"], None)[0] for z_i in z])
moves, moves_with_tanh = np.ptp(printed, axis=0).max(), np.ptp(correct, axis=0).max()
print("X1: how far a weight moves over 20 steps: as printed", moves, "  with tanh", moves_with_tanh)
assert moves < 1e-13 and moves_with_tanh > 0.1

alpha, cache = affine_attention(z[0], **p)
d_alpha = rng.standard_normal(alpha.shape)
d = affine_attention_backward(d_alpha, cache)
_, cache_correct = weights_of_states(z[0], p["h"], p["W_z"], p["W_h"], p["v"], None)
d_correct = weights_of_states_backward(d_alpha, cache_correct)
print("    |d_z|, |d_W_z|, |d_b|: as printed", *(float(np.linalg.norm(g)) for g in (d.z, d.W_z, d.b)))
print("    |d_s|, |d_W_s|:        with tanh ", *(float(np.linalg.norm(g)) for g in (d_correct.s_prev, d_correct.W_s)))
assert all(np.linalg.norm(g) < 1e-13 for g in (d.z, d.W_z, d.b))
assert all(np.linalg.norm(g) > 1e-3 for g in (d_correct.s_prev, d_correct.W_s, d.h, d.v))

# %% [markdown]
# **X2: D3.3 is not normalised.** The printed $\alpha_{ij}$ do not sum to one, so $c$ grows with the length of the source; and
# a score of 800, harmless for softmax, is infinite as an exponential. D2.4 is the step that is missing.

# %%
unnormalised, _ = exponential_attention(z[0], **p)
twice = p | {"h": np.concatenate([p["h"], p["h"]])}  # the same source, said twice
print("X2: sums over the source:", unnormalised.sum(axis=0), "  said twice:", exponential_attention(z[0], **twice)[0].sum(axis=0))
assert not np.allclose(unnormalised.sum(axis=0), 1)
assert np.allclose(exponential_attention(z[0], **twice)[0].sum(axis=0), 2 * unnormalised.sum(axis=0))
assert np.allclose(affine_attention(z[0], **twice)[0].sum(axis=0), 1)
with np.errstate(over="ignore"):
    assert np.isinf(np.exp(800.0)) and np.allclose(softmax(np.array([800.0, 799.0]))[0], [0.731059, 0.268941])

# %% [markdown]
# **X3: D3.2 has no $v$.** D3 §4.2 first prints $\alpha = \sigma(W_h h + W_z z + b)$. Its result at each place is a vector of
# $A$ numbers, not one weight; and it adds whole sequences, so it needs $m = n$, though $\alpha$ is declared as an
# $m \times n$ matrix. Two readings make sense, an element-wise gate on $h$, and a sigmoid of a score with $v$;
# `minis2s/equations/sigmoid_attention.py` has both.

# %%
sequences = {"h": rng.standard_normal((4, 1, 5)), "W_h": p["W_h"], "W_z": p["W_z"], "b": p["b"]}
gate, _ = sigmoid_attention(z=rng.standard_normal((4, 1, 2)), **sequences)
print("X3: D3.2 gives shape", gate.shape, "for 4 source words and 4 target words: no 4 × 4 matrix of weights")
assert gate.shape == (4, 1, 3)
try:
    sigmoid_attention(z=rng.standard_normal((6, 1, 2)), **sequences)
except ValueError as error:
    print("    and for 6 target words:", error)
else:
    raise AssertionError("m ≠ n was accepted")

# %% [markdown]
# **X7: the wrong axis.** D3's program calls `F.softmax(energy, dim=1)`. Its energies are (batch, queries, source), so dim 1
# is the axis of the *queries*. For one query each weight is a softmax over a single number, 1, and the "context" is the plain
# sum of all values, whatever the decoder's state. With a state that has no query axis the product even mixes the sentences of
# a batch. (`self.V` is made and never used; the missing $1/\sqrt{H}$ is a choice, not an error.) `code_attention` follows
# that program line by line:

# %%
H = 3
maps = {name: rng.standard_normal((H, H) if name.startswith("W") else H) for name in ("W_q", "b_q", "W_k", "b_k", "W_v", "b_v")}
source = rng.standard_normal((2, 4, H))  # (B, T, H)
one, _ = code_attention(rng.standard_normal((2, 1, H)), source, **maps)
other, _ = code_attention(rng.standard_normal((2, 1, H)), source, **maps)  # another state of the decoder
values = source @ maps["W_v"] + maps["b_v"]
print("X7: one query: the context differs from the sum of all values by", abs(one[:, 0] - values.sum(axis=1)).max())
assert np.allclose(one, other, rtol=0, atol=1e-12) and np.allclose(one[:, 0], values.sum(axis=1))

energy = rng.standard_normal((1, 2, 4))  # several queries: (B, S, T)
over_queries, over_source = softmax(energy, axis=1)[0], softmax(energy, axis=2)[0]
print("    two queries, sum over the source: dim 1", over_queries.sum(axis=2), "  dim 2", over_source.sum(axis=2))
assert np.allclose(over_source.sum(axis=2), 1) and not np.allclose(over_queries.sum(axis=2), 1)

state = rng.standard_normal((2, H))  # no query axis: (B, H)
mixed, _ = code_attention(state, source, **maps)
changed, _ = code_attention(state + np.array([[0.0], [1.0]]), source, **maps)  # the second sentence's state only
print("    a (B, H) state: shape", mixed.shape, "  the first sentence moved by", abs(changed[0] - mixed[0]).max())
assert mixed.shape == (2, 2, H) and abs(changed[0] - mixed[0]).max() > 1e-3

# %% [markdown]
# **X12: the context never enters the decoder.** D2's $a_t$, D3's $c$ and D4's $c_t$ are computed, and then no formula and no
# program uses them; D3's encoder hands over only its last state. Here the decoder's LSTM reads $[y_{i-1}; c_i]$, the embedded
# word and the context joined. The gradient shows the difference: through the context it reaches **every** place of the
# source. Cut the rows of $W_x$ that read $c$, and it reaches none.


# %%
def gradient_at_the_source(W_x, E=2, B=2, T=4, C=3, H=2, seed=5):
    """‖∂L/∂h_j‖ for each place j, for one decoder step with L = a random projection of its new state."""
    rng = np.random.default_rng(seed)
    word, s, cell, h = (rng.standard_normal(shape) for shape in ((B, E), (B, H), (B, H), (T, B, C)))
    attention = rng.standard_normal((H, 3)), rng.standard_normal((C, 3)), rng.standard_normal(3), np.ones((T, B), dtype=bool)
    c, cache_attention = attend(s, h, *attention)
    a, cache_a = lstm_preactivation(np.concatenate([word, c], axis=1), s, W_x, rng.standard_normal((H, 4 * H)), np.zeros(4 * H))
    _, cache = lstm_pointwise(a, cell)
    d_a, _ = lstm_pointwise_backward(LSTMState(rng.standard_normal((B, H)), None), cache)
    d_c = lstm_preactivation_backward(d_a, cache_a).x[:, E:]
    return np.linalg.norm(attend_backward(d_c, cache_attention).h, axis=(1, 2))


W_x = rng.standard_normal((5, 8))  # (E + C, 4H): the last three rows read the context
unused = W_x * np.array([1, 1, 0, 0, 0])[:, None]
print("X12: gradient at each place: context used", gradient_at_the_source(W_x), "  not used", gradient_at_the_source(unused))
assert (gradient_at_the_source(W_x) > 1e-3).all() and (gradient_at_the_source(unused) == 0).all()

# %% [markdown]
# ## Where next
#
# `minis2s show D3.3` prints the equation with its code and check. The layer `minis2s/layers/attention.py` keeps the keys,
# goes over the steps, and adds up the gradients; compare its `step_backward` with section 5. `minis2s train` and then
# `minis2s translate RUN "I love deep learning" --attention map.png` show attention that was learned.

# %%
print("Lesson 8: every claim held.")

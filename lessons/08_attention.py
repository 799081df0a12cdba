# %% [markdown]
# # Lesson 8 · Attention 注意力
#
# About 30 minutes, sections 1 to 9: additive attention 加性注意力, the form that this package's models use by default, and what
# the documents print wrongly about it. Sections 10 to 14 are optional, a second sitting of some twenty minutes on its relatives
# and their errata. You need lesson 5 (rows, caches, upstream gradients 上游梯度), lesson 7 (encoder and decoder) and softmax.
# Run this file with `python lessons/08_attention.py`, or open it cell by cell in VS Code or Jupyter (with jupytext).
#
# An encoder 编码器 turns a source sentence of $T$ words into $T$ states $h_1, \dots, h_T$. Without attention 注意力 the
# decoder 解码器 sees only the last one, whatever the sentence's length. With attention it looks at all of them before each
# word that it writes, and decides itself where to look. Every claim below is followed by an `assert`.

# %%
import numpy as np
from matplotlib.figure import Figure

from minis2s import gradcheck
from minis2s.equations.alignment import alignment_windows, alignment_windows_backward
from minis2s.equations.as_printed import (
    affine_attention,
    affine_attention_backward,
    code_attention,
    exponential_attention,
    sigmoid_attention,
    worded_attention,
)
from minis2s.equations.attention import additive_score, additive_score_backward, context, context_backward
from minis2s.equations.catalogue.alignment import (
    align_by_location,
    align_recurrently,
    recurrent_step,
    recurrent_step_backward,
)
from minis2s.equations.catalogue.attention import masked_score_inputs, weights_of_states, weights_of_states_backward
from minis2s.equations.catalogue.attention_decoders import attend_and_predict, attend_and_predict_backward
from minis2s.equations.catalogue.scores import query_key_value, query_key_value_backward
from minis2s.equations.catalogue.sigmoid_attention import gate_states, gate_states_backward, weigh_states, weigh_states_backward
from minis2s.equations.linear import linear, linear_backward
from minis2s.equations.registry import equation
from minis2s.equations.scores import (
    cosine_score,
    cosine_score_backward,
    dot_score,
    dot_score_backward,
    general_score,
    general_score_backward,
    scaled_dot_score,
    scaled_dot_score_backward,
)
from minis2s.equations.sigmoid_attention import (
    affine_score,
    affine_score_backward,
    gated_context,
    gated_context_backward,
    sigmoid_gate,
    sigmoid_gate_backward,
)
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
#
# D2.5 names no formula, so other similarities fit it as well: dot product, scaled, general, cosine (section 10). The other rows
# about attention are D3.2, printed without $v$ and without exponential, $\alpha = \sigma(W_h h + W_z z + b)$ (section 11); D3.5,
# a program with query, key and value (section 12); D0.7, four steps in words (section 13); and D2.9, a recurrence that computes
# the weights (section 14). The entries called "printed" are the documents' wrong forms, kept for study.

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
#
# $$\delta\alpha_j = \delta c \cdot h_j \ \text{(a dot product)}, \qquad \delta h_j = \alpha_j\, \delta c .$$
#
# **Softmax**, $\alpha_j = \exp(e_j) / Z$ with $Z = \sum_k \exp(e_k)$. The quotient rule gives
# $\partial\alpha_j/\partial e_k = \alpha_j([j = k] - \alpha_k)$, hence
#
# $$\delta e_k = \sum_j \delta\alpha_j\, \alpha_j ([j = k] - \alpha_k)
# = \alpha_k \Big(\delta\alpha_k - \sum_j \alpha_j\, \delta\alpha_j\Big).$$
#
# In words: a score gains as far as its place is better than the average that attention now gets. So $\sum_k \delta e_k = 0$,
# and a padded place, with $\alpha = 0$, gets exactly nothing.
#
# **Score**, $e_j = v^\top u_j$ with $u_j = \tanh(q + k_j)$ and $\tanh' = 1 - \tanh^2$:
#
# $$\delta v = \sum_j \delta e_j\, u_j, \qquad \delta k_j = \delta e_j\; v \odot (1 - u_j \odot u_j), \qquad
# \delta q = \sum_j \delta k_j ;$$
#
# $q$ is added to every key, so its gradients add up.
#
# **Products**, $q = W_s s$ and $k_j = W_h h_j$ (rows: $q = s W_s$):
#
# $$\delta s = \delta q\, W_s^\top, \quad \delta W_s = s^\top \delta q, \qquad
# \delta h_j \mathrel{+}= \delta k_j\, W_h^\top, \quad \delta W_h = \sum_j h_j^\top\, \delta k_j .$$
#
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
# Complex step 复数步长法 and five-point difference 五点差分, as in lesson 5, on batches with padding 填充 and with a sentence of
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
# The derivations agree, and so do the checks: both printed forms are differentiated correctly, as what they are.

# %%
show_printed("D3.3-printed", "D3.3-normalised")
assert show_checks([result for id in ("D3.3-printed", "D3.3-normalised") for result in equation(id).check(rng)])

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
# **X11, X12, X13, told elsewhere or in a line.** X11: the documents mask nothing, so padding would get a share of the attention;
# section 4's fourth place shows the mask. X12: D2's $a_t$, D3's $c$ and D4's $c_t$ are computed, and then no formula and no
# program uses them; lesson 7 shows the gradient with and without. X13: D3.4 prints $c$ without its index: it is a sum over $j$,
# so the $i$ of $\alpha_{ij}$ is left over, and there is one $c_i$ for each decoder step.

# %%
many, _ = context(np.full((6, 4, 3), 1 / 4), rng.standard_normal((4, 3, 5)))  # six decoder steps, four source words, B = 3
print("X13: weights (6, 4, 3) and states (4, 3, 5) give contexts", many.shape)
assert many.shape == (6, 3, 5)

# %% [markdown]
# **Here the main part ends.** What follows is optional 选读: other scores, gates, query and key, from states to words, attention
# that remembers. Of all this the later lessons need one formula, the *general* score of section 10, for an example of lesson 9.
#
# ## 10 Other scores 其他得分 (optional from here on)
#
# A score says how much a **query 查询** $q$ (from the decoder) and a **key 键** $k_j$ (from the encoder) have to do with each
# other. Four more answers, all of them products, $q, k_j$ of size $A$:
#
# | | $e_j$ | source |
# |---|---|---|
# | dot 点积 | $q \cdot k_j$ | Luong et al. 2015 |
# | scaled dot 缩放点积 | $q \cdot k_j / \sqrt A$ | Vaswani et al. 2017 |
# | general 双线性 | $q W \cdot k_j$, for $q$ and $k_j$ of different sizes | Luong et al. 2015 |
# | cosine 余弦 | $\dfrac{q \cdot k_j}{\lVert q\rVert\,\lVert k_j\rVert}$| Graves et al. 2014 |

# %%
show_printed("D2.5-dot", "D2.5-scaled", "D2.5-general", "D2.5-cosine")
show_source(dot_score, scaled_dot_score, general_score, cosine_score)

# %% [markdown]
# **On paper.** $q = (1, 2, 2, 0)$, of length 3; $W$ exchanges the first two entries, $qW = (2, 1, 2, 0)$.
#
# | $k_j$ | length | dot | scaled ($\sqrt A = 2$) | general | cosine |
# |---|---|---|---|---|---|
# | $(2, 1, 2, 0)$ | $3$ | $8$ | $4$ | $9$ | $\frac89$ |
# | $(0, 3, 0, 4)$ | $5$ | $6$ | $3$ | $3$ | $\frac{6}{15} = \frac25$ |
# | $(6, 3, 6, 0)$ | $9$ | $24$ | $12$ | $27$ | $\frac89$ |
#
# The third key is three times the first one. For a dot product it is three times as good; for the cosine it is the same.
#
# **Backward.** $e_j = q \cdot k_j$ is a product, so each factor receives the other one:
#
# $$\delta q = \sum_j \delta e_j\, k_j, \qquad \delta k_j = \delta e_j\, q ;$$
#
# $\delta q$ is a context vector with $\delta e$ for weights, and the code says so. Scaling divides both by $\sqrt A$; *general*
# is the dot product after $u = qW$, so $\delta q = \delta u\, W^\top$, $\delta W = q^\top \delta u$. For the cosine let
# $\hat q = q / \lVert q\rVert$. Then $\partial\hat q/\partial q = (I - \hat q^\top \hat q) / \lVert q\rVert$: a change along $q$
# does not turn it, so only the part **across** counts,
#
# $$\delta q = \frac{\delta\hat q - \hat q\,(\hat q \cdot \delta\hat q)}{\lVert q\rVert} .$$
#
# With $\delta e = (0, 1, 0)$: $\delta\hat q = \hat k_2 = (0, \frac35, 0, \frac45)$, $\hat q \cdot \hat k_2 = \frac25$, so
# $\delta q = \frac13\left(-\frac{2}{15}, \frac13, -\frac{4}{15}, \frac45\right)$.

# %%
q = np.array([[1.0, 2, 2, 0]])  # (B, A) = (1, 4)
k = np.array([[2.0, 1, 2, 0], [0, 3, 0, 4], [6, 3, 6, 0]])[:, None]  # (T, B, A)
W = np.eye(4)[[1, 0, 2, 3]]
scores = [dot_score(q, k), scaled_dot_score(q, k), general_score(q, k, W), cosine_score(q, k)]
dot, scaled, general, cosine = (e.ravel() for e, _ in scores)
assert np.allclose(dot, [8, 6, 24]) and np.allclose(scaled, [4, 3, 12])
assert np.allclose(general, [9, 3, 27]) and np.allclose(cosine, [8 / 9, 2 / 5, 8 / 9])

show_source(dot_score_backward, scaled_dot_score_backward, general_score_backward, cosine_score_backward)
d = dot_score_backward(np.array([[1.0], [0], [-1]]), scores[0][1])
assert np.allclose(d.query, k[0] - k[2]) and np.allclose(d.keys[:, 0], [q[0], [0] * 4, -q[0]])
d = cosine_score_backward(np.array([[0.0], [1], [0]]), scores[3][1])
print("cosine: d_q =", d.query[0], "  along q:", (d.query[0] @ q[0]).round(15))
assert np.allclose(d.query[0], np.array([-2 / 15, 1 / 3, -4 / 15, 4 / 5]) / 3) and abs(d.query[0] @ q[0]) < 1e-15
ids = ("D2.5-dot", "D2.5-scaled", "D2.5-general", "D2.5-cosine")
assert show_checks([result for id in ids for result in equation(id).check(rng)])

# %% [markdown]
# **Why divide by $\sqrt A$?** If the entries of $q$ and $k$ are independent with mean 0 and variance 1, each product $q_a k_a$
# has variance 1, and their sum has variance $A$. Scores of size $\sqrt A$ saturate 饱和 the softmax: one weight is nearly 1, and
# $\delta e_k = \alpha_k(\delta\alpha_k - m)$ is nearly zero for all $k$. Divided by $\sqrt A$ they have the same spread for any
# $A$:

# %%
for A in (4, 64, 1024):
    queries, keys_of_all = rng.standard_normal((500, A)), rng.standard_normal((10, 500, A))  # 500 sentences of 10 words
    unscaled, divided = dot_score(queries, keys_of_all)[0], scaled_dot_score(queries, keys_of_all)[0]
    sharp, soft = (softmax(e, axis=0)[0].max(axis=0).mean() for e in (unscaled, divided))
    print(f"A = {A:4}: variance of the scores {unscaled.var():7.1f}, scaled {divided.var():.2f}", end="; ")
    print(f"largest of 10 weights, on average: {sharp:.2f}, scaled {soft:.2f}")
    assert np.isclose(unscaled.var(), A, rtol=0.1) and np.isclose(divided.var(), 1, rtol=0.1)
assert sharp > 0.9 and soft < 0.5

# %% [markdown]
# ## 11 Sigmoid attention: gates instead of shares 门控注意力
#
# D3.2 prints $\alpha = \sigma(W_h h + W_z z + b)$. That is a vector for each place, so it is no weight (erratum X3). Two
# readings make sense, with $z_i$ for the decoder state:
#
# * a **gate** on each entry of $h_j$: $\;g_{ij} = \sigma(W_h h_j + W_z z_i + b)$ in $h$'s own size $C$,
#   $\;c_i = \sum_j g_{ij} \odot h_j$ (D3.2);
# * a **weight**, with the $v$ that is missing: $\;\alpha_{ij} = \sigma\big(v^\top(W_h h_j + W_z z_i + b)\big)$,
#   $\;c_i = \sum_j \alpha_{ij} h_j$ (D3.2-weight).
#
# | symbol | shape | meaning |
# |---|---|---|
# | $z_i$; $h_j$ | $(B, H)$; $(T, B, C)$ | decoder state; encoder states |
# | $W_z, W_h, b$ | $(H, C), (C, C), (C,)$ | for the gate; for the weight $A$ columns, and $v$ of shape $(A,)$ |
# | $g_{ij}$; $\alpha_{ij}$ | $(T, B, C)$; $(T, B)$ | gates; weights; all in $(0, 1)$ |
#
# Neither is shared out: softmax makes the words compete for a sum of one; here each word is let in on its own merits, all of
# them or none.

# %%
show_printed("D3.2", "D3.2-weight", "D3.2-printed")
show_source(sigmoid_gate, gated_context, affine_score, gate_states, weigh_states)

# %% [markdown]
# **On paper.** $C = 1$ and $v = 1$, where the two readings agree; $W_h = W_z = \ell$, $b = 0$, $z = 1$:
#
# | $j$ | $1$ | $2$ | $3$ | sum |
# |---|---|---|---|---|
# | $h_j$ | $0$ | $1$ | $-1$ | |
# | $a_j = \ell(h_j + z)$ | $\ell$ | $2\ell$ | $0$ | |
# | $g_j = \sigma(a_j)$ | $\frac34$ | $\frac{9}{10}$ | $\frac12$ | $\frac{43}{20}$, not $1$ |
# | $g_j h_j$ | $0$ | $\frac{9}{10}$ | $-\frac12$ | $c = \frac25$ |
# | $\delta g_j = h_j$ (for $L = c$) | $0$ | $1$ | $-1$ | |
# | $\delta a_j = \delta g_j\, g_j (1 - g_j)$ | $0$ | $\frac{9}{100}$ | $-\frac14$ | $-\frac{4}{25}$ |
#
# **Backward.** $\delta g_j = \delta c \odot h_j$, $\;\delta a_j = \delta g_j \odot g_j \odot (1 - g_j)$, and from there affine
# maps: $\delta z = \sum_j \delta a_j\, W_z^\top = -\frac{4}{25}\ell$, and as $h_j$ is read twice,
# $\delta h_j = \delta c \odot g_j + \delta a_j W_h^\top$. Note $\delta z \ne 0$: unlike softmax, $\sigma$ does not ignore what is
# the same for all $j$, so it needs no $\tanh$ in between to hear the decoder (compare X1).

# %%
h = np.array([0.0, 1, -1]).reshape(3, 1, 1)
z, b, v = np.array([[1.0]]), np.zeros(1), np.ones(1)
c, cache = gate_states(z, h, W_z=np.array([[l]]), W_h=np.array([[l]]), b=b)
d = gate_states_backward(np.array([[1.0]]), cache)
c_of_weights, cache_of_weights = weigh_states(z, h, W_z=np.array([[l]]), W_h=np.array([[l]]), b=b, v=v)
d_of_weights = weigh_states_backward(np.array([[1.0]]), cache_of_weights)
print("c =", c.item(), "  d_z / ln 3 =", d.z.item() / l, "  d_h =", d.h.ravel())
assert np.isclose(c, 2 / 5) and np.isclose(d.z, -4 / 25 * l)
assert np.allclose(d.h.ravel(), [3 / 4, 9 / 10 + 9 / 100 * l, 1 / 2 - 1 / 4 * l])
assert np.isclose(c_of_weights, c) and np.allclose(d_of_weights.h, d.h) and np.isclose(d_of_weights.z, d.z)

show_source(gated_context_backward, sigmoid_gate_backward, affine_score_backward)
assert show_checks([result for id in ("D3.2", "D3.2-weight", "D3.2-printed") for result in equation(id).check(rng)])

# %% [markdown]
# **Erratum X3: D3.2 has no $v$.** D3 §4.2 first prints $\alpha = \sigma(W_h h + W_z z + b)$. Its result at each place is a
# vector of $A$ numbers, not one weight; and it adds whole sequences, so it needs $m = n$, though $\alpha$ is declared as an $m
# \times n$ matrix. The two readings above are those that make sense.

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
# ## 12 Query, key, value 查询、键、值
#
# So far $h_j$ was read twice as it is: for *where to look* and for *what is seen*. D3.5 (a program in D3 §3.2) gives each use a
# linear map of its own, as Transformers do:
#
# $$q = s W_q + b_q, \quad k_j = h_j W_k + b_k, \quad v_j = h_j W_v + b_v, \qquad
# c = \sum_j \mathrm{softmax}_j(q \cdot k_j)\, v_j .$$
#
# $q$ is $(B, A)$, the $k_j$ and $v_j$ are $(T, B, A)$; $W_q$ is $(H, A)$, $W_k$ and $W_v$ are $(C, A)$, the biases $(A,)$.
#
# **On paper.** $q = \ln 2$; $h_j = (k_j, v_j)$ with keys $1, 0, 0$ and values $8, 0, 4$, picked out by $W_k$ and $W_v$. Then
# $\exp(e) = (2, 1, 1)$, $\alpha = (\frac12, \frac14, \frac14)$, $c = 4 + 0 + 1 = 5$. With $L = c$: $\delta v_j = \alpha_j$,
# $\delta\alpha_j = v_j$, and as in section 5 with $m = 5$, $\delta e = \left(\frac32, -\frac54, -\frac14\right)$, so
# $\delta q = \sum_j \delta e_j k_j = \frac32$ and $\delta k_j = \delta e_j\, q$.
#
# **The key bias learns nothing.** $b_k$ adds $q \cdot b_k$ to every score alike, and softmax ignores that:
# $\delta b_k = \sum_j \delta k_j = q \sum_j \delta e_j = 0$, whatever the loss.

# %%
show_printed("D3.5", "D3.5-printed", "D3.5-printed-2d")
show_source(query_key_value, query_key_value_backward)
h = np.array([[1.0, 8], [0, 0], [0, 4]])[:, None]  # (T, B, C) = (3, 1, 2)
zero, all_words = np.zeros(1), np.ones((3, 1), dtype=bool)
pick_key, pick_value = np.array([[1.0], [0]]), np.array([[0.0], [1]])
s = np.array([[1.0]])
c, cache = query_key_value(s, h, np.array([[np.log(2)]]), zero, pick_key, zero, pick_value, zero, all_words)
d = query_key_value_backward(np.array([[1.0]]), cache)
print("c =", c.item(), "  d_h =", d.h[:, 0].tolist(), "  d_b_k =", d.b_k)
assert np.isclose(c, 5) and np.isclose(d.b_q, 3 / 2) and abs(d.b_k) < 1e-15
assert np.allclose(d.h[:, 0, 0], np.log(2) * np.array([3 / 2, -5 / 4, -1 / 4]))  # as key
assert np.allclose(d.h[:, 0, 1], [1 / 2, 1 / 4, 1 / 4])  # as value

case = equation("D3.5").inputs(rng)
moved = case | {"b_k": case["b_k"] + 3.0}
assert np.allclose(query_key_value(**moved)[0], query_key_value(**case)[0], rtol=0, atol=1e-12)
assert show_checks([result for id in ("D3.5", "D3.5-printed", "D3.5-printed-2d") for result in equation(id).check(rng)])

# %% [markdown]
# **Erratum X7: the wrong axis.** D3's program calls `F.softmax(energy, dim=1)`. Its energies are (batch, queries, source), so
# dim 1 is the axis of the *queries*. For one query each weight is a softmax over a single number, 1, and the "context" is the
# plain sum of all values, whatever the decoder's state. With a state that has no query axis the product even mixes the sentences
# of a batch. (`self.V` is made and never used; the missing $1/\sqrt{H}$ is a choice, not an error.) `code_attention` follows
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
# ## 13 From states to words 输出分布
#
# D0.7 words the whole way in four steps: 1 context vectors of the words, 2 a weight for each, 3 weights times context vectors,
# "the candidate", 4 softmax of the candidate, "the output distribution". The softmax is in the wrong place (erratum **X4**): it
# belongs on the scores in step 2. What is left after step 3 is a vector of $C$ hidden numbers; a distribution over $V$ words
# takes an affine map to $V$ scores first, which is D4.4:
#
# $$\alpha_j = \mathrm{softmax}_j\big(v^\top\tanh(W_s s + W_h h_j)\big), \quad c = \sum_j \alpha_j h_j, \quad
# p = \mathrm{softmax}([s; c]\, W_o + b_o) .$$
#
# $[s; c]$ is $(B, H + C)$, $W_o$ is $(H + C, V)$, $b_o$ is $(V,)$, $p$ is $(B, V)$; the rest as in section 2.
#
# **On paper**, going on from section 4: $s = \frac12$, $c = -\frac27$, two words. With $W_o = \begin{bmatrix} 0 & 0 \\ 0 &
# -\frac72\ell \end{bmatrix}$ the scores are $(0, \ell)$, so $p = (\frac14, \frac34)$. **Backward**, $L = p_2$:
# $\delta p = (0, 1)$ gives the scores' gradients $p \odot (\delta p - \frac34) = (-\frac{3}{16}, \frac{3}{16})$, hence
# $\delta c = -\frac72\ell\cdot\frac{3}{16}$, and all of section 5 follows, times that number. Of $[s; c]$ the second part is
# $\delta c$, the first is a second gradient for $s$, here 0.

# %%
show_printed("D0.7", "D0.7-printed")
show_source(attend_and_predict, attend_and_predict_backward)
s, h = np.array([[0.5]]), np.array([0, -0.5, -1, 7]).reshape(4, 1, 1)
attention = {"W_s": np.array([[l]]), "W_h": np.array([[l]]), "v": np.array([2 * np.log(2)]), "mask": mask}
p, cache = attend_and_predict(s, h, W_o=np.array([[0, 0], [0, -7 / 2 * l]]), b_o=np.zeros(2), **attention)
d = attend_and_predict_backward(np.array([[0.0, 1]]), cache)
print("p =", p[0], "  d_s =", d.s.item())
assert np.allclose(p, [[1 / 4, 3 / 4]])
assert np.isclose(d.s, -7 / 2 * l * 3 / 16 * (-3 / 196) * 2 * np.log(2) * l)  # δc times section 5's δs
assert show_checks([result for id in ("D0.7", "D0.7-printed") for result in equation(id).check(rng)])

# %% [markdown]
# **Erratum X4: the softmax comes last.** As D0 words it, "the output distribution" is a softmax over the $H$ entries of a hidden
# state, and the weights in front of it are any numbers: twice the weights, another output.

# %%
worded = equation("D0.7-printed").inputs(rng, H=5)
p, _ = worded_attention(**worded)
sharper, _ = worded_attention(2 * worded["weights"], worded["states"])
print("X4: the worded output has", p.shape[-1], "entries, one for each hidden unit, with any number of words")
assert p.shape[-1] == worded["states"].shape[-1] and np.allclose(p.sum(axis=-1), 1) and abs(sharper - p).max() > 0.05

# %% [markdown]
# ## 14 Recurrent attention 循环注意力
#
# D2 §9.2 names, without a formula, an attention whose weights a recurrent network computes (D2.9). Why one would want that:
# everything so far looks at *contents* only. Two places with the same word get the same weight, and nothing knows where the step
# before looked. So let the score read a **window 窗口** of the last weights around each place,
# $w_{ij} = (\alpha_{i-1,j-R}, \dots, \alpha_{i-1,j+R})$, zero beyond the ends:
#
# * **location features 位置特征** (Chorowski et al. 2015, `D2.9-location`):
#   $\;e_{ij} = v^\top\tanh(W_s s_{i-1} + W_h h_j + U f_{ij})$, $\;f_{ij} = w_{ij} F$. As $F$ is the same at all places, this is a
#   convolution 卷积 along the source;
# * **a memory for each source word** (Yang et al. 2016, `D2.9`): $\;d_{ij} = \tanh(d_{i-1,j} W_d + w_{ij} F + b)$ in the place of
#   $f_{ij}$, a vanilla recurrence (lesson 3) that counts how a word has been attended to.
#
# | symbol | shape | meaning |
# |---|---|---|
# | $w_{ij}$ | $(T, B, 2R + 1)$ | last weights around each place |
# | $F$; $U$ | $(2R + 1, K)$; $(K, A)$ | to features; to keys |
# | $d_{ij}$ | $(T, B, K)$ | the words' memories; $d_0$ and $\alpha_0$ are inputs |

# %%
show_printed("D2.9", "D2.9-location")
show_source(alignment_windows, recurrent_step, alignment_windows_backward, recurrent_step_backward)

# %% [markdown]
# **On paper.** $\alpha_{i-1} = (\frac12, \frac{3}{10}, \frac15)$, $R = 1$. The windows are $(0, \frac12, \frac{3}{10})$,
# $(\frac12, \frac{3}{10}, \frac15)$, $(\frac{3}{10}, \frac15, 0)$. With $F = (1, 0, 0)^\top$ the feature of place $j$ is the
# weight of the place **before** it: $f = (0, \frac12, \frac{3}{10})$. A large positive $U$ then says: *go on to the next word*.
#
# **Backward.** $\alpha_j$ stands in the windows of $j - R, \dots, j + R$, at a different place in each; its gradient is the sum
# of those entries. If all entries of the windows receive 1, $\delta\alpha = (2, 3, 2)$: the ends stand in one window less.
# $\alpha_{i-1}$ now has two readers, the context of its own step and the next step's score, so back-propagation through time
# runs along the weights as well. The check goes through several steps:

# %%
alpha = np.array([[0.5], [0.3], [0.2]])
windows, cache = alignment_windows(alpha, 3)
assert np.allclose(windows[:, 0], [[0, 0.5, 0.3], [0.5, 0.3, 0.2], [0.3, 0.2, 0]])
assert np.allclose((windows @ np.array([1.0, 0, 0]))[:, 0], [0, 0.5, 0.3])
assert np.allclose(alignment_windows_backward(np.ones_like(windows), cache)[:, 0], [2, 3, 2])
assert show_checks([result for id in ("D2.9", "D2.9-location") for result in equation(id).check(rng)])

# %% [markdown]
# **A picture.** Five source words, of which the decoder likes the first best, then the second, and so on; its state never
# changes. By contents alone it looks at the favourite for ever. A feature with a negative $U$ says *leave the place where you
# just were*; it remembers one step, so attention goes to and fro between two words. A memory for each word knows all steps, and
# each word is visited once. This is the idea behind **coverage 覆盖** in translation: nothing twice, nothing left out.

# %%
T = 5
h = np.linspace(1, 0, T).reshape(T, 1, 1)  # how much each word is liked
case = {"s": np.zeros((T, 1, 1)), "h": h, "W_s": np.zeros((1, 1)), "W_h": np.ones((1, 1)), "v": np.array([40.0])}
case |= {"alpha_0": np.zeros((T, 1)), "mask": np.ones((T, 1), dtype=bool), "F": np.array([[0.0], [2], [0]])}
contents, _ = align_by_location(**case, U=np.array([[0.0]]))
location, _ = align_by_location(**case, U=np.array([[-1.5]]))
memory, _ = align_recurrently(**case, U=np.array([[-3.0]]), d_0=np.zeros((T, 1, 1)), W_d=np.array([[1.2]]), b=np.zeros(1))

figure = Figure(figsize=(9, 3.4), layout="constrained")
panels = figure.subplots(1, 3, sharey=True)
titles = ("contents only", "location features: the last step", "a memory for each word (D2.9)")
for panel, weights, title in zip(panels, (contents, location, memory), titles, strict=True):
    image = panel.imshow(weights[..., 0], cmap="Blues", vmin=0, vmax=1)
    panel.set_xticks(range(T), [f"$h_{j + 1}$" for j in range(T)])
    panel.set_title(title, fontsize="medium")
    for i, row in enumerate(weights[..., 0]):
        for j, number in enumerate(row):
            panel.text(j, i, f"{number:.2f}", ha="center", va="center", fontsize=8, color="white" if number > 0.6 else "black")
panels[0].set_yticks(range(T), [f"step {i + 1}" for i in range(T)])
figure.colorbar(image, ax=panels, label="attention weight")
show_picture(figure, "08_recurrent_attention")

assert contents[..., 0].argmax(axis=1).tolist() == [0] * 5
assert location[..., 0].argmax(axis=1).tolist() == [0, 1, 0, 1, 0]
assert memory[..., 0].argmax(axis=1).tolist() == [0, 1, 2, 3, 4]

# %% [markdown]
# ## Where next
#
# `minis2s show D3.3` prints the equation with its code and check. The layer `minis2s/layers/attention.py` keeps the keys,
# goes over the steps, and adds up the gradients; compare its backward with section 5. `minis2s train --attention NAME` trains
# with any form of this lesson (`dot`, `scaled-dot`, `general`, `cosine`, `query-key`, `gate`, `location`, `recurrent`), also with
# `affine`, which is D3.3 without its $\tanh$ (X1): its map has the same row at every step. `minis2s train` and then
# `minis2s translate RUN "I love deep learning" --attention map.png` show attention that was learned.

# %%
print("Lesson 8: every claim held.")

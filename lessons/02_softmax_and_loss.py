# %% [markdown]
# # Lesson 2 · Affine map, σ, tanh, softmax, cross-entropy 仿射映射、激活函数与交叉熵
#
# About 25 minutes. You need lesson 1, matrix products and the chain rule 链式法则. Run this file with
# `python lessons/02_softmax_and_loss.py`, or open it cell by cell in VS Code or Jupyter (with jupytext).
#
# Every model of this engine begins and ends in the same way. At the beginning a word becomes a vector, by a lookup; at the end
# a vector becomes a probability for each word, by an affine map and a softmax, and the loss says how much of it the right word
# got. Between the two there are more affine maps, each followed by $\sigma$ or $\tanh$. This lesson derives all of these pieces
# and their gradients. The other lessons only join them. Every claim is followed by an `assert`.

# %%
import numpy as np
from matplotlib.figure import Figure

from minis2s import gradcheck
from minis2s.equations.activations import sigmoid, sigmoid_backward, tanh, tanh_backward
from minis2s.equations.catalogue.output import output_distribution, output_distribution_backward
from minis2s.equations.edit_distance import edit_distance
from minis2s.equations.embedding import embedding, embedding_backward
from minis2s.equations.linear import (
    linear,
    linear_backward,
    linear_backward_input,
    linear_backward_parameters,
)
from minis2s.equations.registry import equation
from minis2s.equations.softmax import cross_entropy, cross_entropy_backward, softmax, softmax_backward
from minis2s.lessons import show_checks, show_picture, show_printed, show_source

np.set_printoptions(precision=6, suppress=True)
rng = np.random.default_rng(2)

# %% [markdown]
# ## 1 The formulas as printed 原文公式
#
# Document D4 (§3.3) prints the **output distribution 输出概率分布**, a softmax of an affine map:
#
# $$p(y_t) = \mathrm{Softmax}(W_o h_t + b_o) \tag{D4.4}$$
#
# Three more are named, but not printed: the **word embedding 词嵌入** (D4.7), and the **cross-entropy 交叉熵** loss, once in D1
# (D1.3) and once in D2 (D2.6). Their usual forms, which this engine computes, are
#
# $$x_t = W_{\mathrm{emb}}[w_t] \qquad\qquad L = -\frac{1}{N} \sum_{n} \log p_n(y_n) ,$$
#
# row $w_t$ of a table for word number $w_t$; and the mean, over the $N$ words of a batch, of minus the logarithm of the
# probability that the model gives to the word that is right. **Label smoothing 标签平滑** (`D2.6-smoothed`) is an option of it.

# %%
show_printed("D4.7", "D4.4", "D1.3", "D2.6", "D2.6-smoothed")

# %% [markdown]
# ## 2 Symbols and shapes 符号与形状
#
# Vectors are rows. The dots stand for the axes in front, usually (steps, sentences of the batch 批).
#
# | symbol | shape | meaning |
# |---|---|---|
# | $w_t$ | $(T, B)$ | word numbers 词编号, $0 \le w < V$; $V$ is the size of the vocabulary 词表 |
# | $W_{\mathrm{emb}}$ | $(V, E)$ | one row for each word: its word vector 词向量 |
# | $x$ | $(\dots, n)$ | input of an affine map |
# | $W, b$ | $(n, m), (m,)$ | weights 权重 and biases 偏置 |
# | $\sigma(a), \tanh(a)$ | as $a$ | activation functions 激活函数, entry by entry: into $(0, 1)$ and $(-1, 1)$ |
# | $z = h W_o + b_o$ | $(\dots, V)$ | logits 未归一化得分: one number for each word, as large or small as it likes |
# | $p = \mathrm{softmax}(z)$ | $(\dots, V)$ | probabilities; each row sums to one |
# | $y$ | $(\dots)$ | target words 目标词 |
# | mask 掩码 | $(\dots)$ | True where there is a word, False at padding 填充 |
# | $N$ | | number of words in the batch, padding not counted |
# | $q = \mathrm{onehot}(y)$ | $(\dots, V)$ | 1 at the target, 0 elsewhere 独热向量 |
# | $L$ | a number | loss 损失, in nats per word |

# %% [markdown]
# ## 3 The engine's own source 源代码

# %%
show_source(embedding, linear, sigmoid, tanh, softmax, cross_entropy)

# %% [markdown]
# **A lookup is an affine map.** The product of a one-hot row with a matrix picks a row of it, so
# $W_{\mathrm{emb}}[w] = \mathrm{onehot}(w)\,W_{\mathrm{emb}}$. Nobody multiplies by those zeros, but the gradient will follow
# from it.
#
# **tanh is a stretched σ.** $\tanh(a) = 2\sigma(2a) - 1$; the engine uses that in the other direction.

# %%
table, ids = rng.standard_normal((5, 3)), np.array([[3, 0], [3, 4]])
assert np.allclose(embedding(ids, table)[0], np.eye(5)[ids] @ table)
a = rng.standard_normal(100)
assert np.allclose(tanh(a)[0], 2 * sigmoid(2 * a)[0] - 1, rtol=0, atol=1e-15)
print("embedding(ids) has shape", embedding(ids, table)[0].shape, "for ids of shape", ids.shape)

# %% [markdown]
# ## 4 A worked example for paper 手算例子
#
# **From a word to the loss.** A vocabulary of three words, $E = 2$, and no recurrent part in between, so that the word vector
# goes straight to the output layer. In units of $\ln 2$, so that exponentials come out whole:
#
# $$W_{\mathrm{emb}} = \begin{pmatrix} 0 & 5 \\ 1 & -1 \\ 2 & 0 \end{pmatrix}, \qquad
# W_o = \ln 2 \begin{pmatrix} 2 & 1 & 1 \\ 0 & 0 & 1 \end{pmatrix}, \qquad b_o = (0, 0, 0).$$
#
# The input is word 1 (counting from 0), and the right answer is word 1 as well:
#
# | | word 0 | word 1 | word 2 |
# |---|---|---|---|
# | $x = W_{\mathrm{emb}}[1] = (1, -1)$ | | | |
# | $z / \ln 2 = x W_o / \ln 2$ | $2$ | $1$ | $0$ |
# | $\exp(z)$ | $4$ | $2$ | $1$ |
# | $p = \exp(z) / 7$ | $\frac47$ | $\frac27$ | $\frac17$ |
#
# $$L = -\ln \tfrac27 = \ln 3.5 \approx 1.252763 .$$
#
# A model that knows nothing gives each word $\frac13$ and has $L = \ln 3 \approx 1.0986$: ours is surer than that, and wrong.

# %%
l2 = np.log(2)
W_emb = np.array([[0.0, 5], [1, -1], [2, 0]])
W_o, b_o = l2 * np.array([[2.0, 1, 1], [0, 0, 1]]), np.zeros(3)
word, target = np.array([1]), np.array([1])

x, cache_x = embedding(word, W_emb)
z, cache_z = linear(x, W_o, b_o)
p, _ = softmax(z)
L, cache_L = cross_entropy(z, target)
print("x =", x, "  z / ln 2 =", z / l2, "  7 p =", 7 * p, "  L =", L)
assert np.allclose(z / l2, [[2, 1, 0]]) and np.allclose(p, [[4 / 7, 2 / 7, 1 / 7]])
assert np.isclose(L, np.log(3.5)) and np.isclose(cross_entropy(np.zeros((1, 3)), target)[0], np.log(3))

# %% [markdown]
# **The squashing functions.** With $\ell = \ln 3$: $\sigma(\ell) = \frac{3}{3+1} = \frac34$, and
# $\tanh(\frac\ell2) = \frac{3-1}{3+1} = \frac12$. Their slopes, from section 5: $\frac34\cdot\frac14 = \frac{3}{16}$, and
# $1 - \frac14 = \frac34$.

# %%
l3 = np.log(3)
y_sigma, cache_sigma = sigmoid(np.array([l3]))
y_tanh, cache_tanh = tanh(np.array([l3 / 2]))
one = np.array([1.0])
print("σ:", y_sigma, sigmoid_backward(one, cache_sigma), "  tanh:", y_tanh, tanh_backward(one, cache_tanh))
assert np.allclose([y_sigma, sigmoid_backward(one, cache_sigma)], [[3 / 4], [3 / 16]])
assert np.allclose([y_tanh, tanh_backward(one, cache_tanh)], [[1 / 2], [3 / 4]])

# %% [markdown]
# ## 5 The backward pass, derived 反向传播的推导
#
# $\delta v$ is short for $\partial L/\partial v$. In reverse order:
#
# **Cross-entropy** of one word. $\log p_y = z_y - \log\sum_k e^{z_k}$, and
# $\partial(\log\sum_k e^{z_k})/\partial z_j = e^{z_j}/\sum_k e^{z_k} = p_j$, hence
# $$\delta z_j = \tfrac1N\,(p_j - [j = y]) = \tfrac1N\,(p_j - q_j).$$
# In words: what was expected minus what came. It is zero for padding, and the entries of a row sum to zero. With smoothing,
# $q = (1-\varepsilon)\,\mathrm{onehot}(y) + \varepsilon/V$; as $\sum_k q_k = 1$ still, the same line holds.
#
# **Softmax** alone, when something other than the cross-entropy reads $p$. $p_k = e^{z_k}/Z$; the quotient rule gives
# $\partial p_k/\partial z_j = p_k([k = j] - p_j)$, so
# $$\delta z_j = \sum_k \delta p_k\, p_k ([k=j] - p_j) = p_j \Big(\delta p_j - \sum_k p_k\, \delta p_k\Big).$$
#
# **σ and tanh.** From $\sigma = 1/(1 + e^{-a})$: $\sigma' = e^{-a}/(1+e^{-a})^2 = \sigma\,(1 - \sigma)$. And as
# $\tanh = 2\sigma(2a) - 1$: $\tanh' = 4\sigma(1-\sigma) = 1 - \tanh^2$. Both are written in the *output*, so the input need
# not be kept.
#
# **Affine map**, $y_{nk} = \sum_m x_{nm} W_{mk} + b_k$. Each $x_{nm}$ enters all $y_{nk}$ of its row; each $W_{mk}$ enters
# column $k$ of every row; each $b_k$ as well:
# $$\delta x_{nm} = \sum_k \delta y_{nk} W_{mk}, \quad \delta W_{mk} = \sum_n x_{nm}\, \delta y_{nk}, \quad
# \delta b_k = \sum_n \delta y_{nk},$$
# in matrices $\delta x = \delta y\, W^\top$, $\ \delta W = x^\top \delta y$, $\ \delta b = \sum_n \delta y_n$. The shapes leave
# no other choice, which helps to remember them.
#
# **Embedding.** $x = P\,W_{\mathrm{emb}}$ with one-hot rows $P$, so $\delta W_{\mathrm{emb}} = P^\top \delta x$: row $k$
# receives the sum of $\delta x_t$ over the places $t$ where word $k$ stands. That is a **scatter-add 散射累加**; words that do
# not occur get zero. Word numbers have no gradient.

# %%
show_source(cross_entropy_backward, softmax_backward, sigmoid_backward, tanh_backward)
show_source(linear_backward, linear_backward_input, linear_backward_parameters, embedding_backward)

# %% [markdown]
# **On paper.** $\delta z = p - q$ of section 4 is $\frac17(4, -5, 1)$. Then
#
# $$\delta b_o = \tfrac17(4, -5, 1), \qquad
# \delta W_o = x^\top \delta z = \tfrac17\begin{pmatrix} 4 & -5 & 1 \\ -4 & 5 & -1 \end{pmatrix},$$
# $$\delta x = \delta z\, W_o^\top = \tfrac{\ln 2}{7}\,(2\cdot4 - 5 + 1,\ 1) = \ln 2\,(\tfrac47, \tfrac17), \qquad
# \delta W_{\mathrm{emb}} = \begin{pmatrix} 0 & 0 \\ \frac47\ln2 & \frac17\ln2 \\ 0 & 0 \end{pmatrix}.$$
#
# The same through D4.4 itself, as a check on the softmax: of $p$ only $p_1$ is read, $\delta p = (0, -\frac72, 0)$, and
# $\sum_k p_k\,\delta p_k = -1$; so $\delta z_j = p_j(\delta p_j + 1)$, which is $\frac47$,
# $\frac27\cdot(-\frac52) = -\frac57$ and $\frac17$.

# %%
d_z = cross_entropy_backward(1.0, cache_L)
d_x, d_W_o, d_b_o = linear_backward(d_z, cache_z)
d_W_emb = embedding_backward(d_x, cache_x)
print("7 d_z =", 7 * d_z, "  d_x / ln 2 =", d_x / l2)
print("7 d_W_o =\n", 7 * d_W_o, "\nd_W_emb / ln 2 =\n", d_W_emb / l2)
assert np.allclose(d_z, [[4 / 7, -5 / 7, 1 / 7]]) and np.allclose(d_b_o, d_z[0]) and np.isclose(d_z.sum(), 0)
assert np.allclose(d_W_o, np.array([[4, -5, 1], [-4, 5, -1]]) / 7)
assert np.allclose(d_W_emb, l2 * np.array([[0, 0], [4 / 7, 1 / 7], [0, 0]]))

_, cache_p = output_distribution(x, W_o, b_o)
assert np.allclose(output_distribution_backward(np.array([[0, -7 / 2, 0]]), cache_p).b, d_b_o)

# %% [markdown]
# One step of gradient descent 梯度下降 on the biases alone, $b_o \leftarrow b_o - 1\cdot\delta b_o$, multiplies $e^{z}$ by
# $e^{-4/7}, e^{5/7}, e^{-1/7}$. The right word rises from $\frac27$ to 0.5665:

# %%
p_after, _ = softmax(z - d_b_o)
weights = np.array([4 * np.exp(-4 / 7), 2 * np.exp(5 / 7), np.exp(-1 / 7)])
print("p after one step:", p_after)
assert np.allclose(p_after, weights / weights.sum()) and np.isclose(p_after[0, 1], 0.5665, atol=1e-4)

# %% [markdown]
# ## 6 The check, live 梯度检验
#
# As in lesson 1, by complex step 复数步长法 and five-point difference 五点差分. The inputs contain what can go wrong: padding,
# a sentence without any word, and words that occur several times. D4.4 is checked as the whole printed formula, affine map and
# softmax.

# %%
results = [result for id in ("D4.7", "D4.4", "D1.3", "D2.6", "D2.6-smoothed") for result in equation(id).check(rng)]
assert show_checks(results)

# %% [markdown]
# The classical mistake with an embedding: `d_W[ids] = d_x` assigns where it should add, so that of a word's several places
# only the last one counts. NumPy does not complain; the check does.


# %%
def assigning_backward(d_x, cache):
    """The planted mistake."""
    ids, n_words = cache
    d_W = np.zeros((n_words, d_x.shape[-1]))
    d_W[ids] = d_x
    return d_W


repeated = {"ids": np.array([0, 1, 1]), "W": table}
once = {"ids": np.array([0, 1, 2]), "W": table}
assert not show_checks(gradcheck.check_pair("wrong", embedding, assigning_backward, repeated, ("W",), rng), {"wrong": "assigns"})
assert all(result.passed for result in gradcheck.check_pair("kind", embedding, assigning_backward, once, ("W",), rng))

# %% [markdown]
# ## 7 Large numbers 数值稳定
#
# $e^{z}$ overflows at $z \approx 709$. But adding the same number to all logits changes nothing, because numerator and
# denominator grow by the same factor; so softmax first subtracts the largest logit, and the largest exponential is
# $e^0 = 1$. The cross-entropy goes one step further. $p_y$ may be too small for a computer, and $\log 0 = -\infty$; but
# $\log p_y = z_y - \log\sum_k e^{z_k}$ is a harmless number. So the logarithm is never taken of a probability:

# %%
large = np.array([[1000.0, 0.0, 999.0]])
with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
    naive = np.exp(large) / np.exp(large).sum()
    logarithm = np.log(softmax(large)[0][0, 1])
print("naive softmax:", naive, "  the engine's:", softmax(large)[0])
print("log of a probability:", logarithm, "  cross-entropy:", cross_entropy(large, np.array([1]))[0])
assert np.isnan(naive).any() and np.allclose(softmax(large)[0], [[0.731059, 0, 0.268941]], atol=1e-6)
assert np.isinf(logarithm) and np.isclose(cross_entropy(large, np.array([1]))[0], 1000 + np.log(1 + np.exp(-1)))

# %% [markdown]
# ## 8 A picture 图: slopes and losses
#
# Left: $\sigma$ and $\tanh$ with their slopes. $\sigma' \le \frac14$ and $\tanh' \le 1$, and both die out where the function is
# **saturated 饱和**; lesson 4 is about what that does over many steps. Right: two words, logits $z$ and $0$, the first is right.
# The loss and its gradient, for cross-entropy and for the squared error $(1-p)^2$. If the model is surely wrong (far left), the
# cross-entropy still pulls with full force, $p - 1 \approx -1$; the squared error's gradient carries the softmax's slope
# $p(1-p)$, and vanishes exactly where it is needed most.

# %%
a = np.linspace(-6, 6, 241)
z_pair = np.stack([a, np.zeros_like(a)], axis=1)
p, cache = softmax(z_pair)
cross = np.array([cross_entropy(row[None], np.array([0]))[0] for row in z_pair])
d_cross = p[:, 0] - 1
d_p = np.stack([-2 * (1 - p[:, 0]), np.zeros_like(a)], axis=1)
d_squared = softmax_backward(d_p, cache)[:, 0]

figure = Figure(figsize=(9, 3.6), layout="constrained")
left, right = figure.subplots(1, 2)
for function, backward, name, color in ((sigmoid, sigmoid_backward, "σ", "C0"), (tanh, tanh_backward, "tanh", "C1")):
    y, cache = function(a)
    left.plot(a, y, color=color, lw=2, label=name)
    left.plot(a, backward(np.ones_like(a), cache), "--", color=color, lw=2, label=f"slope of {name}")
right.plot(a, cross, color="C0", lw=2, label="cross-entropy")
right.plot(a, d_cross, "--", color="C0", lw=2, label="its gradient")
right.plot(a, (1 - p[:, 0]) ** 2, color="C1", lw=2, label="squared error")
right.plot(a, d_squared, "--", color="C1", lw=2, label="its gradient")
left.set_xlabel("a")
right.set_xlabel("z, logit of the right word (the other's is 0)")
right.set_ylim(-1.2, 4)
for axes in (left, right):
    axes.legend(fontsize="small")
    axes.grid(alpha=0.3)
show_picture(figure, "02_slopes_and_losses")

assert np.allclose(d_cross, [cross_entropy_backward(1.0, cross_entropy(r[None], np.array([0]))[1])[0, 0] for r in z_pair])
assert d_cross[0] < -0.99 and abs(d_squared[0]) < 0.01 and abs(d_squared).max() > 0.25

# %% [markdown]
# ## 9 Questions 思考题
#
# **The first loss.** A new model has small weights, so all logits are near 0. The vocabulary has 2,000 words. What loss should
# the first batch show, and what do you suspect if it shows 30?
#
# <details><summary>Answer 答案</summary>
#
# Equal logits mean $p = 1/V$, so $L = \ln V = \ln 2000 \approx 7.6$. A loss of 30 means that some right words get a probability
# of $e^{-30}$: the model is sure of something before it has learned anything. Its initial weights are too large.
#
# </details>
#
# **Can the loss reach zero?** With $q = \mathrm{onehot}(y)$, and with smoothing $\varepsilon = 0.1$ at $V = 4$?
#
# <details><summary>Answer 答案</summary>
#
# Without smoothing $L \to 0$ only as the right logit goes to infinity: $\delta z = p - q$ never quite vanishes, and the
# weights go on growing. With smoothing $\delta z = 0$ at $p = q$, which finite logits reach; $L$ is then the entropy 熵 of $q$,
# here with $q = (0.925, 0.025, 0.025, 0.025)$
# $$-0.925\ln 0.925 - 3\cdot 0.025 \ln 0.025 \approx 0.3488 .$$
# So a smoothed loss is not comparable with one that is not.
#
# </details>

# %%
first, _ = cross_entropy(0.01 * rng.standard_normal((50, 2000)), rng.integers(0, 2000, 50))
q = np.array([[0.925, 0.025, 0.025, 0.025]])
lowest, cache = cross_entropy(np.log(q), np.array([0]), smoothing=0.1)
print("first loss:", first, "  ln 2000 =", np.log(2000), "  lowest smoothed loss:", lowest)
assert abs(first - np.log(2000)) < 0.01
assert np.isclose(lowest, 0.3488, atol=1e-4) and np.allclose(cross_entropy_backward(1.0, cache), 0)
assert cross_entropy(np.log(q) + [[0.1, 0, 0, 0]], np.array([0]), smoothing=0.1)[0] > lowest  # beyond q it rises again

# %% [markdown]
# ## 10 Errata 勘误
#
# **X6.** D2 §4.4 says that its losses are computed from the edit distance 编辑距离. They are not: cross-entropy is a
# likelihood 似然. The edit distance counts wrong words of a *finished* sentence. It is a whole number, and does not move when
# the logits move a little, so its derivative is zero wherever it exists; nothing can be learned from it. It is a metric 评价指标,
# to judge a model with (lesson 10).
#
# **X11.** No document masks its loss. In a batch, sentences of different lengths are filled up with padding; if those places
# counted, a model would be praised for predicting padding, and the loss would depend on how long the *other* sentences of the
# batch are. Here they change neither the loss nor a gradient, whatever stands there:

# %%
logits, reference = rng.standard_normal((4, 6)), np.array([2, 0, 5, 1])
moved = logits + 1e-6 * rng.standard_normal(logits.shape)
distances = [edit_distance(reference, z.argmax(axis=1)) for z in (logits, moved)]
losses = [cross_entropy(z, reference)[0] for z in (logits, moved)]
print("X6:  edit distance", *distances, "  cross-entropy moves by", losses[1] - losses[0])
assert distances[0] == distances[1] > 0 and losses[0] != losses[1]

mask = np.array([True, True, True, False])
L, cache = cross_entropy(logits, reference, mask)
other = logits.copy()
other[3] = 1e6  # anything at the padded place
print("X11: loss", L, "with the padded place masked,", cross_entropy(logits, reference)[0], "with it counted")
assert L == cross_entropy(other, reference, mask)[0] == cross_entropy(logits[:3], reference[:3])[0]
assert (cross_entropy_backward(1.0, cache)[3] == 0).all() and L != cross_entropy(logits, reference)[0]

# %% [markdown]
# ## Where next
#
# `minis2s show D4.4` prints an equation with its code and check. Lesson 3 puts an affine map and a $\tanh$ into a loop: the
# recurrent network.

# %%
print("Lesson 2: every claim held.")

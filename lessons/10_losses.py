# %% [markdown]
# # Lesson 10 · Losses 损失函数: squares, CTC, and a metric that is no loss
#
# About 25 minutes. You need softmax and cross-entropy 交叉熵 (lesson 2) and back-propagation through time (lesson 3). Run this
# file with `python lessons/10_losses.py`, or open it cell by cell in VS Code or Jupyter (with jupytext).
#
# Cross-entropy asks for one right word at each step. Two things do not fit that: outputs that are **numbers**, not words, and
# outputs that are much **shorter** than the input, with nothing to say which step says what: speech, handwriting. For the first
# there is the mean squared error, for the second CTC, a sum over all possible alignments. You will compute one of each on paper.
# And there is a third quantity, which one of the documents takes for a loss: the edit distance.

# %%
from itertools import product
from math import comb

import numpy as np
from matplotlib.figure import Figure

from minis2s.equations.ctc import collapse, ctc, ctc_backward
from minis2s.equations.edit_distance import edit_alignment, edit_distance, token_error_rate
from minis2s.equations.losses import mean_squared_error, mean_squared_error_backward
from minis2s.equations.optimisers import sgd
from minis2s.equations.registry import equation
from minis2s.equations.softmax import softmax
from minis2s.errors import UsageError
from minis2s.lessons import show_checks, show_picture, show_printed, show_source

np.set_printoptions(precision=6, suppress=True)
rng = np.random.default_rng(10)

# %% [markdown]
# ## 1 The formulas as printed 原文公式
#
# None of the three is printed. D1 names 平方误差损失（Mean Squared Error） (D1.4); D2 §4.4 says that the loss of a
# sequence-to-sequence model is computed from the edit distance (D2.8, erratum X6), "for instance" as cross-entropy or as
# CTC loss (D2.7). These are the formulas, with sources:
#
# $$L = \frac{1}{N D} \sum_{n} \sum_{d=1}^{D} (y_{nd} - y^*_{nd})^2 \tag{D1.4}$$
# $$L = -\frac1N \sum_b \log p(l_b), \qquad p(l) = \sum_{\pi:\ \mathcal{B}(\pi) = l}\ \prod_t p_t(\pi_t) \tag{D2.7}$$
# $$D_{ij} = \min\left(D_{i-1,j-1} + [r_i \ne h_j],\; D_{i-1,j} + 1,\; D_{i,j-1} + 1\right) \tag{D2.8}$$
#
# D1.4, the **mean squared error 均方误差**, is over real vectors. D2.7 is **CTC**, connectionist temporal classification
# 联结主义时间分类 (Graves et al. 2006). D2.8, the **edit distance 编辑距离** (Levenshtein 1966), counts the least number of
# changes that turn one sequence into another.

# %%
show_printed("D1.4", "D2.7", "D2.8")

# %% [markdown]
# ## 2 Symbols and shapes 符号与形状
#
# | symbol | shape | meaning |
# |---|---|---|
# | $y, y^*$ | $(S, B, D)$ | vectors that a model gives; those that it should give |
# | mask 掩码 | $(S, B)$; $(T, B)$ | True where there is a vector, a step; padding 填充 counts nowhere |
# | $N$ | | number of vectors, of labels, in the whole batch |
# | $z$ | $(T, B, V)$ | scores of each symbol at each input step (logits); $p_t = \mathrm{softmax}(z_t)$ |
# | $\varnothing$ | | the **blank 空白符**, symbol 0: "nothing (new) here" |
# | $l$ | $(L, B)$ | **labels 标签**, the sequence that is wanted, without blanks |
# | $\pi$ | $(T,)$ | a **path 路径**: one symbol for each step |
# | $\mathcal{B}(\pi)$ | | the path **collapsed 折叠**: repetitions merged, *then* blanks dropped |
# | $l'$ | $(2L+1,)$ | labels with blanks between and around: $(\varnothing, l_1, \varnothing, l_2, \dots, l_L, \varnothing)$ |
# | $\alpha_t(s)$ | $(T, 2L+1)$ | **forward variable 前向变量**: all beginnings that stand at $l'_s$ after step $t$ |
# | $\beta_t(s)$ | $(T, 2L+1)$ | **backward variable 后向变量**: all endings after step $t$ that start from $l'_s$ |
# | $r, h$ | sequences | reference 参考 and hypothesis 假设 |
# | $D_{ij}$ | table | edits from the first $i$ tokens of $r$ to the first $j$ of $h$ |

# %% [markdown]
# ## 3 The engine's own source 源代码

# %%
show_source(mean_squared_error, ctc, collapse, edit_distance, edit_alignment, token_error_rate)

# %% [markdown]
# ## 4 A worked example for paper 手算例子
#
# **Mean squared error.** Two vectors of $D = 2$ numbers and one place of padding:
#
# | | $n = 1$ | $n = 2$ | padding |
# |---|---|---|---|
# | $y$ | $(1, 2)$ | $(3, 0)$ | $(9, 9)$ |
# | $y^*$ | $(0, 2)$ | $(1, 1)$ | |
# | $y - y^*$ | $(1, 0)$ | $(2, -1)$ | $0$ |
# | squares | $1 + 0$ | $4 + 1$ | $0$ |
#
# $L = \frac{1}{2 \cdot 2}\,(1 + 5) = \frac32$. Why squares? If the target is $y$ plus Gaussian noise 高斯噪声 of variance
# $\sigma^2$, then $-\log p(y^*) = (y - y^*)^2 / 2\sigma^2 + \text{const}$: it is a likelihood, as cross-entropy is.

# %%
y = np.array([[1.0, 2], [3, 0], [9, 9]])[:, None]  # (S, B, D) = (3, 1, 2)
targets, mask = np.array([[0.0, 2], [1, 1], [0, 0]])[:, None], np.array([[True], [True], [False]])
loss, cache_squares = mean_squared_error(y, targets, mask)
print("L =", loss)
assert np.isclose(loss, 3 / 2)

# %% [markdown]
# **CTC by enumeration 枚举.** Three steps, labels $l = (a, b)$. Which paths collapse to them? All that say $a$ and then $b$,
# each for as long as they like, with blanks anywhere: five of the $3^3 = 27$.
#
# | $t$ | $p_t(\varnothing)$ | $p_t(a)$ | $p_t(b)$ |
# |---|---|---|---|
# | $1$ | $\frac14$ | $\frac12$ | $\frac14$ |
# | $2$ | $\frac12$ | $\frac14$ | $\frac14$ |
# | $3$ | $\frac14$ | $\frac14$ | $\frac12$ |
#
# The probability of a path is a product along it; that of the labels is the sum over their paths:
#
# | $\pi$ | $a\,a\,b$ | $a\,b\,b$ | $a\,b\,\varnothing$ | $a\,\varnothing\,b$ | $\varnothing\,a\,b$ | sum |
# |---|---|---|---|---|---|---|
# | $32 \prod_t p_t(\pi_t)$ | $2$ | $2$ | $1$ | $4$ | $1$ | $32\,p(l) = 10$ |

# %%
A, B_ = 1, 2  # 0 is the blank
p = np.array([[1 / 4, 1 / 2, 1 / 4], [1 / 2, 1 / 4, 1 / 4], [1 / 4, 1 / 4, 1 / 2]])  # (T, V)
paths = [path for path in product(range(3), repeat=3) if collapse(path) == [A, B_]]
products = {"".join("∅ab"[k] for k in path): float(p[range(3), path].prod()) for path in paths}
by_enumeration = sum(products.values())
print({path: 32 * product for path, product in products.items()}, "in 32nds; sum", by_enumeration)
assert len(paths) == 5 and np.isclose(by_enumeration, 10 / 32)
assert collapse([A, A, 0, A, B_]) == [A, A, B_]  # the blank keeps two equal labels apart

# %% [markdown]
# **The same by dynamic programming 动态规划.** $V^T$ paths are too many: with 30 symbols and 50 steps there are more than
# $10^{73}$. But all beginnings that stand at the same place of $l' = (\varnothing, a, \varnothing, b, \varnothing)$ go on in the
# same ways, so only their **sum** matters. In one step a path stays, or moves on by one place, or skips the blank between two
# *different* labels:
#
# $$\alpha_t(s) = p_t(l'_s)\,\Big(\alpha_{t-1}(s) + \alpha_{t-1}(s-1) + [\text{may skip}]\; \alpha_{t-1}(s-2)\Big).$$
#
# | $s$ | $l'_s$ | $\alpha_1$ | $\alpha_2$ | $\alpha_3$ |
# |---|---|---|---|---|
# | $1$ | $\varnothing$ | $\frac14$ | $\frac12\cdot\frac14 = \frac18$ | $\frac{1}{32}$ |
# | $2$ | $a$ | $\frac12$ | $\frac14(\frac12 + \frac14) = \frac{3}{16}$ | $\frac14(\frac{3}{16} + \frac18) = \frac{5}{64}$ |
# | $3$ | $\varnothing$ | $0$ | $\frac12\cdot\frac12 = \frac14$ | $\frac14(\frac14 + \frac{3}{16}) = \frac{7}{64}$ |
# | $4$ | $b$ | $0$ | $\frac14\cdot\frac12 = \frac18$ (skip) | $\frac12(\frac18 + \frac14 + \frac{3}{16}) = \frac{9}{32}$ |
# | $5$ | $\varnothing$ | $0$ | $0$ | $\frac14\cdot\frac18 = \frac{1}{32}$ |
#
# A path may end in the last label or the blank after it: $p(l) = \frac{9}{32} + \frac{1}{32} = \frac{10}{32}$, as before, with
# $3 \cdot 5$ numbers instead of $27$ paths. The code keeps logarithms, because products of many probabilities underflow.

# %%
logits = np.log(p)[:, None]  # (T, B, V): softmax gives p back
labels = np.array([[A], [B_]])  # (L, B)
loss, cache_ctc = ctc(logits, labels)
alpha = np.exp(cache_ctc[2][1:, :, 0])  # (T, 2L + 1)
print("alpha =\n", alpha.T, "\nL =", loss, " = −½ log(10/32)")
assert np.isclose(loss, -np.log(10 / 32) / 2)  # nats per label 奈特, and there are two
assert np.allclose(alpha[0], [1 / 4, 1 / 2, 0, 0, 0]) and np.allclose(alpha[1], [1 / 8, 3 / 16, 1 / 4, 1 / 8, 0])
assert np.allclose(alpha[2], [1 / 32, 5 / 64, 7 / 64, 9 / 32, 1 / 32])

# %% [markdown]
# **Edit distance.** Reference 我喜欢你, hypothesis 我爱你. Each entry is the least of: diagonal, plus one if the tokens differ
# (keep 保留 or substitute 替换); from above plus one (delete 删除); from the left plus one (insert 插入).
#
# | $D_{ij}$ | | 我 | 爱 | 你 |
# |---|---|---|---|---|
# | | **0** | 1 | 2 | 3 |
# | 我 | 1 | **0** | 1 | 2 |
# | 喜 | 2 | **1** | 1 | 2 |
# | 欢 | 3 | 2 | **2** | 2 |
# | 你 | 4 | 3 | 3 | **2** |
#
# Two edits; backwards along the bold entries: keep 你, substitute 爱 for 欢, delete 喜, keep 我. The **token error rate
# 词错误率** divides by the reference's length: $2/4 = 50\,\%$.

# %%
reference, hypothesis = "我喜欢你", "我爱你"
edits = edit_alignment(reference, hypothesis)
print(edit_distance(reference, hypothesis), "edits:", [edit.name for edit in edits])
assert edit_distance(reference, hypothesis) == 2
assert [edit.name for edit in edits] == ["keep", "delete", "substitute", "keep"]
assert [edit.name for edit in edit_alignment(hypothesis, reference)] == ["keep", "insert", "substitute", "keep"]  # turned round
assert token_error_rate([reference], [hypothesis]) == 50

# %% [markdown]
# ## 5 The backward pass, derived 反向传播的推导
#
# **D1.4.** Each entry is in one square: $\delta y_{nd} = \frac{2}{ND}\,(y_{nd} - y^*_{nd})$, $\;\delta y^* = -\delta y$, and 0 at
# padding. On paper: $\frac{2}{4}\,(1, 0) = (\frac12, 0)$ and $\frac24\,(2, -1) = (1, -\frac12)$.
#
# **D2.7.** Every path is at exactly one place $s$ at step $t$. Sorted by it, $p(l) = \sum_s \alpha_t(s)\,\beta_t(s)$, for every
# $t$. Only $\alpha_t(s)$ holds $p_t(l'_s)$, once and as a factor, so
#
# $$\frac{\partial p(l)}{\partial p_t(k)} = \frac{1}{p_t(k)} \sum_{s:\ l'_s = k} \alpha_t(s)\,\beta_t(s), \qquad
# \frac{\partial \log p(l)}{\partial \log p_t(k)} = \underbrace{\frac{1}{p(l)} \sum_{s:\ l'_s = k} \alpha_t(s)\,\beta_t(s)}_{
# \textstyle \gamma_t(k)} .$$
#
# $\gamma_t(k)$ is the **share 份额** of the good paths that say $k$ at step $t$; over all $k$ it sums to one. Through the
# softmax, with $\partial \log p_t(j)/\partial z_{tk} = [j = k] - p_t(k)$,
#
# $$\delta z_{tk} = -\frac1N \sum_j \gamma_t(j)\,\big([j = k] - p_t(k)\big) = \frac{p_t(k) - \gamma_t(k)}{N} .$$
#
# It is cross-entropy's $p - q$ once more, only that the target distribution $\gamma$ is worked out by the model itself, anew at
# each update: where it believes the labels to be, it is told to believe so more firmly.
#
# **On paper.** $\beta$ goes backwards by the same moves, from $\beta_3 = (0, 0, 0, 1, 1)$; it does not contain $p_t$ itself:
#
# | $s$ | $l'_s$ | $\beta_1$ | $\beta_2$ | $32\,\alpha_1\beta_1$ | $32\,\alpha_2\beta_2$ | $32\,\alpha_3\beta_3$ |
# |---|---|---|---|---|---|---|
# | $1$ | $\varnothing$ | $\frac14\cdot\frac12 = \frac18$ | $0$ | $1$ | $0$ | $0$ |
# | $2$ | $a$ | $\frac18 + \frac14 + \frac{3}{16} = \frac{9}{16}$ | $\frac12$ | $9$ | $3$ | $0$ |
# | $3$ | $\varnothing$ | $\frac12\cdot\frac12 + \frac14\cdot\frac34 = \frac{7}{16}$ | $\frac12$ | $0$ | $4$ | $0$ |
# | $4$ | $b$ | $\frac14\cdot\frac34 + \frac12\cdot\frac14 = \frac{5}{16}$ | $\frac12 + \frac14 = \frac34$ | $0$ | $3$ | $9$ |
# | $5$ | $\varnothing$ | $\frac12\cdot\frac14 = \frac18$ | $\frac14$ | $0$ | $0$ | $1$ |
# | sum | | | | $10$ | $10$ | $10$ |
#
# So $\gamma_1 = (\frac{1}{10}, \frac{9}{10}, 0)$, $\gamma_2 = (\frac{4}{10}, \frac{3}{10}, \frac{3}{10})$,
# $\gamma_3 = (\frac{1}{10}, 0, \frac{9}{10})$ for $(\varnothing, a, b)$, and $\delta z = \frac12 (p - \gamma)$.
#
# **D2.8** has no backward pass (erratum X6).

# %%
show_source(mean_squared_error_backward, ctc_backward)
d = mean_squared_error_backward(1.0, cache_squares)
assert np.allclose(d.y[:, 0], [[1 / 2, 0], [1, -1 / 2], [0, 0]]) and np.array_equal(d.targets, -d.y)

gamma = np.array([[1, 9, 0], [4, 3, 3], [1, 0, 9]]) / 10
d_logits = ctc_backward(1.0, cache_ctc)[:, 0]
print("2 d_z =\n", 2 * d_logits)
assert np.allclose(d_logits, (p - gamma) / 2)


# %% [markdown]
# The backward variables are forward variables too, of the same problem read from the end (with $p_t(l'_s)$ counted, which $\beta$
# does not). That gives the paper's $\beta$, and a second way to the shares, which the picture will use:


# %%
def forward_variables(logits, labels):
    """α_t(s) of one row, (T, 2L + 1)."""
    return np.exp(ctc(logits, labels)[1][2][1:, :, 0])


def shares(logits, labels):
    """α_t(s) β_t(s) / p(l): the share of the good paths that are at l'_s in step t. (T, 2L + 1), rows sum to one."""
    alpha, reversed_alpha = forward_variables(logits, labels), forward_variables(logits[::-1], labels[::-1])[::-1, ::-1]
    extended = np.zeros(2 * len(labels) + 1, dtype=int)
    extended[1::2] = labels[:, 0]
    both = alpha * reversed_alpha / softmax(logits[:, 0])[0][:, extended]
    return both / both.sum(axis=1, keepdims=True)


beta = forward_variables(logits[::-1], labels[::-1])[::-1, ::-1] / p[:, [0, A, 0, B_, 0]]
assert np.allclose(beta[0], [1 / 8, 9 / 16, 7 / 16, 5 / 16, 1 / 8]) and np.allclose(beta[1], [0, 1 / 2, 1 / 2, 3 / 4, 1 / 4])
assert np.allclose((alpha * beta).sum(axis=1), 10 / 32)  # at every step
assert np.allclose(shares(logits, labels) * 10, [[1, 9, 0, 0, 0], [0, 3, 4, 3, 0], [0, 0, 0, 9, 1]])

# %% [markdown]
# ## 6 The check, live 梯度检验
#
# For D1.4 and D2.7 complex step and five-point difference; for D2.7 also the **enumeration** of all paths as an oracle 对照, on
# rows with repeated labels, with exactly one alignment, and with no label at all. For D2.8 the oracle is the recursive
# definition, without a table.

# %%
assert show_checks([result for id in ("D1.4", "D2.7", "D2.8") for result in equation(id).check(rng)])

# %% [markdown]
# ## 7 A picture 图: a lattice, and what training does to it
#
# Left: the **lattice 网格** of the paper example, each place with its forward variable; a path goes from left to right along the
# edges. Middle and right: a lattice of twelve steps for the labels $(a, b, b, c)$. The circles are the shares
# $\alpha_t(s)\beta_t(s)/p(l)$. No network is trained here, only the logits themselves, by gradient descent: from logits that say
# nothing, in which all alignments 对齐 have their share, it settles on nearly one. Nobody told it where the labels are. (A
# network that hears real sounds is not free to put them anywhere; and it tends to spikes 尖峰, one step for a label and blanks
# between, because the blank fits in everywhere.)

# %%
T, word = 12, np.array([[1], [2], [2], [3]])
start = 0.1 * rng.standard_normal((T, 1, 4))
trained, losses, distances = start, [], []
for _ in range(60):
    loss, cache = ctc(trained, word)
    losses.append(loss)
    distances.append(edit_distance(word[:, 0].tolist(), collapse(trained[:, 0].argmax(axis=1))))
    trained = sgd(trained, ctc_backward(1.0, cache), learning_rate=4.0)
print(f"loss {losses[0]:.2f} → {losses[-1]:.2f} nats per label; edits of the likeliest path {distances[0]} → {distances[-1]}")
assert losses[-1] < 0.2 < losses[0] and distances[0] > 0 and distances[-1] == 0


def draw_lattice(panel, sizes, names, texts=None):
    """One circle for each place s (upwards) and step t, and the moves that a path may make."""
    T, S = sizes.shape
    for t in range(T - 1):
        for s in range(S):
            skip = s + 2 < S and names[s] != "∅" and names[s] != names[s + 2]
            for move in (0, 1, 2) if skip else (0, 1):
                if s + move < S:
                    panel.plot([t + 1, t + 2], [s, s + move], color="0.85", lw=0.8, zorder=1)
    t, s = np.indices(sizes.shape)
    panel.scatter(t + 1, s, s=12, color="0.75", zorder=2)
    panel.scatter(t + 1, s, s=700 * sizes, color="tab:blue", alpha=0.75 if texts is None else 0.25, zorder=3)
    for place in np.ndindex(*sizes.shape) if texts is not None else ():
        if texts[place]:
            panel.text(place[0] + 1, place[1], texts[place], ha="center", va="center", fontsize=9, zorder=4)
    panel.set_yticks(range(S), names)
    panel.set_xlabel("step t")
    panel.set_ylim(-0.6, S - 0.4)


figure = Figure(figsize=(12, 4.2), layout="constrained")
left, middle, right = figure.subplots(1, 3, width_ratios=[3, 4, 4])
texts = np.array([[f"{round(64 * x)}/64" if x else "" for x in row] for row in alpha])
draw_lattice(left, 2 * alpha, list("∅a∅b∅"), texts)
left.set(title="forward variables $\\alpha_t(s)$, labels (a, b)", xticks=[1, 2, 3], xlim=(0.5, 3.5))
draw_lattice(middle, shares(start, word), list("∅a∅b∅b∅c∅"))
middle.set_title(f"shares before training, loss {losses[0]:.2f}")
draw_lattice(right, shares(trained, word), list("∅a∅b∅b∅c∅"))
right.set_title(f"after 60 steps of gradient descent, loss {losses[-1]:.2f}")
show_picture(figure, "10_ctc_lattice")

clearest = [shares(z, word).max(axis=1).mean() for z in (start, trained)]
print(f"largest share in a step, on average: {clearest[0]:.2f} → {clearest[1]:.2f}")
assert clearest[0] < 0.5 and clearest[1] > 0.8

# %% [markdown]
# ## 8 A question or two 思考题
#
# **1.** How many steps do the labels $(a, a)$ need at least? And how many paths collapse to one label $(a)$ in $T$ steps?
#
# <details><summary>Answer 答案</summary>
#
# Three: in two steps the only candidate is $a\,a$, which collapses to $(a)$. Each label that equals the one before needs a blank
# between. For $(a)$ a path is a run of $a$ with blanks around it: choose where the run begins and ends, $\frac{T(T+1)}{2}$ ways.
#
# </details>
#
# **2.** Words have numbers. Why not let a translator give one real number for each word, with the mean squared error?
#
# <details><summary>Answer 答案</summary>
#
# The numbers are names. Word 17 is not "nearly" word 18, and a model that hesitates between the words 3 and 201 would answer 102,
# which is neither. A distribution over words can say "either 3 or 201". The squared error is right where the mean of two good
# answers is a good answer.
#
# </details>

# %%
try:
    ctc(np.zeros((2, 1, 3)), np.array([[A], [A]]))
except UsageError as error:
    print("two steps:", error)
else:
    raise AssertionError("two steps cannot say (a, a)")
assert np.isclose(ctc(np.zeros((3, 1, 3)), np.array([[A], [A]]))[0], -np.log(1 / 27) / 2)  # a ∅ a, one path of 27
for T in range(1, 7):
    found = sum(collapse(path) == [A] for path in product(range(2), repeat=T))
    assert found == comb(T + 1, 2) == T * (T + 1) // 2
    assert np.isclose(ctc(np.zeros((T, 1, 2)), np.array([[A]]))[0], -np.log(found / 2**T))

# %% [markdown]
# ## 9 Errata 勘误
#
# **X6: no loss is computed from the edit distance.** D2 §4.4 says so of cross-entropy and CTC. Both are **likelihoods 似然**:
# they do not compare an output with the target, they ask how probable the target is. The edit distance compares two finished
# sequences. It is a whole number, so under a small change of the parameters it stays as it is, or jumps: its gradient is zero or
# does not exist. It is a **metric 评价指标**, and a good one: what the loss improves shows in it (section 7).

# %%
step = 1e-6
for name, z in (("before training", start), ("after", trained)):
    moved = z + step * np.eye(4)[0]  # every blank's score a little higher
    edits, edits_moved = (edit_distance(word[:, 0].tolist(), collapse(x[:, 0].argmax(axis=1))) for x in (z, moved))
    loss, cache = ctc(z, word)
    slope, gradient = (ctc(moved, word)[0] - loss) / step, ctc_backward(1.0, cache)[..., 0].sum()
    print(f"X6, {name}: edits {edits}, moved {edits_moved}; CTC's slope {slope:+.6f}, by its gradient {gradient:+.6f}")
    assert edits == edits_moved and np.isclose(slope, gradient, atol=1e-5) and abs(gradient) > 1e-4

# %% [markdown]
# **X11: the documents mask nothing.** Then padding counts as if the model should have said something there. Here what stands in
# it changes neither loss nor gradient:

# %%
elsewhere = np.where(mask[..., None], y, -1000.0)
print("X11: masked", mean_squared_error(elsewhere, targets, mask)[0], "  not masked", mean_squared_error(elsewhere, targets)[0])
assert mean_squared_error(elsewhere, targets, mask)[0] == mean_squared_error(y, targets, mask)[0]
assert mean_squared_error(elsewhere, targets)[0] > 1e5

# %% [markdown]
# ## Where next
#
# `minis2s show D2.7` prints CTC with its derivation and check. Lesson 11 turns gradients into updates; lesson 15 uses the token
# error rate beside other scores, and says what each of them hides.

# %%
print("Lesson 10: every claim held.")

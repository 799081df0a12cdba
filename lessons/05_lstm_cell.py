# %% [markdown]
# # Lesson 5 · The LSTM cell 长短期记忆单元
#
# About 20 minutes. You need lessons 2 and 3: affine maps, $\sigma$ and $\tanh$, back-propagation through time 沿时间反向传播;
# lesson 4 says what the cell below is good for. Run this file with `python lessons/05_lstm_cell.py`, or open it cell by cell in
# VS Code or Jupyter (with jupytext).
#
# At the end you can compute one step of an LSTM on paper, forwards and backwards, and you have seen the engine do the same.
# Every claim below is followed by an `assert`: if this file runs to its end, they all hold on your machine.

# %%
import time

import numpy as np
from matplotlib.figure import Figure

from minis2s import gradcheck
from minis2s.equations.catalogue.lstm import cell_inputs, cell_of_inputs, cell_of_inputs_backward
from minis2s.equations.lstm import (
    LSTMState,
    lstm_cell_state,
    lstm_cell_state_backward,
    lstm_gates,
    lstm_gates_backward,
    lstm_hidden_state,
    lstm_hidden_state_backward,
    lstm_pointwise,
    lstm_pointwise_backward,
    lstm_preactivation,
    lstm_preactivation_backward,
)
from minis2s.equations.registry import equation
from minis2s.lessons import show_checks, show_picture, show_printed, show_source

np.set_printoptions(precision=6, suppress=True)
rng = np.random.default_rng(1)

# %% [markdown]
# ## 1 The formulas as printed 原文公式
#
# A recurrent network 循环神经网络 reads a sequence $x_1, x_2, \dots$ and carries a state from step to step. An LSTM carries
# two: the **hidden state 隐藏状态** $h_t$, which the rest of the network sees, and the **cell state 细胞状态** $c_t$, its
# memory. Document D0, section 3.1, prints:
#
# $$i_t = \sigma(W_i \cdot [h_{t-1}, x_t] + b_i) \tag{D0.1}$$
# $$f_t = \sigma(W_f \cdot [h_{t-1}, x_t] + b_f) \tag{D0.2}$$
# $$o_t = \sigma(W_o \cdot [h_{t-1}, x_t] + b_o) \tag{D0.3}$$
# $$c_t = f_t \cdot c_{t-1} + i_t \cdot \tanh(W_c \cdot [h_{t-1}, x_t] + b_c) \tag{D0.4}$$
# $$h_t = o_t \cdot \tanh(c_t) \tag{D0.5}$$
#
# In words. Three **gates 门** are numbers between 0 (shut) and 1 (open), one for each entry of the state: the **input gate
# 输入门** $i$ decides how much new content enters, the **forget gate 遗忘门** $f$ how much of the old memory stays, the
# **output gate 输出门** $o$ how much of the memory shows. The new content is the **candidate 候选值**
# $g_t = \tanh(W_c \cdot [h_{t-1}, x_t] + b_c)$; D0 gives it no name of its own. So D0.4 reads: *keep $f$ of the old, add $i$
# of the new*.
#
# The package keeps the printed form beside its code:

# %%
show_printed("D0.1", "D0.2", "D0.3", "D0.4", "D0.5")

# %% [markdown]
# ## 2 Symbols and shapes 符号与形状
#
# $B$ sentences are computed side by side (a batch 批), each vector is a **row**. $E$ is the size of an input, $H$ of the
# state.
#
# | symbol | shape | meaning |
# |---|---|---|
# | $x_t$ | $(B, E)$ | input vector 输入向量 of step $t$ |
# | $h_{t-1}, h_t$ | $(B, H)$ | hidden state 隐藏状态 before and after the step; each entry in $(-1, 1)$ |
# | $c_{t-1}, c_t$ | $(B, H)$ | cell state 细胞状态; may be any real number |
# | $i_t, f_t, o_t$ | $(B, H)$ | input, forget, output gate 输入门、遗忘门、输出门; each entry in $(0, 1)$ |
# | $g_t$ | $(B, H)$ | candidate 候选值; each entry in $(-1, 1)$ |
# | $W_h$ | $(H, 4H)$ | weights 权重 for $h_{t-1}$: four blocks side by side, for $i, f, o, g$ |
# | $W_x$ | $(E, 4H)$ | weights for $x_t$, in the same blocks |
# | $b$ | $(4H,)$ | biases 偏置, in the same blocks |
# | $a_t$ | $(B, 4H)$ | pre-activation 预激活值: what goes into $\sigma$ and $\tanh$ |
# | $\sigma(a)$ | | logistic sigmoid, $1/(1+e^{-a})$, for each entry |
# | $\odot$ | | element-wise product 逐元素乘积 |
#
# The document writes $W\cdot[h, x]$ with columns; with rows the same is $[h, x]\,W$.

# %% [markdown]
# ## 3 The engine's own source 源代码
#
# The next cell prints the functions that every model of this package runs on. They are read from the installed package, not
# copied into the lesson. Each has the same form: `f(...) -> (result, cache)`; the cache keeps what the backward pass will
# need.

# %%
show_source(lstm_preactivation, lstm_gates, lstm_cell_state, lstm_hidden_state, lstm_pointwise)

# %% [markdown]
# ## 4 One product instead of eight 分块矩阵
#
# A row times a matrix is a sum over the row's entries, and a sum may be split. With the rows of $W$ split into those that
# meet $h$ and those that meet $x$,
#
# $$[h_{t-1},\, x_t]\begin{bmatrix} W_h \\ W_x \end{bmatrix} = h_{t-1} W_h + x_t W_x .$$
#
# The four gates differ only in their columns, so their matrices stand side by side, and one product gives all four. Try it:

# %%
B, E, H = 2, 3, 4
h, x, W = rng.standard_normal((B, H)), rng.standard_normal((B, E)), rng.standard_normal((H + E, 4 * H))
joined = np.concatenate([h, x], axis=1) @ W  # W · [h, x]
split = h @ W[:H] + x @ W[H:]  # h W_h + x W_x
print("largest difference:", abs(joined - split).max())
assert np.allclose(joined, split, rtol=0, atol=1e-12)

# %% [markdown]
# The split pays over time. $h_{t-1} W_h$ must wait for step $t-1$; $x_t W_x + b$ need not wait for anything. So a layer
# computes the input part of **all** steps as one large product before its loop begins, and the loop is left with
# $h_{t-1} W_h$. The numbers are the same; the time below is that of your machine.

# %%
T, B, E, H = 60, 32, 128, 128
xs, W_x, b = rng.standard_normal((T, B, E)), rng.standard_normal((E, 4 * H)), rng.standard_normal(4 * H)
start = time.perf_counter()
one_by_one = np.stack([x_t @ W_x + b for x_t in xs])
middle = time.perf_counter()
at_once = (xs.reshape(T * B, E) @ W_x + b).reshape(T, B, 4 * H)
end = time.perf_counter()
print(f"{T} products: {1e3 * (middle - start):.1f} ms    one product: {1e3 * (end - middle):.1f} ms")
assert np.allclose(one_by_one, at_once, rtol=0, atol=1e-10)

# %% [markdown]
# ## 5 A worked example for paper 手算例子
#
# Take $B = E = H = 1$, so that every matrix is a number. Let $\ell = \ln 3 \approx 1.098612$, because it makes the squashing
# functions come out round:
#
# $$\sigma(\ell) = \frac{1}{1 + \frac13} = \frac34, \quad \sigma(2\ell) = \frac{1}{1 + \frac19} = \frac{9}{10}, \quad
# \tanh\!\left(\tfrac{\ell}{2}\right) = \frac{3 - 1}{3 + 1} = \frac12 .$$
#
# Let $x = 1$, $h_{t-1} = \frac12$, $c_{t-1} = \frac14$, and these weights, in units of $\ell$:
#
# | | $i$ | $f$ | $o$ | $g$ |
# |---|---|---|---|---|
# | $W_x / \ell$ | $\frac12$ | $1$ | $1$ | $1$ |
# | $W_h / \ell$ | $1$ | $-2$ | $2$ | $0$ |
# | $b / \ell$ | $0$ | $0$ | $0$ | $-\frac12$ |
# | $a / \ell = \frac12 W_h + 1\, W_x + b$ | $1$ | $0$ | $2$ | $\frac12$ |
# | squashed | $\sigma(\ell) = \frac34$ | $\sigma(0) = \frac12$ | $\sigma(2\ell) = \frac{9}{10}$ | $\tanh(\frac\ell2) = \frac12$ |
#
# Then
#
# $$c_t = f\,c_{t-1} + i\,g = \tfrac12\cdot\tfrac14 + \tfrac34\cdot\tfrac12 = \tfrac18 + \tfrac38 = \tfrac12,
# \qquad h_t = o \tanh(c_t) = 0.9 \cdot 0.462117 = 0.415905 .$$
#
# Work it out on paper first, then compare with the engine:

# %%
l = np.log(3)
x, h_prev, c_prev = np.array([[1.0]]), np.array([[0.5]]), np.array([[0.25]])
W_x = l * np.array([[0.5, 1, 1, 1]])
W_h = l * np.array([[1.0, -2, 2, 0]])
b = l * np.array([0, 0, 0, -0.5])

a, cache_a = lstm_preactivation(x, h_prev, W_x, W_h, b)
gates, _ = lstm_gates(a)
state, cache_state = lstm_pointwise(a, c_prev)
print("a / ln 3   =", a / l)
print("i, f, o, g =", *(y.item() for y in gates))
print("c =", state.c.item(), "   h =", state.h.item())

assert np.allclose(a / l, [[1, 0, 2, 0.5]])
assert np.allclose(np.concatenate(gates, axis=1), [[3 / 4, 1 / 2, 9 / 10, 1 / 2]])
assert np.isclose(state.c, 1 / 2)
assert np.isclose(state.h, 0.415905, atol=1e-6)

# %% [markdown]
# ## 6 The backward pass, derived 反向传播的推导
#
# Let $L$ be any loss 损失 computed from the cell's outputs. Write $\delta v$ for $\partial L/\partial v$, of the same shape
# as $v$. The rest of the network hands us the **upstream gradients 上游梯度** $\delta h_t$ and $\delta c_t$; we owe it the
# gradient 梯度 of every input. We go through the steps in reverse, with two rules:
#
# * **product**: in $y = u \odot v$ each factor receives the other one, $\delta u = \delta y \odot v$ and
#   $\delta v = \delta y \odot u$;
# * **two readers**: a value that is used twice receives the **sum** of both gradients.
#
# **Step 3**, $h = o \odot \tanh(c)$:
# $$\delta o = \delta h \odot \tanh(c), \qquad \delta c \mathrel{+}= \delta h \odot o \odot (1 - \tanh^2 c).$$
# The $+$ is the second rule: $c_t$ is read by $h_t$ here and by the next step as its $c_{t-1}$.
#
# **Step 2**, $c = f \odot c_{t-1} + i \odot g$:
# $$\delta f = \delta c \odot c_{t-1}, \quad \delta c_{t-1} = \delta c \odot f, \quad
# \delta i = \delta c \odot g, \quad \delta g = \delta c \odot i.$$
#
# **Step 1**, the squashing functions. From $\sigma' = \sigma(1-\sigma)$ and $\tanh' = 1 - \tanh^2$, both written in the
# *output*, which is why the cache keeps outputs:
# $$\delta a_i = \delta i \odot i \odot (1 - i), \quad \delta a_f = \delta f \odot f \odot (1 - f), \quad
# \delta a_o = \delta o \odot o \odot (1 - o), \quad \delta a_g = \delta g \odot (1 - g \odot g).$$
#
# **Step 0**, $a = h_{t-1} W_h + x W_x + b$. For an entry, $a_{nk} = \sum_m x_{nm} W_{x,mk} + \dots$, hence
# $\partial L/\partial x_{nm} = \sum_k \delta a_{nk} W_{x,mk}$ and
# $\partial L/\partial W_{x,mk} = \sum_n x_{nm}\, \delta a_{nk}$. In matrices:
# $$\delta x = \delta a\, W_x^\top, \quad \delta h_{t-1} = \delta a\, W_h^\top, \quad \delta W_x = x^\top \delta a, \quad
# \delta W_h = h_{t-1}^\top \delta a, \quad \delta b = \textstyle\sum_n \delta a_n.$$
#
# The engine's backward functions are these lines:

# %%
show_source(lstm_pointwise_backward, lstm_hidden_state_backward, lstm_cell_state_backward, lstm_gates_backward)
show_source(lstm_preactivation_backward)

# %% [markdown]
# **On paper.** First let $L = c_t$, so $\delta c = 1$ and $h$ receives nothing. With $i = \frac34, f = \frac12, g = \frac12$,
# $c_{t-1} = \frac14$:
#
# | | $i$ | $f$ | $o$ | $g$ |
# |---|---|---|---|---|
# | $\delta$ of the gate | $g = \frac12$ | $c_{t-1} = \frac14$ | $0$ | $i = \frac34$ |
# | slope | $\frac34\cdot\frac14$ | $\frac12\cdot\frac12$ | | $1 - \frac14$ |
# | $\delta a$ | $\frac{3}{32}$ | $\frac{1}{16}$ | $0$ | $\frac{9}{16}$ |
#
# $$\delta c_{t-1} = f = \tfrac12, \quad
# \delta x = \ell\left(\tfrac12\cdot\tfrac{3}{32} + \tfrac{1}{16} + \tfrac{9}{16}\right) = \tfrac{43}{64}\ell, \quad
# \delta h_{t-1} = \ell\left(\tfrac{3}{32} - 2\cdot\tfrac{1}{16}\right) = -\tfrac{1}{32}\ell,$$
# $$\delta W_x = 1\cdot\delta a, \quad \delta W_h = \tfrac12\,\delta a, \quad \delta b = \delta a .$$

# %%
d_a, d_c_prev = lstm_pointwise_backward(LSTMState(None, np.array([[1.0]])), cache_state)
d = lstm_preactivation_backward(d_a, cache_a)
print("L = c:  d_a =", d_a, "  d_c_prev =", d_c_prev.item())
print("        d_x / ln 3 =", d.x.item() / l, "  d_h_prev / ln 3 =", d.h_prev.item() / l)

assert np.allclose(d_a, [[3 / 32, 1 / 16, 0, 9 / 16]])
assert np.isclose(d_c_prev, 1 / 2)
assert np.isclose(d.x, 43 / 64 * l) and np.isclose(d.h_prev, -1 / 32 * l)
assert np.allclose(d.W_x, d_a) and np.allclose(d.W_h, d_a / 2) and np.allclose(d.b, d_a[0])

# %% [markdown]
# Now let $L = h_t$, so $\delta h = 1$. Step 3 gives $\delta o = \tanh(\frac12) = 0.462117$ and
# $\delta c = 0.9\,(1 - 0.462117^2) = 0.9 \cdot 0.786448 = 0.707803$. All the rest is the table above times $0.707803$, except
# that $o$ now matters: $\delta a_o = 0.462117 \cdot 0.9 \cdot 0.1 = 0.041591$.

# %%
d_a_of_h, d_c_prev_of_h = lstm_pointwise_backward(LSTMState(np.array([[1.0]]), None), cache_state)
print("L = h:  d_a =", d_a_of_h, "  d_c_prev =", d_c_prev_of_h.item())
assert np.allclose(d_a_of_h, [[0.707803 * 3 / 32, 0.707803 / 16, 0.041591, 0.707803 * 9 / 16]], atol=1e-6)
assert np.isclose(d_c_prev_of_h, 0.707803 / 2, atol=1e-6)

# %% [markdown]
# ## 7 The check, live 梯度检验
#
# A derivation can be wrong, and so can its code. As lesson 1 explains, the engine compares each gradient with two numerical
# ones, at random inputs and with random upstream gradients $d$, for $L = \sum d \odot \text{output}$:
#
# * **complex step 复数步长法**: $\partial L/\partial x \approx \operatorname{Im} L(x + \mathrm{i}\,10^{-30}) / 10^{-30}$
#   (here $\mathrm{i}$ is the imaginary unit). Nothing is subtracted, so nothing is lost: errors of $10^{-16}$ are normal,
#   $10^{-10}$ is allowed;
# * **five-point difference 五点差分**: real numbers only, error of order $h^4$; $10^{-6}$ is allowed.
#
# The last row is the whole cell with both outputs: both receive a gradient, then $h$ alone, then $c$ alone.

# %%
results = [result for id in ("D0.1", "D0.2", "D0.3", "D0.4", "D0.5") for result in equation(id).check(rng)]
inputs = cell_inputs(rng)
results += gradcheck.check_pair("cell", cell_of_inputs, cell_of_inputs_backward, inputs, tuple(inputs), rng)
assert show_checks(results, {"cell": "LSTM cell, h and c"})

# %% [markdown]
# A check is worth something only if it can fail. Suppose that we forget the second rule of section 6, and let $\delta c$ from
# the next step replace the one from $h_t$ instead of adding the two:


# %%
def forgetful_backward(d_state, cache):
    """The planted mistake: where both gradients arrive, only the next step's counts."""
    d_c_only = LSTMState(None if d_state.c is not None else d_state.h, d_state.c)
    return cell_of_inputs_backward(d_c_only, cache)


wrong = gradcheck.check_pair("wrong", cell_of_inputs, forgetful_backward, inputs, tuple(inputs), rng)
assert not show_checks(wrong, {"wrong": "with the planted mistake"})
failed = {result.target for result in wrong if not result.passed}
assert failed == set(inputs)  # only where both gradients arrive; "(h alone)" and "(c alone)" pass

# %% [markdown]
# ## 8 A picture 图: what the gates do over time
#
# A cell with $H = 1$ and weights set by hand, as a one-number memory. Its inputs are a *value*, and two switches, *write* and
# *read*:
#
# $$a_i = 16\,\text{write} - 8, \quad a_f = 8 - 16\,\text{write}, \quad a_o = 16\,\text{read} - 8, \quad a_g = 3\,\text{value}.$$
#
# Writing opens the input gate and shuts the forget gate; in between $f \approx 1$ and $i \approx 0$, and the memory stands
# still, whatever the value does. A trained LSTM finds softer versions of such cells by itself.

# %%
value = np.array([-0.4, 0.9, 0.3, -0.7, 0.5, -0.2, -0.9, 0.6, 0.1, -0.5, 0.8, -0.3])
write = np.array([0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0])
read = np.array([0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 1])
xs = np.stack([value, write, read], axis=1)[:, None, :]  # (T, B, E) = (12, 1, 3)
W_x = np.array([[0.0, 0, 0, 3], [16, -16, 0, 0], [0, 0, 16, 0]])  # columns i, f, o, g
W_h, b = np.zeros((1, 4)), np.array([-8.0, 8, -8, 0])

state, rows = LSTMState(np.zeros((1, 1)), np.zeros((1, 1))), []
for x_t in xs:
    a, _ = lstm_preactivation(x_t, state.h, W_x, W_h, b)
    gates, _ = lstm_gates(a)
    state, _ = lstm_pointwise(a, state.c)
    rows.append([*x_t[0], *(y.item() for y in gates), state.c.item(), state.h.item()])
history = np.array(rows).T  # (9, T)

names = ["value", "write", "read", "input gate i", "forget gate f", "output gate o"]
names += ["candidate g", "cell state c", "hidden state h"]
figure = Figure(figsize=(9, 4.6), layout="constrained")
axes = figure.subplots()
image = axes.imshow(history, cmap="RdBu", vmin=-1, vmax=1, aspect="auto")
axes.set_yticks(range(len(names)), names)
axes.set_xticks(range(len(value)), range(1, len(value) + 1))
axes.set_xlabel("step t")
axes.set_title("A one-number memory: written at t = 2 and 7, read at t = 5, 9 and 12", fontsize="medium")
for k, line in enumerate(history):
    for t, number in enumerate(line):
        text = f"{round(number, 1) + 0:.1f}"  # + 0 turns −0.0 into 0.0
        axes.text(t, k, text, ha="center", va="center", fontsize=8, color="white" if abs(number) > 0.6 else "black")
axes.axhline(2.5, color="black", lw=1.5)
axes.axhline(6.5, color="black", lw=0.8)
figure.colorbar(image)
show_picture(figure, "05_lstm_gates")

c, h = history[7], history[8]
assert np.ptp(c[1:6]) < 0.01 and np.ptp(c[6:]) < 0.01  # the memory stands still between writes
assert c[1] > 0.9 and c[6] < -0.9  # and holds the sign that was written
assert all(abs(h[read == 0]) < 0.01) and h[4] > 0.7 and h[8] < -0.7 and h[11] < -0.7  # it shows only when read

# %% [markdown]
# ## 9 A question 思考题
#
# A new LSTM has small weights and zero biases, so all its gates are near $\frac12$. How much of $c_0$ is left after 20 steps,
# and how much if the forget gate's bias starts at $b_f = 1$? What does that mean for the gradient $\partial L/\partial c_0$?
#
# <details><summary>Answer 答案</summary>
#
# $c_t = f \odot c_{t-1} + \dots$ keeps a factor $f$ in each step. With $f = \sigma(0) = \frac12$ about
# $2^{-20} \approx 10^{-6}$ is left; with $f = \sigma(1) \approx 0.731$ about $0.731^{20} \approx 0.0019$, two thousand times
# more. The gradient has the same fate, since $\delta c_{t-1} = \delta c_t \odot f$: where the gates do not depend on $c$
# (here $W_h = 0$), $\partial c_T/\partial c_0 = \prod_t f_t$ exactly. A forget bias of 1 is therefore the usual start (Gers
# et al. 2000; Jozefowicz et al. 2015), also in this package: at first, remember.
#
# </details>

# %%
for b_f, expected in ((0.0, 2.0**-20), (1.0, 0.0019)):
    c_0 = np.array([[1.0]])
    state, caches = LSTMState(np.zeros((1, 1)), c_0), []
    for _ in range(20):
        state, cache = lstm_pointwise(np.array([[0, b_f, 0, 0.0]]), state.c)  # a_g = 0, so nothing new enters
        caches.append(cache)
    d_c = np.array([[1.0]])
    for cache in reversed(caches):  # back-propagation through time 沿时间反向传播
        _, d_c = lstm_pointwise_backward(LSTMState(None, d_c), cache)
    print(f"b_f = {b_f:g}: c_20 / c_0 = {state.c.item():.3g}, d c_20 / d c_0 = {d_c.item():.3g}")
    assert np.isclose(state.c, expected, rtol=0.02) and np.isclose(d_c, state.c)

# %% [markdown]
# ## 10 Errata 勘误: what D0 says otherwise
#
# **X5.** D0 §3.1 calls $c_t$ a gate: 恒定门 (constant gate) in its list of steps, 门控状态向量 (gated state vector) in its
# legend. It is the **cell state**. A gate lies in $(0, 1)$; a cell state can count, as the next cell shows. What $W_c$
# computes is the candidate $g_t$.
#
# **X15.** D0 starts with 初始化一个隐藏状态向量 $h_0$ and never sets $c_0$. Step 1 needs both. Both are inputs, and both have
# gradients: zero is a common choice, but a decoder 解码器 may start from the encoder's final $h$ *and* $c$, and then the
# encoder 编码器 learns through both.
#
# **X16.** The same dot means two things: in D0.1–D0.3 and inside the $\tanh$ of D0.4 the **matrix product** 矩阵乘法 of $W$
# and $[h, x]$; between the gates and states of D0.4 and D0.5 the **element-wise** product. This project writes `@` and
# $\odot$. Read as an inner product, D0.4 would turn a whole memory into one number.

# %%
state = LSTMState(np.zeros((1, 1)), np.zeros((1, 1)))
for _ in range(5):
    state, _ = lstm_pointwise(np.array([[20.0, 20, 20, 20]]), state.c)  # i = f = o = g = 1 to eight digits: count
print("X5:  c_5 =", state.c.item(), "is no gate; h_5 =", state.h.item())
assert np.isclose(state.c, 5) and abs(state.h) < 1

x, h_0, c_0, W_x, W_h, b = (cell_inputs(rng)[name] for name in ("x", "h_prev", "c_prev", "W_x", "W_h", "b"))
out, cache = cell_of_inputs(x, h_0, c_0, W_x, W_h, b)
d = cell_of_inputs_backward(LSTMState(np.ones_like(out.h), None), cache)
print("X15: |d_h_0| =", np.linalg.norm(d.h_prev), "  |d_c_0| =", np.linalg.norm(d.c_prev))
assert np.linalg.norm(d.h_prev) > 0 and np.linalg.norm(d.c_prev) > 0
assert not np.allclose(cell_of_inputs(x, h_0, c_0 + 1, W_x, W_h, b)[0].h, out.h)  # c_0 matters from the first step on

f, c = np.array([0.5, 0.9]), np.array([2.0, -1.0])
print("X16: element-wise f ⊙ c =", f * c, "  inner product f · c =", f @ c)
assert (f * c).shape == (2,) and np.ndim(f @ c) == 0

# %% [markdown]
# ## Where next
#
# `minis2s show D0.4` prints one equation with its code and check; `minis2s check` checks them all. The loop over time, with
# sentences of different lengths, is `minis2s/layers/recurrent.py`, around the `LSTMCell` of `minis2s/layers/cells.py`;
# compare its `backward` with the loop of section 9. Lesson 6 does with fewer gates; lesson 8 lets a decoder look back at
# all the $h_t$: additive attention 加性注意力.

# %%
print("Lesson 5: every claim held.")

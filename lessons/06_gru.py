# %% [markdown]
# # Lesson 6 · The GRU 门控循环单元
#
# About 20 minutes. You need lesson 5, the LSTM. Run this file with `python lessons/06_gru.py`, or open it cell by cell in VS
# Code or Jupyter (with jupytext).
#
# The gated recurrent unit 门控循环单元 (Cho et al. 2014) does with two gates and one state what the LSTM does with three gates
# and two. Two papers and two libraries write it in ways that differ in small places: where one gate acts, and which way the
# other one opens. Whoever mixes them up gets a network that trains, only not the one that was meant. This lesson names the
# forms, derives both gradients, and shows what the GRU can do and what it cannot. Every claim is followed by an `assert`.

# %%
import numpy as np
from matplotlib.figure import Figure

from minis2s.backend import select
from minis2s.equations.catalogue.cells import gru_inputs
from minis2s.equations.catalogue.folds import GRU, LSTM, fold
from minis2s.equations.gru import (
    gru_cell,
    gru_cell_backward,
    gru_cell_reset_before,
    gru_cell_reset_before_backward,
    gru_gates,
    gru_gates_backward,
    gru_pointwise,
    gru_pointwise_backward,
    gru_reset,
    gru_reset_backward,
    gru_update,
    gru_update_backward,
)
from minis2s.equations.linear import linear, linear_backward
from minis2s.equations.registry import equation
from minis2s.gradcheck import check_pair
from minis2s.layers.base import Initialiser
from minis2s.layers.cells import GRUCell, GRUCellResetBefore, cell
from minis2s.layers.packing import Packing
from minis2s.layers.recurrent import Recurrent
from minis2s.lessons import show_checks, show_picture, show_printed, show_source

np.set_printoptions(precision=6, suppress=True)
rng = np.random.default_rng(6)

# %% [markdown]
# ## 1 The formulas as printed 原文公式
#
# None: document D0 (§3.1–3.2) only says that the encoder and the decoder may use an LSTM or a GRU (D0.9). The formulas are
# Cho's, equations 5 to 8, written with rows as everywhere here:
#
# $$r_t = \sigma(h_{t-1} W_{hr} + x_t W_{xr} + b_r), \qquad z_t = \sigma(h_{t-1} W_{hz} + x_t W_{xz} + b_z)$$
# $$n_t = \tanh\big(x_t W_{xn} + b_n + r_t \odot (h_{t-1} W_{hn} + b_{hn})\big) \tag{D0.9}$$
# $$n_t = \tanh\big(x_t W_{xn} + b_n + (r_t \odot h_{t-1})\, W_{hn}\big) \tag{D0.9-cho}$$
# $$h_t = (1 - z_t) \odot n_t + z_t \odot h_{t-1}$$
#
# In words. The **update gate 更新门** $z$ decides, entry by entry, how much of the old state stays and how much of the
# **candidate 候选值** $n$ takes its place. The **reset gate 重置门** $r$ decides how much of the old state the candidate
# may see.
#
# * **Where the reset acts.** Cho lets it act on $h_{t-1}$, *before* the product with $W_{hn}$. PyTorch and cuDNN let it act
#   *after* the product, so that one product $h_{t-1} W_h$ gives all three blocks at once; that form is the usual one today, and
#   the plain `D0.9` here. They are different functions, and weights trained in one do not fit the other.
# * **Which way the update opens** (its polarity 极性). Here, as in Cho and in PyTorch, $z$ near 1 *keeps*. Chung et al. (2014)
#   swap $z$ and $1 - z$. That is no difference in substance: since $1 - \sigma(a) = \sigma(-a)$, it suffices to change the sign
#   of the weights of $z$.

# %%
show_printed("D0.9", "D0.9-cho")

# %% [markdown]
# ## 2 Symbols and shapes 符号与形状
#
# | symbol | shape | meaning |
# |---|---|---|
# | $x_t$ | $(B, E)$ | input vector 输入向量 of step $t$ |
# | $h_{t-1}, h_t$ | $(B, H)$ | hidden state 隐藏状态; each entry in $(-1, 1)$ if it started there |
# | $r_t, z_t$ | $(B, H)$ | reset and update gate 重置门、更新门; each entry in $(0, 1)$ |
# | $n_t$ | $(B, H)$ | candidate 候选值; each entry in $(-1, 1)$ |
# | $W_x, W_h$ | $(E, 3H), (H, 3H)$ | weights 权重; column blocks $r, z, n$ |
# | $b, b_h$ | $(3H,), (3H,)$ | biases 偏置; of $b_h$ only the block $b_{hn}$ does what $b$ could not |
# | $m_t = h_{t-1} W_{hn} + b_{hn}$ | $(B, H)$ | what the reset gate multiplies in D0.9 |
# | $a_r, a_z, a_n$ | $(B, H)$ | pre-activations 预激活值 of $r$, $z$, $n$ |

# %% [markdown]
# ## 3 The engine's own source 源代码

# %%
show_source(gru_cell, gru_pointwise, gru_gates, gru_reset, gru_update, gru_cell_reset_before)

# %% [markdown]
# The weights number three quarters of an LSTM's, $3H(E + H)$ against $4H(E + H)$, and there is one state to carry. First, that
# the two forms differ, and that the two polarities do not:

# %%
inputs = gru_inputs(rng)  # B = 3, E = 4, H = 2
x, h, W_x, W_h, b, b_h = inputs.values()
assert W_x.size + W_h.size == 3 * 2 * (4 + 2)
after, _ = gru_cell(**inputs)
before, _ = gru_cell_reset_before(x, h, W_x, W_h, b)
after_without_bias, _ = gru_cell(x, h, W_x, W_h, b, np.zeros(6))
print("after and before the product differ by up to", abs(after_without_bias - before).max())
assert abs(after_without_bias - before).max() > 1e-3

sign = np.repeat([1.0, -1, 1], 2)  # the other polarity: h = z n + (1 − z) h_prev, with the weights of z negated
gates, _ = gru_gates((x @ (W_x * sign) + h @ (W_h * sign) + (b + b_h) * sign)[:, :4])
n = np.tanh(x @ W_x[:, 4:] + b[4:] + gates.r * (h @ W_h[:, 4:] + b_h[4:]))
print("the other polarity differs by up to", abs(gates.z * n + (1 - gates.z) * h - after).max())
assert np.allclose(gates.z * n + (1 - gates.z) * h, after, rtol=0, atol=1e-14)

# %% [markdown]
# ## 4 A worked example for paper 手算例子
#
# $B = E = H = 1$ and $\ell = \ln 3$, so that $\sigma(\ell) = \frac34$, $\sigma(0) = \frac12$,
# $\tanh(\ell) = \frac{9-1}{9+1} = \frac45$. Let $x = 1$, $h_{t-1} = \frac12$, no biases, and in units of $\ell$:
#
# | | $r$ | $z$ | $n$ |
# |---|---|---|---|
# | $W_x / \ell$ | $1$ | $\frac12$ | $\frac12$ |
# | $W_h / \ell$ | $-2$ | $1$ | $2$ |
# | from $x$: $W_x x / \ell$ | $1$ | $\frac12$ | $\frac12$ |
# | from $h$: $W_h h_{t-1} / \ell$ | $-1$ | $\frac12$ | $1$ (that is $m/\ell$) |
# | $a / \ell$ | $0$ | $1$ | $\frac12 + r\cdot 1 = 1$ |
# | squashed | $\frac12$ | $\frac34$ | $\frac45$ |
#
# $$h_t = (1 - z)\,n + z\,h_{t-1} = \tfrac14\cdot\tfrac45 + \tfrac34\cdot\tfrac12 = \tfrac15 + \tfrac38 = \tfrac{23}{40} .$$

# %%
l = np.log(3)
x, h_prev, b = np.array([[1.0]]), np.array([[0.5]]), np.zeros(3)
W_x, W_h = l * np.array([[1, 0.5, 0.5]]), l * np.array([[-2.0, 1, 2]])

a_x, cache_x = linear(x, W_x, b)
a_h, cache_h = linear(h_prev, W_h, b)
h, cache = gru_pointwise(a_x, a_h, h_prev)
gates, _ = gru_gates((a_x + a_h)[:, :2])
print("r, z =", gates.r.item(), gates.z.item(), "  h =", h.item(), "= 23/40")
assert np.isclose(gates.r, 1 / 2) and np.isclose(gates.z, 3 / 4) and np.isclose(h, 23 / 40)
assert np.allclose(gru_cell(x, h_prev, W_x, W_h, b, b)[0], h)

# %% [markdown]
# ## 5 The backward pass, derived 反向传播的推导
#
# $\delta v$ is $\partial L/\partial v$. From the last step to the first, with the two rules of lesson 5 (in a product each
# factor receives the other one; a value read twice receives the sum):
#
# **Update**, $h_t = (1 - z) \odot n + z \odot h_{t-1}$:
# $$\delta z = \delta h_t \odot (h_{t-1} - n), \qquad \delta n = \delta h_t \odot (1 - z), \qquad
# \delta h_{t-1} \ni \delta h_t \odot z .$$
# In words: the gate should open towards whichever of the two is better. If old and new agree, the gate learns nothing.
#
# **Candidate**, $n = \tanh(a_n)$, $\ a_n = x W_{xn} + b_n + r \odot m$:
# $$\delta a_n = \delta n \odot (1 - n \odot n), \qquad \delta r = \delta a_n \odot m, \qquad \delta m = \delta a_n \odot r .$$
#
# **Gates**: $\delta a_r = \delta r \odot r \odot (1 - r)$, $\ \delta a_z = \delta z \odot z \odot (1 - z)$.
#
# **Products.** The one with $x$ receives $\delta a_x = (\delta a_r, \delta a_z, \delta a_n)$; the one with $h_{t-1}$ receives
# $\delta a_h = (\delta a_r, \delta a_z, \delta m)$, which differs in the last block. Both are affine maps:
# $$\delta x = \delta a_x W_x^\top, \quad \delta h_{t-1} = \delta h_t \odot z + \delta a_h W_h^\top, \quad
# \delta W_x = x^\top \delta a_x, \quad \delta W_h = h_{t-1}^\top \delta a_h .$$
#
# **In Cho's form** the candidate reads $y = r \odot h_{t-1}$ through the product, $\delta y = \delta a_n W_{hn}^\top$, then
# $\delta r = \delta y \odot h_{t-1}$; and $h_{t-1}$ has three readers: the update, the reset ($\delta y \odot r$), and the
# gates' product.

# %%
show_source(gru_update_backward, gru_reset_backward, gru_gates_backward, gru_pointwise_backward)
show_source(gru_cell_backward, gru_cell_reset_before_backward)

# %% [markdown]
# **On paper**, with $L = h_t$ and the numbers of section 4:
#
# | | value |
# |---|---|
# | $\delta z = h_{t-1} - n$ | $\frac12 - \frac45 = -\frac{3}{10}$ |
# | $\delta n = 1 - z$ | $\frac14$ |
# | $\delta a_n = \frac14(1 - \frac{16}{25})$ | $\frac{9}{100}$ |
# | $\delta r = \delta a_n\, m$ | $\frac{9}{100}\ell$ |
# | $\delta m = \delta a_n\, r$ | $\frac{9}{200}$ |
# | $\delta a_r = \frac14\,\delta r$ | $\frac{9}{400}\ell$ |
# | $\delta a_z = \frac{3}{16}\,\delta z$ | $-\frac{9}{160}$ |
#
# $$\delta h_{t-1} = \tfrac34 + \ell\left(-2\cdot\tfrac{9}{400}\ell - \tfrac{9}{160} + 2\cdot\tfrac{9}{200}\right)
# = \tfrac34 + \tfrac{27}{800}\ell - \tfrac{9}{200}\ell^2,$$
# $$\delta x = \ell\left(\tfrac{9}{400}\ell - \tfrac{9}{320} + \tfrac{9}{200}\right)
# = \tfrac{27}{1600}\ell + \tfrac{9}{400}\ell^2 .$$

# %%
d_a_x, d_a_h, d_h_prev = gru_pointwise_backward(np.array([[1.0]]), cache)
d_x, d_W_x, _ = linear_backward(d_a_x, cache_x)
d_h_prev_of_product, d_W_h, _ = linear_backward(d_a_h, cache_h)
print("δa_x =", d_a_x, "  δa_h =", d_a_h, "  δx =", d_x.item(), "  δh_prev =", (d_h_prev + d_h_prev_of_product).item())
assert np.allclose(d_a_x, [[9 / 400 * l, -9 / 160, 9 / 100]]) and np.allclose(d_a_h, [[9 / 400 * l, -9 / 160, 9 / 200]])
assert np.isclose(d_h_prev, 3 / 4) and np.isclose(d_x, 27 / 1600 * l + 9 / 400 * l**2)
assert np.isclose(d_h_prev + d_h_prev_of_product, 3 / 4 + 27 / 800 * l - 9 / 200 * l**2)
assert np.allclose(d_W_x, d_a_x) and np.allclose(d_W_h, d_a_h / 2)

# %% [markdown]
# ## 6 The check, live 梯度检验

# %%
results = [result for id in ("D0.9", "D0.9-cho") for result in equation(id).check(rng)]
assert show_checks(results)

# %% [markdown]
# Mixing the two forms is the mistake to plant here: the forward pass resets after the product, the backward pass believes
# it was before. Everything has the right shape, and even at $H = 1$ without $b_{hn}$ everything is right, because numbers
# commute. Only from $H = 2$ on does the check see it:


# %%
def after_without_b_h(x, h_prev, W_x, W_h, b):
    h, _ = gru_cell(x, h_prev, W_x, W_h, b, np.zeros_like(b))
    return h, gru_cell_reset_before(x, h_prev, W_x, W_h, b)[1]


names = ("x", "h_prev", "W_x", "W_h", "b")
for H, passes in ((1, True), (2, False)):
    inputs = gru_inputs(rng, H=H)
    inputs = {name: inputs[name] for name in names}
    mixed = check_pair("mixed", after_without_b_h, gru_cell_reset_before_backward, inputs, names, rng, ["complex-step"])
    assert show_checks(mixed, {"mixed": f"forms mixed, H = {H}"}) == passes

# %% [markdown]
# ## 7 A picture 图: what the gates do over time
#
# The one-number memory of lesson 5, now as a GRU, with weights set by hand for inputs *value* and *write*:
# $a_z = 8 - 16\,\text{write}$, $\ a_n = 3\,\text{value}$. Writing shuts the update gate, and the candidate replaces the
# state; in between $z \approx 1$ and the state stands still. There is no output gate: what is remembered is seen by
# everyone at every step.

# %%
value = np.array([-0.4, 0.9, 0.3, -0.7, 0.5, -0.2, -0.9, 0.6, 0.1, -0.5, 0.8, -0.3])
write = np.array([0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0])
xs = np.stack([value, write], axis=1)[:, None, :]  # (T, B, E) = (12, 1, 2)
W_x, W_h, b = np.array([[0.0, 0, 3], [0, -16, 0]]), np.zeros((1, 3)), np.array([0.0, 8, 0])

h, rows = np.zeros((1, 1)), []
for x_t in xs:
    a_x, _ = linear(x_t, W_x, b)
    gates, _ = gru_gates(a_x[:, :2])
    h, _ = gru_pointwise(a_x, np.zeros((1, 3)), h)
    rows.append([*x_t[0], gates.z.item(), np.tanh(a_x[0, 2]), h.item()])
history = np.array(rows).T

figure = Figure(figsize=(9, 3.2), layout="constrained")
axes = figure.subplots()
image = axes.imshow(history, cmap="RdBu", vmin=-1, vmax=1, aspect="auto")
axes.set_yticks(range(5), ["value", "write", "update gate z", "candidate n", "hidden state h"])
axes.set_xticks(range(len(value)), range(1, len(value) + 1))
axes.set_xlabel("step t")
axes.set_title("A one-number memory: written at t = 2 and 7", fontsize="medium")
for k, line in enumerate(history):
    for t, number in enumerate(line):
        text = f"{round(number, 1) + 0:.1f}"  # + 0 turns −0.0 into 0.0
        axes.text(t, k, text, ha="center", va="center", fontsize=8, color="white" if abs(number) > 0.6 else "black")
axes.axhline(1.5, color="black", lw=1.5)
figure.colorbar(image)
show_picture(figure, "06_gru_gates")

h = history[4]
assert np.ptp(h[1:6]) < 0.01 and np.ptp(h[6:]) < 0.01 and h[1] > 0.9 and h[6] < -0.9

# %% [markdown]
# ## 8 Questions 思考题
#
# **Counting.** Lesson 5 showed an LSTM whose cell state counts: $c_5 = 5$. Can a GRU count like that?
#
# <details><summary>Answer 答案</summary>
#
# No. $h_t$ is a weighted mean of $h_{t-1}$ and $n_t \in (-1, 1)$, since $z$ and $1 - z$ sum to one; so it can never leave
# $(-1, 1)$. The LSTM's $f$ and $i$ are independent, and with both at 1 the cell adds. (Weiss, Goldberg and Yahav 2018 show that
# trained LSTMs do use this, and that GRUs fail at the same task.)
#
# </details>
#
# **Remembering.** What is the GRU's counterpart of the forget bias of lesson 5?
#
# <details><summary>Answer 答案</summary>
#
# On the direct path $\partial h_t/\partial h_{t-1} = z$, as it is $f$ in the LSTM. With small weights and $b_z = 0$, half
# of the state is lost at each step; $b_z > 0$ makes $z > \frac12$, so the GRU begins by remembering. With Chung's polarity
# it must be negative.
#
# </details>

# %%
T = 5
(h, _), _ = fold(
    GRU,
    np.ones((T, 1, 1)),
    (np.zeros((1, 1)),),
    {"W_x": np.zeros((1, 3)), "W_h": np.zeros((1, 3)), "b": np.array([0.0, 0, 20]), "b_h": np.zeros(3)},
)
(_, (_, c)), _ = fold(
    LSTM,
    np.ones((T, 1, 1)),
    (np.zeros((1, 1)),) * 2,
    {"W_x": np.zeros((1, 4)), "W_h": np.zeros((1, 4)), "b": np.full(4, 20.0)},
)
print("GRU, always adding:", h.ravel(), "  LSTM's cell state:", c.item())
assert (h < 1).all() and np.allclose(h.ravel(), 1 - 0.5 ** np.arange(1, 6)) and np.isclose(c, 5)

for b_z in (0.0, 2.0):
    kept, cache = gru_pointwise(np.array([[0, b_z, 0.0]]), np.zeros((1, 3)), np.array([[0.1]]))
    slope = gru_pointwise_backward(np.ones((1, 1)), cache).h_prev.item()
    print(f"b_z = {b_z:g}: after 20 steps {slope**20:.2g} of a gradient is left")
    assert np.isclose(slope, 1 / (1 + np.exp(-b_z))) and np.isclose(kept, 0.1 * slope)

# %% [markdown]
# **Try it.** Copy this lesson (`minis2s lesson 6`), and look for weights with which both forms agree for $H = 2$. One
# family is: $W_{hn}$ diagonal and $b_{hn} = 0$, since every entry of the state is then on its own.

# %%
inputs = gru_inputs(rng)
inputs["W_h"][:, 4:] = np.diag([0.7, -1.3])
inputs["b_h"][:] = 0
assert np.allclose(gru_cell(**inputs)[0], gru_cell_reset_before(*list(inputs.values())[:5])[0], rtol=0, atol=1e-14)

# %% [markdown]
# ## 9 The same as layers 层
#
# In a model both forms are cells of `minis2s/layers/cells.py`, under the names `gru` and `gru-reset-before`; the loop
# around them is lesson 3's. Reset after the product, one product a step suffices; before it, two are needed, the second one
# waiting for $r$.

# %%
show_source(GRUCell.step, GRUCellResetBefore.step)
T, B, E, H = 4, 3, 5, 2
x, packing = rng.standard_normal((T, B, E)), Packing(np.ones((T, B), dtype=bool))
for name, forward in (("gru", gru_cell), ("gru-reset-before", gru_cell_reset_before)):
    layer = Recurrent(cell(name)(E, H, Initialiser(rng, select("numpy"), np.float64)))
    (states, _), _ = layer.forward(x, packing)
    h, weights = np.zeros((B, H)), {parameter: p.value for parameter, p in layer.cell.named_parameters()}
    for t in range(T):
        h, _ = forward(x[t], h, **weights)
        assert np.allclose(states[t], h, rtol=0, atol=1e-14)
    print(name, "with", layer.n_parameters(), "parameters")

# %% [markdown]
# ## Where next
#
# `minis2s show D0.9` and `minis2s show D0.9-cho` print both with their checks. The next lesson joins two recurrent networks: an
# encoder that reads, and a decoder that writes.

# %%
print("Lesson 6: every claim held.")

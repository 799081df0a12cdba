# %% [markdown]
# # Lesson 4 · Why gradients vanish, in numbers 梯度消失与梯度爆炸
#
# About 20 minutes. You need lesson 3, back-propagation through time. Run this file with
# `python lessons/04_vanishing_gradients.py`, or open it cell by cell in VS Code or Jupyter (with jupytext).
#
# A plain recurrent network can, in principle, remember its first word for a hundred steps. In practice it does not learn
# to, and the reason is one product. This lesson measures it: for one number on paper, for matrices, for the engine's three
# cells, and at last for what training makes of it. It ends with the reason for the LSTM's odd formula. Every claim is
# followed by an `assert`.

# %%
from itertools import pairwise

import numpy as np
from matplotlib.figure import Figure

from minis2s.equations.catalogue.folds import GRU, LSTM, RNN, cell_weights, fold, fold_backward
from minis2s.equations.linear import linear, linear_backward
from minis2s.equations.lstm import lstm_cell_state_backward
from minis2s.equations.optimisers import adam
from minis2s.equations.rnn import rnn_cell, rnn_cell_backward
from minis2s.equations.softmax import cross_entropy, cross_entropy_backward
from minis2s.lessons import show_picture, show_source

np.set_printoptions(precision=6, suppress=True)
rng = np.random.default_rng(4)

# %% [markdown]
# ## 1 The product 连乘
#
# From lesson 3: going back one step, a gradient is multiplied by the cell's slope 斜率 and by $W_h^\top$. Over many steps,
#
# $$\frac{\partial h_T}{\partial h_0} = \prod_{t=1}^{T} \mathrm{diag}(1 - h_t \odot h_t)\; W_h^\top
# \qquad\text{(for a row } \delta h \text{: multiply from } t = T \text{ down to } 1).$$
#
# The same matrix $T$ times. A number below 1, multiplied by itself a hundred times, is nothing, and a number above 1 is
# huge: **vanishing gradients 梯度消失** and **exploding gradients 梯度爆炸**. It is compound interest, not a defect of the
# method: the gradient is *right*, every check passes. The last word's influence on the loss really is that much larger than
# the first one's.

# %%
show_source(rnn_cell_backward)
print("0.5^20 =", 0.5**20, "  0.9^100 =", 0.9**100, "  1.1^100 =", 1.1**100)
assert 0.5**20 < 1e-6 and 0.9**100 < 3e-5 and 1.1**100 > 13780

# %% [markdown]
# ## 2 A worked example for paper 手算例子: to remember is to forget
#
# One number, no input: $h_t = \tanh(w\,h_{t-1})$ with $w = \ell = \ln 3 \approx 1.0986$. From lesson 3,
# $\tanh(\frac{\ell}{2}) = \frac12$. So $h = \frac12$ gives $h = \frac12$ again: a **fixed point 不动点**, and $-\frac12$ is
# another one, and $0$ a third. A cell like this can store one bit, for ever: the sign.
#
# | at | $h_t$ | factor of one step, $w\,(1 - h_t^2)$ | after 20 steps | after 100 steps |
# |---|---|---|---|---|
# | $h = \pm\frac12$ | stays, and returns when disturbed | $\frac34\ell = 0.8240$ | $0.0208$ | $3.9\cdot10^{-9}$ |
# | $h = 0$ | stays, and leaves when disturbed | $\ell = 1.0986$ | $6.56$ | $12\,146$ |
#
# Look at what goes together. $\frac12$ can hold a bit *because* the factor is below 1: a disturbance shrinks with every
# step. But the disturbance of a state is what a gradient measures, so it shrinks as well. Where the factor is above 1 the
# gradient lives, and nothing can be stored. Bengio, Simard and Frasconi (1994) proved this in general: **a plain cell that
# stores something safely passes no gradient.** And $w > 1$ alone does not mean that gradients explode; the slope of the
# $\tanh$ decides as well.

# %%
l = np.log(3)
W_h, W_x, b, nothing = np.array([[l]]), np.zeros((1, 1)), np.zeros(1), np.zeros((1, 1))


def run_alone(h, steps):
    """(final state, ∂(final state)/∂(first state)) of the cell without input."""
    caches = []
    for _ in range(steps):
        h, cache = rnn_cell(nothing, h, W_x, W_h, b)
        caches.append(cache)
    d_h = np.ones((1, 1))
    for cache in reversed(caches):
        d_h = rnn_cell_backward(d_h, cache).h_prev
    return h.item(), d_h.item()


for start in (0.5, 0.0, 0.6, 0.01):
    (h_20, _), (h_100, gradient) = (run_alone(np.array([[start]]), steps) for steps in (20, 100))
    print(f"h_0 = {start}: h_20 = {h_20:.4f}, h_100 = {h_100:.4f}, ∂h_100/∂h_0 = {gradient:.2g}")
assert np.allclose(run_alone(np.array([[0.5]]), 20), (0.5, (3 / 4 * l) ** 20))
assert np.isclose((3 / 4 * l) ** 20, 0.0208, atol=1e-4)
assert np.allclose(run_alone(np.array([[0.5]]), 100), (0.5, (3 / 4 * l) ** 100), rtol=1e-6, atol=0)
assert np.isclose((3 / 4 * l) ** 100, 3.9e-9, rtol=0.02)
assert np.allclose(run_alone(np.array([[0.0]]), 20), (0, l**20)) and np.isclose(l**20, 6.56, atol=0.01)
assert np.isclose(l**100, 12146, atol=1)
assert np.isclose(run_alone(np.array([[0.6]]), 100)[0], 0.5, atol=1e-6)  # disturbed, it returns
assert np.isclose(run_alone(np.array([[0.01]]), 100)[0], 0.5, atol=1e-3)  # from near 0 it leaves, to ½

# %% [markdown]
# ## 3 Matrices: two numbers to know 奇异值与特征值
#
# One step cannot stretch a gradient by more than the largest **singular value 奇异值** of $W_h$ times the largest slope:
#
# $$\lVert\delta h_{t-1}\rVert \le \sigma_{\max}(W_h)\, \max_k (1 - h_{tk}^2)\, \lVert\delta h_t\rVert .$$
#
# As slopes are at most 1, $\sigma_{\max} < 1$ is *certain* to vanish. $\sigma_{\max} > 1$ is necessary for an explosion, not
# sufficient. In the long run the largest **eigenvalue 特征值** counts, and it may be much smaller. On paper:
#
# $$W = \begin{pmatrix} 0.9 & 5 \\ 0 & 0.9 \end{pmatrix}, \qquad
# W^n = \begin{pmatrix} 0.9^n & 5 n\, 0.9^{n-1} \\ 0 & 0.9^n \end{pmatrix} .$$
#
# Both eigenvalues are 0.9, so $W^n \to 0$. But the upper right entry first grows, to $5 \cdot 10 \cdot 0.9^9 \approx 19.4$ at
# $n = 10$, before it dies. A gradient may explode over ten steps and vanish over two hundred, in the same network.

# %%
W = np.array([[0.9, 5], [0, 0.9]])
for n in (1, 10, 50, 200):
    print(f"n = {n:3}: ‖W^n‖ = {np.linalg.norm(np.linalg.matrix_power(W, n), 2):.3g}")
power = np.linalg.matrix_power(W, 10)
assert np.allclose(power, [[0.9**10, 50 * 0.9**9], [0, 0.9**10]]) and np.isclose(power[0, 1], 19.4, atol=0.05)
assert np.linalg.norm(power, 2) > np.linalg.norm(W, 2) > 5 and np.linalg.norm(np.linalg.matrix_power(W, 200), 2) < 1e-5


# %% [markdown]
# Now the engine's cells, unrolled over a hundred random inputs, with $L$ a random projection of the last state. A loop of
# our own, because we want to see $\delta h_t$ on its way:


# %%
def state_gradients(cell, weights, x, d_h):
    """δ(state) at each step from T down to 0: arrays (B, H), h and c side by side where there are two."""
    B, H = d_h.shape
    state, caches = [np.zeros((B, H)) for _ in cell.state], []
    for x_t in x:
        state, cache = cell.forward(x=x_t, **dict(zip(cell.state, state, strict=True)), **weights)
        state = state if isinstance(state, tuple) else (state,)
        caches.append(cache)
    d_state = [d_h, *(np.zeros((B, H)) for _ in cell.state[1:])]
    found = [np.concatenate(d_state, axis=1)]
    for cache in reversed(caches):
        d = cell.backward(type(state)(*d_state) if len(d_state) > 1 else d_state[0], cache)
        d_state = [getattr(d, name) for name in cell.state]
        found.append(np.concatenate(d_state, axis=1))
    return found


T, B, E, H = 100, 8, 4, 32
x, d_h = rng.standard_normal((T, B, E)), rng.standard_normal((B, H))
orthogonal, _ = np.linalg.qr(rng.standard_normal((H, H)))  # all its singular values are 1


def plain_cell(gain, input_size=0.1):
    return RNN, {"W_x": input_size * rng.standard_normal((E, H)), "W_h": gain * orthogonal, "b": np.zeros(H)}


def gated_cell(cell, blocks, keep):
    """Small random weights; the gate that keeps the old state (LSTM's f, GRU's z) has the bias `keep`."""
    weights = {name: 0.03 * w for name, w in cell_weights(rng, E, H, blocks).items()}
    weights["b"][H : 2 * H] = keep
    return cell, weights | ({"b_h": np.zeros(3 * H)} if cell is GRU else {})


cells = {
    "plain, gain 0.9": plain_cell(0.9),
    "plain, gain 1.0": plain_cell(1.0),
    "plain, gain 1.2": plain_cell(1.2),
    "LSTM, b_f = 0": gated_cell(LSTM, 4, 0.0),
    "LSTM, b_f = 1": gated_cell(LSTM, 4, 1.0),
    "LSTM, b_f = 4": gated_cell(LSTM, 4, 4.0),
    "GRU, b_z = 4": gated_cell(GRU, 3, 4.0),
}
norms = {}
for name, (cell, weights) in cells.items():
    found = state_gradients(cell, weights, x, d_h)
    norms[name] = np.array([np.linalg.norm(d) for d in found]) / np.linalg.norm(d_h)
    print(f"{name:16} after 10, 50, 100 steps: {norms[name][10]:.1e}  {norms[name][50]:.1e}  {norms[name][100]:.1e}")

found = state_gradients(*cells["plain, gain 0.9"], x, d_h)
assert all(np.linalg.norm(now) <= 0.9 * np.linalg.norm(later) for later, now in pairwise(found))
assert norms["plain, gain 0.9"][100] < 0.9**100
assert norms["plain, gain 1.0"][100] < norms["plain, gain 1.0"][50] < 1  # never grows; the slopes below 1 make it vanish
assert norms["LSTM, b_f = 0"][100] < 1e-15 and norms["LSTM, b_f = 4"][100] > 0.01 and norms["GRU, b_z = 4"][100] > 0.01

# %% [markdown]
# ## 4 What the LSTM changes 细胞状态的通路
#
# The LSTM's memory is a sum, $c_t = f_t \odot c_{t-1} + i_t \odot g_t$, and so
# $$\delta c_{t-1} \ni \delta c_t \odot f_t :$$
# no matrix, no $\tanh$, and a factor that the network *chooses*, entry by entry and step by step. With $f \approx 1$ the
# memory stands still **and** the gradient passes; the conflict of section 2 is gone. Not by magic, though: with zero biases
# all gates are near $\frac12$, and $2^{-100}$ is nothing (`LSTM, b_f = 0` above is no better than a plain cell). The forget
# gate must be *open*, which is what the positive forget bias is for. The GRU's update gate does the same. (The measured
# factors below are a little above $\sigma(b_f)$, because some gradient also comes back by way of $h$ and $W_h$.)

# %%
show_source(lstm_cell_state_backward)
sigma = 1 / (1 + np.exp(-np.array([0.0, 1, 4])))
print("σ(b_f) for b_f = 0, 1, 4:", sigma, "  to the 100th power:", sigma**100)
for b_f, factor in zip((0, 1, 4), sigma, strict=True):
    measured = (norms[f"LSTM, b_f = {b_f}"][100] / norms[f"LSTM, b_f = {b_f}"][50]) ** (1 / 50)
    print(f"b_f = {b_f}: factor of one step, measured {measured:.3f}, σ(b_f) = {factor:.3f}")
    assert abs(measured - factor) < 0.1

# %% [markdown]
# ## 5 What it means for learning 对学习的影响
#
# A task that needs memory and nothing else. Each of 40 inputs is $+1$ or $-1$, at random; a second entry of the input is 1
# at the first step and 0 later: *remember this one*. After the last step a softmax on the state must say what the first
# input was. Knowing nothing gives a loss of $\ln 2 \approx 0.693$. The plain cell and the LSTM get the same optimiser
# (Adam, lesson 11) and the same number of updates. Both gradients are correct to the last digit.

# %%
T, B, H = 40, 32, 12


def memory_batch():
    x = np.zeros((T, B, 2))
    x[:, :, 0] = rng.choice([-1.0, 1.0], (T, B))
    x[0, :, 1] = 1
    return x, (x[0, :, 0] > 0).astype(int)


def train(cell, weights, updates=250):
    """The loss at each update; and, at the first, the sizes of the gradient at the first and at the last input."""
    arrays = len(cell.state)
    weights = weights | {"W_o": 0.3 * rng.standard_normal((H, 2)), "b_o": np.zeros(2)}
    moments = {name: (np.zeros_like(w), np.zeros_like(w)) for name, w in weights.items()}
    losses, first = [], None
    for step in range(1, updates + 1):
        x, answers = memory_batch()
        inside = {name: w for name, w in weights.items() if not name.endswith("o")}
        (h, _), cache = fold(cell, x, (np.zeros((B, H)),) * arrays, inside)
        logits, cache_o = linear(h[-1], weights["W_o"], weights["b_o"])
        loss, cache_loss = cross_entropy(logits, answers)
        d_last, d_W_o, d_b_o = linear_backward(cross_entropy_backward(1.0, cache_loss), cache_o)
        d_h = np.zeros_like(h)
        d_h[-1] = d_last
        d_x, _, gradients = fold_backward(d_h, None, cache)
        first = first or (np.linalg.norm(d_x[0]), np.linalg.norm(d_x[-1]))
        for name, gradient in (gradients | {"W_o": d_W_o, "b_o": d_b_o}).items():
            weights[name], *moments[name] = adam(weights[name], gradient, *moments[name], step, 0.01)
        losses.append(float(loss))
    return np.array(losses), first


plain = {"W_x": 0.3 * rng.standard_normal((2, H)), "W_h": rng.standard_normal((H, H)) / np.sqrt(4 * H), "b": np.zeros(H)}
gated = {"W_x": 0.3 * rng.standard_normal((2, 4 * H)), "W_h": rng.standard_normal((H, 4 * H)) / np.sqrt(4 * H)}
gated["b"] = np.zeros(4 * H)
gated["b"][H : 2 * H] = 4.0
learned = {}
for name, cell, weights in (("plain cell", RNN, plain), ("LSTM, b_f = 4", LSTM, gated)):
    learned[name], (at_first, at_last) = train(cell, weights)
    print(f"{name:14} |∂L/∂x_1| / |∂L/∂x_40| at the start: {at_first / at_last:.1e}", end="   ")
    print(f"loss of the last 20 updates: {learned[name][-20:].mean():.3f}")
assert learned["plain cell"][-20:].mean() > 0.6 and learned["LSTM, b_f = 4"][-20:].mean() < 0.1

# %% [markdown]
# The last word's gradient is more than ten powers of ten larger than the first one's, which is the only one that matters. This
# is no law of nature: make the later inputs smaller ($\pm 0.3$), and the plain cell sometimes finds its way, because Adam
# moves $W_h$ until its gain passes 1 and a fixed point as in section 2 appears, by chance. Nothing in the gradient points
# there. Try it.

# %% [markdown]
# ## 6 A picture 图: gradients over time, and what becomes of them
#
# Left: the size of the state's gradient, going back from step 100. Straight lines in a logarithmic picture are powers of a
# factor. Right: the losses of section 5.

# %%
figure = Figure(figsize=(9.6, 4), layout="constrained")
left, right = figure.subplots(1, 2)
for name, values in norms.items():
    style = {"p": "-", "L": "--", "G": ":"}[name[0]]
    left.semilogy(values, style, lw=2, label=name)
left.set_ylim(1e-18, 10)
left.set_xlabel("steps back from the last")
left.set_ylabel("‖δ state‖ / ‖δ last state‖")
left.legend(fontsize="small", loc="lower left")
for name, losses in learned.items():
    right.plot(losses, lw=1.5, label=name)
right.axhline(np.log(2), color="gray", lw=0.8, label="ln 2: knowing nothing")
right.set_ylim(0, 1)
right.set_xlabel("update")
right.set_ylabel("loss")
right.legend(fontsize="small")
for axes in (left, right):
    axes.grid(alpha=0.3)
show_picture(figure, "04_gradients_over_time")

# %% [markdown]
# ## 7 Explosion 梯度爆炸
#
# The other side of 1. A cell near $h = 0$ with gain above 1 multiplies gradients until the states grow and saturate, and
# the slopes bring it to an end. In between, a single batch may give a gradient that is thousands of times larger than usual,
# and one update with such a gradient throws the weights far away. Explosion is the lesser evil, because it is seen at once
# and cured simply: clip the gradient's norm (梯度裁剪, lesson 11). Nothing can be clipped out of zero.

# %%
quiet = np.zeros((60, B, E))  # without input the states stay at 0, where all slopes are 1
for gain in (0.8, 1.0, 1.2):
    cell, weights = RNN, {"W_x": np.zeros((E, 32)), "W_h": gain * orthogonal, "b": np.zeros(32)}
    d = state_gradients(cell, weights, quiet, np.ones((B, 32)))
    ratio = np.linalg.norm(d[-1]) / np.linalg.norm(d[0])
    print(f"gain {gain}: after 60 steps {ratio:.3g} = gain^60")
    assert np.isclose(ratio, gain**60)

# %% [markdown]
# ## 8 Questions 思考题
#
# **Does Adam help?** Adam divides each weight's gradient by its usual size, so that tiny gradients give full-sized updates.
# Why does that not cure the plain cell in section 5?
#
# <details><summary>Answer 答案</summary>
#
# Adam sees $\delta W_h = \sum_t h_{t-1}^\top \delta a_t$, the sum over all steps. The share of the first step is in it,
# correct and far smaller than the others; scaling the sum scales all shares alike. The update has full size, and points
# where the last few steps of noise want it.
#
# </details>
#
# **When is it exactly zero?** In float32, after how many steps has a gradient that is halved at each step vanished for good?
#
# <details><summary>Answer 答案</summary>
#
# The smallest positive number of float32 is $2^{-149}$. From $1$, the 150th halving gives $0$. In float64 it is the 1,075th.
#
# </details>

# %%
value, steps = np.float32(1), 0
while value > 0:
    value, steps = value * np.float32(0.5), steps + 1
print("float32: zero after", steps, "halvings")
assert steps == 150 and 2.0**-1074 > 0 and 2.0**-1074 / 2 == 0

# %% [markdown]
# ## Where next
#
# Ways around the product, all of them in this engine: gates 门 that may stay open (lessons 5 and 6); attention 注意力,
# which connects every word to every decoder step by a path of length one (lesson 8); residual connections 残差连接, and
# reading from both sides (lesson 13). And two ways to begin well, options of `minis2s train`: `--recurrent-init
# orthogonal`, where all singular values of $W_h$ are 1 (gain 1.0 in the picture), and `--forget-bias`. `minis2s report RUN`
# draws the left picture for a model that you trained. Lesson 5 takes the LSTM apart.

# %%
print("Lesson 4: every claim held.")

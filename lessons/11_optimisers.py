# %% [markdown]
# # Lesson 11 · Optimisers, clipping, dropout, decay 优化器与正则化
#
# About 25 minutes. You need gradients, however they were made (lessons 3 to 10). Run this file with
# `python lessons/11_optimisers.py`, or open it cell by cell in VS Code or Jupyter (with jupytext).
#
# A gradient says which way is down, for an arbitrarily small step. This lesson is about the steps: how long, in which
# coordinates, what to do when one would be far too long, and what keeps a network from learning its training data by heart. All
# of it fits on paper: each rule works on every parameter by itself.

# %%
import numpy as np
from matplotlib.figure import Figure

from minis2s import gradcheck
from minis2s.equations.optimisers import adagrad, adam, adamw, clip_factor, coupled_decay, decoupled_decay, momentum, sgd
from minis2s.equations.registry import equation
from minis2s.equations.regularisers import dropout, dropout_backward, dropout_mask, weight_penalty, weight_penalty_backward
from minis2s.lessons import show_checks, show_picture, show_printed, show_source

np.set_printoptions(precision=6, suppress=True)
rng = np.random.default_rng(11)

# %% [markdown]
# ## 1 The formulas as printed 原文公式
#
# None is printed; the documents name them. D0 §3.4: 使用梯度下降算法对模型参数进行优化, gradient descent 梯度下降 (D0.8). D3
# §5.2: AdamW, in a program (D3.10). D4 §6: Adam or Adagrad (D4.5), Dropout or Weight Decay (D4.6). With $g$ for the gradient of
# the loss, these are
#
# | id | rule | source |
# |---|---|---|
# | D0.8 | $\theta \leftarrow \theta - \eta\, g$ | Robbins and Monro 1951 |
# | D0.8-momentum | $u \leftarrow \mu u + g, \; \theta \leftarrow \theta - \eta\, u$ | Polyak 1964 |
# | D4.5-adagrad | $G \leftarrow G + g^2, \; \theta \leftarrow \theta - \eta\, g / (\sqrt G + \varepsilon)$ | Duchi et al. 2011 |
# | D4.5 Adam | $\theta \leftarrow \theta - \eta\, \hat m / (\sqrt{\hat v} + \varepsilon)$, see below | Kingma and Ba 2014 |
# | D3.10 AdamW | $\theta \leftarrow (1 - \eta\lambda)\,\theta$, then Adam's step | Loshchilov and Hutter 2017 |
# | D0.8-clipped | $g \leftarrow g \cdot \min(1, \mathrm{limit} / \lVert g\rVert)$ | Pascanu et al. 2013 |
# | D4.6 dropout | $y = k \odot x / (1 - p)$, $\;k \sim \mathrm{Bernoulli}(1 - p)$ | Srivastava et al. 2014 |
# | D4.6 weight decay | $R = \frac12 \lambda \lVert\theta\rVert^2$, so $g \leftarrow g + \lambda\theta$ | Krogh and Hertz 1991 |
#
# Adam keeps two moving averages 滑动平均 and takes out their pull towards the zero that they start from:
#
# $$m \leftarrow \beta_1 m + (1 - \beta_1)\, g, \quad v \leftarrow \beta_2 v + (1 - \beta_2)\, g^2, \qquad
# \hat m = \frac{m}{1 - \beta_1^t}, \quad \hat v = \frac{v}{1 - \beta_2^t} . \tag{D4.5}$$

# %%
show_printed("D0.8", "D0.8-momentum", "D0.8-clipped", "D3.10", "D4.5", "D4.5-adagrad")
show_printed("D4.6", "D4.6-coupled", "D4.6-weight-decay")

# %% [markdown]
# ## 2 Symbols and shapes 符号与形状
#
# | symbol | shape | meaning |
# |---|---|---|
# | $\theta$; $g$ | any, the same | parameters 参数; their gradient 梯度 |
# | $\eta$ | | **learning rate 学习率** |
# | $u$; $\mu$ | as $\theta$ | velocity 速度, zero at first; how much of it stays, 0.9 |
# | $G$ | as $\theta$ | sum of all squared gradients so far |
# | $m, v$; $\beta_1, \beta_2$ | as $\theta$ | moving averages of $g$ and $g^2$; 0.9 and 0.999 |
# | $t$ | | number of the step, from 1 |
# | $\varepsilon$ | | $10^{-8}$ or less, so that nothing is divided by zero |
# | $\lVert g\rVert$ | | **global norm 全局范数**: of the gradients of all parameters together |
# | $k$; $p$ | as $x$ | which entries are kept; the rate at which they are dropped 丢弃率 |
# | $\lambda$; $R$ | | how strongly weights decay 权重衰减; what is added to the loss, a number |

# %% [markdown]
# ## 3 The engine's own source 源代码

# %%
show_source(sgd, momentum, adagrad, adam, adamw, coupled_decay, clip_factor, dropout_mask, dropout, weight_penalty)

# %% [markdown]
# ## 4 A worked example for paper 手算例子
#
# **Two steps on a valley 山谷.** The loss $L(x, y) = \frac12 (x^2 + 9 y^2)$ is a long valley, nine times as steep across ($y$) as
# along ($x$). Its gradient is $(x, 9y)$. Start at $(1, 1)$, $\eta = 0.1$:
#
# | | first step | second step |
# |---|---|---|
# | $g$ for D0.8 | $(1, 9)$ | $(0.9, 0.9)$ |
# | **D0.8** $\theta$ | $(0.9,\ 0.1)$ | $(0.81,\ 0.01)$ |
# | momentum: $u$ | $(1, 9)$ | $0.9\,(1, 9) + (0.9, 0.9) = (1.8, 9)$ |
# | $\theta$ | $(0.9,\ 0.1)$ | $(0.72,\ -0.8)$: it overshoots |
# | Adagrad: $G$ | $(1, 81)$ | $(1.81, 146.61)$, as $g = (0.9, 8.1)$ |
# | $\theta$ | $(0.9,\ 0.9)$ | $0.9 - 0.1 \cdot \frac{0.9}{\sqrt{1.81}} = 0.8331$, twice |
# | Adam: $\hat m / \sqrt{\hat v}$ | $g / \lvert g\rvert = (1, 1)$ | $\frac{0.18}{0.19} \big/ \sqrt{0.001809/0.001999} = 0.9959$ |
# | $\theta$ | $(0.9,\ 0.9)$ | $0.8004$, twice |
#
# D0.8 is fast across the valley and slow along it. Adagrad and Adam divide by the size of the gradients so far: both coordinates
# move **alike**, however steep they are. Adam's first step is $\eta$ in every coordinate, whatever the gradient.


# %%
def valley(theta, steepness=9.0):
    """The gradient of ½ (x² + steepness · y²)."""
    return theta * np.array([1.0, steepness])


def walk(step, theta, steps, states=0, counts=False, gradient=valley, **settings):
    """θ after each of the steps; step(θ, g, *state, [t]) is one of the rules above, given the rest as settings."""
    new, path = (np.asarray(theta), *(np.zeros_like(theta) for _ in range(states))), [theta]
    for t in range(1, steps + 1):
        new = step(new[0], gradient(new[0]), *new[1:], *([t] if counts else []), **settings)
        new = new if isinstance(new, tuple) else (new,)
        path.append(new[0])
    return np.array(path)


start = np.array([1.0, 1.0])
RULES = {
    "SGD": {"step": sgd},
    "momentum": {"step": momentum, "states": 1},
    "Adagrad": {"step": adagrad, "states": 1},
    "Adam": {"step": adam, "states": 2, "counts": True},
}
two_steps = {name: walk(**rule, theta=start, steps=2, learning_rate=0.1)[1:] for name, rule in RULES.items()}
for name, path in two_steps.items():
    print(f"{name:9}", path[0], path[1])
assert np.allclose(two_steps["SGD"], [[0.9, 0.1], [0.81, 0.01]])
assert np.allclose(two_steps["momentum"], [[0.9, 0.1], [0.72, -0.8]])
assert np.allclose(two_steps["Adagrad"], [[0.9, 0.9], [0.8331, 0.8331]], atol=1e-4)
assert np.allclose(two_steps["Adam"], [[0.9, 0.9], [0.8004, 0.8004]], atol=1e-4)

# %% [markdown]
# **How large may $\eta$ be?** Across the valley a step of D0.8 multiplies $y$ by $1 - 9\eta$. It shrinks only if
# $\lvert 1 - 9\eta\rvert < 1$, that is $\eta < \frac29$; at $\eta = \frac14$ the factor is $-\frac54$, and $y$ grows without end.
# In general $\eta < 2 / (\text{largest curvature 曲率})$, and then the flattest direction needs about largest/smallest steps.
#
# **Why "stochastic" 随机?** $L$ is an average over the data. The gradient of a **batch 批** is an average over some of them, and
# the average of those, over all batches, is the whole gradient: each is right on average, at a fraction of the price.

# %%
far = walk(sgd, start, 20, learning_rate=0.25)
print("eta = 0.25: y after 20 steps:", far[-1, 1], " = (−5/4)^20 =", (-5 / 4) ** 20)
assert np.allclose(far[:, 1], (-5 / 4) ** np.arange(21)) and abs(walk(sgd, start, 20, learning_rate=0.2)[-1, 1]) < 0.05

data, target = rng.standard_normal((60, 2)), rng.standard_normal(60)
gradients = data * (data @ start - target)[:, None]  # of ½ (x·θ − target)², one row for each example
of_batches = gradients.reshape(10, 6, 2).mean(axis=1)
print("batches:", of_batches.std(axis=0), "around", of_batches.mean(axis=0))
assert np.allclose(of_batches.mean(axis=0), gradients.mean(axis=0))

# %% [markdown]
# **Clipping 梯度裁剪.** $g = (3, 4)$ has norm 5. With limit 1 it becomes $(0.6, 0.8)$: shorter, in the **same direction**.
# Cutting each entry at 1 instead would give $(1, 1)$, another direction. Recurrent networks need it: let the state be multiplied
# by $w$ in each of 20 steps, $L = (w^{20} - \frac12)^2$. At $w = 1.2$ the slope is
# $2\,(38.3 - 0.5) \cdot 20 \cdot 31.9 \approx 48\,000$, and one step of $\eta = 0.005$ lands at $w = -240$, whence nothing comes
# back. Clipped at 1 each step is 0.005 at most, and $w$ walks to $0.5^{1/20} = 0.966$.

# %%
g = np.array([3.0, 4.0])
assert np.allclose(g * clip_factor(np.linalg.norm(g), 1.0), [0.6, 0.8]) and clip_factor(0.5, 1.0) == 1.0


def slope(w):
    return 2 * (w**20 - 0.5) * 20 * w**19


def clipped_sgd(w, gradient, learning_rate, limit):
    return sgd(w, gradient * clip_factor(abs(gradient), limit), learning_rate)


thrown = walk(sgd, 1.2, 1, gradient=slope, learning_rate=0.005)[-1]
walked = walk(clipped_sgd, 1.2, 200, gradient=slope, learning_rate=0.005, limit=1.0)[-1]
print(f"slope {slope(1.2):.0f}; one step without clipping: w = {thrown:.0f}; 200 with: {walked:.4f}")
assert thrown < -200 and np.isclose(walked, 0.5 ** (1 / 20))

# %% [markdown]
# **Dropout 随机失活.** $x = (1, 2, 3, 4)$, $p = \frac12$, $k = (1, 0, 0, 1)$: $y = (2, 0, 0, 8)$. What is kept is divided by
# $1 - p$, so that $y$ is $x$ **on average**; in use nothing is dropped, and nothing needs to be scaled. As every entry may be
# missing at any time, no other one can rely on it.

# %%
x, keep = np.array([1.0, 2, 3, 4]), np.array([True, False, False, True])
y, cache_dropout = dropout(x, keep, 0.5)
draws = np.array([dropout(x, dropout_mask(rng, x.shape, 0.5), 0.5)[0] for _ in range(20000)])
print("y =", y, "  average of 20000 draws:", draws.mean(axis=0))
assert np.allclose(y, [2, 0, 0, 8]) and np.allclose(draws.mean(axis=0), x, rtol=0.03)

# %% [markdown]
# **Weight decay 权重衰减**, for $\theta = 2$, $g = 1$, $\lambda = \eta = 0.1$. Two ways: **coupled 耦合**, as a part of the
# gradient, $g + \lambda\theta = 1.2$; or **decoupled 解耦**, as a step of its own,
# $\theta \leftarrow (1 - \eta\lambda)\,\theta = 1.98$.
#
# | | coupled | decoupled |
# |---|---|---|
# | D0.8 | $2 - 0.1 \cdot 1.2 = 1.88$ | $1.98 - 0.1 = 1.88$ |
# | Adam's first step | $2 - 0.1 \cdot \frac{1.2}{1.2} = 1.9$ | $1.98 - 0.1 = 1.88$ (AdamW, D3.10) |
#
# With plain gradient descent they are the same. In Adam the coupled decay is divided by $\sqrt{\hat v}$ together with $g$: here
# it vanishes altogether. In general weights with large gradients hardly decay, those with small ones too much. AdamW lets the
# decay pass by the division.

# %%
theta, g, zero = np.array([2.0]), np.array([1.0]), np.zeros(1)
coupled = coupled_decay(theta, g, 0.1)
assert np.allclose(coupled, 1.2) and np.allclose(decoupled_decay(theta, 0.1, 0.1), 1.98)
assert np.allclose(sgd(theta, coupled, 0.1), 1.88)
assert np.allclose(sgd(decoupled_decay(theta, 0.1, 0.1), g, 0.1), 1.88)
assert np.allclose(adam(theta, coupled, zero, zero, 1, 0.1).parameter, 1.9)
assert np.allclose(adamw(theta, g, zero, zero, 1, 0.1, weight_decay=0.1).parameter, 1.88)

# %% [markdown]
# ## 5 The backward pass, derived 反向传播的推导
#
# Optimisers have none: they come after the gradient. Dropout and the penalty stand inside the loss.
#
# **Dropout** (D4.6). Given $k$, $y$ is linear in $x$ with a diagonal matrix: $\delta x = k \odot \delta y / (1 - p)$, with the
# **same** mask; a new one would be the gradient of another function. On paper, $\delta y = (1, 1, 1, 1)$ gives $(2, 0, 0, 2)$.
#
# **Weight decay** (D4.6). $R = \frac12 \lambda \sum_i \theta_i^2$, so $\delta\theta_i = \lambda\theta_i$: for $\theta = 2$,
# $\lambda = 0.1$, $R = 0.2$ and $\delta\theta = 0.2$, which is what the coupled form added.

# %%
show_source(dropout_backward, weight_penalty_backward)
assert np.allclose(dropout_backward(np.ones(4), cache_dropout), [2, 0, 0, 2])
R, cache = weight_penalty(theta, 0.1)
assert np.isclose(R, 0.2) and np.allclose(weight_penalty_backward(1.0, cache), 0.2)
assert np.allclose(g + weight_penalty_backward(1.0, cache), coupled)

# %% [markdown]
# ## 6 The check, live 检验
#
# Rules without a gradient are checked against an oracle 对照 over several steps: their recurrences unrolled, one number at a
# time. For momentum $u_t = \sum_i \mu^{t-i} g_i$; for Adam $\hat m_t$ is the mean of the $g_i$ with weights $\beta_1^{t-i}$.
# Dropout and the penalty have gradients, checked as ever.

# %%
ids = ("D0.8", "D0.8-momentum", "D0.8-clipped", "D3.10", "D4.5", "D4.5-adagrad", "D4.6", "D4.6-coupled", "D4.6-weight-decay")
assert show_checks([result for id in ids for result in equation(id).check(rng)])


def redrawn_backward(d_y, cache):
    """A planted mistake: a new mask for the way back."""
    keep, scale = cache
    return dropout_backward(d_y, (np.roll(keep, 1, axis=-1), scale))


inputs = equation("D4.6").inputs(rng)
wrong = gradcheck.check_pair("wrong", lambda x, keep: dropout(x, keep, 0.4), redrawn_backward, inputs, ("x",), rng)
assert not show_checks(wrong, {"wrong": "dropout with another mask on the way back"})

# %% [markdown]
# ## 7 A picture 图: four ways down a valley, and two ways to decay
#
# Left: $\frac12 (x^2 + 25 y^2)$ from $(-4, 1)$, 40 steps. SGD, near its limit $\frac{2}{25}$, jumps across the valley; momentum
# swings, but is carried along it; Adagrad starts diagonally and never swings, as its steps only get shorter; Adam starts
# diagonally too, but its $m$ is a momentum. No ranking: the rates were chosen by hand, and this valley has no noise.
# Middle: the loss on the way.
#
# Right: 500 weights that start at 1 and get gradients of pure noise, half of them large ones (size 10), half small (0.01).
# Nothing pulls at them but decay. Coupled to Adam, it hardly moves the first half and crushes the second; AdamW's is the same for
# both, $(1 - \eta\lambda)^t$.

# %%
settings = {
    "SGD": {"learning_rate": 0.07},
    "momentum": {"learning_rate": 0.02, "friction": 0.8},
    "Adagrad": {"learning_rate": 0.8},
    "Adam": {"learning_rate": 0.3},
}
paths = {
    name: walk(**rule, theta=np.array([-4.0, 1.0]), steps=40, gradient=lambda theta: valley(theta, 25.0), **settings[name])
    for name, rule in RULES.items()
}

noise = np.array([10.0, 0.01])[:, None]
eta, decay, steps = 0.01, 0.1, 600
weights = {"Adam, coupled": np.ones((2, 250)), "AdamW": np.ones((2, 250))}
moments = {name: (np.zeros((2, 250)), np.zeros((2, 250))) for name in weights}
means = {name: [w.mean(axis=1)] for name, w in weights.items()}
for t in range(1, steps + 1):
    g = noise * rng.standard_normal((2, 250))
    theta = weights["Adam, coupled"]
    weights["Adam, coupled"], *moments["Adam, coupled"] = adam(
        theta, coupled_decay(theta, g, decay), *moments["Adam, coupled"], t, eta
    )
    weights["AdamW"], *moments["AdamW"] = adamw(weights["AdamW"], g, *moments["AdamW"], t, eta, weight_decay=decay)
    for name, w in weights.items():
        means[name].append(w.mean(axis=1))
means = {name: np.array(m) for name, m in means.items()}

figure = Figure(figsize=(13, 4), layout="constrained")
ground, course, decays = figure.subplots(1, 3)
xs, ys = np.meshgrid(np.linspace(-4.4, 1.2, 120), np.linspace(-1.2, 1.2, 80))
ground.contour(xs, ys, 0.5 * (xs**2 + 25 * ys**2), levels=[0.1, 0.5, 1.5, 3, 6, 9, 13], colors="0.8", linewidths=0.8)
for (name, path), marker in zip(paths.items(), "osv^", strict=True):
    ground.plot(*path.T, marker=marker, ms=3, lw=1.2, label=name)
    course.plot(0.5 * (path**2 * [1, 25]).sum(axis=1), lw=1.8, label=name)
ground.plot(0, 0, "k*", ms=10)
ground.set(xlabel="x", ylabel="y", title="40 steps from (−4, 1)")
course.set(xlabel="step", ylabel="loss", yscale="log", ylim=(1e-5, 50), title="loss")
for (name, m), color in zip(means.items(), ("tab:red", "tab:green"), strict=True):
    for half, style, size in ((0, "-", "10"), (1, "--", "0.01")):
        decays.plot(m[:, half], style, color=color, lw=2, label=f"{name}, gradients of size {size}")
decays.plot((1 - eta * decay) ** np.arange(steps + 1), ":", color="black", label="$(1 - \\eta\\lambda)^t$")
decays.set(xlabel="step", ylabel="mean weight", title="what is left of the weights")
for panel, place in ((ground, "lower right"), (course, "lower left"), (decays, (0.28, 0.14))):
    panel.legend(fontsize="small", loc=place)
    panel.grid(alpha=0.2)
show_picture(figure, "11_optimisers")

signs = np.sign(paths["SGD"][:, 1])
assert (signs[1:20] == -signs[:19]).all()  # SGD crosses the valley at every step
left = {name: m[-1] for name, m in means.items()}
print("left of the weights, large and small gradients:", left, "  (1 − ηλ)^t =", (1 - eta * decay) ** steps)
assert left["Adam, coupled"][0] > 0.85 and abs(left["Adam, coupled"][1]) < 0.1
assert np.allclose(left["AdamW"], (1 - eta * decay) ** steps, atol=0.1)

# %% [markdown]
# ## 8 A question or two 思考题
#
# **1.** Leave out Adam's corrections, $\hat m = m$, $\hat v = v$. How long is the first step?
#
# <details><summary>Answer 答案</summary>
#
# $m = 0.1\,g$ and $\sqrt v = \sqrt{0.001}\,\lvert g\rvert = 0.0316\,\lvert g\rvert$, so the step is $3.16\,\eta$ instead of
# $\eta$, at the moment when least is known. $v$ forgets slowly: the steps are too long for about a thousand updates.
#
# </details>
#
# **2.** Why does this package decay matrices, but not biases?
#
# <details><summary>Answer 答案</summary>
#
# Decay prefers functions that change gently with their input, and how fast a layer changes is decided by its matrix. A bias only
# shifts; shrinking it holds back what can be fitted and makes nothing smoother.
#
# </details>

# %%
m, v = 0.1 * 5.0, 0.001 * 5.0**2  # after the first gradient, g = 5
assert np.isclose(m / np.sqrt(v), np.sqrt(10), atol=1e-12) and np.isclose(np.sqrt(10), 3.16, atol=0.01)

# %% [markdown]
# ## 9 Errata 勘误
#
# **X10**: D3 §5.2 uses AdamW to fine-tune a BERT *classifier*, calls that translation, and passes no labels, so its loss is
# `None` and no step is ever made; lesson 7 tells it in full. The optimiser itself is used as it should be.
#
# ## Where next
#
# `minis2s train --help` lists optimisers, clipping, dropout, decay, and the **schedules 学习率调度** that let $\eta$ rise at
# first (while $v$ is still being learned) and fall at the end (so that the noise of the batches dies down). How a trained model
# is used is lesson 12.

# %%
print("Lesson 11: every claim held.")

# %% [markdown]
# # Lesson 1 · What a gradient check is 梯度检验
#
# About 15 minutes. You need the derivative 导数 and the beginning of a Taylor series 泰勒级数. Run this file with
# `python lessons/01_gradient_check.py`, or open it cell by cell in VS Code or Jupyter (with jupytext).
#
# A network learns from gradients 梯度, and in this engine every gradient is derived by hand. A wrong one rarely announces
# itself: the loss still falls, only less. So each is compared with a numerical derivative 数值导数, which knows nothing about
# the derivation. This lesson is about that comparison: three ways to differentiate numerically, how exact they can be, and how
# to tell a mistake from rounding. Every claim is followed by an `assert`.

# %%
import numpy as np
from matplotlib.figure import Figure

from minis2s import gradcheck
from minis2s.equations.activations import sigmoid, sigmoid_backward, sigmoid_values
from minis2s.equations.linear import LinearGradients, linear, linear_backward
from minis2s.equations.softmax import softmax, softmax_backward
from minis2s.gradcheck import check_function, check_pair, judge
from minis2s.lessons import show_checks, show_picture, show_source

np.set_printoptions(precision=6, suppress=True)
rng = np.random.default_rng(1)

# %% [markdown]
# ## 1 Three numerical derivatives 三种数值导数
#
# Let $f$ be a smooth function of one number, and $h$ a small step. Taylor's series around $x$ is
#
# $$f(x + h) = f + h f' + \tfrac{h^2}{2} f'' + \tfrac{h^3}{6} f''' + \tfrac{h^4}{24} f^{(4)} + \tfrac{h^5}{120} f^{(5)} + \dots$$
#
# **Central difference 中心差分.** Subtract the same series at $-h$: the even terms cancel, and
# $$\frac{f(x+h) - f(x-h)}{2h} = f' + \tfrac{h^2}{6} f''' + \dots$$
#
# **Five-point difference 五点差分.** Do that at $h$ and at $2h$, and combine the two so that $f'''$ cancels as well:
# $$\frac{8\,[f(x+h) - f(x-h)] - [f(x+2h) - f(x-2h)]}{12h} = f' - \tfrac{h^4}{30} f^{(5)} + \dots$$
#
# **Complex step 复数步长法.** Step into the imaginary direction. As $(\mathrm{i}h)^2 = -h^2$, the terms alternate between real
# and imaginary, and
# $$\frac{\operatorname{Im} f(x + \mathrm{i}h)}{h} = f' - \tfrac{h^2}{6} f''' + \dots$$
# Nothing is subtracted here. That is the whole point, as section 3 shows.


# %%
def central(f, x, h):
    return (f(x + h) - f(x - h)) / (2 * h)


def five_point(f, x, h):
    return (8 * (f(x + h) - f(x - h)) - (f(x + 2 * h) - f(x - 2 * h))) / (12 * h)


def complex_step(f, x, h):
    return f(x + 1j * h).imag / h


# %% [markdown]
# ## 2 A worked example for paper 手算例子
#
# $f(x) = x^3$ at $x = 2$, so $f' = 3x^2 = 12$ and $f''' = 6$. Take a step as coarse as $h = 1$:
#
# | method | computation | result | error predicted |
# |---|---|---|---|
# | central | $(3^3 - 1^3)/2 = 26/2$ | $13$ | $\frac{h^2}{6} f''' = 1$ |
# | five-point | $(8\cdot 26 - (4^3 - 0^3))/12 = 144/12$ | $12$ | $0$, as $f^{(5)} = 0$ |
# | complex step | $(2 + \mathrm{i})^3 = 8 + 12\mathrm{i} - 6 - \mathrm{i}$ | $11$ | $-\frac{h^2}{6} f''' = -1$ |


# %%
def cube(x):
    return x * x * x


print("h = 1:    ", central(cube, 2.0, 1.0), five_point(cube, 2.0, 1.0), complex_step(cube, 2.0, 1.0))
assert (central(cube, 2.0, 1.0), five_point(cube, 2.0, 1.0), complex_step(cube, 2.0, 1.0)) == (13, 12, 11)
print("h = 1/10: ", central(cube, 2.0, 0.1), five_point(cube, 2.0, 0.1), complex_step(cube, 2.0, 0.1))
assert np.isclose(central(cube, 2.0, 0.1) - 12, 0.01) and np.isclose(complex_step(cube, 2.0, 0.1) - 12, -0.01)
print("h = 1e-30:", central(cube, 2.0, 1e-30), five_point(cube, 2.0, 1e-30), complex_step(cube, 2.0, 1e-30))
assert central(cube, 2.0, 1e-30) == 0 and complex_step(cube, 2.0, 1e-30) == 12

# %% [markdown]
# With $h = 10^{-30}$ the complex step is right to the last digit, and the two differences are worth nothing: $2 + 10^{-30}$
# *is* $2$ to a computer, so they subtract a number from itself.
#
# ## 3 A picture 图: the error over the step
#
# A number is stored to a relative precision of $u$: $u \approx 1.1\cdot10^{-16}$ in double precision 双精度 (float64), and
# $u \approx 6\cdot10^{-8}$ in single precision 单精度 (float32). The values $f(x \pm h)$ carry errors of about $u|f|$;
# dividing by $h$ enlarges them. So a difference has two errors, one of which falls with $h$ while the other one grows:
#
# $$\text{central:}\quad \tfrac{h^2}{6}\,|f'''| + \tfrac{u\,|f|}{h} \qquad\qquad
# \text{five-point:}\quad \tfrac{h^4}{30}\,|f^{(5)}| + \tfrac{1.5\,u\,|f|}{h}$$
#
# The first summand is the **truncation error 截断误差**, the second the **rounding error 舍入误差**.
# Set the derivative of the first sum to zero: the best step is $h = \sqrt[3]{3u|f|/|f'''|}$, about $u^{1/3}$, and the error
# left is about $u^{2/3}$. For the five points it is $u^{1/5}$ and $u^{4/5}$. The complex step has no rounding term; its error
# falls to $u$ and stays there.
#
# Below, the loss of one example in logistic regression, $f(w) = -\log\sigma(1.7\,w) = \log(1 + e^{-1.7 w})$, whose derivative
# is $-1.7\,(1 - \sigma(1.7\,w))$. A single point may be lucky, so the errors are taken at twenty of them together.


# %%
def loss(w):
    return np.log(1 + np.exp(-1.7 * w))  # a Python number as 1.7 leaves float32 in single precision


methods = {"central difference": central, "five-point difference": five_point, "complex step": complex_step}
hs = 10.0 ** np.arange(-20, 0.01, 0.25)
errors = {}
for dtype in (np.float64, np.float32):
    w = np.linspace(-1, 1, 20, dtype=dtype)
    truth = -1.7 * (1 - sigmoid(1.7 * w.astype(np.float64))[0])
    for name, method in methods.items():
        derivatives = np.array([method(loss, w, dtype(h)) for h in hs], dtype=np.float64)
        errors[dtype, name] = np.linalg.norm(derivatives - truth, axis=1) / np.linalg.norm(truth)

figure = Figure(figsize=(9, 3.8), layout="constrained")
panels = figure.subplots(1, 2, sharey=True)
for axes, dtype in zip(panels, (np.float64, np.float32), strict=True):
    for (name, _), style in zip(methods.items(), ("-", "--", ":"), strict=True):
        axes.loglog(hs, errors[dtype, name], style, lw=2, label=name)
    axes.axhline(np.finfo(dtype).eps / 2, color="gray", lw=0.8)
    axes.set_title(f"{dtype.__name__}   (gray: u = {np.finfo(dtype).eps / 2:.0e})", fontsize="medium")
    axes.set_xlabel("step h")
    axes.set_ylim(1e-17, 10)
    axes.grid(alpha=0.3)
panels[0].set_ylabel("relative error")
panels[1].legend(loc="lower center")
show_picture(figure, "01_error_over_step")

for (dtype, name), error in errors.items():
    print(f"{dtype.__name__}  {name:22}  best error {error.min():.0e} at h = {hs[error.argmin()]:.0e}")

# %% [markdown]
# What to read off the picture:
#
# * on the right side of each curve the truncation error falls with slope 2 or 4, on the left the rounding error grows with
#   slope $-1$, and below $h \approx u$ the differences are pure nonsense, an error of 100 %;
# * in float64 the five points reach thirteen digits at $h \approx 10^{-3}$, and the complex step all sixteen at any
#   $h \le 10^{-8}$;
# * in float32 the central difference, at its best step, has about five right digits; at $h = 10^{-5}$, the best in float64, it
#   has two. A check in float32 cannot tell a small mistake from rounding. **So checks run in float64**,
#   also when training runs in float32.


# %%
def error_at(dtype, name, h):
    return errors[dtype, name][np.argmin(abs(np.log(hs / h)))]


f64, f32 = np.float64, np.float32
assert 9.5 < error_at(f64, "central difference", 1e-1) / error_at(f64, "central difference", 10**-1.5) < 10.5  # slope 2
assert 90 < error_at(f64, "five-point difference", 1e-1) / error_at(f64, "five-point difference", 10**-1.5) < 110  # slope 4
assert error_at(f64, "central difference", 1e-18) == error_at(f64, "five-point difference", 1e-18) == 1
assert error_at(f64, "five-point difference", 1e-3) < 1e-12
assert all(errors[f64, "complex step"][hs < 1e-8] < 1e-15)
assert 1e-6 < errors[f32, "central difference"].min() < 1e-4 and error_at(f32, "central difference", 1e-5) > 1e-3
assert all(errors[f32, "complex step"][hs < 1e-4] < 1e-6)

# %% [markdown]
# ## 4 From one number to arrays 从数到数组
#
# A function of this engine takes arrays and returns arrays. To have one number to differentiate, draw a random **upstream
# gradient 上游梯度** (or *cotangent*) $d$ of the output's shape, and let
#
# $$L = \sum_k d_k\, y_k, \qquad\text{so that}\qquad
# \frac{\partial L}{\partial x_m} = \sum_k d_k \frac{\partial y_k}{\partial x_m} .$$
#
# The right side is exactly what a backward function computes when it is handed $d$. The left side is measured by moving one
# entry $x_m$ after the other. For $y = xW + b$ with two rows:

# %%
x, W, b = rng.standard_normal((2, 3)), rng.standard_normal((3, 4)), rng.standard_normal(4)
y, cache = linear(x, W, b)
d = rng.standard_normal(y.shape)
measured = np.empty_like(W)
for k in np.ndindex(*W.shape):
    moved = W.astype(complex)
    moved[k] += 1e-30j
    measured[k] = (d * linear(x, moved, b)[0]).sum().imag / 1e-30
computed = linear_backward(d, cache).W
print("∂L/∂W, computed:\n", computed, "\nmeasured minus computed, at most", abs(measured - computed).max())
assert np.allclose(measured, computed, rtol=0, atol=1e-14)

# %% [markdown]
# The engine's check is that loop, over every entry of every input, by complex step and by five-point difference. Where a
# function has several outputs, each must also work alone, with no gradient (`None`) arriving at the others: an LSTM's $h$ and
# $c$, for instance, do not always both matter.

# %%
show_source(check_function, gradcheck._complex_step, gradcheck._five_point)

# %%
inputs = {"x": x, "W": W, "b": b}
assert show_checks(check_pair("linear", linear, linear_backward, inputs, ("x", "W", "b"), rng), {"linear": "y = x W + b"})

# %% [markdown]
# ## 5 How close is close enough? 误差的尺度
#
# Entry by entry, a relative error is unfair: an entry that happens to be $10^{-12}$ has no right digits and needs none. So an
# array is judged as a whole, by its norm 范数 $\lVert\cdot\rVert$. With $a$ computed and $n$ measured,
#
# $$\frac{\lVert a - n\rVert}{\max(\lVert a\rVert, \lVert n\rVert, S)} \le 10^{-10}\ \text{(complex step)}, \quad
# 10^{-6}\ \text{(five points)} .$$
#
# $S$ is the size of the terms that the gradient *sums*. It matters where they cancel. A softmax whose upstream gradients are
# all equal has a gradient of exactly zero; what remains is rounding, and compared with itself it looks like an error of 100 %.

# %%
show_source(judge)

# %%
e = rng.standard_normal((5, 6))
p, cache = softmax(e)
d = np.full_like(p, 0.3)
a = softmax_backward(d, cache)
n = np.stack([(d * softmax(e + 1e-30j * np.eye(6)[k])[0]).sum(axis=1).imag / 1e-30 for k in range(6)], axis=1)
alone = judge("softmax", "e", "complex-step", a, n)
fair = check_function("softmax", lambda e: softmax(e)[0], {"e": e}, {"e": a}, [d])[0]
print(f"|a| = {np.linalg.norm(a):.0e}, |n| = {np.linalg.norm(n):.0e}")
print(f"error {alone.error:.1e} without S, {fair.error:.1e} with it")
assert np.linalg.norm(a) < 1e-15 and not alone.passed and fair.passed

# %% [markdown]
# ## 6 A check must be able to fail 检验必须能失败
#
# Plant mistakes, and see whether they are found. Three that really happen: a bias whose gradient is not summed over the rows
# but averaged; a transposition forgotten; an average taken with the wrong weights.


# %%
def averaged_bias(d_y, cache):
    d = linear_backward(d_y, cache)
    return d._replace(b=d_y.mean(axis=0))


def not_transposed(d_y, cache):
    _, W, _ = cache
    return LinearGradients(d_y @ W, *linear_backward(d_y, cache)[1:])


def plain_mean(d_p, cache):
    p, _ = cache
    return p * (d_p - d_p.mean(axis=-1, keepdims=True))  # right: the mean weighted by p


square = inputs | {"W": rng.standard_normal((3, 3)), "b": b[:3]}
wrong = check_pair("bias", linear, averaged_bias, inputs, ("b",), rng)
wrong += check_pair("transpose", linear, not_transposed, square, ("x",), rng)
wrong += check_pair("mean", softmax, plain_mean, {"e": e}, ("e",), rng)
assert not show_checks(wrong, {"bias": "averaged", "transpose": "forgotten", "mean": "unweighted"})
assert not any(result.passed for result in wrong)

# %% [markdown]
# And yet each of the three slips through when the inputs are too kind: one row only; a symmetric $W$; upstream gradients that
# are all ones (as if the loss were the plain sum of the outputs). Hence the engine's rules: **random cotangents, batches of
# several rows, and sizes that all differ**, so that a wrong transposition does not even fit.

# %%
one_row = check_pair("bias", linear, averaged_bias, inputs | {"x": x[:1]}, ("b",), rng)
symmetric = check_pair("transpose", linear, not_transposed, square | {"W": square["W"] + square["W"].T}, ("x",), rng)
ones = check_function("mean", lambda e: softmax(e)[0], {"e": e}, {"e": plain_mean(np.ones_like(p), cache)}, [np.ones_like(p)])
assert all(result.passed for result in one_row + symmetric + ones)
print("With kind inputs all three mistakes pass.")

# %% [markdown]
# `tests/mutants` does this systematically: it plants thousands of mistakes in the engine's backward functions, one at a time,
# and each must make a check fail.
#
# ## 7 What the complex step asks for 解析函数
#
# The series of section 1 needs a function that continues into the complex plane, an analytic 解析 one. Sums, products, `exp`,
# `tanh` do. Absolute values, comparisons and maxima do not, and the answer is then silently wrong: $|x + \mathrm{i}h|$ is a
# real number, its imaginary part zero. That is why the engine writes $\sigma$ through $\tanh$, shifts a softmax by the maximum
# of the *real* parts, and selects by masks that are real booleans; and why there is a second, independent check in real
# arithmetic, the five points.

# %%
print("|x|' at 3:", complex_step(abs, 3.0, 1e-30), "by complex step,", five_point(abs, 3.0, 1e-3), "by five points; right is 1")
assert complex_step(lambda x: np.abs(x) + 0j, 3.0, 1e-30) == 0 and np.isclose(five_point(abs, 3.0, 1e-3), 1)
show_source(sigmoid_values)
assert np.isclose(complex_step(sigmoid_values, 0.7, 1e-30), sigmoid_backward(1.0, sigmoid(0.7)[1]), rtol=1e-15)

# %% [markdown]
# ## 8 Questions 思考题
#
# **Why not** $h = 10^{-320}$, if smaller is better?
#
# <details><summary>Answer 答案</summary>
#
# The imaginary part carries $h f'$, and along the way $h$ times every intermediate derivative. The smallest number that
# float64 holds with all its digits is about $10^{-308}$; below, digits are lost one after the other, down to zero at
# $10^{-324}$. With $10^{-30}$ derivatives may be as small as $10^{-278}$.
#
# </details>
#
# **A kink.** $\mathrm{relu}(x) = \max(x, 0)$ at $x = 0$: what does the central difference answer, and what if a check happens
# to stand at $x = 10^{-5}$ with $h = 10^{-3}$?
#
# <details><summary>Answer 答案</summary>
#
# At $0$ it answers $\frac12$, the mean of both slopes, and no $h$ changes that. At $10^{-5}$ the right answer is $1$, but
# two of the four points of a five-point difference stand on the other side of the kink, and the answer is off by almost a
# half. A difference tests a function on an interval as wide as its step; a function must be smooth on that scale. All
# functions of this engine are, which is one reason to prefer $\tanh$ here.
#
# </details>

# %%
lost = abs(complex_step(loss, 0.3, 1e-320) / complex_step(loss, 0.3, 1e-30) - 1)
print("complex step with h = 1e-320: relative error", lost)
assert lost > 1e-6
assert central(lambda x: max(x, 0.0), 0.0, 1e-3) == 0.5
print("relu at 1e-5:", five_point(lambda x: max(x, 0.0), 1e-5, 1e-3))
assert abs(five_point(lambda x: max(x, 0.0), 1e-5, 1e-3) - 1) > 0.4

# %% [markdown]
# ## Where next
#
# `minis2s check` runs all the checks of the package, `minis2s check --only D0.4` that of one equation; the whole of
# `minis2s/gradcheck.py` is some 200 lines. Lesson 2 derives the first gradients: the affine map, the squashing functions,
# softmax and cross-entropy.

# %%
print("Lesson 1: every claim held.")

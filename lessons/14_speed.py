# %% [markdown]
# # Lesson 14 · From equation to speed 从公式到速度: what the benchmark shows, NumPy to CuPy
#
# About 25 minutes. You need the LSTM (lesson 5), encoder and decoder (lesson 7) and Adam (lesson 11). Run this file with
# `python lessons/14_speed.py`, or open it cell by cell in VS Code or Jupyter (with jupytext).
#
# The equations are written once, for people, and the same lines train fast. How can that be? Because most of the time goes into
# a few kinds of **matrix products 矩阵乘法**, which a library does better than anybody, and the rest is a question of structure:
# how many products, of what shape, on what rows. You will count multiplications on paper, find the same numbers in the running
# engine, and measure.
#
# **Times are yours.** Every time below is measured on your machine, now, beside whatever else it is doing; no `assert` depends on
# one. Asserted are counts, equal results and memory, which are the same everywhere.

# %%
import math
import time
import tracemalloc
from statistics import mean, median
from types import SimpleNamespace

import numpy as np
from matplotlib.figure import Figure

from minis2s import machine
from minis2s.backend import array_module, elementwise
from minis2s.bench.bound import Products, flops, matrix_products
from minis2s.bench.bound import seconds as seconds_of_products
from minis2s.bench.engines import engine
from minis2s.bench.settings import generator, setting
from minis2s.cli import main
from minis2s.data.batching import Example, bucketed_batches, make_batch
from minis2s.equations.linear import linear_backward, linear_backward_input, linear_backward_parameters
from minis2s.equations.lstm import LSTMState, lstm_pointwise
from minis2s.equations.optimisers import adam
from minis2s.layers.packing import Packing
from minis2s.lessons import show_picture, show_source
from minis2s.models.seq2seq import Seq2Seq
from minis2s.pieces import PIECE, each, pieces
from minis2s.training.flat import FlatParameters
from minis2s.training.optimisers import Adam

rng = np.random.default_rng(14)
machine.set_threads(1)  # until section 8
print(f"{machine.processor()}; {machine.blas()}; threads {machine.threads()}")


def milliseconds(task, rounds=9):
    """The median time of a task, after one round to warm up."""
    task()
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        task()
        times.append(time.perf_counter() - began)
    return 1e3 * median(times)


# %% [markdown]
# ## 1 A worked example for paper 手算例子: count the multiplications
#
# A product of $(n, k)$ and $(k, m)$ takes $n k m$ multiplications, and as many additions; together $2nkm$ **floating-point
# operations 浮点运算**. Take an LSTM with $E = 3$, $H = 2$ and a batch of three sentences of $3$, $2$ and $1$ words:
#
# | product | shapes | multiplications |
# |---|---|---|
# | inputs $x_t W_x$, all at once, with padding 填充 | $(9, 3)(3, 8)$ | $216$ |
# | the same for the 6 real words only | $(6, 3)(3, 8)$ | $144$ |
# | recurrence $h_{t-1} W_h$, three steps of three rows | $3 \times (3, 2)(2, 8)$ | $144$ |
# | the same, ended sentences gone: 3, 2, 1 rows | $(3 + 2 + 1, 2)(2, 8)$ | $96$ |
#
# **Backward is twice forward.** For each $y = xW$ there are $\delta x = \delta y\, W^\top$ and $\delta W = x^\top \delta y$, of
# $(n, m)(m, k)$ and $(k, n)(n, m)$: each again $nkm$. So a training step costs three times its forward pass, whatever the model.
#
# The engine's batch is **packed 打包** that way: sorted by length, the rows that are alive at step $t$ are the first few, and a
# sentence that has ended leaves the product. Nothing is multiplied that padding would only throw away.

# %%
mask = np.array([[True, True, True], [True, True, False], [True, False, False]])  # (T, B)
packing = Packing(mask)
E, H = 3, 2
inputs_padded, inputs_packed = mask.size * E * 4 * H, len(packing) * E * 4 * H
recurrence_padded, recurrence_packed = 3 * 3 * H * 4 * H, sum(packing.sizes) * H * 4 * H
print("rows alive at each step:", packing.sizes, "  multiplications:", inputs_padded, inputs_packed, recurrence_padded, end=" ")
print(recurrence_packed)
assert packing.sizes == [3, 2, 1]
assert (inputs_padded, inputs_packed, recurrence_padded, recurrence_packed) == (216, 144, 144, 96)
show_source(Packing.pack, Packing.steps)

# %% [markdown]
# ## 2 The products of a real step 一步训练中的矩阵乘法
#
# The benchmark's setting `main` has the sizes of the built-in translator: 64 sentences, $E = 64$, $H = 128$, 400 words. Below,
# every matrix product of one training step is written down while it runs: weights of a type that records what it is multiplied
# with. Then the same for the forward pass alone, and for the same batch with its padding treated as words.

# %%
chosen = setting("main")
batch = chosen.batch(generator())
model = Seq2Seq(chosen.config, chosen.V, chosen.V, generator())
ours = engine("minis2s")(model, batch)
products = matrix_products(ours)


class ForwardOnly:
    """A model that is not differentiated."""

    def __init__(self, model):
        self.named_parameters, self.forward = model.named_parameters, model.forward

    def backward(self, cache): ...


forward = matrix_products(SimpleNamespace(flat=ours.flat, model=ForwardOnly(model), batch=batch))
words = np.where(batch.source_mask, batch.source, 4)
full = make_batch([Example(s.tolist(), t[:-1].tolist()) for s, t in zip(words.T, batch.target_out.T, strict=True)])
padded = matrix_products(SimpleNamespace(flat=ours.flat, model=model, batch=full))

N, places = batch.n_source_tokens, batch.source_mask.size
print(f"{len(products)} products, {flops(products) / 1e6:.0f} million operations; ", end="")
print(f"forward {flops(forward) / 1e6:.0f} million, ratio {flops(products) / flops(forward):.3f}")
print(f"source: {N} words in {places} places; with padding computed {flops(padded) / 1e6:.0f} million operations")
assert 2.95 < flops(products) / flops(forward) < 3.05  # section 1 says 3; nearly all of what is multiplied is such a product
assert full.source_mask.all() and N < places and flops(padded) > flops(products)
assert all(dtype == np.float32 for pair in products for _, _, dtype in pair)  # section 7

of_encoder = [f for f in forward if f[0][0] == (N, chosen.E)]
of_encoder_padded = [f for f in padded if f[0][0] == (places, chosen.E) and f[1][0] == of_encoder[0][1][0]]
assert of_encoder and flops(of_encoder[:1]) / flops(of_encoder_padded[:1]) == N / places  # exactly the share of real words

# %% [markdown]
# Packing takes the padding out of the products; **bucketing 按长度分桶** keeps it small from the start, also for attention, whose
# $(T, B)$ scores are not packed: sentences of similar length share a batch. For 5,000 sentences of 3 to 30 words:

# %%
examples = [Example([4] * n, [4]) for n in rng.integers(3, 31, 5000)]


def share_of_padding(batches):
    lengths = [[len(examples[row].source) for row in rows] for rows in batches]
    return 1 - sum(map(sum, lengths)) / sum(len(rows) * max(rows) for rows in lengths)


shuffled = [rows.tolist() for rows in np.array_split(rng.permutation(5000), 79)]
in_any_order, bucketed = share_of_padding(shuffled), share_of_padding(bucketed_batches(examples, 64, rng))
print(f"padding: {in_any_order:.0%} of the places in any order, {bucketed:.1%} with buckets")
assert bucketed < 0.05 < 0.4 < in_any_order

# %% [markdown]
# ## 3 The bound: what no arrangement can beat 下界
#
# The matrix products of a step must be done. The time that they take *alone*, on numbers laid out as in the step, is therefore a
# **bound 下界** for the step, and the bound's share of the step says how much is left to gain.
#
# **On paper** (Amdahl's law 阿姆达尔定律). If the products are 60 % of a step and everything else is made to vanish, the step is
# $1/0.6 = 1.67$ times faster, no more. If everything else is made *twice* as fast: $1/(0.6 + 0.2) = 1.25$. And if two processors
# halve the products and do nothing for the rest: $1/(0.3 + 0.4) = 1.43$, not 2.

# %%
alone = 1e3 * seconds_of_products(Products(products, rng))
step = milliseconds(ours.step)
print(f"products alone {alone:.1f} ms, a whole step {step:.1f} ms: the products are {alone / step:.0%} of it")
print(f"{flops(products) / alone / 1e6:.1f} Gflop/s in the products")
assert [round(1 / t, 2) for t in (0.6, 0.6 + 0.4 / 2, 0.6 / 2 + 0.4)] == [1.67, 1.25, 1.43]

# %% [markdown]
# ## 4 One product for all steps 一次算完所有时刻
#
# $x_t W_x$ does not depend on the recurrence, so the engine multiplies the words of all steps at once: the rows of one tall
# matrix. The number of multiplications is the same. What changes is the shape. A product with few rows reads all of $W_x$ for
# little work, and each call has a price; a tall one reads $W_x$ once, keeps pieces of it in the **cache 高速缓存**, and works at
# full speed. Here is how the speed grows with the number of rows, for a $W$ of 4 MB (one that fits into the cache whole is happy
# with fewer rows); the result never changes.

# %%
W = rng.standard_normal((512, 2048)).astype(np.float32)
rows_at_once, speeds = (1, 4, 16, 64, 256, 512), []
x = rng.standard_normal((512, 512)).astype(np.float32)
whole = x @ W
for rows in rows_at_once:
    parts = x.reshape(-1, rows, 512)
    took = milliseconds(lambda parts=parts: [part @ W for part in parts], rounds=5)
    speeds.append(2 * x.size * 2048 / took / 1e6)
    print(f"{512 // rows:4} products of {rows:4} rows: {took:7.2f} ms, {speeds[-1]:5.1f} Gflop/s")
    assert np.allclose(np.concatenate([part @ W for part in parts]), whole, rtol=0, atol=1e-3)

# %% [markdown]
# The recurrence $h_{t-1} W_h$ cannot be joined like that: step $t$ needs the result of step $t - 1$. It stays a loop of small
# products, and that is why a larger batch is faster per word.
#
# ## 5 Weight gradients that wait 推迟的权重梯度
#
# Going back, each step owes the step before it $\delta x_t = \delta y_t W^\top$ at once. $\delta W = \sum_t x_t^\top \delta y_t$
# nobody waits for. So it is not added up step by step, which reads and writes all of $\delta W$ each time; the rows are kept, and
# one tall product does the sum by itself:
#
# $$\delta W = \sum_t x_t^\top\, \delta y_t =
# \begin{bmatrix} x_1 \\ \vdots \\ x_T \end{bmatrix}^{\!\top} \begin{bmatrix} \delta y_1 \\ \vdots \\ \delta y_T \end{bmatrix} .$$
#
# **On paper**, two steps with one number each: $x = (1, 2)$, $\delta y = (3, 4)$: step by step $1\cdot3 + 2\cdot4 = 11$; as one
# product of a row and a column $[1\; 2]\,[3\; 4]^\top = 11$. That is all there is to it, and why `linear_backward` has two
# halves.

# %%
show_source(linear_backward, linear_backward_input, linear_backward_parameters)
assert linear_backward_parameters(np.array([[3.0], [4]]), np.array([[1.0], [2]]))[0].item() == 1 * 3 + 2 * 4 == 11
T, B, H = 50, 16, 256
h, d_a = rng.standard_normal((T, B, H)).astype(np.float32), rng.standard_normal((T, B, 4 * H)).astype(np.float32)


def step_by_step():
    d_W = np.zeros((H, 4 * H), np.float32)
    for h_t, d_a_t in zip(h, d_a, strict=True):
        d_W += h_t.T @ d_a_t
    return d_W


def all_together():
    return linear_backward_parameters(d_a, h)[0]


print(f"{T} products added up {milliseconds(step_by_step):.2f} ms, one product {milliseconds(all_together):.2f} ms")
assert np.allclose(step_by_step(), all_together(), rtol=0, atol=1e-2)  # sums of 800 numbers of size 1

# %% [markdown]
# ## 6 Passes over memory 访存
#
# An element-wise line does one or two operations for each number that it reads: it waits for the **memory 内存**, not for the
# processor. Adam is a dozen such lines over all parameters, each making a new array. Done on the whole vector, every line fetches
# it anew; done on pieces of 262,144 numbers, a piece stays in the cache from the first line to the last, and the temporary arrays
# are small. As Adam works element by element, the result is the same to the last bit. The loss over a large vocabulary and
# additive attention's scores are taken in pieces, too; and pieces, which need nothing of each other, can be shared among threads:

# %%
show_source(Adam.step, pieces, each)
n = 4_000_000
parameter, gradient, m = (rng.standard_normal(n).astype(np.float32) for _ in range(3))
v = m * m


def adam_in_pieces_of(length):
    out = [np.empty_like(parameter) for _ in range(3)]
    for start in range(0, n, length):
        part = slice(start, start + length)
        for array, new in zip(out, adam(parameter[part], gradient[part], m[part], v[part], 1, 1e-3), strict=True):
            array[part] = new
    return out


def peak_of(task):
    """Bytes that the task holds at most, beyond what was there."""
    tracemalloc.start()
    task()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak


for length in (n, PIECE):
    took = milliseconds(lambda length=length: adam_in_pieces_of(length), rounds=3)
    peak = peak_of(lambda length=length: adam_in_pieces_of(length))
    print(f"pieces of {length:9,}: {took:6.1f} ms, peak {peak / 1e6:6.1f} MB (three results alone: {3 * 4 * n / 1e6:.0f})")
assert all(np.array_equal(a, b) for a, b in zip(adam_in_pieces_of(n), adam_in_pieces_of(PIECE), strict=True))
assert peak_of(lambda: adam_in_pieces_of(PIECE)) < 3.5 * 4 * n < peak_of(lambda: adam_in_pieces_of(n))

# %% [markdown]
# **What a step must remember.** Back-propagation needs what the forward pass computed, so memory grows with $T \cdot B$. Largest
# is often the output: $N$ target words times $V$ probabilities. On paper for `main`: $640 \cdot 400 \cdot 4$ bytes $= 1.0$ MB;
# with a vocabulary of 32,000 it would be 82 MB. Lesson 13 trades memory for time.

# %%
peaks = []
for size in (16, 32, 64, 128):
    many = make_batch([Example([4] * 8, [5] * 9)] * size)
    peaks.append(peak_of(lambda many=many: model.forward(many)))
print("peak of a forward pass, MB:", [round(p / 1e6, 1) for p in peaks], "for 16, 32, 64, 128 sentences")
assert peaks == sorted(peaks) and 1.7 < peaks[-1] / peaks[-2] < 2.3  # linear in the batch
assert peaks[2] > batch.n_target_tokens * chosen.V * 4 == 1_024_000

# %% [markdown]
# ## 7 Single precision, and how it is lost 单精度
#
# Training runs in float32: half the bytes, and twice as many numbers in each instruction. It is lost silently: *one* float64
# array, or one NumPy scalar of that type, makes everything after it float64. A Python number does not (NumPy 2). Section 2
# asserted that every product of a step has two float32 factors; here is what would spoil it:

# %%
x = np.ones(3, np.float32)
for what, value in (("2.0", 2.0), ("np.float64(2)", np.float64(2)), ("math.sqrt(4)", math.sqrt(4)), ("np.sqrt(4)", np.sqrt(4))):
    print(f"x * {what:14} {(x * value).dtype}")
assert (x * 2.0).dtype == (x * math.sqrt(4)).dtype == np.float32
assert (x * np.float64(2)).dtype == (x * np.sqrt(4)).dtype == (x + np.zeros(3)).dtype == np.float64
single, double = rng.standard_normal((512, 512)).astype(np.float32), rng.standard_normal((512, 512))
print(f"a product of 512 × 512: float32 {milliseconds(lambda: single @ single):.2f} ms, float64", end=" ")
print(f"{milliseconds(lambda: double @ double):.2f} ms")
assert double.nbytes == 2 * single.nbytes

# %% [markdown]
# ## 8 Threads 线程, and when a second one hurts
#
# A BLAS splits a large product among threads. They must be woken, and wait for each other at the end; for a small product that
# costs as much as the product. Worse, on a machine that does something else as well, one of the two may not be running just then,
# and the other one waits for it: at every product, hundreds of times in a step. That is why `minis2s train` uses one thread for
# a small model unless told otherwise. And while a BLAS's thread waits for the next product it waits *busily*, by default for some
# 20 ms: on two processors, our own second thread (section 6) then gained nothing. `minis2s/__init__.py` asks it to sleep after a
# millisecond; that alone made a step of the benchmark's `multi` a tenth faster.

# %%
small = rng.standard_normal((64, 128)).astype(np.float32), rng.standard_normal((128, 512)).astype(np.float32)
large = rng.standard_normal((768, 768)).astype(np.float32), rng.standard_normal((768, 768)).astype(np.float32)
results = {}
for threads in (1, 2):
    machine.set_threads(threads)
    for name, (a, b) in (("small", small), ("large", large)):
        results[threads, name] = a @ b
        print(f"{threads} thread(s), {name} product: {milliseconds(lambda a=a, b=b: a @ b):7.3f} ms")
machine.set_threads(1)
assert np.allclose(results[1, "small"], results[2, "small"], rtol=0, atol=1e-3)  # equal, but not always to the last bit
assert np.allclose(results[1, "large"], results[2, "large"], rtol=0, atol=1e-3)

# %% [markdown]
# ## 9 Measuring honestly 诚实的测量
#
# **On paper.** Five runs of a program take $10, 10, 10, 10, 60$ ms; in the last one the system was busy elsewhere. The mean is
# 20, the **median 中位数** 10. Now two engines that both need 10 ms, on a machine that slows down by half after the tenth step
# (it got warm, a neighbour woke up). *One after the other*, ten steps each: $15/10$, the second one looks 1.5 times slower.
# **Interleaved 交替进行**, a step of each in turn: both medians are 12.5, the ratio is 1.

# %%
assert (mean([10, 10, 10, 10, 60]), median([10, 10, 10, 10, 60])) == (20, 10)
drift = [10] * 10 + [15] * 10  # what a step takes, over time, whichever engine computes it
ratio_in_turn, ratio_interleaved = median(drift[10:]) / median(drift[:10]), median(drift[1::2]) / median(drift[::2])
print("one after the other:", ratio_in_turn, "  interleaved:", ratio_interleaved)
assert ratio_in_turn == 1.5 and ratio_interleaved == 1 and median(drift[::2]) == 12.5

# %% [markdown]
# `minis2s bench` measures like that. Before it times anything, the engines must agree on the loss of the same weights (to
# $10^{-4}$) and on the words that they decode: otherwise they are not the same model, and the faster one may have left out some
# work. Then all take turns, steps and decoding and the bare matrix products, until the time is over; what is printed are medians.
# Each engine has a process of its own, and in each turn only the second of two steps is timed. We learned that the hard way:
# in one process, the threads of one engine wait busily for its next product while the other one computes, and what one leaves in
# the caches is not what the other needs. PyTorch's steps then looked 1.3 to 4 times slower than they are.
# With `--against torch,jax` others compete (they are not needed here):

# %%
assert main(["bench", "--settings", "main", "--seconds", "1", "--threads", "1"]) == 0

# %% [markdown]
# How to read the row:
#
# * **ms/step** is a whole step: forward, backward, clipping, Adam. *ratio* stands beside other engines: their time divided by
#   ours, above 1 if ours is faster;
# * **tokens/s** are target words in that time, *for this batch*: longer sentences give another number;
# * **bound** is section 3's share: the matrix products alone, as a part of the step;
# * **decode ms** is greedy search of the same batch, with the products' share of it; *peak MB* the most memory that training
#   took, program and libraries included;
# * the last line belongs to the numbers. The same program with another BLAS, another kernel of the same BLAS, or two threads
#   is another measurement. A ratio travels better than a time, and neither travels far.
#
# ## 10 The same code on a GPU: CuPy
#
# A function asks its arguments which library they are from, and calls that one. So an equation is written once for both:

# %%
show_source(array_module, elementwise)
assert array_module(np.zeros(2)) is np and array_module(1.0, None) is np

# %% [markdown]
# A graphics processor multiplies far faster than a processor, and has other weak points. Each array operation is a **kernel
# 核函数** that the host must launch, and reads and writes its arrays in the device's memory. Three things follow.
#
# **Fuse what is element-wise 逐元素融合.** On paper, $c = f \odot c' + i \odot g$ as three operations reads two arrays and
# writes one, three times: $3 \cdot 3 = 9$ passes over memory, 3 launches. As one kernel it reads 4 and writes 1: $5$ passes, 1
# launch. Functions marked `@elementwise` become one kernel on CuPy and stay plain NumPy on the host. How many operations are
# there to fuse?


# %%
class Counting(np.ndarray):
    """An array that counts the element-wise operations in which it, or what is made of it, takes part."""

    operations = 0

    def __array_ufunc__(self, ufunc, method, *inputs, **keywords):
        Counting.operations += ufunc is not np.matmul
        plain = [np.asarray(x) if isinstance(x, Counting) else x for x in inputs]
        return np.asarray(getattr(ufunc, method)(*plain, **keywords)).view(Counting)


def operations(task):
    Counting.operations = 0
    task()
    return Counting.operations


f, c, i, g, a = (rng.random((2, n)).view(Counting) for n in (4, 4, 4, 4, 16))
counts = {
    "f c + i g": operations(lambda: f * c + i * g),
    "an LSTM cell after its product": operations(lambda: lstm_pointwise(a, c)),
    "Adam": operations(lambda: adam(f, c, i, g, 1, 1e-3)),
}
print("element-wise operations, each a launch if not fused:", counts)
assert counts["f c + i g"] == 3 and counts["Adam"] > 8 and counts["an LSTM cell after its product"] > 8
assert isinstance(lstm_pointwise(a, c)[0], LSTMState)

# %% [markdown]
# **Do not look.** The host launches kernels and runs ahead; it waits only where it needs a *value*. Then the device must finish
# everything first, and stands idle until the next launch: a **synchronisation 同步**. What looks harmless and synchronises:
# `float(x)`, `bool(x)` and so `if x > 0`, `x[mask]` and `nonzero` (how many rows will it have?), `to_host`, printing. A step
# needs two such values, the gradient's norm for clipping and the loss for you, after all its kernels have been launched:

# %%
show_source(FlatParameters.gradient_norm)

# %% [markdown]
# **Do not carry.** An array that goes to the device and back costs more than most kernels; masks become lists of row numbers on
# the host *before* the step (section 1's `Packing`), the batch goes over once, and the parameters live there.
#
# **No GPU times stand here**, because none have been measured for this text: the package's tests run the same code through CuPy's
# own front end on a machine without a GPU, which shows that it computes the same, not how fast. If you have one, measure
# like this: warm up first (the first call of each kernel compiles it); synchronise *before you read the clock*
# (`cupy.cuda.Device().synchronize()`), or you time the launches; take medians; compare the losses first. And expect small models
# not to gain: with hundreds of small kernels a step waits for launches, not for arithmetic.
#
# ## 11 What was tried and did not help
#
# Measured by the authors on two cores, and left out of the engine. Negative results belong to the record:
#
# | idea | gain | probable reason |
# |---|---|---|
# | two half-batches on two Python threads | at most 5 % | products of half the rows; two threads, one Python lock |
# | short array operations (32,768 numbers) on two threads | none, or a loss | each wakes the other thread, which takes longer |
# | transposed copies of the weights for the backward products | below 1 % | the copies cost half of what they gain |
# | huge pages for all arrays | none that was measurable | NumPy asks for them itself, for large arrays |
# | `out=` to reuse arrays everywhere | none, but for arrays as wide as the vocabulary | allocation is cheap |
#
# ## 12 A picture 图
#
# Left: the operations of section 2's step, by kind. In the loops backward costs as much as forward, not twice: their weight
# gradients have left (section 5) and are among those of all steps. Middle: section 4, measured here. Right: section 9, the
# drifting machine; dots of two colours are the two engines' steps, interleaved.


# %%
def kind(factors):
    """A product in a loop has no more rows than the batch, and does not sum over all places."""
    (a, _, _), (b, _, _) = factors
    if chosen.V in (*a, *b):
        return "output"
    in_a_loop = a[-2] == 1 if len(a) > 2 else a[0] <= chosen.B and a[1] not in (N, batch.n_target_tokens)
    return "in the loops over time" if in_a_loop else "all steps at once"


kinds = ("in the loops over time", "all steps at once", "output")
passes = {"forward": forward, "forward and backward": products}
by_kind = {name: [flops([f for f in each if kind(f) == k]) / 1e6 for k in kinds] for name, each in passes.items()}
for name, *millions in zip(kinds, *by_kind.values(), strict=True):
    print("{:22} forward {:4.0f} million, with backward {:4.0f} million".format(name, *millions))
assert np.isclose(sum(by_kind["forward"]), flops(forward) / 1e6)
assert by_kind["forward and backward"][2] == 3 * by_kind["forward"][2]  # the output: one product becomes three
assert by_kind["forward and backward"][0] < 2.1 * by_kind["forward"][0]  # the loops: of three products one was deferred

figure = Figure(figsize=(13, 3.8), layout="constrained")
work, speed, turns = figure.subplots(1, 3)
for k, (name, values) in enumerate(by_kind.items()):
    work.barh(np.arange(3) + 0.38 * k - 0.19, values, 0.36, label=name)
work.set_yticks(range(3), kinds)
work.set(xlabel="million operations of one step", title="where the operations are", ylim=(-0.6, 3.1))
work.legend()
speed.semilogx(rows_at_once, speeds, "o-", base=2)
speed.set_xticks(rows_at_once, [str(n) for n in rows_at_once])
speed.set(xlabel="rows in one product", ylabel="Gflop/s, one thread", ylim=(0, None), title="the same work in taller products")
for k, color in enumerate(("tab:blue", "tab:orange")):
    turns.plot(range(k, 20, 2), drift[k::2], "o", color=color, label=f"engine {'AB'[k]}, interleaved")
turns.axhline(10, color="tab:blue", ls="--", lw=1, label="A first: 10")
turns.axhline(15, color="tab:orange", ls="--", lw=1, label="then B: 15")
turns.set(xlabel="step", ylabel="ms", ylim=(0, 18), title="a machine that slows down")
turns.set_xticks(range(0, 20, 5))
turns.legend(loc="lower right")
for panel in (work, speed, turns):
    panel.grid(alpha=0.3)
show_picture(figure, "14_speed")

# %% [markdown]
# ## 13 Questions 思考题
#
# **1.** A colleague reports: "our step takes 40 ms, yours 50 ms, so ours is 1.25 times faster." What do you ask?
#
# <details><summary>Answer 答案</summary>
#
# Is it the same loss on the same weights and batch, with clipping and the optimiser's step, in the same precision? The same
# machine, BLAS and number of threads? Medians of interleaved steps, or one run after the other? Was anything compiled before the
# clock began, and was the device synchronised before it was read? Does padding count among the tokens?
#
# </details>
#
# **2.** `main` has its targets all equally long. With target lengths from 5 to 10, how much of the output layer's work does
# packing save?
#
# <details><summary>Answer 答案</summary>
#
# The mean length is 7.5 of 10 places, so a quarter, in the forward and in both backward products. In a setting with a large
# vocabulary the output is most of the step, and that quarter is nearly a quarter of everything.
#
# </details>
#
# **3.** The vocabulary grows from 400 to 32,000 words. Which shares of the picture's left panel change, and does the bound's
# share of the step rise or fall?
#
# <details><summary>Answer 答案</summary>
#
# The output's operations grow eighty-fold, the others not at all. It is one tall product, which runs at full speed, but softmax
# and Adam also pass over 80 times as much memory. Usually the products' share rises: they do $2H$ multiplications for every entry
# that softmax touches a few times.
#
# </details>

# %%
assert np.mean(range(5, 11)) == 7.5 and 32_000 / 400 == 80

# %% [markdown]
# ## Where next
#
# `minis2s bench` runs all settings; `python -m minis2s.bench.length` measures how time and memory grow with the length. Read
# `minis2s/layers/recurrent.py` with this lesson beside it: the product before the loop, the shrinking rows, the product after it.
# Lesson 15 asks whether what was trained so fast is any good.

# %%
print("Lesson 14: every claim held.")

# %% [markdown]
# # Lesson 7 · Encoder and decoder 编码器与解码器
#
# About 25 minutes. You need the recurrent cell (lesson 3), the LSTM (lesson 5) and softmax (lesson 2). Run this file with
# `python lessons/07_encoder_decoder.py`, or open it cell by cell in VS Code or Jupyter (with jupytext).
#
# A cell reads one word. A sequence-to-sequence model 序列到序列模型 repeats a cell along the source until one state stands for
# the whole sentence, hands that state to a second cell, and repeats *that* one to write the target, each word being read again
# before the next is written. At the end you can do all of it on paper for three words, and you have seen what goes wrong when
# padding is read, when the target is not shifted, and when everything must pass through one state.

# %%
import numpy as np
from matplotlib.figure import Figure

from minis2s import gradcheck
from minis2s.equations.catalogue.attention_decoders import decode_with_attention, decode_with_attention_backward
from minis2s.equations.catalogue.contexts import encode_padding_too, encode_padding_too_backward
from minis2s.equations.catalogue.decoders import (
    decode_in_step,
    decode_words,
    decode_words_backward,
    feed_back,
    feed_back_backward,
)
from minis2s.equations.catalogue.encoders import Encoding, encode, encode_backward
from minis2s.equations.catalogue.folds import fold, fold_backward
from minis2s.equations.contexts import last_state, last_state_backward
from minis2s.equations.embedding import embedding, embedding_backward
from minis2s.equations.optimisers import adam
from minis2s.equations.registry import equation
from minis2s.lessons import show_checks, show_picture, show_printed, show_source

np.set_printoptions(precision=6, suppress=True)
rng = np.random.default_rng(7)

# %% [markdown]
# ## 1 The formulas as printed 原文公式
#
# Document D1 prints two formulas, D4 (§3.3) one more for the same decoder:
#
# $$h_i = f_{enc}(x_1, x_2, \dots, x_i; \theta) \tag{D1.1}$$
# $$y_j = f_{dec}(h_i, y_{j-1}; \phi) \tag{D1.2}$$
# $$h_t = \mathrm{RNN}(h_{t-1}, s_t) \tag{D4.3}$$
#
# D1.1: an **encoder state 编码器状态** depends on all the words so far, the **prefix 前缀**. A function of a growing list is
# computed by a **fold 折叠**: $h_i = f(h_{i-1}, x_i)$, so the prefix enters through $h_{i-1}$ alone. D1.2: the **decoder
# 解码器** makes the next word from a state and the **previous word** $y_{j-1}$. D4.3 says how that word comes in: as its
# **word vector 词向量** $s_t$.
#
# Three more entries of the registry belong here: the **last state 末状态** $h_n$, which D1's program hands to the decoder
# (`D1.1-last`), and the encoder as the documents' LSTM programs have it, without a **mask 掩码** (`D1.1-printed`).

# %%
show_printed("D1.1", "D1.1-last", "D1.1-printed", "D1.2", "D4.3")

# %% [markdown]
# ## 2 Symbols and shapes 符号与形状
#
# $B$ sentences side by side; sources of up to $T$ words, targets of up to $S$; vectors are rows.
#
# | symbol | shape | meaning |
# |---|---|---|
# | $x_i$ | $(T, B, E)$ | source vectors 源序列向量, one for each word |
# | mask | $(T, B)$ | True where there is a word, False at padding 填充 |
# | $h_i$ | $(T, B, H)$ | encoder states; $h_0, c_0$ are $(B, H)$, inputs with gradients of their own |
# | $h_n, c_n$ | $(B, H)$ | the state after each sentence's **last word**, wherever that is |
# | $y_{j-1}$ | $(S, B)$ | numbers of the previous words; the first is BOS, *begin of sentence* 句首符 |
# | $W_{emb}$ | $(V, E)$ | one row for each word of the vocabulary 词表 |
# | $s_j$ | $(S, B, H)$ | decoder states 解码器状态, $s_0 = h_n$ (D4.3 calls them $h_t$, and the word vectors $s_t$) |
# | $W_x, W_h, b$ | $(E, 4H), (H, 4H), (4H,)$ | of each LSTM (lesson 5); D4.3's vanilla cell has $H$ for $4H$ |
# | $W_o, b_o$ | $(H, V), (V,)$ | from a state to a score for each word |
# | $p$ | $(S, B, V)$ | for each step a distribution over the words |
# | $\theta$; $\phi$ | | the parameters of the encoder; of the decoder |

# %% [markdown]
# ## 3 The engine's own source 源代码
#
# One function repeats any cell, and the encoder and both decoders are that function with a cell put in. (The layers that train
# do the same with less work: one product for all steps' inputs, none for padding.)

# %%
show_source(fold, encode, last_state, decode_words, feed_back)

# %% [markdown]
# ## 4 A worked example for paper 手算例子
#
# Let $\ell = \ln 3$ as in lesson 5: $\sigma(0) = \frac12$, $\sigma(2\ell) = \frac{9}{10}$, $\tanh\frac\ell2 = \frac12$,
# $\tanh\ell = \frac45$.
#
# **Encoder** (LSTM, $E = H = 1$). $W_h = 0$, so that the gates stand still: $i = f = \frac12$, $o = \frac{9}{10}$. Only the
# candidate reads: $g = \tanh(\frac\ell2 x)$, hence $x = 1$ gives $g = \frac12$, $x = -1$ gives $g = -\frac12$, and
# $c_i = \frac12 c_{i-1} + \frac12 g_i$. Two sentences, $(1, 1, -1)$ and $(1, 1)$ with one place of padding:
#
# | $i$ | $1$ | $2$ | $3$ | last state |
# |---|---|---|---|---|
# | first sentence $x_i$ | $1$ | $1$ | $-1$ | |
# | $c_i$ | $\frac14$ | $\frac18 + \frac14 = \frac38$ | $\frac{3}{16} - \frac14 = -\frac{1}{16}$ | $c_n = -\frac{1}{16}$ |
# | second sentence $x_i$ | $1$ | $1$ | padding, $7$ | |
# | $c_i$ | $\frac14$ | $\frac38$ | carried 保持: $\frac38$ | $c_n = \frac38$ |
#
# The order of the words matters (a sum of the $x_i$ would not know it), and what stands in the padding does not.

# %%
l = np.log(3)
x = np.array([[1.0, 1], [1, 1], [-1, 7]])[..., None]  # (T, B, E) = (3, 2, 1)
mask = np.array([[True, True], [True, True], [True, False]])
zero = np.zeros((2, 1))
cell = {"W_x": np.array([[0, 0, 0, l / 2]]), "W_h": np.zeros((1, 4)), "b": np.array([0, 0, 2 * l, 0])}
encoding, cache_encoder = encode(x, zero, zero, **cell, mask=mask)
print("c_n =", encoding.c_n.ravel(), "  h_n =", encoding.h_n.ravel())

assert np.allclose(encoding.c_n.ravel(), [-1 / 16, 3 / 8])
assert np.allclose(encoding.h_n, 0.9 * np.tanh(encoding.c_n))
assert np.array_equal(last_state(encoding.h, mask)[0], encoding.h_n)  # D1.1-last picks the same one out of all the h_i
refilled, _ = encode(np.where(mask[..., None], x, -100), zero, zero, **cell, mask=mask)
assert all(np.array_equal(a, b) for a, b in zip(encoding, refilled, strict=True))
backwards, _ = encode(x[::-1, :1], zero[:1], zero[:1], **cell, mask=None)
assert not np.isclose(backwards.c_n[0], encoding.c_n[0])

# %% [markdown]
# **Decoder** (D1.2). It starts in the second sentence's $h_n, c_n$ and has the same gates; vectors of its words are
# $W_{emb} = (0, -1, 0)$ for (BOS, *a*, END), and $W_o = (0, 6, -6)$, $b_o = (-9, 0, 1)$. A pocket calculator helps
# (scores and $p$ are listed for BOS, *a*, END):
#
# | $j$ | word read | $g$ | $c_j$ | $s_j = 0.9\tanh c_j$ | scores | $p$ | likeliest |
# |---|---|---|---|---|---|---|---|
# | $1$ | BOS | $0$ | $\frac12\cdot\frac38$ | $0.1668$ | $-9,\ 1.0005,\ -0.0005$ | $0.00,\ 0.73,\ 0.27$ | *a* |
# | $2$ | *a* | $-\frac12$ | $\frac{3}{32} - \frac14$ | $-0.1395$ | $-9,\ -0.837,\ 1.837$ | $0.00,\ 0.06,\ 0.94$ | END |
#
# The second row could not be written before the first one had named its word: that is the $y_{j-1}$ of D1.2. In use the model's
# own choice is read. In training the **true** previous word is read instead, whatever the model would have chosen: **teacher
# forcing 教师强制**. Then all rows are known from the start, and a choice, which has no derivative, is never differentiated.

# %%
BOS, A, END = 0, 1, 2
decoder = cell | {"W_emb": np.array([[0.0], [-1], [0]]), "W_o": np.array([[0.0, 6, -6]]), "b_o": np.array([-9.0, 0, 1])}
start = {"h_n": encoding.h_n[1:], "c_n": encoding.c_n[1:]}


def write_alone(start, decoder, longest=10):
    """Words chosen one by one, each read again before the next one."""
    read = [BOS]
    while len(read) <= longest and read[-1] != END:
        p, _ = feed_back(np.array(read)[:, None], **start, **decoder)
        read.append(int(p[-1, 0].argmax()))
    return read[1:]


p, _ = feed_back(np.array([[BOS], [A]]), **start, **decoder)  # teacher forcing: both previous words are given
print("p =", p[:, 0], "  written alone:", write_alone(start, decoder))
assert np.allclose(p[:, 0], [[0.00, 0.73, 0.27], [0.00, 0.06, 0.94]], atol=0.005)
assert np.isclose(np.log(p[0, 0, 1] / p[0, 0, 2]), 1.0005 + 0.0005, atol=0.01)  # a difference of scores
assert write_alone(start, decoder) == [A, END]

# %% [markdown]
# **D4.3** has the vanilla cell: $h_t = \tanh(h_{t-1} W_h + s_t W_x + b)$. With $W_h = W_x = \ell$, $b = 0$, $h_0 = \frac12$ and
# $W_{emb} = (0, \frac12, -\frac{3}{10})$, the words (0, 1, 2) give
#
# $$h_1 = \tanh\!\big(\ell(\tfrac12 + 0)\big) = \tfrac12, \qquad h_2 = \tanh\!\big(\ell(\tfrac12 + \tfrac12)\big) = \tfrac45,
# \qquad h_3 = \tanh\!\big(\ell(\tfrac45 - \tfrac{3}{10})\big) = \tfrac12 .$$

# %%
one = np.array([[l]])
words = {"W_emb": np.array([[0], [1 / 2], [-3 / 10]]), "h_0": np.array([[1 / 2]]), "W_x": one, "W_h": one, "b": np.zeros(1)}
h, cache_words = decode_words(np.array([[0], [1], [2]]), **words)
print("h =", h.ravel())
assert np.allclose(h.ravel(), [1 / 2, 4 / 5, 1 / 2])

# %% [markdown]
# ## 5 The backward pass, derived 反向传播的推导
#
# Write $\delta v$ for $\partial L/\partial v$. Each state has **two readers**: the loss at its own step (directly, or through
# $p_j$), and the next step. Each parameter has one reader **at every step**. A value with several readers receives the sum:
#
# $$\delta h_t = \underbrace{\frac{\partial L}{\partial h_t}}_{\text{direct}} + \left(\frac{\partial h_{t+1}}{\partial
# h_t}\right)^{\!\top} \delta h_{t+1}, \qquad \delta\theta = \sum_t \left(\frac{\partial h_t}{\partial\theta}\right)^{\!\top}
# \delta h_t .$$
#
# From the last step to the first, that is **back-propagation through time 沿时间反向传播**. Three things are new here.
#
# * **The hand-over 交接**: $s_0 = h_n$ and $c_0 = c_n$ are equations like any other, so the decoder's $\delta s_0, \delta c_0$
#   *are* the encoder's $\delta h_n, \delta c_n$. Both: a program that drops $\delta c_n$ still trains, and so the
#   mistake goes unseen (section 6 shows that the check sees it).
# * **Padding**: a carried state is a copy, $h_t = h_{t-1}$, so $\delta$ passes unchanged, and neither $x_t$ nor $\theta$
#   receives anything. For `D1.1-last`, $h_n$ is one of the $h_t$: its place receives $\delta h_n$, the others nothing.
# * **Words**: $s_t = W_{emb}[y_{t-1}]$ copies a row, so $\delta W_{emb}[k] = \sum_{t:\, y_{t-1} = k} \delta s_t$, a
#   **scatter-add 散射相加**. The word's number itself has no gradient.

# %%
show_source(fold_backward, encode_backward, last_state_backward, decode_words_backward, feed_back_backward)

# %% [markdown]
# **On paper**, D4.3 with $L = h_3$. The slope of $\tanh$ is $1 - h^2$, so $\frac34, \frac{9}{25}, \frac34$; let $\delta a_t$ be
# the gradient in front of $\tanh$:
#
# | $t$ | $\delta h_t$ | $\delta a_t = \delta h_t (1 - h_t^2)$ | $\delta s_t = \delta h_{t-1} = \ell\,\delta a_t$ |
# |---|---|---|---|
# | $3$ | $1$ | $\frac34$ | $\frac34\ell$, to the row of word 2 |
# | $2$ | $\frac34\ell$ | $\frac{27}{100}\ell$ | $\frac{27}{100}\ell^2$, to the row of word 1 |
# | $1$ | $\frac{27}{100}\ell^2$ | $\frac{81}{400}\ell^2$ | $\frac{81}{400}\ell^3 = \delta h_0$, to the row of word 0 |
#
# $$\delta W_h = \sum_t h_{t-1}\,\delta a_t = \tfrac12\cdot\tfrac{81}{400}\ell^2 + \tfrac12\cdot\tfrac{27}{100}\ell +
# \tfrac45\cdot\tfrac34 .$$

# %%
d_h = np.zeros_like(h)
d_h[-1] = 1.0
d = decode_words_backward(d_h, cache_words)
print("d_W_emb =", d.W_emb.ravel(), "  d_h_0 =", d.h_0.item(), "  d_W_h =", d.W_h.item())
assert np.allclose(d.W_emb.ravel(), [81 / 400 * l**3, 27 / 100 * l**2, 3 / 4 * l])
assert np.isclose(d.h_0, 81 / 400 * l**3) and np.isclose(d.W_h, 81 / 800 * l**2 + 27 / 200 * l + 3 / 5)

repeated, cache = decode_words(np.array([[1], [1], [1]]), **words)  # one word three times: its row receives three gradients
assert np.allclose(decode_words_backward(np.ones_like(repeated), cache).W_emb[[0, 2]], 0)

d = encode_backward(Encoding(None, None, np.ones((2, 1))), cache_encoder)  # L = the sum of both c_n
print("d_x =", d.x[..., 0].T)
assert np.allclose(d.x[:, 0, 0], [l / 4 * 3 / 4 / 2**k for k in (2, 1, 0)])  # ½·(1 − g²)·ℓ/2, halved by f at every later step
assert np.allclose(d.x[:, 1, 0], [l / 4 * 3 / 4 / 2, l / 4 * 3 / 4, 0])  # the padding does not halve, and receives nothing

# %% [markdown]
# ## 6 The check, live 梯度检验
#
# Complex step 复数步长法 and five-point difference 五点差分 for every input, with padding, and with each output alone (the
# encoder has three: all $h_i$, $h_n$, $c_n$).

# %%
ids = ("D1.1", "D1.1-last", "D1.1-printed", "D1.2", "D4.3")
assert show_checks([result for id in ids for result in equation(id).check(rng)])

# %% [markdown]
# And it can fail. Forget the cell state at the hand-over:


# %%
def forgetful_backward(d_encoding, cache):
    """The planted mistake: what the decoder says about c_n is lost."""
    return encode_backward(d_encoding._replace(c_n=None), cache)


inputs, wrt = equation("D1.1").inputs(rng), equation("D1.1").wrt
wrong = gradcheck.check_pair("wrong", encode, forgetful_backward, inputs, wrt, rng)
assert not show_checks(wrong, {"wrong": "with the planted mistake"})
assert not any("(h alone)" in result.target or "(h_n alone)" in result.target for result in wrong if not result.passed)

# %% [markdown]
# ## 7 Training it, and why the target is shifted 移位
#
# A whole model from the functions above: an encoder (D1.1), the hand-over, a decoder (D1.2), the loss $-\log p$ of the true
# words, and an optimiser (lesson 11). The task: repeat a source of four random words, $5^4 = 625$ possible sentences. The
# decoder's input and output under teacher forcing are the same words, **shifted by one place**:
#
# | step | $1$ | $2$ | $3$ | $4$ |
# |---|---|---|---|---|
# | read $y_{j-1}$ | BOS | $y_1$ | $y_2$ | $y_3$ |
# | target 目标 $y_j$ | $y_1$ | $y_2$ | $y_3$ | $y_4$ |
#
# **X14**: D3 §4.3 feeds the *source* to the decoder, and D0 and D4 leave open what is fed. Whoever feeds the target itself,
# unshifted, shows the decoder at each step the very word that it shall predict. So we train both.

# %%
V, S, B, E, H = 6, 4, 32, 8, 32  # word 0 is BOS


def new_weights(rng):
    """(encoder, decoder): small random matrices."""

    def small(*shape):
        return rng.standard_normal(shape) / np.sqrt(shape[0])

    def new_cell():
        return {"W_emb": small(V, E), "W_x": small(E, 4 * H), "W_h": small(H, 4 * H), "b": np.zeros(4 * H)}

    return new_cell(), new_cell() | {"W_o": small(H, V), "b_o": np.zeros(V)}


def read_source(source, W_emb, **weights):
    x, cache_x = embedding(source, W_emb)
    zero = np.zeros((source.shape[1], H))
    encoding, cache = encode(x, zero, zero, **weights, mask=None)
    return encoding, (cache_x, cache)


def loss_and_gradients(encoder, decoder, source, fed, targets):
    """−log p of the true words, averaged, and its gradient for every parameter of (encoder, decoder)."""
    encoding, (cache_x, cache_encoder) = read_source(source, **encoder)
    p, cache_decoder = feed_back(fed, encoding.h_n, encoding.c_n, **decoder)
    true = (*np.indices(targets.shape), targets)
    d_p = np.zeros_like(p)
    d_p[true] = -1 / (p[true] * targets.size)  # the derivative of −log p
    d = feed_back_backward(d_p, cache_decoder)
    d_encoder = encode_backward(Encoding(None, d.h_n, d.c_n), cache_encoder)  # the hand-over
    d_encoder.W_emb = embedding_backward(d_encoder.x, cache_x)
    return -np.log(p[true]).mean(), (vars(d_encoder), vars(d))


def train(shifted, steps=400, seed=0):
    rng = np.random.default_rng(seed)
    weights, losses = new_weights(rng), []
    moments = [{name: (np.zeros_like(w), np.zeros_like(w)) for name, w in part.items()} for part in weights]
    for t in range(1, steps + 1):
        targets = source = rng.integers(1, V, (S, B))
        fed = np.concatenate([np.full((1, B), BOS), targets[:-1]]) if shifted else targets
        loss, gradients = loss_and_gradients(*weights, source, fed, targets)
        losses.append(loss)
        for part, state, d in zip(weights, moments, gradients, strict=True):
            for name in part:
                part[name], *state[name] = adam(part[name], d[name], *state[name], t, learning_rate=0.007)
    return weights, losses


def exact_match(encoder, decoder, n=200, seed=1):
    """The share of sentences, drawn anew, that the model repeats without a mistake when it writes alone."""
    source = np.random.default_rng(seed).integers(1, V, (S, n))
    encoding, _ = read_source(source, **encoder)
    read = np.full((1, n), BOS)
    for _ in range(S):
        p, _ = feed_back(read, encoding.h_n, encoding.c_n, **decoder)
        read = np.concatenate([read, p[-1].argmax(axis=-1)[None]])
    return (read[1:] == source).all(axis=0).mean()


curves = {}
for name, shifted in (("shifted: reads the word before", True), ("unshifted: reads the word itself", False)):
    weights, losses = train(shifted)
    curves[name] = losses, exact_match(*weights)
    print(f"{name}: loss {losses[-1]:.4f} nats per word, exact match {curves[name][1]:.0%}")
(losses, right), (losses_unshifted, right_unshifted) = curves.values()
assert losses_unshifted[50] < losses[50] and losses_unshifted[-1] < 0.02  # the unshifted one looks splendid …
assert right > 0.9 and right_unshifted < 0.05  # … and has learned to copy what it is shown: alone it can do nothing

# %% [markdown]
# ## 8 A picture 图: what one state lets through
#
# Left: the two trainings. Right: **X12**, the documents compute a context and never use it, so the decoder hears of the source
# only through $h_n$, a state of fixed size. The gradient of a loss with respect to the source vector $x_t$ then has to come
# back through all the steps from $n$ to $t$. With D2.2, where each decoder step reads a **context vector 上下文向量** made from
# all the $h_t$ (lesson 8), it comes to every place directly. Same random cell in both; 30 words, a decoder of three steps.


# %%
def gradient_at_each_word(with_context, T=30, S=3, B=4, E=3, H=8, A=5, seed=3):
    """‖∂L/∂x_t‖ for t = 1 … T; L is a random projection of the decoder's states."""
    rng = np.random.default_rng(seed)

    def small(*shape):
        return rng.standard_normal(shape) / np.sqrt(shape[0])

    x, y, zero = rng.standard_normal((T, B, E)), rng.standard_normal((S, B, E)), np.zeros((B, H))
    encoding, cache = encode(x, zero, zero, small(E, 4 * H), small(H, 4 * H), np.zeros(4 * H), mask=None)
    weights = {"W_x": small(E + H, 4 * H), "W_h": small(H, 4 * H), "b": np.zeros(4 * H)}
    if not with_context:
        weights["W_x"][E:] = 0  # the rows that read the context
    attention = {"W_s": small(H, A), "W_m": small(H, A), "v": rng.standard_normal(A)}
    s, cache_decoder = decode_with_attention(y, encoding.h_n, encoding.c_n, memory=encoding.h, **attention, **weights)
    d = decode_with_attention_backward(rng.standard_normal(s.shape), cache_decoder)
    d_x = encode_backward(Encoding(d.memory, d.s_0, d.c_0), cache).x
    return np.linalg.norm(d_x, axis=(1, 2))


one_state, every_state = gradient_at_each_word(False), gradient_at_each_word(True)

figure = Figure(figsize=(10, 3.8), layout="constrained")
left, right_panel = figure.subplots(1, 2)
for (name, (curve, match)), style in zip(curves.items(), ["-", "--"], strict=True):
    left.plot(curve, style, lw=2, label=f"{name}\nwriting alone: {match:.0%} of sentences right")
left.set(xlabel="training step", ylabel="loss, nats per word", yscale="log", ylim=(2e-4, 40))
left.set_title("X14: a small loss that means nothing")
right_panel.plot(range(1, 31), every_state, "-o", ms=4, label="with a context (D2.2)")
right_panel.plot(range(1, 31), one_state, "--s", ms=4, label="through the last state only")
right_panel.set(xlabel="place t of the source word", ylabel=r"$\|\partial L / \partial x_t\|$", yscale="log")
right_panel.set_title("X12: what the source hears of the loss")
for panel in (left, right_panel):
    panel.grid(alpha=0.3)
    panel.legend(fontsize="small")
show_picture(figure, "07_encoder_decoder")

print(f"first word: {one_state[0]:.1e} through the last state, {every_state[0]:.1e} with a context")
assert one_state[0] < 1e-4 * one_state[-1] and every_state[0] > 1e-2 * every_state[-1]

# %% [markdown]
# ## 9 A question or two 思考题
#
# **1.** Sutskever, Vinyals and Le (2014) had no attention. They read the source **backwards**, last word first, and translated
# much better. Look at the right panel: why does that help, though the average distance between a source word and its
# translation stays the same?
#
# <details><summary>Answer 答案</summary>
#
# Forwards, all pairs of words that belong together are about $n$ steps apart, too far for the gradient. Backwards, the *first*
# source words are read last and stand next to the first target words: a few pairs are close, and through them learning begins.
# Once the first words come out right, the later ones have something to hold on to. The far pairs are farther than before.
#
# </details>
#
# **2.** Under teacher forcing the decoder has only ever read true words. What happens in use after its first wrong word?
#
# <details><summary>Answer 答案</summary>
#
# It reads a beginning that it has never met in training, and its next word is likelier to be wrong too: errors add up along
# the sentence. This is called **exposure bias 曝光偏差**. A search that keeps several beginnings (lesson 12) softens it, and so
# does training now and then on the model's own words (`minis2s train --scheduled-sampling`).
#
# </details>

# %% [markdown]
# ## 10 Errata 勘误
#
# **X10**: D3 §5.2 announces a translation model and fine-tunes `BertForSequenceClassification` with two classes. A classifier
# gives one label for a whole text; it has no decoder, no $y_{j-1}$, and no way to say a second word. Nor are labels passed:
# `outputs.loss` is then `None`, and `loss.item()` fails at the first batch. What that section does show (AdamW, batches, a
# progress bar, the dev set after each epoch, the test set at the end, starting from trained weights) is what
# `minis2s train` does, for a model that writes.
#
# **X12** is the right panel above; the next cell cuts the path completely. **X14** is the left panel.
#
# **X13**: D1.2's $h_i$ has a **free index 自由下标**: $i$ runs over the source and $j$ over the target, and no rule says which
# $i$ belongs to which $j$. D1's program answers: none of them but the last, `initial_state=[state_h, state_c]`, that is
# $s_0 = h_n$. D2.2 prints $y_t = g(y_{t-1}, h_t)$ and so binds target step $t$ to source step $t$: then a translation has
# exactly as many words as its source (`D2.2-printed`, below).
#
# **X11**, here: in the programs nothing is masked, so the "last" state of a short sentence is what stands at position $T$,
# after reading padding (`D1.1-printed`).
#
# **X15**, again (lesson 5): D0 starts $h_0$ and never $c_0$. The hand-over needs both, $s_0 = h_n$ and $c_0 = c_n$, and the
# check of D1.1 differentiates both.
#
# **X17**: D1 credits arXiv:1409.3215 to "Chung, J., & Cho, K. (2014)". *Sequence to Sequence Learning with Neural Networks* is
# by Sutskever, Vinyals and Le.

# %%
shut = equation("D3.1").inputs(rng, T=4)
shut["enc_b"][:4] = -800  # input and forget gate exactly shut: h_n and c_n are 0 whatever was read
z, cache = equation("D3.1").forward(**shut)
print("X12: last state only, memory shut: |d_x| =", np.linalg.norm(equation("D3.1").backward(np.ones_like(z), cache).x))
assert np.linalg.norm(equation("D3.1").backward(np.ones_like(z), cache).x) == 0

in_step = equation("D2.2-printed").inputs(rng)
print("X13:", len(in_step["h"]), "source states give", len(decode_in_step(**in_step)[0]), "decoder states: no more, no fewer")
assert len(decode_in_step(**in_step)[0]) == len(in_step["h"])

printed, cache = encode_padding_too(x, zero, zero, **cell)
print("X11: last state as printed", printed.ravel(), "  masked", encoding.h_n.ravel())
assert np.isclose(printed[0], encoding.h_n[0]) and not np.isclose(printed[1], encoding.h_n[1])  # the second one is padded
assert abs(encode_padding_too_backward(np.ones((2, 1)), cache).x[2, 1]).item() > 0  # and the padding receives a gradient

# %% [markdown]
# ## Where next
#
# `minis2s show D1.2` prints the decoder step with its code and check; `minis2s train --attention last-state` trains a model whose
# decoder sees the last state only. Lesson 8 gives it a context from all the $h_t$, lesson 9 follows one training step of the
# whole model, lesson 12 searches for better sentences than `write_alone` finds, and lesson 13 has longer sources.

# %%
print("Lesson 7: every claim held.")

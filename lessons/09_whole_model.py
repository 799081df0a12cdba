# %% [markdown]
# # Lesson 9 · The whole model 完整模型, and one training step followed by hand
#
# About 25 minutes. You need lessons 2, 3, 7 and 8: softmax and cross-entropy, the recurrent cell, encoder and decoder, attention.
# Run this file with `python lessons/09_whole_model.py`, or open it cell by cell in VS Code or Jupyter (with jupytext).
#
# All parts are known by now. Here they are put together: one source sentence, one target sentence, every number of the forward
# pass, the loss, every gradient on its way back, and one update of the weights, small enough for a sheet of paper and computed by
# the same `Seq2Seq` that trains on real data. Every claim is followed by an `assert`.

# %%
from types import SimpleNamespace

import numpy as np
from matplotlib.figure import Figure

from minis2s.data.batching import Example, make_batch
from minis2s.data.vocabulary import BOS, EOS
from minis2s.equations.catalogue.decoders import continuation_loss, continuation_loss_backward
from minis2s.equations.catalogue.encoder_decoder import encode_and_decode, encode_and_decode_backward
from minis2s.equations.linear import linear, linear_backward
from minis2s.equations.registry import equation
from minis2s.lessons import show_checks, show_picture, show_printed, show_source
from minis2s.models import model_of
from minis2s.models.check import check_model, small_batch, small_model
from minis2s.models.configuration import ModelConfig
from minis2s.models.decoder import Decoder
from minis2s.models.seq2seq import Seq2Seq
from minis2s.training.flat import FlatParameters
from minis2s.training.optimisers import SGD, Adam

np.set_printoptions(precision=6, suppress=True)
rng = np.random.default_rng(9)

# %% [markdown]
# ## 1 The formulas as printed 原文公式
#
# D3 (§3.1, §4.1) has the whole model in one line; D0 (§3.1) has its last step in words, 更新输出向量 $y_t$, "update the output
# vector"; and D2 (§2) says that in sequence generation 序列生成 the encoder may be empty:
#
# $$h = \mathrm{Encoder}(x), \qquad z = \mathrm{Decoder}(h) \tag{D3.1}$$
# $$y_t = h_t W_y + b_y \tag{D0.6}$$
# $$L = -\frac1N \sum_t \log p(w_{t+1} \mid w_1, \dots, w_t) \tag{D2.10}$$
#
# D3.1 names two functions. The **encoder 编码器** makes states of the source, the **decoder 解码器** begins where the encoder
# ended. D0.6 gives no formula; the affine map that is read off every recurrent state is meant, the **output vector 输出向量**.
# A softmax on it is D4.4 (lesson 2). D2.10 is what is left without a source: a **language model 语言模型**, a decoder that
# continues what it has read.

# %%
show_printed("D3.1", "D0.6", "D2.10")

# %% [markdown]
# ## 2 Symbols and shapes 符号与形状
#
# The model of this lesson has a bidirectional encoder or not, any cell, any attention; the default is that of Bahdanau et al. For
# target step $i$ it computes
#
# $$c_i = \sum_j \alpha_{ij} h_j, \qquad s_i = \mathrm{cell}\big([y_{i-1}; c_i],\, s_{i-1}\big), \qquad
# p(w_i) = \mathrm{softmax}\big([s_i; c_i]\, W_o + b_o\big).$$
#
# | symbol | shape | meaning |
# |---|---|---|
# | $x_1, \dots, x_T$ | $(T, B, E)$ | source word vectors 源序列词向量 |
# | $h_1, \dots, h_T$ | $(T, B, H)$ | encoder states 编码器状态 |
# | $s_0 = h_T$; $s_1, \dots, s_S$ | $(S, B, H)$ | decoder states 解码器状态; D3.1 calls them $z$ |
# | $\alpha_{ij}$, $c_i$ | $(S, T, B)$, $(S, B, H)$ | attention weights 注意力权重, context 上下文向量 |
# | $y_{i-1}$ | $(S, B, E)$ | vector of the word before: under teacher forcing 教师强制 the true one |
# | $o_i = [s_i; c_i]$ | $(S, B, 2H)$ | what the output reads |
# | $W_o, b_o$ | $(2H, V), (V,)$ | output weights and biases; D0.6's $W_y, b_y$ |
# | $L$ | a number | loss 损失, in nats per target word |
# | $\delta v$ | as $v$ | $\partial L/\partial v$ |

# %%
model = Seq2Seq(ModelConfig(), 1000, 1200, rng)
for name, p in model.named_parameters():
    print(f"{name:40} {p.value.shape!s:14} {p.value.size:8,}")
print(f"{'in all':40} {'':14} {model.n_parameters():8,}")
E, H, A = 64, 128, 64  # the defaults
encoder = 2 * (E + H // 2 + 1) * 4 * (H // 2)  # two directions, each half as wide
decoder = (E + H + 1) * 4 * H + H * 4 * H  # W_x, W_h and b, and W_c for the context
assert model.n_parameters() == 1000 * E + 1200 * E + encoder + decoder + (H * A + H * A + A) + (2 * H + 1) * 1200

# %% [markdown]
# Most of them are word vectors and output weights. The recurrent part does not grow with the vocabulary, nor with the length.
#
# ## 3 The engine's own source 源代码
#
# D3.1, D0.6 and D2.10, written to be read; then the model that trains: its forward pass, one step of its decoder, its backward
# pass. Note how short `Seq2Seq.backward` is: it walks the forward pass in reverse, part by part.

# %%
show_source(encode_and_decode, linear, continuation_loss)
show_source(Seq2Seq.forward, Decoder._step, Seq2Seq.backward)

# %% [markdown]
# ## 4 A worked example for paper 手算例子: forwards
#
# $B = E = H = 1$, two source words, two target words. The cell is the plain one, $\tanh$, so that with $\ell = \ln 3$ all states
# are round: $\tanh(\pm\frac{\ell}{2}) = \pm\frac12$. The score is the general one of lesson 8, $e_{ij} = s_{i-1} w\, h_j$.
#
# | part | words | weights |
# |---|---|---|
# | encoder | $x_1 = -1$, $x_2 = 2$ | $W_x = \frac{\ell}{2}$, $W_h = \ell$, $b = 0$ |
# | attention | | $w = 2\ell$ |
# | decoder | begin of sentence $-2$, the target word $2$ | $W_x = W_h = \frac{\ell}{2}$, $W_c = \ell$, $b = 0$ |
#
# The output knows three words, 0 the begin 句首符, 1 the word, 2 the end 句尾符. With $\kappa = \ln 2$, the row of $W_o$ that
# belongs to $s$ is $(0, 0, 2\kappa)$, that of $c$ is $(0, 4\kappa, 0)$, and $b_o = (-\kappa, 0, 0)$.
#
# **Encoder** 编码, and the hand-over $s_0 = h_2$:
# $$h_1 = \tanh(-\tfrac{\ell}{2}) = -\tfrac12, \qquad h_2 = \tanh(2 \cdot \tfrac{\ell}{2} - \tfrac12\ell) = \tfrac12 = s_0 .$$
#
# **Decoder** 解码. $e_{i1} = -\ell s_{i-1}$ and $e_{i2} = \ell s_{i-1}$, so $\alpha_{i2} : \alpha_{i1} = 3^{2 s_{i-1}}$:
#
# | $i$ | reads | $s_{i-1}$ | $\alpha_i$ | $c_i$ | $a_i = \frac{\ell}{2} y_{i-1} + \ell c_i + \frac{\ell}{2} s_{i-1}$ | $s_i$ |
# |---|---|---|---|---|---|---|
# | 1 | $-2$ | $\frac12$ | $(\frac14, \frac34)$ | $\frac38 - \frac18 = \frac14$ | $-\frac{\ell}{2}$ | $-\frac12$ |
# | 2 | $2$ | $-\frac12$ | $(\frac34, \frac14)$ | $-\frac14$ | $\frac{\ell}{2}$ | $\frac12$ |
#
# The first step looks at the second word, the second one at the first: this model has learned to translate backwards.
#
# **Output** 输出 (D0.6) and **loss**. The targets are the word, then the end:
#
# | $i$ | $o_i = [s_i; c_i]$ | logits $o_i W_o + b_o$ | $p$ | target | $-\log p$ |
# |---|---|---|---|---|---|
# | 1 | $[-\frac12; \frac14]$ | $(-\kappa, \kappa, -\kappa)$ | $(\frac16, \frac23, \frac16)$ | 1 | $\ln\frac32$ |
# | 2 | $[\frac12; -\frac14]$ | $(-\kappa, -\kappa, \kappa)$ | $(\frac16, \frac16, \frac23)$ | 2 | $\ln\frac32$ |
#
# $$L = \tfrac12\left(\ln\tfrac32 + \ln\tfrac32\right) = \ln\tfrac32 = 0.405 .$$

# %%
l, k = np.log(3), np.log(2)
tiny = ModelConfig(embedding_size=1, hidden_size=1, cell="rnn", attention="general", bidirectional=False)
model = Seq2Seq(tiny, 2, 3, rng, dtype=np.float64)
weights = {
    "encoder.reader.W": [[-1], [2]],
    "encoder.stack.layers.0.forwards.cell.W_x": [[l / 2]],
    "encoder.stack.layers.0.forwards.cell.W_h": [[l]],
    "encoder.stack.layers.0.forwards.cell.b": [0],
    "decoder.reader.W": [[-2], [2], [7]],  # the end is never read
    "decoder.stack.layers.0.W_x": [[l / 2]],
    "decoder.stack.layers.0.W_h": [[l / 2]],
    "decoder.stack.layers.0.b": [0],
    "decoder.context.score.W": [[2 * l]],
    "decoder.W_c": [[l]],
    "decoder.output.W": [[0, 0, 2 * k], [0, 4 * k, 0]],
    "decoder.output.b": [-k, 0, 0],
}
model.assign({name: np.array(value, dtype=np.float64) for name, value in weights.items()})
column, two = np.array([[0], [1]]), np.ones((2, 1), dtype=bool)
batch = SimpleNamespace(
    source=column, source_mask=two, target_in=column, target_out=column + 1, target_mask=two, n_target_tokens=2
)

loss, cache = model.forward(batch)
print("loss =", loss, "  weights =", cache.weights[..., 0].tolist())
assert np.isclose(loss, np.log(3 / 2))
assert np.allclose(cache.weights[..., 0], [[1 / 4, 3 / 4], [3 / 4, 1 / 4]])
memory, mask, finals, _ = model._encode(batch.source, batch.source_mask)
assert np.allclose(memory.ravel(), [-1 / 2, 1 / 2]) and np.isclose(finals[0].h.item(), 1 / 2)

state = model.start(batch.source, batch.source_mask)  # the same, one step at a time, as in use
for word, s, p in ((0, -1 / 2, [1 / 6, 2 / 3, 1 / 6]), (1, 1 / 2, [1 / 6, 1 / 6, 2 / 3])):
    logits, state, _ = model.step(np.array([word]), state)
    assert np.isclose(state.cells[0].h.item(), s) and np.allclose(np.exp(logits) / np.exp(logits).sum(), p)
    y, _ = linear(np.array([[s, -s / 2]]), model.decoder.output.W.value, model.decoder.output.b.value)  # D0.6
    assert np.allclose(logits, y)

# %% [markdown]
# ## 5 The backward pass, derived 反向传播的推导: every gradient's path
#
# Nothing new is needed, only order. A value that is read in two places receives the sum of what both say:
#
# | value | its readers | so its gradient is the sum of |
# |---|---|---|
# | $c_i$ | the output; the cell at step $i$ | both rows' shares: $W_o$'s lower half and $W_c$ |
# | $s_i$ | the output; the cell at step $i{+}1$; the **query** of the attention at step $i{+}1$ | three |
# | $h_j$ | the values and the keys at *every* decoder step; the encoder's next step; for $h_T$, $s_0$ | $2S + 1$ |
# | a weight | every step | one product of all steps |
# | a word vector | every place where the word stands | scatter-add 散射累加 |
#
# So the walk is: loss, output, then for $i = S, \dots, 1$ the cell and the attention, then the hand-over, then for
# $j = T, \dots, 1$ the encoder's cell, then the words. `Seq2Seq.backward` above is this sentence. For D3.1 alone, D0.6 and D2.10:

# %%
show_source(encode_and_decode_backward, linear_backward, continuation_loss_backward)

# %% [markdown]
# **On paper.** All slopes $1 - s^2$ are $\frac34$, and $o_2 = -o_1$. The loss is a mean over two words, so
# $\delta\mathrm{logits} = \frac12(p - \text{one-hot})$ (lesson 2):
#
# $$\delta\mathrm{logits}_1 = (\tfrac1{12}, -\tfrac16, \tfrac1{12}), \qquad
# \delta\mathrm{logits}_2 = (\tfrac1{12}, \tfrac1{12}, -\tfrac16).$$
#
# *Output*: $\delta b_o = (\frac16, -\frac1{12}, -\frac1{12})$, $\ \delta W_o = o_1^\top(\delta\mathrm{logits}_1 -
# \delta\mathrm{logits}_2)$, with rows $(0, \frac18, -\frac18)$ and $(0, -\frac1{16}, \frac1{16})$. To the states and contexts:
# $(\frac{\kappa}{6}, -\frac{2\kappa}{3})$ at step 1, $(-\frac{\kappa}{3}, \frac{\kappa}{3})$ at step 2.
#
# *One decoder step backwards*, with $D$ the gradient of $s_i$ from the output and from step $i+1$, and $d$ that of $c_i$ from the
# output:
#
# | | formula | why |
# |---|---|---|
# | $\delta a_i$ | $\frac34 D$ | $\tanh$ |
# | $\delta c_i$ | $d + \ell\,\delta a_i$ | two readers |
# | $\delta e_i$ | $\frac{3}{16}\delta c_i\,(-1, +1)$ | softmax, see below |
# | $\delta q_i$ | $\frac{3}{16}\delta c_i$ | the query $q_i = 2\ell s_{i-1}$ gets $\sum_j \delta e_{ij} h_j$ |
# | $\delta s_{i-1}$ | $\frac{\ell}{2}\delta a_i + 2\ell\,\delta q_i$ | the cell, and the query |
# | $\delta h_j$ | $\alpha_{ij}\,\delta c_i + \delta e_{ij}\, q_i$ | value, and key |
# | $\delta w$ | $s_{i-1}\,\delta q_i$ | its share of this step |
#
# The softmax: $\delta\alpha_{ij} = \delta c_i h_j = \mp\frac12\delta c_i$, and
# $\delta e_{ij} = \alpha_{ij}(\delta\alpha_{ij} - \sum_k \alpha_{ik}\delta\alpha_{ik})$. For $(\frac14, \frac34)$ the sum is
# $\frac14\delta c_i$, for $(\frac34, \frac14)$ it is $-\frac14\delta c_i$, and both give the same $\delta e_i$.
#
# Fill it in from the last step to the first; with a pocket calculator that is ten minutes. In Python, with plain numbers:


# %%
def decoder_step_back(D, d, alpha, s_before):
    """The table above: (δa, δs before, [δh_1, δh_2], δw)."""
    d_a = 3 / 4 * D
    d_c = d + l * d_a
    d_e = 3 / 16 * d_c * np.array([-1, 1])
    d_q = 3 / 16 * d_c
    q = 2 * l * s_before
    return d_a, l / 2 * d_a + 2 * l * d_q, np.array(alpha) * d_c + d_e * q, s_before * d_q


a2, d_s1, h_of_2, w_of_2 = decoder_step_back(-k / 3, k / 3, (3 / 4, 1 / 4), -1 / 2)
a1, d_s0, h_of_1, w_of_1 = decoder_step_back(k / 6 + d_s1, -2 * k / 3, (1 / 4, 3 / 4), 1 / 2)
d_h = h_of_1 + h_of_2  # of both decoder steps
d_h2 = d_h[1] + d_s0  # and the hand-over
e2 = 3 / 4 * d_h2
d_h1 = d_h[0] + l * e2  # and the encoder's next step
e1 = 3 / 4 * d_h1
by_hand = {
    "encoder.reader.W": [[l / 2 * e1], [l / 2 * e2]],
    "encoder.stack.layers.0.forwards.cell.W_x": [[-1 * e1 + 2 * e2]],
    "encoder.stack.layers.0.forwards.cell.W_h": [[-1 / 2 * e2]],  # h_0 = 0 says nothing
    "encoder.stack.layers.0.forwards.cell.b": [e1 + e2],
    "decoder.reader.W": [[l / 2 * a1], [l / 2 * a2], [0]],
    "decoder.stack.layers.0.W_x": [[-2 * a1 + 2 * a2]],
    "decoder.stack.layers.0.W_h": [[1 / 2 * a1 - 1 / 2 * a2]],
    "decoder.stack.layers.0.b": [a1 + a2],
    "decoder.context.score.W": [[w_of_1 + w_of_2]],
    "decoder.W_c": [[1 / 4 * a1 - 1 / 4 * a2]],
    "decoder.output.W": [[0, 1 / 8, -1 / 8], [0, -1 / 16, 1 / 16]],
    "decoder.output.b": [1 / 6, -1 / 12, -1 / 12],
}
model.zero_gradients()
model.backward(cache)
for name, p in model.named_parameters():
    print(f"{name:42} by hand {np.ravel(by_hand[name])}   engine {p.grad.ravel()}")
    assert np.allclose(p.grad, by_hand[name], rtol=0, atol=1e-14)
assert by_hand.keys() == weights.keys()  # none was left out

# %% [markdown]
# ## 6 The update 更新, and whether the loss falls
#
# Gradient descent: $\theta \leftarrow \theta - \eta\,\delta\theta$ (lesson 11). For a small step the loss must fall by
# $\eta\lVert\delta\theta\rVert^2$, the prediction of the tangent 切线. That is the shortest test there is of a whole gradient:
# one number, and every part in it.

# %%
flat = FlatParameters(model)  # all parameters as one vector, all gradients as another
model.zero_gradients()
loss, cache = model.forward(batch)
model.backward(cache)
theta, gradient = flat.values.copy(), flat.gradients.copy()


def loss_after(eta):
    flat.values[:] = theta - eta * gradient
    return float(model.forward(batch)[0])


for eta in (1e-4, 1e-3, 1e-2, 0.1):
    fall, predicted = loss - loss_after(eta), eta * gradient @ gradient
    print(f"eta {eta:6}: the loss falls by {fall:.8f}, predicted {predicted:.8f}, ratio {fall / predicted:.4f}")
    assert abs(fall / predicted - 1) < 5 * eta
flat.values[:] = theta
optimiser = SGD(flat, weight_decay=0.0)
optimiser.step(0.1, flat.gradient_norm())
assert np.allclose(flat.values, theta - 0.1 * gradient, rtol=0, atol=1e-16) and model.forward(batch)[0] < loss

losses = [loss]
for _ in range(100):
    model.zero_gradients()
    loss, cache = model.forward(batch)
    model.backward(cache)
    optimiser.step(0.3, flat.gradient_norm())
    losses.append(float(loss))
print("after 100 more steps with 0.3:", losses[-1])
assert losses[-1] < 0.02 and all(np.diff(losses) < 0)

# %% [markdown]
# ## 7 The check, live 梯度检验
#
# Each of the three equations; and a whole small model, bidirectional, with dropout and padding: every parameter, by complex step
# and five-point difference.

# %%
results = [result for id in ("D3.1", "D0.6", "D2.10") for result in equation(id).check(rng)]
results += check_model("model", *small_model(rng, dropout=0.25))
assert show_checks(results, {"model": "a whole model"})


# %% [markdown]
# Now lose one of the paths of section 5: the query, by which $s_{i-1}$ steers the attention. The model still trains, and only the
# check sees it.


# %%
class Forgetful(Decoder):
    """The planted mistake: what the attention says about the state that asked is dropped."""

    def _step_backward(self, d_out, d_states, d_carry, source, step):
        right = source.step_backward
        source.step_backward = lambda *arguments: (0, right(*arguments)[1])
        try:
            return super()._step_backward(d_out, d_states, d_carry, source, step)
        finally:
            del source.step_backward


wrong, wrong_batch = small_model(rng, hidden_size=4)
wrong.decoder.__class__ = Forgetful
results = check_model("wrong", wrong, wrong_batch, ["complex-step"])
assert not all(result.passed for result in results)
failed = sorted({result.target for result in results if not result.passed})
print("fails:", ", ".join(failed))
assert "encoder.reader.W" in failed and "decoder.output.W" not in failed  # what lies before the states, not what lies after

# %% [markdown]
# ## 8 A picture 图: which way the encoder learns
#
# An encoder hears of the loss in two ways: through the hand-over, $\delta s_0$, and through the contexts, $\delta h_j$ at every
# place. Gradients are linear, so the two can be sent through the encoder one at a time, and they add up. Left: what arrives at
# each source word, 20 words, a model as it begins. Right: the tiny model's loss along $-\delta\theta$, and its tangent.

# %%
T, S = 40, 6
config = ModelConfig(embedding_size=16, hidden_size=32, attention_size=16, bidirectional=False, forget_bias=0.0)
large = Seq2Seq(config, 50, 50, rng, dtype=np.float64)
long_batch = small_batch(rng, 50, 50, (T,) * 8, (S,) * 8)
long_batch.source[:] = np.arange(T)[:, None]  # word j at place j, so that its vector's gradient is that of the place
_, cache = large.forward(long_batch)
large.zero_gradients()
d_memory, d_states = large.decoder.backward(large.loss_backward(1.0, cache.loss), cache.decoder)


def arriving(d_memory, d_states):
    """(T, E): the gradient of each source word's vector."""
    large.encoder.zero_gradients()
    large.encoder.backward(d_memory, d_states, cache.encoder)
    return large.encoder.reader.W.grad[:T].copy()


both, by_contexts, by_state = arriving(d_memory, d_states), arriving(d_memory, None), arriving(None, d_states)
assert np.allclose(both, by_contexts + by_state, rtol=0, atol=1e-15)
by_contexts, by_state = np.linalg.norm(by_contexts, axis=1), np.linalg.norm(by_state, axis=1)
print(f"first word: {by_contexts[0]:.1e} through the contexts, {by_state[0]:.1e} through the last state")
assert by_state[0] < 1e-2 * by_state[-1] and by_contexts[0] > 10 * by_state[0]
assert by_contexts.min() > 0  # it reaches every word

figure = Figure(figsize=(11, 3.8), layout="constrained")
left, right = figure.subplots(1, 2)
left.semilogy(range(1, T + 1), by_contexts, "-o", ms=4, label="through the contexts")
left.semilogy(range(1, T + 1), by_state, "--s", ms=4, label="through the last state")
left.set(xlabel="place of the source word", ylabel="norm of its gradient", xticks=range(1, T + 1, 6))
left.set_title("two ways into the encoder")
etas = np.linspace(0, 2, 60)
right.plot(etas, [loss_after(eta) for eta in etas], lw=2, label="loss after one step")
right.plot(etas, np.log(3 / 2) - etas * (gradient @ gradient), "--", label="tangent")
right.set(xlabel="learning rate", ylabel="loss, nats per word", ylim=(0, 0.6))
right.set_title("one step of the tiny model")
for panel in (left, right):
    panel.grid(alpha=0.3)
    panel.legend()
show_picture(figure, "09_whole_model")

# %% [markdown]
# ## 9 Without an encoder: the language model (D2.10)
#
# Take the source away, and the decoder remains: $p(w_{t+1} \mid w_1, \dots, w_t)$, trained on plain text, each word first a
# target and then an input. On paper: if $W_o = 0$ and $b_o = 0$, every word has $p = \frac1V$, and $L = \ln V$ whatever is
# read. That is also roughly where training begins; a first loss far from $\ln V$ says that something is wrong.
#
# The package's `language-model` has the same equation inside. On the same weights the two losses agree; then it learns a
# rhyme of three words and continues it from any beginning.

# %%
V, E, H = 8, 6, 12
lm = model_of(ModelConfig(model="language-model", embedding_size=E, hidden_size=H), V, V, rng, dtype=np.float64)
words = np.array([[BOS, 4, 5, 6, 4, 5, 6, 4, 5, 6, EOS]]).T  # (T + 1, B)
cell, output = lm.decoder.stack.layers[0], lm.decoder.output
own = {"W_emb": lm.decoder.reader.W, "W_x": cell.W_x, "W_h": cell.W_h, "b": cell.b, "W_o": output.W, "b_o": output.b}
own = {name: p.value for name, p in own.items()} | {"h_0": np.zeros((1, H)), "c_0": np.zeros((1, H))}
text = make_batch([Example([BOS], words[1:-1, 0].tolist())])  # a source is there for its number of rows only
assert (text.target_in == words[:-1]).all() and (text.target_out == words[1:]).all()
printed, _ = continuation_loss(words, **own)
assert np.isclose(printed, lm.forward(text)[0], rtol=1e-14)
blank, _ = continuation_loss(words, **own | {"W_o": np.zeros((H, V)), "b_o": np.zeros(V)})
assert np.isclose(blank, np.log(V))
print("first loss", printed, " log V =", np.log(V))

flat = FlatParameters(lm)
optimiser = Adam(flat, clip=1.0)
for _ in range(150):
    lm.zero_gradients()
    loss, cache = lm.forward(text)
    lm.backward(cache)
    optimiser.step(0.02, flat.gradient_norm())
prefix = np.array([[BOS], [4], [5]])
state, word, written = lm.start(prefix, np.ones((3, 1), bool)), prefix[-1], []
for _ in range(4):
    logits, state, _ = lm.step(word, state)
    word = logits.argmax(axis=-1)
    written.append(word.item())
print("last loss", float(loss), "  4 5 is continued by", written)
assert loss < 0.1 and written == [6, 4, 5, 6]

# %% [markdown]
# ## 10 Questions 思考题
#
# **1.** In section 5, $\delta b$ of the encoder is $\delta a_1 + \delta a_2$, but $\delta W_h$ has one term only. Why? And what
# must be true of a source for all of $\delta W_h$ to be zero?
#
# <details><summary>Answer 答案</summary>
#
# $\delta W_h = \sum_j h_{j-1}\,\delta a_j$, and $h_0 = 0$: the first step's share is multiplied by zero. A source of one word has
# no other step, so its recurrent weights learn nothing from it.
#
# </details>
#
# **2.** The vector of the end of sentence got no gradient, $\delta = 0$. Is that a mistake?
#
# <details><summary>Answer 答案</summary>
#
# No. Word vectors of the decoder are read as *input*, and the end is never read: nothing follows it. It is learned as an
# *output*: its column in $W_o$ and its entry in $b_o$ have gradients. (With tied weights 共享权重, `--tied`, both are one array.)
#
# </details>
#
# **3.** Somebody divides the loss by the number of sentences instead of words. What changes?
#
# <details><summary>Answer 答案</summary>
#
# Each gradient is multiplied by the average number of words in a sentence. Adam divides by the gradient's size and hardly
# notices; plain descent and clipping do, and a batch of long sentences then makes larger steps than one of short ones.
#
# </details>

# %% [markdown]
# ## 11 Errata 勘误
#
# **X12**: in D3.1 as printed, $z = \mathrm{Decoder}(h)$ reads nothing but the last state, and the documents compute a context
# and do not use it. Below: with `attention="none"` no gradient reaches the encoder's states but through the hand-over; with a
# context it reaches every one.
#
# **X14**: D3's program feeds the *source* to the decoder, D0 and D4 leave open what is fed. The batch of this package has the
# target shifted by one place; lesson 7 trains both and compares.
#
# **X9**: the documents' programs do not run, or not as meant. D0's runs only if `output_dim` equals `hidden_dim`, because the
# decoder is handed the encoder's state with no map in between. D2's unpacks the two states of an LSTM as one, and its decoder
# ignores `enc_output`. D3's does not import `F`, calls its encoder with a state that `forward` does not take, and puts word
# numbers into an LSTM that expects 300 features; `hidden` and `optimizer` are never made. D4's LSTM gets word numbers, with no
# embedding. What each of them wants is a few settings here; all of them take a step, and their loss falls:

# %%
programs = {
    "D0: LSTM encoder and decoder of different widths": {"attention": "none", "encoder_size": 6, "bidirectional": False},
    "D1: LSTM, the last state handed over": {"attention": "none", "bidirectional": False},
    "D2: the same with a context": {"attention": "additive", "bidirectional": False},
    "D3: two layers, query-key-value attention": {"attention": "query-key", "values": True, "layers": 2, "bidirectional": False},
    "D4: LSTM, all states side by side": {"attention": "all-states", "longest_source": 8, "bidirectional": False},
}
for name, settings in programs.items():
    program = Seq2Seq(ModelConfig(embedding_size=5, hidden_size=8, attention_size=4, **settings), 10, 10, rng)
    pairs = small_batch(rng, 10, 10)
    flat = FlatParameters(program)
    optimiser = Adam(flat, clip=1.0)
    first = program.forward(pairs)[0]
    for _ in range(40):
        program.zero_gradients()
        loss, cache = program.forward(pairs)
        program.backward(cache)
        optimiser.step(0.02, flat.gradient_norm())
    print(f"{name:50} loss {first:.2f} -> {loss:.2f}")
    assert loss < 0.5 * first
    d_memory, _ = program.decoder.backward(program.loss_backward(1.0, cache.loss), cache.decoder)
    reached = np.linalg.norm(d_memory, axis=-1)[pairs.source_mask] > 0
    assert not reached.any() if settings["attention"] == "none" else reached.all()  # X12

pair = make_batch([Example([4, 5], [6, 7])])
assert pair.target_in[:, 0].tolist() == [BOS, 6, 7] and pair.target_out[:, 0].tolist() == [6, 7, EOS]  # X14

# %% [markdown]
# ## Where next
#
# `minis2s show D3.1` and `minis2s check` print what stands here for the model of your installation; `minis2s train` takes a
# thousand such steps. Lesson 10 has other losses, lesson 11 better updates, lesson 12 writes sentences with what was learned, and
# lesson 13 does all of this with sequences of unequal and great length.

# %%
print("Lesson 9: every claim held.")

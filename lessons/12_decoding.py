# %% [markdown]
# # Lesson 12 · Decoding 解码: greedy, beam, and why length matters
#
# About 20 minutes. You need lesson 7 (the decoder reads its own words again) and logarithms. Run this file with
# `python lessons/12_decoding.py`, or open it cell by cell in VS Code or Jupyter (with jupytext).
#
# A trained model does not give a translation. It gives, for any beginning, a distribution over the next word. Which sentence to
# write is a **search 搜索** through a tree with $V^n$ leaves. You will follow two searches on paper, see one of them miss the
# best sentence, and see the other one find it, and like it less than you do: the likeliest sentence may be an empty one.

# %%
import math

import numpy as np
from matplotlib.figure import Figure

from minis2s.data.vocabulary import BOS, EOS
from minis2s.decoding import beam as batched_beam
from minis2s.decoding import greedy as batched_greedy
from minis2s.decoding.greedy import Hypothesis
from minis2s.decoding.sampling import likely, sampler
from minis2s.equations.catalogue.sequences import END, LONGEST, START, every_sequence, random_model
from minis2s.equations.registry import equation
from minis2s.equations.search import beam, greedy
from minis2s.lessons import show_checks, show_picture, show_printed, show_source

np.set_printoptions(precision=4, suppress=True)
rng = np.random.default_rng(12)

# %% [markdown]
# ## 1 The formulas as printed 原文公式
#
# D1 has one sentence: 解码器通常采用贪婪搜索或beam search策略来生成输出序列, "the decoder usually generates the output sequence
# with **greedy search 贪婪搜索** or **beam search 束搜索**" (D1.5). Wanted is the sequence with the largest probability, that
# is, the largest sum of logarithms,
#
# $$\log p(y_1 \dots y_n \mid x) = \sum_{j=1}^{n} \log p(y_j \mid y_1, \dots, y_{j-1}, x), \qquad y_n = \mathrm{END},$$
#
# and both searches approximate it:
#
# $$y_j = \arg\max_y \log p(y \mid y_1, \dots, y_{j-1}, x) \tag{D1.5}$$
# $$\mathcal{H}_j = \mathrm{top}_k\Big\{(h, y) : h \in \mathcal{H}_{j-1},\ y \in V\Big\}
# \quad\text{by}\quad \sum_{i \le j} \log p(y_i \mid y_1, \dots, y_{i-1}, x) \tag{D1.5-beam}$$
#
# Greedy: the likeliest word, then the likeliest one after that, and so on. Beam: keep the $k$ best beginnings instead of one,
# and continue all of them.

# %%
show_printed("D1.5", "D1.5-beam")

# %% [markdown]
# ## 2 Symbols and shapes 符号与形状
#
# | symbol | shape | meaning |
# |---|---|---|
# | $x$ | | the source; it only enters through the model's state |
# | $y_j$ | | word $j$ of the output |
# | $p(y \mid \dots)$ | $(V,)$ | what one step of the model gives: a probability for each word of the vocabulary 词表 |
# | BOS, END | | begin 句首符 and end 句尾符 of a sentence; END is a word like any other, with a probability |
# | $h \in \mathcal{H}_j$ | | a **hypothesis 假设**: a beginning of $j$ words, or a shorter one that has ended |
# | $k$ | | the **width 束宽** of the beam |
# | step | (state, word) → ($\log p$, state) | all that a search sees of a model |

# %% [markdown]
# ## 3 The engine's own source 源代码
#
# First for one sentence and any model, to be read; section 7 has the same for batches. Models appear only as `step`.

# %%
show_source(greedy, beam)

# %% [markdown]
# ## 4 A worked example for paper 手算例子
#
# A model with two words, *a* and *b*. This table is all of it:
#
# | so far | $p(\mathrm{END})$ | $p(a)$ | $p(b)$ |
# |---|---|---|---|
# | (nothing) | | $0.6$ | $0.4$ |
# | *a* | $0.3$ | $0.4$ | $0.3$ |
# | *b* | $0.9$ | $0.05$ | $0.05$ |
# | any two words | $1$ | | |
#
# Six sentences are possible, and their probabilities sum to one:
#
# | *a* END | *a a* END | *a b* END | ***b* END** | *b a* END | *b b* END |
# |---|---|---|---|---|---|
# | $0.18$ | $0.24$ | $0.18$ | $\mathbf{0.36}$ | $0.02$ | $0.02$ |
#
# **Greedy**: $0.6 > 0.4$, so *a*; then $0.4$ is largest, *a* again; then END. Result: *a a* END, $0.24$. The good sentence begins
# with the less likely word, and greedy never looks there.
#
# **Beam, $k = 2$**:
#
# | step | candidates | kept |
# |---|---|---|
# | 1 | *a* $0.6$, *b* $0.4$ | both |
# | 2 | *a* END $0.18$, *a a* $0.24$, *a b* $0.18$, *b* END $0.36$, *b a* $0.02$, *b b* $0.02$ | *b* END $0.36$, *a a* $0.24$ |
# | 3 | *b* END $0.36$ (has ended, stays as it is), *a a* END $0.24$ | *b* END, *a a* END |

# %%
A, B = 4, 5  # the engine's vocabularies begin with PAD, UNK, BOS, EOS = 0, 1, 2, 3; END is its EOS
TABLE = {(): {A: 0.6, B: 0.4}, (A,): {EOS: 0.3, A: 0.4, B: 0.3}, (B,): {EOS: 0.9, A: 0.05, B: 0.05}}


def from_table(words):
    """p of the next word after `words`."""
    return TABLE.get(words, {EOS: 1.0})


def log_p(model, words, V=6):
    """The model's answer as an array (V,): log p, and −∞ for what cannot come."""
    out = np.full(V, -np.inf)
    for word, p in model(words).items():
        out[word] = math.log(p)
    return out


def step_of(model):
    """A `step` whose state is the words so far."""

    def step(words, token):
        words = words if token == BOS else (*words, token)
        return log_p(model, words), words

    return step


def spelled(tokens):
    return " ".join({EOS: "END", A: "a", B: "b"}[token] for token in tokens)


found = greedy(step_of(from_table), (), BOS, EOS, max_length=3)
print("greedy:", spelled(found.tokens), round(math.exp(found.log_p), 2))
assert spelled(found.tokens) == "a a END" and np.isclose(math.exp(found.log_p), 0.24)

two = beam(step_of(from_table), (), BOS, EOS, max_length=3, width=2)
print("beam 2:", [(spelled(h.tokens), round(math.exp(h.log_p), 2)) for h in two])
assert [spelled(h.tokens) for h in two] == ["b END", "a a END"]
assert np.allclose([math.exp(h.log_p) for h in two], [0.36, 0.24])

everything = beam(step_of(from_table), (), BOS, EOS, max_length=3, width=6)  # as wide as there are sentences: nothing is lost
assert len({h.tokens for h in everything}) == 6 and np.isclose(sum(math.exp(h.log_p) for h in everything), 1)
assert beam(step_of(from_table), (), BOS, EOS, max_length=3, width=1)[0].tokens == found.tokens  # width 1 is greedy

# %% [markdown]
# **No backward pass.** A search chooses, and a choice has no derivative: move a probability a little, and the chosen word stays
# the same, or another one jumps in. Training does not search at all, it follows the true words (teacher forcing, lesson 7).
# So training and use differ, and a model can be good at one and not at the other.

# %% [markdown]
# ## 5 The check, live 检验
#
# What has no gradient is checked against an oracle 对照. Random models over four words, every possible sequence enumerated:
# greedy must be the sequence whose list of log probabilities comes last in the dictionary order, and a beam that is wide enough
# must return **all** sequences in the right order.

# %%
assert show_checks([result for id in ("D1.5", "D1.5-beam") for result in equation(id).check(rng)])

# %% [markdown]
# ## 6 Why length matters 长度问题
#
# Every word multiplies the probability by a number below one. So a long sentence has a small probability **merely for being
# long**, and a search that is good enough finds that out. A model that is quite sure of a translation of twelve words:
#
# | place | right word | END | a wrong word |
# |---|---|---|---|
# | 1 to 12 | $0.8$ | $0.11$ | $0.09$ |
# | 13 | | $0.9$ | $0.05$ and $0.05$ |
#
# The right sentence has $0.8^{12} \cdot 0.9 = 0.062$; the **empty** one has $0.11$. Greedy never sees it, as $0.8 > 0.11$; any
# beam of two or more keeps it, for it has ended and stays as it is, while the other one shrinks. The better search gives the
# worse translation. Real models do this too: beyond a width of some tens, translations become shorter and worse, down to nothing
# (Koehn and Knowles 2017; Stahlberg and Byrne 2019).
#
# The usual remedy is a **length penalty 长度惩罚** on the finished hypotheses (Wu et al. 2016), with $n$ words, END counted, and
# two strengths of your choice, $\lambda$ (Wu et al. and the code call it $\alpha$) and $\beta$:
#
# $$\mathrm{score} = \frac{\log p}{\left(\frac{5 + n}{6}\right)^{\lambda}} + \beta \sum_j \log
# \min\Big(\sum_i \alpha_{ij},\, 1\Big) .$$
#
# For the empty sentence $n = 1$ and the divisor is 1; for the right one $n = 13$ and it is $3^\lambda$. They are level where
# $\frac{2.783}{3^\lambda} = 2.207$, that is at $\lambda = \log_3 1.261 = 0.211$; above that the right one wins. The second
# term is the **coverage penalty 覆盖惩罚**: a source word that got less than one unit of attention in all (lesson 8) counts
# against the hypothesis. On paper: two steps with weights $(0.9, 0.1)$ and $(0.85, 0.15)$ cover the first word, $1.75 \to 1$, but
# of the second only $0.25$: $\beta \log 0.25 = -1.386\,\beta$.

# %%
show_source(batched_beam.score)


def twelve_words(words):
    """Sure of the word *a*, twelve times."""
    return {A: 0.8, EOS: 0.11, B: 0.09} if len(words) < 12 else {EOS: 0.9, A: 0.05, B: 0.05}


for width in (1, 2, 4):
    best = beam(step_of(twelve_words), (), BOS, EOS, max_length=20, width=width)[0]
    print(f"width {width}: {len(best.tokens) - 1:2} words, p = {math.exp(best.log_p):.3f}: {spelled(best.tokens)}")
    assert len(best.tokens) == (13 if width == 1 else 1)

nothing = Hypothesis([], np.ones((1, 1)), math.log(0.11), True)
half = Hypothesis([A] * 6, np.ones((7, 1)), 6 * math.log(0.8) + math.log(0.11), True)
right = Hypothesis([A] * 12, np.ones((13, 1)), 12 * math.log(0.8) + math.log(0.9), True)
level = math.log(right.log_probability / nothing.log_probability, 3)
print("level at lambda =", round(level, 3))
assert np.isclose(level, 0.211, atol=0.001)
assert np.isclose(batched_beam.score(right, level), batched_beam.score(nothing, level))
assert batched_beam.score(right, 0.6) > batched_beam.score(nothing, 0.6) > batched_beam.score(half, 0.6)

looked = Hypothesis([A], np.array([[0.9, 0.1], [0.85, 0.15]]), 0.0, True)
assert np.isclose(batched_beam.score(looked, coverage_penalty=1.0), math.log(0.25))

# %% [markdown]
# ## 7 The engine's batched search 批量解码
#
# For real use many sentences are searched at once: each step of the model is one product of matrices for all hypotheses of all
# sentences. The searches stay the same; what is new is bookkeeping. A sentence that has ended leaves the batch, and the model's
# state must follow its hypothesis (`state.select(rows)`). The model here is our two tables as a batch of two sentences, as the
# functions want it: `start`, the `first` word to read, and `step(words, state) -> (logits, state, attention)`.

# %%
show_source(batched_greedy.greedy, batched_beam.beam)


# %%
class TableState(list):
    """Each row's model and words so far."""

    def select(self, rows):
        return TableState(self[row] for row in rows)


class TableModel:
    """The two tables above, as sentences 0 and 1 of a batch. Log p are logits too: softmax gives p back."""

    def start(self, source, source_mask):
        return TableState((model, ()) for model in (from_table, twelve_words))

    def first(self, source, source_mask, bos):
        return np.full(source.shape[1], bos)

    def step(self, words, state):
        state = TableState(
            (model, before if word == BOS else (*before, int(word))) for word, (model, before) in zip(words, state, strict=True)
        )
        logits = np.array([log_p(model, before) for model, before in state])
        return logits, state, None  # no attention


source, source_mask = np.zeros((1, 2), dtype=int), np.ones((1, 2), dtype=bool)
first, second = batched_greedy.greedy(TableModel(), source, source_mask, max_length=20)
print("greedy:", spelled(first.words), "|", spelled(second.words))
assert spelled(first.words) == "a a" and len(second.words) == 12  # END is not among the words
assert np.isclose(first.log_probability, found.log_p)

first, second = batched_beam.beam(TableModel(), source, source_mask, max_length=20, width=2)
print("beam 2:", [spelled(h.words) for h in first], "|", [len(h.words) for h in second], "words")
assert [(*h.words, EOS) for h in first] == [h.tokens for h in two]  # what the search for one sentence found
assert np.allclose([h.log_probability for h in first], [h.log_p for h in two])
assert [len(h.words) for h in second] == [0, 12]  # the empty one is likelier …

first, second = batched_beam.beam(TableModel(), source, source_mask, max_length=20, width=2, length_penalty=0.6)
print("with the length penalty 0.6:", [len(h.words) for h in second], "words")
assert [len(h.words) for h in second] == [12, 0]  # … and with the penalty comes second

# %% [markdown]
# **Sampling 采样** is the third way: draw each word instead of choosing it. Three knobs make unlikely words rarer, all three on
# paper for $p = (\frac12, \frac14, \frac14)$:
#
# * **temperature 温度** $\tau$: $p^{1/\tau}$, normalised. $\tau = \frac12$ squares: $(\frac14, \frac1{16}, \frac1{16})$ divided
#   by $\frac38$ gives $(\frac23, \frac16, \frac16)$;
# * **top-k**: only the $k$ likeliest. $k = 1$ is greedy: $(1, 0, 0)$;
# * **top-p** (nucleus 核采样): the fewest likeliest words that hold the share. For $0.6$ these are two: $(\frac23, \frac13, 0)$.
#
# It suits a story, where many continuations are good; for a translation, search.

# %%
show_source(likely)
p = np.array([1 / 2, 1 / 4, 1 / 4])
assert np.allclose(likely(p, 0.5, 0, 1.0), [2 / 3, 1 / 6, 1 / 6])
assert np.allclose(likely(p, 1.0, 1, 1.0), [1, 0, 0])
assert np.allclose(likely(p, 1.0, 0, 0.6), [2 / 3, 1 / 3, 0])

drawn = [
    batched_greedy.greedy(TableModel(), source, source_mask, max_length=20, choose=sampler(rng))[0].words for _ in range(2000)
]
share = np.mean([words == [B] for words in drawn])
print(f"drawn 2000 times: 'b' {share:.3f} of the time; its probability is 0.36")
assert abs(share - 0.36) < 0.04  # nearly four standard deviations

# %% [markdown]
# ## 8 A picture 图
#
# Left: the tree of section 4; each node with the probability of the words up to it. Thick: what a beam of 2 kept; dashed: the
# way of greedy. Middle: section 6, the three scores as the length penalty grows. Right: 300 random models of four words,
# searched with beams of growing width: how often the best of all sequences is found. It pays quickly, and then hardly any more:
# small beams, 4 to 10, are usual.

# %%
models = [random_model(np.random.default_rng(seed)) for seed in range(300)]
best_log_p = [max(sum(log_ps) for _, log_ps in every_sequence(step)) for step in models]
widths = (1, 2, 3, 4, 6, 8, 12)
hits = [
    np.mean([
        np.isclose(beam(step, (), START, END, LONGEST, width)[0].log_p, best)
        for step, best in zip(models, best_log_p, strict=True)
    ])
    for width in widths
]  # fmt: skip
print("found the best:", {width: f"{hit:.0%}" for width, hit in zip(widths, hits, strict=True)})
assert hits[0] < 0.8 and hits[3] > 0.95 and hits[-1] == 1.0

figure = Figure(figsize=(13, 4.2), layout="constrained")
tree, penalty, width_panel = figure.subplots(1, 3, width_ratios=[5, 4, 4])
places = {(): (0, 2.5), (A,): (1, 4), (B,): (1, 1)}
places |= {(A, EOS): (2, 5), (A, A): (2, 4), (A, B): (2, 3), (B, EOS): (2, 2), (B, A): (2, 1), (B, B): (2, 0)}
places |= {(*words, EOS): (3, places[words][1]) for words in ((A, A), (A, B), (B, A), (B, B))}
beam_keeps = {(A,), (B,), (B, EOS), (A, A), (A, A, EOS)}
greedy_takes = {(A,), (A, A), (A, A, EOS)}
for words, (x, y) in places.items():
    p = math.exp(sum(log_p(from_table, words[:j])[words[j]] for j in range(len(words))))
    if words:
        before = places[words[:-1]]
        kept = words in beam_keeps
        tree.plot([before[0], x], [before[1], y], color="tab:blue" if kept else "0.8", lw=3 if kept else 1, zorder=1)
        if words in greedy_takes:
            tree.plot([before[0], x], [before[1] + 0.13, y + 0.13], "--", color="tab:orange", lw=1.5, zorder=1)
    label = f"{spelled(words[-1:])} {p:.2f}" if words else "BOS"
    box = {"boxstyle": "round", "fc": "white", "ec": "tab:blue" if words in beam_keeps else "0.7"}
    tree.text(x, y, label, ha="center", va="center", fontsize=9, bbox=box, zorder=2)
tree.set(xlim=(-0.3, 3.4), ylim=(-0.5, 5.5), title="thick: beam of 2; dashed: greedy")
tree.axis("off")

lambdas = np.linspace(0, 1, 50)
for hypothesis, label, style in ((right, "right, 12 words", "-"), (half, "cut off after 6", "-."), (nothing, "empty", "--")):
    penalty.plot(lambdas, [batched_beam.score(hypothesis, x) for x in lambdas], style, lw=2, label=label)
penalty.axvline(level, color="0.6", lw=1)
penalty.set(xlabel="length penalty λ", ylabel="score", title="the highest score wins")
penalty.legend()
width_panel.plot(widths, hits, "-o")
width_panel.set(xlabel="width k", ylabel="best sequence found", ylim=(0, 1.05), title="300 random models")
for panel in (penalty, width_panel):
    panel.grid(alpha=0.3)
show_picture(figure, "12_decoding")

# %% [markdown]
# ## 9 A question or two 思考题
#
# **1.** The beam of 2 found the best sentence of section 4. Find a table with three words where it does not.
#
# <details><summary>Answer 答案</summary>
#
# The best must begin with a word that is not among the two likeliest. For instance $p(a) = 0.4$, $p(b) = 0.35$, $p(c) = 0.25$;
# after $c$ always END, after $a$ or $b$ END or any word with equal chances. Then $c$ END has $0.25$, every other sentence at
# most $0.4 / 4 = 0.1$; but after the first step $c$ is gone. No width below the vocabulary's size is safe in general.
#
# </details>
#
# **2.** Divide $\log p$ by $n$, the average per word, instead of by $((5+n)/6)^\lambda$. What can go wrong then?
#
# <details><summary>Answer 答案</summary>
#
# A hypothesis may buy a better average with words that cost little: a sentence that repeats a word the model is sure of, again
# and again, has an average near 0 and beats every honest sentence that ends. The length penalty with $\lambda < 1$ rewards length
# less than in proportion.
#
# </details>

# %%
C = 1  # UNK's number will do for a third word


def three_words(words):
    if not words:
        return {A: 0.4, B: 0.35, C: 0.25}
    return {EOS: 1.0} if words == (C,) or len(words) > 1 else dict.fromkeys((EOS, A, B, C), 0.25)


best_of = {width: math.exp(beam(step_of(three_words), (), BOS, EOS, 3, width)[0].log_p) for width in (1, 2, 3)}
print("best found by width:", best_of)
assert np.isclose(best_of[2], 0.1) and np.isclose(best_of[3], 0.25)

# %% [markdown]
# ## 10 Errata 勘误
#
# None for D1.5. In passing: D0 §3.4 says that decoding needs 贪婪搜索或贪心策略, "greedy search or a greedy strategy", which is
# the same thing twice; beam search 束搜索 was perhaps meant.
#
# ## Where next
#
# `minis2s translate RUN "…" --beam 5 --length-penalty 0.6` searches with a trained model, and `minis2s translate --help` lists
# the rest. Lesson 15 judges what comes out.

# %%
print("Lesson 12: every claim held.")

# %% [markdown]
# # Lesson 15 · Judging 评价: attention maps and translations, honestly
#
# About 25 minutes. You need attention (lesson 8), decoding (lesson 12) and the edit distance (lesson 10). Run this file with
# `python lessons/15_judging.py`, or open it cell by cell in VS Code or Jupyter (with jupytext).
#
# A model is trained, and a number says how good it is. This lesson is about not being fooled by that number. You will compute
# BLEU on paper and see it prefer a wrong sentence to a right one; train two models that a careless test finds equally good and a
# careful one does not; give a score its margin of error; and ask an attention map questions that it cannot answer.

# %%
import math
from collections import Counter
from dataclasses import replace
from itertools import product

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from sacrebleu.metrics import BLEU

import minis2s as ms
from minis2s import machine
from minis2s.data.batching import Example
from minis2s.data.files import Pair
from minis2s.data.vocabulary import UNK
from minis2s.decoding.evaluation import teacher_forced_loss, translation_scores
from minis2s.equations.attention import context
from minis2s.equations.softmax import softmax
from minis2s.lessons import show_picture, show_source
from minis2s.metrics import bleu_tokeniser, corpus_scores, perplexity
from minis2s.plots import fonts_for
from minis2s.training.settings import TrainingConfig
from minis2s.training.trainer import Trainer, hide_words

np.set_printoptions(precision=3, suppress=True)
rng = np.random.default_rng(15)
machine.set_threads(1)  # small products: a second thread costs more than it brings (lesson 14)

# %% [markdown]
# ## 1 A worked example for paper 手算例子: BLEU
#
# The **reference 参考** is what a person wrote, the **hypothesis 假设** what the model wrote:
#
# | | |
# |---|---|
# | reference | *the cat sat on the mat* (6 words) |
# | hypothesis | *the cat sat on mat* (5 words) |
#
# **n-gram precision 精确率**: of the hypothesis's runs of $n$ words, how many stand in the reference as well?
#
# | $n$ | runs of the hypothesis | found | $p_n$ |
# |---|---|---|---|
# | 1 | the, cat, sat, on, mat | all | $\frac55$ |
# | 2 | the cat, cat sat, sat on, on mat | the first three | $\frac34$ |
# | 3 | the cat sat, cat sat on, sat on mat | the first two | $\frac23$ |
# | 4 | the cat sat on, cat sat on mat | the first | $\frac12$ |
#
# Their geometric mean is $\sqrt[4]{\frac55\cdot\frac34\cdot\frac23\cdot\frac12} = \sqrt[4]{\frac14} = \frac{1}{\sqrt2}$.
# Precision alone would reward saying little, so a hypothesis of $c$ words that is shorter than the reference, of $r$, pays the
# **brevity penalty 过短惩罚** $\mathrm{BP} = e^{1 - r/c} = e^{-1/5} = 0.8187$ (it is 1 if $c \ge r$). Together, **BLEU**
# (Papineni et al. 2002):
#
# $$\mathrm{BLEU} = \mathrm{BP}\cdot\Big(\prod_{n=1}^{4} p_n\Big)^{1/4} = 0.8187\cdot 0.7071 = 0.5789, \quad
# \text{printed as } 57.89 .$$
#
# Over a corpus 语料, runs, matches and lengths are added up first, and divided once. And a word counts at most as often as the
# reference has it (*clipping* 截断计数): *the the the* has $p_1 = \frac23$ here, not 1.


# %%
def counts(words, n):
    return Counter(tuple(words[k : k + n]) for k in range(len(words) - n + 1))


def precision(hypothesis, reference, n):
    """(runs of n words found, runs in all); & takes the smaller of two counts."""
    ours, theirs = counts(hypothesis.split(), n), counts(reference.split(), n)
    return (ours & theirs).total(), ours.total()


reference, hypothesis = "the cat sat on the mat", "the cat sat on mat"
found = [precision(hypothesis, reference, n) for n in (1, 2, 3, 4)]
bleu = math.exp(1 - 6 / 5) * math.prod(a / b for a, b in found) ** (1 / 4)
library = BLEU(force=True).corpus_score([hypothesis], [[reference]])
print("n-gram precisions:", found, f"  BLEU by hand {100 * bleu:.4f}, by sacrebleu {library.score:.4f}")
assert found == [(5, 5), (3, 4), (2, 3), (1, 2)]
assert np.isclose(100 * bleu, 57.89, atol=0.01) and np.isclose(100 * bleu, library.score)
assert precision("the the the", reference, 1) == (2, 3)

# %% [markdown]
# **Others of the family.** *Exact match 完全匹配率*: is every character right? Here 0. The *token error rate* (edit distance
# over the reference's length, lesson 10): one word must be put in, $\frac16 = 16.7\,\%$; lower is better. **chrF** (Popović 2015)
# compares runs of 1 to 6 *characters*, and asks in both directions: precision $P$, and recall 召回率 $R$, how much of the
# reference was found, averaged over $n$ and joined so that recall counts more:
#
# $$\mathrm{chrF} = \frac{5\,P R}{4 P + R} .$$
#
# On paper, 我喜欢 for 我喜欢你: all runs are right, $P = 1$. The reference has 4, 3, 2 runs of 1, 2, 3 characters, and 3, 2, 1
# are found: $R = \frac13\left(\frac34 + \frac23 + \frac12\right) = \frac{23}{36}$, so $\mathrm{chrF} = \frac{115/36}{4 + 23/36}
# = \frac{115}{167} = 68.86\,\%$.

# %%
scores = corpus_scores([hypothesis], [reference], str.split)
print({name: round(scores[name], 2) for name in ("exact_match", "bleu", "chrf", "token_error_rate")})
assert scores["exact_match"] == 0 and np.isclose(scores["token_error_rate"], 100 / 6)
assert np.isclose(corpus_scores(["我喜欢"], ["我喜欢你"], list)["chrf"], 100 * 115 / 167)

# %% [markdown]
# ## 2 Wrong but high, right but low
#
# All of these count shared runs. None knows what a sentence means.

# %%
reference = "the doctor did not give her the medicine because she was allergic to it"
cases = {
    "wrong": "the doctor did give her the medicine because she was allergic to it",  # "not" is gone
    "right": "as she was allergic to the medicine , she got none from the doctor",  # said in another way
}
print(f"{'':6} {'exact':>6} {'BLEU':>6} {'chrF':>6} {'errors':>7}")
found = {name: corpus_scores([text], [reference], str.split) for name, text in cases.items()}
for name, s in found.items():
    print(f"{name:6} {s['exact_match']:6.1f} {s['bleu']:6.1f} {s['chrf']:6.1f} {s['token_error_rate']:6.1f}%")
assert found["wrong"]["bleu"] > 75 > 25 > found["right"]["bleu"]
assert found["wrong"]["chrf"] > found["right"]["chrf"] and found["wrong"]["token_error_rate"] < 10
assert found["wrong"]["exact_match"] == found["right"]["exact_match"] == 0

# %% [markdown]
# So a BLEU says something about a *corpus*, beside another BLEU on the same corpus, where such cases happen to both. Of one
# sentence it says little; as a share of what is right, nothing. Exact match is fair only where one answer is right: a date, a
# sum, a sentence of our grammar. Where many are, people must look. (`minis2s evaluate` prints all of them.)
#
# **What is a word?** BLEU counts words, so someone must say where they end, and the number depends on it. Chinese has no spaces:
# to a tokeniser 分词器 for English a Chinese sentence is *one* word, and BLEU is zero unless all of it is right. Hence
# sacrebleu's `zh`, which takes characters apart. Two BLEUs with different **signatures 评测签名** cannot be compared.

# %%
show_source(bleu_tokeniser)
reference, hypothesis = "我昨天在学校看见了老师", "我今天在学校看见了老师"
by_tokeniser = {t: BLEU(tokenize=t, force=True).corpus_score([hypothesis], [[reference]]).score for t in ("13a", "zh")}
scores = corpus_scores([hypothesis], [reference], list)
print("BLEU by tokeniser:", {t: round(b, 1) for t, b in by_tokeniser.items()}, "  signature:", scores["signature"])
assert by_tokeniser["13a"] == 0 and by_tokeniser["zh"] > 65
assert bleu_tokeniser([reference]) == "zh" and bleu_tokeniser(["the cat"]) == "13a"
assert np.isclose(scores["bleu"], by_tokeniser["zh"]) and "tok:zh" in scores["signature"]

# %% [markdown]
# ## 3 Held-out combinations or a random split 留出组合与随机划分
#
# Now a language small enough to know all of it: eight people, eight verbs, eight things, six times, 3,072 sentences
# (synthetic: nobody said them). *Anna bought bread today* is 安娜今天买了面包: the time goes before the verb. To learn are 30
# words and one change of order.
#
# Two **test sets 测试集**, each of sentences that training never shows:
#
# * **random split 随机划分**: drawn from the same sentences as the training set;
# * **held-out combinations 留出组合**: half of the 64 pairs of verb and thing occur in no training sentence. The verb does, the
#   thing does, the two together do not.
#
# And two models, equal but for one thing: one has additive attention 注意力, the other hands the encoder's last state to the
# decoder, and no more (lesson 7).

# %%
PEOPLE = {"Anna": "安娜", "Li": "小李", "she": "她", "he": "他", "we": "我们", "they": "他们"}
PEOPLE |= {"the teacher": "老师", "my friend": "我的朋友"}
VERBS = {"bought": "买了", "sold": "卖了", "saw": "看见了", "found": "找到了"}
VERBS |= {"forgot": "忘了", "drew": "画了", "took": "拿了", "lost": "丢了"}
THINGS = {"apples": "苹果", "books": "书", "a map": "地图", "flowers": "花"}
THINGS |= {"a cup": "杯子", "hats": "帽子", "a key": "钥匙", "bread": "面包"}
TIMES = {"yesterday": "昨天", "today": "今天", "on Monday": "星期一"}
TIMES |= {"last week": "上周", "this morning": "今天早上", "last year": "去年"}


def pair(person, verb, thing, time):
    return Pair(f"{person} {verb} {thing} {time}", PEOPLE[person] + TIMES[time] + VERBS[verb] + THINGS[thing])


things = list(THINGS)
held_out = {(verb, things[(k + j) % 8]) for k, verb in enumerate(VERBS) for j in range(4)}
everything = list(product(PEOPLE, VERBS, THINGS, TIMES))
everything = [everything[k] for k in rng.permutation(len(everything))]
shown = [sentence for sentence in everything if sentence[1:3] not in held_out]
train, random_split = shown[:600], shown[600:1000]
held = [sentence for sentence in everything if sentence[1:3] in held_out][:400]


def combinations(sentences):
    return {sentence[1:3] for sentence in sentences}


assert not set(train) & set(random_split) and not set(train) & set(held)  # no test sentence was trained on
assert combinations(random_split) <= combinations(train) and not combinations(held) & combinations(train)
assert {word for s in held for word in s} <= {word for s in train for word in s}  # and no word is new

source_tokeniser, target_tokeniser = ms.tokeniser("wordpunct"), ms.tokeniser("chars")
pairs = [pair(*sentence) for sentence in train]
source_words = ms.Vocabulary.build(source_tokeniser.split(p.source) for p in pairs)
target_words = ms.Vocabulary.build(target_tokeniser.split(p.target) for p in pairs)


def trained(attention):
    """A Translator whose model was trained on `pairs`; some seconds. A tenth of the words is hidden: section 5 says why."""
    config = ms.ModelConfig(embedding_size=32, hidden_size=64, attention_size=32, attention=attention)
    model = ms.Seq2Seq(config, len(source_words), len(target_words), np.random.default_rng(1))
    translator = ms.Translator(model, source_words, target_words, source_tokeniser, target_tokeniser, max_source=20)
    settings = TrainingConfig(epochs=30, batch_size=32, learning_rate=6e-3, hide_words=0.1)
    examples = translator.examples(pairs)
    Trainer(model, examples, settings, lambda model: {"loss": teacher_forced_loss(model, examples)}).run()
    return translator


translators = {"with attention": trained("additive"), "last state only": trained("none")}
tests = {"random split": random_split, "held-out": held}
judged, answers = {}, {}
print(f"{'':16} {'test set':13} {'exact':>6} {'BLEU':>6} {'chrF':>6} {'errors':>7}")
for name, translator in translators.items():
    for test, sentences in tests.items():
        s, found = translation_scores(translator, [pair(*sentence) for sentence in sentences])
        judged[name, test], answers[name, test] = s, [t.text for t in found]
        print(f"{name:16} {test:13} {s['exact_match']:6.1f} {s['bleu']:6.1f} {s['chrf']:6.1f} {s['token_error_rate']:6.1f}%")

exact = {key: s["exact_match"] for key, s in judged.items()}
assert exact["with attention", "random split"] > 95 and exact["last state only", "random split"] > 85
assert exact["with attention", "held-out"] > 85 and exact["last state only", "held-out"] < 50
assert judged["last state only", "held-out"]["bleu"] > exact["last state only", "held-out"] + 20

# %% [markdown]
# By the random split both models are good, and one would take either. The held-out combinations tell them apart: the second
# model has learnt which things go with which verbs *in its training data*, not the words by themselves. **A random split asks
# whether a model remembers; a held-out one, whether it has learnt how the parts combine.** Neither says how it does on real text:
# that is a third question, with a third test set.
#
# And BLEU flatters once more: some two thirds of the maximum, for a model that gets hardly a sentence right. What does it write
# instead?

# %%
mistakes = [(s, a) for s, a in zip(held, answers["last state only", "held-out"], strict=True) if a != pair(*s).target]
invented = [
    {(v, o) for v, o in product(VERBS, THINGS) if VERBS[v] in answer and answer.endswith(THINGS[o])} for _, answer in mistakes
]
familiar = np.mean([bool(found & combinations(train)) for found in invented])
for (person, verb, thing, time), answer in mistakes[:4]:
    print(f"{person} {verb} {thing} {time}: {answer}   (right: {pair(person, verb, thing, time).target})")
print(f"{familiar:.0%} of the wrong answers have a verb and a thing that it saw together in training")
assert familiar > 0.5

# %% [markdown]
# ## 4 Sure, or right? Two perplexities 困惑度
#
# **Perplexity 困惑度** is $e^{\text{mean loss}}$: among how many equally likely words one had to choose. There are two, and they
# answer different questions:

# %%
show_source(perplexity)

# %% [markdown]
# **On paper.** A model that always says *a* with probability $0.96$ and any other of four words with $0.01$; the reference is *a
# b*. Teacher-forced: $(0.96 \cdot 0.01)^{-1/2} = 10.2$. Free-running, it says *a a*: $(0.96^2)^{-1/2} = 1.04$, and it is wrong.

# %%
assert np.isclose(perplexity(-(math.log(0.96) + math.log(0.01)) / 2), 10.2, atol=0.01)
assert np.isclose(perplexity(-math.log(0.96)), 1.04, atol=0.01)
forced = {}
print(f"{'':16} {'test set':13} teacher-forced  free-running  exact match")
for (name, test), s in judged.items():
    translator = translators[name]
    examples = translator.examples([pair(*sentence) for sentence in tests[test]])
    forced[name, test] = perplexity(teacher_forced_loss(translator.model, examples))
    print(f"{name:16} {test:13} {forced[name, test]:14.3f} {s['free_running_perplexity']:13.3f} {s['exact_match']:12.1f}")
key = "last state only", "held-out"
assert judged[key]["free_running_perplexity"] < 1.4 and judged[key]["free_running_perplexity"] < forced[key]

# %% [markdown]
# The last line: hardly more than one word to choose from at each step, and nearly all sentences wrong. A model's own certainty
# is not a score. Nor is the teacher-forced number, by itself: it is measured on the track of right words that no use will keep
# the model on (lesson 7's exposure bias 曝光偏差), and over one vocabulary, so it cannot be compared with that of another one.
#
# ## 5 Unknown words 未知词
#
# A word that training never showed becomes UNK. What should come out? The model has only the context; it writes something
# fluent, and wrong. So training hid a tenth of the words (`hide_words`), which makes UNK a thing that it has met, and the answer
# carries a flag, which an honest program shows and an honest evaluation counts.

# %%
show_source(hide_words)
answer = translators["with attention"].translate(["Anna bought pears today"])[0]
print(answer.flagged)
assert answer.unknown == ["pears"] and answer.flagged == f"[unknown: pears] {answer.text}"
s, _ = translation_scores(translators["with attention"], [Pair("Anna bought pears today", "安娜今天买了梨"), pair(*train[0])])
assert s["sentences_with_unknown_words"] == 1

# %% [markdown]
# ## 6 How sure is the score? 置信区间
#
# A test set is a sample. With $n$ sentences, of which a share $p$ is right, the **standard error 标准误** of $p$ is
# $\sqrt{p(1-p)/n}$, and a 95 % **confidence interval 置信区间** is about $p \pm 1.96$ of those.
#
# **On paper.** 90 of 100 right: $\sqrt{0.9\cdot0.1/100} = 0.03$, so $90 \pm 5.9$. A model with 93 of 100 is not shown to be
# better. With 900 of 1,000 it is $\pm 1.9$: ten times the sentences, a third of the margin. And 0 mistakes of $n$ do not mean
# none: up to about $3/n$ would be no surprise, as $(1 - \frac3n)^n \approx e^{-3} = 0.05$.
#
# The **bootstrap 自助法** needs no formula: draw $n$ of the sentences with repetition, score, repeat; the middle 95 % of the
# scores are the interval. It works for BLEU as well. But it draws what is *independent*: our 400 held-out sentences are about 32
# combinations, and a model that misses one mostly misses it every time. So draw combinations, with all of their sentences:


# %%
def interval(scores):
    return np.percentile(scores, [2.5, 97.5])


def share_right(groups):
    """The scores of 2,000 draws of len(groups) groups; groups: arrays of 0 and 1."""
    rights, sizes = np.array([g.sum() for g in groups]), np.array([len(g) for g in groups])
    drawn = rng.integers(0, len(groups), (2000, len(groups)))
    return 100 * rights[drawn].sum(axis=1) / sizes[drawn].sum(axis=1)


right = np.array([a == pair(*s).target for s, a in zip(held, answers[key], strict=True)])
p, n = right.mean(), len(right)
margin = 1.96 * math.sqrt(p * (1 - p) / n)
one_by_one = share_right([right[k : k + 1] for k in range(n)])
by_combination = share_right([right[[s[1:3] == c for s in held]] for c in sorted(held_out)])
(low, high), (low_c, high_c) = interval(one_by_one), interval(by_combination)
print(f"exact match {100 * p:.1f}; by formula {100 * (p - margin):.1f} to {100 * (p + margin):.1f}; ", end="")
print(f"bootstrap of sentences {low:.1f} to {high:.1f}, of combinations {low_c:.1f} to {high_c:.1f}")
assert np.isclose(1.96 * math.sqrt(0.9 * 0.1 / 100), 0.059, atol=1e-3)
assert np.isclose((1 - 3 / n) ** n, math.exp(-3), atol=1e-3)
assert np.isclose(high - low, 200 * margin, rtol=0.15)  # the bootstrap knows no formula, and agrees
assert high_c - low_c > 1.15 * (high - low)

# %% [markdown]
# A third source of chance is in neither: another seed gives another model. Whoever compares two *methods* trains several of each.
#
# ## 7 Reading attention maps 解读注意力图
#
# An attention map shows the weights $\alpha_{ij}$: how much of encoder state $h_j$ is in the context of target step $i$. That is
# all. It is tempting to read "the model wrote this word *because of* that one"; three reasons for care:
#
# **$h_j$ is not word $j$.** A recurrent encoder has mixed its neighbours into it. **Other ways lead around attention**: the
# decoder's own state, its last words. **Different weights, same output.** On paper: $h = (1, 0, \frac12)$. The weights
# $(\frac12, \frac12, 0)$ and $(0, 0, 1)$ look at quite different places, and both have the context $\frac12$: whatever comes
# after cannot tell them apart. With more places than dimensions, there always are such weights (Jain and Wallace 2019).

# %%
h = np.array([1, 0, 0.5]).reshape(3, 1, 1)
c, c_other = (context(np.array(alpha).reshape(3, 1), h)[0].item() for alpha in ([0.5, 0.5, 0], [0, 0, 1]))
print("contexts of two maps:", c, c_other)
assert c == c_other == 0.5

# %% [markdown]
# So ask by experiment. **Erase** source word $j$ (make it UNK), and see by how much $\log p$ of target word $i$ falls. And
# **differentiate** 求导: the size of $\partial \log p(y_i) / \partial x_j$, by the word vector $x_j$. The engine computes
# gradients of a whole loss; as they add up, that of one target word is the loss of $i$ words minus that of $i - 1$, and the
# gradient by $x_j$ is the row of the word in the embedding's.


# %%
model = translators["with attention"].model
table = next(p for name, p in model.named_parameters() if name.startswith("encoder") and len(p.value) == len(source_words))


def log_p_and_weights(sources, target):
    """log p of each target word under teacher forcing, (S, n), and the weights (S, T, n), for n sources of one length."""
    batch = ms.make_batch([Example(source, target) for source in sources])
    state, log_ps, weights = model.start(batch.source, batch.source_mask), [], []
    for before, word in zip(batch.target_in, batch.target_out, strict=True):
        logits, state, alpha = model.step(before, state)
        log_ps.append(np.log(softmax(logits)[0])[np.arange(len(sources)), word])
        weights.append(alpha)
    return np.array(log_ps), np.array(weights)


def erased(example):
    """(attention, fall of log p when a word is erased), each (S, T)."""
    words = example.source
    without = [[*words[:j], UNK, *words[j + 1 :]] for j in range(len(words))]
    log_p, weights = log_p_and_weights([words, *without], example.target)
    return weights[:, :, 0], log_p[:, :1] - log_p[:, 1:]


def sensitivity(example):
    """‖∂ log p(y_i) / ∂ x_j‖, (S, T); no word may stand in the source twice."""
    batch, rows, before = ms.make_batch([example]), [], 0
    for i in range(1, len(batch.target_out) + 1):
        first = np.arange(len(batch.target_out))[:, None] < i
        model.zero_gradients()
        _, cache = model.forward(replace(batch, target_mask=first), total=1)
        model.backward(cache)
        gradient = table.grad[example.source].copy()
        rows.append(np.linalg.norm(gradient - before, axis=1))
        before = gradient
    return np.array(rows)


studied = translators["with attention"].examples([pair(*sentence) for sentence in held[:60]])
seen = [(*erased(example), sensitivity(example)) for example in studied]
attention, fall, slope = (np.concatenate([s[k].argmax(axis=1) for s in seen]) for k in range(3))
matters = np.concatenate([s[1].max(axis=1) for s in seen]) > 0.5  # steps at which erasing some word costs half a nat
agree, slope_agrees = np.mean((attention == fall)[matters]), np.mean((slope == fall)[matters])
print(f"{len(matters)} target steps; at {matters.sum()} of them erasing some single word matters;")
print(f"at these the most attended word is the one that matters most: {agree:.0%}; the one with the largest gradient: ", end="")
print(f"{slope_agrees:.0%}; a word at random: about {1 / 5:.0%}")
assert 0.3 < agree < 1 and slope_agrees > 0.4 and matters.mean() < 0.9

# %% [markdown]
# Attention is a hint here, better than chance, and no explanation: at some steps the word that counts is another one. At many
# steps no single word counts at all. The end of 星期一 follows from its beginning, yet the map shows weights there, as softmax
# must put its sum of one somewhere; and 星 itself survives the loss of *Monday*, because in this language *on* says as much.
# Erasing one word is no oracle, then, and the gradient is none either: it is a slope, for a small change, and an erased word is
# a large one. **Say what you did ("erasing *bread* costs 4.7 nats"), not what it means.**
#
# ## 8 A picture 图
#
# Above, one sentence three ways; each row of the second and third map is divided by the largest entry of the whole map, so rows
# that are pale everywhere are steps at which nothing matters. Below left: the two test sets. Below right: section 6's two
# bootstraps.

# %%
chosen = next(k for k, s in enumerate(held[:60]) if s[3] == "on Monday")
source, target = source_tokeniser.split(pair(*held[chosen]).source), [*pair(*held[chosen]).target, "END"]
families, missing = fonts_for("".join(target))
if missing:
    target = [f"y{i + 1}" for i in range(len(target))]  # no Chinese font here
with matplotlib.rc_context({"font.family": families}):
    figure = Figure(figsize=(12, 7.5), layout="constrained")
    maps, below = figure.subfigures(2, 1, height_ratios=[5, 3])
    titles = ("attention weights", "fall of log p when erased", "gradient of log p")
    for panel, values, title in zip(maps.subplots(1, 3), seen[chosen], titles, strict=True):
        image = panel.imshow(np.maximum(values, 0) / max(values.max(), 1e-9), cmap="Blues", vmin=0, vmax=1, aspect="auto")
        panel.set_xticks(range(len(source)), source, rotation=40, ha="right", rotation_mode="anchor")
        panel.set_yticks(range(len(target)), target)
        panel.set_title(title, fontsize="medium")
        for i, j in product(range(len(target)), range(len(source))):
            number = f"{round(float(values[i, j]), 2) + 0:.2f}"  # + 0 turns −0.0 into 0.0
            color = "white" if values[i, j] > 0.6 * values.max() else "0.4"
            panel.text(j, i, number, ha="center", va="center", fontsize=7, color=color)
    bars, intervals = below.subplots(1, 2)
    for k, (name, style) in enumerate(zip(translators, ("tab:blue", "tab:orange"), strict=True)):
        heights = [exact[name, test] for test in tests]
        drawn = bars.bar(np.arange(2) + 0.36 * k - 0.18, heights, 0.34, color=style, label=name)
        bars.bar_label(drawn, fmt="%.1f")
    bars.set_xticks(range(2), tests)
    bars.set(ylabel="exact match, %", ylim=(0, 140))
    bars.legend(ncols=2, loc="upper center")
    bins = np.arange(0, max(by_combination.max(), one_by_one.max()) + 1, 0.75)
    intervals.hist(one_by_one, bins, alpha=0.6, label="sentences drawn")
    intervals.hist(by_combination, bins, alpha=0.6, label="combinations drawn")
    intervals.axvline(100 * p, color="black", lw=1)
    intervals.set(xlabel="exact match of “last state only”, held-out, %", ylabel="of 2,000 draws")
    intervals.legend()
    show_picture(figure, "15_judging")

# %% [markdown]
# ## 9 Questions 思考题
#
# **1.** Two translations of a document are each judged by the mean of its sentences' BLEUs, and by the corpus BLEU. Can the two
# orders differ?
#
# <details><summary>Answer 答案</summary>
#
# Yes. The mean counts a sentence of four words as much as one of forty, the corpus BLEU counts runs. A translation that is
# perfect on many short sentences and poor on the long ones wins by the mean and loses by the corpus. (And a short sentence
# without a single run of four that matches has a BLEU of zero, or whatever *smoothing* makes of it: one more thing for the
# signature.)
#
# </details>
#
# **2.** You try twenty settings, keep the one with the best score on the test set, and report that score. What is wrong, when
# all twenty are in truth equally good, right for 90 % of 100 sentences?
#
# <details><summary>Answer 答案</summary>
#
# The best of twenty draws lies about two standard errors above the truth, $90 + 2\cdot3 \approx 95.4$. You have measured luck.
# That is what the **dev set 开发集** is for: choose by it, and look at the test set once.
#
# </details>
#
# **3.** An attention map of a model trained with the score of D3.3 as printed (erratum X1, lesson 8) has the same row at every
# step. Does that show that the model ignores its own state?
#
# <details><summary>Answer 答案</summary>
#
# It shows that its *attention* does. The decoder's cell still reads state and last word, and may translate a short sentence well
# from one constant context and its own memory: "last state only" did that above.
#
# </details>

# %%
luckiest = (rng.random((1000, 20, 100)) < 0.9).sum(axis=2).max(axis=1).mean()
print(f"the best of twenty equally good models, on average: {luckiest:.1f} %")
assert 94.5 < luckiest < 96.5

# %% [markdown]
# ## Where next
#
# `minis2s evaluate RUN --task translation` prints these scores for a model of yours, with both perplexities; `minis2s tasks NAME`
# says what a task holds out; `minis2s report RUN` shows sentences and maps, the hardest ones among them. Read some. No number
# replaces that.

# %%
print("Lesson 15: every claim held.")

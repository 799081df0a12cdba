"""How good are translations? Exact match, BLEU and chrF (sacrebleu), error rates by edit distance, all in percent.

And how sure is the model? Perplexity, and the entropy of its attention.
"""

import math
import sys

import numpy as np
from sacrebleu.metrics import BLEU, CHRF

from minis2s.equations.edit_distance import token_error_rate


def corpus_scores(hypotheses, references, split, sources=None):
    """Scores of a list of texts against one reference each.

    split: text → tokens, for the token error rate. sources: if given, lines with the same source are also judged together:
    `any_reference_match` is the share of distinct sources whose (first) answer equals one of the references of that source, so
    that 100 minus it is the word error rate of a pronunciation dictionary.

    Returns a dict: exact_match; bleu; chrf; token_error_rate, word_error_rate, character_error_rate: edits per token, per word
    between white space (in Chinese a whole sentence) and per character (spaces count) of the references; signature (of BLEU),
    chrf_signature; sentences.
    """

    def error_rate(unit):
        return token_error_rate([unit(r) for r in references], [unit(h) for h in hypotheses])

    n = len(references)
    exact = sum(h == r for h, r in zip(hypotheses, references, strict=True))
    bleu = BLEU(tokenize=bleu_tokeniser(references), force=True)
    chrf = CHRF()
    scores = {
        "exact_match": 100 * exact / n,
        "bleu": bleu.corpus_score(hypotheses, [references]).score,
        "chrf": chrf.corpus_score(hypotheses, [references]).score,
        "token_error_rate": error_rate(split),
        "word_error_rate": error_rate(_words),
        "character_error_rate": error_rate(list),
        "signature": str(bleu.get_signature()),
        "chrf_signature": str(chrf.get_signature()),
        "sentences": n,
    }
    if sources is not None:
        answers, accepted = {}, {}
        for s, h, r in zip(sources, hypotheses, references, strict=True):
            answers.setdefault(s, h)
            accepted.setdefault(s, set()).add(r)
        right = sum(answers[s] in accepted[s] for s in answers)
        scores |= {"any_reference_match": 100 * right / len(answers), "distinct_sources": len(answers)}
    return scores


def regression_scores(predictions, targets):
    """Scores of sequences of real vectors, lists of (n, D) arrays: root_mean_square_error, in the targets' own units, and
    variance_explained in percent: 100 for what is exact, 0 for always answering each column's mean.
    """
    predicted, wanted = np.concatenate(predictions), np.concatenate(targets)
    squares = np.square(predicted - wanted)
    variance = np.square(wanted - wanted.mean(axis=0)).sum()
    explained = 100 * (1 - squares.sum() / variance) if variance else (0.0 if squares.any() else 100.0)
    return {
        "root_mean_square_error": float(np.sqrt(squares.mean())),
        "variance_explained": float(explained),
        "sentences": len(targets),
    }


def perplexity(nats):
    """exp of a mean loss: the number of equally likely words that would be as hard to choose from. Finite, however large.

    Two perplexities of a translator must not be confused.

    `teacher_forced_perplexity`: exp(−(1/N) Σ_i log p(y_i | y_1 … y_{i−1}, x)) over the words y of the references and their ends,
    after the reference's own words. It is exp of the loss that is trained, and says how well the model predicts right sentences
    while it is kept on their track; lower is better, on the same data and vocabulary. It cannot say what becomes of a sentence
    after the model's own first mistake.

    `free_running_perplexity`: the same for the words ŷ that the model itself has found, and its ends where it came to them:
    exp(−(1/N) Σ_i log p(ŷ_i | ŷ_1 … ŷ_{i−1}, x)); greedily, unless another search was asked for. It says how sure the model is on
    its own track, 1 being certain. It does not know the references: a model that repeats one word for ever may have 1, and as
    greedy search takes the likeliest word, it is mostly below the other, whether or not the translations are right.
    """
    return math.exp(min(nats, math.log(sys.float_info.max)))


def alignment_entropy(weights):
    """How widely attention looks around: the mean of H_i = −Σ_j α_ij log α_ij over all target steps i of all sentences.

    weights: for each sentence (S, T), the attention of each target step, each row a distribution over the source. Returns
    (nats, share): the second is the mean of H_i / log T in percent, 0 where each step looks at one word, 100 where it looks at
    all alike; sentences of one word, which leave no choice, have no part in it. None for each that nothing can be said of.
    """
    entropies, shares = [], []
    for alpha in weights:
        alpha = np.asarray(alpha, dtype=np.float64)
        if alpha.size:
            H = 0.0 - (alpha * np.log(np.where(alpha > 0, alpha, 1))).sum(axis=1)  # 0 log 0 = 0
            entropies += H.tolist()
            shares += (100 * H / math.log(alpha.shape[1])).tolist() if alpha.shape[1] > 1 else []
    return tuple(float(np.mean(values)) if values else None for values in (entropies, shares))


def _words(text):
    return text.split() or ([text] if text else [])  # a text of white space alone is something to get right, too


def bleu_tokeniser(references):
    """sacrebleu's tokeniser for the references' script: "zh" where Chinese characters prevail, else its standard "13a"."""
    letters = [ch for line in references for ch in line if ch.isalpha()]
    chinese = sum("\u3400" <= ch <= "\u9fff" for ch in letters)
    return "zh" if 2 * chinese > len(letters) else "13a"

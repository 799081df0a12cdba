"""How good are translations? Exact match, BLEU and chrF (sacrebleu), token error rate (edit distance). All in percent."""

from sacrebleu.metrics import BLEU, CHRF

from minis2s.equations.edit_distance import token_error_rate


def corpus_scores(hypotheses, references, split, sources=None):
    """Scores of a list of texts against one reference each.

    split: text → tokens, for the token error rate. sources: if given, lines with the same source are also judged together:
    `any_reference_match` is the share of distinct sources whose (first) answer equals one of the references of that source, so
    that 100 minus it is the word error rate of a pronunciation dictionary.

    Returns a dict: exact_match, bleu, chrf, token_error_rate (edits per reference token), signature (of BLEU), sentences.
    """
    n = len(references)
    exact = sum(h == r for h, r in zip(hypotheses, references, strict=True))
    bleu = BLEU(tokenize=bleu_tokeniser(references), force=True)
    chrf = CHRF()
    scores = {
        "exact_match": 100 * exact / n,
        "bleu": bleu.corpus_score(hypotheses, [references]).score,
        "chrf": chrf.corpus_score(hypotheses, [references]).score,
        "token_error_rate": token_error_rate([split(r) for r in references], [split(h) for h in hypotheses]),
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


def bleu_tokeniser(references):
    """sacrebleu's tokeniser for the references' script: "zh" where Chinese characters prevail, else its standard "13a"."""
    letters = [ch for line in references for ch in line if ch.isalpha()]
    chinese = sum("\u3400" <= ch <= "\u9fff" for ch in letters)
    return "zh" if 2 * chinese > len(letters) else "13a"

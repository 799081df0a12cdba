"""A model's scores on pairs of sentences: the loss under teacher forcing, and the metrics of its greedy translations."""

from minis2s.backend import to_host
from minis2s.data.batching import bucketed_batches, make_batch
from minis2s.data.numbers import values
from minis2s.decoding.search import greedy_search
from minis2s.metrics import alignment_entropy, corpus_scores, perplexity, regression_scores

LOSSES = {  # kind of model: what its loss is
    "seq2seq": "nats per target token",
    "language-model": "nats per target token",
    "ctc": "nats per label and end",
    "regression": "mean squared error",  # of columns brought to variance 1
}


def teacher_forced_loss(model, examples, batch_size=64):
    """The loss over all Examples, in the unit that LOSSES names, with the true previous word at every step: see
    `metrics.perplexity`.
    """
    total = tokens = 0
    for rows in bucketed_batches(examples, batch_size):
        batch = make_batch([examples[r] for r in rows])
        total += float(to_host(model.forward(batch)[0])) * batch.n_target_tokens
        tokens += batch.n_target_tokens
    return total / tokens


def translation_scores(translator, pairs, batch_size=64, search=greedy_search):
    """(scores, translations) of the translations that `search` finds for the pairs' sources, against their targets.

    The scores are those of `corpus_scores`, free_running_perplexity (see `metrics.perplexity`; of a model that predicts words one
    after the other), alignment_entropy and alignment_entropy_share, and how many sentences have unknown words; of a model of real
    vectors those of `regression_scores`, of predictions as long as the targets.
    """
    sources, tokeniser, model = [p.source for p in pairs], translator.target_tokeniser, translator.model.config
    if model.model == "regression":
        targets = [values(p.target) for p in pairs]
        translations = translator.translate(sources, batch_size, [len(y) for y in targets], search=search)
        return regression_scores([values(t.text) for t in translations], targets), translations
    translations = translator.translate(sources, batch_size, search=search)
    references = [tokeniser.join(tokeniser.split(p.target)) for p in pairs]  # spelled as the model could spell it
    scores = corpus_scores([t.text for t in translations], references, tokeniser.split, [p.source for p in pairs])
    words = sum(len(t.tokens) + t.complete for t in translations)  # an end that was reached is a choice, too
    sure = None if model.model == "ctc" else perplexity(-sum(t.log_probability for t in translations) / max(words, 1))
    scores["free_running_perplexity"] = sure
    entropies = alignment_entropy([] if model.sigmoid or model.attention == "gate" else [t.weights for t in translations])
    scores |= dict(zip(("alignment_entropy", "alignment_entropy_share"), entropies, strict=True))
    scores["sentences_with_unknown_words"] = sum(bool(t.unknown) for t in translations)
    return scores, translations

"""A model's scores on pairs of sentences: the loss under teacher forcing, and the metrics of its greedy translations."""

from minis2s.data.batching import bucketed_batches, make_batch
from minis2s.decoding.search import greedy_search
from minis2s.metrics import alignment_entropy, corpus_scores, perplexity


def teacher_forced_loss(model, examples, batch_size=64):
    """Nats per target token over all Examples, with the true previous word at every step: see `metrics.perplexity`."""
    total = tokens = 0
    for rows in bucketed_batches(examples, batch_size):
        batch = make_batch([examples[r] for r in rows])
        total += float(model.forward(batch)[0]) * batch.n_target_tokens
        tokens += batch.n_target_tokens
    return total / tokens


def translation_scores(translator, pairs, batch_size=64, search=greedy_search):
    """(scores, translations) of the translations that `search` finds for the pairs' sources, against their targets.

    The scores are those of `corpus_scores`, free_running_perplexity (see `metrics.perplexity`), alignment_entropy and
    alignment_entropy_share, and how many sentences have unknown words.
    """
    translations = translator.translate([p.source for p in pairs], batch_size, search=search)
    tokeniser = translator.target_tokeniser
    references = [tokeniser.join(tokeniser.split(p.target)) for p in pairs]  # spelled as the model could spell it
    scores = corpus_scores([t.text for t in translations], references, tokeniser.split, [p.source for p in pairs])
    words = sum(len(t.tokens) + t.complete for t in translations)  # an end that was reached is a choice, too
    scores["free_running_perplexity"] = perplexity(-sum(t.log_probability for t in translations) / max(words, 1))
    entropies = alignment_entropy([t.weights for t in translations])
    scores |= dict(zip(("alignment_entropy", "alignment_entropy_share"), entropies, strict=True))
    scores["sentences_with_unknown_words"] = sum(bool(t.unknown) for t in translations)
    return scores, translations

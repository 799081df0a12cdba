"""Text in, text out: a model with its vocabularies and tokenisers."""

from typing import NamedTuple

import numpy as np

from minis2s.data.batching import Example, bucketed_batches, make_batch
from minis2s.data.encoding import encode_pairs
from minis2s.data.normalisation import normalise
from minis2s.data.vocabulary import BOS
from minis2s.decoding.search import greedy_search
from minis2s.errors import UsageError


class Translation(NamedTuple):
    """source, text: strings; source_tokens, tokens: what they consist of; unknown: source tokens that the model has never
    seen; weights: (len(tokens) + 1, len(source_tokens)), the last row for the end of the sentence; log_probability: of
    tokens and end; complete: False if the length limit cut it short.
    """

    source: str
    text: str
    source_tokens: list
    tokens: list
    unknown: list
    weights: np.ndarray
    log_probability: float
    complete: bool

    @property
    def flagged(self):
        """The text, with a note in front if it cannot be trusted because of unknown words."""
        return f"[unknown: {', '.join(self.unknown)}] {self.text}" if self.unknown else self.text


class Translator:
    """model: see `greedy`; vocabularies and tokenisers of each side; max_source: longest source in tokens."""

    def __init__(self, model, source_vocabulary, target_vocabulary, source_tokeniser, target_tokeniser, max_source):
        self.model, self.kind, self.max_source = model, model.config.model, max_source
        self.source_vocabulary, self.target_vocabulary = source_vocabulary, target_vocabulary
        self.source_tokeniser, self.target_tokeniser = source_tokeniser, target_tokeniser

    def tokens(self, sentence, where="the sentence"):
        """The sentence's tokens. Raises UsageError for an empty sentence or one that is too long, naming `where`."""
        tokens = self.source_tokeniser.split(normalise(sentence.strip() if self.kind != "language-model" else sentence))
        if not tokens and self.kind != "language-model":  # which may begin with nothing
            raise UsageError(f"{where} is empty: there is nothing to translate")
        if len(tokens) > self.max_source:
            raise UsageError(
                f"{where} has {len(tokens)} tokens; the limit is {self.max_source} (--max-source raises it): {sentence[:40]}…"
            )
        return tokens

    def examples(self, pairs, where="the data"):
        """The Example of each pair of texts. where: their name, for errors."""
        sides = self.source_tokeniser, self.target_tokeniser, self.source_vocabulary, self.target_vocabulary
        return encode_pairs(pairs, *sides, kind=self.kind, where=where)

    def translate(self, sentences, batch_size=64, max_length=None, first=1, search=greedy_search):
        """The best Translation of each sentence, in order; see `n_best`."""
        return [best[0] for best in self.n_best(sentences, batch_size, max_length, first, search)]

    def n_best(self, sentences, batch_size=64, max_length=None, first=1, search=greedy_search):
        """A list of Translations for each sentence, best first; as many as `search` finds.

        max_length: target tokens, a number or one for each sentence; by default four times the source's and forty, as words may
        become letters. Real vectors, which tell no end, are that many; by default as many as the source;
        first: the number of the first sentence, for errors;
        search(model, source, source_mask, limits) → a list of Hypotheses for each column.
        """
        tokens = [self.tokens(s, f"sentence {k}") for k, s in enumerate(sentences, start=first)]
        examples = [Example(self._encoded(t, f"sentence {k}"), []) for k, t in enumerate(tokens, start=first)]
        results = [None] * len(sentences)
        for rows in bucketed_batches(examples, batch_size) if examples else []:
            batch = make_batch([examples[r] for r in rows])
            # Each sentence's own limit: a translation must not depend on the others that happen to be in the batch.
            limit = self._limits(batch, max_length, rows)
            for place, found in zip(batch.index, search(self.model, batch.source, batch.source_mask, limit), strict=True):
                row = rows[place]
                results[row] = [self._translation(sentences[row], tokens[row], hypothesis) for hypothesis in found]
        return results

    def _encoded(self, tokens, where):
        try:
            encoded = self.source_vocabulary.encode(tokens)
        except UsageError as error:  # a number that is none
            raise UsageError(f"{where}: {error}") from None
        return [BOS, *encoded] if self.kind == "language-model" else encoded

    def _limits(self, batch, max_length, rows):
        if max_length is not None:
            given = np.asarray(max_length)
            return given if given.ndim == 0 else given[rows][batch.index]
        lengths = batch.source_mask.sum(axis=0)
        return lengths if self.kind == "regression" else 4 * lengths + 40

    def _translation(self, sentence, source_tokens, h):
        tokens = self.target_vocabulary.decode(h.words)
        text = self.target_tokeniser.join(tokens)
        unknown = self.source_vocabulary.unknown(source_tokens)
        return Translation(sentence, text, source_tokens, tokens, unknown, h.weights, h.log_probability, h.complete)

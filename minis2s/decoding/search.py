"""From a source to what a model says to it, for every kind of model: `search(model, source, source_mask, limits)` gives a list of
Hypotheses for each column, best first.
"""

import numpy as np

from minis2s.decoding.beam import beam, log_probabilities
from minis2s.decoding.ctc import best_path, prefix_beam
from minis2s.decoding.greedy import Hypothesis, greedy
from minis2s.errors import UsageError
from minis2s.models.configuration import CONSTANT


def greedy_search(model, source, source_mask, limits):
    """The most probable word at each step; of a CTC tagger the most probable path; of real vectors the predictions themselves.

    It is what translators use unless told otherwise.
    """
    kind = model.config.model
    if kind == "ctc":
        return [[_labels(found)] for found in best_path(_log_p(model, source, source_mask), source_mask)]
    if kind == "regression":
        return _predictions(model, source, source_mask, limits)
    return [[hypothesis] for hypothesis in greedy(model, source, source_mask, limits)]


def beam_search(width, **penalties):
    """The search that keeps `width` sequences; see `beam`, and for a CTC tagger `prefix_beam`."""

    def search(model, source, source_mask, limits):
        _refuse_real(model)
        if penalties.get("coverage_penalty") and not has_weights(model.config):
            raise UsageError("the coverage penalty is for source words that attention misses; this model has no attention")
        if model.config.model == "ctc":
            if penalties.get("length_penalty"):
                raise UsageError("the labellings of a CTC tagger are ranked by their probability: leave out --length-penalty")
            found = prefix_beam(_log_p(model, source, source_mask), width, source_mask)
            return [[_labels(each) for each in best] for best in found]
        return beam(model, source, source_mask, limits, width, **penalties)

    return search


def sampling_search(choose):
    """The search that draws words; see `sampling.sampler`."""

    def search(model, source, source_mask, limits):
        _refuse_real(model)
        if model.config.model == "ctc":
            raise UsageError("a CTC tagger gives labels for a source; it does not draw them: leave out --sample")
        return [[hypothesis] for hypothesis in greedy(model, source, source_mask, limits, choose)]

    return search


def has_weights(config):
    """Whether the Hypotheses of a model with this ModelConfig have attention weights."""
    return config.model == "seq2seq" and config.attention not in CONSTANT


def _refuse_real(model):
    if model.config.model == "regression":
        raise UsageError("this model predicts numbers, not words: there is nothing to search or draw")


def _log_p(model, source, source_mask):
    return log_probabilities(model.logits(source, source_mask), never=())


def _labels(found):
    return Hypothesis(found.labels, np.zeros((0, 0)), found.log_p, True)


def _predictions(model, source, source_mask, limits):
    limits = np.broadcast_to(limits, source_mask.shape[1])
    predicted = model.predict(source, source_mask, int(limits.max()))
    return [[Hypothesis(predicted[:n, b], np.zeros((0, 0)), 0.0, True)] for b, n in enumerate(limits)]

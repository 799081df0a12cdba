"""Whole models. `model_of` makes the one that a ModelConfig describes."""


def model_of(config, source_words, target_words, rng, backend=None, dtype="float32"):
    """The model of the kind config.model. source_words, target_words: sizes of the vocabularies (numbers of columns, where
    sequences consist of real vectors); rng: draws the initial weights.
    """
    from minis2s.models.seq2seq import LanguageModel, Seq2Seq, SequenceRegression
    from minis2s.models.tagger import CTCTagger

    kinds = {"seq2seq": Seq2Seq, "language-model": LanguageModel, "ctc": CTCTagger, "regression": SequenceRegression}
    return kinds[config.model](config, source_words, target_words, rng, backend, dtype)

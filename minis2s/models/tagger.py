"""A tagger for unsegmented sequences: an encoder, a distribution over labels at each step, and CTC (D2.7)."""

from typing import Any, NamedTuple

import numpy as np

from minis2s.backend import select
from minis2s.equations.ctc import ctc, ctc_backward
from minis2s.layers.base import Initialiser, Layer
from minis2s.layers.dropout import Dropout
from minis2s.layers.linear import Linear
from minis2s.layers.packing import Packing
from minis2s.models.parts import encoder_of


class Cache(NamedTuple):
    """What the backward pass needs of a forward pass; finals: the encoder's last states."""

    encoder: Any
    finals: list
    dropout: Any
    output: Any
    loss: Any = None
    weights: Any = None  # there is no attention


class CTCTagger(Layer):
    """Labels come in the order of the source, but it is not said where. source_words, labels: sizes of the vocabularies; number 0
    is padding in the vocabularies and the blank of the outputs, so labels keep their numbers.
    """

    decoder = None

    def __init__(self, config, source_words, labels, rng, backend=None, dtype=np.float32):
        self.config, self.backend = config, backend or select("numpy")
        init = Initialiser(rng, self.backend, dtype, config.recurrent_init, config.forget_bias)
        self.encoder = encoder_of(config, source_words, init)
        self.dropout = Dropout(config.dropout, config.variational)
        self.output = Linear(config.source_size, labels, init)

    def forward(self, batch, total=None, rng=None):
        """The loss in nats per label, the end of each sequence counted as one, as in the other models.

        total: the number to divide by, if this is a part of a larger batch; rng: draws what dropout drops, or None. Returns
        (loss, Cache). Raises UsageError if a source is too short for its labels.
        """
        logits, cache = self._logits(batch.source, batch.source_mask, rng)
        loss, cache_loss = ctc(logits, batch.labels, batch.source_mask, batch.label_mask, total or batch.n_target_tokens)
        return loss, cache._replace(loss=cache_loss)

    def _logits(self, source, source_mask, rng=None):
        xp = self.backend.xp
        (memory, finals), cache_encoder = self.encoder.forward(xp.asarray(source), Packing(source_mask, xp), rng)
        memory, cache_dropout = self.dropout.forward(memory, rng)
        logits, cache_output = self.output.forward(memory)
        return logits, Cache(cache_encoder, finals, cache_dropout, cache_output)

    def backward(self, cache, d_loss=1.0):
        """Adds the gradient of d_loss · loss to every parameter's `grad`."""
        d_memory = self.output.backward(ctc_backward(d_loss, cache.loss), cache.output)
        self.encoder.backward(self.dropout.backward(d_memory, cache.dropout), None, cache.encoder)

    def logits(self, source, source_mask):
        """(T, B, labels): unnormalised, number 0 the blank."""
        return self._logits(source, source_mask)[0]

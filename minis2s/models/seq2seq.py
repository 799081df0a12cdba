"""Encoder, attention, decoder and loss as one model."""

from dataclasses import asdict, dataclass

import numpy as np

from minis2s.backend import select
from minis2s.equations.softmax import cross_entropy, cross_entropy_backward
from minis2s.errors import UsageError
from minis2s.layers.base import Initialiser, Layer
from minis2s.layers.packing import Packing
from minis2s.models.decoder import Decoder
from minis2s.models.encoder import Encoder


@dataclass(frozen=True)
class Seq2SeqConfig:
    """Sizes. The encoder's memory is as wide as the decoder's state, so that its final state starts the decoder as it is:
    with two directions each has hidden_size / 2 units.
    """

    embedding_size: int = 64
    hidden_size: int = 128
    attention_size: int = 64
    bidirectional: bool = True
    dropout: float = 0.0  # of the embeddings and of what the output reads, while training

    def __post_init__(self):
        for name, value in asdict(self).items():
            if name.endswith("_size") and value < 1:
                raise UsageError(f"{name} must be at least 1, not {value}")
        if not 0 <= self.dropout < 1:
            raise UsageError(f"dropout is a share in [0, 1), not {self.dropout}")
        if self.bidirectional and self.hidden_size % 2:
            raise UsageError(f"hidden_size must be even for a bidirectional encoder, not {self.hidden_size}")


class Seq2Seq(Layer):
    """A bidirectional LSTM encoder and an LSTM decoder with additive attention (Bahdanau et al. 2014).

    source_words, target_words: sizes of the vocabularies; rng: draws the initial weights.
    """

    def __init__(self, config, source_words, target_words, rng, backend=None, dtype=np.float32):
        self.config, self.backend = config, backend or select("numpy")
        init = Initialiser(rng, self.backend, dtype)
        k = config
        self.encoder = Encoder(source_words, k.embedding_size, k.hidden_size, k.bidirectional, k.dropout, init)
        self.decoder = Decoder(target_words, k.embedding_size, k.hidden_size, k.hidden_size, k.attention_size, k.dropout, init)

    def forward(self, batch, total=None, rng=None):
        """The loss of a batch under teacher forcing, in nats per target token.

        total: the number of tokens to divide by, if this is a part of a larger batch; rng: draws what dropout drops, None (the
        default, for evaluation) drops nothing. Returns (loss, cache); the attention
        weights (S, T, B) are the cache's last item.
        """
        xp = self.backend.xp
        source, target = Packing(batch.source_mask, xp), Packing(batch.target_mask, xp)
        (memory, state), cache_encoder = self.encoder.forward(xp.asarray(batch.source), source, rng)
        mask = xp.asarray(batch.source_mask)
        (logits, weights), cache_decoder = self.decoder.forward(
            xp.asarray(batch.target_in), target, memory, mask, state, rng
        )
        targets = target.pack(xp.asarray(batch.target_out))
        loss, cache_loss = cross_entropy(logits, targets, total=total or batch.n_target_tokens)
        return loss, (cache_encoder, cache_decoder, cache_loss, weights)

    def backward(self, cache, d_loss=1.0):
        """Adds the gradient of d_loss · loss to every parameter's `grad`."""
        cache_encoder, cache_decoder, cache_loss, _ = cache
        d_logits = cross_entropy_backward(d_loss, cache_loss)
        d_memory, d_state = self.decoder.backward(d_logits, cache_decoder)
        self.encoder.backward(d_memory, d_state, cache_encoder)

    def start(self, source, source_mask):
        """Encode (T, B) source words; returns the DecoderState before the first target word."""
        xp = self.backend.xp
        (memory, state), _ = self.encoder.forward(xp.asarray(source), Packing(source_mask, xp))
        return self.decoder.start(memory, xp.asarray(source_mask), state)

    def step(self, words, state):
        """(logits (n, V), DecoderState, attention weights (T, n)) for the words that follow `words` (n,)."""
        return self.decoder.step(self.backend.xp.asarray(words), state)

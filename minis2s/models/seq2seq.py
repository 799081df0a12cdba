"""The whole model: encode a source, decode a target, and the loss with its gradient."""

from functools import partial
from typing import Any, NamedTuple

import numpy as np

from minis2s.backend import select, to_host
from minis2s.equations.losses import mean_squared_error, mean_squared_error_backward
from minis2s.layers.base import Initialiser, Layer
from minis2s.layers.cells import on_parts
from minis2s.layers.embedding import Embedding
from minis2s.layers.linear import Linear
from minis2s.layers.losses import word_loss, word_loss_backward
from minis2s.layers.packing import Packing
from minis2s.layers.tied import TiedOutput
from minis2s.models.parts import bridge_of, decoder_of, encoder_of


class Cache(NamedTuple):
    """What the backward pass needs of a forward pass, and what can be looked at: finals, the encoder's last states; weights, the
    attention's (S, T, B), or None.
    """

    encoder: Any
    finals: list | None
    bridge: Any
    decoder: Any
    loss: Any
    weights: Any


class Seq2Seq(Layer):
    """An encoder, a bridge and a decoder, as a ModelConfig describes them; its default is that of Bahdanau et al. 2014.

    source_words, target_words: sizes of the vocabularies; rng: draws the initial weights.
    """

    has_source = True

    def __init__(self, config, source_words, target_words, rng, backend=None, dtype=np.float32):
        self.config, self.backend = config, backend or select("numpy")
        init = Initialiser(rng, self.backend, dtype, config.recurrent_init, config.forget_bias)
        self.encoder = encoder_of(config, source_words, init) if self.has_source else None
        before = self.before(target_words, init)
        output = partial(self.output, size=target_words, before=before, init=init)
        self.decoder = decoder_of(config, before, output, init, self.has_source)
        self.bridge = bridge_of(config, self.encoder, self.decoder, init)

    def before(self, size, init):
        """The layer that makes vectors of what came before."""
        return Embedding(size, self.config.embedding_size, init)

    def output(self, width, size, before, init):
        """The layer that predicts one of `size` words; before: the layer of `before`."""
        return TiedOutput(width, before, init) if self.config.tied else Linear(width, size, init)

    def loss(self, predictions, targets, total):
        """(loss, cache) of packed predictions (N, V)."""
        return word_loss(predictions, targets, total)

    def loss_backward(self, d_loss, cache):
        return word_loss_backward(d_loss, cache)

    def forward(self, batch, total=None, rng=None):
        """The loss of a batch under teacher forcing, in nats per target token.

        total: the number of tokens to divide by, if this is a part of a larger batch; rng: draws what dropout drops, None (the
        default, for evaluation) drops nothing. Returns (loss, Cache).
        """
        xp = self.backend.xp
        target = Packing(batch.target_mask, xp)
        memory, mask, finals, cache_encoder = self._encode(batch.source, batch.source_mask, rng)
        states, cache_bridge = self.bridge.forward(finals, target.shape[1])
        (predictions, weights), cache_decoder = self.decoder.forward(
            xp.asarray(batch.target_in), target, memory, mask, states, rng
        )
        targets = target.pack(xp.asarray(batch.target_out))
        loss, cache_loss = self.loss(predictions, targets, total or batch.n_target_tokens)
        return loss, Cache(cache_encoder, finals, cache_bridge, cache_decoder, cache_loss, weights)

    def _encode(self, source, source_mask, rng=None):
        """(memory, mask, final states, cache), all where the model lives."""
        xp = self.backend.xp
        (memory, finals), cache = self.encoder.forward(xp.asarray(source), Packing(source_mask, xp), rng)
        return memory, xp.asarray(source_mask), finals, cache

    def backward(self, cache, d_loss=1.0):
        """Adds the gradient of d_loss · loss to every parameter's `grad`."""
        d_predictions = self.loss_backward(d_loss, cache.loss)
        d_memory, d_states = self.decoder.backward(d_predictions, cache.decoder)
        d_finals = self.bridge.backward(d_states, cache.bridge)
        if self.encoder:
            self.encoder.backward(d_memory, d_finals, cache.encoder)

    def first(self, source, source_mask, beginning):
        """(B,) word numbers: what the first step is given, the number of the beginning."""
        return np.full(source_mask.shape[1], beginning)

    def start(self, source, source_mask):
        """Encode a source (T, B); returns the DecoderState before the first target step."""
        memory, mask, finals, _ = self._encode(source, source_mask)
        states, _ = self.bridge.forward(finals, memory.shape[1])
        return self.decoder.start(memory, mask, states)

    def step(self, previous, state):
        """(predictions (n, V), DecoderState, attention weights (T, n) or None) for what follows `previous` (n,)."""
        return self.decoder.step(self.backend.xp.asarray(previous), state)


class LanguageModel(Seq2Seq):
    """A decoder without a source (D2.10): it continues a prefix. Of a batch's source it reads nothing but the number of rows."""

    has_source = False

    def _encode(self, source, source_mask, rng=None):
        B, xp = source_mask.shape[1], self.backend.xp
        memory = xp.zeros((1, B, 0), dtype=self.decoder.output.b.value.dtype)
        return memory, xp.zeros((1, B), dtype=bool), None, None

    def first(self, source, source_mask, beginning):
        """The last word of each prefix: what comes next is asked for."""
        return source[source_mask.sum(axis=0) - 1, np.arange(source.shape[1])]

    def start(self, source, source_mask):
        """Here the source (T, B) is a prefix, BOS in front. Returns the DecoderState after all of it but the last word."""
        state = super().start(source, source_mask)
        for t in range(len(source) - 1):
            _, after, _ = self.step(source[t], state)
            state = self._where(source_mask[t + 1], after, state)  # a shorter prefix is not read beyond its end
        return state

    def _where(self, rows, a, b):
        """The DecoderState a in the rows (B,) that are True, b in the others."""
        xp = self.backend.xp
        rows = xp.asarray(rows)[:, None]
        cells = [on_parts(lambda x, y: xp.where(rows, x, y), *states) for states in zip(a.cells, b.cells, strict=True)]
        return a._replace(cells=cells, fed=None if a.fed is None else xp.where(rows, a.fed, b.fed))


class SequenceRegression(Seq2Seq):
    """Real vectors as targets, with the mean squared error (D1.4). Batches hold numbers (S, B, D), with real_source (T, B, D)
    too; what comes before the first target is zero. Instead of a vocabulary's size the number D of columns is given.
    """

    def before(self, size, init):
        return Linear(size, self.config.embedding_size, init)

    def output(self, width, size, before, init):
        return Linear(width, size, init)

    def loss(self, predictions, targets, total):
        return mean_squared_error(predictions, targets, total=total)

    def loss_backward(self, d_loss, cache):
        return mean_squared_error_backward(d_loss, cache).y

    def predict(self, source, source_mask, steps):
        """Free running: (steps, B, D) predictions, each step given the one before. A host array."""
        state, B = self.start(source, source_mask), source_mask.shape[1]
        xp, output = self.backend.xp, self.decoder.output.b.value
        y = xp.zeros((B, output.size), dtype=output.dtype)
        predicted = []
        for _ in range(steps):
            y, state, _ = self.step(y, state)
            predicted.append(y)
        return to_host(xp.stack(predicted)) if predicted else np.zeros((0, B, output.size))

"""The encoder: a source → one vector for each of its steps, and final states (D1.1, D2.1, D3.7, D3.9)."""

from minis2s.layers.base import Layer
from minis2s.layers.dropout import Dropout


class Encoder(Layer):
    """reader: brings words (T, B), or numbers (T, B, D), to vectors; stack: a Stack; dropout: of what is read."""

    def __init__(self, reader, stack, dropout=None):
        self.reader, self.stack, self.dropout = reader, stack, dropout or Dropout(0)

    def forward(self, source, packing, rng=None):
        """source: (T, B) words, or (T, B, D) numbers; packing: of its mask; rng: draws what is dropped, None drops nothing.

        Returns ((memory (T, B, C), each layer's final state (B, C)), cache). A final state joins that of the forward direction,
        after the last word, and that of the backward direction, after the first one.
        """
        x, cache_x = self.reader.forward(source)
        x, cache_dropout = self.dropout.forward(x, rng)
        out, cache_stack = self.stack.forward(x, packing, rng)
        return out, (cache_x, cache_dropout, cache_stack)

    def backward(self, d_memory, d_finals, cache):
        """d_memory: (T, B, C) or None; d_finals: for each layer a state or None, or None. A source has no gradient."""
        cache_x, cache_dropout, cache_stack = cache
        d_x = self.stack.backward(d_memory, d_finals, cache_stack)
        self.reader.backward(self.dropout.backward(d_x, cache_dropout), cache_x)

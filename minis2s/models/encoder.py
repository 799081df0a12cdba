"""The encoder: word numbers → one vector for each source word, and a final state (D1.1, D2.1, D3.7)."""

from minis2s.backend import array_module
from minis2s.equations.lstm import LSTMState
from minis2s.layers.base import Layer
from minis2s.layers.dropout import Dropout
from minis2s.layers.embedding import Embedding
from minis2s.layers.lstm import LSTM


class Encoder(Layer):
    """Embedding, dropout, and an LSTM in one or both directions.

    memory_size is the width of what it returns for each word: the directions' hidden states side by side.
    """

    def __init__(self, n_words, embedding_size, memory_size, bidirectional, dropout, init):
        self.embedding = Embedding(n_words, embedding_size, init)
        self.dropout = Dropout(dropout)
        n_directions = 2 if bidirectional else 1
        self.directions = [LSTM(embedding_size, memory_size // n_directions, init, reverse=k == 1) for k in range(n_directions)]

    def forward(self, ids, packing, rng=None):
        """ids: (T, B); packing: of the source mask; rng: draws what is dropped, None drops nothing.

        Returns ((memory (T, B, C), LSTMState (B, C) each), cache).
        The final state joins the forward LSTM's after the last word and the backward LSTM's after the first one.
        """
        xp = packing.xp
        x, cache_x = self.embedding.forward(ids)
        x, cache_dropout = self.dropout.forward(x, rng)
        outs, caches = zip(*(lstm.forward(x, packing) for lstm in self.directions), strict=True)
        memory = xp.concatenate([h for h, _ in outs], axis=-1)
        final = LSTMState(*(xp.concatenate(parts, axis=-1) for parts in zip(*(state for _, state in outs), strict=True)))
        return (memory, final), (cache_x, cache_dropout, caches)

    def backward(self, d_memory, d_final, cache):
        """d_memory: (T, B, C) or None; d_final: LSTMState or None. Word numbers have no gradient; nothing is returned."""
        cache_x, cache_dropout, caches = cache
        d_memories = self._split(d_memory)
        d_finals = zip(*(self._split(d) for d in d_final or (None, None)), strict=True)
        d_x = 0
        for lstm, d_h, d_state, cache_lstm in zip(self.directions, d_memories, d_finals, caches, strict=True):
            d_x_of_direction, _ = lstm.backward(d_h, LSTMState(*d_state), cache_lstm)
            d_x = d_x + d_x_of_direction
        self.embedding.backward(self.dropout.backward(d_x, cache_dropout), cache_x)

    def _split(self, d):
        n = len(self.directions)
        return [None] * n if d is None else array_module(d).split(d, n, axis=-1)

"""Word embedding as a layer."""

from minis2s.equations.embedding import embedding, embedding_backward
from minis2s.layers.base import Layer


class Embedding(Layer):
    """Word numbers → vectors (D4.7). W: (V, E)."""

    def __init__(self, n_words, size, init):
        self.W = init.normal(n_words, size, std=size**-0.5)

    def forward(self, ids):
        return embedding(ids, self.W.value)

    def backward(self, d_x, cache):
        self.W.accumulate(embedding_backward(d_x, cache))

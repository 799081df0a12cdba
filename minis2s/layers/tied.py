"""An output that shares the word vectors with the embedding."""

from minis2s.equations.linear import linear, linear_backward
from minis2s.layers.base import Layer
from minis2s.layers.linear import Linear


class TiedOutput(Layer):
    """logits = u Eᵀ + b, with the embedding's own vectors E (V, E) as output weights (Press and Wolf 2017, arXiv:1608.05859).

    u is the output vector itself if it is as wide as E, else a linear map of it.
    """

    def __init__(self, width, embedding, init):
        self._embedding = (embedding,)  # in a tuple, so that its parameters are not counted twice
        V, E = embedding.W.value.shape
        self.narrow = Linear(width, E, init) if width != E else None
        self.b = init.zeros(V)

    def forward(self, o):
        u, cache_narrow = self.narrow.forward(o) if self.narrow else (o, None)
        logits, cache = linear(u, self._embedding[0].W.value.T, self.b.value)
        return logits, (cache_narrow, cache)

    def backward(self, d_logits, cache):
        cache_narrow, cache = cache
        d_u, d_W, d_b = linear_backward(d_logits, cache)
        self._embedding[0].W.accumulate(d_W.T)
        self.b.accumulate(d_b)
        return self.narrow.backward(d_u, cache_narrow) if self.narrow else d_u

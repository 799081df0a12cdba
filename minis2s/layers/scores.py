"""The scores of attention as layers (D2.5, D3.2, D3.3, D3.5): what of each can be done once for a source, and what at every step.

`keys(memory)` is done once. `forward(s, keys)` gives the scores (T, n) of decoder states s (n, H) against n columns of keys.
`backward` returns d_s and what `finish` needs of the step; it adds the step's gradient of the keys to d_keys, where that cannot
wait. `finish`, after the last step, adds the parameters' gradients and returns d_memory.
"""

from minis2s.backend import array_module
from minis2s.equations.attention import additive_score, additive_score_backward
from minis2s.equations.linear import linear, linear_backward, linear_backward_input, linear_backward_parameters
from minis2s.equations.scores import (
    dot_score,
    dot_score_backward_keys,
    dot_score_backward_query,
    scaled_dot_score,
    scaled_dot_score_backward_keys,
    scaled_dot_score_backward_query,
    unit,
    unit_backward,
)
from minis2s.equations.sigmoid_attention import affine_score, affine_score_backward
from minis2s.errors import UsageError, unknown_name
from minis2s.layers.base import Layer
from minis2s.layers.linear import Linear
from minis2s.pieces import pieces


class AdditiveScore(Layer):
    """e_ij = vᵀ tanh(W_s s + W_h h_j). W_s: (H, A); W_h: (C, A); v: (A,)."""

    score, score_backward = staticmethod(additive_score), staticmethod(additive_score_backward)

    def __init__(self, state_size, memory_size, attention_size, init):
        self.W_s = init.xavier(state_size, attention_size)
        self.W_h = init.xavier(memory_size, attention_size)
        self.v = init.normal(attention_size, std=attention_size**-0.5)

    def keys(self, memory):
        return linear(memory, self.W_h.value)

    def forward(self, s, keys):
        """In pieces of the source: (T, n, A) numbers, of which only their sum over A is wanted, are too many for the cache."""
        query, _ = linear(s, self.W_s.value)
        xp = array_module(keys)
        parts = pieces(xp, slice(0, keys.shape[0]), query.size)
        scores, caches = zip(*(self.score(query, keys[part], self.v.value) for part in parts), strict=True)
        return scores[0] if len(parts) == 1 else xp.concatenate(scores), (s, parts, caches)

    def backward(self, d_e, cache, d_keys):
        s, parts, caches = cache
        d_queries = []
        for part, cache_of_part in zip(parts, caches, strict=True):
            d_query, d_keys_of_part, d_v = self.score_backward(d_e[part], cache_of_part)
            d_queries.append(d_query)
            d_keys[part] += d_keys_of_part
            self.v.accumulate(d_v)
        d_query = sum(d_queries[1:], d_queries[0])
        return linear_backward_input(d_query, self.W_s.value), (s, d_query)

    def finish(self, kept, d_keys, cache_keys):
        """kept: what `backward` handed out, in any order; d_keys: (T, B, A), their sum; cache_keys: of `keys`."""
        s, d_query = concatenated(kept)
        d_W_s, _ = linear_backward_parameters(d_query, s)
        d_memory, d_W_h, _ = linear_backward(d_keys, cache_keys)
        self.W_s.accumulate(d_W_s)
        self.W_h.accumulate(d_W_h)
        return d_memory


class AffineScore(AdditiveScore):
    """e_ij = vᵀ (W_s s + W_h h_j), D3.3 as printed, without tanh. Under a softmax s has no influence (erratum X1); under D3.2's
    sigmoid it has.
    """

    score, score_backward = staticmethod(affine_score), staticmethod(affine_score_backward)


class DotScore(Layer):
    """e_ij = s · h_j, of the states as they are. Subclasses bring their own queries and keys."""

    score = staticmethod(dot_score)
    score_backward_query, score_backward_keys = staticmethod(dot_score_backward_query), staticmethod(dot_score_backward_keys)

    def __init__(self, state_size, memory_size, attention_size, init):
        if state_size != memory_size:
            raise UsageError(
                f"this score multiplies decoder states of size {state_size} with encoder states of size {memory_size}; "
                "make them equal, or choose the attention general, query-key or additive"
            )

    def keys(self, memory):
        return memory, None

    def query(self, s):
        """(query (n, A), what query_backward needs)."""
        return s, None

    def query_backward(self, d_query, cache):
        """(d_s, what finish_query needs of the step)."""
        return d_query, None

    def finish_query(self, kept):
        """Adds the gradients of the query's parameters."""

    def keys_backward(self, d_keys, cache_keys):
        return d_keys

    def forward(self, s, keys):
        query, cache_query = self.query(s)
        e, _ = self.score(query, keys)
        return e, (query, keys, cache_query)

    def backward(self, d_e, cache, d_keys):
        query, keys, cache_query = cache
        d_s, kept = self.query_backward(self.score_backward_query(d_e, keys), cache_query)
        return d_s, (query, d_e, kept)

    def finish(self, kept, d_keys, cache_keys):
        """d_keys: zeros (T, B, A). The keys' gradient is one product over all steps."""
        queries, d_es, of_queries = zip(*kept, strict=True)
        T, B, A = d_keys.shape
        d_e = stack_rows([d.swapaxes(0, 1) for d in d_es], (B, T)).swapaxes(1, 2)
        self.finish_query(of_queries)
        return self.keys_backward(self.score_backward_keys(d_e, stack_rows(queries, (B, A))), cache_keys)


class ScaledDotScore(DotScore):
    """e_ij = s · h_j / √H."""

    score = staticmethod(scaled_dot_score)
    score_backward_query = staticmethod(scaled_dot_score_backward_query)
    score_backward_keys = staticmethod(scaled_dot_score_backward_keys)


class CosineScore(DotScore):
    """e_ij = cos(s, h_j)."""

    def keys(self, memory):
        return unit(memory)

    def query(self, s):
        return unit(s)

    def query_backward(self, d_query, cache):
        return unit_backward(d_query, cache), None

    def keys_backward(self, d_keys, cache_keys):
        return unit_backward(d_keys, cache_keys)


class GeneralScore(DotScore):
    """e_ij = s W · h_j. W: (H, C)."""

    def __init__(self, state_size, memory_size, attention_size, init):
        self.W = init.xavier(state_size, memory_size)

    def query(self, s):
        return linear(s, self.W.value)[0], s

    def query_backward(self, d_query, cache):
        return linear_backward_input(d_query, self.W.value), (cache, d_query)

    def finish_query(self, kept):
        s, d_query = concatenated(kept)
        d_W, _ = linear_backward_parameters(d_query, s)
        self.W.accumulate(d_W)


class QueryKeyScore(DotScore):
    """e_ij = (s W_q + b_q) · (h_j W_k + b_k), D3.5; the key's bias gets no gradient through a softmax."""

    def __init__(self, state_size, memory_size, attention_size, init):
        self.q, self.k = Linear(state_size, attention_size, init), Linear(memory_size, attention_size, init)

    def keys(self, memory):
        return self.k.forward(memory)

    def query(self, s):
        return linear(s, self.q.W.value, self.q.b.value)[0], s

    def query_backward(self, d_query, cache):
        return linear_backward_input(d_query, self.q.W.value), (cache, d_query)

    def finish_query(self, kept):
        s, d_query = concatenated(kept)
        d_W, d_b = linear_backward_parameters(d_query, s, self.q.b.value.shape)
        self.q.W.accumulate(d_W)
        self.q.b.accumulate(d_b)

    def keys_backward(self, d_keys, cache_keys):
        return self.k.backward(d_keys, cache_keys)


SCORES = {
    "additive": AdditiveScore,
    "affine": AffineScore,
    "dot": DotScore,
    "scaled-dot": ScaledDotScore,
    "cosine": CosineScore,
    "general": GeneralScore,
    "query-key": QueryKeyScore,
}


def score(name):
    """The class of the score called `name`."""
    if name not in SCORES:
        raise unknown_name("score", name, SCORES)
    return SCORES[name]


def concatenated(steps):
    """[(a_1, b_1), (a_2, b_2), …] of rows → (a, b), the rows of all steps."""
    return tuple(array_module(parts[0]).concatenate(parts) for parts in zip(*steps, strict=True))


def stack_rows(steps, shape):
    """A list of (n_i, …), n_i ≤ shape[0], as one array (len(steps), *shape), zero in the missing rows."""
    xp = array_module(steps[0])
    out = xp.zeros((len(steps), *shape), dtype=steps[0].dtype)
    for i, rows in enumerate(steps):
        out[i, : rows.shape[0]] = rows
    return out

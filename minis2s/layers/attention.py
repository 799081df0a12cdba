"""Additive attention as a layer: parameters, and one pass over a source, step by step and back."""

from minis2s.backend import array_module
from minis2s.equations.attention import (
    additive_score,
    additive_score_backward,
    context,
    context_backward_states,
    context_backward_weights,
)
from minis2s.equations.linear import linear, linear_backward, linear_backward_input, linear_backward_parameters
from minis2s.equations.softmax import softmax, softmax_backward
from minis2s.layers.base import Layer


class AdditiveAttention(Layer):
    """e_ij = vᵀ tanh(W_s s_{i-1} + W_h h_j), α = softmax over the source, c_i = Σ_j α_ij h_j (D2.3–D2.5).

    W_s: (H, A) for decoder states; W_h: (C, A) for encoder states; v: (A,).
    """

    def __init__(self, state_size, memory_size, attention_size, init):
        self.W_s = init.xavier(state_size, attention_size)
        self.W_h = init.xavier(memory_size, attention_size)
        self.v = init.normal(attention_size, std=attention_size**-0.5)

    def over(self, memory, mask):
        """Attention over one source: encoder states (T, B, C) and their mask (T, B), both where the model lives."""
        return AttentionPass(self, memory, mask)


class AttentionPass:
    """The steps of a decoder over one source, and the same steps backwards.

    Step i may have fewer rows than the source: the first n of the batch, those that have not ended.
    """

    def __init__(self, layer, memory, mask):
        self.layer, self.memory, self.mask, self.xp = layer, memory, mask, array_module(memory)
        self.keys, self._cache_keys = linear(memory, layer.W_h.value)  # do not depend on the step
        self.weights = []  # (T, n) of each step

    def select(self, rows):
        """The same source for some rows of the batch only (for decoding)."""
        part = object.__new__(AttentionPass)
        part.layer, part.memory, part.mask, part.xp = self.layer, self.memory[:, rows], self.mask[:, rows], self.xp
        part.keys, part.weights = self.keys[:, rows], []
        return part

    def step(self, s_prev):
        """s_prev: (n, H). Returns (context (n, C), cache)."""
        n = s_prev.shape[0]
        query, _ = linear(s_prev, self.layer.W_s.value)  # 1
        e, cache_e = additive_score(query, self.keys[:, :n], self.layer.v.value)  # 2
        alpha, cache_alpha = softmax(e, self.mask[:, :n], axis=0)  # 3
        c, _ = context(alpha, self.memory[:, :n])  # 4
        self.weights.append(alpha)
        return c, (s_prev, cache_e, cache_alpha)

    def start_backward(self):
        self._d_keys = self.xp.zeros_like(self.keys)
        self._d_v = self.xp.zeros_like(self.layer.v.value)
        self._d_contexts, self._queries = [], []  # of the steps, last first

    def step_backward(self, d_c, cache):
        """d_c: (n, C) of the step whose cache this is; steps come in reverse. Returns d_s_prev (n, H)."""
        s_prev, cache_e, cache_alpha = cache
        n = s_prev.shape[0]
        self._d_contexts.append(d_c)  # 4: the half for the memory waits for `finish_backward`
        d_alpha = context_backward_weights(d_c, self.memory[:, :n])  # 4
        d_e = softmax_backward(d_alpha, cache_alpha)  # 3
        d_query, d_keys, d_v = additive_score_backward(d_e, cache_e)  # 2
        self._d_keys[:, :n] += d_keys
        self._d_v += d_v
        self._queries.append((s_prev, d_query))
        return linear_backward_input(d_query, self.layer.W_s.value)  # 1

    def finish_backward(self):
        """After the last step_backward: the parameters' gradients are added; returns d_memory (T, B, C)."""
        xp, layer = self.xp, self.layer
        s_prev, d_query = (xp.concatenate(parts) for parts in zip(*self._queries, strict=True))
        d_W_s, _ = linear_backward_parameters(d_query, s_prev)
        d_memory, d_W_h, _ = linear_backward(self._d_keys, self._cache_keys)
        layer.W_s.accumulate(d_W_s)
        layer.W_h.accumulate(d_W_h)
        layer.v.accumulate(self._d_v)
        d_contexts = _stack(self._d_contexts[::-1], (self.memory.shape[1], self.memory.shape[2]))
        return d_memory + context_backward_states(d_contexts, self.all_weights())

    def all_weights(self):
        """(S, T, B): the weights of all steps, zero where a row had ended."""
        return _stack([alpha.swapaxes(0, 1) for alpha in self.weights], self.mask.shape[::-1]).swapaxes(1, 2)


def _stack(steps, shape):
    """A list of (n_i, …), n_i ≤ shape[0], as one array (len(steps), *shape), zero in the missing rows."""
    xp = array_module(steps[0])
    out = xp.zeros((len(steps), *shape), dtype=steps[0].dtype)
    for i, rows in enumerate(steps):
        out[i, : rows.shape[0]] = rows
    return out

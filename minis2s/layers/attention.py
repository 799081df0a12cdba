"""Attention as a layer: a score, a normaliser, a weighted sum; and one pass over a source, step by step and back.

    e_ij = score(s, h_j)                 D2.5, D3.3: `scores`; with `location`, of where the step before looked as well (D2.9)
    α_ij = softmax over the source       D2.4; or σ(e_ij), D3.2
    c_i  = Σ_j α_ij v_j                  D2.3, D3.4; v_j = h_j, or W_v h_j + b_v (D3.5)
"""

from minis2s.backend import array_module
from minis2s.equations.activations import sigmoid, sigmoid_backward
from minis2s.equations.attention import context, context_backward_states, context_backward_weights
from minis2s.equations.softmax import softmax, softmax_backward
from minis2s.layers.base import Layer
from minis2s.layers.linear import Linear
from minis2s.layers.location import LOCATIONS
from minis2s.layers.scores import score, stack_rows


class Attention(Layer):
    """name: of a score, or "location" or "recurrent", whose score is the additive one. sigmoid: each weight is σ(e) instead of
    a share of one. values: a linear map of the memory instead of the memory itself. size: of the context.
    """

    def __init__(self, name, state_size, memory_size, attention_size, init, sigmoid=False, values=False):
        self.sigmoid, self.size = sigmoid, memory_size
        self.location = LOCATIONS[name](attention_size, init) if name in LOCATIONS else None
        self.score = score("additive" if self.location else name)(state_size, memory_size, attention_size, init)
        self.values = Linear(memory_size, memory_size, init) if values else None

    def over(self, memory, mask):
        """Attention over one source: encoder states (T, B, C) and their mask (T, B), both where the model lives."""
        return AttentionPass(self, memory, mask)

    def normalise(self, e, mask):
        """Scores (T, n) → weights (T, n), zero at padding."""
        if not self.sigmoid:
            return softmax(e, mask, axis=0)
        alpha, cache = sigmoid(e)
        return array_module(e).where(mask, alpha, 0), (cache, mask)

    def normalise_backward(self, d_alpha, cache):
        if not self.sigmoid:
            return softmax_backward(d_alpha, cache)
        cache, mask = cache
        return sigmoid_backward(array_module(d_alpha).where(mask, d_alpha, 0), cache)


class AttentionPass:
    """The steps of a decoder over one source, and the same steps backwards.

    Step i may have fewer rows than the source: the first n of the batch, those that have not ended. What one step hands to the
    next is `carry`, a tuple of arrays (T, n, …): empty but for attention by location.
    """

    def __init__(self, layer, memory, mask):
        self.layer, self.memory, self.mask, self.xp = layer, memory, mask, array_module(memory)
        self.keys, self._cache_keys = layer.score.keys(memory)  # neither depends on the step
        self.values, self._cache_values = layer.values.forward(memory) if layer.values else (memory, None)
        self.weights = []  # (T, n) of each step

    def select(self, rows):
        """The same source for some rows of the batch only (for decoding)."""
        part = object.__new__(type(self))
        part.layer, part.xp, part.weights = self.layer, self.xp, []
        part.memory, part.mask, part.keys = self.memory[:, rows], self.mask[:, rows], self.keys[:, rows]
        part.values = part.memory if self.values is self.memory else self.values[:, rows]
        return part

    def carry(self):
        """What the first step is given."""
        return self.layer.location.carry(self.keys) if self.layer.location else ()

    def step(self, s, carry=()):
        """s: (n, H). Returns (context (n, C), carry, cache)."""
        n = s.shape[0]
        keys, mask, memory, cache_location = self.keys[:, :n], self.mask[:, :n], (), None
        if self.layer.location:
            keys, memory, cache_location = self.layer.location.forward(keys, [part[:, :n] for part in carry])  # 1
        e, cache_e = self.layer.score.forward(s, keys)  # 2
        alpha, cache_alpha = self.layer.normalise(e, mask)  # 3
        c, _ = context(alpha, self.values[:, :n])  # 4
        self.weights.append(alpha)
        return c, (alpha, *memory) if self.layer.location else (), (cache_location, cache_e, cache_alpha)

    def start_backward(self):
        self._d_contexts, self._kept = [], []  # of the steps, last first
        self._d_keys = self.xp.zeros_like(self.keys)

    def step_backward(self, d_c, d_carry, cache):
        """d_c: (n, C) of the step whose cache this is; d_carry: of what the step handed on. Steps come in reverse.

        Returns (d_s (n, H), d_carry of what the step was given).
        """
        n = d_c.shape[0]
        cache_location, cache_e, cache_alpha = cache
        self._d_contexts.append(d_c)  # 4: the half for the values waits for `finish_backward`
        d_alpha = context_backward_weights(d_c, self.values[:, :n])  # 4
        if d_carry:  # α is read by the context and by the next step, in which fewer rows may be left
            d_alpha = d_alpha + _widened(d_carry[0], n)
        d_e = self.layer.normalise_backward(d_alpha, cache_alpha)  # 3
        d_keys = self._d_keys[:, :n]  # of the steps after this one, so far
        d_located = self.xp.zeros_like(d_keys) if self.layer.location else d_keys
        d_s, kept = self.layer.score.backward(d_e, cache_e, d_located)  # 2
        if self.layer.location:
            d_step, d_carry = self.layer.location.backward(d_located, [_widened(d, n) for d in d_carry[1:]], cache_location)  # 1
            d_keys += d_step
        self._kept.append(kept)
        return d_s, d_carry

    def finish_backward(self):
        """After the last step_backward: the parameters' gradients are added; returns d_memory (T, B, C)."""
        B, C = self.values.shape[1:]
        d_values = context_backward_states(stack_rows(self._d_contexts[::-1], (B, C)), self.all_weights())
        d_memory = self.layer.score.finish(self._kept, self._d_keys, self._cache_keys)
        return d_memory + (self.layer.values.backward(d_values, self._cache_values) if self.layer.values else d_values)

    def all_weights(self):
        """(S, T, B): the weights of all steps, zero where a row had ended."""
        return stack_rows([alpha.swapaxes(0, 1) for alpha in self.weights], self.mask.shape[::-1]).swapaxes(1, 2)


def _widened(d, n):
    """(T, m, …) with zeros for the rows m … n: their sentences had ended when it was made."""
    xp = array_module(d)
    return xp.concatenate([d, xp.zeros((d.shape[0], n - d.shape[1], *d.shape[2:]), dtype=d.dtype)], axis=1)

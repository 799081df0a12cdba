"""Contexts that do not depend on the decoder's state: the last state (D1), all states side by side (D4.2), or none.

They have the same passes as attention, so that a decoder need not know the difference.
"""

from minis2s.backend import array_module
from minis2s.equations.contexts import all_states, all_states_backward, last_state, last_state_backward
from minis2s.errors import UsageError
from minis2s.layers.base import Layer
from minis2s.layers.linear import Linear


class NoContext(Layer):
    """The decoder sees the source through its first state alone (Sutskever, Vinyals and Le 2014), or has no source."""

    size = 0

    def over(self, memory, mask):
        return ConstantPass(self, memory, mask)

    def summary(self, memory, mask):
        """(c (B, C), cache) of encoder states (T, B, C)."""
        return memory[0, :, :0], None

    def summary_backward(self, d_c, cache, memory):
        return array_module(memory).zeros_like(memory)


class LastState(NoContext):
    """c_i = h_n at every step (Cho et al. 2014); of an encoder in both directions, what each has read last: the second half of a
    state comes from the direction that ends at the first token.
    """

    def __init__(self, memory_size, bidirectional=False):
        self.size, self.split = memory_size, memory_size // 2 if bidirectional else memory_size

    def summary(self, memory, mask):
        c, cache = last_state(memory[..., : self.split], mask)
        return array_module(memory).concatenate([c, memory[0, :, self.split :]], axis=-1), cache

    def summary_backward(self, d_c, cache, memory):
        d_memory = array_module(memory).zeros_like(memory)
        d_memory[..., : self.split] = last_state_backward(d_c[:, : self.split], cache)
        d_memory[0, :, self.split :] = d_c[:, self.split :]
        return d_memory


class AllStates(NoContext):
    """c_i = [h_1; …; h_longest] W + b: D4.2's concatenation, padded to a fixed length and brought to the memory's size."""

    def __init__(self, longest, memory_size, init):
        self.longest, self.size = longest, memory_size
        self.join = Linear(longest * memory_size, memory_size, init)

    def summary(self, memory, mask):
        xp = array_module(memory)
        T, B, C = memory.shape
        if T > self.longest:
            raise UsageError(
                f"a source of {T} tokens, but the concatenation of all encoder states was made for at most {self.longest}; "
                "shorten it, or train with a larger longest_source, or with attention, which has no such limit"
            )
        memory = xp.concatenate([memory, xp.zeros((self.longest - T, B, C), dtype=memory.dtype)])
        mask = xp.concatenate([mask, xp.zeros((self.longest - T, B), dtype=bool)])
        joined, cache_states = all_states(memory, mask)
        c, cache_join = self.join.forward(joined)
        return c, (cache_states, cache_join)

    def summary_backward(self, d_c, cache, memory):
        cache_states, cache_join = cache
        return all_states_backward(self.join.backward(d_c, cache_join), cache_states)[: memory.shape[0]]


class ConstantPass:
    """The same context for every step of a decoder."""

    def __init__(self, layer, memory, mask):
        self.layer, self.memory, self.mask, self.xp = layer, memory, mask, array_module(memory)
        self.context, self._cache = layer.summary(memory, mask)
        self.weights = []

    def select(self, rows):
        part = object.__new__(ConstantPass)
        part.layer, part.xp, part.context, part.weights = self.layer, self.xp, self.context[rows], []
        part.memory, part.mask = self.memory[:, rows], self.mask[:, rows]
        return part

    def carry(self):
        return ()

    def step(self, s, carry=()):
        """s: (n, H). Returns (context (n, C), carry, cache)."""
        self.weights.append(None)
        return self.context[: s.shape[0]], (), None

    def start_backward(self):
        self._d_context = self.xp.zeros_like(self.context)

    def step_backward(self, d_c, d_carry, cache):
        """Returns (d_s, d_carry): the context does not depend on s."""
        self._d_context[: d_c.shape[0]] += d_c
        return 0, ()

    def finish_backward(self):
        return self.layer.summary_backward(self._d_context, self._cache, self.memory)

    def all_weights(self):
        """None: there are no weights to look at."""
        return None

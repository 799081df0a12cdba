"""D3.2 as printed: an element-wise gate on every encoder state instead of one weight (erratum X3, first reading).

    g_ij = σ(W_z z_i + b + W_h h_j),    c_i = Σ_j g_ij ⊙ h_j
"""

from minis2s.backend import array_module
from minis2s.equations.linear import linear, linear_backward, linear_backward_input, linear_backward_parameters
from minis2s.equations.sigmoid_attention import gated_context, gated_context_backward, sigmoid_gate, sigmoid_gate_backward
from minis2s.layers.base import Layer
from minis2s.layers.scores import concatenated, stack_rows


class GateAttention(Layer):
    """W_z: (H, C) for decoder states, b: (C,); W_h: (C, C) for encoder states. size: of the context."""

    def __init__(self, state_size, memory_size, init):
        self.size = memory_size
        self.W_z = init.xavier(state_size, memory_size)
        self.W_h = init.xavier(memory_size, memory_size)
        self.b = init.zeros(memory_size)

    def over(self, memory, mask):
        return GatePass(self, memory, mask)


class GatePass:
    """The same interface as an AttentionPass. The weights shown are the means of the gates' entries."""

    def __init__(self, layer, memory, mask):
        self.layer, self.memory, self.mask, self.xp = layer, memory, mask, array_module(memory)
        self.keys, self._cache_keys = linear(memory, layer.W_h.value)
        self.weights = []

    def select(self, rows):
        part = object.__new__(GatePass)
        part.layer, part.xp, part.weights = self.layer, self.xp, []
        part.memory, part.mask, part.keys = self.memory[:, rows], self.mask[:, rows], self.keys[:, rows]
        return part

    def carry(self):
        return ()

    def step(self, s, carry=()):
        """s: (n, H). Returns (context (n, C), carry, cache)."""
        n = s.shape[0]
        query, _ = linear(s, self.layer.W_z.value, self.layer.b.value)  # 1
        gates, cache_gates = sigmoid_gate(query, self.keys[:, :n])  # 2
        gates = self.xp.where(self.mask[:, :n, None], gates, 0)  # 3
        c, cache_context = gated_context(gates, self.memory[:, :n])  # 4
        self.weights.append(gates.mean(axis=-1))
        return c, (), (s, cache_gates, cache_context)

    def start_backward(self):
        self._d_keys, self._d_memory = self.xp.zeros_like(self.keys), self.xp.zeros_like(self.memory)
        self._kept = []  # of the steps

    def step_backward(self, d_c, d_carry, cache):
        """Returns (d_s (n, H), d_carry)."""
        n = d_c.shape[0]
        s, cache_gates, cache_context = cache
        d_gates, d_states = gated_context_backward(d_c, cache_context)  # 4
        d_gates = self.xp.where(self.mask[:, :n, None], d_gates, 0)  # 3
        d_query, d_keys = sigmoid_gate_backward(d_gates, cache_gates)  # 2
        self._d_keys[:, :n] += d_keys
        self._d_memory[:, :n] += d_states
        self._kept.append((s, d_query))
        return linear_backward_input(d_query, self.layer.W_z.value), ()  # 1

    def finish_backward(self):
        """After the last step_backward: the parameters' gradients are added; returns d_memory (T, B, C)."""
        layer = self.layer
        s, d_query = concatenated(self._kept)
        d_W_z, d_b = linear_backward_parameters(d_query, s, layer.b.value.shape)
        d_memory, d_W_h, _ = linear_backward(self._d_keys, self._cache_keys)
        layer.W_z.accumulate(d_W_z)
        layer.b.accumulate(d_b)
        layer.W_h.accumulate(d_W_h)
        return self._d_memory + d_memory

    def all_weights(self):
        """(S, T, B), zero where a row had ended."""
        return stack_rows([alpha.swapaxes(0, 1) for alpha in self.weights], self.mask.shape[::-1]).swapaxes(1, 2)

"""The decoder: an LSTM that reads the source through attention and predicts the next word (D1.2, D2.2, D4.3, D4.4).

For target word i, with y_{i-1} the word before it:

    c_i = Σ_j α_ij h_j,  α from the scores of s_{i-1}        attention on the previous state
    s_i = LSTM([E y_{i-1}; c_i], s_{i-1})                     its products: E y W_y for all steps at once, [s; c] W_r in the loop
    p(y_i) = softmax([s_i; c_i] W_o + b_o)                    for all steps at once
"""

from typing import Any, NamedTuple

from minis2s.equations.linear import linear, linear_backward, linear_backward_input, linear_backward_parameters
from minis2s.equations.lstm import LSTMState, lstm_pointwise, lstm_pointwise_backward
from minis2s.layers.attention import AdditiveAttention
from minis2s.layers.base import Layer, Observer
from minis2s.layers.dropout import Dropout
from minis2s.layers.embedding import Embedding
from minis2s.layers.linear import Linear
from minis2s.layers.lstm import zero_state
from minis2s.layers.packing import replace_first


class DecoderState(NamedTuple):
    """What is carried from word to word while decoding: the LSTM's state, and the attention over the source."""

    lstm: LSTMState
    attention: Any

    def select(self, rows):
        """The state of some rows of the batch (an integer array)."""
        return DecoderState(LSTMState(self.lstm.h[rows], self.lstm.c[rows]), self.attention.select(rows))


class Decoder(Layer):
    """W_y: (E, 4H) and W_r: (H+C, 4H) are the LSTM's input and recurrent weights, b (4H,) its bias; `output` is D4.4.

    `observer` is shown states and gradients (observe.py).
    """

    observer = Observer()

    def __init__(self, n_words, embedding_size, hidden_size, memory_size, attention_size, dropout, init):
        self.hidden_size, self.memory_size = hidden_size, memory_size
        self.dropout = Dropout(dropout)  # of the embeddings, and of what the output reads
        self.embedding = Embedding(n_words, embedding_size, init)
        self.attention = AdditiveAttention(hidden_size, memory_size, attention_size, init)
        self.W_y = init.xavier(embedding_size, hidden_size, blocks=4)
        self.W_r = init.xavier(hidden_size + memory_size, hidden_size, blocks=4)
        self.b = init.lstm_bias(hidden_size)
        self.output = Linear(hidden_size + memory_size, n_words, init)

    def forward(self, ids, packing, memory, source_mask, state, rng=None):
        """Teacher forcing: every step is given the true previous word.

        ids: (S, B) previous words; packing: of the target mask; memory: (T, B, C); source_mask: (T, B); state: LSTMState s_0;
        rng: draws what is dropped, None drops nothing.
        Returns ((logits (N, V) of the real target places, attention weights (S, T, B)), cache).
        """
        xp, H = packing.xp, self.hidden_size
        y, cache_y = self.embedding.forward(ids)
        y, cache_y_dropout = self.dropout.forward(y, rng)
        z, cache_z = linear(packing.pack(y), self.W_y.value, self.b.value)
        attention = self.attention.over(packing.sort(memory, axis=1), packing.sort(source_mask, axis=1))
        s, c = packing.sort(state.h), packing.sort(state.c)
        width = H + self.memory_size
        before, after = (xp.empty((len(packing), width), dtype=z.dtype) for _ in range(2))  # [s_{i-1}; c_i], [s_i; c_i]
        caches = []
        for i, rows in packing.steps():
            n = packing.sizes[i]
            new, before[rows], cache = self._step(z[rows], LSTMState(s[:n], c[:n]), attention)
            after[rows, :H], after[rows, H:] = new.h, before[rows, H:]
            caches.append(cache)
            s, c = replace_first(xp, s, new.h), replace_first(xp, c, new.c)
        self.observer.states(packing, after[:, :H], [cell for _, cell in caches])
        after, cache_after_dropout = self.dropout.forward(after, rng)
        logits, cache_output = self.output.forward(after)
        weights = packing.unsort(attention.all_weights(), axis=2)
        cache_dropout = cache_y_dropout, cache_after_dropout
        return (logits, weights), (packing, cache_y, cache_z, attention, before, caches, cache_output, cache_dropout)

    def _step(self, z, state, attention):
        """One word: z (n, 4H) is the previous word's share of the pre-activations. Returns (state, [s_{i-1}; c_i], cache)."""
        c, cache_attention = attention.step(state.h)  # 1
        before = attention.xp.concatenate([state.h, c], axis=-1)
        a, _ = linear(before, self.W_r.value, z)  # 2
        new, cache_cell = lstm_pointwise(a, state.c)  # 3
        return new, before, (cache_attention, cache_cell)

    def backward(self, d_logits, cache):
        """Returns (d_memory (T, B, C), d_s_0 LSTMState); the parameters' gradients are added."""
        packing, cache_y, cache_z, attention, before, caches, cache_output, cache_dropout = cache
        cache_y_dropout, cache_after_dropout = cache_dropout
        xp, H = packing.xp, self.hidden_size
        d_after = self.dropout.backward(self.output.backward(d_logits, cache_output), cache_after_dropout)
        d_s, d_c = zero_state(before, packing.shape[1], H)
        d_a = xp.empty((len(packing), 4 * H), dtype=before.dtype)
        attention.start_backward()
        for (i, rows), (cache_attention, cache_cell) in zip(reversed(packing.steps()), reversed(caches), strict=True):
            n = packing.sizes[i]
            d_s_i = d_after[rows, :H] + d_s[:n]
            d_a_i, d_c_before = lstm_pointwise_backward(LSTMState(d_s_i, d_c[:n]), cache_cell)  # 3
            d_before = linear_backward_input(d_a_i, self.W_r.value)  # 2
            d_context = d_before[:, H:] + d_after[rows, H:]  # the context is read by the cell and by the output
            d_s[:n] = d_before[:, :H] + attention.step_backward(d_context, cache_attention)  # 1
            d_a[rows], d_c[:n] = d_a_i, d_c_before
        self.observer.gradients(packing, d_a)
        d_y, d_W_y, d_b = linear_backward(d_a, cache_z)
        d_W_r, _ = linear_backward_parameters(d_a, before)
        self.W_y.accumulate(d_W_y)
        self.W_r.accumulate(d_W_r)
        self.b.accumulate(d_b)
        self.embedding.backward(self.dropout.backward(packing.unpack(d_y), cache_y_dropout), cache_y)
        d_memory = packing.unsort(attention.finish_backward(), axis=1)
        return d_memory, LSTMState(packing.unsort(d_s), packing.unsort(d_c))

    def start(self, memory, source_mask, state):
        """The state before the first word, for `step`."""
        return DecoderState(state, self.attention.over(memory, source_mask))

    def step(self, ids, state):
        """One word for each of n rows, from the words before: ids (n,). Returns (logits (n, V), DecoderState, weights (T, n))."""
        y, _ = self.embedding.forward(ids)
        z, _ = linear(y, self.W_y.value, self.b.value)
        new, before, _ = self._step(z, state.lstm, state.attention)
        c = before[:, self.hidden_size :]
        logits, _ = self.output.forward(state.attention.xp.concatenate([new.h, c], axis=-1))
        return logits, DecoderState(new, state.attention), state.attention.weights.pop()

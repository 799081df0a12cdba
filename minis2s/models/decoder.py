"""The decoder: recurrent cells that read the source through a context and predict what comes next (D1.2, D2.2, D4.3, D4.4).

For target step i, with y_{i-1} what came before it and o_{i-1} the output vector before it:

    attend "before" (Bahdanau et al. 2014)            attend "after" (Luong et al. 2015)
    c_i = context(s_{i-1})                            s_i = cells([E y_{i-1}; o_{i-1}], s_{i-1})
    s_i = cells([E y_{i-1}; c_i; o_{i-1}], s_{i-1})   c_i = context(s_i)

    o_i = [s_i; c_i],  or tanh([s_i; c_i] W_a + b_a) with `attentional`
    p(y_i) = softmax(o_i W_o + b_o)

o_{i-1} is given to the cells only with `input_feeding`. s is the hidden state of the top cell. What does not depend on the
recurrence is one product for all steps: E y W_x before the loop, the output and all weight gradients after it.
"""

from typing import Any, NamedTuple

from minis2s.backend import array_module
from minis2s.equations.activations import tanh, tanh_backward
from minis2s.equations.linear import linear, linear_backward_input, linear_backward_parameters
from minis2s.layers.base import Layer
from minis2s.layers.cells import on_parts
from minis2s.layers.dropout import Dropout
from minis2s.layers.linear import Linear
from minis2s.layers.scores import concatenated
from minis2s.layers.unrolling import FULL


class DecoderState(NamedTuple):
    """What is carried from word to word while decoding: the cells' states, the pass over the source and what it carries, and the
    last output vector (None if it is not fed back).
    """

    cells: list
    source: Any
    carry: tuple = ()
    fed: Any = None

    def select(self, rows):
        """The state of some rows of the batch (an integer array of the host)."""
        rows = self.source.xp.asarray(rows)  # one copy to a device, not one for each part
        cells = [on_parts(lambda part: part[rows], state) for state in self.cells]
        carry = tuple(part[:, rows] for part in self.carry)
        return DecoderState(cells, self.source.select(rows), carry, None if self.fed is None else self.fed[rows])


class Step(NamedTuple):
    """What one step computed. before: what it was given beside z, [c; o] as far as the cells read them; joined: [s; c]."""

    top: Any
    context: Any
    out: Any
    states: list
    carry: tuple
    before: Any
    joined: Any
    caches: tuple


class Decoder(Layer):
    """reader: brings what came before, (S, B) words or (S, B, D) numbers, to vectors; stack: a SteppedStack; context: a layer
    with `size` and `over(memory, mask)`; output: makes of the output vectors what is predicted, `output(width)`.

    W_c: ((C) + (O), kH) brings the context and the last output vector into the lowest cell; O is the output vector's width.
    """

    def __init__(
        self, reader, stack, context, output, init, attend="before", attentional=False, input_feeding=False, dropout=None,
        unrolling=FULL,
    ):  # fmt: skip
        self.reader, self.stack, self.context = reader, stack, context
        self.dropout = dropout or Dropout(0)  # of what is read, and of what the output reads
        self.attend_before, self.input_feeding, self.unrolling = attend == "before", input_feeding, unrolling
        H = stack.hidden_size
        self.combine = Linear(H + context.size, H, init) if attentional else None
        self.width = H if attentional else H + context.size
        fed = context.size * self.attend_before + self.width * input_feeding
        self.W_c = init.xavier(fed, H, len(stack.layers[0].blocks)) if fed else None
        self.output = output(self.width)

    def forward(self, previous, packing, memory, source_mask, states, rng=None):
        """Teacher forcing: every step is given the true previous word.

        previous: (S, B) words, or (S, B, D) numbers; packing: of the target mask; memory: (T, B, C); source_mask: (T, B); states:
        the cells' states before the first step; rng: draws what is dropped, None drops nothing.
        Returns ((predictions (N, V) at the real target places, attention weights (S, T, B) or None), cache).
        """
        xp, lowest = packing.xp, self.stack.layers[0]
        y, cache_y = self.reader.forward(previous)
        y, cache_y_dropout = self.dropout.forward(y, rng)
        y = packing.pack(y)
        z, cache_z = lowest.project(y)
        source = self.context.over(packing.sort(memory, axis=1), packing.sort(source_mask, axis=1))
        states = [on_parts(packing.sort, state) for state in states]
        carry, fed = source.carry(), self._nothing_fed(xp, z, packing.shape[1])
        masks = self.stack.masks(packing, rng)
        outs = xp.empty((len(packing), self.width), dtype=z.dtype)
        looks, segments = self.stack.looks, []
        for segment in self.unrolling.segments(packing.steps()):
            before = states, carry, fed
            steps = self._unroll(segment, z, *before, source, masks, packing)
            for (_, rows), step in zip(segment, steps, strict=True):
                outs[rows] = step.out
            states, carry, fed = steps[-1].states, steps[-1].carry, None if fed is None else steps[-1].out
            segments.append((segment, before, None if self.unrolling.recompute and not looks else steps))
        if looks:
            all_steps = [step for *_, steps in segments for step in steps]
            self.stack.show(packing, [step.states for step in all_steps], [step.caches[1] for step in all_steps])
        outs, cache_out_dropout = self.dropout.forward(outs, rng, packing)
        predictions, cache_output = self.output.forward(outs)
        weights = source.all_weights()
        weights = None if weights is None else packing.unsort(weights, axis=2)
        caches = cache_y, cache_y_dropout, cache_z, cache_out_dropout, cache_output
        return (predictions, weights), (packing, source, segments, y, masks, caches)

    def _unroll(self, steps, z, states, carry, fed, source, masks, packing):
        """The steps (i, rows) of `packing` in turn, from what comes before them. A Step for each."""
        out = []
        for i, rows in steps:
            n = packing.sizes[i]
            states = [on_parts(lambda part: part[:n], state) for state in states]  # noqa: B023, used at once
            keeps = [mask(i, n) for mask in masks]
            step = self._step(z[rows], states, source, carry, None if fed is None else fed[:n], keeps)
            states, carry, fed = step.states, step.carry, None if fed is None else step.out
            out.append(step)
        return out

    def _nothing_fed(self, xp, like, B):
        return xp.zeros((B, self.width), dtype=like.dtype) if self.input_feeding else None

    def _step(self, z, states, source, carry, fed, keeps=None):
        """z: (n, kH), the share of what came before; states: n rows each; fed: (n, O) or None. Returns a Step."""
        join, c, cache_context = source.xp.concatenate, None, None
        if self.attend_before:
            c, carry, cache_context = source.step(states[-1].h, carry)  # 1
        before = [part for part in (c, fed) if part is not None]
        if self.W_c:
            before = before[0] if len(before) == 1 else join(before, axis=-1)
            z, _ = linear(before, self.W_c.value, z)  # 2
        top, states, caches = self.stack.step(z, states, keeps)  # 3
        if not self.attend_before:
            c, carry, cache_context = source.step(top, carry)  # 4
        joined = out = join([top, c], axis=-1) if self.context.size else top  # 5
        cache_tanh = None
        if self.combine:
            out, cache_tanh = tanh(linear(joined, self.combine.W.value, self.combine.b.value)[0])  # 6
        return Step(top, c, out, states, carry, before, joined, (cache_context, caches, cache_tanh))

    def backward(self, d_predictions, cache):
        """Returns (d_memory (T, B, C), d_states before the first step); the parameters' gradients are added."""
        packing, source, segments, y, masks, caches = cache
        cache_y, cache_y_dropout, cache_z, cache_out_dropout, cache_output = caches
        d_outs = self.dropout.backward(self.output.backward(d_predictions, cache_output), cache_out_dropout)
        d_states = self.stack.zero_states(packing.shape[1])
        d_fed, d_carry = self._nothing_fed(packing.xp, d_outs, packing.shape[1]), ()
        z = self.stack.layers[0].project(y)[0] if self.unrolling.recompute else None
        kept = []  # of the steps, last first: what the gradients of W_c and of `combine` need
        self.stack.start_backward()
        source.start_backward()
        for segment, before, steps in reversed(segments):
            if steps is None:
                steps = self._unroll(segment, z, *before, source, masks, packing)
                del source.weights[-len(segment) :]  # they were there already
            for (i, rows), step in zip(reversed(segment), reversed(steps), strict=True):
                n = packing.sizes[i]
                d_out = d_outs[rows] if d_fed is None else d_outs[rows] + d_fed[:n]  # the output and the next step read it
                d_z, d_before, d_carry, d_step_fed, d_combined = self._step_backward(
                    d_out, [on_parts(lambda part: part[:n], d) for d in d_states], d_carry, source, step  # noqa: B023, used at once
                )
                cut = self.unrolling.cut(packing, i)
                for d, d_part in zip(d_states, d_before, strict=True):
                    for whole, part in zip(d, d_part, strict=True):
                        whole[:n] = part
                        whole[:cut] = 0
                if d_fed is not None:
                    d_fed[:n] = d_step_fed
                    d_fed[:cut] = 0
                d_carry = () if cut else d_carry
                kept.append((d_z, step.before, d_combined, step.joined))
        self._finish_backward(kept[::-1])
        d_z = self.stack.finish_backward(packing)
        d_y = packing.unpack(self.stack.layers[0].project_backward(d_z, cache_z))
        self.reader.backward(self.dropout.backward(d_y, cache_y_dropout), cache_y)
        d_memory = packing.unsort(source.finish_backward(), axis=1)
        return d_memory, [on_parts(packing.unsort, d) for d in d_states]

    def _step_backward(self, d_out, d_states, d_carry, source, step):
        """Returns (d_z, d_states before, d_carry before, d_fed, d of what tanh was applied to)."""
        H, C = self.stack.hidden_size, self.context.size
        cache_context, caches, cache_tanh = step.caches
        d_combined = None
        if self.combine:
            d_combined = tanh_backward(d_out, cache_tanh)  # 6
            d_out = linear_backward_input(d_combined, self.combine.W.value)
        d_top, d_c = d_out[:, :H], d_out[:, H:]  # 5
        if not self.attend_before:
            d_query, d_carry = source.step_backward(d_c, d_carry, cache_context)  # 4
            d_top = d_top + d_query
        d_z, d_states = self.stack.step_backward(d_top, d_states, caches)  # 3
        d_before = linear_backward_input(d_z, self.W_c.value) if self.W_c else d_z[:, :0]  # 2
        if self.attend_before:
            d_c = d_c + d_before[:, :C]  # the context is read by the cells and by the output
            d_query, d_carry = source.step_backward(d_c, d_carry, cache_context)  # 1
            d_states[-1] = d_states[-1]._replace(h=d_states[-1].h + d_query)
            d_before = d_before[:, C:]
        return d_z, d_states, d_carry, d_before, d_combined

    def _finish_backward(self, kept):
        """The gradients of the weights that are used at every step, one product each."""
        d_z, before, d_combined, joined = zip(*kept, strict=True)
        if self.W_c:
            d_W_c, _ = linear_backward_parameters(*concatenated(zip(d_z, before, strict=True)))
            self.W_c.accumulate(d_W_c)
        if self.combine:
            rows = concatenated(zip(d_combined, joined, strict=True))
            d_W, d_b = linear_backward_parameters(*rows, self.combine.b.value.shape)
            self.combine.W.accumulate(d_W)
            self.combine.b.accumulate(d_b)

    def start(self, memory, source_mask, states):
        """The state before the first word, for `step`."""
        source, B = self.context.over(memory, source_mask), states[0].h.shape[0]
        return DecoderState(states, source, source.carry(), self._nothing_fed(array_module(memory), memory, B))

    def step(self, previous, state):
        """One step for each of n rows, from what came before: words (n,), or numbers (n, D).

        Returns (predictions (n, V), DecoderState, attention weights (T, n) or None).
        """
        y, _ = self.reader.forward(previous)
        z, _ = self.stack.layers[0].project(y)
        step = self._step(z, state.cells, state.source, state.carry, state.fed)
        predictions, _ = self.output.forward(step.out)
        fed = step.out if self.input_feeding else None
        return predictions, DecoderState(step.states, state.source, step.carry, fed), state.source.weights.pop()

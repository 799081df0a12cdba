"""A cell over time, and cells on top of each other: loops, directions, depth, and back-propagation through time."""

from minis2s.backend import array_module
from minis2s.equations.residual import residual, residual_backward
from minis2s.layers.base import Layer
from minis2s.layers.cells import cell, on_parts
from minis2s.layers.dropout import Dropout
from minis2s.layers.packing import replace_first
from minis2s.layers.unrolling import FULL


class Recurrent(Layer):
    """One cell in one direction. With `reverse` it reads each sequence from its last token to its first."""

    def __init__(self, cell, reverse=False, unrolling=FULL):
        self.cell, self.reverse, self.unrolling = cell, reverse, unrolling

    def forward(self, x, packing, state=None):
        """x: (T, B, E); packing: of its mask; state: the cell's state before the first token, (B, H) each, or None for zeros.

        Returns ((h, state), cache): h (T, B, H), zero at padding, and the state after the last token read.
        """
        state = on_parts(packing.sort, state or self.cell.zero_state(x.shape[1]))
        x = packing.pack(x)
        z, cache_z = self.cell.project(x)  # all steps in one product
        h_all = packing.xp.empty((len(packing), self.cell.hidden_size), dtype=z.dtype)
        looks, segments = self.cell.observer.looks, []
        for steps in self.unrolling.segments(packing.steps()[::-1] if self.reverse else packing.steps()):
            before, (state, caches) = state, self._run(steps, z, state, packing, h_all)
            segments.append((steps, before, None if self.unrolling.recompute and not looks else caches))
        if looks:
            self.cell.observer.states(packing, self.reverse, h_all, [cache for *_, caches in segments for cache in caches])
        return (packing.unpack(h_all), on_parts(packing.unsort, state)), (packing, x, cache_z, segments)

    def _run(self, steps, z, state, packing, h_all=None):
        """The cell over some steps, from the state (B, H) before them; its h goes to the rows of h_all, if that is given.

        Returns (the state after them, their caches).
        """
        caches = []
        for t, rows in steps:
            n = packing.sizes[t]
            new, cache = self.cell.step(z[rows], on_parts(lambda part: part[:n], state))  # noqa: B023, used at once
            if h_all is not None:
                h_all[rows] = new.h
            caches.append(cache)
            state = on_parts(lambda old, first: replace_first(packing.xp, old, first), state, new)
        return state, caches

    def backward(self, d_h_all, d_final, cache):
        """d_h_all: (T, B, H) or None; d_final: a state whose parts are (B, H) or None, or None for none at all.

        Returns (d_x (T, B, E), d_state before the first token); the parameters' gradients are added.
        h_t has two readers, the layer above and the next step; their gradients are added before the cell is differentiated.
        """
        packing, x, cache_z, segments = cache
        zeros = self.cell.zero_state(packing.shape[1])
        # Copies, because the rows that are alive are overwritten from step to step.
        d_final = d_final or [None] * len(zeros)
        d_state = [z if d is None else packing.sort(d).copy() for z, d in zip(zeros, d_final, strict=True)]
        d_rows = None if d_h_all is None else packing.pack(d_h_all)
        if self.unrolling.recompute:
            d_z, _ = self.cell.project(x)  # z, for now: each row is used before its gradient takes its place
        else:
            d_z = packing.xp.empty((len(packing), self.cell.b.value.size), dtype=zeros.h.dtype)
        kept = {}
        for steps, before, caches in reversed(segments):
            if caches is None:
                _, caches = self._run(steps, d_z, before, packing)
            for (t, rows), step_cache in zip(reversed(steps), reversed(caches), strict=True):
                n = packing.sizes[t]
                d_new = self.cell.State(*(d[:n] for d in d_state))
                if d_rows is not None:
                    d_new = d_new._replace(h=d_new.h + d_rows[rows])
                d_z[rows], d_before, kept[t] = self.cell.step_backward(d_new, step_cache)
                cut = self.unrolling.cut(packing, t, self.reverse)
                for d, d_part in zip(d_state, d_before, strict=True):
                    d[:n] = d_part
                    d[:cut] = 0
        self.cell.observer.gradients(packing, self.reverse, d_z)
        self.cell.finish(d_z, [kept[t] for t in sorted(kept)])  # in the order of d_z's rows
        d_x = self.cell.project_backward(d_z, cache_z)
        return packing.unpack(d_x), self.cell.State(*map(packing.unsort, d_state))


class Directions(Layer):
    """One or two Recurrent layers over the same input (D3.7); their outputs and states are joined along the last axis.

    With `learned_start` the states before the first token are parameters, shared by all sequences; else they are zeros.
    """

    def __init__(self, name, input_size, hidden_size, init, bidirectional=False, learned_start=False,
                 unrolling=FULL):  # fmt: skip
        n = 2 if bidirectional else 1
        self.forwards = Recurrent(cell(name)(input_size, hidden_size // n, init), False, unrolling)
        self.backwards = Recurrent(cell(name)(input_size, hidden_size // n, init), True, unrolling) if bidirectional else None
        self.State = self.forwards.cell.State
        self.start = [init.zeros(hidden_size) for _ in self.State._fields] if learned_start else None

    def _each(self):
        return [each for each in (self.forwards, self.backwards) if each]

    def forward(self, x, packing):
        """x: (T, B, E). Returns ((h (T, B, C), state (B, C) each), cache)."""
        xp = packing.xp
        start = None
        if self.start:
            start = self.State(*(xp.broadcast_to(p.value, (x.shape[1], p.value.size)) for p in self.start))
        starts = self._split(start)
        outs, caches = zip(*(each.forward(x, packing, s) for each, s in zip(self._each(), starts, strict=True)), strict=True)
        return (_join([h for h, _ in outs]), on_parts(lambda *parts: _join(parts), *(final for _, final in outs))), caches

    def backward(self, d_h, d_final, caches):
        """d_h: (T, B, C) or None; d_final: a state of parts (B, C) or None, or None. Returns d_x."""
        d_hs, d_finals = self._halves(d_h), self._split(d_final)
        results = [each.backward(*d) for each, *d in zip(self._each(), d_hs, d_finals, caches, strict=True)]
        d_xs, d_starts = zip(*results, strict=True)
        for p, *d_parts in zip(self.start or (), *d_starts, strict=False):
            p.accumulate(_join(d_parts).sum(axis=0))  # every sequence has used it
        return sum(d_xs[1:], d_xs[0])

    def _split(self, state):
        """A joined state, parts of which may be None, or None: as one state for each direction."""
        if state is None:
            return [None] * len(self._each())
        return [type(state)(*parts) for parts in zip(*map(self._halves, state), strict=True)]

    def _halves(self, a):
        n = len(self._each())
        return [None] * n if a is None else array_module(a).split(a, n, axis=-1)


def _join(parts):
    return parts[0] if len(parts) == 1 else array_module(parts[0]).concatenate(parts, axis=-1)


class Stack(Layer):
    """Recurrent layers on top of each other (D3.9), each in one or both directions (D3.7).

    The output of each is (T, B, C) with C = hidden_size, shared among the directions. residual: from the second layer on
    y = x + layer(x) (D3.8). dropout: a Dropout between the layers; there is none before the first and none after the last.
    unrolling: of every layer, for long sequences.
    """

    def __init__(self, name, n_layers, input_size, hidden_size, init, bidirectional=False, residual=False, dropout=None,
                 learned_start=False, unrolling=FULL):  # fmt: skip
        self.hidden_size, self.residual, self.dropout = hidden_size, residual, dropout or Dropout(0)
        sizes = [input_size, *[hidden_size] * (n_layers - 1)]
        self.layers = [Directions(name, size, hidden_size, init, bidirectional, learned_start, unrolling) for size in sizes]

    def forward(self, x, packing, rng=None):
        """x: (T, B, E); rng: draws what is dropped, or None. Returns ((h (T, B, C), each layer's state after), cache)."""
        finals, caches = [], []
        for k, layer in enumerate(self.layers):
            x, cache_dropout = self.dropout.forward(x, rng) if k else (x, None)
            (h, final), cache = layer.forward(x, packing)
            x = residual(x, h)[0] if self.residual and k else h
            finals.append(final)
            caches.append((cache_dropout, cache))
        return (x, finals), caches

    def backward(self, d_h, d_finals, caches):
        """d_h: (T, B, C) or None; d_finals: for each layer a state or None, or None. Returns d_x."""
        d_finals = d_finals or [None] * len(self.layers)
        for k, (layer, (cache_dropout, cache)) in reversed(list(enumerate(zip(self.layers, caches, strict=True)))):
            if self.residual and k and d_h is not None:
                d_around, d_h = residual_backward(d_h, None)
                d_h = d_around + layer.backward(d_h, d_finals[k], cache)
            else:
                d_h = layer.backward(d_h, d_finals[k], cache)
            d_h = self.dropout.backward(d_h, cache_dropout)
        return d_h

"""Cells on top of each other that advance one step together, as a decoder's must: the next input is known only after the top."""

from minis2s.backend import array_module
from minis2s.equations.linear import linear_backward_input, linear_backward_parameters
from minis2s.equations.regularisers import dropout, dropout_backward
from minis2s.equations.residual import residual, residual_backward
from minis2s.layers.base import Layer
from minis2s.layers.cells import cell
from minis2s.layers.dropout import Dropout


class SteppedStack(Layer):
    """n_layers cells; the lowest is given its z, each of the others projects the hidden state below it.

    residual: y = x + h from the second layer on (D3.8). dropout: a Dropout between the layers.
    """

    def __init__(self, name, n_layers, input_size, hidden_size, init, residual=False, dropout=None):
        self.hidden_size, self.residual, self.dropout = hidden_size, residual, dropout or Dropout(0)
        sizes = [input_size, *[hidden_size] * (n_layers - 1)]
        self.layers = [cell(name)(size, hidden_size, init) for size in sizes]

    def zero_states(self, B):
        return [each.zero_state(B) for each in self.layers]

    def masks(self, packing, rng=None):
        """For each layer above the lowest, what `step` drops of its input: functions of (step, n)."""
        return [self.dropout.of_steps(packing, self.hidden_size, rng) for _ in self.layers[1:]]

    def step(self, z, states, keeps=None):
        """z: (n, kH) of the lowest cell; states: one for each cell, n rows; keeps: masks (n, H), or None, for the inputs of the
        layers above the lowest. Returns (top (n, H), states, caches).
        """
        lowest, *above = self.layers
        new, cache_cell = lowest.step(z, states[0])
        x, news, caches = new.h, [new], [(None, None, cache_cell)]
        for k, each in enumerate(above, start=1):
            keep = keeps[k - 1] if keeps else None
            x, cache_dropout = (x, None) if keep is None else dropout(x, keep, self.dropout.rate)
            z, _ = each.project(x)
            new, cache_cell = each.step(z, states[k])
            news.append(new)
            caches.append((x, cache_dropout, cache_cell))
            x = residual(x, new.h)[0] if self.residual else new.h
        return x, news, caches

    def start_backward(self):
        self._kept = [[] for _ in self.layers]  # of the steps, last first: (d_z, input, what the cell keeps)

    def step_backward(self, d_top, d_states, caches):
        """d_top: (n, H); d_states: of the states after the step, n rows each. Returns (d_z of the lowest, d_states before)."""
        d_before = [None] * len(self.layers)
        for k, (each, (x, cache_dropout, cache_cell)) in reversed(list(enumerate(zip(self.layers, caches, strict=True)))):
            d_around, d_h = residual_backward(d_top, None) if self.residual else (None, d_top)
            d_z, d_before[k], kept = each.step_backward(d_states[k]._replace(h=d_states[k].h + d_h), cache_cell)
            self._kept[k].append((d_z, x, kept))
            if k:
                d_x = linear_backward_input(d_z, each.W_x.value)
                d_x = d_x if d_around is None else d_around + d_x
                d_top = d_x if cache_dropout is None else dropout_backward(d_x, cache_dropout)
        return d_z, d_before

    def finish_backward(self, packing):
        """After the last step_backward: the parameters' gradients are added, but those of the lowest cell's `project`.

        Returns d_z of the lowest cell (N, kH), in packed order.
        """
        for k, (each, kept) in reversed(list(enumerate(zip(self.layers, self._kept, strict=True)))):
            d_zs, xs, of_cell = zip(*reversed(kept), strict=True)
            d_z = array_module(d_zs[0]).concatenate(d_zs)
            each.observer.gradients(packing, False, d_z)
            each.finish(d_z, of_cell)
            if k:
                d_W_x, d_b = linear_backward_parameters(d_z, array_module(d_z).concatenate(xs), each.b.value.shape)
                each.W_x.accumulate(d_W_x)
                each.b.accumulate(d_b)
        return d_z

    @property
    def looks(self):
        """Whether an observer of some cell wants to see the caches of all steps."""
        return any(each.observer.looks for each in self.layers)

    def show(self, packing, states, caches):
        """Tell the cells' observers of a forward pass. states, caches: those of each step."""
        for k, each in enumerate(self.layers):
            if not each.observer.looks:
                continue
            h = array_module(states[0][k].h).concatenate([of_step[k].h for of_step in states])
            each.observer.states(packing, False, h, [of_step[k][-1] for of_step in caches])

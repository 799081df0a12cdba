"""From the encoder's last states to the decoder's first ones, where they differ in size or number."""

from minis2s.backend import array_module
from minis2s.layers.base import Layer
from minis2s.layers.linear import Linear

BRIDGES = ("auto", "linear", "zero")


class Copy(Layer):
    """The encoder's states as they are: both sides have the same cells, layers and sizes."""

    def forward(self, finals, B):
        return finals, None

    def backward(self, d_states, cache):
        return d_states


class Affine(Layer):
    """s = h W + b for each part of each layer's state. h: the same part of the encoder's layer of that number (of its last one,
    if it has fewer). Both sides have cells of one kind.
    """

    def __init__(self, State, encoder_layers, encoder_size, decoder_layers, decoder_size, init):
        self.State, self.encoder_layers = State, encoder_layers
        self.parts = [Linear(encoder_size, decoder_size, init) for _ in range(decoder_layers) for _ in State._fields]

    def _sources(self):
        """For each of `parts`: (the encoder's layer, the field of its state)."""
        fields = self.State._fields
        return [(min(k, self.encoder_layers - 1), field) for k in range(len(self.parts) // len(fields)) for field in fields]

    def forward(self, finals, B):
        outs, caches = zip(
            *(part.forward(getattr(finals[k], field)) for part, (k, field) in zip(self.parts, self._sources(), strict=True)),
            strict=True,
        )
        width = len(self.State._fields)
        return [self.State(*outs[k : k + width]) for k in range(0, len(outs), width)], caches

    def backward(self, d_states, caches):
        d_finals = [dict.fromkeys(self.State._fields) for _ in range(self.encoder_layers)]
        d_parts = [d for state in d_states for d in state]
        for part, d, cache, (k, field) in zip(self.parts, d_parts, caches, self._sources(), strict=True):
            d_h, known = part.backward(d, cache), d_finals[k][field]
            d_finals[k][field] = d_h if known is None else known + d_h  # one part may start several
        return [self.State(**d) for d in d_finals]


class Start(Layer):
    """The decoder starts from states of its own, whatever the source: zeros, or learned ones, the same for every sequence."""

    def __init__(self, stack, init, learned=False):
        self._stack = (stack,)  # in a tuple, so that its parameters are not counted twice
        sizes = [stack.hidden_size for each in stack.layers for _ in each.State._fields]
        self.parts = [init.zeros(size) for size in sizes] if learned else []

    def forward(self, finals, B):
        (stack,) = self._stack
        states = stack.zero_states(B)
        if not self.parts:
            return states, None
        parts, xp = iter(self.parts), array_module(states[0].h)
        return [type(s)(*(xp.broadcast_to(next(parts).value, part.shape) for part in s)) for s in states], None

    def backward(self, d_states, cache):
        for p, d in zip(self.parts, [part for state in d_states for part in state], strict=False):
            p.accumulate(d.sum(axis=0))  # every sequence has started from it
        return None


def bridge(name, encoder, stack, init, learned_start=False):
    """The layer for a bridge called `name`: "auto" copies where that fits and else is affine, "linear" is always affine, "zero"
    lets the decoder start on its own. encoder: its Stack; stack: the decoder's SteppedStack.
    """
    if name == "zero":
        return Start(stack, init, learned_start)
    theirs, ours = ((len(each.layers), each.hidden_size) for each in (encoder, stack))
    return Copy() if name == "auto" and ours == theirs else Affine(stack.layers[0].State, *theirs, *ours, init)

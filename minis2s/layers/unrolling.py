"""Long sequences: how far back gradients go, and what is kept of a forward pass for the backward pass."""

from math import isqrt
from typing import NamedTuple


class Unrolling(NamedTuple):
    """How a recurrence over T steps is differentiated.

    truncate: k > 0 cuts back-propagation through time into blocks, steps 0 … k−1, k … 2k−1, and so on; 0 cuts nothing. What one
    step hands to the next keeps its value across a cut, but has no gradient there: each block is differentiated as if what it
    begins with were a constant (Williams and Peng 1990, Neural Computation 2(4), with their h = h' = k). Blocks are counted from
    the first token, also by a recurrence that reads from the end, so neither padding nor the rest of the batch moves a cut.

    recompute: of the forward pass only the state before each ⌈√T⌉-th step is kept, instead of every step's cache. The backward
    pass makes the caches of one segment at a time anew, by the same operations on the same numbers, so gradients are the same to
    the last bit. One more forward pass buys caches of ⌈√T⌉ steps instead of T (Chen et al. 2016, arXiv:1604.06174).
    """

    truncate: int = 0
    recompute: bool = False

    def segments(self, steps):
        """A list of steps as consecutive lists, of ⌈√T⌉ steps each with `recompute`, else one of all."""
        n = max(len(steps), 1)
        n = isqrt(n - 1) + 1 if self.recompute else n
        return [steps[k : k + n] for k in range(0, len(steps), n)]

    def cut(self, packing, t, reverse=False):
        """How many rows enter step t with what another block hands over: no gradient goes there."""
        later = t + 1 if reverse else t  # of the two steps on either side
        if not self.truncate or later % self.truncate or not 0 < later < len(packing.sizes):
            return 0
        return packing.sizes[later]


FULL = Unrolling()  # every gradient to the first step, every cache kept

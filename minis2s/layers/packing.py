"""Sequences of unequal length without work on padding.

The rows of a batch are sorted by falling length. Then the rows that are alive at step t are the first `sizes[t]`, an ended
sequence simply leaves the product, and a padded step cannot change a state because it is never computed. "Packed" is the
array of all real places, step after step: (N, …) with N = Σ lengths.

    lengths 2, 3, 1  →  order 1, 0, 2        packed: step 0: rows 1 0 2 | step 1: rows 1 0 | step 2: row 1
"""

import numpy as np


class Packing:
    """How a (T, B) mask is packed. The mask is a host array; nothing here synchronises with a device.

    mask: True where there is a token; padding must come after the tokens. xp: the library of the arrays to be packed.
    """

    def __init__(self, mask, xp=np):
        mask = np.asarray(mask, dtype=bool)
        T, B = mask.shape
        lengths = mask.sum(axis=0)
        if not np.array_equal(mask, np.arange(T)[:, None] < lengths):
            raise ValueError("the mask has padding before a token; padding must come at the end of each column")
        order = np.argsort(-lengths, kind="stable")
        alive = np.arange(T)[:, None] < lengths[order]  # a staircase
        self.xp, self.shape = xp, (T, B)
        self.sizes = alive.sum(axis=1).tolist()
        self._starts = np.concatenate([[0], np.cumsum(self.sizes)]).tolist()
        self._steps = [(t, slice(self._starts[t], self._starts[t + 1])) for t, n in enumerate(self.sizes) if n]
        self._sorted = bool(np.array_equal(order, np.arange(B)))
        self._full = self._sorted and bool(mask.all())
        places = (np.arange(T)[:, None] * B + order)[alive]
        self._places, self._order, self._inverse = xp.asarray(places), xp.asarray(order), xp.asarray(np.argsort(order))

    def __len__(self):
        """N, the number of real places."""
        return self._starts[-1]

    def steps(self):
        """(t, slice of packed rows) for each step at which some sequence is alive, forward in time."""
        return self._steps

    def pack(self, x):
        """(T, B, …) → (N, …)."""
        rows = x.reshape(-1, *x.shape[2:])
        return rows if self._full else rows[self._places]

    def unpack(self, rows):
        """(N, …) → (T, B, …), zero at padding."""
        T, B = self.shape
        if self._full:
            return rows.reshape(T, B, *rows.shape[1:])
        x = self.xp.zeros((T * B, *rows.shape[1:]), dtype=rows.dtype)
        x[self._places] = rows
        return x.reshape(T, B, *rows.shape[1:])

    def sort(self, x, axis=0):
        """Bring the batch axis into packing order."""
        return x if self._sorted else self.xp.take(x, self._order, axis=axis)

    def unsort(self, x, axis=0):
        """Undo `sort`."""
        return x if self._sorted else self.xp.take(x, self._inverse, axis=axis)


def replace_first(xp, old, new):
    """`old` (B, …) with its first rows replaced by `new` (n, …): ended sequences keep their state."""
    return new if new.shape[0] == old.shape[0] else xp.concatenate([new, old[new.shape[0] :]])

"""What a training step comes to, loss and gradient norm, left where it was computed: to read from a device is to wait for it."""

import math
from itertools import takewhile

from minis2s.backend import array_module, elementwise, to_host


@elementwise
def _still_finite(finite, loss, norm):
    xp = array_module(loss, norm)
    return finite & xp.isfinite(loss) & xp.isfinite(norm)


class Readings:
    """The steps since the last reading.

    finite: whether every loss and norm of them is, a boolean that lives where they do. An update can depend on it although nobody
    has read it; once False it stays so.
    """

    def __init__(self, xp):
        self.xp, self._true = xp, xp.ones((), dtype=bool)
        self._start()

    def _start(self):
        self._numbers, self._tokens, self.finite = [], [], self._true

    def note(self, loss, norm, tokens):
        self._numbers += [loss, norm]
        self._tokens.append(tokens)
        self.finite = _still_finite(self.finite, loss, norm)

    def read(self):
        """([(loss, norm, tokens)] of the steps before the first that is not finite, how many there are from it on); waits."""
        if not self._tokens:
            return [], 0
        numbers = to_host(self.xp.stack(self._numbers)).tolist()  # one copy for all
        steps = list(zip(numbers[::2], numbers[1::2], self._tokens, strict=True))
        found = list(takewhile(lambda step: all(map(math.isfinite, step)), steps))
        self._start()
        return found, len(steps) - len(found)

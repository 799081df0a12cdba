"""An average of the weights over the course of a run: smoother than the last ones, often better on new sentences."""

from minis2s.backend import array_module, assign_if, elementwise
from minis2s.pieces import each, pieces


@elementwise
def _towards(average, value, share):
    return average + share * (value - average)


class Average:
    """The exponential moving average of FlatParameters after their updates 1 … t (Polyak and Juditsky 1992 average all alike):

        θ̄_t = Σ_i δ^{t−i} θ_i / Σ_i δ^{t−i},    as a recurrence    θ̄ ← θ̄ + (1 − δ)/(1 − δᵗ) · (θ − θ̄)

    It is about as old as the last 1/(1 − δ) updates. The initial weights have no part in it: at t = 1 it is θ_1.
    """

    def __init__(self, flat, decay):
        self.flat, self.decay = flat, decay
        self.values = flat.values.copy()
        self._pieces = pieces(array_module(flat.values), slice(0, flat.values.size))

    def update(self, t, finite=True):
        """Take in the parameters after update t = 1, 2, …; nothing changes where `finite` is False (see Optimiser.step)."""
        share = (1 - self.decay) / (1 - self.decay**t)

        def update(part):
            assign_if(finite, self.values[part], _towards(self.values[part], self.flat.values[part], share))

        each(update, self._pieces)

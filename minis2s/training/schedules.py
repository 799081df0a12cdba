"""The course of the learning rate: a factor, at most 1, for each update of a run.

It rises to 1 in a straight line for `warmup` updates. Then it is a function of n = 0, 1, …, the updates since, of N, how many
there are, and of `warmup` itself.
"""

import math

from minis2s.errors import unknown_name


def constant(n, N, warmup):
    """The same rate throughout."""
    return 1.0


def linear(n, N, warmup):
    """1 − n/N: falls to zero in a straight line: late steps only settle what early ones have found."""
    return 1.0 - n / N


def cosine(n, N, warmup):
    """½ (1 + cos π n/N): stays high for longer, and comes to zero slowly (Loshchilov and Hutter 2016, arXiv:1608.03983)."""
    return 0.5 * (1.0 + math.cos(math.pi * n / N))


def inverse_sqrt(n, N, warmup):
    """√(w/(w + n)), w the warm-up: does not need to know the end (Vaswani et al. 2017, arXiv:1706.03762, equation 3)."""
    return math.sqrt(warmup / (warmup + n))


# "plateau" is constant here: it falls when the dev score does not become better, which the trainer's Progress knows.
SCHEDULES = {"constant": constant, "linear": linear, "cosine": cosine, "inverse-sqrt": inverse_sqrt, "plateau": constant}


def schedule(name, updates=1, warmup=0.0):
    """factor(t) for the updates t = 0, 1, … of a run of `updates`.

    warmup: a share of the run, below 1, or a number of updates. Raises UsageError for an unknown name.
    """
    if name not in SCHEDULES:
        raise unknown_name("schedule", name, SCHEDULES)
    rises = round(warmup * updates if warmup < 1 else warmup)

    def factor(t):
        if t < rises:
            return (t + 1) / rises
        return SCHEDULES[name](t - rises, updates - rises, max(rises, 1))

    return factor

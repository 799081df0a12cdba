"""Long arrays a piece at a time, on the threads of the host.

A formula over a whole long array makes one pass over memory for each of its operations; over a piece that fits into the cache
only the first pass does. Pieces are independent of each other, so they can also be shared among threads: NumPy lets other
threads run inside of its loops. The results are the same to the last bit, however many there are.
"""

import os
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from contextvars import copy_context
from functools import cache
from itertools import pairwise

import numpy as np

from minis2s import machine

PIECE = 1 << 18  # elements: a few such arrays stay in the cache, and each operation is long enough for threads to pay


def pieces(xp, whole, width=1):
    """The slice `whole` of rows of `width` elements, cut into slices of about PIECE elements. A device takes it whole."""
    n = whole.stop - whole.start
    step = max(PIECE // width, 1) if xp is np else max(n, 1)
    return [slice(start, min(start + step, whole.stop)) for start in range(whole.start, whole.stop, step)]


def each(function, parts):
    """[function(part) for part in parts], shared among as many threads as a matrix product may use."""
    threads = min(machine.threads(), len(parts) // 2)  # to wake one for a single piece takes as long as the piece
    if threads < 2:
        return [function(part) for part in parts]
    cuts = [len(parts) * k // threads for k in range(threads + 1)]
    mine, *others = [parts[start:stop] for start, stop in pairwise(cuts)]
    # In a copy of the caller's context, because NumPy's errstate belongs to it.
    waiting = [_pool(threads - 1).submit(copy_context().run, _run, function, share) for share in others]
    try:
        results = _run(function, mine)
    finally:
        wait(waiting)  # also when Ctrl-C comes: nobody must go on writing after that
    return results + [result for future in waiting for result in future.result()]


@contextmanager
def of_size(elements):
    """Pieces of another size while the block runs: small ones show a mistake that arrays of a test's size would not."""
    global PIECE
    before, PIECE = PIECE, elements
    try:
        yield
    finally:
        PIECE = before


def _run(function, parts):
    return [function(part) for part in parts]


@cache
def _pool(threads):
    return ThreadPoolExecutor(threads, thread_name_prefix="pieces")


if hasattr(os, "register_at_fork"):  # a child has no threads but its first
    os.register_at_fork(after_in_child=_pool.cache_clear)

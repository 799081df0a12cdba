"""Pieces of long arrays, on threads: a partition, in order, in the caller's context, whole when something goes wrong."""

import multiprocessing
import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minis2s import machine, pieces


@pytest.fixture
def threads(monkeypatch):
    """As if a matrix product might use so many threads."""
    return lambda n: monkeypatch.setattr(machine, "_threads", n)


@given(st.integers(0, 50), st.integers(0, 200), st.integers(1, 40), st.integers(1, 100))
def test_pieces_are_a_partition_of_about_the_size_asked_for(start, length, width, size):
    with pieces.of_size(size):
        parts = pieces.pieces(np, slice(start, start + length), width)
    assert [i for part in parts for i in range(part.start, part.stop)] == list(range(start, start + length))
    assert all(part.stop > part.start for part in parts)
    assert all((part.stop - part.start) * width <= max(size, width) for part in parts)


def test_another_library_takes_the_whole():
    assert pieces.pieces(object(), slice(3, 10**9)) == [slice(3, 10**9)]


@pytest.mark.parametrize("n_threads", [1, 2, 3, 5])
@pytest.mark.parametrize("n", [0, 1, 2, 3, 4, 7, 20])
def test_the_results_come_in_order(n_threads, n, threads):
    threads(n_threads)
    assert pieces.each(lambda part: part**2, list(range(n))) == [k**2 for k in range(n)]


def test_threads_share_the_work(threads):
    threads(2)
    together = threading.Barrier(2, timeout=20)  # passed only when two have come

    def first_waits(part):
        if part in (0, 2):
            together.wait()
        return threading.get_ident()

    a, b, c, d = pieces.each(first_waits, [0, 1, 2, 3])
    assert a == b == threading.get_ident() and c == d != a


def test_the_callers_errstate_holds_on_every_thread(threads):
    threads(2)
    zero = np.zeros(1)
    with np.errstate(divide="raise"):
        assert pieces.each(lambda _: np.geterr()["divide"], range(4)) == ["raise"] * 4
        with pytest.raises(FloatingPointError):
            pieces.each(lambda part: 1 / zero if part == 3 else None, range(4))


@pytest.mark.parametrize("bad", [0, 3])
def test_an_error_is_told_after_all_have_stopped(bad, threads):
    threads(2)
    running = set()

    def work(part):
        running.add(part)
        try:
            if part == bad:
                raise ValueError("this piece")
        finally:
            running.discard(part)

    with pytest.raises(ValueError, match="this piece"):
        pieces.each(work, range(4))
    assert not running


def _in_child(queue):
    queue.put(pieces.each(lambda part: part + 1, range(8)))


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="this system cannot fork")
def test_a_forked_child_starts_threads_of_its_own(threads):
    threads(2)
    pieces.each(lambda part: part, range(8))
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    child = context.Process(target=_in_child, args=(queue,))
    child.start()
    try:
        assert queue.get(timeout=30) == list(range(1, 9))
    finally:
        child.kill()
        child.join()

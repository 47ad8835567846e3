"""The queue of compiled work."""

import time

import numpy as np
import pytest

import tinynet as tn
from tinynet.engine.machine import workers

queue = pytest.importorskip("tinynet.engine.machine.queue", reason="there is no Numba")
array_of, acquire, queue_at, NUMBERS = queue.array_of, queue.acquire, queue.queue_at, queue.NUMBERS


@queue.Kernel
def count_up(address, is_worker):  # type: ignore[no-untyped-def]
    """Add a step to the number of each piece, and count those that the caller does itself."""
    given = queue_at(address)
    pieces, done, step = array_of(given, 0), array_of(given, 1), given[NUMBERS]
    piece = acquire(given, is_worker)
    while piece >= 0:
        pieces[piece] += step
        if not is_worker:
            done[0] += 1
        piece = acquire(given, is_worker)


def count(pieces: np.ndarray) -> int:
    """Count all pieces up, and say how many the caller did itself."""
    done = np.zeros(1, np.float32)
    queue.post(count_up, len(pieces), (1,), (pieces, done))
    return int(done[0])


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("n_pieces", [0, 1, 2, 1000])
def test_each_piece_is_done_once(threads: int, n_pieces: int) -> None:
    pieces = np.zeros(n_pieces, np.float32)
    with tn.threads(threads):
        for _ in range(50):
            count(pieces)
    np.testing.assert_array_equal(pieces, 50)


@pytest.mark.skipif(not queue.ATOMIC, reason="plain Python works alone")
def test_a_worker_takes_a_part_and_sleeps_when_there_is_none() -> None:
    pieces = np.zeros(100_000, np.float32)
    with tn.threads(2):
        end = time.perf_counter() + 60  # it may have to be compiled
        while count(pieces) == len(pieces) and time.perf_counter() < end:
            pass
        assert time.perf_counter() < end
        worker = workers._workers[0]
        while not worker.is_asleep and time.perf_counter() < end:
            time.sleep(1e-3)
        assert worker.is_asleep
        pieces[...] = 0
        count(pieces)  # it is woken, and may come too late for this one
    np.testing.assert_array_equal(pieces, 1)


def test_no_thread_joins_what_is_closed_or_taken() -> None:
    here = queue.new()
    pieces, done = np.zeros(3, np.float32), np.zeros(1, np.float32)
    queue.enqueue(here, count_up.address, 3, (1,), (pieces, done))
    assert not queue.join(here)
    queue.run(here, count_up.address, 3, (1,), (pieces, done))
    np.testing.assert_array_equal(pieces, 1)
    here[queue.STATE] = 0  # open, but there is nothing left
    assert not queue.join(here)


def test_workers_take_from_the_back() -> None:
    here = queue.new()
    queue.enqueue(here, count_up.address, 3, (1,), (np.zeros(3, np.float32),))
    assert [acquire(here, is_worker) for is_worker in (False, True, False, True)] == [0, 2, 1, -1]


@queue.Kernel
def fails_at_two(address, is_worker):  # type: ignore[no-untyped-def]
    given = queue_at(address)
    piece = acquire(given, is_worker)
    while piece >= 0:
        if piece == 2:
            raise MemoryError
        piece = acquire(given, is_worker)


@queue.Kernel
def fails_before_it_begins(address, is_worker):  # type: ignore[no-untyped-def]
    given = queue_at(address)
    if given[queue.COUNT] > 0:
        raise MemoryError
    acquire(given, is_worker)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("kernel", [fails_at_two, fails_before_it_begins])
@pytest.mark.parametrize("threads", [1, 2])
def test_work_that_ran_out_of_memory_is_an_error(kernel, threads: int) -> None:  # type: ignore[no-untyped-def]
    with tn.threads(threads):
        for _ in range(20):
            with pytest.raises(MemoryError):
                queue.post(kernel, 5, (), ())
        pieces = np.zeros(5, np.float32)
        count(pieces)  # and the queue still serves
    np.testing.assert_array_equal(pieces, 1)


def test_a_closed_queue_lets_nobody_join() -> None:
    queue.QUEUE[queue.STATE] = 0
    queue.close()
    assert not queue.join(queue.QUEUE)

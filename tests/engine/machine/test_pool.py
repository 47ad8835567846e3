"""The pool of workers, and spin waits."""

import os
import threading
import time

import numpy as np
import pytest

import tinynet as tn
from tinynet.engine.machine import pool, workers
from tinynet.engine.machine.pool import run_parallel


def parts(count: int) -> list[tuple[int, int, int]]:
    """The ranges that `share` makes, and which thread did each."""
    seen: list[tuple[int, int, int]] = []
    run_parallel(lambda first, last: seen.append((first, last, threading.get_ident())), count)
    return sorted(seen)


@pytest.mark.parametrize(
    ("n", "count", "ranges"),
    [
        (1, 7, [(0, 7)]),
        (2, 7, [(0, 4), (4, 7)]),
        (3, 7, [(0, 2), (2, 5), (5, 7)]),
        (4, 2, [(0, 1), (1, 2)]),
        (2, 0, [(0, 0)]),
    ],
)
def test_share_cuts_the_range_among_the_threads(n: int, count: int, ranges: list) -> None:
    with tn.threads(n):
        seen = parts(count)
    assert [part[:2] for part in seen] == ranges
    assert len({part[2] for part in seen}) == len(ranges)


def test_share_passes_arguments_on() -> None:
    cubes = np.zeros(9)

    def cube(first: int, last: int, out: np.ndarray, power: int) -> None:
        out[first:last] = np.arange(first, last) ** power

    with tn.threads(2):
        run_parallel(cube, 9, cubes, 3)
    np.testing.assert_array_equal(cubes, np.arange(9) ** 3)


def test_an_error_in_any_thread_reaches_the_caller() -> None:
    def fail_in(part: int, first: int, last: int) -> None:
        if first == part:
            raise ZeroDivisionError(f"part {part}")

    with tn.threads(2):
        for part in (0, 1):
            with pytest.raises(ZeroDivisionError, match=f"part {part}"):
                run_parallel(lambda first, last, part=part: fail_in(part, first, last), 2)
        assert len(parts(2)) == 2  # and the workers still serve


def test_a_second_caller_works_alone() -> None:
    inner: list = []
    with tn.threads(2):
        run_parallel(lambda first, last: inner.append(parts(4)), 2)
    assert [[part[:2] for part in one] for one in inner] == [[(0, 4)], [(0, 4)]]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_process_starts_workers_of_its_own() -> None:
    with tn.threads(2):
        assert len(parts(2)) == 2
        pid = os.fork()
        if not pid:  # the child: it must not come back into pytest
            os._exit(0 if len(parts(2)) == 2 else 1)
        assert os.waitpid(pid, 0)[1] == 0


def test_quick_work_is_done_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "TIMED_CALLS", 2)
    seen: list[int] = []

    def quick(first: int, last: int) -> None:
        seen.append(last - first)

    def slow(first: int, last: int) -> None:
        seen.append(last - first)
        time.sleep(2 * pool.MIN_SECONDS_FOR_SLEEPING_WORKERS)

    with tn.threads(2):
        for _ in range(4):
            run_parallel(quick, 6)
        assert seen == [6, 6, 6, 6]
        seen.clear()
        for _ in range(3):
            run_parallel(slow, 6)
    assert seen == [6, 6, 3, 3]


def test_a_worker_that_sleeps_is_woken_for_what_comes_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "TIMED_CALLS", 1)
    monkeypatch.setattr(pool, "MIN_SECONDS_FOR_SLEEPING_WORKERS", 1.0)
    seen: list[int] = []

    def work(first: int, last: int) -> None:
        seen.append(last - first)
        time.sleep(2 * pool.MIN_SECONDS_FOR_SPINNING_WORKERS)

    with tn.threads(2):
        for _ in range(20):  # one to time it, one to wake the worker
            run_parallel(work, 6)
            worker = workers.first_workers(1)[0]
            if not worker.is_asleep:  # it spins, and now has work
                break
        assert seen == [6] * len(seen)
        worker.is_asleep = False
        seen.clear()
        run_parallel(work, 6)
        assert seen == [3, 3]


def test_without_numba_workers_only_sleep(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "_load_spin", lambda: None)
    monkeypatch.setattr(workers, "_workers", [])
    with tn.threads(2):
        for _ in range(3):
            assert len(parts(2)) == 2


def test_a_spin_wait_gives_up_after_a_while() -> None:
    spin = pytest.importorskip("tinynet.engine.machine.spin")
    place = np.zeros(1, np.int64)
    assert spin.wait_for(0, place)
    start = time.perf_counter()
    assert not spin.wait_for(1, place)
    assert time.perf_counter() - start < 100 * spin.SPIN_SECONDS


def test_a_signal_is_seen_by_another_thread() -> None:
    spin = pytest.importorskip("tinynet.engine.machine.spin")
    there, back = np.zeros((2, 1), np.int64)
    seen: list[bool] = []

    def answer() -> None:
        while not spin.wait_for(7, there):
            pass
        seen.append(spin.signal_and_wait_for(8, back, 7, there))

    other = threading.Thread(target=answer)
    other.start()
    spin.signal_and_wait_for(7, there, 8, back)
    other.join()
    assert seen == [True]
    assert (there[0], back[0]) == (7, 8)


def test_a_slower_thread_gets_less() -> None:
    schedule = pool._Schedule(8, 2)
    assert schedule.ends == [4, 8]
    for _ in range(20):
        schedule.adjust([schedule.ends[0] * 1.0, (8 - schedule.ends[0]) * 3.0])  # a third as fast
    assert schedule.ends == [6, 8]
    for _ in range(50):
        schedule.adjust([1.0, 1e9])
    assert schedule.ends == [7, 8]  # but never an empty part

"""The work shared among threads."""

import os
import threading
import time

import numpy as np
import pytest

import tinynet as tn
from tinynet.engine.machine import pool as team
from tinynet.engine.machine.pool import share


def parts(count: int) -> list[tuple[int, int, int]]:
    """The ranges that `share` makes, and which thread did each."""
    seen: list[tuple[int, int, int]] = []
    share(lambda first, last: seen.append((first, last, threading.get_ident())), count)
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
        share(cube, 9, cubes, 3)
    np.testing.assert_array_equal(cubes, np.arange(9) ** 3)


def test_an_error_in_any_thread_reaches_the_caller() -> None:
    def fail_in(part: int, first: int, last: int) -> None:
        if first == part:
            raise ZeroDivisionError(f"part {part}")

    with tn.threads(2):
        for part in (0, 1):
            with pytest.raises(ZeroDivisionError, match=f"part {part}"):
                share(lambda first, last, part=part: fail_in(part, first, last), 2)
        assert len(parts(2)) == 2  # and the helpers still serve


def test_a_second_caller_works_alone() -> None:
    inner: list = []
    with tn.threads(2):
        share(lambda first, last: inner.append(parts(4)), 2)
    assert [[part[:2] for part in one] for one in inner] == [[(0, 4)], [(0, 4)]]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_process_starts_helpers_of_its_own() -> None:
    with tn.threads(2):
        assert len(parts(2)) == 2
        pid = os.fork()
        if not pid:  # the child: it must not come back into pytest
            os._exit(0 if len(parts(2)) == 2 else 1)
        assert os.waitpid(pid, 0)[1] == 0


def test_quick_work_is_done_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(team, "TRIALS", 2)
    seen: list[int] = []

    def quick(first: int, last: int) -> None:
        seen.append(last - first)

    def slow(first: int, last: int) -> None:
        seen.append(last - first)
        time.sleep(2 * team.LONG)

    with tn.threads(2):
        for _ in range(4):
            share(quick, 6)
        assert seen == [6, 6, 6, 6]
        seen.clear()
        for _ in range(3):
            share(slow, 6)
    assert seen == [6, 6, 3, 3]


def test_a_helper_that_sleeps_is_woken_for_what_comes_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(team, "TRIALS", 1)
    monkeypatch.setattr(team, "LONG", 1.0)
    seen: list[int] = []

    def work(first: int, last: int) -> None:
        seen.append(last - first)
        time.sleep(2 * team.QUICK)

    with tn.threads(2):
        for _ in range(20):  # one alone to see how long it takes, one to wake the helper
            share(work, 6)
            helper = team._first_helpers(1)[0]
            if not helper.sleeps:  # it looks out for work, and now has some
                break
        assert seen == [6] * len(seen)
        helper.sleeps = False
        seen.clear()
        share(work, 6)
        assert seen == [3, 3]


def test_without_numba_helpers_only_sleep(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(team, "_compiled_lookout", lambda: None)
    monkeypatch.setattr(team, "_helpers", [])
    with tn.threads(2):
        for _ in range(3):
            assert len(parts(2)) == 2


def test_one_that_looks_gives_up_after_a_while() -> None:
    lookout = pytest.importorskip("tinynet.engine.machine.spin")
    place = np.zeros(1, np.int64)
    assert lookout.look_for(0, place)
    start = time.perf_counter()
    assert not lookout.look_for(1, place)
    assert time.perf_counter() - start < 100 * lookout.PATIENCE


def test_what_is_said_is_seen_by_another_thread() -> None:
    lookout = pytest.importorskip("tinynet.engine.machine.spin")
    there, back = np.zeros((2, 1), np.int64)
    heard: list[bool] = []

    def answer() -> None:
        while not lookout.look_for(7, there):
            pass
        heard.append(lookout.say_and_look_for(8, back, 7, there))

    other = threading.Thread(target=answer)
    other.start()
    lookout.say_and_look_for(7, there, 8, back)
    other.join()
    assert heard == [True]
    assert (there[0], back[0]) == (7, 8)


def test_who_is_slower_gets_less() -> None:
    known = team._Experience(8, 2)
    assert known.ends == [4, 8]
    for _ in range(20):
        known.learn([known.ends[0] * 1.0, (8 - known.ends[0]) * 3.0])  # a third as fast
    assert known.ends == [6, 8]
    for _ in range(50):
        known.learn([1.0, 1e9])
    assert known.ends == [7, 8]  # but never nothing


def test_an_answer_that_nobody_waited_for_is_not_taken_for_the_next() -> None:
    helper = team._Helper()
    helper.call((lambda first, last: 1 / 0, 0, 1, ()))  # as if Ctrl-C had ended the waiting
    helper.call((lambda first, last: None, 0, 1, ()))
    assert helper.answer() is None
    helper.wake()
    helper.call((lambda first, last: 1 / 0, 0, 1, ()))
    assert isinstance(helper.answer(), ZeroDivisionError)

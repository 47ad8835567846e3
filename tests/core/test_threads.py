"""The number of threads, and the work shared among them."""

import os
import threading
import time

import numpy as np
import pytest

import tinynet as tn
from tinynet.core.threads import blas, share, thread_count


def parts(count: int) -> list[tuple[int, int, int]]:
    """The ranges that `share` makes, and which thread did each."""
    seen: list[tuple[int, int, int]] = []
    share(lambda first, last: seen.append((first, last, threading.get_ident())), count)
    return sorted(seen)


def test_threads_as_a_statement_and_as_a_context() -> None:
    before = thread_count()
    with tn.threads(3):
        assert thread_count() == 3
        tn.threads(1)
        assert thread_count() == 1
        assert {library.num_threads for library in blas()} == {1}
    assert thread_count() == before
    assert {library.num_threads for library in blas()} != {3}


def test_bad_numbers() -> None:
    with pytest.raises(ValueError, match="threads: n must be at least 1, got 0"):
        tn.threads(0)
    with pytest.raises(TypeError, match=r"threads: n must be an integer, got 1\.5"):
        tn.threads(1.5)


@pytest.mark.parametrize(
    ("n", "count", "ranges"),
    [
        (1, 7, [(0, 7)]),
        (2, 7, [(0, 3), (3, 7)]),
        (3, 7, [(0, 2), (2, 4), (4, 7)]),
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
    from tinynet.core import threads

    monkeypatch.setattr(threads, "TRIALS", 2)
    seen: list[int] = []

    def quick(first: int, last: int) -> None:
        seen.append(last - first)

    def slow(first: int, last: int) -> None:
        seen.append(last - first)
        time.sleep(2 * threads.QUICK)

    with tn.threads(2):
        for _ in range(4):
            share(quick, 6)
        assert seen == [6, 6, 6, 6]
        seen.clear()
        for _ in range(3):
            share(slow, 6)
    assert seen == [6, 6, 3, 3]

"""Memory that runs out at any moment: MemoryError or the right bits, later results are right, and nothing hangs."""

from __future__ import annotations

import os
import signal
import sys
from _thread import start_new_thread
from collections.abc import Callable
from functools import cache

import numpy as np
import pytest

import tinynet as tn
from tests.engine.machine.test_interrupts import NUMBERS, products_at_once, shared_python
from tinynet.core import faster
from tinynet.engine.machine import workers
from tinynet.engine.machine.gemm import multiply, together
from tools.interrupts import steps

pytestmark = [
    pytest.mark.needs_compiler,
    pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),  # of workers that die
]
needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
Work = Callable[[], list[np.ndarray]]
SECONDS_UNTIL_IT_HANGS = 60
# One allocation in so many fails: all of them take minutes.
EVERY = 1 if os.environ.get("TINYNET_EVERY_LINE") else 7


def product_in_the_queue() -> list[np.ndarray]:
    A, B = NUMBERS[:64, :200].astype(np.float32), NUMBERS[64:264, :200].astype(np.float32)
    C = np.zeros((64, 200), np.float32)
    multiply(A, B, C, start=None)
    return [C]


def are_equal(results: list[np.ndarray], right: list[np.ndarray]) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(results, right, strict=True))


def in_child(work: Callable[[], str]) -> tuple[int, str]:
    """The exit code of a forked process that does some work, and what the work gave or, if it died, what it wrote."""
    reader, writer = os.pipe()
    pid = os.fork()
    if not pid:  # the child: it must not come back into pytest
        signal.alarm(SECONDS_UNTIL_IT_HANGS)
        os.dup2(writer, 2)
        try:
            os.write(writer, b"\0" + work().encode())
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        text = pipe.read().decode(errors="replace")
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), text.rpartition("\0")[2]


def when_allocations_fail(work: Work, right: list[np.ndarray]) -> str:
    """What was wrong when the first allocation of Python failed, and then another one each time."""
    from _testcapi import remove_mem_hooks, set_nomemory

    sys.unraisablehook = lambda _: None  # of workers that die
    number, in_a_row, failed, wrong = 0, 0, 0, []
    while in_a_row < 30 and number < 3000:
        number, in_a_row = number + EVERY, in_a_row + 1
        for worker in list(workers._workers):  # Others start, which may fail too.
            workers._dismiss(worker)
            worker.wake()
        try:
            set_nomemory(number, number + 1)
            try:
                results = work()
            finally:
                remove_mem_hooks()
        except (MemoryError, SystemError):  # NumPy raises the second where it forgets to say why it gives nothing.
            in_a_row, failed = 0, failed + 1
        except BaseException as error:  # noqa: BLE001 - the child tells its parent
            wrong.append(f"allocation {number}: {error!r}")
        else:
            if not are_equal(results, right):
                wrong.append(f"allocation {number}: other numbers")
        if not workers.WORKERS.is_free() or not are_equal(work(), right):
            wrong.append(f"after allocation {number}")
    return "right" if not wrong and failed > 3 else f"{wrong} of {failed}"


def closure(number: int) -> Callable[[], int]:
    return lambda: number


def references_after_failures() -> str:
    """How often the code of a function is held before and after there was no memory to make the function."""
    from _testcapi import remove_mem_hooks, set_nomemory

    code = next(constant for constant in closure.__code__.co_consts if hasattr(constant, "co_code"))
    held = [code] * 100  # so that it is not freed before it is counted
    before = sys.getrefcount(code)
    for number in range(1, len(held) // 2):
        try:
            set_nomemory(number, number + 1)
            try:
                closure(number)
            finally:
                remove_mem_hooks()
        except MemoryError:
            pass
    return f"{before - sys.getrefcount(code)} fewer"


@cache
def python_survives() -> bool:
    """Whether this Python itself survives it: 3.12.1 and 3.13.0 let go of the code too often, and crash later."""
    return in_child(references_after_failures) == (0, "0 fewer")


@needs_fork
@pytest.mark.parametrize("work", [shared_python, products_at_once, product_in_the_queue])
def test_an_allocation_that_fails(work: Work) -> None:
    pytest.importorskip("_testcapi", reason="this Python has no allocations that fail")
    if not python_survives():
        pytest.skip("this Python crashes where a function finds no memory")
    with tn.threads(2), faster.use("compiled"):
        right = [work() for _ in range(5)][-1]
        assert in_child(lambda: when_allocations_fail(work, right)) == (0, "right")


def within(size: int, work: Work, right: list[np.ndarray]) -> str:
    """How some work ends in a process that may have so many bytes in all."""
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (size, size))
    for _ in range(3):
        try:
            if not are_equal(work(), right):
                return "other numbers"
        except MemoryError:
            pass
    return "right"


@needs_fork
@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="this system does not say how large a process is")
@pytest.mark.parametrize("name", ["MLP", "CNN", "attention"])
def test_a_limit_of_memory(name: str) -> None:
    with tn.threads(2), faster.use("compiled"):
        work = steps()[name]
        right = [work() for _ in range(5)][-1]
        for more in (0, 1 << 18, 1 << 23, 1 << 26):
            with open("/proc/self/statm") as file:
                size = int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE") + more
            code, said = in_child(lambda size=size: within(size, work, right))  # type: ignore[misc]
            # OpenBLAS ends a process that has no memory for its buffers, and says so.
            if code != 1 or "OpenBLAS error: Memory" not in said:
                assert (more, code, said) == (more, 0, "right")


@pytest.mark.parametrize("error", [RuntimeError, MemoryError])
def test_a_thread_that_cannot_begin(error: type, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(function: Callable, arguments: tuple) -> int:
        raise error("can't start new thread")

    monkeypatch.setattr(workers, "_workers", [])
    monkeypatch.setattr(workers, "start_new_thread", refuse)
    with tn.threads(2):
        right = [shared_python() for _ in range(5)]
    assert all(are_equal(results, right[0]) for results in right)
    assert workers._workers == []


def test_a_thread_that_dies_at_birth(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python tells nobody. The caller does the job, and the next caller starts another worker."""
    monkeypatch.setattr(workers, "_workers", [])
    monkeypatch.setattr(workers, "start_new_thread", lambda function, arguments: 0)
    with tn.threads(2):
        right = [shared_python() for _ in range(4)]
        assert workers._workers == []
        monkeypatch.setattr(workers, "start_new_thread", start_new_thread)
        right.append(shared_python())
        assert len(workers._workers) == 1
    assert all(are_equal(results, right[0]) for results in right)


def test_no_memory_for_a_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise RuntimeError("can't allocate lock")

    monkeypatch.setattr(workers.threading, "Lock", refuse)
    with pytest.raises(MemoryError, match=r"^There is no memory for a lock\.$"):
        workers.Job(lambda first, last: None, 0, 1, ())


def test_no_memory_for_the_arguments_of_a_product() -> None:
    class Unconvertible:
        @property
        def _as_parameter_(self) -> int:
            raise MemoryError

    import ctypes

    routine = ctypes.pythonapi.PyLong_FromLong
    with pytest.raises(MemoryError, match=r"^There is no memory for the arguments of a matrix product\.$"):
        together._run_next(0, 1, iter([lambda: routine(Unconvertible())]))

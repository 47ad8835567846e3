"""Ctrl-C at any line, and threads that die: all later results have the right bits, and nothing hangs."""

from __future__ import annotations

import faulthandler
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import numpy as np
import pytest

import tinynet as tn
from tests.injection import at_every_line
from tinynet.core import faster
from tinynet.engine.machine import workers
from tinynet.engine.machine.gemm import add_product, at_once, product
from tinynet.engine.machine.gemm import blas as numpys
from tinynet.engine.machine.pool import run_parallel
from tools.interrupts import steps

pytestmark = [
    pytest.mark.needs_compiler,
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),  # of workers that die
]
NUMBERS = np.random.default_rng(0).normal(size=(800, 500))
ROOMS = ("engine/machine", "core/threads.py")


@pytest.fixture(autouse=True)
def _watchdog() -> Iterator[None]:
    faulthandler.dump_traceback_later(300, exit=True)
    with tn.threads(2), faster.use("compiled"):
        yield
    faulthandler.cancel_dump_traceback_later()


def shared_python() -> list[np.ndarray]:
    squares = np.zeros(1000)

    def square(first: int, last: int, out: np.ndarray) -> None:
        out[first:last] += np.arange(first, last) ** 2

    run_parallel(square, 1000, squares)
    return [squares]


def products_at_once() -> list[np.ndarray]:
    x, dy, W = NUMBERS[:600, :300], NUMBERS[:600, 300:], NUMBERS[600:, :300]
    dW = np.ones_like(W)
    return [_products(x, dy, W, dW), dW]


@at_once
def _products(x: np.ndarray, dy: np.ndarray, W: np.ndarray, dW: np.ndarray) -> np.ndarray:
    add_product(dy.T, x, to=dW)
    return product(dy, W)


def works() -> dict[str, Callable[[], list[np.ndarray]]]:
    return {"shared": shared_python, "products": products_at_once, **steps()}


# At so many lines one is interrupted: all of them take minutes.
EVERY = {"shared": 1, "products": 5, "MLP": 5, "CNN": 31, "attention": 5}
if os.environ.get("TINYNET_EVERY_LINE"):
    EVERY = dict.fromkeys(EVERY, 1)


def is_whole(work: Callable[[], list[np.ndarray]], right: list[np.ndarray]) -> bool:
    """Whether the results have the right bits, and nothing is left behind."""
    idle = workers.WORKERS.is_free() and [library.get() for library in numpys._libraries()] == [2]
    return idle and all(np.array_equal(a, b) for a, b in zip(work(), right, strict=True))


@pytest.mark.parametrize("name", EVERY)
def test_an_interrupt_at_any_line(name: str) -> None:
    work = works()[name]
    right = [work() for _ in range(3)][-1]
    assert is_whole(work, right)
    wrong, n = [], 0
    for n, place in enumerate(at_every_line(work, ROOMS, step=EVERY[name]), start=1):
        if not is_whole(work, right):
            wrong.append(f"line {n} at {place}")
            workers.WORKERS.forget()
    assert wrong == []
    assert n > 20


@pytest.mark.parametrize("error", [MemoryError, KeyboardInterrupt])
def test_a_worker_that_dies_at_any_line(error: type, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "SECONDS_BETWEEN_SIGNS_OF_LIFE", 0.002)
    right = shared_python()

    def with_new_workers() -> None:
        workers._workers.clear()
        for _ in range(3):
            with suppress(error):  # the job that the worker died in
                assert np.array_equal(shared_python()[0], right[0])

    places = 0
    for place in at_every_line(with_new_workers, ROOMS, error, in_workers=True):
        places += 1
        assert is_whole(shared_python, right), place
    assert places > 10


def test_real_interrupts() -> None:
    """More of them: `python -m tools.interrupts`."""
    command = [sys.executable, "-m", "tools.interrupts", "--number", "18", "--threads", "2"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=280, check=False)
    assert (done.returncode, done.stdout.count("6 of 6 whole")) == (0, 3), done.stdout + done.stderr


def end_of(pid: int, seconds: float = 100) -> int:
    """How a child ended; one that hangs is killed."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found, code = os.waitpid(pid, os.WNOHANG)
        if found:
            return code
        time.sleep(0.002)
    os.kill(pid, signal.SIGKILL)
    return os.waitpid(pid, 0)[1]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
@pytest.mark.parametrize("name", ["MLP", "attention", "shared"])
def test_a_fork_while_another_thread_computes(name: str) -> None:
    work, other = works()[name], works()[name]
    right = [work() for _ in range(3)][-1]
    stop = threading.Event()

    def until_stopped() -> None:
        while not stop.is_set():
            other()

    thread = threading.Thread(target=until_stopped)
    thread.start()
    codes = []
    for _ in range(10):
        pid = os.fork()
        if not pid:  # the child: it must not come back into pytest
            results = [work() for _ in range(3)]
            os._exit(not all(np.array_equal(a, b) for result in results for a, b in zip(result, right, strict=True)))
        codes.append(end_of(pid))
    stop.set()
    thread.join()
    assert codes == [0] * 10
    assert is_whole(work, right)

"""Ctrl-C ends training cleanly."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tinynet.learner.learner import Learner


@contextmanager
def interrupt_ends(learner: Learner) -> Iterator[None]:
    """Within this block the first Ctrl-C sets `learner.stop`; a second one raises KeyboardInterrupt as usual.

    Signals reach the main thread alone, so elsewhere this does nothing.
    """
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or before is None:  # None: a handler written in C
        yield
        return

    def stop(number: int, frame: FrameType | None) -> None:
        learner.stop, learner.stop_reason = True, "Ctrl-C"
        signal.signal(signal.SIGINT, before)

    signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)

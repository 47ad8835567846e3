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

INTERRUPTIONS = ("Ctrl-C", "SIGTERM")  #: Reasons for a stop that say nothing about the training.


@contextmanager
def interrupt_ends(learner: Learner) -> Iterator[None]:
    """Within this block the first Ctrl-C sets `learner.stop`; a second one raises KeyboardInterrupt as usual.

    Signals reach the main thread alone, so elsewhere nothing is done about them.
    """
    learner.net.zero_gradient()  # An interrupted backward has left a part of its gradients, which belong to no step.
    before = signal.getsignal(signal.SIGINT)
    has_no_handler = before in (None, signal.SIG_IGN)  # None is one written in C
    if threading.current_thread() is not threading.main_thread() or has_no_handler:
        yield
        return

    def stop(number: int, frame: FrameType | None) -> None:
        learner.stop, learner.stop_reason = True, learner.stop_reason or INTERRUPTIONS[0]
        signal.signal(signal.SIGINT, before)

    try:
        try:
            signal.signal(signal.SIGINT, stop)
            yield
        finally:
            signal.signal(signal.SIGINT, before)
    finally:  # A second Ctrl-C may have cut the first short.
        signal.signal(signal.SIGINT, before)

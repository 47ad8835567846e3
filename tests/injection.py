"""Exceptions that come at a chosen line, as Ctrl-C does."""

from __future__ import annotations

import sys
from _thread import start_new_thread
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Any

import tinynet

SOURCES = Path(tinynet.__file__).parent


class Injection:
    """Raises an error at the n-th line that runs in some files of Tinynet.

    Args:
        places: Files and folders, relative to the package.
        number: Of the line, from 0.
        error: What is raised.
        in_workers: Trace workers that start meanwhile, and not this thread.
    """

    def __init__(self, places: tuple[str, ...], number: int, error: type, in_workers: bool = False) -> None:
        self.places = tuple(str(SOURCES / place) for place in places)
        self.left, self.error, self.in_workers = number, error, in_workers
        self.at = ""  # where it was raised
        self.is_over = False  # a thread that was traced goes on to be

    def __enter__(self) -> Injection:
        self._before = sys.gettrace()
        if self.in_workers:
            from tinynet.engine.machine import workers

            self._workers = workers
            workers.start_new_thread = self._start_traced
        else:
            sys.settrace(self._call)
        return self

    def __exit__(self, *_: object) -> None:
        self.is_over = True
        sys.settrace(self._before)
        if self.in_workers:
            self._workers.start_new_thread = start_new_thread

    def _start_traced(self, function: Callable, arguments: tuple) -> int:
        def traced() -> None:
            sys.settrace(self._call)
            function(*arguments)

        return start_new_thread(traced, ())

    def _call(self, frame: FrameType, event: str, argument: Any) -> Callable | None:
        return self._line if frame.f_code.co_filename.startswith(self.places) else None

    def _line(self, frame: FrameType, event: str, argument: Any) -> Callable | None:
        if event == "line" and not self.at and not self.is_over:
            if self.left == 0:
                self.at = f"{frame.f_code.co_filename}:{frame.f_lineno}"
                raise self.error
            self.left -= 1
        return self._line


def at_every_line(
    work: Callable[[], object], places: tuple[str, ...], error: type = KeyboardInterrupt, step: int = 1, **options: bool
) -> Iterator[str]:
    """Do some work again and again, each time with an error at a later line, until it comes to its end.

    Gives each place where it was raised.
    """
    number = 0
    while True:
        with Injection(places, number, error, **options) as injection, suppress(error):
            work()
        if not injection.at:
            return
        yield injection.at
        number += step

"""Hold a library of matrix products at one thread, because the engine has threads of its own."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from functools import wraps
from threading import get_ident
from typing import Any, NamedTuple

from tinynet.engine.machine.ownership import Ownership

SECONDS_BEFORE_FORK = 1.0  # A change takes microseconds; a fork amid one of its own thread must not wait for ever.


class Library(NamedTuple):
    """Getter and setter of the number of threads of a BLAS."""

    get: Callable[[], int]
    set: Callable[[int], object]


class OneThread:
    """Decorator for functions during which some libraries compute on one thread.

    Several threads may be in such functions. The last to leave gives the libraries their numbers back.

    Args:
        find_libraries: Gives the libraries, when they are first needed.

    Example:
        >>> number = [8]
        >>> one_thread = OneThread(lambda: [Library(lambda: number[0], lambda n: number.__setitem__(0, n))])
        >>> one_thread(lambda: number[0])(), number[0]
        (1, 8)
    """

    def __init__(self, find_libraries: Callable[[], list[Library]]) -> None:
        self._find_libraries = find_libraries
        self._inside: set[int] = set()  # threads
        self._before: list[tuple[Library, int]] = []  # their numbers before the first of these threads came
        self._changes = Ownership()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(
                before=self._hold_changes,
                after_in_parent=self._let_changes_go,
                after_in_child=self._leave_others_behind,
            )

    def __call__(self, function: Callable) -> Callable:
        @wraps(function)
        def on_one_thread(*arguments: Any, **options: Any) -> Any:
            thread = get_ident()
            if thread in self._inside:
                return function(*arguments, **options)
            try:
                try:
                    self._enter(thread)
                    return function(*arguments, **options)
                finally:
                    self._leave(thread)
            finally:  # Ctrl-C may have cut the first short.
                self._leave(thread)

        return on_one_thread

    def _enter(self, thread: int) -> None:
        libraries = self._find_libraries()

        def hold() -> None:
            self._inside.add(thread)
            for library in libraries:
                number = library.get()
                if number != 1:
                    self._before.append((library, number))
                    library.set(1)

        self._alone(hold)

    def _leave(self, thread: int) -> None:
        def restore() -> None:
            self._inside.discard(thread)
            if not self._inside:
                for library, number in self._before:
                    library.set(number)
                self._before.clear()

        if thread in self._inside or self._before:
            self._alone(restore)

    def _alone(self, change: Callable[[], None]) -> None:
        """Make a change while no other thread makes one, which takes microseconds."""
        call = object()
        try:
            try:
                while not self._changes.belong_to(call):
                    time.sleep(0)
                change()
            finally:
                self._changes.release(call)
        finally:
            self._changes.release(call)

    def _hold_changes(self) -> None:
        """Before a fork, wait for changes of other threads: a lock that the library holds in one stays in the child."""
        end = time.monotonic() + SECONDS_BEFORE_FORK
        while not self._changes.belong_to(self) and time.monotonic() < end:
            time.sleep(0)

    def _let_changes_go(self) -> None:
        self._changes.release(self)

    def _leave_others_behind(self) -> None:
        """A forked process has none of the other threads. The next to leave gives the libraries their numbers back."""
        self._changes.forget()
        self._inside.intersection_update({get_ident()})

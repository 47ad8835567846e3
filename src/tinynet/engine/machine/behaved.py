"""Arrays that compiled code takes: writable, and with each number where the processor wants it.

For Numba, an array that is read-only or unaligned is of another type. It would compile each kernel once more for them,
and cannot put them into one tuple with others.
"""

from __future__ import annotations

from typing import Any

import numpy as np


def behaved(arguments: tuple) -> tuple:
    """The arguments, with arrays of the same numbers in place of those that are read-only or unaligned.

    What kernels read may be read-only. So these are the same memory, and no copies.

    Example:
        >>> x = np.ones(2)
        >>> x.flags.writeable = False
        >>> y, three = behaved((x, 3))
        >>> y.flags.writeable, np.shares_memory(x, y), three
        (True, True, 3)
    """
    for value in arguments:
        if isinstance(value, np.ndarray) and not value.flags.behaved:
            return tuple([_behaved(value) if isinstance(value, np.ndarray) else value for value in arguments])
    return arguments


def _behaved(array: np.ndarray) -> np.ndarray:
    if not array.flags.aligned:
        return array.copy(order="K")
    return array if array.flags.writeable else np.asarray(_Memory(array))


class _Memory:
    """Memory without the note that it is read-only."""

    def __init__(self, array: np.ndarray) -> None:
        self.array = array  # it lives as long as what is made of it
        interface: dict[str, Any] = array.__array_interface__
        self.__array_interface__ = {**interface, "data": (interface["data"][0], False)}

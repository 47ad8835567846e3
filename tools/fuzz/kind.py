"""What one kind of file is to the fuzzer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tools.fuzz.mutations import BYTES, Change


@dataclass(frozen=True)
class Format:
    """One kind of file.

    Attributes:
        make: Writes good files into an empty folder, and gives those that may be damaged.
        read: Reads what lies in the folder. It raises AssertionError if what it gives cannot be right.
        changes: The ways to damage it: those of any bytes, and some that know the format.
        alone: Whether only the damaged file is there when it is read, because the others do not belong to it.
    """

    make: Callable[[Path], Sequence[Path]]
    read: Callable[[Path], None]
    changes: tuple[Change, ...] = BYTES
    alone: bool = False

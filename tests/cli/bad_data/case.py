"""A case of bad data."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple


class Bad(NamedTuple):
    """Data that cannot be used.

    Attributes:
        name: What is wrong.
        make: Writes them into a folder, and gives the words after `tinynet train`.
        words: What the sentence says.
    """

    name: str
    make: Callable[[Path], list]
    words: str

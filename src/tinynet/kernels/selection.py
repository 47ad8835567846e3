"""Which body of the kernels runs."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Self

import numpy as np

from tinynet.core import checks

BODIES = ("auto", "loops", "vectorized", "compiled")
LARGE = 3000  # numbers in a sample from which on compiling pays: the digits of 8×8 pixels learn faster than it takes
_selected = "auto"
_exact = False


class use:  # noqa: N801 - reads as a verb: with kernels.use("loops")
    """Select the body of every kernel, from now on or, as a context manager, for one block.

    Args:
        body: "loops", nested Python loops that read like the definition; "vectorized", NumPy; "compiled", Numba; or
            "auto", the default: compiled for large samples, vectorized for small ones, which need no compiler. A family
            without such a body, or a machine without Numba, takes the vectorized one instead. Bodies differ in the last
            bits, so a run that is to be repeated keeps to one choice.

    Raises:
        ValueError: There is no such body.

    Example:
        >>> with use("loops"):
        ...     selected()
        'loops'
        >>> selected()
        'auto'
    """

    def __init__(self, body: str) -> None:
        global _selected
        body = checks.one_of("kernels.use", "body", body, BODIES)
        self._before = _selected
        _selected = body

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        global _selected
        _selected = self._before


class exact:  # noqa: N801 - as use
    """Leave out the routes that round more than the plain sum does, from now on or for one block.

    That is Winograd's convolution in float32, whose relative error is some 1e-6 rather than 1e-7, and which spreads a
    NaN or infinity to the 16 pixels of its tile. In float64 it is never taken.

    Args:
        on: False allows them again.

    Example:
        >>> with exact():
        ...     is_exact()
        True
    """

    def __init__(self, on: bool = True) -> None:
        global _exact
        self._before = _exact
        _exact = on

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        global _exact
        _exact = self._before


def is_exact() -> bool:
    """Whether only plain sums are allowed now.

    Example:
        >>> is_exact()
        False
    """
    return _exact


def selected() -> str:
    """The name of the body that runs now.

    Example:
        >>> selected()
        'auto'
    """
    return _selected


def body(family: str, sample_size: int = LARGE, large: int = LARGE) -> ModuleType:
    """The module that holds the selected body of a family of kernels, as in "convolution".

    Args:
        family: The name of the folder.
        sample_size: How many numbers one sample has, by which "auto" chooses. The batch does not count, so that a
            sample gives the same alone and among others.
        large: From how many of them on compiling pays.

    Example:
        >>> with use("vectorized"):
        ...     body("convolution").__name__
        'tinynet.kernels.convolution.vectorized'
    """
    name = _selected
    if name == "auto":
        name = "compiled" if sample_size >= large else "vectorized"
    return _load(family, name)


def sample_size(x: np.ndarray) -> int:
    """How many numbers one sample of x (N, …) has.

    Example:
        >>> sample_size(np.zeros((5, 2, 3))), sample_size(np.array(1.0))
        (6, 1)
    """
    return x.size // max(1, len(x)) if x.ndim else 1


@cache
def _load(family: str, name: str) -> ModuleType:
    module = f"{__package__}.{family}.{name}"
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if name == "vectorized" or error.name not in (module, "numba"):
            raise
        return _load(family, "vectorized")

"""What replacements serve, and from which size compiling pays. The rest is declined, and left to the lesson."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any, Self

import numpy as np

from tinynet.core.faster import in_use

# For smaller samples, compiling takes longer than it saves. A net for digits of 8×8 pixels learns in less time.
MIN_SAMPLE_SIZE = 3000
_FLOATING = (np.dtype(np.float32), np.dtype(np.float64))


def is_floating(*arrays: Any) -> bool:
    """Whether all are NumPy's own arrays, of one floating type that compiled code knows: float32 or float64.

    Example:
        >>> is_floating(np.ones(2), np.ones(3)), is_floating(np.ones(2, np.float16)), is_floating([1.0])
        (True, False, False)
    """
    kind = getattr(arrays[0], "dtype", None)
    if kind not in _FLOATING:
        return False
    for array in arrays:  # noqa: SIM110 - `all` with a generator takes twice as long
        if type(array) is not np.ndarray or array.dtype != kind:
            return False
    return True


def sample_size(x: np.ndarray) -> int:
    """How many numbers one sample of x (N, …) has.

    Example:
        >>> sample_size(np.zeros((5, 2, 3))), sample_size(np.array(1.0))
        (6, 1)
    """
    return x.size // max(1, len(x)) if x.ndim else 1


def compiled_code(family: str, size: int, min_size: int = MIN_SAMPLE_SIZE) -> ModuleType | None:
    """The compiled code of a family, as in "gelu", or None if compiling does not pay or Numba is not installed.

    Args:
        family: The name of a folder of the engine, in which there is a module `compiled`. It is loaded here, because it
            loads Numba.
        size: How many numbers one sample has, or one step of an optimizer. The batch does not count, so that a sample
            gives the same alone and among others.
        min_size: The smallest size for which compiling pays. It does not count if "compiled" is chosen.

    Example:
        >>> compiled_code("gelu", size=10) is None
        True
    """
    return _load(family) if size >= min_size or in_use() == "compiled" else None


@cache
def _load(family: str) -> ModuleType | None:
    try:
        return import_module(f"tinynet.engine.{family}.compiled")
    except ModuleNotFoundError as error:
        if error.name != "numba":
            raise
        return None


_exact = False


class exact:  # noqa: N801 - reads as what it makes: with exact()
    """Allow nothing but plain sums, from now on or for one block.

    The rest is Winograd's convolution in float32, whose relative error is some 1e-6 rather than 1e-7, and in float32
    convolutions of few channels registers that hold neighbouring pixels. In float64 neither is ever taken. A NaN or
    infinity comes to the same pixels either way: where it would spread, the sums are done again, plainly.

    Args:
        on: False allows it again.

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

"""Which body of the kernels runs."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Self

from tinynet.core import checks

BODIES = ("loops", "vectorized", "compiled")
_selected = "vectorized"


class use:  # noqa: N801 - reads as a verb: with kernels.use("loops")
    """Select the body of every kernel, from now on or, as a context manager, for one block.

    Args:
        body: "loops", nested Python loops that read like the definition; "vectorized", NumPy; or "compiled", Numba.
            A family without a compiled body, or a machine without Numba, takes the vectorized one instead.

    Raises:
        ValueError: There is no such body.

    Example:
        >>> with use("loops"):
        ...     selected()
        'loops'
        >>> selected()
        'vectorized'
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


def selected() -> str:
    """The name of the body that runs now.

    Example:
        >>> selected()
        'vectorized'
    """
    return _selected


def body(family: str) -> ModuleType:
    """The module that holds the selected body of a family of kernels, as in "convolution".

    Example:
        >>> body("convolution").__name__
        'tinynet.kernels.convolution.vectorized'
    """
    return _load(family, _selected)


@cache
def _load(family: str, name: str) -> ModuleType:
    module = f"{__package__}.{family}.{name}"
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if name != "compiled" or error.name not in (module, "numba"):
            raise
        return _load(family, "vectorized")

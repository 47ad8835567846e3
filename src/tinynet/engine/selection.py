"""TRANSITION: which body of the kernels runs, for families that have no replacements yet."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from types import ModuleType

from tinynet.core.faster import in_use
from tinynet.engine.serves import LARGE, sample_size

__all__ = ["LARGE", "body", "sample_size"]


def body(family: str, sample_size: int = LARGE, large: int = LARGE) -> ModuleType:
    """The module that holds the body of a family of kernels."""
    name = {"plain": "vectorized"}.get(in_use(), in_use())
    if name == "auto":
        name = "compiled" if sample_size >= large else "vectorized"
    return _load(family, name)


@cache
def _load(family: str, name: str) -> ModuleType:
    module = f"{__package__}.{family}.{name}"
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if name == "vectorized" or error.name not in (module, "numba"):
            raise
        return _load(family, "vectorized")

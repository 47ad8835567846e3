"""The library `onnx`, which is loaded where it is first needed."""

from __future__ import annotations

from typing import Any

from tinynet.exchange.lazily import imported

PARTS = ("checker", "helper", "numpy_helper", "shape_inference")


def onnx_library(who: str) -> Any:
    """The module `onnx`.

    Raises:
        ImportError: It is not installed.

    Example:
        >>> onnx_library("export_onnx").__name__  # doctest: +SKIP
        'onnx'
    """
    for part in PARTS:
        imported(who, f"onnx.{part}", INSTALL)
    return imported(who, "onnx", INSTALL)


INSTALL = "pip install tinynet[onnx]"

"""The library `onnx`, which is loaded where it is first needed."""

from __future__ import annotations

import importlib
from typing import Any

from tinynet.core import checks


def onnx_library(who: str) -> Any:
    """The module `onnx`.

    Raises:
        ModuleNotFoundError: It is not installed.

    Example:
        >>> onnx_library("export_onnx").__name__  # doctest: +SKIP
        'onnx'
    """
    try:
        onnx = importlib.import_module("onnx")
        for part in ("checker", "helper", "numpy_helper", "shape_inference"):
            importlib.import_module(f"onnx.{part}")
    except ModuleNotFoundError as error:
        problem = f"the package {error.name} is not installed."
        checks.fail(who, problem, "write pip install tinynet[onnx].", ModuleNotFoundError)
    return onnx

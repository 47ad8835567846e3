"""Nets and weights at home elsewhere: PyTorch, ONNX, NumPy, scikit-learn.

`TinynetClassifier` and `TinynetRegressor` need scikit-learn, and are loaded where they are first used.
"""

from importlib import import_module
from typing import Any

from tinynet.exchange.onnx import export_onnx, load_onnx
from tinynet.exchange.to_npz import export_npz
from tinynet.exchange.to_pytorch import export_pytorch
from tinynet.exchange.torch_modules import from_pytorch

__all__ = ["export_npz", "export_onnx", "export_pytorch", "from_pytorch", "load_onnx"]


def __getattr__(name: str) -> Any:
    if name in ("TinynetClassifier", "TinynetRegressor"):
        return getattr(import_module("tinynet.exchange.estimators"), name)
    raise AttributeError(f"module 'tinynet.exchange' has no attribute {name!r}")

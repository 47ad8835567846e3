"""ONNX, both ways: the file format that most programs for inference read."""

from tinynet.exchange.onnx.export import export_onnx
from tinynet.exchange.onnx.load import load_onnx

__all__ = ["export_onnx", "load_onnx"]

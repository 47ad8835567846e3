"""ONNX, both ways: the file format that most programs for inference read."""

from tinynet.exchange.onnx.export import export_onnx

__all__ = ["export_onnx"]

"""Nets that come from other programs, and nets that go there."""

from tinynet.exchange.onnx import export_onnx, load_onnx

__all__ = ["export_onnx", "load_onnx"]

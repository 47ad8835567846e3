"""Nets and weights at home elsewhere: PyTorch, NumPy, scikit-learn."""

from tinynet.exchange.to_pytorch import export_pytorch

__all__ = ["export_pytorch"]

"""Nets and weights at home elsewhere: PyTorch, NumPy, scikit-learn."""

from tinynet.exchange.from_pytorch import from_pytorch
from tinynet.exchange.to_pytorch import export_pytorch

__all__ = ["export_pytorch", "from_pytorch"]

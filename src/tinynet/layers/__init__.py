"""Layer and every layer: the formula and its derivative side by side."""

from tinynet.layers.layer import Layer
from tinynet.layers.linear import Linear

__all__ = ["Layer", "Linear"]

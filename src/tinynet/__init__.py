"""Tinynet: a deep learning framework whose every step can be read, watched and checked."""

from tinynet.core import Parameter, formula, seed

__all__ = ["Parameter", "formula", "seed"]
__version__ = "0.1.0"

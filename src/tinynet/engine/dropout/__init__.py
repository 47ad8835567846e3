"""Dropout, whose random numbers are drawn where they are used.

Philox computes its numbers from a key and a counter, so any of them can be had without those before. Each thread
computes those of its own block while the block is in its cache, and no array of random numbers is made. The masks have
the lesson's bits, for any number of threads and any memory order of x.

A layer with a generator of its own is declined, and so are small batches.
"""

from __future__ import annotations

import math
from types import ModuleType
from typing import Any

import numpy as np

from tinynet.core import stream
from tinynet.engine.dropout.philox import words_of
from tinynet.engine.serves import compiled_code, is_floating
from tinynet.layers import Dropout, Dropout2D

# NumPy draws fewer numbers in less than 0.1 ms. The bits are the same either way, so the size of the batch decides.
MIN_SIZE = 30_000


def forward(layer: Dropout, x: np.ndarray) -> Any:
    """y = x ⊙ m / (1 − p). A generator of the user's own is left to the lesson."""
    kernels = _kernels(layer, x) if layer.rng is None else None
    if kernels is None:
        return NotImplemented
    y, m = kernels.forward(x, words_of(stream("dropout")), _threshold(layer.p), _scale(layer))
    layer.remember(m=m)
    return y


def backward(layer: Dropout, dy: np.ndarray) -> Any:
    """dx = dy ⊙ m / (1 − p)."""
    (m,) = layer.recall()
    kernels = None if m is None or not _fits(dy, m.shape) else compiled_code("dropout", dy.size, MIN_SIZE)
    return NotImplemented if kernels is None else kernels.gradient(dy, m, _scale(layer))


def forward_of_channels(layer: Dropout2D, x: np.ndarray) -> Any:
    """y = x ⊙ m / (1 − p), with one m for all pixels of a channel. NumPy draws these, because they are few."""
    kernels = _kernels(layer, x) if getattr(x, "ndim", 0) == 4 else None
    if kernels is None:
        return NotImplemented
    rng = stream("dropout") if layer.rng is None else layer.rng
    m = rng.random((*x.shape[:2], 1, 1), np.float32) >= layer.p
    layer.remember(m=m)
    return kernels.of_channels(x, m, _scale(layer))


def backward_of_channels(layer: Dropout2D, dy: np.ndarray) -> Any:
    """dx = dy ⊙ m / (1 − p)."""
    (m,) = layer.recall()
    if m is None or not _fits(dy, (*m.shape[:2], *dy.shape[2:])):
        return NotImplemented
    kernels = compiled_code("dropout", dy.size, MIN_SIZE)
    return NotImplemented if kernels is None else kernels.of_channels(dy, m, _scale(layer))


def _kernels(layer: Dropout | Dropout2D, x: np.ndarray) -> ModuleType | None:
    serves = is_floating(x) and x.size > 0 and layer.training and layer.p > 0
    return compiled_code("dropout", x.size, MIN_SIZE) if serves else None


def _fits(dy: np.ndarray, shape: tuple[int, ...]) -> bool:
    return is_floating(dy) and dy.size > 0 and dy.shape == shape


def _threshold(p: float) -> int:
    """The random float32 are multiples of 2⁻²⁴. This is the first multiple that is at least p."""
    return math.ceil(float(np.float32(p)) * 2**24)


def _scale(layer: Dropout | Dropout2D) -> float:
    return 1 / (1 - layer.p)

"""GELU with NumPy."""

from __future__ import annotations

import math

import numpy as np

from tinynet.engine.machine import layout
from tinynet.engine.machine.normal_distribution import normal_share

FAR = 40.0  # where tanh u is 1 and φ(x) is 0 in any type, and x³ does not overflow


def forward(x: np.ndarray, approximate: str) -> tuple[np.ndarray, np.ndarray]:
    """y = x · share, and its derivative: share + x · d share / dx."""
    near = x.clip(-FAR, FAR)
    if approximate == "none":
        share, density = normal_share(x), np.exp(near * near * -0.5) / math.sqrt(2 * math.pi)  # Φ(x) and φ(x)
    else:
        share = (1 + np.tanh(math.sqrt(2 / math.pi) * (near + 0.044715 * near * near * near))) / 2
        # (1 − t²) / 2 = 2 s (1 − s) for the share s = (1 + t) / 2
        density = 2 * share * (1 - share) * (math.sqrt(2 / math.pi) * (1 + 3 * 0.044715 * near * near))
    return x * share, share + near * density


def backward(dy: np.ndarray, slope: np.ndarray) -> np.ndarray:
    """dx = dy · slope."""
    return layout.like(slope, dy) * slope

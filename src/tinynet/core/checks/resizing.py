"""Sentences about layers that change the size or the axes of an array, or act on each of its channels."""

from __future__ import annotations

import numpy as np

from tinynet.core.checks.shapes import shape_text
from tinynet.core.checks.words import fail


def slope_for_each_channel(who: object, x: np.ndarray, n_slopes: int) -> None:
    """Check that x has as many channels as there are slopes."""
    axis = 1 if x.ndim == 4 else x.ndim - 1
    if x.ndim < 2 or x.shape[axis] != n_slopes:
        what = "axis 1" if x.ndim == 4 else "the last axis"
        fail(
            who,
            f"expected x with {n_slopes} channels in {what}, got shape {shape_text(x.shape)}.",
            "give num_parameters=1 for one slope for all channels.",
        )

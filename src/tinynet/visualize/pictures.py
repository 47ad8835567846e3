"""Drawing images side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tinynet.visualize.style import blank, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def picture(x: np.ndarray) -> np.ndarray:
    """One image (C, H, W) as matplotlib draws it: (H, W), or (H, W, 3) for three channels, with values in [0, 1].

    Values outside [0, 1], as after a normalisation, are stretched from the lowest to the highest.
    """
    x = np.where(np.isfinite(x), x, 0).astype(np.float64)
    low, high = x.min(), x.max()
    if low < 0 or high > 1:
        x = (x - low) / max(high - low, 1e-12)
    return x.transpose(1, 2, 0) if len(x) == 3 else x.mean(axis=0)


def show(ax: Axes, x: np.ndarray) -> None:
    """Draw one image (C, H, W) into axes, grey if it has one channel."""
    blank(ax)
    ax.imshow(picture(x), cmap="gray", vmin=0, vmax=1)


def tiles(n: int, title: str, tile_height: float = 1.5) -> tuple[Figure, list[Axes]]:
    """A figure with blank axes for n pictures, in rows that are as full as can be, and these axes."""
    columns = 8 if n <= 8 else max((9, 8, 7, 6), key=lambda c: (-(-n % c), c))
    rows = -(-n // columns)
    figure = new_figure(1.15 * columns, tile_height * rows + 0.45, title)
    axes = list(figure.subplots(rows, columns, squeeze=False).flat)
    for ax in axes:
        blank(ax)
    return figure, axes[:n]

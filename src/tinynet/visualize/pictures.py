"""Drawing images side by side."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet.visualize.style import GRID, INK, blank, new_figure

GAP = 0.14  # inches between pictures


def picture(x: np.ndarray) -> np.ndarray:
    """One image (C, H, W) as matplotlib draws it: (H, W), or (H, W, 3) for three channels, with values in [0, 1].

    Values outside [0, 1], as after a normalisation, are stretched from the lowest to the highest.
    """
    x = np.where(np.isfinite(x), x, 0).astype(np.float64)
    low, high = x.min(), x.max()
    if low < 0 or high > 1:
        x = (x - low) / max(high - low, 1e-12)
    return x.transpose(1, 2, 0) if len(x) == 3 else x.mean(axis=0)


class Sheet:
    """Pictures in rows, all on one pair of axes, whose unit is an inch: axes for each would be ten times slower.

    Args:
        n: How many pictures.
        shape: Their height and width in pixels.
        title: What they show.
        side: The longer side of a picture.
        above: Room for words above each picture.
        below: Room for words below.
        columns: Pictures in a row; if None, as many as fill the rows best.
    """

    def __init__(
        self,
        n: int,
        shape: tuple[int, ...],
        title: str,
        *,
        side: float = 1.0,
        above: float = 0.0,
        below: float = 0.0,
        columns: int | None = None,
    ) -> None:
        self.columns = columns or _columns(n)
        self.place = side  # the width that each picture and its words may take
        self.height, self.width = (side * size / max(shape) for size in shape)
        self.above = above
        self.line = self.height + above + below + GAP
        width = max(self.columns * (side + GAP) - GAP, 3.5)
        height = -(-n // self.columns) * self.line - GAP
        self.figure = new_figure(width + 0.2, height + 0.6, title)
        self.ax = self.figure.subplots()
        self.limits = (0, width, -height, 0)

    def put(self, index: int, image: np.ndarray, **how: Any) -> Any:
        """Draw an image (H, W) or (H, W, 3) in its place, `how` as in matplotlib's imshow."""
        middle, top = self._top(index)
        half = self.width / 2
        drawn = self.ax.imshow(image, extent=(middle - half, middle + half, top - self.height, top), **how)
        blank(self.ax)
        self.ax.axis(self.limits)
        self.ax.set_aspect("equal")
        return drawn

    def words_above(self, index: int, text: str, **how: Any) -> None:
        """Write above a picture."""
        self._write(index, 0.05, text, "bottom", **how)

    def words_below(self, index: int, text: str, **how: Any) -> None:
        """Write below a picture."""
        self._write(index, -self.height - 0.05, text, "top", **how)

    def frame(self, index: int) -> None:
        """Draw a thin line around a picture."""
        from matplotlib.patches import Rectangle

        middle, top = self._top(index)
        corner = (middle - self.width / 2, top - self.height)
        self.ax.add_patch(Rectangle(corner, self.width, self.height, fill=False, edgecolor=GRID, linewidth=0.8))

    def middle(self, index: int) -> tuple[float, float]:
        """The middle of a picture."""
        middle, top = self._top(index)
        return middle, top - self.height / 2

    def _write(self, index: int, offset: float, text: str, align: str, **how: Any) -> None:
        middle, top = self._top(index)
        self.ax.text(middle, top + offset, text, ha="center", va=align, **{"color": INK, "fontsize": 9, **how})

    def _top(self, index: int) -> tuple[float, float]:
        """The middle of the upper edge of a picture."""
        row, column = divmod(index, self.columns)
        return column * (self.place + GAP) + self.place / 2, -row * self.line - self.above


def _columns(n: int) -> int:
    return 8 if n <= 8 else max((9, 8, 7, 6), key=lambda columns: (-(-n % columns), columns))

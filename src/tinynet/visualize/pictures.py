"""Drawing images side by side."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet.visualize.style import INK, blank, new_figure

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
        title: What they show.
        side: Height and width of the place for a picture.
        above: Room for words above each picture.
        below: Room for words below.
        columns: Pictures in a row; if None, as many as fill the rows best.
    """

    def __init__(
        self,
        n: int,
        title: str,
        *,
        side: float = 1.0,
        above: float = 0.0,
        below: float = 0.0,
        columns: int | None = None,
    ) -> None:
        self.columns = columns or _columns(n)
        self.side, self.above = side, above
        self.line = side + above + below + GAP
        width = self.columns * (side + GAP) - GAP
        height = -(-n // self.columns) * self.line - GAP
        self.figure = new_figure(max(width, 3.5) + 0.2, height + 0.6, title)
        self.ax = self.figure.subplots()
        self.limits = {"xlim": (0, max(width, 3.5)), "ylim": (-height, 0), "aspect": "equal"}

    def put(self, index: int, image: np.ndarray, **how: Any) -> Any:
        """Draw an image (H, W) or (H, W, 3) in its place, `how` as in matplotlib's imshow."""
        left, top = self._corner(index)
        height, width = (self.side * size / max(image.shape[:2]) for size in image.shape[:2])
        left, top = left + (self.side - width) / 2, top - (self.side - height) / 2
        drawn = self.ax.imshow(image, extent=(left, left + width, top - height, top), **how)
        blank(self.ax)
        self.ax.set(**self.limits)
        return drawn

    def words_above(self, index: int, text: str, **how: Any) -> None:
        """Write above a picture."""
        self._write(index, 0.05, text, "bottom", **how)

    def words_below(self, index: int, text: str, **how: Any) -> None:
        """Write below a picture."""
        self._write(index, -self.side - 0.05, text, "top", **how)

    def _write(self, index: int, height: float, text: str, align: str, **how: Any) -> None:
        left, top = self._corner(index)
        self.ax.text(
            left + self.side / 2, top + height, text, ha="center", va=align, **{"color": INK, "fontsize": 9, **how}
        )

    def _corner(self, index: int) -> tuple[float, float]:
        row, column = divmod(index, self.columns)
        return column * (self.side + GAP), -row * self.line - self.above


def _columns(n: int) -> int:
    return 8 if n <= 8 else max((9, 8, 7, 6), key=lambda columns: (-(-n % columns), columns))

"""Images, and sequences as images of one row: the places of windows that slide over them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tinynet.layers.windows import Sliding
from tinynet.probe.explain.expressions import Index, Leaf
from tinynet.probe.explain.views import LayerView


class Grid:
    """The arrays of a layer as images (N, C, H, W); sequences (N, T, C) are images of one row."""

    def __init__(self, layer: LayerView) -> None:
        self.layer = layer
        self.is_sequence = layer.step.kind.endswith("1D")

    def array(self, name: str) -> np.ndarray:
        """An array as images."""
        return self.as_images(self.layer.array(name))

    def as_images(self, array: np.ndarray) -> np.ndarray:
        """(N, T, C) as (N, C, 1, T)."""
        return array.transpose(0, 2, 1)[:, :, np.newaxis] if self.is_sequence and array.ndim == 3 else array

    def as_given(self, images: np.ndarray) -> np.ndarray:
        """The inverse of `as_images`."""
        return images[:, :, 0].transpose(0, 2, 1) if self.is_sequence else images

    def place(self, index: Index) -> tuple[int, int, int, int]:
        """The index of a number of the layer as (n, c, row, column)."""
        n, *rest = index
        return (n, rest[1], 0, rest[0]) if self.is_sequence else (n, rest[0], rest[1], rest[2])

    def at(self, name: str, n: int, c: int, row: int, column: int) -> Leaf:
        """The number at a place."""
        return self.layer.at(name, (n, column, c) if self.is_sequence else (n, c, row, column))

    @property
    def sliding(self) -> Sliding:
        """The window of the layer and how it slides."""
        return Sliding(*self.layer.setting("sliding"))


def under(sliding: Sliding, axis: int, output: int, size: int) -> Iterator[tuple[int, int]]:
    """For one output place along an axis: each cell of the window that is over the image, and the pixel under it.

    Example:
        >>> list(under(Sliding((1, 3), padding=((0, 0), (1, 1))), 1, 0, 5))
        [(1, 0), (2, 1)]
    """
    for cell in range(sliding.kernel_size[axis]):
        pixel = output * sliding.stride[axis] + cell * sliding.dilation[axis] - sliding.padding[axis][0]
        if 0 <= pixel < size:
            yield cell, pixel


def over(sliding: Sliding, axis: int, pixel: int, n_outputs: int) -> Iterator[tuple[int, int]]:
    """For one pixel along an axis: each cell of the window that comes over it, and the output place at which it does.

    Example:
        >>> list(over(Sliding((1, 3), padding=((0, 0), (1, 1))), 1, 0, 5))
        [(0, 1), (1, 0)]
    """
    for cell in range(sliding.kernel_size[axis]):
        start = pixel + sliding.padding[axis][0] - cell * sliding.dilation[axis]
        output, rest = divmod(start, sliding.stride[axis])
        if rest == 0 and 0 <= output < n_outputs:
            yield cell, output

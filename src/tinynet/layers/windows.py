"""How a window slides over an image: what convolution and pooling share.

An image is padded, and the window takes one output position after the other. For each cell (i, j) of the window, the
pixels under it at all output positions are one strided view of the padded image. So a sum over windows is a
sum over cells, and its derivative writes to the same views.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

Pair = tuple[int, int]  # (height, width)
Padding = tuple[Pair, Pair]  # ((top, bottom), (left, right))
Cell = tuple[int, int, slice, slice]  # i, j, and the rows and columns of the padded image under this cell


class Inside(NamedTuple):
    """Where a cell of the window is over the image, and not over its padding.

    Example:
        >>> sliding = Sliding(kernel_size=(1, 2), padding=((0, 0), (1, 0)))
        >>> first, second = sliding.cells_inside((1, 3), sliding.output_size((1, 3)))
        >>> first.q, first.s
        (slice(0, 2, 1), slice(1, 3, None))
    """

    i: int  #: The row of the cell in the window.
    j: int  #: Its column.
    p: slice  #: The rows of the image, without padding, that come under it,
    q: slice  #: and the columns.
    r: slice  #: The rows of output positions at which they do,
    s: slice  #: and the columns.


class Sliding(NamedTuple):
    """A window and how it slides. Each is a pair (height, width), padding ((top, bottom), (left, right)).

    The last windows can hang over the padded image, by `overhang` (rows, columns) below and to the right.

    Example:
        >>> sliding = Sliding(kernel_size=(3, 3), stride=(2, 2), padding=((1, 1), (0, 0)), dilation=(1, 2))
        >>> sliding.effective_kernel_size, sliding.output_size((8, 9))
        ((3, 5), (4, 3))
    """

    kernel_size: Pair
    stride: Pair = (1, 1)
    padding: Padding = ((0, 0), (0, 0))
    dilation: Pair = (1, 1)
    overhang: Pair = (0, 0)

    @property
    def effective_kernel_size(self) -> Pair:
        """Height and width of the dilated window in pixels."""
        (kh, kw), (dh, dw) = self.kernel_size, self.dilation
        return (kh - 1) * dh + 1, (kw - 1) * dw + 1

    @property
    def border(self) -> Padding:
        """All that windows see around an image: its padding, and what they hang over."""
        (top, bottom), (left, right) = self.padding
        return (top, bottom + self.overhang[0]), (left, right + self.overhang[1])

    @property
    def least_size(self) -> Pair:
        """The smallest image that no window misses: a dilated one can have all its cells in the padding.

        Example:
            >>> Sliding((2, 2), padding=((1, 1), (0, 0)), dilation=(3, 3)).least_size  # rows −1 and 2 need 3 rows
            (3, 1)
        """
        (top, _), (left, _) = self.padding
        (sh, sw), (dh, dw) = self.stride, self.dilation
        first_rows = [start % dh for start in range(-top, 0, sh)]  # on the image, of windows that start before it
        first_columns = [start % dw for start in range(-left, 0, sw)]
        return 1 + max(first_rows, default=0), 1 + max(first_columns, default=0)

    def padded_size(self, size: Pair) -> Pair:
        """The size of an image with its border."""
        (top, bottom), (left, right) = self.border
        return top + size[0] + bottom, left + size[1] + right

    def output_size(self, size: Pair) -> Pair:
        """The number of output positions: where the window fits into an image of this size with its border."""
        (H, W), (height, width), (sh, sw) = self.padded_size(size), self.effective_kernel_size, self.stride
        return (H - height) // sh + 1, (W - width) // sw + 1

    def to_the_end(self, size: Pair) -> Sliding:
        """The same window, which also takes the pixels that are left over at the end of an image (`ceil_mode`).

        One more window would hang over the end. There is one if it starts on the image, or before it.

        Example:
            >>> Sliding((2, 2), stride=(2, 2)).to_the_end((4, 5)).overhang
            (0, 1)
        """
        overhang = [0, 0]
        for axis, (before, after) in enumerate(self.padding):
            span, stride = self.effective_kernel_size[axis], self.stride[axis]
            left_over = (before + size[axis] + after - span) % stride
            start = size[axis] + after - span - left_over + stride  # of one more window, on the image
            if left_over and start < size[axis]:
                overhang[axis] = stride - left_over
        return self._replace(overhang=(overhang[0], overhang[1]))

    def cells(self, output_size: Pair) -> Iterator[Cell]:
        """Each cell (i, j) of the window, and the padded pixels under it at all output positions.

        Example:
            >>> for i, j, rows, columns in Sliding((1, 2), stride=(2, 3)).cells((2, 2)):
            ...     print(i, j, list(range(9))[rows], list(range(9))[columns])
            0 0 [0, 2] [0, 3]
            0 1 [0, 2] [1, 4]
        """
        (OH, OW), (sh, sw), (dh, dw) = output_size, self.stride, self.dilation
        for i, j in np.ndindex(self.kernel_size):
            rows = slice(i * dh, i * dh + (OH - 1) * sh + 1, sh)
            columns = slice(j * dw, j * dw + (OW - 1) * sw + 1, sw)
            yield i, j, rows, columns

    def cells_inside(self, size: Pair, output_size: Pair) -> Iterator[Inside]:
        """Each cell (i, j) that comes over an image of this size, the pixels under it, and the output positions.

        Example:
            >>> for cell in Sliding((1, 2), padding=((0, 0), (1, 0))).cells_inside((1, 3), (1, 3)):
            ...     print(cell.j, list(range(3))[cell.q], list(range(3))[cell.s])
            0 [0, 1] [1, 2]
            1 [0, 1, 2] [0, 1, 2]
        """
        (H, W), (OH, OW), (sh, sw), (dh, dw) = size, output_size, self.stride, self.dilation
        (top, _), (left, _) = self.padding
        for i, j in np.ndindex(self.kernel_size):
            p, r = _inside(i * dh - top, sh, H, OH)
            q, s = _inside(j * dw - left, sw, W, OW)
            if r.start < r.stop and s.start < s.stop:
                yield Inside(i, j, p, q, r, s)


def _inside(first: int, stride: int, size: int, count: int) -> tuple[slice, slice]:
    """Of the count places first, first + stride, …: those from 0 to size − 1, and their numbers."""
    start, stop = max(0, -(first // stride)), min(count, (size - 1 - first) // stride + 1)
    at = first + start * stride
    return slice(at, at + (stop - start - 1) * stride + 1, stride), slice(start, stop)


def pad(x: np.ndarray, padding: Padding, value: float = 0) -> np.ndarray:
    """x (N, C, H, W) with a border of `value`.

    Example:
        >>> pad(np.ones((2, 3, 4, 5)), ((1, 1), (0, 2))).shape
        (2, 3, 6, 7)
    """
    N, C, H, W = x.shape
    (top, bottom), (left, right) = padding
    padded = np.full_like(x, value, shape=(N, C, top + H + bottom, left + W + right))
    padded[:, :, top : top + H, left : left + W] = x
    return padded


def crop(padded: np.ndarray, padding: Padding) -> np.ndarray:
    """The image without its border: the inverse of `pad`.

    Example:
        >>> crop(pad(np.ones((2, 3, 4, 5)), ((1, 1), (0, 2))), ((1, 1), (0, 2))).shape
        (2, 3, 4, 5)
    """
    (top, bottom), (left, right) = padding
    return padded[:, :, top : padded.shape[2] - bottom, left : padded.shape[3] - right]

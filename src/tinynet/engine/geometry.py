"""TRANSITION: until pooling uses `layers.windows.Sliding`. Where a kernel that slides over an image starts, stops and steps. Every pair is (height, width)."""

from __future__ import annotations

Pair = tuple[int, int]
Padding = tuple[Pair, Pair]  # ((top, bottom), (left, right))


def span(kernel_size: Pair, dilation: Pair) -> Pair:
    """How many pixels a dilated kernel reaches over.

    Example:
        >>> span((3, 3), (1, 2))
        (3, 5)
    """
    (kh, kw), (dh, dw) = kernel_size, dilation
    return (kh - 1) * dh + 1, (kw - 1) * dw + 1


def output_size(size: Pair, kernel_size: Pair, stride: Pair, padding: Padding, dilation: Pair) -> Pair:
    """At how many places the kernel fits into the padded image.

    Example:
        >>> output_size((28, 28), (5, 5), (2, 2), ((2, 2), (2, 2)), (1, 1))
        (14, 14)
    """
    (h, w), (sh, sw), ((top, bottom), (left, right)) = size, stride, padding
    rows, columns = span(kernel_size, dilation)
    return (top + h + bottom - rows) // sh + 1, (left + w + right - columns) // sw + 1


def cells(i: int, count: int, stride: int, dilation: int) -> slice:
    """The padded pixels that lie under cell i of the kernel, one for each of its `count` places along one axis.

    Example:
        >>> list(range(10))[cells(1, 3, stride=2, dilation=2)]
        [2, 4, 6]
    """
    return slice(i * dilation, i * dilation + (count - 1) * stride + 1, stride)

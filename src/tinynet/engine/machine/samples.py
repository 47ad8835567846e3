"""Samples with channels, x (N, C, ...), in either of two memory orders: C order, or channels last."""

from __future__ import annotations

import math

import numpy as np

MIN_WIDTH = 256  # numbers in a row to aim at: loops over shorter ones spend their time on beginning and ending


def channels_lie_last(x: np.ndarray) -> bool:
    """Whether the channels are last in memory, without gaps, and this differs from C order.

    Example:
        >>> x = np.zeros((2, 3, 4, 5))
        >>> channels_lie_last(x), channels_lie_last(x.transpose(0, 3, 1, 2))
        (False, True)
    """
    return x.ndim > 2 and not x.flags.c_contiguous and bool(_with_channels_last(x).flags.c_contiguous)


def rows_of_pixels(x: np.ndarray, k: int | None = None) -> np.ndarray:
    """x, whose channels are last in memory, as (N, R, k · C): rows of k pixels each, so that wide registers are filled.

    Example:
        >>> rows_of_pixels(np.zeros((2, 12, 12, 8)).transpose(0, 3, 1, 2)).shape
        (2, 9, 128)
    """
    N, C = x.shape[:2]
    n_pixels = math.prod(x.shape[2:])
    k = k or math.gcd(n_pixels, 1 << max(0, (MIN_WIDTH // C).bit_length() - 1))
    return _with_channels_last(x).reshape(N, n_pixels // k, k * C)


def pixels_of_rows(rows: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """The rows that `rows_of_pixels` has made, or others of their size, in the shape (N, C, ...) of x."""
    N, C = shape[:2]
    pixels = rows.reshape(N, *shape[2:], C)
    return pixels.transpose(0, pixels.ndim - 1, *range(1, pixels.ndim - 1))


def _with_channels_last(x: np.ndarray) -> np.ndarray:
    return x.transpose(0, *range(2, x.ndim), 1)  # `np.moveaxis` takes five times as long

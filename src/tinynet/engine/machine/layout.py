"""Memory layout: the order of an array's numbers in memory, which is never part of its meaning.

A batch of images has the logical shape (N, C, H, W). In memory its channels may come last (a transposed view of an NHWC
array), because the matrix products of a convolution are fastest on rows of channels. Replacements may pass such views
on, and the functions here make and recognise them.
"""

from __future__ import annotations

import numpy as np

# Up to this many channels, images are copied channel by channel, which takes a fifth of the time for three of them.
MAX_CHANNELS_COPIED_ONE_BY_ONE = 8


def strides(x: np.ndarray) -> tuple[int, ...]:
    """The strides of x, and for each axis of length 1 that of C order: NumPy leaves any number there.

    Example:
        >>> np.zeros((3, 2))[np.newaxis].strides, strides(np.zeros((3, 2))[np.newaxis])
        ((0, 16, 8), (48, 16, 8))
    """
    if 1 not in x.shape:
        return x.strides
    found, below = [], x.itemsize
    for size, stride in zip(reversed(x.shape), reversed(x.strides), strict=True):
        found.append(below if size == 1 else stride)
        below = size * found[-1]
    return tuple(reversed(found))


def same_order(x: np.ndarray, *others: np.ndarray) -> bool:
    """Whether arrays of one shape lie alike in memory.

    Example:
        >>> x = np.zeros((2, 3))
        >>> same_order(x[np.newaxis], x.reshape(1, 2, 3)), same_order(x, np.asfortranarray(x))
        (True, False)
    """
    for other in others:  # noqa: SIM110 - `all` with a generator takes twice as long
        if other.strides != x.strides and strides(other) != strides(x):
            return False
    return True


def is_channels_last(x: np.ndarray) -> bool:
    """Whether a 4-D array is a view of an (N, H, W, C) array without gaps."""
    return x.ndim == 4 and x.transpose(0, 2, 3, 1).flags.c_contiguous


def empty_channels_last(shape: tuple[int, int, int, int], dtype: np.dtype) -> np.ndarray:
    """An uninitialised array of logical shape (N, C, H, W) whose channels are last in memory."""
    n, c, h, w = shape
    return np.empty((n, h, w, c), dtype).transpose(0, 3, 1, 2)


def channels_last(x: np.ndarray) -> np.ndarray:
    """The same (N, C, H, W) values with the channels last in memory; x itself if they are already."""
    if is_channels_last(x):
        return x
    return pixels(x).transpose(0, 3, 1, 2)


def pixels(x: np.ndarray) -> np.ndarray:
    """x (N, C, H, W) as a C-contiguous (N, H, W, C), without a copy if its channels are last in memory."""
    last = x.transpose(0, 2, 3, 1)
    if last.flags.c_contiguous or x.shape[1] > MAX_CHANNELS_COPIED_ONE_BY_ONE:
        return np.ascontiguousarray(last)
    copied = np.empty(last.shape, x.dtype)
    for c in range(x.shape[1]):  # NumPy itself would copy pixel by pixel
        copied[..., c] = x[:, c]
    return copied


def rows(x: np.ndarray) -> np.ndarray:
    """x (N, C, H, W) as a C-contiguous (N·H·W, C): one row for each pixel, without a copy if channels are last."""
    return pixels(x).reshape(-1, x.shape[1])


def like(x: np.ndarray, values: np.ndarray) -> np.ndarray:
    """`values` in the memory layout of `x`: the helper to align an incoming gradient to the input it belongs to."""
    if values.shape == x.shape and values.dtype == x.dtype and same_order(x, values):
        return values
    aligned = np.empty_like(x, dtype=values.dtype)  # NumPy's order="K" keeps the layout of x
    aligned[...] = values
    return aligned

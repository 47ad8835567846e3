"""Weighted sums along rows and columns: resampling, average pooling and copied borders are all y = A x Bᵀ.

Most numbers in these matrices are zero, and only the others are multiplied. First whole lines are summed, then pixels
within a line. Results are channels-last in memory. Small samples are declined.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any, Literal, NamedTuple

import numpy as np

from tinynet.engine.serves import compiled_code, is_floating
from tinynet.layers import ReflectionPad2D, ReplicationPad2D
from tinynet.layers.windows import Pair, Sliding

Mode = Literal["reflect", "edge"]  # of np.pad

MAX_TERMS_IN_FLOAT32 = 16  # of a sum: the longer ones are computed in float64
MIN_SAMPLE_SIZE = 1024  # Compiling takes only a second.


class Sparse(NamedTuple):
    """A sparse matrix by rows (CSR): the numbers of row r are weights[first[r] : first[r + 1]]."""

    first: np.ndarray
    columns: np.ndarray
    weights: np.ndarray


def resample(A: np.ndarray, B: np.ndarray, x: np.ndarray) -> Any:
    """A x Bᵀ."""
    kernels = _kernels(x, len(A) * len(B))
    return NotImplemented if kernels is None else kernels.resample(_sparse(A, x.dtype), _sparse(B, x.dtype), x)


def avg_pool(x: np.ndarray, sliding: Sliding, count_include_pad: bool, divisor_override: int | None = None) -> Any:
    """y: means over rows, then over columns."""
    kernels = _kernels(x)
    if kernels is None:
        return NotImplemented
    A, B = _averaging(x.shape[2:], sliding, count_include_pad, divisor_override, False, x.dtype)
    return kernels.resample(A, B, x)


def avg_pool_gradient(
    dy: np.ndarray, size: Pair, sliding: Sliding, count_include_pad: bool, divisor_override: int | None = None
) -> Any:
    """dx: each pixel of a window gets its share of dy."""
    kernels = _kernels(dy, math.prod(size))
    if kernels is None:
        return NotImplemented
    A, B = _averaging(size, sliding, count_include_pad, divisor_override, True, dy.dtype)
    return kernels.resample(A, B, dy)


def reflect(layer: ReflectionPad2D, x: np.ndarray) -> Any:
    """y, each of whose pixels is one of x."""
    kernels = _kernels(x)
    if kernels is None or any(size <= max(border) for size, border in zip(x.shape[2:], layer.padding, strict=True)):
        return NotImplemented
    return _copied(kernels, layer, x, "reflect")


def reflect_gradient(layer: ReflectionPad2D, dy: np.ndarray) -> Any:
    """dx: each pixel gets the dy of all pixels that were read from it."""
    return _added_up(layer, dy, "reflect")


def replicate(layer: ReplicationPad2D, x: np.ndarray) -> Any:
    """y, each of whose pixels is one of x."""
    kernels = _kernels(x)
    return NotImplemented if kernels is None or 0 in x.shape[1:] else _copied(kernels, layer, x, "edge")


def replicate_gradient(layer: ReplicationPad2D, dy: np.ndarray) -> Any:
    """dx: each pixel gets the dy of all pixels that were read from it."""
    return _added_up(layer, dy, "edge")


def _copied(kernels: Any, layer: ReflectionPad2D | ReplicationPad2D, x: np.ndarray, mode: Mode) -> Any:
    layer.remember(size=x.shape[2:])
    A, B = [_copies(x.shape[2 + axis], layer.padding[axis], mode, False, x.dtype) for axis in (0, 1)]
    return kernels.resample(A, B, x)


def _added_up(layer: ReflectionPad2D | ReplicationPad2D, dy: np.ndarray, mode: Mode) -> Any:
    (size,) = layer.recall()
    kernels = _kernels(dy, math.prod(size))
    if kernels is None:
        return NotImplemented
    A, B = [_copies(size[axis], layer.padding[axis], mode, True, dy.dtype) for axis in (0, 1)]
    return kernels.resample(A, B, dy)


def _kernels(x: np.ndarray, result_size: int = 0) -> Any:
    """The compiled code for images x (N, C, H, W) whose results have `result_size` pixels."""
    if not is_floating(x) or x.ndim != 4:
        return None
    _, C, H, W = x.shape
    return compiled_code("resampling", C * max(H * W, result_size), MIN_SAMPLE_SIZE)


def _sparse(A: np.ndarray, dtype: np.dtype) -> Sparse:
    """The numbers are in float64 if they belong to a long sum, in which float32 would lose digits."""
    rows, columns = np.nonzero(A)
    first = np.searchsorted(rows, np.arange(len(A) + 1))
    is_long = np.diff(first).max(initial=0) > MAX_TERMS_IN_FLOAT32
    return Sparse(first, columns, A[rows, columns].astype(np.float64 if is_long else dtype))


@lru_cache(512)
def _averaging(
    size: Pair, sliding: Sliding, count_include_pad: bool, divisor: int | None, transposed: bool, dtype: np.dtype
) -> list[Sparse]:
    """The matrices A and B that take the mean of each window, or its sum over a divisor."""
    divisors = (None, None) if divisor is None else (divisor, 1)
    matrices = [_means(size[axis], sliding, axis, count_include_pad, divisors[axis]) for axis in (0, 1)]
    return [_sparse(A.T if transposed else A, dtype) for A in matrices]


def _means(size: int, sliding: Sliding, axis: int, count_include_pad: bool, divisor: int | None) -> np.ndarray:
    """The matrix that takes the mean of each window along an axis, or its sum over a divisor."""
    k, stride, (before, after) = sliding.kernel_size[axis], sliding.stride[axis], sliding.padding[axis]
    start, end = (-before, size + after) if count_include_pad else (0, size)
    A = np.zeros((sliding.output_size((size, size))[axis], size))
    for r, row in enumerate(A):
        first = r * stride - before
        row[max(0, first) : first + k] = 1 / (divisor or min(first + k, end) - max(first, start))
    return A


@lru_cache(512)
def _copies(size: int, border: Pair, mode: Mode, transposed: bool, dtype: np.dtype) -> Sparse:
    """The matrix that puts copies of its numbers at the ends of an axis."""
    A = np.eye(size)[np.pad(np.arange(size), border, mode=mode)]
    return _sparse(A.T if transposed else A, dtype)

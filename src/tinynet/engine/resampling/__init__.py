"""Weighted sums along rows and columns: resampling, average pooling and reflection are all y = A x Bᵀ.

Most numbers in these matrices are zero, and only the others are multiplied. First whole lines are summed, then pixels
within a line. Results are channels-last in memory. Small samples are declined.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from tinynet.engine.serves import compiled_code, is_floating
from tinynet.layers import ReflectionPad2D
from tinynet.layers.windows import Pair, Sliding

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


def avg_pool(x: np.ndarray, sliding: Sliding, count_include_pad: bool) -> Any:
    """y: means over rows, then over columns."""
    kernels = _kernels(x)
    if kernels is None:
        return NotImplemented
    A, B = [_means(x.shape[2 + axis], sliding, axis, count_include_pad, False, x.dtype) for axis in (0, 1)]
    return kernels.resample(A, B, x)


def avg_pool_gradient(dy: np.ndarray, size: Pair, sliding: Sliding, count_include_pad: bool) -> Any:
    """dx: each pixel of a window gets its share of dy."""
    kernels = _kernels(dy, math.prod(size))
    if kernels is None:
        return NotImplemented
    A, B = [_means(size[axis], sliding, axis, count_include_pad, True, dy.dtype) for axis in (0, 1)]
    return kernels.resample(A, B, dy)


def reflect(layer: ReflectionPad2D, x: np.ndarray) -> Any:
    """y, each of whose pixels is one of x."""
    kernels = _kernels(x)
    if kernels is None or any(size <= max(border) for size, border in zip(x.shape[2:], layer.padding, strict=True)):
        return NotImplemented
    layer.remember(size=x.shape[2:])
    A, B = [_mirror(x.shape[2 + axis], layer.padding[axis], False, x.dtype) for axis in (0, 1)]
    return kernels.resample(A, B, x)


def reflect_gradient(layer: ReflectionPad2D, dy: np.ndarray) -> Any:
    """dx: each pixel gets the dy of all pixels that were read from it."""
    (size,) = layer.recall()
    kernels = _kernels(dy, math.prod(size))
    if kernels is None:
        return NotImplemented
    A, B = [_mirror(size[axis], layer.padding[axis], True, dy.dtype) for axis in (0, 1)]
    return kernels.resample(A, B, dy)


def _kernels(x: np.ndarray, result_size: int = 0) -> Any:
    """The compiled code for images x (N, C, H, W) whose results have so many pixels."""
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
def _means(
    size: int, sliding: Sliding, axis: int, count_include_pad: bool, transposed: bool, dtype: np.dtype
) -> Sparse:
    """The matrix that takes the mean of each window along an axis."""
    k, stride, before = sliding.kernel_size[axis], sliding.stride[axis], sliding.padding[axis][0]
    A = np.zeros((sliding.output_size((size, size))[axis], size))
    for r, row in enumerate(A):
        inside = row[max(0, r * stride - before) : max(0, r * stride - before + k)]
        inside[:] = 1 / (k if count_include_pad else max(1, len(inside)))
    return _sparse(A.T if transposed else A, dtype)


@lru_cache(512)
def _mirror(size: int, border: Pair, transposed: bool, dtype: np.dtype) -> Sparse:
    """The matrix that mirrors an axis at its borders."""
    A = np.eye(size)[np.pad(np.arange(size), border, mode="reflect")]
    return _sparse(A.T if transposed else A, dtype)

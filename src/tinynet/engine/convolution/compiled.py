"""Convolution compiled by Numba: for each call the route that measured fastest.

In float32, Winograd's for 3×3 kernels of stride 1 between channels in sixteens, and else sums held in registers;
gathered rows in float64; a sum of elementwise products where every channel has a kernel of its own. Other groups, and
types that the BLAS does not have, go to the vectorized body.
"""

from __future__ import annotations

import numpy as np

from tinynet.engine.convolution import (
    compiled_depthwise,
    direct,
    direct_weights,
    handed_back,
    pointwise,
    rows,
    vectorized,
    winograd,
    winograd_weights,
)
from tinynet.engine.geometry import Padding, Pair, output_size
from tinynet.engine.machine.gemm.inside import single_threaded
from tinynet.engine.machine.layout import pixels
from tinynet.engine.machine.pool import share
from tinynet.engine.machine.vectors import LANES
from tinynet.engine.serves import is_exact


def forward(
    x: np.ndarray, W: np.ndarray, b: np.ndarray | None, stride: Pair, padding: Padding, dilation: Pair, groups: int
) -> np.ndarray:
    """y = W ⋆ x + b."""
    (N, C, H, width), (O, _, kh, kw) = x.shape, W.shape
    if not is_served(x, W, C, O, groups):
        return vectorized.forward(x, W, b, stride, padding, dilation, groups)
    if pointwise.suits((kh, kw), padding, groups):
        return pointwise.forward(x, W, b, stride)
    OH, OW = output_size((H, width), (kh, kw), stride, padding, dilation)
    corner = (padding[0][0], padding[1][0])
    b = np.zeros(O, x.dtype) if b is None else np.ascontiguousarray(b, x.dtype)
    y = np.empty((N, OH, OW, O), x.dtype)
    if groups > 1:
        K, parts = depthwise_kernels(W), -(-compiled_depthwise.PARTS // N)
        share(compiled_depthwise.forward, N * parts, pixels(x), K, b, y, stride, corner, dilation, parts)
    elif suits_winograd(x.dtype, O, C, (kh, kw), stride, dilation):
        winograd.convolve(pixels(x), np.ascontiguousarray(W), b, y, corner)
    elif x.dtype == np.float32:
        direct.convolve(pixels(x), np.ascontiguousarray(W), b, y, stride, corner, dilation)
    else:
        K = np.ascontiguousarray(W.transpose(2, 3, 1, 0)).reshape(-1, O)
        places = y.reshape(N, OH * OW, O)
        blocks = rows.count(N, (OH, OW), len(K))
        with single_threaded():
            share(rows.forward, blocks, lines(x), K, b, places, C, (kh, kw), (OH, OW), stride, corner, dilation)
    return y.transpose(0, 3, 1, 2)


def input_gradient(
    dy: np.ndarray, W: np.ndarray, size: Pair, stride: Pair, padding: Padding, dilation: Pair, groups: int
) -> np.ndarray:
    """dx: a convolution of dy with the kernels turned round, or products handed back to their pixels."""
    (N, O, OH, OW), (_, C, kh, kw) = dy.shape, W.shape
    if not is_served(dy, W, C * groups, O, groups):
        return vectorized.input_gradient(dy, W, size, stride, padding, dilation, groups)
    if pointwise.suits((kh, kw), padding, groups):
        return pointwise.input_gradient(dy, W, size, stride)
    corner, by_winograd = (padding[0][0], padding[1][0]), suits_winograd(dy.dtype, O, C, (kh, kw), stride, dilation)
    by_lines = dy.dtype == np.float32 and handed_back.suits(C, kw, size[1], stride, dilation)
    empty = np.empty if groups > 1 or by_winograd or by_lines else np.zeros  # those write every pixel
    dx = empty((N, *size, C * groups), dy.dtype)
    if groups > 1:
        share(compiled_depthwise.input_gradient, N, pixels(dy), depthwise_kernels(W), dx, stride, corner, dilation)
    elif by_winograd:
        corner, b = (2 - corner[0], 2 - corner[1]), np.zeros(C, dy.dtype)
        winograd.convolve(pixels(dy), np.ascontiguousarray(W), b, dx, corner, turned=True)
    elif by_lines:
        handed_back.input_gradient(pixels(dy), np.ascontiguousarray(W), dx, stride, corner, dilation)
    elif dy.dtype == np.float32:
        direct.input_gradient(pixels(dy), np.ascontiguousarray(W), dx, stride, corner, dilation)
    else:
        K = np.ascontiguousarray(W.transpose(0, 2, 3, 1)).reshape(O, -1)
        places, under = pixels(dy).reshape(N, OH * OW, O), dx.reshape(N, size[0], size[1] * C)
        with single_threaded():
            share(rows.input_gradient, N, places, K, under, C, (kh, kw), (OH, OW), stride, corner, dilation)
    return dx.transpose(0, 3, 1, 2)


def weight_gradient(
    x: np.ndarray, dy: np.ndarray, kernel_size: Pair, stride: Pair, padding: Padding, dilation: Pair, groups: int
) -> np.ndarray:
    """dW: over all images and places, the products of dy with the pixels under the kernel."""
    (N, O, OH, OW), C = dy.shape, x.shape[1]
    if not is_served(x, dy, C, O, groups):
        return vectorized.weight_gradient(x, dy, kernel_size, stride, padding, dilation, groups)
    if pointwise.suits(kernel_size, padding, groups):
        return pointwise.weight_gradient(x, dy, stride)
    corner = (padding[0][0], padding[1][0])
    if groups > 1:
        dK = np.zeros((compiled_depthwise.CHUNKS, *kernel_size, C), x.dtype)
        share(compiled_depthwise.weight_gradient, len(dK), pixels(x), pixels(dy), dK, stride, corner, dilation)
        return dK.sum(axis=0).transpose(2, 0, 1)[:, np.newaxis]
    if suits_winograd(x.dtype, O, C, kernel_size, stride, dilation):
        return winograd_weights.weight_gradient(pixels(x), pixels(dy), corner)
    if x.dtype == np.float32:
        return direct_weights.weight_gradient(pixels(x), pixels(dy), kernel_size, stride, corner, dilation)
    dK = np.zeros((rows.CHUNKS, kernel_size[0] * kernel_size[1] * C, O), x.dtype)
    places = pixels(dy).reshape(N, OH * OW, O)
    with single_threaded():
        share(rows.weight_gradient, len(dK), lines(x), places, dK, C, kernel_size, (OH, OW), stride, corner, dilation)
    return dK.sum(axis=0).reshape(*kernel_size, C, O).transpose(3, 2, 0, 1)


def is_served(first: np.ndarray, second: np.ndarray, C: int, O: int, groups: int) -> bool:
    """Whether this is a convolution that the compiled routes are made for."""
    same = first.dtype == second.dtype and first.dtype in (np.float32, np.float64)
    return same and first.size > 0 and (groups == 1 or groups == C == O)


def depthwise_kernels(W: np.ndarray) -> np.ndarray:
    """W (C, 1, kh, kw) as (kh, kw, C)."""
    return np.ascontiguousarray(W[:, 0].transpose(1, 2, 0))


def suits_winograd(dtype: np.dtype, O: int, C: int, kernel_size: Pair, stride: Pair, dilation: Pair) -> bool:
    """Whether Winograd's route is allowed and pays. In float64 proofs are made, and it rounds too much for them."""
    shape_fits = tuple(kernel_size) == (3, 3) and stride == (1, 1) and dilation == (1, 1)
    in_lanes = O > 0 and O % LANES == 0 and C % LANES == 0
    return shape_fits and in_lanes and dtype == np.float32 and not is_exact()


def lines(x: np.ndarray) -> np.ndarray:
    """x (N, C, H, W) as a C-ordered (N, H, W·C)."""
    N, C, H, W = x.shape
    return pixels(x).reshape(N, H, W * C)

"""Convolution compiled by Numba: for each call the route that measured fastest.

Winograd's for 3×3 kernels of stride 1 in float32, where there are channels enough to pay for the transforms; a sum of
elementwise products where every channel has a kernel of its own; gathered rows for the rest. Other groups, and types
that the BLAS does not have, go to the vectorized body.
"""

from __future__ import annotations

import numpy as np

from tinynet.core.layout import channels_last
from tinynet.core.threads import share
from tinynet.kernels.convolution import compiled_depthwise, rows, vectorized, winograd
from tinynet.kernels.geometry import Padding, Pair, output_size
from tinynet.kernels.products import single_threaded
from tinynet.kernels.selection import is_exact

WINOGRAD_CHANNELS = 16  # with fewer on one side, the transforms cost more than the multiplications they save
WINOGRAD_TILES = 128  # tiles that a thread transforms at a time


def forward(
    x: np.ndarray, W: np.ndarray, b: np.ndarray | None, stride: Pair, padding: Padding, dilation: Pair, groups: int
) -> np.ndarray:
    """y = W ⋆ x + b."""
    (N, C, H, width), (O, _, kh, kw) = x.shape, W.shape
    if not is_served(x, W, C, O, groups):
        return vectorized.forward(x, W, b, stride, padding, dilation, groups)
    OH, OW = output_size((H, width), (kh, kw), stride, padding, dilation)
    corner = (padding[0][0], padding[1][0])
    b = np.zeros(O, x.dtype) if b is None else np.ascontiguousarray(b, x.dtype)
    y = np.empty((N, OH, OW, O), x.dtype)
    if groups > 1:
        share(compiled_depthwise.forward, N, pixels(x), depthwise_kernels(W), b, y, stride, corner, dilation)
        return y.transpose(0, 3, 1, 2)
    with single_threaded():
        if suits_winograd(W.dtype, O, C, (kh, kw), stride, dilation):
            step, U = images(OH, OW), winograd.transformed(W)
            share(winograd.forward, -(-N // step), pixels(x), U, b, y, points(x), corner, step)
        else:
            K = np.ascontiguousarray(W.transpose(2, 3, 1, 0)).reshape(-1, O)
            places = y.reshape(N, OH * OW, O)
            blocks = rows.count(N, (OH, OW), len(K))
            share(rows.forward, blocks, lines(x), K, b, places, C, (kh, kw), (OH, OW), stride, corner, dilation)
    return y.transpose(0, 3, 1, 2)


def input_gradient(
    dy: np.ndarray, W: np.ndarray, size: Pair, stride: Pair, padding: Padding, dilation: Pair, groups: int
) -> np.ndarray:
    """dx: a convolution of dy with the kernels turned round by Winograd, or products handed back to their pixels."""
    (N, O, OH, OW), (_, C, kh, kw) = dy.shape, W.shape
    if not is_served(dy, W, C * groups, O, groups):
        return vectorized.input_gradient(dy, W, size, stride, padding, dilation, groups)
    corner = (padding[0][0], padding[1][0])
    if groups > 1:
        dx = np.zeros((N, *size, groups), dy.dtype)
        share(compiled_depthwise.input_gradient, N, pixels(dy), depthwise_kernels(W), dx, stride, corner, dilation)
        return dx.transpose(0, 3, 1, 2)
    if suits_winograd(W.dtype, O, C, (kh, kw), stride, dilation) and max(corner) <= 2:
        turned = W[:, :, ::-1, ::-1].transpose(1, 0, 2, 3)
        dx = np.empty((N, *size, C), dy.dtype)
        with single_threaded():
            step, U, b = images(*size), winograd.transformed(turned), np.zeros(C, dy.dtype)
            corner = (2 - corner[0], 2 - corner[1])
            share(winograd.forward, -(-N // step), pixels(dy), U, b, dx, points(dy), corner, step)
        return dx.transpose(0, 3, 1, 2)
    dx = np.zeros((N, *size, C), dy.dtype)
    K = np.ascontiguousarray(W.transpose(0, 2, 3, 1)).reshape(O, -1)
    with single_threaded():
        places = pixels(dy).reshape(N, OH * OW, O)
        under = dx.reshape(N, size[0], size[1] * C)
        share(rows.input_gradient, N, places, K, under, C, (kh, kw), (OH, OW), stride, corner, dilation)
    return dx.transpose(0, 3, 1, 2)


def weight_gradient(
    x: np.ndarray, dy: np.ndarray, kernel_size: Pair, stride: Pair, padding: Padding, dilation: Pair, groups: int
) -> np.ndarray:
    """dW: the sum over images of rowsᵀ @ dy."""
    (N, O, OH, OW), C = dy.shape, x.shape[1]
    if not is_served(x, dy, C, O, groups):
        return vectorized.weight_gradient(x, dy, kernel_size, stride, padding, dilation, groups)
    corner = (padding[0][0], padding[1][0])
    if groups > 1:
        dK = np.zeros((compiled_depthwise.CHUNKS, *kernel_size, C), x.dtype)
        share(compiled_depthwise.weight_gradient, len(dK), pixels(x), pixels(dy), dK, stride, corner, dilation)
        return dK.sum(axis=0).transpose(2, 0, 1)[:, np.newaxis]
    with single_threaded():
        if suits_winograd(x.dtype, O, C, kernel_size, stride, dilation):
            dU = np.zeros((winograd.CHUNKS, 36, C, O), x.dtype)
            share(winograd.weight_gradient, len(dU), pixels(x), pixels(dy), dU, points(x), corner, images(OH, OW))
            return winograd.weight_gradient_of(dU.sum(axis=0))
        dK = np.zeros((rows.CHUNKS, kernel_size[0] * kernel_size[1] * C, O), x.dtype)
        places = pixels(dy).reshape(N, OH * OW, O)
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
    return shape_fits and dtype == np.float32 and min(O, C) >= WINOGRAD_CHANNELS and not is_exact()


def images(OH: int, OW: int) -> int:
    """How many images make one block of Winograd tiles."""
    return max(1, WINOGRAD_TILES // (-(-OH // 4) * -(-OW // 4)))


def points(x: np.ndarray) -> np.ndarray:
    """The constants of Winograd's transforms in the type of x, which a bare number would widen."""
    return winograd.POINTS.astype(x.dtype)


def pixels(x: np.ndarray) -> np.ndarray:
    """x (N, C, H, W) as a C-ordered (N, H, W, C)."""
    return np.ascontiguousarray(channels_last(x).transpose(0, 2, 3, 1))


def lines(x: np.ndarray) -> np.ndarray:
    """x (N, C, H, W) as a C-ordered (N, H, W·C)."""
    N, C, H, W = x.shape
    return pixels(x).reshape(N, H, W * C)

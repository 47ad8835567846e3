"""Convolution compiled by Numba, and the choice of its route.

    pointwise   kernels of 1×1 without padding: one matrix product
    winograd    float32, kernels of 3×3 with stride 1, multiples of 16 channels: a quarter of the multiplications
    direct      float32, everything else: sums stay in registers, and no row of im2col is written
    col2im      float32, the input gradient of few channels, where `direct` would leave registers partly empty
    depthwise   one kernel for each channel: sums of elementwise products
    rows        float64: im2col by each thread, and a BLAS
    gathered    other groups: im2col in NumPy

The choice follows from shapes and type alone, so a call has the same bits whatever came before it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet.engine.convolution import (
    col2im,
    compiled_depthwise,
    direct,
    direct_weights,
    pointwise,
    rows,
    winograd,
    winograd_weights,
)
from tinynet.engine.machine.gemm.inside import single_threaded
from tinynet.engine.machine.layout import pixels
from tinynet.engine.machine.pool import run_parallel
from tinynet.engine.machine.vectors import LANES
from tinynet.engine.serves import is_exact
from tinynet.layers.windows import Pair, Sliding


def route(
    what: str, size: tuple[int, ...], kernels: tuple[int, ...], sliding: Sliding, groups: int, dtype: np.dtype
) -> str:
    """The name of the route for arrays of these shapes."""
    O, C, kh, kw = kernels
    if groups > 1:
        return "depthwise" if C == 1 and groups == O else "gathered"
    if pointwise.suits((kh, kw), sliding.padding, groups):
        return "pointwise"
    if suits_winograd(dtype, O, C, sliding):
        return "winograd"
    if dtype != np.float32:
        return "rows"
    few_channels = what == "convolve_back" and col2im.suits(C, kw, size[1], sliding.stride, sliding.dilation)
    return "col2im" if few_channels and not is_exact() else "direct"


def convolve(way: str, x: np.ndarray, W: np.ndarray, b: np.ndarray | None, sliding: Sliding) -> Any:
    """y = W ⋆ x + b, or NotImplemented where x is not finite and that would spread."""
    if way == "pointwise":
        return pointwise.forward(x, W, b, sliding.stride)
    (N, C), (O, _, kh, kw), (OH, OW) = x.shape[:2], W.shape, sliding.output_size(x.shape[2:])
    stride, before, dilation = sliding.stride, padding_before(sliding), sliding.dilation
    b = np.zeros(O, x.dtype) if b is None else np.ascontiguousarray(b, x.dtype)
    y = np.empty((N, OH, OW, O), x.dtype)
    if way == "depthwise":
        K, parts = depthwise_kernels(W), -(-compiled_depthwise.MIN_PARTS // N)
        run_parallel(compiled_depthwise.convolve, N * parts, pixels(x), K, b, y, stride, before, dilation, parts)
    elif way == "winograd":
        if not winograd.convolve(pixels(x), np.ascontiguousarray(W), b, y, before):
            return NotImplemented
    elif way == "direct":
        if not direct.convolve(pixels(x), np.ascontiguousarray(W), b, y, stride, before, dilation):
            return NotImplemented
    else:
        K = np.ascontiguousarray(W.transpose(2, 3, 1, 0)).reshape(-1, O)
        outputs, blocks = y.reshape(N, OH * OW, O), rows.count(N, (OH, OW), len(K))
        _run_with_blas(rows.convolve, blocks, lines(x), K, b, outputs, C, (kh, kw), (OH, OW), stride, before, dilation)
    return y.transpose(0, 3, 1, 2)


def convolve_back(way: str, dy: np.ndarray, W: np.ndarray, size: Pair, sliding: Sliding) -> Any:
    """dx: a convolution of dy with the flipped kernels, or the products added to their pixels (col2im).

    NotImplemented where dy is not finite and that would spread.
    """
    if way == "pointwise":
        return pointwise.input_gradient(dy, W, size, sliding.stride)
    (N, O, OH, OW), (_, C, kh, kw) = dy.shape, W.shape
    stride, before, dilation = sliding.stride, padding_before(sliding), sliding.dilation
    if way == "depthwise":
        dx = np.empty((N, *size, O), dy.dtype)
        run_parallel(
            compiled_depthwise.convolve_back, N, pixels(dy), depthwise_kernels(W), dx, stride, before, dilation
        )
        return dx.transpose(0, 3, 1, 2)
    writes_every_pixel = way in ("winograd", "col2im")
    dx = (np.empty if writes_every_pixel else np.zeros)((N, *size, C), dy.dtype)
    if way == "winograd":
        flipped_before, b = (2 - before[0], 2 - before[1]), np.zeros(C, dy.dtype)
        if not winograd.convolve(pixels(dy), np.ascontiguousarray(W), b, dx, flipped_before, flipped=True):
            return NotImplemented
    elif way in ("col2im", "direct"):
        fill = col2im.input_gradient if way == "col2im" else direct.input_gradient
        if not fill(pixels(dy), np.ascontiguousarray(W), dx, stride, before, dilation):
            return NotImplemented
    else:
        K = np.ascontiguousarray(W.transpose(0, 2, 3, 1)).reshape(O, -1)
        outputs, under = pixels(dy).reshape(N, OH * OW, O), dx.reshape(N, size[0], size[1] * C)
        _run_with_blas(rows.convolve_back, N, outputs, K, under, C, (kh, kw), (OH, OW), stride, before, dilation)
    return dx.transpose(0, 3, 1, 2)


def correlate(way: str, x: np.ndarray, dy: np.ndarray, sliding: Sliding) -> np.ndarray:
    """dW: over all images and output positions, the products of dy with the pixels under the kernel."""
    if way == "pointwise":
        return pointwise.weight_gradient(x, dy, sliding.stride)
    (N, O, OH, OW), C, (kh, kw) = dy.shape, x.shape[1], sliding.kernel_size
    stride, before, dilation = sliding.stride, padding_before(sliding), sliding.dilation
    if way == "depthwise":
        dK = np.zeros((compiled_depthwise.PARTIAL_SUMS, kh, kw, C), x.dtype)
        run_parallel(compiled_depthwise.correlate, len(dK), pixels(x), pixels(dy), dK, stride, before, dilation)
        return dK.sum(axis=0).transpose(2, 0, 1)[:, np.newaxis]
    if way == "winograd":
        return winograd_weights.weight_gradient(pixels(x), pixels(dy), before)
    if way == "direct":
        return direct_weights.weight_gradient(pixels(x), pixels(dy), (kh, kw), stride, before, dilation)
    dK = np.zeros((rows.PARTIAL_SUMS, kh * kw * C, O), x.dtype)
    outputs = pixels(dy).reshape(N, OH * OW, O)
    _run_with_blas(rows.correlate, len(dK), lines(x), outputs, dK, C, (kh, kw), (OH, OW), stride, before, dilation)
    return dK.sum(axis=0).reshape(kh, kw, C, O).transpose(3, 2, 0, 1)


_run_with_blas = single_threaded(run_parallel)


def suits_winograd(dtype: np.dtype, O: int, C: int, sliding: Sliding) -> bool:
    """Whether Winograd's route is allowed and pays. In float64 it is never taken:
    that type serves for proofs, and Winograd rounds too much for them."""
    shape_fits = sliding.kernel_size == (3, 3) and sliding.stride == (1, 1) and sliding.dilation == (1, 1)
    in_lanes = O > 0 and O % LANES == 0 and C % LANES == 0
    return shape_fits and in_lanes and dtype == np.float32 and not is_exact()


def padding_before(sliding: Sliding) -> Pair:
    """The padding at the top and at the left."""
    (top, _), (left, _) = sliding.padding
    return top, left


def depthwise_kernels(W: np.ndarray) -> np.ndarray:
    """W (C, 1, kh, kw) as (kh, kw, C)."""
    return np.ascontiguousarray(W[:, 0].transpose(1, 2, 0))


def lines(x: np.ndarray) -> np.ndarray:
    """x (N, C, H, W) as a C-ordered (N, H, W·C)."""
    N, C, H, W = x.shape
    return pixels(x).reshape(N, H, W * C)

"""Convolution in float32 without gathering anything: sums of sixteen output channels stay in registers.

A thread takes a few lines of one image, copies them with the zeros around them into a buffer that fits its cache, and
for four neighbouring places at a time runs through the numbers under the kernel. `offsets` says where each of them
lies, seen from the first number of a place. K holds the kernel as (blocks of 16 output channels, kh·kw·C, 16).

The first two arguments of what is compiled say which blocks of lines, or which partial sums, one thread does.
"""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from functools import lru_cache

import numpy as np

from tinynet.kernels.convolution import side_by_side
from tinynet.kernels.convolution.padded_lines import pad
from tinynet.kernels.geometry import Pair
from tinynet.kernels.jit import compiled
from tinynet.kernels.team import share
from tinynet.kernels.vectors import LANES, load, splat, store

BLOCK = 1 << 13  # numbers of the padded input that a thread takes at a time: a first-level cache
CHUNKS = 8  # partial sums of dK
PLACES = 4  # places whose sums are in registers at a time


Taps = tuple[tuple[int, ...], tuple[int, ...]]  # lines and columns, ascending


def convolve(
    x: np.ndarray,
    K: np.ndarray,
    b: np.ndarray,
    y: np.ndarray,
    taps: Taps,
    stride: Pair,
    first: Pair = (0, 0),
    step: Pair = (1, 1),
) -> None:
    """Fill y[:, first[0]::step[0], first[1]::step[1]] with Σ x[stride · place + tap] K[tap] + b over all taps.

    Args:
        x: (N, H, W, C) in C order; a tap outside of it meets a zero.
        K: (kh, kw, C, O).
        b: (O,).
        y: (N, OH, OW, O) in C order.
        taps: Where the lines and the columns of the kernel stand, seen from the first place.
        stride: From one place to the next, in x.
        first: The first place, in y.
        step: From one place to the next, in y.
    """
    n = side_by_side.count(y.shape[3], y.shape[2]) if step == (1, 1) else 1
    if n > 1:
        K, b, y = side_by_side.widened(K, taps[1], stride[1], n), np.tile(b, n), side_by_side.grouped(y, n)
        taps, stride = (taps[0], side_by_side.columns(taps[1], stride[1], n)), (stride[0], stride[1] * n)
    (N, OH, OW, O), C = y.shape, x.shape[3]
    places = -(-(OH - first[0]) // step[0]), -(-(OW - first[1]) // step[1])
    width = (places[1] - 1) * stride[1] + taps[1][-1] - taps[1][0] + 1
    height = taps[0][-1] - taps[0][0] + 1
    offsets = _offsets(taps, width, C)
    corner = (-taps[0][0], -taps[1][0])
    out = ((first[0] * OW + first[1]) * O, step[0] * OW * O, step[1] * O)
    lines = _lines(places[0], height, stride[0], width * C)
    weights = _in_lanes(K.reshape(len(offsets), O))
    bias = _in_lanes(b.reshape(1, O))
    blocks = N * -(-places[0] // lines)
    geometry = (height, width, lines, *places)
    share(_convolve, blocks, x, weights, bias, y.reshape(-1), O, offsets, stride, corner, geometry, out)


def input_gradient(dy: np.ndarray, K: np.ndarray, dx: np.ndarray, stride: Pair, corner: Pair, dilation: Pair) -> None:
    """Fill dx (N, H, W, C), which is zero, from dy (N, OH, OW, O) and K (kh, kw, O, C).

    A pixel gets from line i of the kernel what came from place (pixel + corner − i · dilation) / stride, if that is a
    whole number. So the pixels fall into stride² phases, each a convolution of dy with some lines and columns of K.
    """
    b = np.zeros(dx.shape[3], dx.dtype)
    lines, columns = (_phases(K.shape[axis], stride[axis], corner[axis], dilation[axis]) for axis in (0, 1))
    for r, from_lines, i in lines:
        for s, from_columns, j in columns:
            if r < dx.shape[1] and s < dx.shape[2]:
                convolve(dy, K[i][:, j], b, dx, (from_lines, from_columns), (1, 1), (r, s), stride)


def weight_gradient(x: np.ndarray, dy: np.ndarray, taps: Taps, stride: Pair) -> np.ndarray:
    """dK (kh, kw, C, O): the sum over all places of x[stride · place + tap] dy[place]."""
    n = side_by_side.count(dy.shape[3], dy.shape[2])
    if n > 1:
        wide = taps[0], side_by_side.columns(taps[1], stride[1], n)
        dK = weight_gradient(x, side_by_side.grouped(dy, n), wide, (stride[0], stride[1] * n))
        return side_by_side.narrowed(dK, taps[1], stride[1], n)
    (_, OH, OW, O), C = dy.shape, x.shape[3]
    width = (OW - 1) * stride[1] + taps[1][-1] - taps[1][0] + 1
    height = taps[0][-1] - taps[0][0] + 1
    offsets = _offsets(taps, width, C)
    K = len(offsets)
    offsets = np.pad(offsets, (0, -K % PLACES))  # those added are left out of the result
    lines = _lines(OH, height, stride[0], width * C)
    dK = np.zeros((CHUNKS, -(-O // LANES), len(offsets), LANES), x.dtype)
    corner = (-taps[0][0], -taps[1][0])
    geometry = (height, width, lines, OH, OW)
    share(_weight_gradient, CHUNKS, x, dy.reshape(-1), O, dK.reshape(CHUNKS, -1), offsets, stride, corner, geometry)
    summed = dK.sum(axis=0)[:, :K]  # (blocks, kh·kw·C, 16)
    return summed.transpose(1, 0, 2).reshape(len(taps[0]), len(taps[1]), C, -1)[..., :O]


def _phases(size: int, stride: int, corner: int, dilation: int) -> list[tuple[int, tuple[int, ...], list[int]]]:
    """For each first pixel of a phase, from which places it gets something, and by which lines of the kernel."""
    phases = []
    for pixel in range(stride):
        reached = [pixel + corner - i * dilation for i in range(size)]
        places = sorted((distance // stride, i) for i, distance in enumerate(reached) if distance % stride == 0)
        if places:
            phases.append((pixel, tuple(place for place, _ in places), [i for _, i in places]))
    return phases


@lru_cache(maxsize=1000)
def _offsets(taps: Taps, width: int, C: int) -> np.ndarray:
    """Where the numbers under the kernel lie in lines of `width` pixels, (kh·kw·C,)."""
    rows, columns = np.subtract(taps[0], taps[0][0]), np.subtract(taps[1], taps[1][0])
    pixels = (rows[:, np.newaxis] * width + columns).reshape(-1, 1)
    return (pixels * C + np.arange(C)).reshape(-1)


def _lines(places: int, height: int, stride: int, line: int) -> int:
    """How many lines of places make a block."""
    return max(1, min(places, (BLOCK // line - height) // stride + 1))


def _in_lanes(K: np.ndarray) -> np.ndarray:
    """K (k, O) as a flat (blocks, k, 16), with zeros after the last of the O channels."""
    k, O = K.shape
    wide = np.zeros((k, -(-O // LANES) * LANES), np.float32)
    wide[:, :O] = K
    return np.ascontiguousarray(wide.reshape(k, -1, LANES).transpose(1, 0, 2)).reshape(-1)


@compiled
def _convolve(start, end, x, K, bias, y, O, offsets, stride, corner, geometry, out):
    height, width, lines, OH, OW = geometry
    blocks, C = (OH + lines - 1) // lines, x.shape[3]
    image = len(y) // x.shape[0]
    line, step = stride[0] * width * C, stride[1] * C
    padded = np.empty(((lines - 1) * stride[0] + height) * width * C, x.dtype)
    rest = np.empty(PLACES * LANES, x.dtype)
    in_order = O < LANES and (out[1], out[2]) == (
        OW * O,
        O,
    )  # what reaches into the next places is overwritten by their own
    for block in range(start, end):
        n, top = block // blocks, block % blocks * lines
        last = min(OH, top + lines)
        limit = n * image + out[0] + last * out[1] - LANES
        pad(x[n], padded, top * stride[0] - corner[0], (last - top - 1) * stride[0] + height, width, corner[1])
        for at in range(0, O, LANES):
            kernel = at * len(offsets)
            for r in range(last - top):
                for s in range(0, OW, PLACES):
                    s1, s2, s3 = min(s + 1, OW - 1), min(s + 2, OW - 1), min(s + 3, OW - 1)
                    v0, v1, v2, v3 = load(bias, at), load(bias, at), load(bias, at), load(bias, at)
                    p = r * line
                    p0, p1, p2, p3 = p + s * step, p + s1 * step, p + s2 * step, p + s3 * step
                    for k in range(len(offsets)):
                        w, offset = load(K, kernel + k * LANES), offsets[k]
                        v0 += splat(padded, p0 + offset) * w
                        v1 += splat(padded, p1 + offset) * w
                        v2 += splat(padded, p2 + offset) * w
                        v3 += splat(padded, p3 + offset) * w
                    to = n * image + out[0] + (top + r) * out[1] + at
                    if at + LANES <= O or (in_order and to + s3 * out[2] <= limit):
                        store(y, to + s * out[2], v0)
                        store(y, to + s1 * out[2], v1)
                        store(y, to + s2 * out[2], v2)
                        store(y, to + s3 * out[2], v3)
                    else:
                        store(rest, 0, v0)
                        store(rest, LANES, v1)
                        store(rest, 2 * LANES, v2)
                        store(rest, 3 * LANES, v3)
                        for q in range(min(PLACES, OW - s)):
                            for o in range(O - at):
                                y[to + (s + q) * out[2] + o] = rest[q * LANES + o]


@compiled
def _weight_gradient(start, end, x, dy, O, dK, offsets, stride, corner, geometry):
    height, width, lines, OH, OW = geometry
    N, C = x.shape[0], x.shape[3]
    images = (N + len(dK) - 1) // len(dK)
    line, step = stride[0] * width * C, stride[1] * C
    padded = np.empty(((lines - 1) * stride[0] + height) * width * C, x.dtype)
    copied = np.zeros(lines * OW * O + LANES if O % LANES else 1, x.dtype)  # so that sixteen may reach beyond the last
    for chunk in range(start, end):
        total = dK[chunk]
        for n in range(chunk * images, min(N, (chunk + 1) * images)):
            for top in range(0, OH, lines):
                last = min(OH, top + lines)
                pad(x[n], padded, top * stride[0] - corner[0], (last - top - 1) * stride[0] + height, width, corner[1])
                given, begin = dy, (n * OH + top) * OW * O
                if O % LANES:
                    lines_of_dy = dy[begin : begin + (last - top) * OW * O]
                    for k in range(len(lines_of_dy)):
                        copied[k] = lines_of_dy[k]
                    given, begin = copied, 0
                k = 0
                for at in range(0, O, LANES):
                    for j in range(0, len(offsets), PLACES):
                        v0, v1 = load(total, k), load(total, k + LANES)
                        v2, v3 = load(total, k + 2 * LANES), load(total, k + 3 * LANES)
                        o0, o1, o2, o3 = offsets[j], offsets[j + 1], offsets[j + 2], offsets[j + 3]
                        for r in range(last - top):
                            p = r * line
                            o = begin + r * OW * O + at
                            for _ in range(OW):
                                d = load(given, o)
                                v0 += splat(padded, p + o0) * d
                                v1 += splat(padded, p + o1) * d
                                v2 += splat(padded, p + o2) * d
                                v3 += splat(padded, p + o3) * d
                                p += step
                                o += O
                        store(total, k, v0)
                        store(total, k + LANES, v1)
                        store(total, k + 2 * LANES, v2)
                        store(total, k + 3 * LANES, v3)
                        k += PLACES * LANES

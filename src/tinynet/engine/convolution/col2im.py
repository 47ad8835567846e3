"""col2im for the input gradient of few channels: each output position adds its products to a line of pixels.

With six channels, sums of sixteen input channels leave ten lanes of a register empty. But under one line of the kernel
the channels of neighbouring pixels are contiguous in memory: five pixels of six channels are thirty numbers. So the
registers hold the sums of one output position over the lines of the kernel that reach a line of pixels, and these sums
are added to that line afterwards. Nothing is multiplied by the zeros around an image.

The first two arguments of compiled functions say which blocks of lines one thread does. Each packs the kernel for
itself.
"""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import math

import numpy as np

from tinynet.engine.convolution import side_by_side
from tinynet.engine.machine.finite import are_zero, times_zero
from tinynet.engine.machine.jit import compiled
from tinynet.engine.machine.pool import run_parallel
from tinynet.engine.machine.register_tile import multiply_panel
from tinynet.engine.machine.vectors import LANES, load, store, zeros
from tinynet.layers.windows import Pair

MIN_BLOCKS = 4  # Of lines. Several threads share even a single image.


def suits(C: int, kw: int, width: int, stride: Pair, dilation: Pair) -> bool:
    """Whether fewer lanes stay empty here than in `direct`, for C input channels in lines of `width` pixels."""
    n = side_by_side.count(C, width) if tuple(stride) == (1, 1) else 1
    full, full_in_direct = kw * C / (-(-kw * C // LANES) * LANES), kw / (kw + n - 1) * n * C / LANES
    return LANES > C and dilation[1] == 1 and full > full_in_direct


def input_gradient(dy: np.ndarray, W: np.ndarray, dx: np.ndarray, stride: Pair, before: Pair, dilation: Pair) -> bool:
    """Fill dx (N, H, W, C) from dy (N, OH, OW, O) and W (O, C, kh, kw), all in C order.

    Returns:
        False where a NaN or infinity of dy may have come to neighbours.
    """
    lines = max(1, min(dx.shape[1], len(dx) * dx.shape[1] // MIN_BLOCKS))
    blocks = len(dx) * -(-dx.shape[1] // lines)
    between = stride[0] // math.gcd(stride[0], dilation[0])  # from one line of the kernel that reaches one to the next
    spread = np.zeros(blocks, np.bool_)
    run_parallel(_blocks, blocks, dy.reshape(-1), dy.shape, W, dx, stride, before, dilation[0], lines, between, spread)
    return not spread.any()


@compiled
def _blocks(start, end, dy, shape, W, dx, stride, before, dilation, lines, between, spread):
    (_, OH, OW, O), (_, H, width, C), kh = shape, dx.shape, W.shape[2]
    back = between * dilation // stride[0] * OW * O  # numbers from the positions of one of these lines to those before
    K, offsets, row_of_line = _packed(W, between, back)
    step, run = stride[1] * C, (W.shape[3] * C + LANES - 1) // LANES * LANES
    given = np.empty(OW * run, dy.dtype)
    line = np.empty(max((OW - 1) * step + run, (before[1] + width) * C) + LANES, dy.dtype)
    sums = zeros()
    blocks = (H + lines - 1) // lines
    for block in range(start, end):
        n, top = block // blocks, block % blocks * lines
        for h in range(top, min(H, top + lines)):
            line[:] = 0
            i, count = _reaching(h + before[0], kh, OH, stride[0], dilation)
            if count:
                a = (n * OH + (h + before[0] - i * dilation) // stride[0]) * OW * O + i // between * back
                k = row_of_line[i] * O
                under = offsets[k : k + count * O]
                for v in range(run // LANES):
                    bias = v * (1 + kh * O) * LANES
                    kernel = bias + (1 + k) * LANES
                    multiply_panel(dy, a, O, under, OW, K, kernel, LANES, len(under), None, 0, 0, given, v * LANES, run)
                _add(given, OW, run, line, step)
            into, inside = dx[n, h].reshape(-1), line[before[1] * C : (before[1] + width) * C]
            for k in range(len(inside)):
                into[k] = inside[k]
            sums += times_zero(line, before[1] * C, width * C)
    spread[start] = not are_zero(sums, given)


@compiled
def _packed(W, between, back):
    """W as `direct` has it, (kw · C in sixteens, 1 + kh · O, 16), with zeros instead of the bias and after a line.

    Lines of the kernel that reach the same line of pixels, `between` apart, come one after the other. The second result
    says where each row finds its factor, relative to that of the first such line. The third says in which row the
    numbers of each line begin, as a multiple of O.
    """
    O, C, kh, kw = W.shape
    blocks, rows, at = (kw * C + LANES - 1) // LANES, 1 + kh * O, 0
    K = np.zeros(blocks * rows * LANES, W.dtype)
    offsets, row_of_line = np.empty(kh * O, np.int64), np.empty(kh, np.int64)
    for first in range(between):
        for i in range(first, kh, between):
            row_of_line[i] = at
            for o in range(O):
                offsets[at * O + o] = o - i // between * back
                for j in range(kw):
                    for c in range(C):
                        block, lane = (j * C + c) // LANES, (j * C + c) % LANES
                        K[(block * rows + 1 + at * O + o) * LANES + lane] = W[o, c, i, j]
            at += 1
    return K, offsets, row_of_line


@compiled
def _reaching(line, kh, OH, stride, dilation):
    """The first line of the kernel that contributes to a line of pixels, and how many do.

    Line i of the kernel contributes from line (line − i · dilation) / stride of the positions, if there is one.
    """
    first, count = 0, 0
    for i in range(kh):
        position = line - i * dilation
        if position >= 0 and position % stride == 0 and position // stride < OH:
            first, count = i if count == 0 else first, count + 1
    return first, count


@compiled
def _add(given, OW, run, line, step):
    """Add the products of each position to a line of pixels. Between overlapping positions others are added.

    A processor that reads what it has just written, but at another offset, waits until that is in the cache.
    """
    apart = (run + step - 1) // step
    for first in range(apart):
        for s in range(first, OW, apart):
            for v in range(0, run, LANES):
                store(line, s * step + v, load(line, s * step + v) + load(given, s * run + v))

"""The input gradient of a convolution with few input channels: each place hands back what it owes to a line of pixels.

With six channels, sums of sixteen input channels leave ten lanes of a register empty. But under one line of the kernel
the channels of neighbouring pixels lie side by side in memory: five pixels of six channels are thirty numbers. So the
sums held in registers are those of a place over the lines of the kernel that reach a line of pixels, and they are added
to that line afterwards. Nothing is multiplied by the zeros around an image.

The first two arguments of what is compiled say which blocks of lines one thread does; each packs the kernel for itself.
"""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numpy as np

from tinynet.kernels.convolution import side_by_side
from tinynet.kernels.geometry import Pair
from tinynet.kernels.jit import compiled
from tinynet.kernels.team import share
from tinynet.kernels.vectors import LANES, load, splat, store, zeros

PARTS = 4  # blocks of lines that there are at least, so that several threads share even one image


def suits(C: int, kw: int, width: int, stride: Pair, dilation: Pair) -> bool:
    """Whether fewer lanes stay empty here than in `direct`, for C input channels in lines of so many pixels."""
    n = side_by_side.count(C, width) if tuple(stride) == (1, 1) else 1
    full, full_in_direct = kw * C / (-(-kw * C // LANES) * LANES), kw / (kw + n - 1) * n * C / LANES
    return LANES > C and dilation[1] == 1 and full > full_in_direct


def input_gradient(dy: np.ndarray, W: np.ndarray, dx: np.ndarray, stride: Pair, corner: Pair, dilation: Pair) -> None:
    """Fill dx (N, H, W, C) from dy (N, OH, OW, O) and W (O, C, kh, kw), all in C order."""
    lines = max(1, min(dx.shape[1], len(dx) * dx.shape[1] // PARTS))
    blocks = len(dx) * -(-dx.shape[1] // lines)
    share(_blocks, blocks, dy.reshape(-1), dy.shape, W, dx, stride, corner, dilation[0], lines)


@compiled
def _blocks(start, end, dy, shape, W, dx, stride, corner, dilation, lines):
    (_, OH, OW, O), (_, H, width, C), kh = shape, dx.shape, W.shape[2]
    K, run = _packed(W), (W.shape[3] * C + LANES - 1) // LANES * LANES
    given, step = np.empty(OW * run, dy.dtype), stride[1] * C
    line = np.empty(max((OW - 1) * step + run, (corner[1] + width) * C), dy.dtype)
    blocks, between = (H + lines - 1) // lines, stride[0] // _common(stride[0], dilation)
    offsets, taps = _tables(kh, O, between, between * dilation // stride[0] * OW * O)
    for block in range(start, end):
        n, top = block // blocks, block % blocks * lines
        for h in range(top, min(H, top + lines)):
            line[:] = 0
            i, count = _reaching(h + corner[0], kh, OH, stride[0], dilation)
            if count:
                a = (n * OH + (h + corner[0] - i * dilation) // stride[0]) * OW * O
                for v in range(run // LANES):
                    kernel = (v * kh + i) * O * LANES
                    _give(dy, a, OW, O, K, kernel, offsets, taps, count * O, given, v * LANES, run)
                _add(given, OW, run, line, step)
            into, inside = dx[n, h].reshape(-1), line[corner[1] * C : (corner[1] + width) * C]
            for k in range(len(inside)):
                into[k] = inside[k]


@compiled
def _packed(W):
    """W as (kw · C in sixteens, kh, O, 16), with zeros after the last number of a line."""
    O, C, kh, kw = W.shape
    blocks = (kw * C + LANES - 1) // LANES
    K = np.zeros(kh * blocks * O * LANES, W.dtype)
    for i in range(kh):
        for j in range(kw):
            for c in range(C):
                block, lane = (j * C + c) // LANES, (j * C + c) % LANES
                for o in range(O):
                    K[((block * kh + i) * O + o) * LANES + lane] = W[o, c, i, j]
    return K


@compiled
def _common(a, b):
    """The largest common divisor."""
    while b:
        a, b = b, a % b
    return a


@compiled
def _tables(kh, O, between, back):
    """Where the numbers of the places are that a line of pixels gets something from, and the kernel's for each.

    One line of the kernel that reaches it comes `between` after the other, and its places `back` numbers before.
    """
    offsets, taps = np.empty(kh * O, np.int64), np.empty(kh * O, np.int64)
    for k in range(kh * O):
        offsets[k], taps[k] = k % O - k // O * back, (k // O * between * O + k % O) * LANES
    return offsets, taps


@compiled
def _reaching(line, kh, OH, stride, dilation):
    """The first line of the kernel that brings something to a line of pixels, and how many do.

    Line i of the kernel brings it from line (line − i · dilation) / stride of the places, if there is one.
    """
    first, count = 0, 0
    for i in range(kh):
        place = line - i * dilation
        if place >= 0 and place % stride == 0 and place // stride < OH:
            first, count = i if count == 0 else first, count + 1
    return first, count


@compiled
def _give(dy, a, OW, O, K, kernel, offsets, taps, count, given, to, run):
    """Sixteen numbers that each of a line of places gives: the sums over `count` numbers of the places."""
    s = 0
    while s < OW:
        left, at, into = OW - s, a + s * O, to + s * run
        if left >= 5 and left not in (7, 8):  # which are twice four
            _six(dy, at, O, min(5, left - 1), K, kernel, offsets, taps, count, given, into, run)
            s += 6
        else:
            _four(dy, at, O, min(3, left - 1), K, kernel, offsets, taps, count, given, into, run)
            s += 4


@compiled
def _add(given, OW, run, line, step):
    """Add what each place gives to a line of pixels, those first that do not meet: each reads what is written long ago.

    A processor that reads what it just wrote, but from another place on, waits until it lies in the cache.
    """
    apart = (run + step - 1) // step
    for first in range(apart):
        for s in range(first, OW, apart):
            for v in range(0, run, LANES):
                store(line, s * step + v, load(line, s * step + v) + load(given, s * run + v))


# Two functions that differ in their number of places, since the sums stay in registers only if each has its name.


@compiled
def _four(dy, a, O, last, K, kernel, offsets, taps, count, given, to, run):
    q1, q2, q3 = min(1, last), min(2, last), min(3, last)  # beyond the last place it is computed again
    a1, a2, a3 = a + q1 * O, a + q2 * O, a + q3 * O
    v0, v1, v2, v3 = zeros(), zeros(), zeros(), zeros()
    for k in range(count):
        w, offset = load(K, kernel + taps[k]), offsets[k]
        v0 += splat(dy, a + offset) * w
        v1 += splat(dy, a1 + offset) * w
        v2 += splat(dy, a2 + offset) * w
        v3 += splat(dy, a3 + offset) * w
    store(given, to, v0)
    store(given, to + q1 * run, v1)
    store(given, to + q2 * run, v2)
    store(given, to + q3 * run, v3)


@compiled
def _six(dy, a, O, last, K, kernel, offsets, taps, count, given, to, run):
    q5 = min(5, last)
    a1, a2, a3, a4, a5 = a + O, a + 2 * O, a + 3 * O, a + 4 * O, a + q5 * O
    v0, v1, v2, v3, v4, v5 = zeros(), zeros(), zeros(), zeros(), zeros(), zeros()
    for k in range(count):
        w, offset = load(K, kernel + taps[k]), offsets[k]
        v0 += splat(dy, a + offset) * w
        v1 += splat(dy, a1 + offset) * w
        v2 += splat(dy, a2 + offset) * w
        v3 += splat(dy, a3 + offset) * w
        v4 += splat(dy, a4 + offset) * w
        v5 += splat(dy, a5 + offset) * w
    store(given, to, v0)
    store(given, to + run, v1)
    store(given, to + 2 * run, v2)
    store(given, to + 3 * run, v3)
    store(given, to + 4 * run, v4)
    store(given, to + q5 * run, v5)

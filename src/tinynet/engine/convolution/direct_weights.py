"""The weight gradient of the direct convolution: sums over all places, for six numbers under the kernel at a time.

dK lies as the packed kernel of `direct`, without its bias, and with the numbers under the kernel rounded up to sixes.
The first two arguments of what is compiled say which partial sums one thread does.
"""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numpy as np

from tinynet.engine.convolution import direct_plan
from tinynet.engine.convolution.padded_lines import pad
from tinynet.engine.machine.jit import compiled
from tinynet.engine.machine.pool import share
from tinynet.engine.machine.vectors import LANES, load, splat, store
from tinynet.layers.windows import Pair

CHUNKS = 8  # partial sums of dK
ROWS = 6  # numbers under the kernel whose sums stay in registers


def weight_gradient(
    x: np.ndarray, dy: np.ndarray, kernel_size: Pair, stride: Pair, corner: Pair, dilation: Pair
) -> np.ndarray:
    """dW (O, C, kh, kw), from x (N, H, W, C) and dy (N, OH, OW, O) in C order."""
    (_, OH, OW, O), C, (kh, kw) = dy.shape, x.shape[3], kernel_size
    plan = direct_plan.of_forward((O, C, kh, kw), (OH, OW), stride, corner, dilation)
    O_n, rounded = O * plan.n, -(-len(plan.offsets) // ROWS) * ROWS
    dK = np.zeros((CHUNKS, -(-O_n // LANES) * rounded * LANES), x.dtype)
    buffer = (*plan.buffer, *plan.places)
    share(_sums, CHUNKS, x, dy.reshape(-1), O_n, dK, plan.offsets, plan.stride, plan.corner, buffer)
    dW = np.zeros((O, C * kh * kw), x.dtype)
    _unpack(dK, plan.cells, rounded, C, dW)
    return dW.reshape(O, C, kh, kw)


@compiled
def _sums(start, end, x, dy, O, dK, offsets, stride, corner, buffer):
    height, width, lines, OH, OW = buffer
    N, C, K = x.shape[0], x.shape[3], len(offsets)
    images = (N + len(dK) - 1) // len(dK)
    padded = np.empty(((lines - 1) * stride[0] + height) * width * C, x.dtype)
    starts = np.empty(lines * OW, np.int64)  # where a place begins in the buffer
    for k in range(len(starts)):
        starts[k] = (k // OW * stride[0] * width + k % OW * stride[1]) * C
    copied = np.zeros(lines * OW * O + LANES if O % LANES else 1, x.dtype)  # so that sixteen may reach beyond the last
    for chunk in range(start, end):
        for n in range(chunk * images, min(N, (chunk + 1) * images)):
            for top in range(0, OH, lines):
                last = min(OH, top + lines)
                pad(x, n, padded, top * stride[0] - corner[0], (last - top - 1) * stride[0] + height, width, corner[1])
                given, begin = dy, (n * OH + top) * OW * O
                if O % LANES:
                    lines_of_dy = dy[begin : begin + (last - top) * OW * O]
                    for k in range(len(lines_of_dy)):
                        copied[k] = lines_of_dy[k]
                    given, begin = copied, 0
                k = 0
                for at in range(0, O, LANES):
                    for j in range(0, K, ROWS):  # those beyond the last are left out in the end
                        under = (
                            offsets[j], offsets[min(j + 1, K - 1)], offsets[min(j + 2, K - 1)],
                            offsets[min(j + 3, K - 1)], offsets[min(j + 4, K - 1)], offsets[min(j + 5, K - 1)],
                        )  # fmt: skip
                        _add(dK[chunk], k, padded, under, given, begin + at, starts, (last - top) * OW, O)
                        k += ROWS * LANES


@compiled
def _add(total, k, padded, offsets, dy, begin, starts, count, O):
    """Add to six rows of a block of dK what comes from so many places."""
    o0, o1, o2, o3, o4, o5 = offsets
    v0, v1, v2 = load(total, k), load(total, k + LANES), load(total, k + 2 * LANES)
    v3, v4, v5 = load(total, k + 3 * LANES), load(total, k + 4 * LANES), load(total, k + 5 * LANES)
    for place in range(count):
        d, p = load(dy, begin + place * O), starts[place]
        v0 += splat(padded, p + o0) * d
        v1 += splat(padded, p + o1) * d
        v2 += splat(padded, p + o2) * d
        v3 += splat(padded, p + o3) * d
        v4 += splat(padded, p + o4) * d
        v5 += splat(padded, p + o5) * d
    store(total, k, v0)
    store(total, k + LANES, v1)
    store(total, k + 2 * LANES, v2)
    store(total, k + 3 * LANES, v3)
    store(total, k + 4 * LANES, v4)
    store(total, k + 5 * LANES, v5)


@compiled
def _unpack(dK, cells, rounded, C, dW):
    """Add up the chunks, and what came to the copies of a weight for places side by side."""
    n, lines, columns = cells.shape
    O = len(dW)
    size = dW.shape[1] // C
    for lane in range(n * O):
        place, o = lane // O, lane % O
        for tap in range(lines * columns):
            cell = cells[place, tap // columns, tap % columns]
            if cell >= 0:
                for c in range(C):
                    at, total = (lane // LANES * rounded + tap * C + c) * LANES + lane % LANES, dW[o, c * size + cell]
                    for chunk in range(len(dK)):
                        total += dK[chunk, at]
                    dW[o, c * size + cell] = total

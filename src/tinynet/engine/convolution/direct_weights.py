"""The weight gradient of the direct convolution: sums over output positions, six numbers under the kernel at a time.

dK has the order of the packed kernel of `direct`, without its bias, and with its rows rounded up to a multiple of six.
The first two arguments of compiled functions say which partial sums one thread does.
"""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numpy as np

from tinynet.engine.convolution import direct_plan
from tinynet.engine.convolution.padded_lines import pad
from tinynet.engine.machine.jit import compiled
from tinynet.engine.machine.pool import run_parallel
from tinynet.engine.machine.register_tile import six_rows
from tinynet.engine.machine.vectors import LANES
from tinynet.layers.windows import Pair

PARTIAL_SUMS = 8  # of dK. The number is fixed, so that threads change no bit.
ROWS = 6  # Of a register tile. A row is one number under the kernel.


def weight_gradient(
    x: np.ndarray, dy: np.ndarray, kernel_size: Pair, stride: Pair, before: Pair, dilation: Pair
) -> np.ndarray:
    """dW (O, C, kh, kw), from x (N, H, W, C) and dy (N, OH, OW, O) in C order."""
    (_, OH, OW, O), C, (kh, kw) = dy.shape, x.shape[3], kernel_size
    plan = direct_plan.of_forward((O, C, kh, kw), (OH, OW), stride, before, dilation)
    O_n, rounded = O * plan.n, -(-len(plan.offsets) // ROWS) * ROWS
    dK = np.zeros((PARTIAL_SUMS, -(-O_n // LANES) * rounded * LANES), x.dtype)
    buffer = (*plan.buffer, *plan.positions)
    run_parallel(_sums, PARTIAL_SUMS, x, dy.reshape(-1), O_n, dK, plan.offsets, plan.stride, plan.before, buffer)
    dW = np.zeros((O, C * kh * kw), x.dtype)
    _unpack(dK, plan.cells, rounded, C, dW)
    return dW.reshape(O, C, kh, kw)


@compiled
def _sums(start, end, x, dy, O, dK, offsets, stride, before, buffer):
    height, width, lines, OH, OW = buffer
    N, C, K = x.shape[0], x.shape[3], len(offsets)
    images = (N + len(dK) - 1) // len(dK)
    padded = np.empty(((lines - 1) * stride[0] + height) * width * C, x.dtype)
    starts = np.empty(lines * OW, np.int64)  # where a position begins in the buffer
    for k in range(len(starts)):
        starts[k] = (k // OW * stride[0] * width + k % OW * stride[1]) * C
    # A vector may reach beyond the last number of dy, so that is copied if O is no multiple of the lanes.
    copied = np.zeros(lines * OW * O + LANES if O % LANES else 1, x.dtype)
    for chunk in range(start, end):
        total = dK[chunk]
        for n in range(chunk * images, min(N, (chunk + 1) * images)):
            for top in range(0, OH, lines):
                last = min(OH, top + lines)
                pad(x, n, padded, top * stride[0] - before[0], (last - top - 1) * stride[0] + height, width, before[1])
                given, begin = dy, (n * OH + top) * OW * O
                if O % LANES:
                    lines_of_dy = dy[begin : begin + (last - top) * OW * O]
                    for k in range(len(lines_of_dy)):
                        copied[k] = lines_of_dy[k]
                    given, begin = copied, 0
                k = 0
                for at in range(0, O, LANES):
                    for j in range(0, K, ROWS):
                        row, d, count = min(ROWS, K - j) - 1, begin + at, (last - top) * OW
                        six_rows(
                            padded, j, offsets, starts, row, given, d, O, count, total, k, LANES, total, k, LANES,
                        )  # fmt: skip
                        k += ROWS * LANES


@compiled
def _unpack(dK, cells, rounded, C, dW):
    """Sum over the chunks, and over the copies of a weight for positions side by side."""
    n, lines, columns = cells.shape
    O = len(dW)
    size = dW.shape[1] // C
    for lane in range(n * O):
        position, o = lane // O, lane % O
        for tap in range(lines * columns):
            cell = cells[position, tap // columns, tap % columns]
            if cell >= 0:
                for c in range(C):
                    at, total = (lane // LANES * rounded + tap * C + c) * LANES + lane % LANES, dW[o, c * size + cell]
                    for chunk in range(len(dK)):
                        total += dK[chunk, at]
                    dW[o, c * size + cell] = total

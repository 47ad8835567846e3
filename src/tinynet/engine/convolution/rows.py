"""im2col as in `gathered`, compiled, for float64.

Each thread gathers the rows of a few lines of one image, few enough to stay in its cache, and multiplies them on its
own. x is (N, H, W·C), so that a row of a kernel is one run of kw·C neighbours. y and dy are (N, OH·OW, O). The blocks
do not depend on the number of threads, so neither do the bits of the result. The first two arguments say which blocks,
images or partial sums one thread does.
"""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numpy as np

from tinynet.engine.machine.gemm.inside import multiply, multiply_transposed
from tinynet.engine.machine.jit import compiled

NUMBERS_PER_BLOCK = 1 << 16  # Gathered at a time. They fill half of a second-level cache.
PARTIAL_SUMS = 8  # Of dW. The number is fixed, so that threads change no bit.


@compiled
def convolve(start, end, x, K, b, y, C, kernel_size, positions, stride, before, dilation):
    """y = rows @ K + b, with K (kh·kw·C, O) and the padding before = (top, left)."""
    lines, blocks = _cut(positions, K.shape[0])
    for block in range(start, end):
        n, first = block // blocks, block % blocks * lines
        last = min(positions[0], first + lines)
        rows = np.empty(((last - first) * positions[1], K.shape[0]), x.dtype)
        _gather(x[n], rows, first, last, C, kernel_size, positions, stride, before, dilation)
        out = y[n, first * positions[1] : last * positions[1]]
        multiply(rows, K, out, 0.0)
        for p in range(out.shape[0]):
            for o in range(out.shape[1]):
                out[p, o] += b[o]


@compiled
def convolve_back(start, end, dy, K, dx, C, kernel_size, positions, stride, before, dilation):
    """Add dy @ K to the pixels that its rows were gathered from, with K (O, kh·kw·C) and dx zero."""
    lines, blocks = _cut(positions, K.shape[1])
    for n in range(start, end):
        for block in range(blocks):
            first = block * lines
            last = min(positions[0], first + lines)
            rows = np.empty(((last - first) * positions[1], K.shape[1]), dy.dtype)
            multiply(dy[n, first * positions[1] : last * positions[1]], K, rows, 0.0)
            _scatter(rows, dx[n], first, last, C, kernel_size, positions, stride, before, dilation)


@compiled
def correlate(start, end, x, dy, dK, C, kernel_size, positions, stride, before, dilation):
    """dK[chunk] = rowsᵀ @ dy over the images of each chunk; dK (PARTIAL_SUMS, kh·kw·C, O) is zero."""
    lines, blocks = _cut(positions, dK.shape[1])
    step = (x.shape[0] + dK.shape[0] - 1) // dK.shape[0]
    for chunk in range(start, end):
        for n in range(chunk * step, min(x.shape[0], (chunk + 1) * step)):
            for block in range(blocks):
                first = block * lines
                last = min(positions[0], first + lines)
                rows = np.empty(((last - first) * positions[1], dK.shape[1]), x.dtype)
                _gather(x[n], rows, first, last, C, kernel_size, positions, stride, before, dilation)
                multiply_transposed(rows, dy[n, first * positions[1] : last * positions[1]], dK[chunk], 1.0)


def count(N, positions, width):
    """How many blocks the rows of N images make, each row `width` long."""
    return N * _cut(positions, width)[1]


@compiled
def _cut(positions, width):
    """How many lines of positions make a block, and how many blocks an image."""
    lines = min(positions[0], max(1, NUMBERS_PER_BLOCK // (positions[1] * width)))
    return lines, (positions[0] + lines - 1) // lines


@compiled
def _gather(x, rows, first, last, C, kernel_size, positions, stride, before, dilation):
    """Fill `rows` with the pixels of x (H, W·C) under the kernel, for the lines from first to last."""
    kh, kw = kernel_size
    width = x.shape[1]
    for r in range(first, last):
        for s in range(positions[1]):
            row = rows[(r - first) * positions[1] + s]
            column = (s * stride[1] - before[1]) * C
            inside = dilation[1] == 1 and column >= 0 and column + kw * C <= width
            for i in range(kh):
                line, at = r * stride[0] + i * dilation[0] - before[0], i * kw * C
                if line < 0 or line >= x.shape[0]:
                    for k in range(kw * C):
                        row[at + k] = 0
                elif inside:
                    for k in range(kw * C):
                        row[at + k] = x[line, column + k]
                else:
                    for j in range(kw):
                        start = column + j * dilation[1] * C
                        outside = start < 0 or start >= width
                        for c in range(C):
                            row[at + j * C + c] = 0 if outside else x[line, start + c]


@compiled
def _scatter(rows, dx, first, last, C, kernel_size, positions, stride, before, dilation):
    """Add `rows` to the pixels of dx (H, W·C) that `_gather` takes them from."""
    kh, kw = kernel_size
    width = dx.shape[1]
    for r in range(first, last):
        for s in range(positions[1]):
            row = rows[(r - first) * positions[1] + s]
            column = (s * stride[1] - before[1]) * C
            inside = dilation[1] == 1 and column >= 0 and column + kw * C <= width
            for i in range(kh):
                line, at = r * stride[0] + i * dilation[0] - before[0], i * kw * C
                if line < 0 or line >= dx.shape[0]:
                    continue
                if inside:
                    for k in range(kw * C):
                        dx[line, column + k] += row[at + k]
                else:
                    for j in range(kw):
                        start = column + j * dilation[1] * C
                        if 0 <= start < width:
                            for c in range(C):
                                dx[line, start + c] += row[at + j * C + c]

"""Depthwise convolution compiled by Numba: image by image, channels innermost.

Every channel has one kernel: x is (N, H, W, C), K (kh, kw, C), y and dy (N, OH, OW, C). There is no matrix product in
this, so all three passes are sums of products of long rows. For each cell of the kernel, a row of pixels is multiplied
with the weights of that cell, repeated for each pixel, and added to a row of outputs. For that an image is copied into
a frame of zeros, in which the pixels under one cell are neighbours, whatever the stride. The first two arguments say
which images or partial sums one thread does.
"""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numpy as np

from tinynet.engine.machine.jit import compiled, compiled_in_order

PARTIAL_SUMS = 8  # Of dW. The number is fixed, so that threads change no bit.
MIN_PARTS = 4  # Several threads share even a single image.
NUMBERS_PER_ROW = 512  # They stay in a first-level cache, with the weights of nine cells for them.


@compiled
def convolve(start, end, x, K, b, y, stride, before, dilation, parts):
    """y = b + Σ K[i, j] · x, with the padding before = (top, left). Each image is cut into `parts`."""
    frame = _frame(y, K, stride, dilation)
    weights, cells, step = _repeated(K, y.shape[2]), _cells(frame, K, dilation), stride[0] * frame[0, 0].size
    bias, pixels = _repeated(b.reshape(1, 1, -1), y.shape[2])[0], frame.reshape(-1)
    for item in range(start, end):
        n, part = item // parts, item % parts
        if item == start or part == 0:
            _copy_in(x[n], frame, before)
        for r in range(y.shape[1] * part // parts, y.shape[1] * (part + 1) // parts):
            row = y[n, r].reshape(-1)
            for first in range(0, row.size, bias.size):
                total, under = row[first : first + bias.size], pixels[r * step + first :]
                for f in range(total.size):
                    total[f] = bias[f]
                for t in range(0, cells.size - 8, 9):
                    _add_nine(total, weights, under, t, cells)
                for t in range(cells.size // 9 * 9, cells.size):
                    _add(total, weights[t], under[cells[t] :])


@compiled
def convolve_back(start, end, dy, K, dx, stride, before, dilation):
    """dx = Σ K[i, j] · dy over the cells that met each pixel."""
    kh, kw = K.shape[:2]
    weights = _repeated(K, dy.shape[2])
    line = _frame(dy[:, :1], K[:1], stride, dilation)  # one padded row of dx
    cells, padded, top = _cells(line, K[:1], dilation), line.reshape(-1), before[0]
    for n in range(start, end):
        for h in range(top, top + dx.shape[1]):
            padded[:] = 0
            for i in range(kh):
                r = h - i * dilation[0]
                if r >= 0 and r % stride[0] == 0 and r // stride[0] < dy.shape[1]:
                    row = dy[n, r // stride[0]].reshape(-1)
                    for first in range(0, row.size, weights.shape[1]):
                        part = row[first : first + weights.shape[1]]
                        for j in range(kw):
                            at = cells[j] + first
                            _add(padded[at : at + part.size], weights[i * kw + j], part)
            _copy_out(line, dx[n, h - top], before[1])


@compiled
def correlate(start, end, x, dy, dK, stride, before, dilation):
    """dK[chunk] = Σ x · dy over the output positions of the images of each chunk. dK (PARTIAL_SUMS, kh, kw, C) is 0."""
    K, OH = dK[0], dy.shape[1]
    share = (x.shape[0] + dK.shape[0] - 1) // dK.shape[0]
    frame = _frame(dy, K, stride, dilation)
    cells, step, pixels = _cells(frame, K, dilation), stride[0] * frame[0, 0].size, frame.reshape(-1)
    for chunk in range(start, end):
        sums = _repeated(K, dy.shape[2])
        sums[:] = 0
        for n in range(chunk * share, min(x.shape[0], (chunk + 1) * share)):
            _copy_in(x[n], frame, before)
            rows = dy[n].reshape(OH, -1)
            for first in range(0, rows.shape[1], sums.shape[1]):
                last = min(rows.shape[1], first + sums.shape[1])
                for t in range(cells.size):
                    total, under = sums[t, : last - first], pixels[cells[t] + first :]
                    for r in range(0, OH - 3, 4):
                        _add_four(total, rows, r, first, under, step)
                    for r in range(OH // 4 * 4, OH):
                        _add(total, rows[r, first:], under[r * step :])
        for t in range(sums.shape[0]):
            for f in range(sums.shape[1]):
                dK[chunk, t // K.shape[1], t % K.shape[1], f % K.shape[2]] += sums[t, f]


@compiled
def _add(total, a, b):
    for f in range(total.size):
        total[f] += a[f] * b[f]


@compiled_in_order
def _add_four(total, rows, r, first, under, step):
    """Products with four rows of dy at a time, so that the sum is read and written once for all."""
    a0, a1, a2, a3 = rows[r, first:], rows[r + 1, first:], rows[r + 2, first:], rows[r + 3, first:]
    b0, b1, b2, b3 = under[r * step :], under[(r + 1) * step :], under[(r + 2) * step :], under[(r + 3) * step :]
    for f in range(total.size):
        total[f] += a0[f] * b0[f] + a1[f] * b1[f] + a2[f] * b2[f] + a3[f] * b3[f]


@compiled_in_order
def _add_nine(total, weights, under, t, cells):
    """Products with nine cells at a time, as most kernels have."""
    w0, w1, w2, w3, w4 = weights[t], weights[t + 1], weights[t + 2], weights[t + 3], weights[t + 4]
    w5, w6, w7, w8 = weights[t + 5], weights[t + 6], weights[t + 7], weights[t + 8]
    x0, x1, x2 = under[cells[t] :], under[cells[t + 1] :], under[cells[t + 2] :]
    x3, x4, x5 = under[cells[t + 3] :], under[cells[t + 4] :], under[cells[t + 5] :]
    x6, x7, x8 = under[cells[t + 6] :], under[cells[t + 7] :], under[cells[t + 8] :]
    for f in range(total.size):
        above = w0[f] * x0[f] + w1[f] * x1[f] + w2[f] * x2[f]
        middle = w3[f] * x3[f] + w4[f] * x4[f] + w5[f] * x5[f]
        total[f] += above + middle + w6[f] * x6[f] + w7[f] * x7[f] + w8[f] * x8[f]


@compiled
def _aligned(size, K):
    """Zeros of the type of K, aligned to a cache line: a load across two lines takes twice as long."""
    zeros = np.zeros(size + 64 // K.itemsize, K.dtype)
    first = -zeros.ctypes.data % 64 // K.itemsize
    return zeros[first : first + size]


@compiled
def _repeated(K, OW):
    """K (kh, kw, C) as (kh·kw, …), repeated for as many pixels as one row takes."""
    kh, kw, C = K.shape
    n_pixels = min(OW, max(1, NUMBERS_PER_ROW // C))
    weights = _aligned(K.size * n_pixels, K).reshape(kh * kw, n_pixels, C)
    for s in range(n_pixels):
        weights[:, s] = K.reshape(-1, C)
    return weights.reshape(kh * kw, -1)


@compiled
def _frame(y, K, stride, dilation):
    """Zeros (stride, rows, columns, C): column q of a padded image is frame[q % stride, :, q // stride]."""
    rows = (y.shape[1] - 1) * stride[0] + (K.shape[0] - 1) * dilation[0] + 1
    columns = y.shape[2] + (K.shape[1] - 1) * dilation[1] // stride[1]
    C = K.shape[2]
    return _aligned(stride[1] * rows * columns * C, K).reshape(stride[1], rows, columns, C)


@compiled
def _cells(frame, K, dilation):
    """Where in the frame the pixels under each cell of the kernel begin."""
    starts = np.empty(K.shape[0] * K.shape[1], np.int64)
    for i in range(K.shape[0]):
        for j in range(K.shape[1]):
            column = j * dilation[1]
            row = column % frame.shape[0] * frame.shape[1] + i * dilation[0]
            starts[i * K.shape[1] + j] = (row * frame.shape[2] + column // frame.shape[0]) * K.shape[2]
    return starts


@compiled
def _copy_in(image, frame, before):
    """Copy an image (H, W, C) into the frame. The border stays zero."""
    n_phases = frame.shape[0]
    for r in range(before[0], min(frame.shape[1], before[0] + image.shape[0])):
        for phase in range(n_phases):
            first, column, count = _inside(phase - before[1], n_phases, frame.shape[2], image.shape[1])
            _copy(image[r - before[0]], column, n_phases, frame[phase, r], first, 1, count)


@compiled
def _copy_out(line, row, left):
    """Copy a row of pixels (W, C) from `line` (stride, 1, columns, C), a row of the frame. Others become 0."""
    n_phases = line.shape[0]
    if n_phases * line.shape[2] - left < row.shape[0]:
        row[:] = 0
    for phase in range(n_phases):
        first, column, count = _inside(phase - left, n_phases, line.shape[2], row.shape[0])
        _copy(line[phase, 0], first, 1, row, column, n_phases, count)


@compiled
def _inside(begin, step, columns, width):
    """Of the pixels begin + s · step of a row: the first s that is inside, its pixel, and how many are inside."""
    first = max(0, (step - 1 - begin) // step)
    return first, begin + first * step, max(0, min(columns, (width - begin + step - 1) // step) - first)


@compiled
def _copy(source, first, step, target, begin, stride, count):
    """target[begin + s · stride] = source[first + s · step] for `count` pixels."""
    if step == stride == 1:
        whole, copied = source[first : first + count].reshape(-1), target[begin : begin + count].reshape(-1)
        for f in range(whole.size):
            copied[f] = whole[f]
        return
    for s in range(count):
        pixel, copied_to = source[first + s * step], target[begin + s * stride]
        for c in range(pixel.size):
            copied_to[c] = pixel[c]

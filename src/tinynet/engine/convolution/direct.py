"""Convolution in float32 without gathering anything: sums of sixteen output channels stay in registers.

A thread copies a few lines of one image, with the zeros around them, into a buffer that fits its cache. From there it
computes four or six neighbouring output positions at a time, as a register tile over the numbers under the kernel.
`offsets` says where these are, relative to the first number of a position. The kernel is packed as (blocks of 16 output
channels, 1 + lines · columns · C, 16), with the bias first.

The first two arguments of compiled functions say which blocks of lines one thread does. Each packs the kernel for
itself.
"""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numpy as np

from tinynet.engine.convolution import direct_plan
from tinynet.engine.convolution.padded_lines import pad
from tinynet.engine.machine.finite import are_zero, times_zero
from tinynet.engine.machine.jit import compiled
from tinynet.engine.machine.pool import run_parallel
from tinynet.engine.machine.register_tile import four_rows, in_six, six_rows
from tinynet.engine.machine.vectors import LANES, gather, store
from tinynet.layers.windows import Pair

MIN_BLOCKS = 4  # Of lines. Several threads share even a single image.


def convolve(
    x: np.ndarray, W: np.ndarray, b: np.ndarray, y: np.ndarray, stride: Pair, before: Pair, dilation: Pair
) -> bool:
    """Fill y (N, OH, OW, O) with W ⋆ x + b, from x (N, H, W, C) and W (O, C, kh, kw), all in C order.

    Returns:
        False where a NaN or infinity of x may have come to neighbours.
    """
    _, C, kh, kw = W.shape
    plan = direct_plan.of_forward(W.shape, y.shape[1:3], stride, before, dilation)
    return _run(x, W, (C * kh * kw, kh * kw), b, y, plan)


def input_gradient(dy: np.ndarray, W: np.ndarray, dx: np.ndarray, stride: Pair, before: Pair, dilation: Pair) -> bool:
    """Fill dx (N, H, W, C), which is zero, from dy (N, OH, OW, O) and W (O, C, kh, kw) in C order; as `convolve`."""
    (_, C, kh, kw), b = W.shape, np.zeros(dx.shape[3], dx.dtype)
    plans = direct_plan.of_input_gradient(W.shape, dx.shape[1:3], stride, before, dilation)
    done = [_run(dy, W, (kh * kw, C * kh * kw), b, dx, plan) for plan in plans]
    return all(done)


def _run(x: np.ndarray, W: np.ndarray, steps: Pair, b: np.ndarray, y: np.ndarray, plan: direct_plan.Plan) -> bool:
    """Fill the positions of y that the plan names. `steps` are the distances between output and input channels in W."""
    n, offsets, cells, tops, before, step, positions, (height, width, lines), out = plan
    lines = max(1, min(lines, len(x) * positions[0] // MIN_BLOCKS))
    kernels, buffer = (W.reshape(-1), steps, b, cells), (height, width, lines, *positions)
    blocks = len(x) * -(-positions[0] // lines)
    spread = np.zeros(blocks if n > 1 else 0, np.bool_)  # Alone, a position is multiplied with its own pixels only.
    given = offsets, tops, step, before, buffer, out, spread
    run_parallel(_convolve, blocks, x, *kernels, y.reshape(-1), len(b) * n, *given)
    return not spread.any()


@compiled
def _convolve(start, end, x, W, steps, b, cells, y, O, offsets, tops, stride, before, buffer, out, spread):
    height, width, lines, OH, OW = buffer
    K = _packed(W, steps, b, cells, x.shape[3])
    blocks, (_, H, _, C) = (OH + lines - 1) // lines, x.shape
    image, line, step = len(y) // x.shape[0], stride[0] * width * C, stride[1] * C
    padded = np.empty(((lines - 1) * stride[0] + height) * width * C + LANES, x.dtype)
    padded[-LANES:] = 0
    rest = np.empty(6 * LANES, x.dtype)
    # Then a vector may reach into the next positions, which overwrite it.
    in_order = O < LANES and out[1] == OW * O and out[2] == O
    for block in range(start, end):
        n, top = block // blocks, block % blocks * lines
        last = min(OH, top + lines)
        limit = n * image + out[0] + last * out[1] - LANES
        filled = (last - top - 1) * stride[0] + height
        pad(x, n, padded, top * stride[0] - before[0], filled, width, before[1])
        for r in range(top, last):
            first, beyond = _lines_inside(tops, r * stride[0] - before[0], H)
            k, end_k = first * len(offsets) // len(tops), beyond * len(offsets) // len(tops)
            under, terms = offsets[k:end_k], end_k - k
            for at in range(0, O, LANES):
                bias = at * (1 + len(offsets))
                kernel = bias + (1 + k) * LANES
                p, to, s = (r - top) * line, n * image + out[0] + r * out[1] + at, 0
                while s < OW:
                    left = OW - s
                    by_six = in_six(left)
                    count = min(6 if by_six else 4, left)
                    fits = at + LANES <= O or (in_order and to + (count - 1) * out[2] <= limit)
                    target, t, apart = (y, to, out[2]) if fits else (rest, 0, LANES)
                    if by_six:
                        six_rows(
                            padded, p, step, under, count - 1, K, kernel, LANES, terms, K, bias, 0, target, t, apart,
                        )  # fmt: skip
                    else:
                        four_rows(
                            padded, p, step, under, count - 1, K, kernel, LANES, terms, K, bias, 0, target, t, apart,
                        )  # fmt: skip
                    if not fits:
                        for q in range(count):
                            for o in range(O - at):
                                y[to + q * out[2] + o] = rest[q * LANES + o]
                    s, p, to = s + count, p + count * step, to + count * out[2]
        if len(spread):
            spread[start] |= not are_zero(times_zero(padded, 0, filled * width * C), rest)


@compiled
def _packed(W, steps, b, cells, C):
    """Bias and kernels of n positions side by side, with zeros after the last of their output channels."""
    n, lines, columns = cells.shape
    O, rows = len(b), 1 + lines * columns * C
    blocks = (n * O + LANES - 1) // LANES
    K = np.empty(blocks * rows * LANES, W.dtype)
    for block in range(blocks):
        at, whole = block * rows * LANES, n == 1 and (block + 1) * LANES <= O
        for lane in range(LANES):
            K[at + lane] = b[(block * LANES + lane) % O]
        for i in range(lines):
            for j in range(columns):
                for c in range(C):
                    at += LANES
                    if whole:
                        store(K, at, gather(W, block * LANES * steps[0] + c * steps[1] + cells[0, i, j], steps[0]))
                    else:
                        for lane in range(LANES):
                            position, o = (block * LANES + lane) // O, (block * LANES + lane) % O
                            cell = cells[position, i, j] if position < n else -1
                            K[at + lane] = W[o * steps[0] + c * steps[1] + cell] if cell >= 0 else 0
    return K


@compiled
def _lines_inside(tops, first, H):
    """Which lines of the kernel are inside an image of H lines, if the first of them is on line `first`."""
    start, end = 0, len(tops)
    while start < end and first + tops[start] < 0:
        start += 1
    while end > start and first + tops[end - 1] >= H:
        end -= 1
    return start, end

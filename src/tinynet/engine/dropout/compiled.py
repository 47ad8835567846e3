"""Dropout compiled by Numba: random bits are used while they are in the cache."""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import extending, types

from tinynet.engine.dropout.philox import MULTIPLIERS, NUMBERS_PER_BLOCK, ROUNDS
from tinynet.engine.machine import layout
from tinynet.engine.machine.jit import compiled, inlined
from tinynet.engine.machine.pool import run_parallel
from tinynet.engine.machine.samples import channels_lie_last, pixels_of_rows, rows_of_pixels

NUMBERS_PER_PART = 1 << 13  # Threads share an array in parts of this size, which are whole blocks of Philox.
MASK_64 = (1 << 64) - 1
MASK_24 = np.uint64((1 << 24) - 1)
M0, M1 = MULTIPLIERS


def forward(x: np.ndarray, words: np.ndarray, threshold: int, scale: float) -> tuple[np.ndarray, np.ndarray]:
    """y, and which numbers are kept. They are drawn in C order, whatever the memory order of x."""
    given = np.uint64(threshold), x.dtype.type(scale)
    if channels_lie_last(x):
        pixels = np.moveaxis(x, 1, -1)
        rows = pixels.reshape(len(x), -1, x.shape[1])  # (N, P, C)
        y, m = np.empty_like(pixels), np.empty(pixels.shape, bool)
        run_parallel(_forward_of_pixels, len(x), rows, words, *given, y.reshape(rows.shape), m.reshape(rows.shape))
        return np.moveaxis(y, -1, 1), np.moveaxis(m, -1, 1)
    y, m = np.empty(x.shape, x.dtype), np.empty(x.shape, bool)
    run_parallel(_forward, _parts(x), np.ascontiguousarray(x).ravel(), words, *given, y.ravel(), m.ravel())
    return y, m


def gradient(dy: np.ndarray, m: np.ndarray, scale: float) -> np.ndarray:
    """dx, in the memory order of m."""
    dx = np.empty_like(m, dtype=dy.dtype)
    if not layout.same_order(dx, dy):
        aligned = np.empty_like(dx)
        aligned[...] = dy
        dy = aligned
    run_parallel(
        _select, _parts(dy), dy.ravel(order="K"), m.ravel(order="K"), dy.dtype.type(scale), dx.ravel(order="K")
    )
    return dx


def of_channels(x: np.ndarray, m: np.ndarray, scale: float) -> np.ndarray:
    """x · scale in the channels that are kept, else 0. The result has the memory order of x."""
    N, C = x.shape[:2]
    kept, scale = m.reshape(N, C), x.dtype.type(scale)
    if channels_lie_last(x):
        rows = rows_of_pixels(x)
        y = np.empty_like(rows)
        run_parallel(_select_in_pixels, N, rows, kept, scale, y)
        return pixels_of_rows(y, x.shape)
    channels = np.ascontiguousarray(x).reshape(N * C, -1)
    y = np.empty_like(channels)
    run_parallel(_select_channels, N * C, channels, kept.ravel(), scale, y)
    return y.reshape(x.shape)


def _parts(x: np.ndarray) -> int:
    return -(-x.size // NUMBERS_PER_PART)


def high_word(a: Any, b: Any) -> Any:
    """The upper 64 bits of a product."""
    return np.uint64(int(a) * int(b) >> 64)


def low_word(a: Any, b: Any) -> Any:
    """The lower 64 bits of a product."""
    return np.uint64(int(a) * int(b) & MASK_64)


intrinsic: Any = extending.intrinsic  # Its type hints do not know that the compiler passes the first argument.


@intrinsic
def _high_word(typing: Any, a: Any, b: Any) -> Any:
    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        wide = ir.IntType(128)
        product = builder.mul(*(builder.zext(word, wide) for word in args))
        return builder.trunc(builder.lshr(product, ir.Constant(wide, 64)), args[0].type)

    return types.uint64(types.uint64, types.uint64), code


@extending.overload(high_word)
def _compiled_high_word(a, b):
    return lambda a, b: _high_word(a, b)


@extending.overload(low_word)
def _compiled_low_word(a, b):
    return lambda a, b: a * b


@compiled
def _draw(words, first, last, threshold, kept):
    """Whether each number of the blocks from first to last is at least p: eight for each block."""
    for block in range(first, last):
        a, b, c, d = words[0] + np.uint64(block + 1), words[1], words[2], words[3]
        for r in range(ROUNDS):
            b, d = high_word(M1, c) ^ b ^ words[4 + 2 * r], high_word(M0, a) ^ d ^ words[5 + 2 * r]
            a, b, c, d = b, low_word(M1, c), d, low_word(M0, a)
        at = (block - first) * NUMBERS_PER_BLOCK
        for i, word in enumerate((a, b, c, d)):
            kept[at + 2 * i] = ((word >> np.uint64(8)) & MASK_24) >= threshold
            kept[at + 2 * i + 1] = (word >> np.uint64(40)) >= threshold


@inlined
def _select_numbers(x, m, scale, y):
    zero = x.dtype.type(0)
    for i in range(x.size):
        value = x[i] * scale  # Always computed, so there is no branch.
        y[i] = value if m[i] else zero


@compiled
def _forward(start, end, x, words, threshold, scale, y, m):
    for part in range(start, end):
        first, last = part * NUMBERS_PER_PART, min(x.size, (part + 1) * NUMBERS_PER_PART)
        kept = np.empty(NUMBERS_PER_PART, np.bool_)
        _draw(words, first // NUMBERS_PER_BLOCK, -(-last // NUMBERS_PER_BLOCK), threshold, kept)
        m[first:last] = kept[: last - first]
        _select_numbers(x[first:last], m[first:last], scale, y[first:last])


@compiled
def _forward_of_pixels(start, end, x, words, threshold, scale, y, m):
    """x (N, P, C), for numbers that are drawn in the order (N, C, P)."""
    (_, P, C) = x.shape
    kept = np.empty(P * C + 2 * NUMBERS_PER_BLOCK, np.bool_)
    for n in range(start, end):
        block = n * P * C // NUMBERS_PER_BLOCK
        _draw(words, block, -(-(n + 1) * P * C // NUMBERS_PER_BLOCK), threshold, kept)
        first = n * P * C - block * NUMBERS_PER_BLOCK  # a sample may begin within a block
        for p in range(P):
            for c in range(C):
                m[n, p, c] = kept[first + c * P + p]
            _select_numbers(x[n, p], m[n, p], scale, y[n, p])


@compiled
def _select(start, end, x, m, scale, y):
    part = slice(start * NUMBERS_PER_PART, end * NUMBERS_PER_PART)
    _select_numbers(x[part], m[part], scale, y[part])


@compiled
def _select_channels(start, end, x, m, scale, y):
    zero = x.dtype.type(0)
    for r in range(start, end):
        row, out = x[r], y[r]
        if m[r]:
            for i in range(row.size):
                out[i] = row[i] * scale
        else:
            for i in range(row.size):
                out[i] = zero


@compiled
def _select_in_pixels(start, end, x, m, scale, y):
    """x (N, R, k · C), m (N, C)."""
    (_, R, width), C, zero = x.shape, m.shape[1], x.dtype.type(0)
    factors = np.empty(width, x.dtype)
    for n in range(start, end):
        for first in range(0, width, C):
            for c in range(C):
                factors[first + c] = scale if m[n, c] else zero
        for r in range(R):
            row, out = x[n, r], y[n, r]
            for f in range(width):
                value = row[f] * factors[f]
                out[f] = value if factors[f] > zero else zero  # 0 · NaN and 0 · ∞ would be NaN

"""Products of a batch with the weights of a layer, compiled by Numba for float32.

A BLAS is at its best with large matrices. For a batch of 64 rows, or for short ones, it spends a part of its time on
packing, and two threads that call it at once pack into memory that goes from one's cache to the other's. Here each
thread takes columns of the result, packs what they need into memory of its own, and keeps the sums of a tile, six rows
of sixteen columns, in registers. Every number is the same sum in the same order, whichever thread does it.
"""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet.engine.machine.jit import compiled
from tinynet.engine.machine.layout import strides
from tinynet.engine.machine.queue import NUMBERS, Kernel, acquire, array_of, post, queue_at
from tinynet.engine.machine.register_tile import multiply_panel, six_rows
from tinynet.engine.machine.tiles import pack_panel
from tinynet.engine.machine.vectors import LANES, load, store

# A panel of sixteen columns and this many rows fills a first-level cache, so longer sums are taken in parts.
TERMS_AT_A_TIME = 512
# Every thread reads all of A again and again, or packs it for itself. This many numbers stay in a second-level cache.
MAX_SIZE_OF_CACHED_A = 1 << 16
# If A is larger, each panel is used for few rows before the next is packed. With rows of A no longer than this, packing
# takes little time beside the products. They may be longer if B is a transposed matrix or has few columns. But rows
# that are 1,024 numbers apart would all fall into the same few places of the cache.
MAX_ROW_LENGTH, MAX_ROW_LENGTH_OF_NARROW = 512, 1000
MAX_COLUMNS_OF_NARROW = 256
ROWS = 6  # in a register tile


def multiply(A: np.ndarray, B: np.ndarray, C: np.ndarray, start: np.ndarray | None) -> Any:
    """C = A @ B + start, where start is a row (N,), C itself or nothing."""
    if not pays(A, B, C, len(A)):
        return NotImplemented
    return _multiply(A, B, C, start, _packs_second(len(A), B))


def multiply_by_panels(A: np.ndarray, B: np.ndarray, C: np.ndarray, b: np.ndarray | None) -> None:
    """C = A @ B + b for float32 in C order, where each row has the bits that it has alone."""
    _multiply(A, B, C, b, pack_second=True)


def product_as_among(A: np.ndarray, count: int, B: np.ndarray, b: np.ndarray | None) -> np.ndarray | None:
    """A @ B + b where it has the bits that `multiply` gives these rows among `count` ones, else None."""
    C = np.empty((len(A), B.shape[1]), np.float32)
    if not (A.flags.c_contiguous and pays(A, B, C, count) and _packs_second(count, B)):
        return None
    _multiply(A, B, C, b, pack_second=True)
    return C


def pays(A: np.ndarray, B: np.ndarray, C: np.ndarray, count: int) -> bool:
    """Whether this beats a BLAS for `count` rows: A fits the cache or has short rows, and nothing is strided."""
    in_float32 = A.dtype == B.dtype == C.dtype == np.float32
    dense = A.flags.forc and B.flags.forc and C.flags.c_contiguous
    K, N = B.shape
    longest = MAX_ROW_LENGTH if B.flags.c_contiguous and N > MAX_COLUMNS_OF_NARROW else MAX_ROW_LENGTH_OF_NARROW
    fits = count * K <= MAX_SIZE_OF_CACHED_A or (A.flags.c_contiguous and longest >= K and _fills_panels(N))
    return in_float32 and dense and fits and min(count, N) >= LANES


def _packs_second(M: int, B: np.ndarray) -> bool:
    """Whether B is packed. Else the rows of A are, and each tile is transposed when it is written."""
    K, N = B.shape
    copied_to_pack_A = 2 * M * K + M * N  # Two threads pack A, each for itself, and the result is transposed.
    return B.flags.c_contiguous or copied_to_pack_A >= B.size or M * K > MAX_SIZE_OF_CACHED_A


def _multiply(A: np.ndarray, B: np.ndarray, C: np.ndarray, start: np.ndarray | None, pack_second: bool) -> None:
    (M, K), N, size = A.shape, C.shape[1], A.itemsize
    start = np.zeros(N, C.dtype) if start is None else np.ascontiguousarray(start, C.dtype)
    first = N if start.ndim == 2 else 0  # from one row of it to the next: 0 repeats one
    (row, step), (down, right) = strides(A), strides(B)
    numbers = (M, K, N, row // size, step // size, down // size, right // size, first)
    arrays = (A.ravel(order="K"), B.ravel(order="K"), start.reshape(-1), C.reshape(-1))
    if pack_second:
        rows = M if A.size <= MAX_SIZE_OF_CACHED_A else MAX_SIZE_OF_CACHED_A // K // ROWS * ROWS
        post(_pack_second, -(-N // LANES) * -(-M // rows), (*numbers, rows), arrays)
    else:
        post(_pack_first, -(-N // ROWS), numbers, arrays)


def _fills_panels(N: int) -> bool:
    """Whether the zeros that fill the last of the panels are at most a quarter of the N columns."""
    return 4 * (-N % LANES) <= N


@compiled
def _arguments(queue):
    """What `_multiply` posts."""
    n = queue[NUMBERS:]
    M, K, N, row, step, down, right, first = n[0], n[1], n[2], n[3], n[4], n[5], n[6], n[7]
    arrays = array_of(queue, 0), array_of(queue, 1), array_of(queue, 2), array_of(queue, 3)
    return arrays, (row, step, down, right, first), (M, K, N)


@Kernel
def _pack_second(address, is_worker):
    """C = A @ B + S. A piece of the work is sixteen columns of some rows."""
    queue = queue_at(address)
    (A, B, S, C), steps, shape = _arguments(queue)
    P, sums = np.empty(min(shape[1], TERMS_AT_A_TIME) * LANES, A.dtype), np.empty(ROWS * LANES, A.dtype)
    rows, n_panels = queue[NUMBERS + 8], (shape[2] + LANES - 1) // LANES
    piece = acquire(queue, is_worker)
    while piece >= 0:
        begin = piece // n_panels * rows
        _panel(piece % n_panels * LANES, begin, min(shape[0], begin + rows), A, B, S, C, steps, shape, P, sums)
        piece = acquire(queue, is_worker)


@compiled
def _panel(n, begin, end, A, B, S, C, steps, shape, P, sums):
    """The columns from n on of the rows from begin to end."""
    (row, step, down, right, first), (_, K, N) = steps, shape
    width = min(LANES, N - n)
    for k in range(0, K, TERMS_AT_A_TIME):
        deep = min(TERMS_AT_A_TIME, K - k)
        _pack(B, k * down + n * right, right, down, width, deep, P)
        source, below = (S, first) if k == 0 else (C, N)
        if width == LANES:
            a, s, c = begin * row + k * step, begin * below + n, begin * N + n
            multiply_panel(A, a, row, step, end - begin, P, 0, LANES, deep, source, s, below, C, c, N)
            continue
        for m in range(begin, end, ROWS):
            last, a, s, c = min(ROWS, end - m) - 1, m * row + k * step, m * below + n, m * N + n
            _copy(source, s, below, sums, 0, LANES, last + 1, width)
            six_rows(A, a, row, step, last, P, 0, LANES, deep, sums, 0, LANES, sums, 0, LANES)
            _copy(sums, 0, LANES, C, c, N, last + 1, width)


@Kernel
def _pack_first(address, is_worker):
    """C = A @ Wᵀ + S as the transpose of W @ Aᵀ, because packing a few rows of A is less work than packing all of W."""
    queue = queue_at(address)
    (A, B, S, C), steps, (M, K, N) = _arguments(queue)
    P, sums = np.empty((M + LANES - 1) // LANES * LANES * K, A.dtype), np.empty(ROWS * LANES, A.dtype)
    for m in range(0, M, LANES):
        _pack(A, m * steps[0], steps[0], steps[1], min(LANES, M - m), K, P[m * K :])
    rows = acquire(queue, is_worker)
    while rows >= 0:
        _six_columns(rows * ROWS, B, S, C, steps, (M, K, N), P, sums)
        rows = acquire(queue, is_worker)


@compiled
def _six_columns(n, B, S, C, steps, shape, P, sums):
    """Six rows of W @ Aᵀ, from n on, which are six columns of the result."""
    (_, _, down, right, first), (M, K, N) = steps, shape
    last = min(ROWS, N - n) - 1
    for m in range(0, M, LANES):
        six_rows(B, n * right, right, down, last, P, m * K, LANES, K, None, 0, 0, sums, 0, LANES)
        for lane in range(min(LANES, M - m)):
            source, to = S[(m + lane) * first + n :], C[(m + lane) * N + n :]
            for i in range(last + 1):
                to[i] = sums[i * LANES + lane] + source[i]


@compiled
def _pack(A, a, row, step, count, K, P):
    """Fill a panel with `count` rows of A, transposed, and with zeros up to sixteen. Rows or columns of A are dense."""
    if step == 1:
        pack_panel(A, a, row, count, K, P, 0)
        return
    for k in range(K):
        at, to = a + k * step, k * LANES
        if count == LANES:
            store(P, to, load(A, at))
        else:
            for lane in range(LANES):
                P[to + lane] = A[at + lane] if lane < count else 0


@compiled
def _copy(A, a, row, C, c, width, rows, columns):
    """C = A, for a few rows and columns."""
    for i in range(rows):
        for j in range(columns):
            C[c + i * width + j] = A[a + i * row + j]

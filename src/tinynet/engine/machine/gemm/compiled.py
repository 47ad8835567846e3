"""Products of a batch with the weights of a layer, compiled by Numba for float32.

A BLAS is at its best with large matrices. For a batch of 64 rows, or for short ones, it spends a part of its time on
packing, and two threads that call it at once pack into memory that goes from one's cache to the other's. Here each
thread takes columns of the result, packs what they need into memory of its own, and keeps the sums of a tile, six rows
of sixteen columns, in registers. Every number is the same sum in the same order, whichever thread does it.
"""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numpy as np

from tinynet.engine.machine.gemm import vectorized
from tinynet.engine.machine.jit import compiled
from tinynet.engine.machine.queue import NUMBERS, Kernel, memory, post, take, words
from tinynet.engine.machine.register_tile import multiply_panel, six_rows
from tinynet.engine.machine.tiles import turn_panel
from tinynet.engine.machine.vectors import LANES, load, store

DEEP = 512  # numbers of a sum at a time: a panel of sixteen columns then takes all of a first-level cache
WHOLE = 1 << 16  # numbers of A, which every thread reads again and again, or packs for itself
SHORT = 512  # numbers in a row of A up to which a panel is packed in no time beside what it is used for
LONG, FEW = 1000, 256  # the same if B is Wᵀ or has few columns; rows 1,024 apart would fall on few places of the cache
ROWS = 6  # of a tile: twelve sums of eight numbers leave four registers for what is multiplied


def multiply(A: np.ndarray, B: np.ndarray, C: np.ndarray, start: np.ndarray | None) -> None:
    """C = A @ B + start, where start is a row (N,), C itself or nothing."""
    if not is_served(A, B, C, len(A)):
        vectorized.multiply(A, B, C, start)
    else:
        _multiply(A, B, C, start, _goes_by_panels(len(A), B))


def multiply_by_panels(A: np.ndarray, B: np.ndarray, C: np.ndarray, b: np.ndarray | None) -> None:
    """C = A @ B + b for float32 in C order, where each row has the bits that it has alone."""
    _multiply(A, B, C, b, by_panels=True)


def multiply_alike(A: np.ndarray, count: int, B: np.ndarray, b: np.ndarray | None) -> np.ndarray | None:
    """A @ B + b where it has the bits that `multiply` gives these rows among `count` ones, else None."""
    C = np.empty((len(A), B.shape[1]), np.float32)
    if not (A.flags.c_contiguous and is_served(A, B, C, count) and _goes_by_panels(count, B)):
        return None
    _multiply(A, B, C, b, by_panels=True)
    return C


def is_served(A: np.ndarray, B: np.ndarray, C: np.ndarray, count: int) -> bool:
    """Whether this pays here for `count` rows: A fits the cache or has short rows, and all lie as they are read."""
    alike = A.dtype == B.dtype == C.dtype == np.float32
    found = A.flags.forc and B.flags.forc and C.flags.c_contiguous
    deep, columns = B.shape
    short = SHORT if B.flags.c_contiguous and columns > FEW else LONG
    suits = count * deep <= WHOLE or (A.flags.c_contiguous and deep <= short and _is_full(columns))
    return alike and found and suits and min(count, columns) >= LANES


def _goes_by_panels(M: int, B: np.ndarray) -> bool:
    """Whether B is packed; else the rows of A are, and tiles are turned back number by number."""
    K, N = B.shape
    packed_if_turned = 2 * M * K + M * N  # by two threads
    return B.flags.c_contiguous or packed_if_turned >= B.size or M * K > WHOLE


def _multiply(A: np.ndarray, B: np.ndarray, C: np.ndarray, start: np.ndarray | None, by_panels: bool) -> None:
    (M, K), N, size = A.shape, C.shape[1], A.itemsize
    start = np.zeros(N, C.dtype) if start is None else np.ascontiguousarray(start, C.dtype)
    first = N if start.ndim == 2 else 0  # from one row of it to the next: 0 repeats one
    (row, step), (down, right) = A.strides, B.strides
    numbers = (M, K, N, row // size, step // size, down // size, right // size, first)
    arrays = (A.ravel(order="K"), B.ravel(order="K"), start.reshape(-1), C.reshape(-1))
    if by_panels:
        rows = M if A.size <= WHOLE else WHOLE // K // ROWS * ROWS
        post(_by_panels, -(-N // LANES) * -(-M // rows), (*numbers, rows), arrays)
    else:
        post(_turned, -(-N // ROWS), numbers, arrays)


def _is_full(columns: int) -> bool:
    """Whether panels have few columns of zeros."""
    return 4 * (-columns % LANES) <= columns


@compiled
def _given(board):
    """What `multiply` posts."""
    n = board[NUMBERS:]
    M, K, N, row, step, down, right, first = n[0], n[1], n[2], n[3], n[4], n[5], n[6], n[7]
    arrays = memory(board, 0), memory(board, 1), memory(board, 2), memory(board, 3)
    return arrays, (row, step, down, right, first), (M, K, N)


@Kernel
def _by_panels(place, helps):
    """A few rows of A @ B + S after the other, and of these sixteen columns after sixteen."""
    board = words(place)
    (A, B, S, C), steps, shape = _given(board)
    P, sums = np.empty(min(shape[1], DEEP) * LANES, A.dtype), np.empty(ROWS * LANES, A.dtype)
    rows, n_panels = board[NUMBERS + 8], (shape[2] + LANES - 1) // LANES
    piece = take(board, helps)
    while piece >= 0:
        begin = piece // n_panels * rows
        _panel(piece % n_panels * LANES, begin, min(shape[0], begin + rows), A, B, S, C, steps, shape, P, sums)
        piece = take(board, helps)


@compiled
def _panel(n, begin, end, A, B, S, C, steps, shape, P, sums):
    """The columns from n on of the rows from begin to end."""
    (row, step, down, right, first), (_, K, N) = steps, shape
    width = min(LANES, N - n)
    for k in range(0, K, DEEP):
        deep = min(DEEP, K - k)
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
def _turned(place, helps):
    """A @ Wᵀ + S as the transposed of W @ Aᵀ, because to pack a few rows of A is less work than to pack all of W."""
    board = words(place)
    (A, B, S, C), steps, (M, K, N) = _given(board)
    P, sums = np.empty((M + LANES - 1) // LANES * LANES * K, A.dtype), np.empty(ROWS * LANES, A.dtype)
    for m in range(0, M, LANES):
        _pack(A, m * steps[0], steps[0], steps[1], min(LANES, M - m), K, P[m * K :])
    rows = take(board, helps)
    while rows >= 0:
        _six_turned(rows * ROWS, B, S, C, steps, (M, K, N), P, sums)
        rows = take(board, helps)


@compiled
def _six_turned(n, B, S, C, steps, shape, P, sums):
    """Six rows of W @ Aᵀ, from n on, turned: as many columns of the result."""
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
    """Aᵀ in a panel of sixteen rows of A, zeros after the last of `count` ones. Its rows or its columns lie dense."""
    if step == 1:
        turn_panel(A, a, row, count, K, P, 0)
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

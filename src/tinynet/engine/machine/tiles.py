"""Small matrix products of float32 inside compiled code, whose second factor is packed once and used often.

BLAS packs both factors in every call, which for 32 rows costs a quarter of its time. Here the second one, B (K, N),
lies packed in panels of 16 columns, (panels, K, 16) with zeros after the last column, and a *tile* is four rows of the
result in one panel, whose sums stay in registers. Each number is the same sum in the same order whichever rows are
computed together, so rows can be given to any number of threads.

Arrays are flat; `row` and `step` are the distances from one row of A to the next and from one of its columns to the
next, so that Aᵀ needs no copy.
"""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from tinynet.engine.machine.jit import compiled
from tinynet.engine.machine.vectors import LANES, SQUARE, load, splat, store, turn, zeros

ROWS = 4  # of a tile: eight sums of eight numbers, as many as the machine adds to before the first is ready again
DEPTH = 512  # of a panel at a time: 32 KB, all of a first-level cache


@compiled
def rounded(size):
    """The size rounded up to whole panels."""
    return (size + LANES - 1) // LANES * LANES


@compiled
def pack(B, b, row, K, N, P):
    """Fill P with the panels of B (K, N), which begins at B[b]."""
    for panel in range(0, N, LANES):
        for k in range(K):
            at, to = b + k * row + panel, panel * K + k * LANES
            if panel + LANES <= N:
                store(P, to, load(B, at))
            else:
                for lane in range(LANES):
                    P[to + lane] = B[at + lane] if panel + lane < N else 0


@compiled
def pack_transposed(B, b, row, K, N, P):
    """Fill P with the panels of Bᵀ (N, K)."""
    for panel in range(0, K, LANES):
        turn_panel(B, b + panel * row, row, min(LANES, K - panel), N, P, panel * N)


@compiled
def turn_panel(B, b, row, count, N, P, p):
    """Fill one panel of P, from P[p] on, with `count` rows of B, turned, and with zeros up to sixteen."""
    whole = N // SQUARE * SQUARE if count == LANES else 0
    for n in range(0, whole, SQUARE):
        turn(B, b + n, row, P, p + n * LANES, LANES)
        turn(B, b + n + SQUARE * row, row, P, p + n * LANES + SQUARE, LANES)
    for n in range(whole, N):
        for lane in range(LANES):
            P[p + n * LANES + lane] = B[b + lane * row + n] if lane < count else 0


@compiled
def tile(A, a, row, step, last, P, p, K, C, c, width, add):
    """C = A @ P, plus what C was if `add`, for one panel and up to four rows, of which the last is number `last`.

    A begins at A[a], the panel at P[p], and C at C[c], with `width` from one row to the next.
    """
    r1, r2, r3 = min(1, last), min(2, last), min(3, last)  # beyond the last row it is computed again
    a0, a1, a2, a3 = a, a + r1 * row, a + r2 * row, a + r3 * row
    to1, to2, to3 = c + r1 * width, c + r2 * width, c + r3 * width
    if add:
        c0, c1, c2, c3 = load(C, c), load(C, to1), load(C, to2), load(C, to3)
    else:
        c0, c1, c2, c3 = zeros(), zeros(), zeros(), zeros()
    for k in range(K):
        b = load(P, p + k * LANES)
        c0 += splat(A, a0) * b
        c1 += splat(A, a1) * b
        c2 += splat(A, a2) * b
        c3 += splat(A, a3) * b
        a0, a1, a2, a3 = a0 + step, a1 + step, a2 + step, a3 + step
    store(C, c, c0)
    store(C, to1, c1)
    store(C, to2, c2)
    store(C, to3, c3)


@compiled
def multiply(A, a, row, M, P, K, N, start, C, c, width, add):
    """C = A @ P for M rows and N columns, a multiple of 16, plus what C was if `add`, or else the row `start`.

    The rows of A have their numbers side by side.
    """
    wide = N // (4 * LANES) * 4 * LANES if M == 1 else 0  # columns that a lone row takes four panels at a time
    for n in range(0, wide, 4 * LANES):
        _one(A, a, P, n * K, K, C if add else start, c + n if add else n, C, c + n)
    for k in range(0, K, DEPTH):
        depth, more = min(DEPTH, K - k), add or k > 0
        for n in range(wide, N, LANES):
            p, i = n * K + k * LANES, 0
            while i < M:
                from_a, to = a + i * row + k, c + i * width + n
                if M - i >= 6 and M - i != 8:
                    _six(A, from_a, row, P, p, depth, start, n, C, to, width, more)
                    i += 6
                else:
                    _four(A, from_a, row, M - 1 - i, P, p, depth, start, n, C, to, width, more)
                    i += 4


# Three functions that differ in their number of rows, since the sums stay in registers only if each has its name.


@compiled
def _one(A, a, P, p, K, start, s, C, c):
    c0, c1, c2, c3 = load(start, s), load(start, s + LANES), load(start, s + 2 * LANES), load(start, s + 3 * LANES)
    p1, p2, p3 = p + K * LANES, p + 2 * K * LANES, p + 3 * K * LANES
    for k in range(K):
        x = splat(A, a + k)
        c0 += x * load(P, p + k * LANES)
        c1 += x * load(P, p1 + k * LANES)
        c2 += x * load(P, p2 + k * LANES)
        c3 += x * load(P, p3 + k * LANES)
    store(C, c, c0)
    store(C, c + LANES, c1)
    store(C, c + 2 * LANES, c2)
    store(C, c + 3 * LANES, c3)


@compiled
def _four(A, a, row, last, P, p, K, start, s, C, c, width, add):
    r1, r2, r3 = min(1, last), min(2, last), min(3, last)
    a1, a2, a3 = a + r1 * row, a + r2 * row, a + r3 * row
    to1, to2, to3 = c + r1 * width, c + r2 * width, c + r3 * width
    if add:
        c0, c1, c2, c3 = load(C, c), load(C, to1), load(C, to2), load(C, to3)
    else:
        c0, c1, c2, c3 = load(start, s), load(start, s), load(start, s), load(start, s)
    for k in range(K):
        b = load(P, p + k * LANES)
        c0 += splat(A, a + k) * b
        c1 += splat(A, a1 + k) * b
        c2 += splat(A, a2 + k) * b
        c3 += splat(A, a3 + k) * b
    store(C, c, c0)
    store(C, to1, c1)
    store(C, to2, c2)
    store(C, to3, c3)


@compiled
def _six(A, a, row, P, p, K, start, s, C, c, width, add):
    a1, a2, a3, a4, a5 = a + row, a + 2 * row, a + 3 * row, a + 4 * row, a + 5 * row
    to1, to2, to3, to4, to5 = c + width, c + 2 * width, c + 3 * width, c + 4 * width, c + 5 * width
    if add:
        c0, c1, c2 = load(C, c), load(C, to1), load(C, to2)
        c3, c4, c5 = load(C, to3), load(C, to4), load(C, to5)
    else:
        c0, c1, c2 = load(start, s), load(start, s), load(start, s)
        c3, c4, c5 = load(start, s), load(start, s), load(start, s)
    for k in range(K):
        b = load(P, p + k * LANES)
        c0 += splat(A, a + k) * b
        c1 += splat(A, a1 + k) * b
        c2 += splat(A, a2 + k) * b
        c3 += splat(A, a3 + k) * b
        c4 += splat(A, a4 + k) * b
        c5 += splat(A, a5 + k) * b
    store(C, c, c0)
    store(C, to1, c1)
    store(C, to2, c2)
    store(C, to3, c3)
    store(C, to4, c4)
    store(C, to5, c5)

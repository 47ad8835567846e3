"""Small matrix products of float32 inside compiled code, whose second factor is packed once and used often.

A BLAS packs both factors in every call, which for 32 rows costs a quarter of its time. Here the second factor B (K, N)
is packed in panels of 16 columns, (panels, K, 16), with zeros after the last column. Each row of the result has the
same bits whichever rows are computed with it, so rows can be given to any number of threads.

Arrays are flat. `a`, `b`, `c` and `p` say where a matrix begins, and `row` and `width` are the distances between rows.
"""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from tinynet.engine.machine.jit import compiled
from tinynet.engine.machine.register_tile import multiply_panel, one_row
from tinynet.engine.machine.vectors import LANES, SQUARE, load, store, transpose

# Callers cut their work into this many rows. With AVX2 they are eight sums, as many as a processor can add to before
# the first of them is ready again.
ROWS = 4
DEPTH = 512  # rows of a panel at a time: they are 32 KB, which fills a first-level cache


@compiled
def rounded_to_panels(size):
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
        pack_panel(B, b + panel * row, row, min(LANES, K - panel), N, P, panel * N)


@compiled
def pack_panel(B, b, row, count, N, P, p):
    """Fill one panel of P, from P[p] on, with `count` rows of B, transposed, and with zeros up to sixteen."""
    whole = N // SQUARE * SQUARE if count == LANES else 0
    for n in range(0, whole, SQUARE):
        transpose(B, b + n, row, P, p + n * LANES, LANES)
        transpose(B, b + n + SQUARE * row, row, P, p + n * LANES + SQUARE, LANES)
    for n in range(whole, N):
        for lane in range(LANES):
            P[p + n * LANES + lane] = B[b + lane * row + n] if lane < count else 0


@compiled
def multiply(A, a, row, M, P, K, N, start, C, c, width, add):
    """C = A @ P for M rows and N columns, a multiple of 16, plus what C was if `add`, or else the row `start`.

    The rows of A have their numbers side by side.
    """
    source, s, below = (C, c, width) if add else (start, 0, 0)
    in_fours = N // (4 * LANES) * 4 * LANES if M == 1 else 0  # columns that a lone row takes four panels at a time
    for n in range(0, in_fours, 4 * LANES):
        p, next_panel = n * K, K * LANES
        panels = p, p + next_panel, p + 2 * next_panel, p + 3 * next_panel
        one_row(A, a, 0, 1, 0, P, panels, LANES, K, source, s + n, 0, C, c + n, 0)
    for k in range(0, K, DEPTH):
        for n in range(in_fours, N, LANES):
            p = n * K + k * LANES
            multiply_panel(A, a + k, row, 1, M, P, p, LANES, min(DEPTH, K - k), source, s + n, below, C, c + n, width)
        source, s, below = C, c, width

"""The generated register tile against a plain loop."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

pytest.importorskip("numba")

from tinynet.engine.machine import register_tile
from tinynet.engine.machine.jit import compiled
from tinynet.engine.machine.register_tile import multiply_panel, tile_of

LANES = 16
BIG = 200  # numbers of every flat array


def fused(A: list, P: list[np.ndarray], start: np.ndarray) -> np.ndarray:
    """start + Σₖ A[k] P[k], in the order of k, each product added without rounding it first."""
    with np.errstate(all="ignore"):
        total = start.astype(np.float32)
        for number, vector in zip(A, P, strict=True):
            total = (total.astype(np.float64) + np.float64(number) * vector.astype(np.float64)).astype(np.float32)
    return total


def draw(seed: int, size: int, nasty: bool = False) -> np.ndarray:
    """Integers, whose sums of products are exact in float32; or among them NaN, infinities and the largest numbers."""
    rng = np.random.default_rng(seed)
    x = rng.integers(-4, 5, size).astype(np.float32)
    if nasty:
        x[rng.integers(0, size, size // 20)] = rng.choice([np.nan, np.inf, -np.inf, 1e30, -0.0], size // 20)
    return x


def both(rows: int, *, panels: bool = False) -> list[Callable[..., None]]:
    """The tile as plain Python and compiled, for one panel or for three."""
    tile = tile_of(rows)

    def one(A, a, row, step, last, P, p, apart, K, S, s, below, C, c, width):  # type: ignore[no-untyped-def]
        tile(A, a, row, step, last, P, p, apart, K, S, s, below, C, c, width)

    def three(A, a, row, step, last, P, p, apart, K, S, s, below, C, c, width):  # type: ignore[no-untyped-def]
        tile(A, a, row, step, last, P, (p, p + 7, p + 30), apart, K, S, s, below, C, c, width)

    chosen = three if panels else one
    return [chosen, compiled(chosen)]


@pytest.mark.parametrize("nasty", [False, True])
@pytest.mark.parametrize("rows", range(1, 9))
def test_any_number_of_rows(rows: int, nasty: bool) -> None:
    A, P, S = draw(0, BIG, nasty), draw(1, 2 * BIG, nasty), draw(2, BIG, nasty)
    for tile in both(rows):
        for last in range(rows + 2):  # also more rows than there are in the tile
            for K in (0, 1, 5):
                C = np.full(BIG, 7, np.float32)
                with np.errstate(all="ignore"):
                    tile(A, 3, 9, 2, last, P, 5, 20, K, S, 1, 19, C, 2, 21)
                expected = np.full(BIG, 7, np.float32)
                for r in range(min(rows, last + 1)):
                    terms = [A[3 + 9 * r + 2 * k] for k in range(K)], [P[5 + 20 * k :][:LANES] for k in range(K)]
                    expected[2 + 21 * r :][:LANES] = fused(*terms, S[1 + 19 * r :][:LANES])
                np.testing.assert_array_equal(C, expected)


def test_lanes_that_nobody_reads_may_hold_anything() -> None:
    S, P = np.zeros(LANES, np.float32), np.ones(LANES, np.float32)
    S[-1], P[-1] = np.inf, -np.inf
    for tile in both(1):
        C = np.zeros(LANES, np.float32)
        tile(np.ones(1, np.float32), 0, 1, 1, 0, P, 0, LANES, 1, S, 0, LANES, C, 0, LANES)  # warnings are errors
        np.testing.assert_array_equal(C[:-1], 1)


@pytest.mark.parametrize("last", range(6))
def test_sums_may_start_at_zero_or_at_one_row_or_at_what_is_there(last: int) -> None:
    A, P, S, before = draw(0, BIG), draw(1, BIG), draw(2, BIG), draw(3, BIG)
    products = np.stack([A[r : r + 60 : 10] @ P[:96].reshape(6, LANES) for r in range(last + 1)])
    for tile in both(6):
        for start, s, below, first in (
            (None, 0, 0, np.zeros((1, LANES))),
            (S, 4, 0, S[4:20]),
            (before, 8, LANES, before[8:][: (last + 1) * LANES].reshape(-1, LANES)),
        ):
            C = before.copy()
            S_or_C = C if start is before else start
            tile(A, 0, 1, 10, last, P, 0, LANES, 6, S_or_C, s, below, C, 8, LANES)
            np.testing.assert_array_equal(C[8:][: (last + 1) * LANES].reshape(-1, LANES), products + first)
            np.testing.assert_array_equal(C[8 + (last + 1) * LANES :], before[8 + (last + 1) * LANES :])


def test_rows_and_terms_may_be_anywhere() -> None:
    rng = np.random.default_rng(0)
    A, P, C = draw(0, BIG), draw(1, BIG), np.zeros(BIG, np.float32)
    rows, terms = rng.integers(0, 50, 7), rng.integers(0, 50, 5)
    for tile in both(4):
        for last in range(4):
            C[:] = 7
            tile(A, 2, rows, terms, last, P, 0, LANES, 5, None, 0, 0, C, 0, LANES)
            expected = A[rows[2 : 3 + last, np.newaxis] + terms] @ P[:80].reshape(5, LANES)
            np.testing.assert_array_equal(C[: (last + 1) * LANES].reshape(-1, LANES), expected)
            np.testing.assert_array_equal(C[(last + 1) * LANES :], 7)


def test_several_panels_side_by_side() -> None:
    A, P, S = draw(0, BIG), draw(1, BIG), draw(2, BIG)
    for tile in both(2, panels=True):
        C = np.zeros(BIG, np.float32)
        tile(A, 0, 10, 1, 1, P, 2, LANES, 4, S, 0, 0, C, 0, 50)
        for r in range(2):
            for q, p in enumerate((2, 9, 32)):
                expected = A[10 * r : 10 * r + 4] @ P[p : p + 64].reshape(4, LANES) + S[q * LANES :][:LANES]
                np.testing.assert_array_equal(C[50 * r + q * LANES :][:LANES], expected)


@pytest.mark.parametrize("M", range(20))
def test_a_panel_times_any_number_of_rows(M: int) -> None:
    A, P, C = draw(0, 7 * 20), draw(1, 7 * LANES), np.full((21, LANES), 7, np.float32)
    multiply_panel(A, 0, 7, 1, M, P, 0, LANES, 7, None, 0, 0, C.reshape(-1), 0, LANES)
    np.testing.assert_array_equal(C[:M], A.reshape(20, 7)[:M] @ P.reshape(7, LANES))
    np.testing.assert_array_equal(C[M:], 7)


def test_seven_and_eight_rows_are_twice_four() -> None:
    assert [left for left in range(1, 15) if register_tile.in_six(left)] == [5, 6, *range(9, 15)]

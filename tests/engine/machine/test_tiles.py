"""Products with packed panels."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("numba")

from tinynet.engine.machine.tiles import DEPTH, multiply, pack, pack_transposed, rounded_to_panels


def integers(*shape: int, seed: int = 0) -> np.ndarray:
    """Numbers whose products are exact in float32."""
    return np.random.default_rng(seed).integers(-4, 5, shape).astype(np.float32)


@pytest.mark.parametrize(("K", "N"), [(3, 16), (1, 1), (5, 20), (2, 33)])
def test_panels_hold_the_columns_and_zeros_after_them(K: int, N: int) -> None:
    B = integers(K, N)
    for pack_one, given in ((pack, B), (pack_transposed, np.ascontiguousarray(B.T))):
        P = np.full(rounded_to_panels(N) * K, 7, np.float32)
        pack_one(given.reshape(-1), 0, given.shape[1], *given.shape, P)
        columns = P.reshape(-1, K, 16).transpose(1, 0, 2).reshape(K, -1)
        np.testing.assert_array_equal(columns[:, :N], B)
        assert not columns[:, N:].any()


@pytest.mark.parametrize("M", [1, 2, 4, 5, 6, 7, 8, 10, 12, 15, 16, 32])
@pytest.mark.parametrize("K", [1, DEPTH, DEPTH + 3])
@pytest.mark.parametrize("add", [False, True])
def test_multiply(M: int, K: int, add: bool) -> None:
    A, B, row, before = integers(M, K), integers(K, 96, seed=1), integers(96, seed=2), integers(M, 100, seed=3)
    P, C = np.empty(B.size, np.float32), before.copy()
    pack(B.reshape(-1), 0, 96, K, 96, P)
    multiply(A.reshape(-1), 0, K, M, P, K, 96, row, C.reshape(-1), 0, 100, add)
    np.testing.assert_array_equal(C[:, :96], A @ B + (before[:, :96] if add else row))
    np.testing.assert_array_equal(C[:, 96:], before[:, 96:])


def test_a_row_has_the_same_bits_among_any_others() -> None:
    rng = np.random.default_rng(0)
    A, P = rng.normal(size=(11, 300)).astype(np.float32), rng.normal(size=300 * 80).astype(np.float32)
    row, C = np.zeros(80, np.float32), np.empty((11, 80), np.float32)
    multiply(A.reshape(-1), 0, 300, 11, P, 300, 80, row, C.reshape(-1), 0, 80, False)
    for i in range(11):
        alone = np.empty(80, np.float32)
        multiply(A[i], 0, 300, 1, P, 300, 80, row, alone, 0, 80, False)
        np.testing.assert_array_equal(alone, C[i])

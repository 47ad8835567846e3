"""Matrix products that are shared among threads."""

import numpy as np
import pytest

import tinynet as tn
from tinynet.core.threads import blas
from tinynet.kernels.matrix import BLOCK, SMALL, column_sums, product

SHAPES = [
    (3, 4, 5), (0, 4, 5), (3 * BLOCK + 1, 130, 70), (70, 130, 3 * BLOCK + 1), (BLOCK, BLOCK, BLOCK),
    (5 * BLOCK, 2, 2048), (5000, 40, 20), (20, 40, 5000), (40, 5000, 20), (BLOCK, 9 * BLOCK, BLOCK),
]  # fmt: skip


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize(("M", "K", "N"), SHAPES)
def test_equals_numpy(M: int, K: int, N: int, dtype: type) -> None:
    rng = np.random.default_rng(0)
    A, B = rng.integers(-3, 4, (M, K)).astype(dtype), rng.integers(-3, 4, (K, N)).astype(dtype)
    for left, right in ((A, B), (np.asfortranarray(A), B), (A, np.asfortranarray(B)), (A[:, ::-1], B[::-1])):
        C = product(left, right)
        assert C.dtype == dtype
        np.testing.assert_array_equal(C, A.astype(np.float64) @ B.astype(np.float64))


def test_the_number_of_threads_changes_no_bit() -> None:
    rng = np.random.default_rng(0)
    for M, K, N in SHAPES[2:]:
        assert M * K * N >= SMALL
        A, B = rng.normal(size=(M, K)).astype(np.float32), rng.normal(size=(K, N)).astype(np.float32)
        results = []
        for n in (1, 2, 3):
            with tn.threads(n):
                results.append(product(A, B))
        np.testing.assert_array_equal(results[0], results[1])
        np.testing.assert_array_equal(results[0], results[2])


def test_numpy_gets_its_threads_back() -> None:
    with tn.threads(2):
        product(np.ones((BLOCK, BLOCK)), np.ones((BLOCK, BLOCK)))
        assert {library.num_threads for library in blas()} == {2}


@pytest.mark.parametrize("rows", [0, 1, 1023, 1024, 5000])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_column_sums(rows: int, dtype: type) -> None:
    A = np.random.default_rng(0).integers(-2, 3, (rows, 7)).astype(dtype)  # whole numbers: exact in any order
    sums = column_sums(A)
    assert sums.dtype == dtype
    np.testing.assert_array_equal(sums, A.astype(float).sum(axis=0))

"""Matrix products in parallel."""

import os
from math import prod

import numpy as np
import pytest

import tinynet as tn
from tinynet.core.faster import use
from tinynet.core.threads import blas
from tinynet.engine.machine.gemm import (
    MIN_MULTIPLY_ADDS_FOR_THREADS,
    add_column_sums,
    add_product,
    at_once,
    blocks,
    column_sums,
    multiply,
    product,
    product_as_among,
)
from tinynet.engine.machine.gemm import blas as numpys
from tinynet.engine.machine.gemm.together import compute

BLOCK = 128
BODIES = ("plain",) if os.environ.get("NUMBA_DISABLE_JIT") else ("plain", "compiled")  # large, for Python

SHAPES = [
    (256, 1, 100), (3, 4, 5), (0, 4, 5), (3 * BLOCK + 1, 130, 70), (70, 130, 3 * BLOCK + 1), (BLOCK, BLOCK, BLOCK),
    (64, 784, 256), (64, 256, 130), (67, 130, 131), (1000, 200, 48), (3000, 23, 160),
    (5 * BLOCK, 2, 2048), (5000, 40, 20), (20, 40, 5000), (40, 5000, 20), (BLOCK, 9 * BLOCK, BLOCK),
    (200, 784, 250), (16, 9001, 12),
]  # fmt: skip


SMALL = [shape for shape in SHAPES if prod(shape) < 2_000_000]  # for float16, which no BLAS multiplies: it is slow


@pytest.mark.needs_compiler
@pytest.mark.parametrize(
    ("M", "K", "N", "dtype"),
    [(*shape, dtype) for dtype in (np.float32, np.float64) for shape in SHAPES]
    + [(*shape, np.float16) for shape in SMALL],
)
def test_equals_numpy(M: int, K: int, N: int, dtype: type) -> None:
    rng = np.random.default_rng(0)
    A, B = rng.integers(-3, 4, (M, K)).astype(dtype), rng.integers(-3, 4, (K, N)).astype(dtype)
    for left, right in ((A, B), (np.asfortranarray(A), B), (A, np.asfortranarray(B)), (A[:, ::-1], B[::-1])):
        exact = A.astype(np.float64) @ B.astype(np.float64)
        for body in BODIES:
            with use(body):
                C = product(left, right)
                assert C.dtype == dtype
                np.testing.assert_array_equal(C, exact)
                np.testing.assert_array_equal(product(left, right, b=np.ones(N, dtype)), exact + 1)
                add_product(left, right, to=C)
                np.testing.assert_array_equal(C, 2 * exact)


def test_parts_are_a_power_of_two_from_two_to_sixteen() -> None:
    assert [blocks._rounded_up(n) for n in (0, 1, 2, 3, 4, 5, 9, 16, 17, 999)] == [2, 2, 2, 4, 4, 8, 16, 16, 16, 16]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("shape", "parts"), [((16, 9001, 12), 2), ((40, 33_000, 20), 8)])
def test_long_sums_are_cut_into_parts(
    shape: tuple[int, int, int], parts: int, dtype: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    M, K, N = shape
    rng = np.random.default_rng(0)
    A, B = rng.integers(-3, 4, (M, K)).astype(dtype), rng.integers(-3, 4, (K, N)).astype(dtype)
    lengths = []

    def noted(A: np.ndarray, *more: object) -> list:
        lengths.append(A.shape[1])
        return numpys.products(A, *more)

    monkeypatch.setattr(blocks, "products", noted)
    C = np.ones((M, N), dtype)
    blocks.multiply(A, B, C, start=C)
    np.testing.assert_array_equal(C, 1 + A @ B)
    assert sum(lengths) == K
    assert len(lengths) == parts
    assert max(lengths) - min(lengths) < parts  # each as long as the others: as many threads end together


def test_the_number_of_threads_changes_no_bit() -> None:
    rng = np.random.default_rng(0)
    for M, K, N in SHAPES[3:] if len(BODIES) == 2 else ():
        assert M * K * N >= MIN_MULTIPLY_ADDS_FOR_THREADS
        A, B = rng.normal(size=(M, K)).astype(np.float32), rng.normal(size=(K, N)).astype(np.float32)
        results = []
        for n in (1, 2, 3):
            with tn.threads(n):
                results.append(np.stack([product(A, B), product(np.asfortranarray(A), B), product(A, B.T.copy().T)]))
        np.testing.assert_array_equal(results[0], results[1])
        np.testing.assert_array_equal(results[0], results[2])


@pytest.mark.skipif(len(BODIES) == 1, reason="large, for Python")
@pytest.mark.parametrize(("V", "M", "K", "N"), [(9, 1200, 40, 192), (65, 2048, 256, 1024), (3, 40, 512, 256)])
def test_a_few_rows_with_the_bits_that_they_have_among_many(V: int, M: int, K: int, N: int) -> None:
    rng = np.random.default_rng(0)
    A, b, rows = rng.normal(size=(V, K)), rng.normal(size=N), rng.integers(0, V, M)
    A, b = A.astype(np.float32), b.astype(np.float32)
    B = rng.normal(size=(N, K)).astype(np.float32).T
    for right in (B, np.ascontiguousarray(B)):
        with use("compiled"):
            C = product_as_among(A, M, right, b)
            if right is B and M < K:
                assert C is None  # then the rows are packed, and their bits are others than those of one
            else:
                np.testing.assert_array_equal(C[rows], product(A[rows], right, b))
            assert product_as_among(A, V, right, b) is None
            assert product_as_among(np.asfortranarray(A), M, right, b) is None
            assert product_as_among(A.astype(np.float64), M, right.astype(np.float64), b) is None
        with use("plain"):
            assert product_as_among(A, M, right, b) is None


def test_numpy_gets_its_threads_back() -> None:
    with tn.threads(2):
        product(np.ones((BLOCK, BLOCK)), np.ones((BLOCK, BLOCK)))
        assert {library.num_threads for library in blas()} == {2}


@pytest.mark.parametrize("rows", [0, 1, 255, 256, 257, 512, 1023, 1024, 5000])
@pytest.mark.parametrize("columns", [1, 7, 16, 17, 300])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_column_sums(rows: int, columns: int, dtype: type) -> None:
    A = np.random.default_rng(0).integers(-1, 2, (rows, columns)).astype(dtype)  # whole numbers: exact in any order
    sums = column_sums(A)
    assert sums.dtype == dtype
    np.testing.assert_array_equal(sums, A.astype(float).sum(axis=0))


@pytest.mark.needs_compiler
def test_at_once_gives_the_bits_of_one_after_the_other() -> None:
    rng = np.random.default_rng(0)
    for rows, wide in ((64, 256), (700, 300), (2048, 128)):
        x, dy, W = (rng.normal(size=shape).astype(np.float32) for shape in ((rows, 128), (rows, wide), (wide, 128)))
        results = []
        for together in (at_once, lambda function: function):
            dW, db = np.ones_like(W), np.ones(wide, np.float32)

            def products(dy=dy, x=x, W=W, dW=dW, db=db, together=together) -> np.ndarray:
                add_product(dy.T, x, to=dW)
                add_product(dy.T, x, to=dW)  # the same array: after the first
                add_column_sums(dy, to=db)
                return together(lambda: product(dy, W))()  # one inside another changes nothing

            dx = together(products)()
            results.append((dW, db, dx))
        for one, other in zip(*results, strict=True):
            np.testing.assert_array_equal(one, other)


def test_at_once_does_what_writes_to_one_array_in_order() -> None:
    x, y, done = np.zeros(3), np.zeros(3), []

    @at_once
    def three() -> None:
        compute([lambda: done.append("x")], to=x)
        compute([lambda: done.append("y")], to=y)
        assert done == []
        compute([lambda: done.append("x again")], to=x[1:])
        assert sorted(done) == ["x", "y"]

    three()
    assert done[2:] == ["x again"]


def test_at_once_forgets_what_an_error_ends() -> None:
    A, C = np.ones((600, 600), np.float32), np.zeros((600, 600), np.float32)

    @at_once
    def fails() -> None:
        add_product(A, A, to=C)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fails()
    assert not C.any()
    add_product(A, A, to=C)
    np.testing.assert_array_equal(C, 600)


@pytest.mark.parametrize(
    ("M", "K", "N"), [(16, 1, 16), (18, 16, 32), (17, 3, 23), (35, 300, 16), (33, 20, 17), (20, 40, 200), (1, 5, 20)]
)
@pytest.mark.parametrize("add", [False, True])
def test_compiled_products_of_any_size(M: int, K: int, N: int, add: bool) -> None:
    rng = np.random.default_rng(0)
    A, B = (rng.integers(-3, 4, shape).astype(np.float32) for shape in ((M, K), (K, N)))
    for left in (A, np.asfortranarray(A)):
        for right in (B, np.asfortranarray(B)):
            C = np.ones((M, N), np.float32)
            with use("compiled"):
                multiply(left, right, C, C if add else None)
                np.testing.assert_array_equal(C, A @ B + add)
                multiply(left, right, C, np.arange(N))  # whole numbers, which become those of C
            np.testing.assert_array_equal(C, A @ B + np.arange(N))


def test_compiled_products_decline_what_a_blas_does_better() -> None:
    panels = pytest.importorskip("tinynet.engine.machine.gemm.panels")
    square = np.ones((32, 32), np.float32)
    few_rows, doubles = np.ones((3, 32), np.float32), np.ones((32, 32))
    strided, large = np.ones((64, 32), np.float32)[::2], np.ones((200, 2000), np.float32)
    for A, B in ((few_rows, square), (doubles, doubles), (strided, square), (large, np.ones((2000, 32), np.float32))):
        C = np.zeros((len(A), 32), A.dtype)
        assert panels.multiply(A, B, C, None) is NotImplemented
        assert not C.any()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("axis", [0, 1])
def test_calls_of_the_blas(dtype: type, axis: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    A, B = rng.integers(-3, 4, (9, 5)).astype(dtype), rng.integers(-3, 4, (5, 8)).astype(dtype)
    room = np.zeros((9, 20), dtype)
    for left in (A, np.asfortranarray(A), np.repeat(A, 2, axis=1)[:, ::2]):
        for routine in (numpys._routine, lambda dtype: None):
            monkeypatch.setattr(numpys, "_routine", routine)
            C = room[:, 3:11]  # its rows are not contiguous
            C[...] = 1
            for call in numpys.products(left, B, C, True, axis, 4):
                call()
            np.testing.assert_array_equal(C, A @ B + 1)
            for call in numpys.products(left, B, C, False, axis, 4):
                call()
            np.testing.assert_array_equal(C, A @ B)
    assert not room[:, :3].any()
    assert not room[:, 11:].any()


def test_a_function_on_one_thread() -> None:
    @numpys.one_thread
    def number() -> set[int]:
        return {library.get() for library in numpys._libraries()}

    with tn.threads(2):
        assert number() == {1}
        assert {library.num_threads for library in blas()} == {2}

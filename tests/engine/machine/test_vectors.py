"""Vectors in compiled code do what the Python functions of the same names do."""

import numpy as np
import pytest

vectors = pytest.importorskip("tinynet.engine.machine.vectors")
from tinynet.engine.machine.jit import compiled  # noqa: E402 - needs Numba
from tinynet.engine.machine.vectors import (  # noqa: E402
    gather,
    load,
    load_wide,
    splat,
    store,
    transpose,
    where_equal,
    where_larger,
    wide_zeros,
    zeros,
)


def combine(x, y, out):  # type: ignore[no-untyped-def]
    total = zeros()
    for k in range(3):
        total += splat(y, k) * load(x, k)
    store(out, 1, total - load(x, 2) * load(x, 0) + splat(y, 3))


def test_compiled_equals_python() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, 20)).astype(np.float32)
    slow, fast = np.zeros((2, 18), np.float32)
    combine(x, y, slow)
    compiled(combine)(x, y, fast)
    np.testing.assert_allclose(fast, slow, rtol=1e-6, atol=1e-6)
    expected = sum(y[k].astype(float) * x[k : k + 16] for k in range(3)) - x[2:18].astype(float) * x[:16] + y[3]
    np.testing.assert_allclose(slow[1:17], expected, rtol=1e-5, atol=1e-6)
    assert slow[0] == slow[17] == fast[0] == fast[17] == 0


def combine_wide(x, out):  # type: ignore[no-untyped-def]
    total = wide_zeros()
    for k in range(0, 192, 64):
        total += load_wide(x, k) * load_wide(x, 0)
    store(out, 1, total - load_wide(x, 1))


def test_wide_vectors_compiled_equal_python() -> None:
    x = np.random.default_rng(0).normal(size=192).astype(np.float32)
    slow, fast = np.zeros((2, 66), np.float32)
    combine_wide(x, slow)
    compiled(combine_wide)(x, fast)
    np.testing.assert_allclose(fast, slow, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(slow[1:65], x.reshape(3, 64).sum(axis=0) * x[:64] - x[1:65], rtol=1e-5, atol=1e-6)
    assert slow[0] == slow[65] == fast[0] == fast[65] == 0


def choose(x, y, out):  # type: ignore[no-untyped-def]
    a, b = load(x, 0), load(y, 0)
    store(out, 0, where_larger(a, b, a, b))
    store(out, 16, where_equal(a, b, zeros(), a))


def test_compiled_choices_equal_python() -> None:
    x, y = np.random.default_rng(0).integers(-1, 2, (2, 16)).astype(np.float32)
    x[:4], y[2:6] = np.nan, np.nan
    slow, fast = np.zeros((2, 32), np.float32)
    choose(x, y, slow)
    compiled(choose)(x, y, fast)
    np.testing.assert_array_equal(fast, slow)
    np.testing.assert_array_equal(slow[:4], np.full(4, np.nan))
    np.testing.assert_array_equal(slow[6:16], np.maximum(x, y)[6:])
    np.testing.assert_array_equal(slow[22:], np.where(x == y, 0, x)[6:])


def collect(x, out):  # type: ignore[no-untyped-def]
    store(out, 0, gather(x, 1, 3))
    store(out, 16, gather(x, 46, -2))


def test_compiled_gathers_as_python_does() -> None:
    x = np.arange(47, dtype=np.float32)
    slow, fast = np.zeros((2, 32), np.float32)
    collect(x, slow)
    compiled(collect)(x, fast)
    np.testing.assert_array_equal(slow, [*range(1, 47, 3), *range(46, 15, -2)])
    np.testing.assert_array_equal(fast, slow)


def transpose_two(x, out):  # type: ignore[no-untyped-def]
    transpose(x, 3, 11, out, 1, 9)
    transpose(x, 0, 8, out, 80, 8)


def test_compiled_transposes_squares_as_python_does() -> None:
    x = np.arange(100, dtype=np.float32)
    slow, fast = np.zeros((2, 144), np.float32)
    transpose_two(x, slow)
    compiled(transpose_two)(x, fast)
    square = np.arange(8)[:, np.newaxis]
    np.testing.assert_array_equal(slow[1:73].reshape(8, 9)[:, :8], 3 + square + 11 * square.T)
    np.testing.assert_array_equal(slow[80:], x[:64].reshape(8, 8).T.ravel())
    assert slow[0] == slow[9] == 0
    np.testing.assert_array_equal(fast, slow)

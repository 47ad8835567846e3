"""Softmax in compiled code: rows and lanes of many blocks, threads, memory order."""

from __future__ import annotations

import numpy as np
import pytest

import tinynet as tn
from tests.layers.strategies import layouts
from tinynet.core import faster
from tinynet.layers import LogSoftmax, Softmax

BOTH = pytest.mark.parametrize("kind", [Softmax, LogSoftmax])
SHAPES = [((3001, 10), -1), ((9, 5003), -1), ((3, 7, 30, 31), 1), ((2, 5, 1, 513), 1), ((600, 7), 0)]


def passed(layer: Softmax | LogSoftmax, x: np.ndarray, dy: np.ndarray, choice: str) -> tuple[np.ndarray, np.ndarray]:
    with faster.use(choice):
        return layer.forward(x), layer.backward(dy)


@BOTH
@pytest.mark.parametrize(("shape", "axis"), SHAPES)
def test_many_blocks_and_any_number_of_threads(kind: type, shape: tuple[int, ...], axis: int) -> None:
    x, dy = np.random.default_rng(0).normal(size=(2, *shape)).astype(np.float32)
    expected = passed(kind(axis), x.astype(np.float64), dy.astype(np.float64), "plain")
    found = []
    for n in (1, 2, 3):
        with tn.threads(n):
            found.append(passed(kind(axis), x, dy, "compiled"))
    for one, true in zip(found[0], expected, strict=True):
        np.testing.assert_allclose(one, true, rtol=1e-5, atol=2e-5)
    for other in found[1:]:
        np.testing.assert_array_equal(other[0], found[0][0])
        np.testing.assert_array_equal(other[1], found[0][1])


@BOTH
@pytest.mark.parametrize("axis", [0, 1, 2, 3])
def test_memory_order_is_kept(kind: type, axis: int) -> None:
    x, dy = np.random.default_rng(0).normal(size=(2, 2, 3, 4, 5))
    y, dx = passed(kind(axis), x, dy, "plain")
    for name, view in layouts(x).items():
        found, back = passed(kind(axis), view, dy, "compiled")
        np.testing.assert_allclose(found, y, rtol=1e-12)
        np.testing.assert_allclose(back, dx, rtol=1e-9, atol=1e-12)
        if name in ("C order", "channels-last"):
            assert found.strides == back.strides == view.strides


@BOTH
@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_extremes(kind: type, axis: int, dtype: type) -> None:
    x = np.array([[1e30, -1e30, 0], [-1e30, -1e30, -1e30], [1e4, 1e4, -np.inf]], dtype)
    x = x if axis == 1 else np.ascontiguousarray(x.T)
    y, dx = passed(kind(axis), x, np.ones_like(x), "compiled")
    true, true_dx = passed(kind(axis), x, np.ones_like(x), "plain")
    np.testing.assert_allclose(y, true, rtol=1e-6)
    np.testing.assert_allclose(dx, true_dx, rtol=1e-6, atol=1e-6)


@BOTH
def test_a_nan_stays_in_its_row(kind: type) -> None:
    x = np.zeros((3, 4), np.float32)
    x[1, 2] = np.nan
    for axis, view in ((1, x), (0, x.T.copy())):
        y = passed(kind(axis), view, view, "compiled")[0]
        np.testing.assert_array_equal(np.isnan(y if axis == 1 else y.T), [[False] * 4, [True] * 4, [False] * 4])

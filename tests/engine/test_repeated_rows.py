"""The gradient of the weights of a recurrent layer whose input repeats a few rows."""

from __future__ import annotations

import numpy as np
import pytest

from tinynet.core import faster
from tinynet.layers import LSTM

pytest.importorskip("numba")
pytestmark = pytest.mark.needs_compiler  # large, for Python

from tinynet.engine.recurrent.repeated import sums_for_each_row  # noqa: E402 - loads Numba

RNG = np.random.default_rng(0)
VECTORS = RNG.normal(size=(9, 48)).astype(np.float32)
TOKENS = RNG.integers(0, 9, 1200)
D = RNG.normal(size=(1200, 80)).astype(np.float32)


@pytest.mark.parametrize("rows", [VECTORS, np.eye(9, 48, dtype=np.float32), VECTORS[:, ::-1]])
def test_each_row_once_with_the_sum_beside_it(rows: np.ndarray) -> None:
    found, sums = sums_for_each_row(rows[TOKENS], D)
    first = np.sort(np.unique(TOKENS, return_index=True)[1])
    np.testing.assert_array_equal(found, rows[TOKENS[first]])
    true = [D[(rows[TOKENS] == row).all(axis=1)].sum(axis=0, dtype=np.float64) for row in found]
    np.testing.assert_allclose(sums, true, rtol=1e-5, atol=1e-5)


def test_rows_that_differ_in_one_bit_are_two() -> None:
    x = np.ones((1200, 80), np.float32)
    x[::2, 79] = np.nextafter(np.float32(1), np.float32(2))
    x[::3, 0] = -0.0
    x[1::3, 0] = 0.0
    assert len(sums_for_each_row(x, D)[0]) == 6


def test_few_that_repeat_and_small_products_are_left_alone() -> None:
    assert sums_for_each_row(RNG.normal(size=(1200, 80)).astype(np.float32), D) is None
    x = RNG.normal(size=(1200, 80)).astype(np.float32)
    x[:599] = x[1199]  # 600 and one different ones
    assert sums_for_each_row(x, D) is None
    x[599] = x[1199]
    assert len(sums_for_each_row(x, D)[0]) == 600
    assert sums_for_each_row(VECTORS[TOKENS[:100]], D[:100]) is None
    assert sums_for_each_row(VECTORS[TOKENS].astype(np.float64), D) is None


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_is_left_to_the_plain_sum(wrong: float) -> None:
    x, d = VECTORS[TOKENS], D.copy()
    x[5, 3] = wrong
    assert sums_for_each_row(x, D) is None
    d[7, 2] = wrong
    assert sums_for_each_row(VECTORS[TOKENS], d) is None
    d[7, 2] = 3e38
    d[TOKENS[7] == TOKENS, 2] = 3e38  # whose sum has no place in float32
    assert sums_for_each_row(VECTORS[TOKENS], d) is None


def test_a_layer_has_the_gradients_of_the_lesson() -> None:
    x = VECTORS[TOKENS].reshape(20, 60, 48)
    found = []
    for choice in ("plain", "compiled"):
        lstm = LSTM(48, 64, rng=np.random.default_rng(1))
        with faster.use(choice):
            y = lstm.forward(x)
            dx = lstm.backward(np.cos(np.arange(y.size, dtype=np.float32)).reshape(y.shape))
        found.append([dx, *[parameter.gradient for parameter in lstm.parameters().values()]])
    for mine, true in zip(*found, strict=True):
        np.testing.assert_allclose(mine, true, rtol=1e-4, atol=1e-4 * np.abs(true).max())

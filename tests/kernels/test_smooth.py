"""tanh and the logistic function in compiled code."""

import numpy as np
import pytest

pytest.importorskip("numba")

from tinynet.kernels import jit
from tinynet.kernels.smooth import sigmoid, tanh


@jit.compiled
def each(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> None:
    for index in range(len(x)):
        y[index], z[index] = tanh(x[index]), sigmoid(x[index])


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float32, 5e-7), (np.float64, 1e-15)])
def test_near_the_true_values(dtype: type, tolerance: float) -> None:
    x = np.concatenate([np.linspace(-12, 12, 4001), [1e-30, -1e30, np.inf]]).astype(dtype)
    y, z = np.empty_like(x), np.empty_like(x)
    each(x, y, z)
    true = x.astype(np.float64)
    np.testing.assert_allclose(y, np.tanh(true), rtol=tolerance)
    np.testing.assert_allclose(z, 0.5 * np.tanh(true / 2) + 0.5, atol=tolerance, rtol=0)
    assert np.abs(y).max() <= 1 + tolerance


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_nan_stays_nan(dtype: type) -> None:
    y, z = np.empty(1, dtype), np.empty(1, dtype)
    each(np.full(1, np.nan, dtype), y, z)
    assert np.isnan(y[0])
    assert np.isnan(z[0])

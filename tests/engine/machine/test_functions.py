"""tanh, the logistic function, eˣ and the normal distribution in compiled code."""

import numpy as np
import pytest
from scipy.special import ndtr

pytest.importorskip("numba")

from tinynet.engine.machine import jit
from tinynet.engine.machine.functions import exp, largest, normal_cdf_and_density, sigmoid, tanh


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


@jit.compiled
def each_exp(x: np.ndarray, y: np.ndarray) -> None:
    for index in range(len(x)):
        y[index] = exp(x[index])


@jit.compiled
def each_normal(x: np.ndarray, share: np.ndarray, density: np.ndarray) -> None:
    for index in range(len(x)):
        share[index], density[index] = normal_cdf_and_density(x[index])


@jit.compiled
def top(x: np.ndarray) -> float:
    return largest(x)


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float32, 1.5e-7), (np.float64, 1e-15)])
def test_exp(dtype: type, tolerance: float) -> None:
    x = np.linspace(-87, 88, 2001).astype(dtype)
    y = np.empty_like(x)
    each_exp(x, y)
    np.testing.assert_allclose(y, np.exp(x.astype(np.float64)), rtol=tolerance)
    ends, y = np.array([0, -0.0, -88, -1e4, -np.inf, np.nan], dtype), np.empty(6, dtype)
    each_exp(ends, y)
    np.testing.assert_allclose(y, [1, 1, 0, 0, 0, np.nan], atol=1e-37)


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float32, 1e-5), (np.float64, 1e-12)])
def test_normal(dtype: type, tolerance: float) -> None:
    x = np.concatenate([np.linspace(-12, 12, 2001), [20]]).astype(dtype)
    share, density = np.empty_like(x), np.empty_like(x)
    each_normal(x, share, density)
    true = x.astype(np.float64)
    np.testing.assert_allclose(share, ndtr(true), rtol=tolerance, atol=1e-37)
    np.testing.assert_allclose(density, np.exp(-true * true / 2) / np.sqrt(2 * np.pi), rtol=tolerance, atol=1e-37)


def test_largest() -> None:
    x = np.random.default_rng(0).normal(size=37).astype(np.float32)
    assert top(x) == x.max()
    assert top(-x) == -x.min()
    assert top(x[:0]) == -np.inf

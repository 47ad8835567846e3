"""Φ in float32, by the fit and by the lesson, against SciPy in float64."""

import numpy as np
import pytest
from scipy.special import ndtr

from tinynet.engine.machine.normal_distribution import NUMBERS_AT_A_TIME
from tinynet.engine.machine.normal_distribution import normal_cdf as by_fit
from tinynet.layers.smooth_activations import normal_cdf


@pytest.mark.parametrize("function", [by_fit, normal_cdf.lesson])
def test_float32_is_right_to_its_last_digits(function):
    x = np.linspace(-14, 14, 100_001, dtype=np.float32)  # also more than one part
    expected = ndtr(x.astype(np.float64))
    share = function(x.reshape(11, -1)).ravel()
    assert share.dtype == np.float32
    assert abs(share - expected).max() < 3e-7
    near = x > -6
    assert (abs(share - expected) / expected)[near].max() < 2e-6


@pytest.mark.parametrize("function", [by_fit, normal_cdf.lesson])
def test_float64_is_exact(function):
    x = np.linspace(-30, 9, 1001)
    np.testing.assert_array_equal(function(x), ndtr(x))


@pytest.mark.parametrize("dtype", [np.float16, np.longdouble])
def test_other_types_are_left_to_the_lesson(dtype):
    x = np.linspace(-3, 3, 11).astype(dtype)
    assert by_fit(x) is NotImplemented
    share = normal_cdf(x)
    assert share.dtype == dtype
    np.testing.assert_allclose(share.astype(np.float64), ndtr(x.astype(np.float64)), rtol=1e-3)


def test_extremes():
    x = np.array([0.0, -0.0, np.inf, -np.inf, 1e30, -1e30, np.nan], np.float32)
    np.testing.assert_array_equal(by_fit(x), np.array([0.5, 0.5, 1, 0, 1, 0, np.nan], np.float32))


@pytest.mark.parametrize("shape", [(), (0, 3), (1, 1), (2, NUMBERS_AT_A_TIME), (NUMBERS_AT_A_TIME + 1, 2)])
def test_every_shape(shape):
    share = by_fit(np.zeros(shape, np.float32))
    assert share.shape == shape
    assert np.all(share == 0.5)


def test_the_order_in_memory_is_kept():
    x = np.random.default_rng(0).normal(size=(4, 8, 8, 3)).astype(np.float32).transpose(0, 3, 1, 2)
    share = by_fit(x)
    assert share.strides == x.strides
    np.testing.assert_array_equal(share, by_fit(np.ascontiguousarray(x)))

"""The fit of Φ for float32, against SciPy in float64."""

import numpy as np
import pytest
from scipy.special import ndtr

from tinynet.engine.machine.normal_distribution import NUMBERS_AT_A_TIME, normal_share


def test_float32_is_right_to_its_last_digits():
    x = np.linspace(-14, 14, 100_001, dtype=np.float32)  # also more than one part
    expected = ndtr(x.astype(np.float64))
    share = normal_share(x.reshape(11, -1)).ravel()
    assert share.dtype == np.float32
    assert abs(share - expected).max() < 3e-7
    near = x > -6
    assert (abs(share - expected) / expected)[near].max() < 2e-6


def test_float64_is_exact():
    x = np.linspace(-30, 9, 1001)
    np.testing.assert_array_equal(normal_share(x), ndtr(x))


def test_extremes():
    x = np.array([0.0, -0.0, np.inf, -np.inf, 1e30, -1e30, np.nan], np.float32)
    np.testing.assert_array_equal(normal_share(x), np.array([0.5, 0.5, 1, 0, 1, 0, np.nan], np.float32))


@pytest.mark.parametrize("shape", [(), (0, 3), (1, 1), (2, NUMBERS_AT_A_TIME), (NUMBERS_AT_A_TIME + 1, 2)])
def test_every_shape(shape):
    share = normal_share(np.zeros(shape, np.float32))
    assert share.shape == shape
    assert np.all(share == 0.5)


def test_the_order_in_memory_is_kept():
    x = np.random.default_rng(0).normal(size=(4, 8, 8, 3)).astype(np.float32).transpose(0, 3, 1, 2)
    share = normal_share(x)
    assert share.strides == x.strides
    np.testing.assert_array_equal(share, normal_share(np.ascontiguousarray(x)))

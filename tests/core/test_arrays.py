"""Sums and means of arrays."""

import numpy as np
import pytest

from tinynet.core.arrays import mean_of, sum_of


def test_a_sum_keeps_the_axis_if_told_so():
    x = np.array([[1.0, 2.0, 4.0], [8.0, 16.0, 32.0]])
    np.testing.assert_array_equal(sum_of(x, axes=1), [7, 56])
    np.testing.assert_array_equal(sum_of(x, axes=1, keepdims=True), [[7], [56]])
    np.testing.assert_array_equal(sum_of(x, axes=(0, 1), keepdims=True), [[63]])


@pytest.mark.parametrize(("function", "expected"), [(sum_of, 2**24 + 4), (mean_of, (2**24 + 4) / 5)])
def test_long_sums_keep_the_digits_that_float32_would_lose(function, expected):
    x = np.array([2**24, 1, 1, 1, 1], np.float32)  # in float32, 2**24 + 1 is 2**24
    assert function(x, axes=0) == np.float32(expected)
    assert function(x, axes=0).dtype == np.float32

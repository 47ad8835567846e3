"""Global and adaptive pooling: values by hand, windows, ties and NaN, derivatives, errors."""

import numpy as np
import pytest

from tests.layers.differences import assert_derivative
from tinynet.core import faster
from tinynet.layers import (
    AdaptiveAvgPool1D,
    AdaptiveAvgPool2D,
    AdaptiveMaxPool1D,
    AdaptiveMaxPool2D,
    AvgPool2D,
    GlobalAvgPool1D,
    GlobalAvgPool2D,
    GlobalMaxPool1D,
    GlobalMaxPool2D,
    MaxPool2D,
)

RNG = np.random.default_rng(0)
IMAGES = [GlobalAvgPool2D(), GlobalMaxPool2D(), AdaptiveAvgPool2D((3, 2)), AdaptiveMaxPool2D((3, 7))]
SEQUENCES = [GlobalAvgPool1D(), GlobalMaxPool1D(), AdaptiveAvgPool1D(3), AdaptiveMaxPool1D(7)]
IMAGE = np.array([[[[1.0, 2.0, 6.0], [4.0, 6.0, 5.0]]]])  # (1, 1, 2, 3)


def column(*values: float) -> np.ndarray:
    return np.array(values, float).reshape(1, -1, 1)


def test_global_pooling_by_hand():
    mean, largest = GlobalAvgPool2D(), GlobalMaxPool2D()
    np.testing.assert_array_equal(mean.forward(IMAGE), [[4]])
    np.testing.assert_array_equal(mean.backward(np.array([[6.0]])), np.ones((1, 1, 2, 3)))
    np.testing.assert_array_equal(largest.forward(IMAGE), [[6]])
    np.testing.assert_array_equal(largest.backward(np.array([[5.0]])), [[[[0, 0, 5], [0, 0, 0]]]])


def test_global_pooling_of_sequences_by_hand():
    mean, largest = GlobalAvgPool1D(), GlobalMaxPool1D()
    x = np.array([[[1.0, 4.0], [3.0, 4.0]]])
    np.testing.assert_array_equal(mean.forward(x), [[2, 4]])
    np.testing.assert_array_equal(mean.backward(np.array([[2.0, 4.0]])), [[[1, 2], [1, 2]]])
    np.testing.assert_array_equal(largest.forward(x), [[3, 4]])
    np.testing.assert_array_equal(largest.backward(np.array([[5.0, 7.0]])), [[[0, 7], [5, 0]]])


def test_adaptive_windows_share_numbers_where_the_sizes_do_not_divide():
    x = column(1, 2, 4, 8, 16)  # windows 0-1, 1-3, 3-4
    mean, largest = AdaptiveAvgPool1D(3), AdaptiveMaxPool1D(3)
    np.testing.assert_allclose(mean.forward(x), column(1.5, 14 / 3, 12))
    np.testing.assert_allclose(mean.backward(column(2, 3, 4)), column(1, 2, 1, 3, 2))
    np.testing.assert_array_equal(largest.forward(x), column(2, 8, 16))
    np.testing.assert_array_equal(largest.backward(column(2, 3, 4)), column(0, 2, 0, 3, 4))


def test_a_winner_of_two_windows_gets_both_gradients():
    largest = AdaptiveMaxPool1D(2)
    np.testing.assert_array_equal(largest.forward(column(1, 9, 2)), column(9, 9))
    np.testing.assert_array_equal(largest.backward(column(10, 1)), column(0, 11, 0))


def test_adaptive_pooling_of_images_by_hand():
    np.testing.assert_allclose(AdaptiveAvgPool2D((1, 2)).forward(IMAGE), [[[[13 / 4, 19 / 4]]]])
    np.testing.assert_array_equal(AdaptiveMaxPool2D((1, 2)).forward(IMAGE), [[[[6, 6]]]])
    np.testing.assert_array_equal(AdaptiveMaxPool2D((2, 1)).forward(IMAGE), [[[[6], [6]]]])


def test_equals_plain_pooling_where_the_sizes_divide():
    x = RNG.normal(size=(2, 3, 6, 4))
    np.testing.assert_allclose(AdaptiveAvgPool2D((3, 2)).forward(x), AvgPool2D(2).forward(x))
    np.testing.assert_array_equal(AdaptiveMaxPool2D((3, 2)).forward(x), MaxPool2D(2).forward(x))
    np.testing.assert_allclose(AdaptiveAvgPool2D(1).forward(x)[:, :, 0, 0], GlobalAvgPool2D().forward(x))
    np.testing.assert_array_equal(AdaptiveMaxPool2D(1).forward(x)[:, :, 0, 0], GlobalMaxPool2D().forward(x))


def test_more_windows_than_pixels_repeat_them():
    np.testing.assert_array_equal(AdaptiveAvgPool1D(4).forward(column(1, 2)), column(1, 1, 2, 2))
    np.testing.assert_array_equal(AdaptiveMaxPool1D(4).forward(column(1, 2)), column(1, 1, 2, 2))


@pytest.mark.parametrize("layer", IMAGES, ids=repr)
def test_derivative_of_images(layer):
    assert_derivative(type(layer)(**layer.arguments), RNG.normal(size=(2, 3, 4, 5)))


@pytest.mark.parametrize("layer", SEQUENCES, ids=repr)
def test_derivative_of_sequences(layer):
    assert_derivative(type(layer)(**layer.arguments), RNG.normal(size=(2, 5, 3)))


@pytest.mark.parametrize("layer", IMAGES, ids=repr)
def test_any_memory_order_gives_the_same(layer):
    x = RNG.normal(size=(2, 3, 4, 5))
    y, moved = layer.forward(x), layer.forward(np.moveaxis(np.ascontiguousarray(np.moveaxis(x, 1, -1)), -1, 1))
    np.testing.assert_allclose(moved, y, rtol=0, atol=1e-15)


@pytest.mark.parametrize("layer", [GlobalAvgPool2D(), GlobalAvgPool1D()], ids=repr)
@pytest.mark.parametrize("choice", ["plain", "compiled"])
def test_the_mean_of_many_numbers_rounds_once(layer, choice):
    shape = (1, 1, 1000, 1000) if isinstance(layer, GlobalAvgPool2D) else (1, 10**6, 1)
    tenths = np.full(shape, 0.1, np.float32)
    with faster.use(choice):
        np.testing.assert_allclose(layer.forward(tenths), 0.1, rtol=1e-7)


@pytest.mark.parametrize("choice", ["plain", "compiled"])
@pytest.mark.parametrize("number", [np.nan, np.inf])
def test_a_window_without_the_bad_number_does_not_see_it(number, choice):
    x = np.ones((1, 1, 6, 6), np.float32)
    x[0, 0, 0, 0] = number
    layer = AdaptiveAvgPool2D((3, 2))
    with faster.use(choice):
        assert np.isfinite(layer.forward(x)).sum() == 5
        dy = np.ones((1, 1, 3, 2), np.float32)
        dy[0, 0, 0, 0] = number
        assert np.isfinite(layer.backward(dy)).sum() == 30
        sequences = AdaptiveAvgPool1D(2)
        assert np.isfinite(sequences.forward(np.array([[[number], [1.0], [2.0]]]))).sum() == 1


def test_nan_counts_as_largest():
    assert np.isnan(GlobalMaxPool1D().forward(column(1, np.nan, 2))).all()
    np.testing.assert_array_equal(AdaptiveMaxPool1D(2).forward(column(np.nan, 3)), column(np.nan, 3))


@pytest.mark.parametrize("layer", IMAGES, ids=repr)
def test_refuses_images_without_pixels(layer):
    with pytest.raises(ValueError, match=r"at least one number in each sample, got x of shape \(2, 3, 0, 5\)\."):
        layer.forward(np.ones((2, 3, 0, 5)))
    with pytest.raises(ValueError, match=r"expected x of shape \(N, C, H, W\), got \(2, 3\)\."):
        layer.forward(np.ones((2, 3)))


@pytest.mark.parametrize("layer", SEQUENCES, ids=repr)
def test_refuses_sequences_without_steps(layer):
    with pytest.raises(ValueError, match=r"at least one number in each sample, got x of shape \(2, 0, 3\)\."):
        layer.forward(np.ones((2, 0, 3)))
    with pytest.raises(ValueError, match=r"expected x of shape \(N, T, D\), got \(2, 3\)\."):
        layer.forward(np.ones((2, 3)))


def test_refuses_a_size_of_0():
    for layer in (AdaptiveAvgPool1D, AdaptiveMaxPool1D, AdaptiveAvgPool2D, AdaptiveMaxPool2D):
        with pytest.raises(ValueError, match=rf"{layer.__name__}: output_size must be at least 1, got 0\."):
            layer(0)

"""Upsample: values by hand, derivatives, errors."""

import numpy as np
import pytest

from tests.layers.differences import assert_derivative
from tinynet.core import faster
from tinynet.layers import Upsample


def row(*values: float) -> np.ndarray:
    """An image of one row."""
    return np.array(values, float).reshape(1, 1, 1, -1)


def test_nearest_by_hand():
    layer = Upsample(scale_factor=(1, 2))
    np.testing.assert_array_equal(layer.forward(row(1, 2)), row(1, 1, 2, 2))
    np.testing.assert_array_equal(layer.backward(row(1, 2, 3, 4)), row(3, 7))
    np.testing.assert_array_equal(Upsample((1, 5)).forward(row(1, 2, 3)), row(1, 1, 2, 2, 3))
    np.testing.assert_array_equal(Upsample((1, 2)).forward(row(1, 2, 3)), row(1, 2))
    np.testing.assert_array_equal(Upsample(scale_factor=(1, 1.5)).forward(row(1, 2, 3)), row(1, 1, 2, 3))
    tall = Upsample(scale_factor=(2.5, 1)).forward(np.array([[[[1.0], [2.0]]]]))  # rows 0, 0.4, 0.8, 1.2 and 1.6
    np.testing.assert_array_equal(tall[0, 0], [[1], [1], [1], [2], [2]])


def test_bilinear_by_hand():
    layer = Upsample(scale_factor=(1, 2), mode="bilinear")
    np.testing.assert_allclose(layer.forward(row(0, 4)), row(0, 1, 3, 4))
    np.testing.assert_allclose(layer.backward(row(1, 4, 8, 16)), row(1 + 3 + 2, 1 + 6 + 16))
    corners = Upsample((1, 4), mode="bilinear", align_corners=True)
    np.testing.assert_allclose(corners.forward(row(0, 6)), row(0, 2, 4, 6))
    np.testing.assert_allclose(Upsample((1, 1), mode="bilinear").forward(row(1, 2, 6)), row(2))
    np.testing.assert_allclose(Upsample((1, 1), mode="bilinear", align_corners=True).forward(row(1, 2, 6)), row(1))


def test_bilinear_mixes_four_pixels():
    image = np.array([[[[0.0, 4.0], [8.0, 12.0]]]])
    expected = [[0, 1, 3, 4], [2, 3, 5, 6], [6, 7, 9, 10], [8, 9, 11, 12]]
    np.testing.assert_allclose(Upsample(scale_factor=2, mode="bilinear").forward(image)[0, 0], expected)


def test_a_scale_that_keeps_the_size_keeps_the_image():
    x = row(1, 5, 2)
    for mode in ("nearest", "bilinear"):
        np.testing.assert_array_equal(Upsample(scale_factor=(1, 1.3), mode=mode).forward(x), x)


@pytest.mark.parametrize(("n", "out"), [(2, 98), (3, 147), (6, 94)])
def test_nearest_is_not_put_off_by_rounding(n, out):
    picked = Upsample((1, out)).forward(row(*range(n)))[0, 0, 0]
    np.testing.assert_array_equal(picked, np.arange(out) * n // out)


@pytest.mark.parametrize("choice", ["plain", "compiled"])
@pytest.mark.parametrize("number", [np.inf, np.nan])
def test_an_infinite_pixel_stays_by_itself(number, choice):
    with faster.use(choice):
        layer = Upsample(scale_factor=2)
        y = layer.forward(np.array([[[[1.0, number], [2.0, 3.0]]]]))
        assert np.isfinite(y).sum() == 12
        assert np.isfinite(layer.backward(y)).sum() == 3
        x = np.ones((1, 1, 5, 5))
        x[0, 0, 2, 2] = number
        corners = Upsample(9, mode="bilinear", align_corners=True)
        assert np.isfinite(corners.forward(x)).sum() == 81 - 9  # every second pixel of y is one of x


@pytest.mark.parametrize(
    "layer",
    [
        Upsample(scale_factor=2),
        Upsample((3, 8)),
        Upsample(scale_factor=(1.5, 0.5), mode="bilinear"),
        Upsample((7, 3), mode="bilinear", align_corners=True),
    ],
    ids=repr,
)
def test_derivative(layer):
    x = np.random.default_rng(0).normal(size=(2, 3, 4, 5))
    assert_derivative(layer, x)
    assert layer.multiply_adds(x, x) == (4 * x.size if layer.mode == "bilinear" else 0)


@pytest.mark.parametrize(
    ("arguments", "kind", "words"),
    [
        (
            {},
            TypeError,
            r"Upsample: expected either size or scale_factor, got neither\.\nHint: write Upsample\(scale_f",
        ),
        ({"size": 2, "scale_factor": 2}, TypeError, r"expected either size or scale_factor, got both\."),
        ({"size": 0}, ValueError, r"size must be at least 1, got 0\."),
        ({"scale_factor": 0}, ValueError, r"scale_factor must be greater than 0, got 0\."),
        ({"scale_factor": (2, -1)}, ValueError, r"scale_factor\[1\] must be greater than 0, got -1\."),
        ({"scale_factor": (1, 2, 3)}, TypeError, r"scale_factor must be a number or a pair \(height, width\), got"),
        ({"size": 2, "mode": "bicubic"}, ValueError, r"mode must be one of 'nearest', 'bilinear'; got 'bicubic'\."),
        (
            {"size": 2, "align_corners": True},
            ValueError,
            r"align_corners is for mode='bilinear', not for mode='nearest'",
        ),
    ],
)
def test_arguments_that_are_refused(arguments, kind, words):
    with pytest.raises(kind, match=words):
        Upsample(**arguments)


def test_refuses_to_leave_no_pixels():
    with pytest.raises(ValueError, match=r"images of 1 × 4 pixels \(height × width\) would become 0 × 2\."):
        Upsample(scale_factor=0.5).forward(np.ones((1, 1, 1, 4)))
    with pytest.raises(ValueError, match=r"at least one number in each sample"):
        Upsample(2).forward(np.ones((1, 1, 0, 4)))

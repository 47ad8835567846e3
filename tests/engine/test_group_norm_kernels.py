"""Group normalization with channels last: 64 columns at a time, where rows can be made of them, give the same."""

import numpy as np
import pytest

from tinynet.core import faster
from tinynet.layers import GroupNorm

pytest.importorskip("tinynet.engine")
pixels = pytest.importorskip("tinynet.engine.group_norm.pixels")
compiled = pytest.importorskip("tinynet.engine.group_norm.compiled")


def images(*shape: int, dtype: str = "float32") -> np.ndarray:
    """Images (N, C, H, W) whose channels are last in memory."""
    N, C, H, W = shape
    return np.random.default_rng(0).normal(0.5, 2, (N, H, W, C)).astype(dtype).transpose(0, 3, 1, 2)


@pytest.mark.parametrize(
    ("shape", "k"),
    [
        ((2, 64, 4, 4), 1),
        ((2, 16, 4, 4), 4),
        ((2, 1, 8, 8), 64),
        ((2, 24, 4, 4), 8),
        ((2, 96, 2, 3), 2),
        ((2, 256, 3, 3), 1),
        ((2, 320, 3, 3), 0),  # a row would be too long
        ((2, 16, 3, 3), 0),  # 9 pixels are no rows of 4
        ((2, 64, 1, 1), 0),  # one pixel has groups of one
    ],
)
def test_which_rows_are_wide(shape, k):
    assert pixels.wide_rows(images(*shape)) == k
    assert pixels.wide_rows(images(*shape, dtype="float64")) == 0


@pytest.mark.parametrize(
    "shape", [(3, 64, 5, 7), (2, 16, 6, 10), (2, 24, 8, 4), (3, 96, 3, 2), (1, 256, 9, 9), (5, 8, 4, 4)]
)
@pytest.mark.parametrize("groups", [1, 4, 8])
def test_wide_rows_give_what_the_lesson_gives(shape, groups):
    x, dy = images(*shape), images(*shape)[:, :, ::-1].copy(order="K")
    assert pixels.wide_rows(x)
    rng = np.random.default_rng(1)
    weight, bias = rng.normal(size=(2, shape[1])).astype("float32")
    y, x, mean, inverse = compiled.forward(x, groups, weight, bias, 1e-5)
    dx, d_weight, d_bias = compiled.backward(dy, x, mean, inverse, weight)
    lesson = GroupNorm(groups, shape[1]).astype("float64")
    lesson.weight.tensor, lesson.bias.tensor = weight.astype("float64"), bias.astype("float64")
    with faster.use("plain"):
        np.testing.assert_allclose(y, lesson.forward(x.astype("float64")), rtol=1e-5, atol=2e-6)
        np.testing.assert_allclose(dx, lesson.backward(dy.astype("float64")), rtol=1e-5, atol=2e-6)
    for found, right in ((d_weight, lesson.weight.gradient), (d_bias, lesson.bias.gradient)):
        np.testing.assert_allclose(found, right, rtol=1e-5, atol=2e-6 * np.abs(right).max())
    assert y.strides == x.strides == dx.strides


@pytest.mark.parametrize("number", [np.nan, np.inf, 1e30, 3e4, 1e-25])
def test_what_float32_cannot_square_stays_in_its_group(number):
    x = images(2, 64, 4, 4)
    plain, *_ = compiled.forward(x, 4, np.ones(64, "float32"), np.zeros(64, "float32"), 0.0)
    x[1, 16:32] = x[1, 16:32] * np.float32(number) if np.isfinite(number) else number
    with np.errstate(all="ignore"):  # as in compiled code
        y, *_ = compiled.forward(x, 4, np.ones(64, "float32"), np.zeros(64, "float32"), 0.0)
    others = np.ones(y.shape, bool)
    others[1, 16:32] = False
    np.testing.assert_array_equal(y[others], plain[others])
    if np.isfinite(number):
        np.testing.assert_allclose(y[1, 16:32], plain[1, 16:32], rtol=1e-5, atol=1e-5)
    else:
        assert np.isnan(y[1, 16:32]).all()

"""MaxPool2D, AvgPool2D and MaxUnpool2D: their numbers, their derivatives and their errors."""

import numpy as np
import pytest

from tests.layers.differences import assert_derivative, slope
from tinynet.core import faster
from tinynet.layers import AdaptiveMaxPool2D, AvgPool2D, MaxPool2D, MaxUnpool2D

POOLS = {
    "max": (MaxPool2D, (2,)),
    "max, overlapping": (MaxPool2D, ((3, 2), (1, 2), (1, 1))),
    "max, dilated": (MaxPool2D, (2, 1, 1, (2, 1))),
    "average": (AvgPool2D, (2,)),
    "average, overlapping": (AvgPool2D, ((2, 3), (2, 1), 1)),
    "average, of the image only": (AvgPool2D, (3, 2, 1, False, False)),
    "max, over the end": (MaxPool2D, (3, 2, 1, 1, False, True)),
    "average, over the end": (AvgPool2D, (3, (3, 2), 1, True)),
    "average, over the end, of the image only": (AvgPool2D, (2, 3, 0, True, False)),
    "sum over a divisor": (AvgPool2D, (2, 1, 1, False, True, 7)),
}


def distinct(*shape: int) -> np.ndarray:
    """Numbers far enough from each other that a small step changes no order."""
    return np.random.default_rng(0).permutation(np.arange(np.prod(shape)) / 8.0).reshape(shape)


@pytest.mark.parametrize("body", ["loops", "plain"])
@pytest.mark.parametrize("case", POOLS)
def test_backward_is_the_derivative(case: str, body: str) -> None:
    kind, arguments = POOLS[case]
    with faster.use(body):
        assert_derivative(kind(*arguments), distinct(2, 2, 5, 4))


@pytest.mark.parametrize("case", POOLS)
def test_equals_the_loops(case: str) -> None:
    kind, arguments = POOLS[case]
    layer, x = kind(*arguments), distinct(1, 3, 4, 6)
    y = layer(x)
    dx = layer.backward(y)
    with faster.use("loops"):
        np.testing.assert_allclose(layer(x), y, rtol=1e-12)
        np.testing.assert_allclose(layer.backward(y), dx, rtol=1e-12)


def test_max_by_hand() -> None:
    layer = MaxPool2D((1, 2), 1, (0, 1), return_switches=True)
    y, indices = layer(np.array([[[[-1.0, 3.0, 3.0]]]]))
    np.testing.assert_array_equal(y, [[[[-1, 3, 3, 3]]]])  # the padding is not zero, or the first were 0
    np.testing.assert_array_equal(indices, [[[[0, 1, 1, 2]]]])  # of equals, the first
    np.testing.assert_array_equal(layer.backward(np.array([[[[1.0, 2.0, 3.0, 4.0]]]]), None), [[[[1, 5, 4]]]])


def test_average_by_hand() -> None:
    x = np.array([[[[2.0, 4.0, 8.0]]]])
    np.testing.assert_array_equal(AvgPool2D((1, 2), 1, (0, 1))(x), [[[[1, 3, 6, 4]]]])
    np.testing.assert_array_equal(AvgPool2D((1, 2), 1, (0, 1), count_include_pad=False)(x), [[[[2, 3, 6, 8]]]])


def test_nan_is_never_hidden() -> None:
    x = np.array([[[[1.0, np.nan], [np.inf, 3.0]]]])
    assert np.isnan(MaxPool2D(2)(x)).all()
    assert np.isnan(AvgPool2D(2)(x)).all()


@pytest.mark.parametrize("kind", [MaxPool2D, AvgPool2D])
def test_dtype_of_what_comes_out(kind: type) -> None:
    layer = kind(2)
    y = layer(np.ones((2, 3, 4, 5), np.float32))
    dx = layer.backward(np.ones(y.shape, np.float32))
    assert y.dtype == dx.dtype == np.float32
    assert dx.shape == (2, 3, 4, 5)


def test_a_window_of_nothing_but_minus_infinity_is_won_by_its_first_pixel_inside() -> None:
    x = np.full((1, 1, 2, 3), -np.inf)
    layer = MaxPool2D(2, 1, 1, return_switches=True)
    y, indices = layer(x)
    assert (y == -np.inf).all()
    np.testing.assert_array_equal(indices[0, 0], [[0, 0, 1, 2], [0, 0, 1, 2], [3, 3, 4, 5]])


@pytest.mark.parametrize(("width", "dtype"), [(256, np.uint8), (257, np.uint16)])
def test_max_keeps_one_byte_for_each_output_as_long_as_that_is_enough(width: int, dtype: type) -> None:
    layer = MaxPool2D((1, width))
    layer(np.arange(float(width)).reshape(1, 1, 1, width))
    assert layer.recall().cell.dtype == dtype
    assert layer.recall().cell.item() == width - 1


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.longdouble])
def test_dtype_is_kept(dtype: type) -> None:
    x = np.ones((1, 1, 4, 4), dtype)
    for layer in (MaxPool2D(2), AvgPool2D(2), AvgPool2D(3, 1, 1, count_include_pad=False)):
        y = layer(x)
        assert y.dtype == layer.backward(y).dtype == dtype
    y, switches = MaxPool2D(2, return_switches=True)(x)
    layer = MaxUnpool2D(2)
    assert layer(y, switches).dtype == layer.backward(x).dtype == dtype


def test_of_several_switches_to_one_pixel_the_last_stays() -> None:
    layer = MaxUnpool2D((1, 2), (1, 1))
    y = layer(np.array([[[[1.0, 2.0, 3.0]]]]), np.array([[[[2, 0, 2]]]]))
    np.testing.assert_array_equal(y, [[[[2, 0, 3, 0]]]])
    np.testing.assert_array_equal(layer.backward(np.array([[[[10.0, 20.0, 30.0, 40.0]]]])), [[[[0, 10, 30]]]])


def test_max_keeps_one_byte_for_each_output() -> None:
    layer = MaxPool2D(2)
    layer(np.ones((2, 3, 4, 4), np.float32))
    assert sum(value.nbytes for value in layer.recall() if isinstance(value, np.ndarray)) == 2 * 3 * 2 * 2


def test_unpooling_puts_each_pixel_back() -> None:
    x = distinct(2, 3, 5, 6)
    y, switches = MaxPool2D(2, return_switches=True)(x)
    back = MaxUnpool2D(2)(y, switches, x.shape)
    assert back.shape == x.shape
    assert (back != 0).sum() == (y != 0).sum()
    np.testing.assert_array_equal(back[back != 0], x[back != 0])


def test_unpooling_knows_the_size_that_padding_was_taken_from() -> None:
    x = distinct(1, 1, 5, 7)
    y, switches = MaxPool2D((3, 2), 2, padding=(1, 0), return_switches=True)(x)
    assert MaxUnpool2D((3, 2), 2, padding=(1, 0))(y, switches, x.shape).shape == x.shape
    assert MaxUnpool2D((3, 2), 2, padding=(1, 0))(y, np.zeros_like(switches)).shape == (1, 1, 5, 6)
    x, nowhere = np.ones((1, 1, 3, 4)), np.zeros((1, 1, 3, 4), int)
    assert MaxUnpool2D((2, 3), 2, padding=(0, 1))(x, nowhere).shape == (1, 1, 2 * 2 + 2, 3 * 2 - 2 + 3)


def test_unpooling_takes_a_batch_of_nothing() -> None:
    layer = MaxUnpool2D(2)
    assert layer(np.ones((0, 1, 2, 2)), np.zeros((0, 1, 2, 2), int)).shape == (0, 1, 4, 4)
    assert layer.backward(np.ones((0, 1, 4, 4))).shape == (0, 1, 2, 2)


@pytest.mark.parametrize("body", ["loops", "plain"])
@pytest.mark.parametrize("stride", [2, 1])
def test_unpooling_backward_is_the_derivative(body: str, stride: int) -> None:
    with faster.use(body):
        y, switches = MaxPool2D(2, stride, return_switches=True)(distinct(1, 2, 4, 4))
        layer, x = MaxUnpool2D(2, stride), distinct(*y.shape)  # stride 1 points to some pixels several times
        dy = np.random.default_rng(1).normal(size=layer(x, switches).shape)
        layer(x, switches)
        dx = layer.backward(dy)
        np.testing.assert_allclose(dx, slope(lambda: float((layer(x, switches) * dy).sum()), x), rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("kind", [MaxPool2D, AvgPool2D, MaxUnpool2D])
def test_bad_arguments(kind: type) -> None:
    name = kind.__name__
    with pytest.raises(ValueError, match=f"{name}: kernel_size must be at least 1, got 0"):
        kind(0)
    with pytest.raises(TypeError, match=f"{name}: kernel_size must be an integer or a pair"):
        kind("2")
    with pytest.raises(ValueError, match=f"{name}: stride must be at least 1, got 0"):
        kind(2, 0)
    with pytest.raises(
        ValueError,
        match=r"padding must be at most half of kernel_size=\(2, 5\), got \(1, 3\).\nHint: use padding=\(1, 2\)",
    ):
        kind((2, 5), 1, (1, 3))  # fmt: skip
    with pytest.raises(ValueError, match=f"{name}: padding must be at least 0, got -1"):
        kind(2, 1, -1)


def test_bad_dilation() -> None:
    with pytest.raises(ValueError, match="MaxPool2D: dilation must be at least 1, got 0"):
        MaxPool2D(2, 1, 0, 0)


@pytest.mark.parametrize("layer", [MaxPool2D(3), AvgPool2D(3)])
def test_bad_input(layer: MaxPool2D | AvgPool2D) -> None:
    with pytest.raises(ValueError, match=r"expected x of shape \(N, C, H, W\), got \(2, 8, 8\).\nHint: the batch axis"):
        layer(np.ones((2, 8, 8)))
    with pytest.raises(ValueError, match=r"expected images of at least 3 × 3 pixels .*, got 4 × 2"):
        layer(np.ones((1, 1, 4, 2)))
    with pytest.raises(TypeError, match=r"expected x of floating-point numbers, got uint8"):
        layer(np.ones((1, 1, 4, 4), np.uint8))
    with pytest.raises(RuntimeError, match="no forward to go back through"):
        type(layer)(3).backward(np.ones((1, 1, 1, 1)))


def test_no_window_lies_in_the_padding_as_a_whole() -> None:
    with pytest.raises(ValueError, match="expected images of at least 2 × 1 pixels"):
        MaxPool2D((2, 1), 1, (1, 0), dilation=(2, 1))(np.ones((1, 1, 1, 1)))
    with pytest.raises(ValueError, match="expected images of at least 1 × 3 pixels"):
        MaxPool2D((1, 2), 1, (0, 1), dilation=(1, 3))(np.ones((1, 1, 1, 2)))


def test_bad_switches() -> None:
    layer, x = MaxUnpool2D(2), np.ones((1, 1, 2, 2))
    switches = np.zeros((1, 1, 2, 2), int)
    with pytest.raises(
        TypeError, match=r"array of integers, got float64.\nHint: MaxPool2D\(..., return_switches=True\)"
    ):
        layer(x, x)
    with pytest.raises(TypeError, match="array of integers, got list"):
        layer(x, [[0]])
    with pytest.raises(ValueError, match=r"switches of the shape of x, \(1, 1, 2, 2\), got \(1, 2, 2\)"):
        layer(x, switches[0])
    with pytest.raises(ValueError, match=r"from 0 to 15, the pixels of 4 × 4, got 0 to 16.\nHint: pass output_size"):
        layer(x, switches + np.array([0, 16]))
    with pytest.raises(ValueError, match="got -1 to -1"):
        layer(x, switches - 1)
    with pytest.raises(ValueError, match="got -1 to 3"):
        layer(x, switches + np.array([-1, 3]))
    with pytest.raises(ValueError, match=r"less than one stride=\(2, 2\) away from \(4, 4\), got \(4, 6\)"):
        layer(x, switches, (4, 6))
    with pytest.raises(ValueError, match=r"less than one stride=\(2, 2\) away from \(4, 4\), got \(2, 4\)"):
        layer(x, switches, (2, 4))
    with pytest.raises(ValueError, match=r"away from \(4, 4\), got \(4, 2\)"):
        layer(x, switches, (4, 2))
    with pytest.raises(ValueError, match=r"from 0 to 3, the pixels of 2 × 2, got 4 to 4\."):
        layer(x[:, :, :1, :1], switches[:, :, :1, :1] + 4)
    with pytest.raises(ValueError, match=r"expected x of shape \(N, C, H, W\)"):
        layer(x[0], switches)
    with pytest.raises(RuntimeError, match="no forward to go back through"):
        MaxUnpool2D(2).backward(x)


def test_windows_over_the_end_by_hand() -> None:
    x = np.array([[[[1.0, 5.0, 2.0, 4.0, 3.0]]]])
    largest = MaxPool2D((1, 2), return_switches=True, ceil_mode=True)
    y, indices = largest(x)
    np.testing.assert_array_equal(y, [[[[5, 4, 3]]]])
    np.testing.assert_array_equal(indices, [[[[1, 3, 4]]]])
    np.testing.assert_array_equal(largest.backward(np.array([[[[1.0, 2.0, 3.0]]]])), [[[[0, 1, 0, 2, 3]]]])
    # What is beyond the padding does not count: 3 is the mean of itself, and of itself and one zero.
    mean = AvgPool2D((1, 2), ceil_mode=True)
    np.testing.assert_array_equal(mean(x), [[[[3, 3, 3]]]])
    np.testing.assert_array_equal(mean.backward(np.array([[[[2.0, 4.0, 6.0]]]])), [[[[1, 1, 2, 2, 6]]]])
    x = x[..., :4]
    np.testing.assert_array_equal(AvgPool2D((1, 3), (1, 3), (0, 1), True)(x), [[[[2, 2]]]])  # the second is whole
    np.testing.assert_array_equal(AvgPool2D((1, 4), (1, 3), (0, 1), True)(x), [[[[2, 2]]]])  # (2 + 4 + 0) / 3
    np.testing.assert_array_equal(AvgPool2D((1, 4), (1, 3), (0, 1), True, False)(x), [[[[8 / 3, 3]]]])  # 6 / 2


def test_no_window_starts_behind_the_image() -> None:
    x = distinct(1, 1, 2, 2)
    for kind in (MaxPool2D, AvgPool2D):
        layer = kind((3, 2), 3, (1, 0), ceil_mode=True)  # a second row would start at pixel 2
        assert layer(x).shape == (1, 1, 1, 1)
        assert kind((3, 2), 2, (1, 0), ceil_mode=True)(x).shape == (1, 1, 2, 1)


@pytest.mark.parametrize("kind", [MaxPool2D, AvgPool2D])
def test_a_window_may_hang_over_by_less_than_a_stride(kind: type) -> None:
    x = distinct(1, 1, 2, 3)
    layer = kind((4, 3), (3, 1), ceil_mode=True)
    assert layer(x) == {MaxPool2D: x.max(), AvgPool2D: x.mean()}[kind]
    with pytest.raises(ValueError, match=r"expected images of at least 2 × 3 pixels .*, got 1 × 3"):
        layer(x[:, :, :1])
    with pytest.raises(ValueError, match=r"expected images of at least 2 × 3 pixels .*, got 2 × 2"):
        layer(x[..., :2])


def test_divisor_override() -> None:
    x = distinct(2, 1, 4, 5)
    mean, other = AvgPool2D(2, 2, 1), AvgPool2D(2, 2, 1, divisor_override=-3)
    np.testing.assert_allclose(other(x), mean(x) * 4 / -3)
    dy = distinct(2, 1, 3, 3)
    np.testing.assert_allclose(other.backward(dy), mean.backward(dy) * 4 / -3)
    with pytest.raises(ValueError, match=r"divisor_override must not be 0\.\nHint: leave it out"):
        AvgPool2D(2, divisor_override=0)
    with pytest.raises(TypeError, match=r"AvgPool2D: divisor_override must be an integer, got 2\.5"):
        AvgPool2D(2, divisor_override=2.5)


@pytest.mark.parametrize("choice", ["plain", "compiled"])
def test_adaptive_switches(choice: str) -> None:
    x = np.array([[[[1.0, 3.0, 3.0], [2.0, np.nan, np.nan]]]])
    layer = AdaptiveMaxPool2D((2, 2), return_switches=True)
    with faster.use(choice):
        y, indices = layer(x)
        np.testing.assert_array_equal(y, [[[[3, 3], [np.nan, np.nan]]]])
        np.testing.assert_array_equal(indices, [[[[1, 1], [4, 5]]]])  # the first of equals, but the last NaN
        dx = layer.backward(np.array([[[[1.0, 2.0], [3.0, 4.0]]]]), None)
        assert AdaptiveMaxPool2D((2, 1), return_switches=True)(x)[1].ravel().tolist() == [1, 5]
    np.testing.assert_array_equal(dx, [[[[0, 3, 0], [0, 3, 4]]]])
    back = MaxUnpool2D((2, 3), 1)(np.ones((1, 1, 1, 1)), AdaptiveMaxPool2D(1, True)(distinct(1, 1, 2, 3))[1])
    np.testing.assert_array_equal(back == 1, distinct(1, 1, 2, 3) == distinct(1, 1, 2, 3).max())

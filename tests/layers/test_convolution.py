"""Conv2D: its numbers, its derivative, its defaults and its errors."""

import numpy as np
import pytest

from tests.layers.differences import assert_derivative
from tinynet.core import faster
from tinynet.layers import Conv2D
from tinynet.layers.convolution import convolve, convolve_back, correlate
from tinynet.layers.windows import Sliding

rng = np.random.default_rng(0)

CASES = {
    "plain": ({"in_channels": 2, "out_channels": 3, "kernel_size": 3}, (2, 2, 5, 4)),
    "1 x 1": ({"in_channels": 3, "out_channels": 2, "kernel_size": 1}, (1, 3, 2, 3)),
    "rectangular": (
        {"in_channels": 1, "out_channels": 2, "kernel_size": (2, 3), "stride": (2, 1), "padding": (1, 0)},
        (2, 1, 5, 6),
    ),
    "dilated": (
        {"in_channels": 2, "out_channels": 2, "kernel_size": 2, "dilation": (2, 3), "bias": False},
        (1, 2, 5, 5),
    ),
    "same, even": ({"in_channels": 1, "out_channels": 1, "kernel_size": (2, 4), "padding": "same"}, (1, 1, 3, 5)),
    "valid": ({"in_channels": 1, "out_channels": 1, "kernel_size": 2, "padding": "valid", "stride": 3}, (1, 1, 6, 6)),
    "groups": ({"in_channels": 4, "out_channels": 6, "kernel_size": 2, "groups": 2, "padding": 1}, (2, 4, 3, 3)),
    "depthwise": (
        {"in_channels": 3, "out_channels": 6, "kernel_size": 3, "groups": 3, "padding": 1, "stride": 2},
        (2, 3, 4, 5),
    ),
}


@pytest.mark.parametrize("choice", ["plain", "loops", "auto", "compiled"])
@pytest.mark.parametrize("case", CASES)
def test_backward_is_the_derivative(case: str, choice: str) -> None:
    arguments, shape = CASES[case]
    with faster.use(choice):
        assert_derivative(Conv2D(**arguments, rng=rng), rng.normal(size=shape))


@pytest.mark.parametrize("case", CASES)
def test_equals_the_loops(case: str) -> None:
    arguments, shape = CASES[case]
    layer, x = Conv2D(**arguments, rng=rng).astype(np.float64), rng.normal(size=shape)
    with faster.use("plain"):
        y = layer(x)
    with faster.use("loops"):
        np.testing.assert_allclose(y, layer(x), rtol=1e-12, atol=1e-12)


def test_by_hand() -> None:
    layer = Conv2D(1, 1, 2)
    layer.weight.tensor = [[[[1, 2], [3, 4]]]]
    layer.bias.tensor = [0.5]
    x = np.array([[[[1, 0, 0], [0, 1, 0], [0, 0, 1]]]], np.float32)
    np.testing.assert_array_equal(layer(x), [[[[5.5, 3.5], [2.5, 5.5]]]])
    dx = layer.backward(np.array([[[[1, 0], [0, 1]]]], np.float32))
    np.testing.assert_array_equal(dx, [[[[1, 2, 0], [3, 5, 2], [0, 3, 4]]]])
    np.testing.assert_array_equal(layer.weight.gradient, [[[[2, 0], [0, 2]]]])
    np.testing.assert_array_equal(layer.bias.gradient, [2])


def test_padding_as_it_is_kept() -> None:
    kept = {padding: Conv2D(1, 1, (2, 4), padding=padding, dilation=(2, 1)).padding for padding in ("same", "valid")}
    assert kept == {"same": ((1, 1), (1, 2)), "valid": ((0, 0), (0, 0))}
    assert Conv2D(1, 1, 1, padding=(2, 3)).sliding == Sliding((1, 1), (1, 1), ((2, 2), (3, 3)), (1, 1))


def test_same_puts_the_odd_pixel_at_the_bottom_and_right() -> None:
    layer = Conv2D(1, 1, 2, padding="same", bias=False)
    layer.weight.tensor = [[[[0, 0], [0, 1]]]]
    x = np.arange(1, 5, dtype=np.float32).reshape(1, 1, 2, 2)
    np.testing.assert_array_equal(layer(x), [[[[4, 0], [0, 0]]]])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtype_of_what_comes_out(dtype: type) -> None:
    layer = Conv2D(2, 5, 3, padding=1).astype(dtype)
    x = np.ones((2, 2, 4, 4), dtype)
    y = layer(x)
    dx = layer.backward(np.ones(y.shape, dtype))
    assert y.dtype == dx.dtype == dtype
    assert layer.weight.gradient.dtype == layer.bias.gradient.dtype == dtype


def test_in_float32_each_sum_is_of_float32() -> None:
    x, W, b = np.ones((2, 2, 4, 4), np.float32), np.ones((2, 2, 3, 3), np.float32), np.ones(2, np.float32)
    dy, sliding = np.ones((2, 2, 2, 2), np.float32), Sliding((3, 3))
    with faster.use("plain"):
        found = convolve(x, W, b, sliding, 1), convolve_back(dy, W, (4, 4), sliding, 1), correlate(x, dy, sliding, 1)
        mixed = convolve(x.astype(np.float64), W, b, sliding, 1)
    assert {array.dtype for array in found} == {np.dtype(np.float32)}
    assert mixed.dtype == np.float64


def test_initial_weights_are_uniform_within_one_over_the_root_of_fan_in() -> None:
    layer = Conv2D(8, 16, (3, 2), groups=2, rng=np.random.default_rng(0))
    k = 1 / np.sqrt(4 * 3 * 2)
    assert layer.weight.shape == (16, 4, 3, 2)
    assert 0.98 * k < np.abs(layer.weight.tensor).max() <= k
    assert 0.8 * k < np.abs(layer.bias.tensor).max() <= k
    assert Conv2D(1, 1, 1, bias=False).bias is None


def test_one_pixel_and_an_empty_batch() -> None:
    assert Conv2D(1, 2, 1)(np.ones((1, 1, 1, 1), np.float32)).shape == (1, 2, 1, 1)
    layer = Conv2D(1, 2, 2)
    assert layer(np.ones((0, 1, 3, 3), np.float32)).shape == (0, 2, 2, 2)
    assert layer.backward(np.ones((0, 2, 2, 2), np.float32)).shape == (0, 1, 3, 3)


@pytest.mark.parametrize(
    ("arguments", "kind", "words"),
    [
        ((0, 1, 3), ValueError, "Conv2D: in_channels must be at least 1, got 0"),
        ((1, 0, 3), ValueError, "Conv2D: out_channels must be at least 1, got 0"),
        ((1, 1.5, 3), TypeError, "Conv2D: out_channels must be an integer, got 1.5"),
        ((1, 1, 0), ValueError, "Conv2D: kernel_size must be at least 1, got 0"),
        ((1, 1, (3, 3, 3)), TypeError, r"Conv2D: kernel_size must be an integer or a pair \(height, width\)"),
        ((1, 1, 3, 0), ValueError, "Conv2D: stride must be at least 1, got 0"),
        ((1, 1, 3, 1, -1), ValueError, "Conv2D: padding must be at least 0, got -1"),
        ((1, 1, 3, 1, "full"), ValueError, "Conv2D: padding must be an integer, a pair, 'valid' or 'same', got 'full'"),
        ((1, 1, 3, 2, "same"), ValueError, r"Conv2D: padding='same' needs stride=1, got stride=\(2, 2\)"),
        ((1, 1, 3, 1, 0, 0), ValueError, "Conv2D: dilation must be at least 1, got 0"),
        ((1, 1, 3, 1, 0, 1, 0), ValueError, "Conv2D: groups must be at least 1, got 0"),
        ((6, 4, 3, 1, 0, 1, 4), ValueError, "groups=4 must divide in_channels=6.\nHint: use one of 1, 2, 3, 6"),
        ((6, 4, 3, 1, 0, 1, 3), ValueError, "groups=3 must divide out_channels=4.\nHint: use one of 1, 2, 4"),
    ],
)
def test_bad_arguments(arguments: tuple, kind: type[Exception], words: str) -> None:
    with pytest.raises(kind, match=words):
        Conv2D(*arguments)


@pytest.mark.parametrize(
    ("channels", "shape", "words"),
    [
        (3, (3, 8, 8), r"expected x of shape \(N, 3, H, W\), got \(3, 8, 8\).\nHint: the batch axis is missing"),
        (1, (4, 8, 8), r"expected x of shape \(N, 1, H, W\), got \(4, 8, 8\).\nHint: the channel axis is missing"),
        (3, (4, 8, 8, 3), r"Hint: images are \(N, C, H, W\); .* x.transpose\(0, 3, 1, 2\)"),
        (3, (4, 1, 8, 8), r"expected x of shape \(N, 3, H, W\), got \(4, 1, 8, 8\).\nHint: write Conv2D\(1, ...\)"),
        (1, (4, 64), r"Hint: a row of pixels has no height and width; reshape it with x.reshape\(-1, 1, H, W\)"),
        (3, (2, 4, 3, 8, 8), r"expected x of shape \(N, 3, H, W\), got \(2, 4, 3, 8, 8\)"),
    ],
)
def test_input_of_the_wrong_shape(channels: int, shape: tuple, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Conv2D(channels, 4, 3)(np.ones(shape, np.float32))


def test_kernel_larger_than_the_image() -> None:
    layer = Conv2D(1, 1, (5, 3), padding=(1, 0), dilation=(1, 2))
    with pytest.raises(ValueError, match=r"expected images of at least 3 × 5 pixels .*, got 2 × 9"):
        layer(np.ones((1, 1, 2, 9), np.float32))
    assert layer(np.ones((1, 1, 3, 5), np.float32)).shape == (1, 1, 1, 1)


def test_pixels_must_be_floating() -> None:
    with pytest.raises(TypeError, match=r"got uint8.\nHint: .*divide pixels by 255"):
        Conv2D(1, 1, 3)(np.ones((1, 1, 4, 4), np.uint8))


def test_backward_before_forward() -> None:
    with pytest.raises(RuntimeError, match="no forward to go back through"):
        Conv2D(1, 1, 3).backward(np.ones((1, 1, 2, 2)))

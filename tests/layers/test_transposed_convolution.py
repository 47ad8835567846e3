"""ConvTranspose2D: its numbers, its derivative and its errors."""

import numpy as np
import pytest

from tests.layers.differences import assert_derivative
from tinynet.core import faster
from tinynet.layers import Conv2D, ConvTranspose2D

rng = np.random.default_rng(0)

CASES = {
    "plain": ({"in_channels": 2, "out_channels": 3, "kernel_size": 3}, (2, 2, 3, 2)),
    "stride": (
        {"in_channels": 3, "out_channels": 2, "kernel_size": (2, 3), "stride": (3, 2), "padding": (0, 1)},
        (1, 3, 2, 3),
    ),
    "output padding": (
        {"in_channels": 1, "out_channels": 2, "kernel_size": 2, "stride": 2, "padding": 1, "output_padding": (1, 0)},
        (2, 1, 3, 4),
    ),
    "output padding beyond the stride": (
        {"in_channels": 2, "out_channels": 1, "kernel_size": (1, 2), "output_padding": (2, 0), "dilation": (3, 1)},
        (1, 2, 2, 2),
    ),
    "groups": ({"in_channels": 4, "out_channels": 6, "kernel_size": 2, "groups": 2, "bias": False}, (1, 4, 2, 3)),
    "depthwise": (
        {"in_channels": 2, "out_channels": 2, "kernel_size": 3, "groups": 2, "stride": 2, "dilation": 2},
        (1, 2, 2, 2),
    ),
    "as many channels in as a kernel has": (
        {"in_channels": 4, "out_channels": 2, "kernel_size": 2, "groups": 2},
        (1, 4, 2, 3),
    ),
}


@pytest.mark.parametrize("choice", ["plain", "loops", "auto", "compiled"])
@pytest.mark.parametrize("case", CASES)
def test_backward_is_the_derivative(case: str, choice: str) -> None:
    arguments, shape = CASES[case]
    with faster.use(choice):
        assert_derivative(ConvTranspose2D(**arguments, rng=rng), rng.normal(size=shape))


@pytest.mark.parametrize("case", CASES)
def test_equals_the_loops(case: str) -> None:
    arguments, shape = CASES[case]
    layer, x = ConvTranspose2D(**arguments, rng=rng).astype(np.float64), rng.normal(size=shape)
    with faster.use("plain"):
        y = layer(x)
    with faster.use("loops"):
        np.testing.assert_allclose(y, layer(x), rtol=1e-12, atol=1e-12)


def test_by_hand() -> None:
    layer = ConvTranspose2D(1, 1, 2, stride=2, output_padding=1)
    layer.weight.tensor = [[[[1, 2], [3, 4]]]]
    layer.bias.tensor = [0.5]
    y = layer(np.array([[[[1, 10]]]], np.float32))
    np.testing.assert_array_equal(y, [[[[1.5, 2.5, 10.5, 20.5, 0.5], [3.5, 4.5, 30.5, 40.5, 0.5], [0.5] * 5]]])
    dy = np.zeros((1, 1, 3, 5), np.float32)
    dy[0, 0, 0, 2], dy[0, 0, 2, 4] = 5, 7
    np.testing.assert_array_equal(layer.backward(dy), [[[[0, 5]]]])
    np.testing.assert_array_equal(layer.weight.gradient, [[[[50, 0], [0, 0]]]])
    np.testing.assert_array_equal(layer.bias.gradient, [12])


def test_it_is_the_gradient_of_the_convolution_with_the_same_weight() -> None:
    up = ConvTranspose2D(3, 2, 3, stride=2, padding=1, output_padding=1, bias=False, rng=rng)
    down = Conv2D(2, 3, 3, stride=2, padding=1, bias=False)
    down.weight.tensor = up.weight.tensor
    x = rng.normal(size=(2, 3, 4, 5)).astype(np.float32)
    y = up(x)
    assert down(y).shape == x.shape
    np.testing.assert_allclose(down.backward(x), y, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtype_of_what_comes_out(dtype: type) -> None:
    layer = ConvTranspose2D(2, 5, 3, stride=2, padding=1).astype(dtype)
    y = layer(np.ones((2, 2, 4, 4), dtype))
    dx = layer.backward(np.ones(y.shape, dtype))
    assert y.dtype == dx.dtype == dtype
    assert layer.weight.gradient.dtype == layer.bias.gradient.dtype == dtype


def test_initial_weights() -> None:
    layer = ConvTranspose2D(4, 64, (3, 2), groups=2, rng=np.random.default_rng(0))
    k = 1 / np.sqrt(32 * 3 * 2)
    assert layer.weight.shape == (4, 32, 3, 2)
    assert 0.98 * k < np.abs(layer.weight.tensor).max() <= k
    assert layer.bias.shape == (64,)
    assert 0.8 * k < np.abs(layer.bias.tensor).max() <= k


@pytest.mark.parametrize(
    ("arguments", "kind", "words"),
    [
        ({"in_channels": 0}, ValueError, "ConvTranspose2D: in_channels must be at least 1, got 0"),
        ({"out_channels": -1}, ValueError, "ConvTranspose2D: out_channels must be at least 1, got -1"),
        ({"kernel_size": (3, 0)}, ValueError, r"ConvTranspose2D: kernel_size\[1\] must be at least 1, got 0"),
        ({"stride": "2"}, TypeError, "ConvTranspose2D: stride must be an integer or a pair"),
        ({"padding": "same"}, TypeError, "ConvTranspose2D: padding must be an integer or a pair"),
        ({"dilation": 0}, ValueError, "ConvTranspose2D: dilation must be at least 1, got 0"),
        ({"groups": 2}, ValueError, "ConvTranspose2D: groups=2 must divide in_channels=1"),
        ({"output_padding": -1}, ValueError, "ConvTranspose2D: output_padding must be at least 0, got -1"),
        (
            {"output_padding": (1, 2), "stride": 2},
            ValueError,
            r"output_padding must be smaller than stride=\(2, 2\) or dilation=\(1, 1\), got \(1, 2\)",
        ),
        ({"output_padding": (2, 1), "stride": 2}, ValueError, r"output_padding must be smaller .*, got \(2, 1\)"),
        ({"output_padding": (0, 1), "dilation": (3, 1)}, ValueError, r"must be smaller than .*, got \(0, 1\)"),
    ],
)
def test_bad_arguments(arguments: dict, kind: type[Exception], words: str) -> None:
    with pytest.raises(kind, match=words):
        ConvTranspose2D(**{"in_channels": 1, "out_channels": 1, "kernel_size": 3, **arguments})


def test_bad_input() -> None:
    layer = ConvTranspose2D(2, 1, 2, padding=2)
    with pytest.raises(
        ValueError, match=r"expected x of shape \(N, 2, H, W\).*\nHint: write ConvTranspose2D\(3, ...\)"
    ):
        layer(np.ones((1, 3, 4, 4), np.float32))
    with pytest.raises(
        ValueError, match=r"images of 3 × 4 pixels \(height × width\) would become 0 × 1.\nHint: use less"
    ):
        layer(np.ones((1, 2, 3, 4), np.float32))
    with pytest.raises(TypeError, match="got int64"):
        layer(np.ones((1, 2, 4, 4), np.int64))
    with pytest.raises(RuntimeError, match="no forward to go back through"):
        layer.backward(np.ones((1, 1, 1, 1), np.float32))

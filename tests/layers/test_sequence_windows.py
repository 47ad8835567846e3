"""Convolution and pooling of sequences: values by hand, their twins for images, derivatives, errors."""

import numpy as np
import pytest

from tests.layers.differences import assert_derivative
from tinynet.layers import (
    AdaptiveMaxPool1D,
    AvgPool1D,
    AvgPool2D,
    Conv1D,
    Conv2D,
    ConvTranspose1D,
    ConvTranspose2D,
    MaxPool1D,
    MaxPool2D,
    MaxUnpool1D,
)

RNG = np.random.default_rng(0)


def column(*values: float) -> np.ndarray:
    """One sequence of one feature."""
    return np.array(values, float).reshape(1, -1, 1)


def test_convolution_by_hand():
    layer = Conv1D(1, 1, 3, padding=1).astype(np.float64)
    layer.weight.tensor, layer.bias.tensor = np.array([[[1.0, 10.0, 100.0]]]), np.array([0.5])
    np.testing.assert_allclose(layer.forward(column(1, 2, 3)), column(210.5, 321.5, 32.5))
    np.testing.assert_allclose(layer.backward(column(1, 0, 0)), column(10, 100, 0))
    np.testing.assert_allclose(layer.weight.gradient, [[[0, 1, 2]]])
    np.testing.assert_allclose(layer.bias.gradient, [1])


def test_transposed_convolution_by_hand():
    layer = ConvTranspose1D(1, 1, 2, stride=2).astype(np.float64)
    layer.weight.tensor, layer.bias.tensor = np.array([[[1.0, 10.0]]]), np.array([0.5])
    np.testing.assert_allclose(layer.forward(column(1, 2)), column(1.5, 10.5, 2.5, 20.5))
    np.testing.assert_allclose(layer.backward(column(1, 2, 3, 4)), column(21, 43))
    np.testing.assert_allclose(layer.weight.gradient, [[[1 * 1 + 2 * 3, 1 * 2 + 2 * 4]]])


def test_pooling_by_hand():
    x = column(1, 5, 2, 7, 7, 0)
    layer = MaxPool1D(3, stride=1)
    np.testing.assert_array_equal(layer.forward(x), column(5, 7, 7, 7))
    np.testing.assert_array_equal(layer.backward(column(1, 10, 100, 1000)), column(0, 1, 0, 1110, 0, 0))
    np.testing.assert_array_equal(MaxPool1D(2, dilation=3).forward(x), column(7, 2))
    np.testing.assert_array_equal(MaxPool1D(2, padding=1).forward(-x), column(-1, -2, -7, 0))
    np.testing.assert_array_equal(AvgPool1D(2).forward(x), column(3, 4.5, 3.5))
    np.testing.assert_array_equal(AvgPool1D(2, padding=1).forward(x), column(0.5, 3.5, 7, 0))
    np.testing.assert_array_equal(AvgPool1D(2, padding=1, count_include_pad=False).forward(x), column(1, 3.5, 7, 0))


def test_windows_over_the_end_by_hand():
    x = column(1, 5, 2, 7, 3)
    layer = MaxPool1D(2, return_switches=True, ceil_mode=True)
    y, indices = layer.forward(x)
    np.testing.assert_array_equal(y, column(5, 7, 3))
    np.testing.assert_array_equal(indices, column(1, 3, 4))
    np.testing.assert_array_equal(layer.backward(column(1, 2, 3), None), column(0, 1, 0, 2, 3))
    np.testing.assert_array_equal(AvgPool1D(2, ceil_mode=True).forward(x), column(3, 4.5, 3))
    np.testing.assert_array_equal(AvgPool1D(4, 3, 1, True).forward(x), column(2, 3))  # of 2, 7, 3 and a zero
    np.testing.assert_array_equal(AvgPool1D(4, 3, 1, True, False).forward(x), column(8 / 3, 4))
    for kind in (MaxPool1D, AvgPool1D):  # a second window would start at step 2
        assert kind(3, 3, 1, ceil_mode=True).forward(x[:, :2]).shape == (1, 1, 1)


@pytest.mark.parametrize("pool", [MaxPool1D(3, 2, 1, return_switches=True), AdaptiveMaxPool1D(3, return_switches=True)])
def test_unpooling_puts_each_step_back(pool):
    x = RNG.permutation(np.arange(1.0, 37)).reshape(2, 6, 3)
    y, switches = pool.forward(x)
    assert y.shape == switches.shape == (2, 3, 3)
    np.testing.assert_array_equal(np.take_along_axis(x, switches, axis=1), y)
    unpool = MaxUnpool1D(3, 2, 1)
    assert unpool.forward(y, switches % 5).shape == (2, 5, 3)
    back = unpool.forward(y, switches, x.shape)
    np.testing.assert_array_equal(back[back != 0], x[back != 0])
    assert set(back[back != 0]) == set(y.ravel())
    np.testing.assert_array_equal(unpool.forward(y, switches, 6), back)
    np.testing.assert_array_equal(unpool.forward(y, switches, (6,)), back)


def test_of_several_switches_to_one_step_the_last_stays():
    layer = MaxUnpool1D(2, 1)
    np.testing.assert_array_equal(layer.forward(column(1, 2, 3), column(2, 0, 2).astype(int)), column(2, 0, 3, 0))
    np.testing.assert_array_equal(layer.backward(column(10, 20, 30, 40)), column(0, 10, 30))


@pytest.mark.parametrize(("kind", "fan_in"), [(Conv1D, 8 * 3), (ConvTranspose1D, 40 * 3)])
def test_initial_weights_are_uniform_within_one_over_the_root_of_fan_in(kind, fan_in):
    layer = kind(16, 80, 3, groups=2, rng=np.random.default_rng(0))
    for parameter in (layer.weight, layer.bias):
        assert 0.9 < np.abs(parameter.tensor).max() * np.sqrt(fan_in) <= 1


TWINS = [
    (Conv1D(4, 6, 3, 2, 1, 2, 2), Conv2D(4, 6, (1, 3), (1, 2), (0, 1), (1, 2), 2)),
    (Conv1D(4, 4, 4, padding="same", groups=4, bias=False), Conv2D(4, 4, (1, 4), padding="same", groups=4, bias=False)),
    (
        ConvTranspose1D(4, 6, 3, 3, 1, 2, 2, True, 2),
        ConvTranspose2D(4, 6, (1, 3), (1, 3), (0, 1), (0, 2), 2, True, (1, 2)),
    ),
    (MaxPool1D(3, 2, 1, 2), MaxPool2D((1, 3), (1, 2), (0, 1), (1, 2))),
    (MaxPool1D(3, 3, 1, 2, ceil_mode=True), MaxPool2D((1, 3), (1, 3), (0, 1), (1, 2), ceil_mode=True)),
    (AvgPool1D(3, 2, 1, False, False), AvgPool2D((1, 3), (1, 2), (0, 1), False, False)),
    (AvgPool1D(4, 3, 1, True), AvgPool2D((1, 4), (1, 3), (0, 1), True)),
]


@pytest.mark.parametrize(("layer", "twin"), TWINS, ids=str)
def test_equals_that_of_images_of_one_row(layer, twin):
    x = RNG.normal(size=(2, 9, 4)).astype(np.float32)
    twin.load_state({path: array.reshape(twin.state()[path].shape) for path, array in layer.state().items()})
    y = layer.forward(x)
    images = twin.forward(x.transpose(0, 2, 1)[:, :, np.newaxis])
    np.testing.assert_array_equal(y, images[:, :, 0].transpose(0, 2, 1))
    dy = RNG.normal(size=y.shape).astype(np.float32)
    dx = twin.backward(dy.transpose(0, 2, 1)[:, :, np.newaxis])
    np.testing.assert_array_equal(layer.backward(dy), dx[:, :, 0].transpose(0, 2, 1))
    for path, parameter in layer.parameters().items():
        np.testing.assert_array_equal(parameter.gradient.ravel(), twin.parameters()[path].gradient.ravel())
    assert layer.multiply_adds(x, y) == twin.multiply_adds(x.transpose(0, 2, 1)[:, :, np.newaxis], images)


def test_padding_of_a_sequence_as_it_is_kept():
    kept = {padding: Conv1D(1, 1, 4, padding=padding, dilation=3).padding for padding in ("same", "valid", 2)}
    assert kept == {"same": (4, 5), "valid": (0, 0), 2: (2, 2)}


WIDE = ConvTranspose1D(4, 2, 1, output_padding=2, dilation=3)  # kernels would fit in beyond x on the way back


@pytest.mark.parametrize("layer", [WIDE, *(layer for layer, _ in TWINS)], ids=str)
def test_derivative(layer):
    assert_derivative(type(layer)(**layer.arguments), RNG.normal(size=(2, 8, 4)))


def test_outputs_lie_in_c_order():
    x = np.ones((2, 9, 4), np.float32)
    assert all(layer.forward(x).flags.c_contiguous for layer, _ in TWINS if "Pool" in type(layer).__name__)


@pytest.mark.parametrize(
    ("make", "kind", "words"),
    [
        (lambda: Conv1D(1, 1, (3,)), TypeError, r"Conv1D: kernel_size must be an integer, got \(3,\)\."),
        (lambda: Conv1D(3, 2, 1, groups=2), ValueError, r"Conv1D: groups=2 must divide in_channels=3\."),
        (
            lambda: Conv1D(1, 1, 1, padding="full"),
            ValueError,
            r"padding must be an integer, 'valid' or 'same', got 'full'",
        ),
        (lambda: Conv1D(1, 1, 3, 2, "same"), ValueError, r"padding='same' needs stride=1, got stride=2\."),
        (lambda: Conv1D(1, 1, 1, padding=-1), ValueError, r"padding must be at least 0, got -1\."),
        (lambda: ConvTranspose1D(1, 1, 1, 2, 0, 2), ValueError, r"output_padding must be smaller than stride=2 or dil"),
        (lambda: MaxPool1D(3, padding=2), ValueError, r"at most half of kernel_size=3, got 2\.\nHint: use padding=1\."),
        (lambda: MaxUnpool1D(3, padding=2), ValueError, r"MaxUnpool1D: padding must be at most half of kernel_size=3"),
        (lambda: AvgPool1D(0), ValueError, r"AvgPool1D: kernel_size must be at least 1, got 0\."),
    ],
)
def test_arguments_that_are_refused(make, kind, words):
    with pytest.raises(kind, match=words):
        make()


@pytest.mark.parametrize(
    ("layer", "x", "words"),
    [
        (Conv1D(3, 2, 2), np.ones((2, 5, 4)), r"expected x of shape \(N, T, 3\), got \(2, 5, 4\)\.$"),
        (
            Conv1D(3, 2, 2),
            np.ones((2, 3, 5)),
            r"Hint: sequences are \(N, T, D\): put the features last with Permute\(1, 0\)",
        ),
        (Conv1D(1, 2, 2), np.ones((2, 5)), r"Hint: the feature axis is missing; pass x\[:, :, np\.newaxis\]\."),
        (Conv1D(3, 2, 2), np.ones((2, 3, 4, 4)), r"Hint: for images use Conv2D\."),
        (
            MaxPool1D(2),
            np.ones((2, 3, 4, 4)),
            r"expected x of shape \(N, T, D\), got .*\nHint: for images use MaxPool2D\.",
        ),
        (MaxPool1D(2), np.ones((3, 4)), r"Hint: the batch axis is missing"),
        (
            Conv1D(3, 2, 4),
            np.ones((2, 3, 3)),
            r"expected sequences of at least 4 steps, which the kernel needs, got 3\.",
        ),
        (AvgPool1D(4), np.ones((2, 3, 3)), r"expected sequences of at least 4 steps"),
        (ConvTranspose1D(1, 1, 1, padding=2), np.ones((1, 3, 1)), r"sequences of 3 steps would become -1 long\."),
    ],
)
def test_inputs_that_are_refused(layer, x, words):
    with pytest.raises(ValueError, match=f"(?s){words}"):
        layer.forward(x)


def test_a_dilated_kernel_reaches_further():
    assert Conv1D(1, 1, 3, dilation=2, padding="same").forward(column(1, 2, 3).astype(np.float32)).shape == (1, 3, 1)
    with pytest.raises(ValueError, match="expected sequences of at least 7 steps"):
        Conv1D(1, 1, 3, dilation=3).forward(column(1, 2, 3, 4, 5, 6))


def test_a_dilated_window_needs_the_room_that_it_reaches_over():
    layer = MaxPool1D(3, dilation=2)
    np.testing.assert_array_equal(layer.forward(column(1, 9, 3, 9, 2)), column(3))
    with pytest.raises(ValueError, match="expected sequences of at least 5 steps"):
        layer.forward(column(1, 2, 3, 4))


@pytest.mark.parametrize(
    ("switches", "output_size", "kind", "words"),
    [
        (
            np.ones((1, 2, 1)),
            None,
            TypeError,
            r"got float64\.\nHint: MaxPool1D\(\.\.\., return_switches=True\)",
        ),
        (np.ones((1, 2), int), None, ValueError, r"switches of the shape of x, \(1, 2, 1\), got \(1, 2\)\."),
        (
            column(1, 4).astype(int),
            None,
            ValueError,
            r"from 0 to 3, the steps of y, got 1 to 4\.\nHint: pass out",
        ),
        (column(-1, 1).astype(int), None, ValueError, r"got -1 to 1\."),
        (column(1, 2).astype(int), 6, ValueError, r"output_size must be less than one stride=2 away from 4, got 6\."),
        (column(1, 2).astype(int), (1, 2), TypeError, r"output_size must be an integer, got \(1, 2\)\."),
    ],
)
def test_switches_that_are_refused(switches, output_size, kind, words):
    with pytest.raises(kind, match=words):
        MaxUnpool1D(2).forward(column(1, 2), switches, output_size)

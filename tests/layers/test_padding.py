"""Padding: values by hand, NumPy's pad, derivatives, errors."""

import numpy as np
import pytest

from tests.layers.differences import assert_derivative
from tinynet.layers import ReflectionPad1D, ReflectionPad2D, ReplicationPad1D, ReplicationPad2D, ZeroPad1D, ZeroPad2D

RNG = np.random.default_rng(0)
IMAGES = [ZeroPad2D(1), ZeroPad2D((1, 2, 0, 3)), ReflectionPad2D(2), ReflectionPad2D((4, 0, 3, 1)), ReflectionPad2D(0)]
IMAGES += [ReplicationPad2D(2), ReplicationPad2D((5, 0, 7, 1)), ReplicationPad2D(0)]
SEQUENCES = [ZeroPad1D(2), ZeroPad1D((0, 3)), ReflectionPad1D(2), ReflectionPad1D((4, 0)), ReplicationPad1D((6, 1))]
MODES = {
    ZeroPad1D: "constant",
    ReflectionPad1D: "reflect",
    ReplicationPad1D: "edge",
    ZeroPad2D: "constant",
    ReflectionPad2D: "reflect",
    ReplicationPad2D: "edge",
}


@pytest.mark.parametrize("kind", [ZeroPad2D, ReflectionPad2D, ReplicationPad2D])
@pytest.mark.parametrize("sides", [(1, 2, 0, 3), (4, 0, 3, 1)])
def test_images_equal_numpys_pad(kind, sides):
    left, right, top, bottom = sides
    x = RNG.normal(size=(2, 3, 4, 5))
    expected = np.pad(x, ((0, 0), (0, 0), (top, bottom), (left, right)), mode=MODES[kind])
    np.testing.assert_array_equal(kind(sides).forward(x), expected)


@pytest.mark.parametrize("kind", [ZeroPad1D, ReflectionPad1D, ReplicationPad1D])
def test_sequences_equal_numpys_pad(kind):
    x = RNG.normal(size=(2, 5, 3))
    np.testing.assert_array_equal(kind((4, 1)).forward(x), np.pad(x, ((0, 0), (4, 1), (0, 0)), mode=MODES[kind]))


def test_backward_by_hand():
    dy = np.arange(1.0, 8).reshape(1, 7, 1)
    zero, mirror = ZeroPad1D((2, 1)), ReflectionPad1D((3, 0))
    zero.forward(np.ones((1, 4, 1)))
    np.testing.assert_array_equal(zero.backward(dy).ravel(), [3, 4, 5, 6])
    mirror.forward(np.ones((1, 4, 1)))  # 3 2 1 | 0 1 2 3
    np.testing.assert_array_equal(mirror.backward(dy).ravel(), [4, 5 + 3, 6 + 2, 7 + 1])


def test_all_copies_of_a_number_add_up():
    layer = ReplicationPad1D((2, 1))
    np.testing.assert_array_equal(layer.forward(np.array([[[5.0], [6.0]]])).ravel(), [5, 5, 5, 6, 6])
    np.testing.assert_array_equal(layer.backward(np.arange(1.0, 6).reshape(1, 5, 1)).ravel(), [1 + 2 + 3, 4 + 5])
    layer.forward(np.array([[[5.0]]]))  # one step is the first and the last
    assert layer.backward(np.arange(1.0, 5).reshape(1, 4, 1)).item() == 1 + 2 + 3 + 4
    corners = ReplicationPad2D((1, 2, 3, 0))
    corners.forward(np.ones((1, 1, 2, 2)))
    np.testing.assert_array_equal(corners.backward(np.ones((1, 1, 5, 5)))[0, 0], [[4 * 2, 4 * 3], [2, 3]])


@pytest.mark.parametrize("layer", IMAGES, ids=repr)
def test_derivative_of_images(layer):
    assert_derivative(layer, RNG.normal(size=(2, 2, 4, 5)))


@pytest.mark.parametrize("layer", SEQUENCES, ids=repr)
def test_derivative_of_sequences(layer):
    assert_derivative(layer, RNG.normal(size=(2, 5, 3)))


def test_one_pixel_needs_no_mirror():
    np.testing.assert_array_equal(ReflectionPad2D(0).forward(np.ones((1, 1, 1, 1))), np.ones((1, 1, 1, 1)))


@pytest.mark.parametrize(
    ("make", "kind", "words"),
    [
        (lambda: ZeroPad2D(-1), ValueError, r"ZeroPad2D: padding must be at least 0, got -1\."),
        (
            lambda: ZeroPad2D((1, 2)),
            TypeError,
            r"padding must be an integer or \(left, right, top, bottom\), got \(1, 2\)\.",
        ),
        (lambda: ReflectionPad1D(1.5), TypeError, r"padding must be an integer or \(before, after\), got 1\.5\."),
        (lambda: ReflectionPad2D((1, 1, 1, -2)), ValueError, r"padding\[3\] must be at least 0, got -2\."),
        (
            lambda: ReflectionPad1D(3).forward(np.ones((1, 3, 1))),
            ValueError,
            r"border of 3 needs more than as many numbers to reflect, got 3\.\nHint: use a padding of at most 2,",
        ),
        (lambda: ReflectionPad2D((0, 0, 1, 0)).forward(np.ones((1, 1, 1, 9))), ValueError, r"Hint: use zeros\."),
        (
            lambda: ReplicationPad2D((1, 2, 3)),
            TypeError,
            r"ReplicationPad2D: padding must be an integer or \(left, right, top, bottom\), got \(1, 2, 3\)\.",
        ),
        (lambda: ReplicationPad1D((0, -1)), ValueError, r"ReplicationPad1D: padding\[1\] must be at least 0, got -1\."),
        (
            lambda: ReplicationPad1D(1).forward(np.ones((2, 0, 3))),
            ValueError,
            r"expected at least one number in each sample, got x of shape \(2, 0, 3\)\.",
        ),
        (
            lambda: ReplicationPad2D(1).forward(np.ones((1, 1, 2, 0), np.float32)),
            ValueError,
            r"expected at least one number in each sample, got x of shape \(1, 1, 2, 0\)\.",
        ),
        (lambda: ReplicationPad1D(1).backward(np.ones((1, 3, 1))), RuntimeError, "no forward to go back through"),
        (lambda: ZeroPad1D(1).forward(np.ones((2, 3))), ValueError, r"expected x of shape \(N, T, D\), got \(2, 3\)\."),
    ],
)
def test_refusals(make, kind, words):
    with pytest.raises(kind, match=words):
        make()

"""1×1 convolutions as matrix products equal the loops."""

import numpy as np
import pytest

import tinynet as tn
from tests.layers.strategies import layouts
from tinynet.engine.convolution import pointwise
from tinynet.engine.loops import convolution as loops
from tinynet.layers.windows import Sliding

NONE = ((0, 0), (0, 0))


@pytest.mark.parametrize("size", [(4, 5), (1, 1), (5, 2)], ids=str)
@pytest.mark.parametrize("stride", [(1, 1), (2, 1), (2, 3)], ids=str)
def test_equals_the_loops(size: tuple[int, int], stride: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    x, W, b = rng.normal(size=(2, 3, *size)), rng.normal(size=(4, 3, 1, 1)), rng.normal(size=4)
    sliding = Sliding((1, 1), stride)
    for bias in (b, None):
        y = loops.convolve(x, W, bias, sliding, 1)
        np.testing.assert_allclose(pointwise.forward(x, W, bias, stride), y, rtol=1e-12, atol=1e-12)
    dy = rng.normal(size=y.shape)
    dx, dW = loops.convolve_back(dy, W, size, sliding, 1), loops.correlate(x, dy, sliding, 1)
    for x_view, dy_view in zip(layouts(x).values(), layouts(dy).values(), strict=True):
        np.testing.assert_allclose(pointwise.input_gradient(dy_view, W, size, stride), dx, rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(pointwise.weight_gradient(x_view, dy_view, stride), dW, rtol=1e-12, atol=1e-12)


def test_it_takes_kernels_of_one_pixel_without_padding_or_groups() -> None:
    assert pointwise.suits((1, 1), NONE, 1)
    for other in (((1, 2), NONE, 1), ((1, 1), ((0, 1), (0, 0)), 1), ((1, 1), NONE, 2)):
        assert not pointwise.suits(*other)


@pytest.mark.needs_compiler
def test_two_threads_give_the_same_bits() -> None:
    rng = np.random.default_rng(0)
    x, W = rng.normal(size=(16, 24, 20, 20)).astype(np.float32), rng.normal(size=(40, 24, 1, 1)).astype(np.float32)
    found = []
    for n in (1, 2):
        with tn.threads(n):
            y = pointwise.forward(x, W, None, (1, 1))
            dx = pointwise.input_gradient(y, W, (20, 20), (1, 1))
            found.append([y, dx, pointwise.weight_gradient(x, y, (1, 1))])
    for one, two in zip(*found, strict=True):
        np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize("stride", [(1, 1), (2, 1)], ids=str)
@pytest.mark.parametrize("sizes", [(7, 3, 32), (2, 300, 16)], ids=str)  # more pixels, and channels, than one block
def test_outputs_in_sixteens_in_float32(sizes: tuple[int, int, int], stride: tuple[int, int]) -> None:
    (N, C, O), rng = sizes, np.random.default_rng(0)
    x, W, b = rng.normal(size=(N, C, 9, 13)), rng.normal(size=(O, C, 1, 1)), rng.normal(size=O)
    x, W, b = x.astype(np.float32), W.astype(np.float32), b.astype(np.float32)
    for bias in (b, None):
        y = pointwise.forward(x, W, bias, stride)
        true = np.einsum("nchw,oc->nohw", x[:, :, :: stride[0], :: stride[1]], W[:, :, 0, 0], dtype=np.float64)
        true += 0 if bias is None else bias.reshape(-1, 1, 1)
        assert y.dtype == np.float32
        np.testing.assert_allclose(y, true, rtol=0, atol=1e-6 * np.abs(true).max())
        for n in range(len(x)):
            np.testing.assert_array_equal(pointwise.forward(x[n : n + 1], W, bias, stride)[0], y[n])
        with tn.threads(3):
            np.testing.assert_array_equal(pointwise.forward(x, W, bias, stride), y)


@pytest.mark.parametrize("stride", [(1, 1), (2, 3)], ids=str)
@pytest.mark.parametrize("sizes", [(7, 3, 32), (2, 300, 16), (3, 128, 20), (2, 5, 129)], ids=str)
def test_weight_gradients_in_float32(sizes: tuple[int, int, int], stride: tuple[int, int]) -> None:
    (N, C, O), rng = sizes, np.random.default_rng(0)
    x = rng.normal(size=(N, C, 9, 13)).astype(np.float32)
    met = x[:, :, :: stride[0], :: stride[1]]
    dy = rng.normal(size=(N, O, *met.shape[2:])).astype(np.float32)
    true = np.einsum("nohw,nchw->oc", dy, met, dtype=np.float64)
    for x_view, dy_view in zip(layouts(x).values(), layouts(dy).values(), strict=True):
        dW = pointwise.weight_gradient(x_view, dy_view, stride)
        assert (dW.shape, dW.dtype) == ((O, C, 1, 1), np.float32)
        np.testing.assert_allclose(dW[:, :, 0, 0], true, rtol=0, atol=2e-6 * np.abs(true).max())

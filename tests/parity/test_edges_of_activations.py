"""Activations where they bend, at −0, at infinities and at NaN: what PyTorch gives, or a limit where it gives NaN."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

pytest.importorskip("torch", reason="PyTorch is not installed: `make parity` installs it and runs these tests")

import torch
from torch import nn

from tinynet import layers
from tinynet.layers import Layer

INF, NAN = np.inf, np.nan
X = [-INF, -1e30, -100, -6, -3, -2.999, -1, -0.5, -0.0, 0, 0.2, 1, 2.999, 3, 6, 6.001, 100, 1e30, INF, NAN]
PAIRS: list[tuple[Callable[[], Layer], Callable[[], nn.Module]]] = [
    (layers.ReLU6, nn.ReLU6),
    (layers.Hardtanh, nn.Hardtanh),
    (lambda: layers.Hardtanh(-0.5, 0.2), lambda: nn.Hardtanh(-0.5, 0.2)),
    (layers.Hardsigmoid, nn.Hardsigmoid),
    (layers.Hardswish, nn.Hardswish),
    (layers.LogSigmoid, nn.LogSigmoid),
    (layers.Mish, nn.Mish),
]


@pytest.mark.filterwarnings("ignore:Converting a tensor")
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("ours", "theirs"), PAIRS, ids=lambda build: repr(build()))
@pytest.mark.parametrize("n", [1, 200])
def test_the_edges(ours: Callable, theirs: Callable, dtype: type, n: int) -> None:
    layer, x = ours().astype(dtype), np.tile(np.array(X, dtype), (1, n))
    leaf = torch.from_numpy(x).requires_grad_()
    expected = theirs()(leaf)
    expected.backward(torch.ones_like(expected))
    y = layer.forward(x)
    dx = layer.backward(np.ones_like(x))
    for found, given in ((y, expected.detach().numpy()), (dx, leaf.grad.numpy())):
        # Where PyTorch multiplies infinity by 0, ours is the limit. Its slope at NaN depends on the size of the array.
        at = ~np.isnan(x) & ~np.isnan(given)
        np.testing.assert_allclose(found[at], given[at], rtol=1e-6 if dtype is np.float32 else 1e-7, atol=1e-40)
    assert np.array_equal(np.isnan(y), np.isnan(x))
    np.testing.assert_array_equal(np.signbit(y[x == 0]), np.signbit(expected.detach().numpy()[x == 0]))


@pytest.mark.parametrize("ours", [layers.ReLU6, layers.Hardtanh, layers.Hardsigmoid, layers.Hardswish])
def test_a_derivative_of_nan_does_not_pass_where_it_is_flat(ours: Callable) -> None:
    theirs = getattr(nn, ours.__name__)()
    x = np.array([[-9.0, -3.0, 0.5, 3.0, 9.0]], np.float32)
    leaf = torch.from_numpy(x).requires_grad_()
    theirs(leaf).backward(torch.full((1, 5), NAN))
    layer = ours()
    layer.forward(x)
    dx = layer.backward(np.full_like(x, NAN))
    np.testing.assert_array_equal(np.isnan(dx), np.isnan(leaf.grad.numpy()))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(0, 4), (2, 0), (4,), (2, 3, 4)])
def test_glu_of_little(shape: tuple[int, ...], dtype: type) -> None:
    x = np.random.default_rng(0).normal(size=shape).astype(dtype)
    leaf = torch.from_numpy(x).requires_grad_()
    expected = nn.GLU()(leaf)
    expected.backward(torch.ones_like(expected))
    layer = layers.GLU().astype(dtype)
    np.testing.assert_allclose(layer.forward(x), expected.detach(), rtol=1e-6)
    np.testing.assert_allclose(layer.backward(np.ones_like(expected.detach().numpy())), leaf.grad, rtol=1e-5, atol=1e-7)

"""Central differences, to hold a layer's backward against."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tinynet.layers import Layer


def slope(loss: Callable[[], float], array: np.ndarray, eps: float = 1e-5) -> np.ndarray:
    """∂loss/∂array, by moving one number of it at a time."""
    gradient = np.zeros_like(array)
    for index in np.ndindex(array.shape):
        value = array[index]
        array[index] = value + eps
        above = loss()
        array[index] = value - eps
        below = loss()
        array[index] = value
        gradient[index] = (above - below) / (2 * eps)
    return gradient


def assert_derivative(layer: Layer, x: np.ndarray) -> None:
    """Check dx and the gradient of every parameter in float64, and that gradients add."""
    layer.astype(np.float64)
    dy = np.random.default_rng(0).normal(size=layer.forward(x).shape)

    def loss() -> float:
        return float((layer.forward(x) * dy).sum())

    layer.forward(x)
    dx = layer.backward(dy)
    np.testing.assert_allclose(dx, slope(loss, x), rtol=1e-6, atol=1e-8)
    once = {path: parameter.gradient.copy() for path, parameter in layer.parameters().items()}
    for path, parameter in layer.parameters().items():
        np.testing.assert_allclose(once[path], slope(loss, parameter.tensor), rtol=1e-6, atol=1e-8, err_msg=path)
    layer.forward(x)
    layer.backward(dy)
    for path, parameter in layer.parameters().items():
        np.testing.assert_allclose(parameter.gradient, 2 * once[path], err_msg=path)

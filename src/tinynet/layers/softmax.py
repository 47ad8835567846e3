"""Softmax and its logarithm: numbers become probabilities along one axis."""

from __future__ import annotations

import numpy as np

from tinynet.core import checks
from tinynet.core.arrays import sum_of
from tinynet.core.checks.shapes import shape_text
from tinynet.core.checks.vocabulary import integer
from tinynet.core.faster import faster
from tinynet.layers.layer import Layer


class Softmax(Layer):
    """Turn numbers into probabilities: all positive, with the sum 1 along an axis.

    A net trained with `cross_entropy` ends without it, because that loss takes logits and has the softmax inside.

    Equation:
        yₖ = exp(xₖ) / Σⱼ exp(xⱼ)

    Shapes:
        x, y: any shape, the same for both

    Gradients (given dy = ∂L/∂y):
        dxₖ = yₖ (dyₖ − Σⱼ dyⱼ yⱼ)

    Args:
        axis: The axis along which the sum is 1; the classes are last unless said otherwise.

    Raises:
        ValueError: x has no such axis, or the axis is empty.
        TypeError: x does not hold floating-point numbers.
        RuntimeError: `backward` is called before `forward`.

    Example:
        >>> Softmax().forward(np.array([[0.0, 0.0], [1e4, -1e4]]))
        array([[0.5, 0.5],
               [1. , 0. ]])
    """

    axis: int

    def __init__(self, axis: int = -1) -> None:
        checks.arguments(self, locals(), axis=integer)

    @faster
    def forward(self, x: np.ndarray) -> np.ndarray:
        _check(self, x)
        e = np.exp(x - x.max(axis=self.axis, keepdims=True))  # shifted, so that exp cannot overflow
        y = e / sum_of(e, self.axis, keepdims=True)
        self.remember(y=y)
        return y

    @faster
    def backward(self, dy: np.ndarray) -> np.ndarray:
        (y,) = self.recall()
        return y * (dy - sum_of(dy * y, self.axis, keepdims=True))


class LogSoftmax(Layer):
    """The logarithm of `Softmax`, exact also where a probability is too small for a floating-point number.

    Equation:
        yₖ = xₖ − log Σⱼ exp(xⱼ)

    Shapes:
        x, y: any shape, the same for both

    Gradients (given dy = ∂L/∂y):
        dxₖ = dyₖ − exp(yₖ) Σⱼ dyⱼ

    Args:
        axis: The axis along which the probabilities have the sum 1.

    Raises:
        ValueError: x has no such axis, or the axis is empty.
        TypeError: x does not hold floating-point numbers.
        RuntimeError: `backward` is called before `forward`.

    Example:
        >>> LogSoftmax().forward(np.array([[1e4, -1e4]]))
        array([[     0., -20000.]])
    """

    axis: int

    def __init__(self, axis: int = -1) -> None:
        checks.arguments(self, locals(), axis=integer)

    @faster
    def forward(self, x: np.ndarray) -> np.ndarray:
        _check(self, x)
        shifted = x - x.max(axis=self.axis, keepdims=True)  # so that exp cannot overflow
        y = shifted - np.log(sum_of(np.exp(shifted), self.axis, keepdims=True))
        self.remember(y=y)
        return y

    @faster
    def backward(self, dy: np.ndarray) -> np.ndarray:
        (y,) = self.recall()
        return dy - np.exp(y) * sum_of(dy, self.axis, keepdims=True)


def _check(layer: Softmax | LogSoftmax, x: np.ndarray) -> None:
    checks.floating_input(layer, x)
    if x.shape[checks.axis_of(layer, x, layer.axis)] == 0:
        came = f"expected at least one number along axis {layer.axis}, got x of shape {shape_text(x.shape)}."
        checks.fail(layer, came)

"""Activations: functions of each number by itself.

Where the derivative can be computed from the output, the output is remembered and not the input: the next layer mostly
remembers the same array as its input, so it costs no memory.
"""

from __future__ import annotations

import numpy as np

from tinynet.core import Parameter, checks
from tinynet.core.checks.shapes import shape_text
from tinynet.core.checks.vocabulary import at_least, number
from tinynet.core.faster import faster
from tinynet.layers.layer import Layer


class ReLU(Layer):
    """Let positive numbers pass and set the others to zero; NaN stays NaN.

    Equation:
        y = max(x, 0)

    Shapes:
        x, y: any shape, the same for both

    Gradients (given dy = ∂L/∂y):
        dx = dy where x > 0, else 0

    Raises:
        TypeError: x does not hold floating-point numbers.
        RuntimeError: `backward` is called before `forward`.

    Example:
        >>> ReLU().forward(np.array([-1.0, 2.0]))
        array([0., 2.])
    """

    @faster
    def forward(self, x: np.ndarray) -> np.ndarray:
        checks.floating_input(self, x)
        y = np.maximum(x, 0)
        self.remember(y=y)
        return y

    @faster
    def backward(self, dy: np.ndarray) -> np.ndarray:
        (y,) = self.recall()
        return np.where(y > 0, dy, 0)  # dx


class LeakyReLU(Layer):
    """Let positive numbers pass and scale the others down, so that no unit dies: Maas et al. 2013.

    Equation:
        y = max(x, 0) + α min(x, 0): x where it is positive, else α x

    Shapes:
        x, y: any shape, the same for both

    Gradients (given dy = ∂L/∂y):
        dx = dy where y > 0, else α dy

    Args:
        negative_slope: α, at least 0.

    Raises:
        ValueError: α is negative.
        TypeError: x does not hold floating-point numbers.
        RuntimeError: `backward` is called before `forward`.

    Example:
        >>> LeakyReLU(0.1).forward(np.array([-1.0, 2.0]))
        array([-0.1,  2. ])
    """

    negative_slope: float

    def __init__(self, negative_slope: float = 0.01) -> None:
        checks.arguments(self, locals(), negative_slope=number(minimum=0))

    @faster
    def forward(self, x: np.ndarray) -> np.ndarray:
        checks.floating_input(self, x)
        y = np.maximum(x, 0) + self.negative_slope * np.minimum(x, 0)
        self.remember(y=y)
        return y

    @faster
    def backward(self, dy: np.ndarray) -> np.ndarray:
        (y,) = self.recall()
        return np.where(y > 0, dy, self.negative_slope * dy)


class Sigmoid(Layer):
    """Squeeze numbers into (0, 1).

    Equation:
        y = 1 / (1 + e⁻ˣ)

    Shapes:
        x, y: any shape, the same for both

    Gradients (given dy = ∂L/∂y):
        dx = dy y (1 − y)

    Raises:
        TypeError: x does not hold floating-point numbers.
        RuntimeError: `backward` is called before `forward`.

    Example:
        >>> Sigmoid().forward(np.array([-1e4, 0.0, 1e4]))
        array([0. , 0.5, 1. ])
    """

    @faster
    def forward(self, x: np.ndarray) -> np.ndarray:
        checks.floating_input(self, x)
        y = sigmoid(x)
        self.remember(y=y)
        return y

    @faster
    def backward(self, dy: np.ndarray) -> np.ndarray:
        (y,) = self.recall()
        return dy * (y * (1 - y))


class Tanh(Layer):
    """Squeeze numbers into (-1, 1).

    Equation:
        y = tanh(x) = (eˣ − e⁻ˣ) / (eˣ + e⁻ˣ)

    Shapes:
        x, y: any shape, the same for both

    Gradients (given dy = ∂L/∂y):
        dx = dy (1 − y²)

    Raises:
        TypeError: x does not hold floating-point numbers.
        RuntimeError: `backward` is called before `forward`.

    Example:
        >>> Tanh().forward(np.array([-1e4, 0.0, 1e4]))
        array([-1.,  0.,  1.])
    """

    @faster
    def forward(self, x: np.ndarray) -> np.ndarray:
        checks.floating_input(self, x)
        y = np.tanh(x)
        self.remember(y=y)
        return y

    @faster
    def backward(self, dy: np.ndarray) -> np.ndarray:
        (y,) = self.recall()
        return dy * (1 - y**2)


class PReLU(Layer):
    """A leaky ReLU that learns its slope: He et al. 2015.

    Equation:
        y = max(x, 0) + a min(x, 0): x where it is positive, else a x

    Shapes:
        x, y: any shape, the same for both        a: (num_parameters,)
        With more than one slope there is one for each channel of images (N, C, H, W), axis 1, or for each feature of
        anything else, the last axis.

    Gradients (given dy = ∂L/∂y):
        dx = dy where x > 0, else a dy
        da = Σ x dy over the numbers of that channel where x ≤ 0

    Args:
        num_parameters: One slope for all numbers, or the number of channels for one each.
        init: The slope at the start.

    Raises:
        ValueError: num_parameters is below 1, or is above 1 and not the number of channels of x.
        TypeError: x does not hold floating-point numbers.
        RuntimeError: `backward` is called before `forward`.

    Example:
        >>> PReLU().forward(np.array([-2.0, 2.0]))
        array([-0.5,  2. ])
    """

    num_parameters: int

    def __init__(self, num_parameters: int = 1, init: float = 0.25) -> None:
        checks.arguments(self, locals(), num_parameters=at_least(1), init=number())
        self.weight = Parameter(np.full(num_parameters, init, np.float32))

    @faster
    def forward(self, x: np.ndarray) -> np.ndarray:
        self._check(x)
        self.remember(x=x)
        return np.maximum(x, 0) + self._slopes(x) * np.minimum(x, 0)

    @faster
    def backward(self, dy: np.ndarray) -> np.ndarray:
        (x,) = self.recall()
        da = np.minimum(x, 0) * np.where(x > 0, 0, dy)  # x dy where x ≤ 0
        others = tuple(axis for axis in range(x.ndim) if self.num_parameters == 1 or axis != channel_axis(x))
        self.weight.accumulate(da.sum(axis=others, dtype=np.float64).reshape(self.num_parameters))
        return np.where(x > 0, dy, self._slopes(x) * dy)

    def _slopes(self, x: np.ndarray) -> np.ndarray:
        a = self.weight.tensor
        return a.reshape(-1, 1, 1) if self.num_parameters > 1 and x.ndim == 4 else a

    def _check(self, x: np.ndarray) -> None:
        checks.floating_input(self, x)
        if self.num_parameters > 1 and (x.ndim < 2 or x.shape[channel_axis(x)] != self.num_parameters):
            what = "axis 1" if x.ndim == 4 else "the last axis"
            checks.fail(
                self,
                f"expected x with {self.num_parameters} channels in {what}, got shape {shape_text(x.shape)}.",
                "give num_parameters=1 for one slope for all channels.",
            )


def sigmoid(x: np.ndarray) -> np.ndarray:
    """σ(x) = 1 / (1 + e⁻ˣ) = eˣ / (1 + eˣ), computed so that no exponent is above 0 and nothing overflows.

    Example:
        >>> sigmoid(np.array([-1e4, 0.0, 1e4]))
        array([0. , 0.5, 1. ])
    """
    return np.exp(np.minimum(x, 0)) / (1 + np.exp(-np.abs(x)))


def channel_axis(x: np.ndarray) -> int:
    """Axis 1 of images (N, C, H, W), else the last.

    Example:
        >>> channel_axis(np.zeros((2, 3, 4, 5))), channel_axis(np.zeros((2, 4, 3)))
        (1, 2)
    """
    return 1 if x.ndim == 4 else x.ndim - 1

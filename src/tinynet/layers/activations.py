"""Activations: functions of each number by itself.

Each remembers its output and not its input, because the layer that follows mostly holds the output as well.
"""

from __future__ import annotations

import numpy as np

from tinynet.core import checks
from tinynet.core.faster import faster
from tinynet.engine import activations
from tinynet.layers.layer import Layer


class ReLU(Layer):
    """Let positive numbers pass and set the others to zero; NaN stays NaN.

    Equation:
        y = max(x, 0)

    Shapes:
        x, y: any, both alike

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
        return dy * (y > 0)


class LeakyReLU(Layer):
    """Let positive numbers pass and scale the others down, so that no unit dies: Maas et al. 2013.

    Equation:
        y = x where x > 0, else α x

    Shapes:
        x, y: any, both alike

    Gradients (given dy = ∂L/∂y):
        dx = dy where x > 0, else α dy

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

    any_layout = True

    def __init__(self, negative_slope: float = 0.01) -> None:
        self.negative_slope = checks.number("LeakyReLU", "negative_slope", negative_slope, minimum=0)

    def forward(self, x: np.ndarray) -> np.ndarray:
        checks.floating_input(self, x)
        y = activations.forward("leaky_relu", x, self.negative_slope)
        self.remember(y)
        return y

    def backward(self, dy: np.ndarray) -> np.ndarray:
        (y,) = self.recall()
        return activations.gradient("leaky_relu", dy, y, self.negative_slope)  # dx


class Sigmoid(Layer):
    """Squeeze numbers into (0, 1).

    Equation:
        y = 1 / (1 + e⁻ˣ)

    Shapes:
        x, y: any, both alike

    Gradients (given dy = ∂L/∂y):
        dx = dy y (1 − y)

    Raises:
        TypeError: x does not hold floating-point numbers.
        RuntimeError: `backward` is called before `forward`.

    Example:
        >>> Sigmoid().forward(np.array([-1e4, 0.0, 1e4]))
        array([0. , 0.5, 1. ])
    """

    any_layout = True

    def forward(self, x: np.ndarray) -> np.ndarray:
        checks.floating_input(self, x)
        y = activations.forward("sigmoid", x)
        self.remember(y)
        return y

    def backward(self, dy: np.ndarray) -> np.ndarray:
        (y,) = self.recall()
        return activations.gradient("sigmoid", dy, y)  # dx = dy y (1 − y)


class Tanh(Layer):
    """Squeeze numbers into (-1, 1).

    Equation:
        y = tanh(x) = (eˣ − e⁻ˣ) / (eˣ + e⁻ˣ)

    Shapes:
        x, y: any, both alike

    Gradients (given dy = ∂L/∂y):
        dx = dy (1 − y²)

    Raises:
        TypeError: x does not hold floating-point numbers.
        RuntimeError: `backward` is called before `forward`.

    Example:
        >>> Tanh().forward(np.array([-1e4, 0.0, 1e4]))
        array([-1.,  0.,  1.])
    """

    any_layout = True

    def forward(self, x: np.ndarray) -> np.ndarray:
        checks.floating_input(self, x)
        y = activations.forward("tanh", x)
        self.remember(y)
        return y

    def backward(self, dy: np.ndarray) -> np.ndarray:
        (y,) = self.recall()
        return activations.gradient("tanh", dy, y)  # dx = dy (1 − y²)

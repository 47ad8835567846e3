"""Softplus, log(1 + eˣ), and what is made of it: the logarithm of a sigmoid, and Mish."""

from __future__ import annotations

import numpy as np

from tinynet.core import checks
from tinynet.core.checks.vocabulary import number
from tinynet.core.faster import faster
from tinynet.layers.activations import sigmoid
from tinynet.layers.layer import Layer


class Softplus(Layer):
    """A ReLU with its kink rounded off; its output is positive, as a variance must be.

    Equation:
        y = log(1 + e^(βx)) / β; y = x where βx > threshold, which differs by less than e^(−threshold) / β

    Shapes:
        x, y: any shape, the same for both

    Gradients (given dy = ∂L/∂y):
        dx = dy σ(βx), where σ is the sigmoid; dx = dy where βx > threshold

    Args:
        beta: β, greater than 0: how sharp the bend is.
        threshold: Where the function is taken to be x itself.

    Raises:
        ValueError: β is not greater than 0.
        TypeError: x does not hold floating-point numbers.
        RuntimeError: `backward` is called before `forward`.

    Example:
        >>> Softplus().forward(np.array([-1e4, 0.0, 30.0])).round(4)
        array([ 0.    ,  0.6931, 30.    ])
    """

    beta: float
    threshold: float

    def __init__(self, beta: float = 1.0, threshold: float = 20.0) -> None:
        checks.arguments(self, locals(), beta=number(above=0), threshold=number())

    @faster
    def forward(self, x: np.ndarray) -> np.ndarray:
        checks.floating_input(self, x)
        self.remember(x=x)
        bx = self.beta * x
        return np.where(bx > self.threshold, x, softplus(bx) / self.beta)

    @faster
    def backward(self, dy: np.ndarray) -> np.ndarray:
        (x,) = self.recall()
        bx = self.beta * x
        return dy * np.where(bx > self.threshold, 1, sigmoid(bx))


class LogSigmoid(Layer):
    """The logarithm of `Sigmoid`, exact also where the sigmoid is too small for a floating-point number.

    Equation:
        y = log σ(x) = −log(1 + e⁻ˣ)

    Shapes:
        x, y: any shape, the same for both

    Gradients (given dy = ∂L/∂y):
        dx = dy (1 − σ(x)) = dy (1 − eʸ)

    Raises:
        TypeError: x does not hold floating-point numbers.
        RuntimeError: `backward` is called before `forward`.

    Example:
        >>> LogSigmoid().forward(np.array([-30.0, 0.0, 1e4])).round(4)
        array([-30.    ,  -0.6931,  -0.    ])
    """

    @faster
    def forward(self, x: np.ndarray) -> np.ndarray:
        checks.floating_input(self, x)
        y = -softplus(-x)
        self.remember(y=y)
        return y

    @faster
    def backward(self, dy: np.ndarray) -> np.ndarray:
        (y,) = self.recall()
        return dy * -np.expm1(y)  # expm1(y) = eʸ − 1, with all its digits where y is almost 0


class Mish(Layer):
    """Scale each number by the tanh of its softplus, a gate from 0 to 1: Misra 2019.

    Equation:
        y = x t, where t = tanh(log(1 + eˣ))

    Shapes:
        x, y: any shape, the same for both

    Gradients (given dy = ∂L/∂y):
        dx = dy (t + x (1 − t²) σ(x)), where σ is the sigmoid

    Raises:
        TypeError: x does not hold floating-point numbers.
        RuntimeError: `backward` is called before `forward`.

    Example:
        >>> Mish().forward(np.array([-1e4, 0.0, 1.0])).round(4)
        array([-0.    ,  0.    ,  0.8651])
    """

    @faster
    def forward(self, x: np.ndarray) -> np.ndarray:
        checks.floating_input(self, x)
        near = np.clip(x, -1000, 1000)  # where t is 0 or 1 in any type: infinity times 0 would be NaN
        t = np.tanh(softplus(near))
        self.remember(slope=t + near * (1 - t**2) * sigmoid(near))
        return np.maximum(x, -1000) * t

    @faster
    def backward(self, dy: np.ndarray) -> np.ndarray:
        (slope,) = self.recall()
        return dy * slope


def softplus(x: np.ndarray) -> np.ndarray:
    """log(1 + eˣ) = max(x, 0) + log(1 + e^(−|x|)), computed so that no exponent is above 0 and nothing overflows.

    Example:
        >>> softplus(np.array([-1e4, 0.0, 30.0])).round(4)
        array([ 0.    ,  0.6931, 30.    ])
    """
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))

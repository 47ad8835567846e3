"""Smooth activations: what replaced ReLU where a kink at zero is in the way.

Each is a function of one number, so any shape and memory order will do; only `PReLU` has parameters.
"""

from __future__ import annotations

import numpy as np

from tinynet.core import Parameter, checks
from tinynet.core.checks import resizing
from tinynet.engine import activations, gelu
from tinynet.engine.machine import layout
from tinynet.layers.layer import Layer


class GELU(Layer):
    """Scale each number by the share of a normal distribution that lies below it: Hendrycks and Gimpel 2016.

    Equation:
        y = x Φ(x), where Φ(x) = ½ (1 + erf(x / √2))
        approximate="tanh": y = ½ x (1 + tanh u), where u = √(2/π) (x + 0.044715 x³)

    Shapes:
        x, y: any, both alike

    Gradients (given dy = ∂L/∂y):
        dx = dy (Φ(x) + x φ(x)), where φ(x) = e^(−x²/2) / √(2π)
        approximate="tanh": dx = ½ dy (1 + t + x (1 − t²) u′), where t = tanh u, u′ = √(2/π) (1 + 0.134145 x²)

    Args:
        approximate: "none" for the exact function, "tanh" for the approximation of GPT-2.

    Raises:
        ValueError: approximate is another word.
        TypeError: x does not hold floating-point numbers.
        RuntimeError: `backward` is called before `forward`.

    Example:
        >>> GELU().forward(np.array([-1e4, 0.0, 1.0])).round(4)
        array([-0.    ,  0.    ,  0.8413])
    """

    any_layout = True

    def __init__(self, approximate: str = "none") -> None:
        self.approximate = checks.one_of("GELU", "approximate", approximate, ("none", "tanh"))

    def forward(self, x: np.ndarray) -> np.ndarray:
        checks.floating_input(self, x)
        y, slope = gelu.forward(x, self.approximate)
        self.remember(slope)
        return y

    def backward(self, dy: np.ndarray) -> np.ndarray:
        (slope,) = self.recall()  # Φ(x) + x φ(x)
        return gelu.backward(dy, slope)  # dx


class SiLU(Layer):
    """Scale each number by its own sigmoid, also called swish: Elfwing et al. 2017.

    Equation:
        y = x σ(x), where σ(x) = 1 / (1 + e⁻ˣ)

    Shapes:
        x, y: any, both alike

    Gradients (given dy = ∂L/∂y):
        dx = dy (σ(x) + y (1 − σ(x)))

    Raises:
        TypeError: x does not hold floating-point numbers.
        RuntimeError: `backward` is called before `forward`.

    Example:
        >>> SiLU().forward(np.array([-1e4, 0.0, 1.0])).round(4)
        array([-0.    ,  0.    ,  0.7311])
    """

    any_layout = True

    def forward(self, x: np.ndarray) -> np.ndarray:
        checks.floating_input(self, x)
        y, slope = activations.silu(x)
        self.remember(slope)
        return y

    def backward(self, dy: np.ndarray) -> np.ndarray:
        (slope,) = self.recall()  # σ(x) + y (1 − σ(x))
        return gelu.backward(dy, slope)  # dx = dy · slope, as that of GELU


class ELU(Layer):
    """Let positive numbers pass and bend the others towards −α: Clevert et al. 2016.

    Equation:
        y = x where x > 0, else α (eˣ − 1)

    Shapes:
        x, y: any, both alike

    Gradients (given dy = ∂L/∂y):
        dx = dy where x > 0, else dy α eˣ = dy (y + α)

    Args:
        alpha: α, at least 0: minus the value that very negative numbers come to.

    Raises:
        ValueError: α is negative.
        TypeError: x does not hold floating-point numbers.
        RuntimeError: `backward` is called before `forward`.

    Example:
        >>> ELU(alpha=2.0).forward(np.array([-1e4, 0.0, 1.0]))
        array([-2.,  0.,  1.])
    """

    any_layout = True

    def __init__(self, alpha: float = 1.0) -> None:
        self.alpha = checks.number("ELU", "alpha", alpha, minimum=0)

    def forward(self, x: np.ndarray) -> np.ndarray:
        checks.floating_input(self, x)
        y = activations.forward("elu", x, self.alpha, 1.0)
        self.remember(y)
        return y

    def backward(self, dy: np.ndarray) -> np.ndarray:
        (y,) = self.recall()
        return activations.gradient("elu", dy, y, self.alpha, 1.0)  # dx


class SELU(Layer):
    """ELU scaled so that deep stacks of Linear layers keep mean 0 and variance 1: Klambauer et al. 2017.

    Equation:
        y = λ x where x > 0, else λ α (eˣ − 1), with λ = 1.0507… and α = 1.6732…

    Shapes:
        x, y: any, both alike

    Gradients (given dy = ∂L/∂y):
        dx = λ dy where x > 0, else dy λ α eˣ = dy (y + λ α)

    Raises:
        TypeError: x does not hold floating-point numbers.
        RuntimeError: `backward` is called before `forward`.

    Example:
        >>> SELU().forward(np.array([-1e4, 0.0, 1.0])).round(4)
        array([-1.7581,  0.    ,  1.0507])
    """

    any_layout = True
    # From the paper's equation 14: the numbers for which mean 0 and variance 1 are a fixed point.
    alpha = 1.6732632423543772
    scale = 1.0507009873554805

    def forward(self, x: np.ndarray) -> np.ndarray:
        checks.floating_input(self, x)
        y = activations.forward("elu", x, self.alpha, self.scale)
        self.remember(y)
        return y

    def backward(self, dy: np.ndarray) -> np.ndarray:
        (y,) = self.recall()
        return activations.gradient("elu", dy, y, self.alpha, self.scale)  # dx


class Softplus(Layer):
    """A ReLU with its kink rounded off; its output is positive, as a variance must be.

    Equation:
        y = log(1 + e^(βx)) / β; y = x where βx > threshold, which differs by less than e^(−threshold) / β

    Shapes:
        x, y: any, both alike

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

    any_layout = True

    def __init__(self, beta: float = 1.0, threshold: float = 20.0) -> None:
        self.beta = checks.number("Softplus", "beta", beta, above=0)
        self.threshold = checks.number("Softplus", "threshold", threshold)

    def forward(self, x: np.ndarray) -> np.ndarray:
        checks.floating_input(self, x)
        self.remember(x)
        bx = self.beta * x
        y = np.maximum(x, 0) + np.log1p(np.exp(-np.abs(bx))) / self.beta  # no exponent is above 0
        np.copyto(y, x, where=bx > self.threshold)
        return y

    def backward(self, dy: np.ndarray) -> np.ndarray:
        (x,) = self.recall()
        bx = self.beta * x
        slope = activations.forward("sigmoid", bx)
        slope[bx > self.threshold] = 1
        return layout.like(x, dy) * slope  # dx


class PReLU(Layer):
    """A leaky ReLU that learns its slope: He et al. 2015.

    Equation:
        y = x where x > 0, else a x

    Shapes:
        x, y: any, both alike        a: (num_parameters,)
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

    any_layout = True

    def __init__(self, num_parameters: int = 1, init: float = 0.25) -> None:
        self.num_parameters = checks.integer("PReLU", "num_parameters", num_parameters, minimum=1)
        init = checks.number("PReLU", "init", init)
        self.weight = Parameter(np.full(num_parameters, init, np.float32))

    def forward(self, x: np.ndarray) -> np.ndarray:
        checks.floating_input(self, x)
        if self.num_parameters > 1:
            resizing.slope_for_each_channel(self, x, self.num_parameters)
        self.remember(x)
        return np.maximum(x, 0) + self._slopes(x) * np.minimum(x, 0)

    def backward(self, dy: np.ndarray) -> np.ndarray:
        (x,) = self.recall()
        dy, positive = layout.like(x, dy), x > 0
        da = dy * np.minimum(x, 0)
        if self.num_parameters > 1:
            self.weight.accumulate(da.sum(axis=tuple(axis for axis in range(x.ndim) if axis != _channel_axis(x))))
        else:
            self.weight.accumulate(da.sum(keepdims=True).reshape(1))
        return dy * (positive + self._slopes(x) * ~positive)  # dx

    def _slopes(self, x: np.ndarray) -> np.ndarray:
        a = self.weight.tensor
        return a.reshape(-1, 1, 1) if self.num_parameters > 1 and x.ndim == 4 else a


def _channel_axis(x: np.ndarray) -> int:
    """Axis 1 of images (N, C, H, W), else the last."""
    return 1 if x.ndim == 4 else x.ndim - 1

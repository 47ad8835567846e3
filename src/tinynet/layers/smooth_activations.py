"""Smooth activations, without the kink that ReLU has at zero.

Where the derivative cannot be computed from the output, `forward` computes it from the same exponential as the output,
and remembers it as the slope.
"""

from __future__ import annotations

import math

import numpy as np

from tinynet.core import checks
from tinynet.core.checks.vocabulary import number, word
from tinynet.core.faster import faster
from tinynet.layers.activations import sigmoid
from tinynet.layers.layer import Layer


class GELU(Layer):
    """Scale each number by the share of a normal distribution that lies below it: Hendrycks and Gimpel 2016.

    Equation:
        y = x Φ(x), where Φ(x) = ½ (1 + erf(x / √2))
        approximate="tanh": y = x σ(2u), where σ(2u) = ½ (1 + tanh u) and u = √(2/π) x (1 + 0.044715 x²)

    Shapes:
        x, y: any shape, the same for both

    Gradients (given dy = ∂L/∂y):
        dx = dy (Φ(x) + x φ(x)), where φ(x) = e^(−x²/2) / √(2π)
        approximate="tanh": dx = dy (s + 2 x s (1 − s) u′), where s = σ(2u) and u′ = √(2/π) (1 + 0.134145 x²)

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

    approximate: str

    def __init__(self, approximate: str = "none") -> None:
        checks.arguments(self, locals(), approximate=word("none", "tanh"))

    @faster
    def forward(self, x: np.ndarray) -> np.ndarray:
        checks.floating_input(self, x)
        near = np.clip(x, -40, 40)  # where s and Φ are 0 or 1 in any type: infinity times 0 would be NaN
        if self.approximate == "none":
            s = normal_cdf(x)  # Φ(x)
            slope = s + near * np.exp(-(near**2) / 2) / math.sqrt(2 * math.pi)  # Φ(x) + x φ(x)
        else:
            k = math.sqrt(2 / math.pi)
            s = sigmoid(2 * k * near * (1 + 0.044715 * near**2))  # σ(2u)
            slope = s + 2 * near * s * (1 - s) * k * (1 + 0.134145 * near**2)
        self.remember(slope=slope)
        return np.maximum(x, -40) * s

    @faster
    def backward(self, dy: np.ndarray) -> np.ndarray:
        (slope,) = self.recall()
        return dy * slope


class SiLU(Layer):
    """Scale each number by its own sigmoid, also called swish: Elfwing et al. 2017.

    Equation:
        y = x σ(x), where σ(x) = 1 / (1 + e⁻ˣ)

    Shapes:
        x, y: any shape, the same for both

    Gradients (given dy = ∂L/∂y):
        dx = dy (s + x s (1 − s)), where s = σ(x)

    Raises:
        TypeError: x does not hold floating-point numbers.
        RuntimeError: `backward` is called before `forward`.

    Example:
        >>> SiLU().forward(np.array([-1e4, 0.0, 1.0])).round(4)
        array([-0.    ,  0.    ,  0.7311])
    """

    @faster
    def forward(self, x: np.ndarray) -> np.ndarray:
        checks.floating_input(self, x)
        near = np.clip(x, -1000, 1000)  # where s is 0 or 1 in any type: infinity times 0 would be NaN
        s = sigmoid(near)
        self.remember(slope=s + near * s * (1 - s))
        return np.maximum(x, -1000) * s

    @faster
    def backward(self, dy: np.ndarray) -> np.ndarray:
        (slope,) = self.recall()
        return dy * slope


class ELU(Layer):
    """Let positive numbers pass and bend the others towards −α: Clevert et al. 2016.

    Equation:
        y = max(x, 0) + α (e^min(x, 0) − 1): x where it is positive, else α (eˣ − 1)

    Shapes:
        x, y: any shape, the same for both

    Gradients (given dy = ∂L/∂y):
        dx = dy where y > 0, else dy α eˣ = dy (y + α)

    Args:
        alpha: α, at least 0: minus the limit for very negative numbers.

    Raises:
        ValueError: α is negative.
        TypeError: x does not hold floating-point numbers.
        RuntimeError: `backward` is called before `forward`.

    Example:
        >>> ELU(alpha=2.0).forward(np.array([-1e4, 0.0, 1.0]))
        array([-2.,  0.,  1.])
    """

    alpha: float

    def __init__(self, alpha: float = 1.0) -> None:
        checks.arguments(self, locals(), alpha=number(minimum=0))

    @faster
    def forward(self, x: np.ndarray) -> np.ndarray:
        checks.floating_input(self, x)
        y = np.maximum(x, 0) + self.alpha * np.expm1(np.minimum(x, 0))
        self.remember(y=y)
        return y

    @faster
    def backward(self, dy: np.ndarray) -> np.ndarray:
        (y,) = self.recall()
        return dy * np.where(y > 0, 1, y + self.alpha)


class SELU(Layer):
    """ELU scaled so that deep stacks of Linear layers keep mean 0 and variance 1: Klambauer et al. 2017.

    Equation:
        y = λ (max(x, 0) + α (e^min(x, 0) − 1)), with λ = 1.0507… and α = 1.6732…

    Shapes:
        x, y: any shape, the same for both

    Gradients (given dy = ∂L/∂y):
        dx = λ dy where y > 0, else dy λ α eˣ = dy (y + λ α)

    Raises:
        TypeError: x does not hold floating-point numbers.
        RuntimeError: `backward` is called before `forward`.

    Example:
        >>> SELU().forward(np.array([-1e4, 0.0, 1.0])).round(4)
        array([-1.7581,  0.    ,  1.0507])
    """

    # From the paper's equation 14: the numbers for which mean 0 and variance 1 are a fixed point.
    alpha = 1.6732632423543772
    scale = 1.0507009873554805

    @faster
    def forward(self, x: np.ndarray) -> np.ndarray:
        checks.floating_input(self, x)
        y = self.scale * (np.maximum(x, 0) + self.alpha * np.expm1(np.minimum(x, 0)))
        self.remember(y=y)
        return y

    @faster
    def backward(self, dy: np.ndarray) -> np.ndarray:
        (y,) = self.recall()
        return dy * np.where(y > 0, self.scale, y + self.scale * self.alpha)


@faster
def normal_cdf(x: np.ndarray) -> np.ndarray:
    """The share Φ(x) of a normal distribution that lies below x, accurate also where it is tiny.

    Example:
        >>> normal_cdf(np.array([-1e4, 0.0, 1.0])).round(4)
        array([0.    , 0.5   , 0.8413])
    """
    from scipy.special import ndtr  # imported here, because SciPy takes longer to load than NumPy

    return ndtr(x.astype(np.float64)).astype(x.dtype)  # ndtr is most accurate in float64

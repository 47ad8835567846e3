"""The fully connected layer."""

from __future__ import annotations

import numpy as np

from tinynet.core import Parameter, checks
from tinynet.core.arrays import sum_of
from tinynet.core.checks.shapes import shape_text
from tinynet.core.checks.vocabulary import at_least, switch, weights_rng
from tinynet.core.faster import faster
from tinynet.core.initializers import uniform_fan_in
from tinynet.layers.layer import Layer


class Linear(Layer):
    """Multiply each row of a batch by a weight matrix and add a bias.

    Equation:
        y = x Wᵀ + b

    Shapes:
        x: (..., in_features)             y: (..., out_features)
        W: (out_features, in_features)    b: (out_features,)

    Gradients (given dy = ∂L/∂y):
        dx = dy W        dW = dyᵀ x        db = Σₙ dyₙ, where n counts the rows of all leading axes

    Args:
        in_features: Width of each input row, at least 1.
        out_features: Width of each output row, at least 1.
        bias: If False there is no bias and b is zero.
        rng: Source of the initial weights, U(-k, k) with k = 1/√in_features; the package's generator if None.

    Raises:
        ValueError: A size is below 1, or the last axis of x is not in_features.
        TypeError: x does not hold floating-point numbers.
        RuntimeError: `backward` is called before `forward`.

    Example:
        >>> Linear(3, 2).forward(np.ones((4, 3))).shape
        (4, 2)
    """

    in_features: int
    out_features: int

    def __init__(
        self, in_features: int, out_features: int, bias: bool = True, rng: np.random.Generator | None = None
    ) -> None:
        checks.arguments(
            self, locals(), in_features=at_least(1), out_features=at_least(1), bias=switch, rng=weights_rng
        )
        self.weight = Parameter(uniform_fan_in((out_features, in_features), rng))
        self.bias = Parameter(uniform_fan_in((out_features,), rng, fan_in=in_features)) if bias else None

    @faster
    def forward(self, x: np.ndarray) -> np.ndarray:
        self._check(x)
        self.remember(x=x)
        y = x @ self.weight.tensor.T
        return y if self.bias is None else y + self.bias.tensor

    @faster
    def backward(self, dy: np.ndarray) -> np.ndarray:
        (x,) = self.recall()
        dx = dy @ self.weight.tensor
        x, dy = x.reshape(-1, self.in_features), dy.reshape(-1, self.out_features)  # one axis n for all leading axes
        self.weight.accumulate(dy.T @ x)  # dW
        if self.bias is not None:
            self.bias.accumulate(sum_of(dy, 0))  # db
        return dx

    def multiply_adds(self, x: np.ndarray, y: np.ndarray) -> int:
        return y.size * self.in_features

    def _check(self, x: np.ndarray) -> None:
        """Check that the last axis of x has in_features numbers; the hint says how to get there."""
        checks.floating_input(self, x)
        if x.ndim >= 1 and x.shape[-1] == self.in_features:
            return
        flat = int(np.prod(x.shape[1:]))
        if x.ndim > 2 and flat == self.in_features:
            hint = "put Flatten() before this layer."
        elif x.ndim > 2:
            hint = f"put Flatten() before this layer and make it Linear({flat}, ...)."
        elif x.ndim == 2:
            hint = f"make it Linear({x.shape[-1]}, ...), or change what comes before."
        else:
            hint = ""
        checks.fail(self, f"expected x of shape (N, {self.in_features}), got {shape_text(x.shape)}.", hint)

"""The fully connected layer."""

from __future__ import annotations

import numpy as np

from tinynet.core import Parameter, checks
from tinynet.core.initializers import uniform_fan_in
from tinynet.kernels.matrix import add_column_sums, add_product, at_once, product
from tinynet.layers.layer import Layer


class Linear(Layer):
    """Multiply each row of a batch by a weight matrix and add a bias.

    Equation:
        y = x Wᵀ + b

    Shapes:
        x: (..., in_features)             y: (..., out_features)
        W: (out_features, in_features)    b: (out_features,)

    Gradients (given dy = ∂L/∂y):
        dx = dy W        dW = dyᵀ x        db = Σₙ dyₙ

    Args:
        in_features: Width of each input row, at least 1.
        out_features: Width of each output row, at least 1.
        bias: If False there is no bias and b is zero.
        rng: Source of the initial weights, U(-k, k) with k = 1/√in_features; the package's generator if None.

    Raises:
        ValueError: A size is below 1, or the last axis of x is not in_features.
        RuntimeError: `backward` is called before `forward`.

    Example:
        >>> Linear(3, 2).forward(np.ones((4, 3))).shape
        (4, 2)
    """

    def __init__(
        self, in_features: int, out_features: int, bias: bool = True, rng: np.random.Generator | None = None
    ) -> None:
        self.in_features = checks.integer("Linear", "in_features", in_features, minimum=1)
        self.out_features = checks.integer("Linear", "out_features", out_features, minimum=1)
        self.weight = Parameter(uniform_fan_in((out_features, in_features), rng))
        self.bias = Parameter(uniform_fan_in((out_features,), rng, fan_in=in_features)) if bias else None

    def forward(self, x: np.ndarray) -> np.ndarray:
        checks.linear_input(self, x, self.in_features)
        self.remember(x)
        b = None if self.bias is None else self.bias.tensor
        y = product(x.reshape(-1, self.in_features), self.weight.tensor.T, b)  # all leading axes in one
        return y.reshape(*x.shape[:-1], self.out_features)

    def backward(self, dy: np.ndarray) -> np.ndarray:
        with at_once():
            self.backward_parameters(dy)
            dx = product(dy.reshape(-1, self.out_features), self.weight.tensor)
        return dx.reshape(*dy.shape[:-1], self.in_features)

    def backward_parameters(self, dy: np.ndarray) -> None:
        (x,) = self.recall()
        x = x.reshape(-1, self.in_features)  # (N, in_features), all leading axes in one
        dy = dy.reshape(-1, self.out_features)  # (N, out_features)
        if self.weight.trainable:
            add_product(dy.T, x, to=self.weight.gradient)
        if self.bias is not None and self.bias.trainable:
            add_column_sums(dy, to=self.bias.gradient)

    def multiply_adds(self, x: np.ndarray, y: np.ndarray) -> int:
        return y.size * self.in_features

"""Normalization: shift and scale numbers so that they have mean 0 and variance 1.

All layers here standardize, x̂ = (x − μ) / σ, and differ in the axes over which μ and σ are taken. Each x influences
the loss in three ways: through its own x̂, through μ and through σ. dx is the sum of the three.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from tinynet.core import Parameter, checks
from tinynet.core.arrays import mean_of, mean_square, sum_of
from tinynet.core.checks.shapes import shape_text
from tinynet.core.checks.vocabulary import at_least, divisor_of, number, optional, switch
from tinynet.core.faster import faster
from tinynet.layers.layer import Layer


class LayerNorm(Layer):
    """Standardize the features of each row by themselves, then scale and shift them: Ba et al. 2016.

    Equation:
        y = γ x̂ + β, x̂ = (x − μ) / √(σ² + eps)

    Shapes:
        x, y: (..., *normalized_shape); μ and σ² are taken over normalized_shape, for each row
        γ (weight), β (bias): normalized_shape

    Gradients (given dy = ∂L/∂y; mean over the features of a row, Σ over the rows):
        dx = (g − mean(g) − x̂ · mean(g · x̂)) / √(σ² + eps), g = γ dy
        dγ = Σ dy · x̂        dβ = Σ dy

    Args:
        normalized_shape: The last axis, or axes, of x.
        eps: Keeps the division finite where a row is constant.
        elementwise_affine: If False there are no γ and β.
        bias: If False there is no β.

    Raises:
        ValueError: The last axes of x are not normalized_shape.
        TypeError: x does not hold floating-point numbers.
        RuntimeError: `backward` is called before `forward`.

    Example:
        >>> LayerNorm(2).forward(np.array([[1.0, 3.0], [5.0, 5.0]], np.float32)).round(2)
        array([[-1.,  1.],
               [ 0.,  0.]], dtype=float32)
    """

    normalized_shape: tuple[int, ...]
    eps: float

    def __init__(
        self,
        normalized_shape: int | tuple[int, ...],
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
    ) -> None:
        checks.arguments(
            self,
            locals(),
            normalized_shape=_sizes,
            eps=number(minimum=0),
            elementwise_affine=switch,
            bias=switch,
        )
        self.weight = Parameter(np.ones(self.normalized_shape)) if elementwise_affine else None
        self.bias = Parameter(np.zeros(self.normalized_shape)) if elementwise_affine and bias else None

    @faster
    def forward(self, x: np.ndarray) -> np.ndarray:
        checks.floating_input(self, x)
        checks.input_shape(self, x, ("...", *self.normalized_shape))
        features = _last_axes(self.normalized_shape)
        mean = mean_of(x, features, keepdims=True)
        var = mean_square(x - mean, features, keepdims=True)
        inverse_std = (1 / np.sqrt(var + self.eps)).astype(x.dtype)
        x_hat = (x - mean) * inverse_std
        self.remember(x_hat=x_hat, inverse_std=inverse_std)
        y = x_hat if self.weight is None else self.weight.tensor * x_hat
        return y if self.bias is None else y + self.bias.tensor

    @faster
    def backward(self, dy: np.ndarray) -> np.ndarray:
        x_hat, inverse_std = self.recall()
        features, rows = _last_axes(self.normalized_shape), _other_axes(dy, self.normalized_shape)
        if self.bias is not None:
            self.bias.accumulate(sum_of(dy, rows))
        g = dy
        if self.weight is not None:
            self.weight.accumulate(sum_of(dy * x_hat, rows))
            g = self.weight.tensor * dy
        mean_g, mean_gx = mean_of(g, features, keepdims=True), mean_of(g * x_hat, features, keepdims=True)
        return (g - mean_g - x_hat * mean_gx) * inverse_std  # dx


class GroupNorm(Layer):
    """Standardize groups of channels of each sample, then scale and shift each channel: Wu and He 2018.

    `GroupNorm(C, C)` is instance norm (Ulyanov et al. 2016), `GroupNorm(1, C)` normalizes a sample as a whole.

    Equation:
        y = γ x̂ + β, x̂ = (x − μ) / √(σ² + eps)

    Shapes:
        x, y: (N, num_channels, ...); μ and σ² are taken over the channels of a group and all that follows
        γ (weight), β (bias): (num_channels,)

    Gradients (given dy = ∂L/∂y; mean over a group of a sample, Σ over all axes but the channels):
        dx = (g − mean(g) − x̂ · mean(g · x̂)) / √(σ² + eps), g = γ dy
        dγ = Σ dy · x̂        dβ = Σ dy

    Args:
        num_groups: The number of groups of channels.
        num_channels: The channels, a multiple of num_groups.
        eps: Keeps the division finite where a group is constant.
        affine: If False there are no γ and β.
        bias: If False there is no β.

    Raises:
        ValueError: The groups do not divide the channels, or x has another number of channels.
        TypeError: x does not hold floating-point numbers.
        RuntimeError: `backward` is called before `forward`.

    Example:
        >>> GroupNorm(1, 2).forward(np.array([[[1.0], [3.0]]], np.float32)).round(2).ravel()
        array([-1.,  1.], dtype=float32)
    """

    num_groups: int
    num_channels: int
    eps: float

    def __init__(
        self, num_groups: int, num_channels: int, eps: float = 1e-5, affine: bool = True, bias: bool = True
    ) -> None:
        checks.arguments(
            self,
            locals(),
            num_channels=at_least(1),
            num_groups=divisor_of("num_channels"),
            eps=number(minimum=0),
            affine=switch,
            bias=switch,
        )
        self.weight = Parameter(np.ones(num_channels)) if affine else None
        self.bias = Parameter(np.zeros(num_channels)) if affine and bias else None

    @faster
    def forward(self, x: np.ndarray) -> np.ndarray:
        self.check_input(x)
        groups = self._groups(x)  # (N, num_groups, numbers of a group)
        mean = mean_of(groups, -1, keepdims=True)
        var = mean_square(groups - mean, -1, keepdims=True)
        inverse_std = (1 / np.sqrt(var + self.eps)).astype(x.dtype)
        x_hat = ((groups - mean) * inverse_std).reshape(x.shape)
        self.remember(x_hat=x_hat, inverse_std=inverse_std)
        y = x_hat if self.weight is None else _channels(self.weight, x) * x_hat
        return y if self.bias is None else y + _channels(self.bias, x)

    @faster
    def backward(self, dy: np.ndarray) -> np.ndarray:
        x_hat, inverse_std = self.recall()
        others = (0, *range(2, dy.ndim))  # all axes but the channels
        if self.bias is not None:
            self.bias.accumulate(sum_of(dy, others))
        g = dy
        if self.weight is not None:
            self.weight.accumulate(sum_of(dy * x_hat, others))
            g = _channels(self.weight, dy) * dy
        g, x_hat = self._groups(g), self._groups(x_hat)  # (N, num_groups, numbers of a group)
        mean_g, mean_gx = mean_of(g, -1, keepdims=True), mean_of(g * x_hat, -1, keepdims=True)
        return ((g - mean_g - x_hat * mean_gx) * inverse_std).reshape(dy.shape)  # dx

    def check_input(self, x: np.ndarray) -> None:
        """Check that x is (N, num_channels, ...)."""
        checks.floating_input(self, x)
        if x.ndim < 2 or x.shape[1] != self.num_channels:
            checks.fail(self, f"expected x of shape (N, {self.num_channels}, ...), got {shape_text(x.shape)}.")

    def _groups(self, x: np.ndarray) -> np.ndarray:
        return x.reshape(len(x), self.num_groups, math.prod(x.shape[1:]) // self.num_groups)


class RMSNorm(Layer):
    """Divide the features of each row by their root mean square, then scale them: Zhang and Sennrich 2019.

    Equation:
        y = γ x̂, x̂ = x / √(mean(x²) + eps)

    Shapes:
        x, y: (..., *normalized_shape); the mean is taken over normalized_shape, for each row
        γ (weight): normalized_shape

    Gradients (given dy = ∂L/∂y; mean over the features of a row, Σ over the rows):
        dx = (g − x̂ · mean(g · x̂)) / √(mean(x²) + eps), g = γ dy
        dγ = Σ dy · x̂

    Args:
        normalized_shape: The last axis, or axes, of x.
        eps: Keeps the division finite where a row is zero; the smallest step of x's type at 1 if None.
        elementwise_affine: If False there is no γ.

    Raises:
        ValueError: The last axes of x are not normalized_shape.
        TypeError: x does not hold floating-point numbers.
        RuntimeError: `backward` is called before `forward`.

    Example:
        >>> RMSNorm(2).forward(np.array([[3.0, 4.0]], np.float32)).round(3)
        array([[0.849, 1.131]], dtype=float32)
    """

    normalized_shape: tuple[int, ...]
    eps: float | None

    def __init__(
        self, normalized_shape: int | tuple[int, ...], eps: float | None = None, elementwise_affine: bool = True
    ) -> None:
        checks.arguments(
            self, locals(), normalized_shape=_sizes, eps=optional(number(minimum=0)), elementwise_affine=switch
        )
        self.weight = Parameter(np.ones(self.normalized_shape)) if elementwise_affine else None

    @faster
    def forward(self, x: np.ndarray) -> np.ndarray:
        checks.floating_input(self, x)
        checks.input_shape(self, x, ("...", *self.normalized_shape))
        eps = np.finfo(x.dtype).eps if self.eps is None else self.eps
        square = mean_square(x, _last_axes(self.normalized_shape), keepdims=True)
        inverse_rms = (1 / np.sqrt(square + eps)).astype(x.dtype)
        x_hat = x * inverse_rms
        self.remember(x_hat=x_hat, inverse_rms=inverse_rms)
        return x_hat if self.weight is None else self.weight.tensor * x_hat

    @faster
    def backward(self, dy: np.ndarray) -> np.ndarray:
        x_hat, inverse_rms = self.recall()
        g = dy
        if self.weight is not None:
            self.weight.accumulate(sum_of(dy * x_hat, _other_axes(dy, self.normalized_shape)))
            g = self.weight.tensor * dy
        mean_gx = mean_of(g * x_hat, _last_axes(self.normalized_shape), keepdims=True)
        return (g - x_hat * mean_gx) * inverse_rms  # dx


def _last_axes(normalized_shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(range(-len(normalized_shape), 0))


def _other_axes(x: np.ndarray, normalized_shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(range(x.ndim - len(normalized_shape)))


def _channels(parameter: Parameter, x: np.ndarray) -> np.ndarray:
    """A parameter with one number per channel, in a shape that broadcasts against x (N, C, ...)."""
    return parameter.tensor.reshape(-1, *(1,) * (x.ndim - 2))


def _sizes(who: str, name: str, value: Any, others: Mapping[str, Any]) -> tuple[int, ...]:
    """An integer of at least 1, or a tuple of them."""
    if not isinstance(value, (tuple, list)):
        return (checks.integer(who, name, value, minimum=1),)
    if not value:
        checks.fail(who, f"{name} must name at least one axis, got {value!r}.")
    return tuple(checks.integer(who, f"{name}[{index}]", size, minimum=1) for index, size in enumerate(value))

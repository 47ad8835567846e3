"""Normalization: shift and scale numbers so that they have mean 0 and variance 1.

All layers here standardize, x̂ = (x − μ) / σ, and differ in the axes over which μ and σ are taken. Each x reaches the
loss by three ways: through its own x̂, through μ and through σ. The derivative that adds them up stands once, below.
"""

from __future__ import annotations

import math

import numpy as np

from tinynet.core import Parameter, checks
from tinynet.core.checks import sequences
from tinynet.layers.layer import Layer

Axes = tuple[int, ...]


def standardize(x: np.ndarray, axes: Axes, eps: float) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Subtract the mean over `axes` and divide by the standard deviation.

    Returns:
        x̂ = (x − μ) / σ with σ = √(var + eps), then 1/σ, μ and var, which keep the reduced axes with size 1.

    Example:
        >>> standardize(np.array([1.0, 5.0]), (0,), 0.0)
        (array([-1.,  1.]), array([0.5]), array([3.]), array([4.]))
    """
    mean = x.mean(axis=axes, keepdims=True, dtype=np.float64).astype(x.dtype)  # many float32 numbers add up in float64
    centered = x - mean
    var = np.square(centered).mean(axis=axes, keepdims=True, dtype=np.float64).astype(x.dtype)
    inverse_std = 1 / np.sqrt(var + x.dtype.type(eps))
    centered *= inverse_std
    return centered, inverse_std, mean, var


def standardize_gradient(dx_hat: np.ndarray, x_hat: np.ndarray, inverse_std: np.ndarray, axes: Axes) -> np.ndarray:
    """The derivative of `standardize`: dx = (dx̂ − mean(dx̂) − x̂ · mean(dx̂ · x̂)) / σ. Ioffe and Szegedy 2015.

    Example:
        >>> x_hat, inverse_std, _, _ = standardize(np.array([-2.0, 0.0, 2.0]), (0,), 0.0)
        >>> standardize_gradient(np.array([1.0, 0.0, 0.0]), x_hat, inverse_std, (0,)).round(3)  # the sum is 0
        array([ 0.102, -0.204,  0.102])
    """
    through_mean = dx_hat.mean(axis=axes, keepdims=True)
    through_var = (dx_hat * x_hat).mean(axis=axes, keepdims=True)
    return (dx_hat - through_mean - x_hat * through_var) * inverse_std


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
        ValueError: The last axes of x are others.

    Example:
        >>> LayerNorm(2).forward(np.array([[1.0, 3.0], [5.0, 5.0]], np.float32)).round(2)
        array([[-1.,  1.],
               [ 0.,  0.]], dtype=float32)
    """

    def __init__(
        self,
        normalized_shape: int | tuple[int, ...],
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
    ) -> None:
        self.normalized_shape = sequences.sizes("LayerNorm", "normalized_shape", normalized_shape)
        self.eps = checks.number("LayerNorm", "eps", eps, minimum=0)
        self.weight = Parameter(np.ones(self.normalized_shape)) if elementwise_affine else None
        self.bias = Parameter(np.zeros(self.normalized_shape)) if elementwise_affine and bias else None

    def forward(self, x: np.ndarray) -> np.ndarray:
        checks.floating_input(self, x)
        checks.input_shape(self, x, ("...", *self.normalized_shape))
        axes = tuple(range(-len(self.normalized_shape), 0))
        x_hat, inverse_std, _, _ = standardize(x, axes, self.eps)
        self.remember(x_hat, inverse_std, axes)
        y = x_hat * self.weight.tensor if self.weight is not None else x_hat
        if self.bias is not None:
            y += self.bias.tensor
        return y

    def backward(self, dy: np.ndarray) -> np.ndarray:
        x_hat, inverse_std, axes = self.recall()
        rows = tuple(range(dy.ndim + axes[0]))
        if self.bias is not None:
            self.bias.accumulate(dy.sum(axis=rows))
        if self.weight is not None:
            self.weight.accumulate((dy * x_hat).sum(axis=rows))
            dy = dy * self.weight.tensor
        return standardize_gradient(dy, x_hat, inverse_std, axes)


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
        num_groups: How many groups the channels are cut into.
        num_channels: The channels, a multiple of num_groups.
        eps: Keeps the division finite where a group is constant.
        affine: If False there are no γ and β.

    Raises:
        ValueError: The groups do not divide the channels, or x has other channels.

    Example:
        >>> GroupNorm(1, 2).forward(np.array([[[1.0], [3.0]]], np.float32)).round(2).ravel()
        array([-1.,  1.], dtype=float32)
    """

    def __init__(self, num_groups: int, num_channels: int, eps: float = 1e-5, affine: bool = True) -> None:
        self.num_groups = checks.integer("GroupNorm", "num_groups", num_groups, minimum=1)
        self.num_channels = checks.integer("GroupNorm", "num_channels", num_channels, minimum=1)
        sequences.divides("GroupNorm", "num_groups", num_groups, "num_channels", num_channels)
        self.eps = checks.number("GroupNorm", "eps", eps, minimum=0)
        self.weight = Parameter(np.ones(num_channels)) if affine else None
        self.bias = Parameter(np.zeros(num_channels)) if affine else None

    def forward(self, x: np.ndarray) -> np.ndarray:
        checks.floating_input(self, x)
        sequences.channels_second(self, x, self.num_channels)
        size = math.prod(x.shape[1:]) // self.num_groups  # all pixels of the channels of a group
        groups = x.reshape(len(x), self.num_groups, size)
        x_hat, inverse_std, _, _ = standardize(groups, (2,), self.eps)
        self.remember(x_hat, inverse_std)
        x_hat = x_hat.reshape(x.shape)
        if self.weight is None or self.bias is None:
            return x_hat
        shape = (-1,) + (1,) * (x.ndim - 2)
        return x_hat * self.weight.tensor.reshape(shape) + self.bias.tensor.reshape(shape)

    def backward(self, dy: np.ndarray) -> np.ndarray:
        x_hat, inverse_std = self.recall()
        if self.weight is not None and self.bias is not None:
            others = (0, *range(2, dy.ndim))
            self.weight.accumulate((dy * x_hat.reshape(dy.shape)).sum(axis=others))
            self.bias.accumulate(dy.sum(axis=others))
            dy = dy * self.weight.tensor.reshape((-1,) + (1,) * (dy.ndim - 2))
        return standardize_gradient(dy.reshape(x_hat.shape), x_hat, inverse_std, (2,)).reshape(dy.shape)


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
        ValueError: The last axes of x are others.

    Example:
        >>> RMSNorm(2).forward(np.array([[3.0, 4.0]], np.float32)).round(3)
        array([[0.849, 1.131]], dtype=float32)
    """

    def __init__(
        self, normalized_shape: int | tuple[int, ...], eps: float | None = None, elementwise_affine: bool = True
    ) -> None:
        self.normalized_shape = sequences.sizes("RMSNorm", "normalized_shape", normalized_shape)
        self.eps = None if eps is None else checks.number("RMSNorm", "eps", eps, minimum=0)
        self.weight = Parameter(np.ones(self.normalized_shape)) if elementwise_affine else None

    def forward(self, x: np.ndarray) -> np.ndarray:
        checks.floating_input(self, x)
        checks.input_shape(self, x, ("...", *self.normalized_shape))
        axes = tuple(range(-len(self.normalized_shape), 0))
        eps = np.finfo(x.dtype).eps if self.eps is None else x.dtype.type(self.eps)
        inverse_rms = 1 / np.sqrt(np.square(x).mean(axis=axes, keepdims=True) + eps)
        x_hat = x * inverse_rms
        self.remember(x_hat, inverse_rms, axes)
        return x_hat * self.weight.tensor if self.weight is not None else x_hat

    def backward(self, dy: np.ndarray) -> np.ndarray:
        x_hat, inverse_rms, axes = self.recall()
        if self.weight is not None:
            self.weight.accumulate((dy * x_hat).sum(axis=tuple(range(dy.ndim + axes[0]))))
            dy = dy * self.weight.tensor
        return (dy - x_hat * (dy * x_hat).mean(axis=axes, keepdims=True)) * inverse_rms

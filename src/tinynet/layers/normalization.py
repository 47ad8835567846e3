"""Normalization: shift and scale numbers so that they have mean 0 and variance 1.

All layers here standardize, x̂ = (x − μ) / σ, and differ in the axes over which μ and σ are taken. Each x reaches the
loss by three ways: through its own x̂, through μ and through σ. The derivative that adds them up stands once, below.
"""

from __future__ import annotations

from abc import abstractmethod

import numpy as np

from tinynet.core import Parameter, checks
from tinynet.core.checks import sequences
from tinynet.layers.layer import Layer

Axes = tuple[int, ...]


def standardize(x: np.ndarray, axes: Axes, eps: float) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Subtract the mean over `axes` and divide by the standard deviation.

    Returns:
        x̂ = (x − μ) / σ with σ = √(var + eps), then 1/σ, μ and var, which keep the reduced axes with size 1.
    """
    mean = x.mean(axis=axes, keepdims=True, dtype=np.float64).astype(x.dtype)  # many float32 numbers add up in float64
    centered = x - mean
    var = np.square(centered).mean(axis=axes, keepdims=True, dtype=np.float64).astype(x.dtype)
    inverse_std = 1 / np.sqrt(var + x.dtype.type(eps))
    centered *= inverse_std
    return centered, inverse_std, mean, var


def standardize_gradient(dx_hat: np.ndarray, x_hat: np.ndarray, inverse_std: np.ndarray, axes: Axes) -> np.ndarray:
    """The derivative of `standardize`: dx = (dx̂ − mean(dx̂) − x̂ · mean(dx̂ · x̂)) / σ. Ioffe and Szegedy 2015."""
    through_mean = dx_hat.mean(axis=axes, keepdims=True)
    through_var = (dx_hat * x_hat).mean(axis=axes, keepdims=True)
    return (dx_hat - through_mean - x_hat * through_var) * inverse_std


class _BatchNorm(Layer):
    """What BatchNorm1D and BatchNorm2D share; they differ in where the features stand."""

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
    ) -> None:
        name = type(self).__name__
        self.num_features = checks.integer(name, "num_features", num_features, minimum=1)
        self.eps = checks.number(name, "eps", eps, minimum=0)
        self.momentum = checks.number(name, "momentum", momentum, minimum=0)
        self.weight = Parameter(np.ones(num_features)) if affine else None
        self.bias = Parameter(np.zeros(num_features)) if affine else None
        if track_running_stats:
            self.running_mean = np.zeros(num_features, np.float32)
            self.running_var = np.ones(num_features, np.float32)
            self.num_batches_tracked = np.zeros((), np.int64)
        self.track_running_stats = track_running_stats

    @abstractmethod
    def _axes(self, x: np.ndarray) -> tuple[Axes, tuple[int, ...]]:
        """Check x, and return the axes to average over and the shape in which a feature vector fits x."""

    def forward(self, x: np.ndarray) -> np.ndarray:
        axes, shape = self._axes(x)
        if self.training or not self.track_running_stats:
            x_hat, inverse_std, mean, var = standardize(x, axes, self.eps)
            self.remember(x_hat, inverse_std, axes, shape, True)
            if self.training and self.track_running_stats:
                n = x.size // self.num_features
                self._track("running_mean", mean)
                self._track("running_var", var * (n / (n - 1)))  # the unbiased variance, as in PyTorch
                self.num_batches_tracked += 1
        else:
            inverse_std = 1 / np.sqrt(self.running_var.reshape(shape) + x.dtype.type(self.eps))
            x_hat = (x - self.running_mean.reshape(shape)) * inverse_std
            self.remember(x_hat, inverse_std, axes, shape, False)
        if self.weight is None or self.bias is None:
            return x_hat
        return x_hat * self.weight.tensor.reshape(shape) + self.bias.tensor.reshape(shape)

    def backward(self, dy: np.ndarray) -> np.ndarray:
        x_hat, inverse_std, axes, shape, from_batch = self.recall()
        if self.weight is not None and self.bias is not None:
            self.weight.accumulate((dy * x_hat).sum(axis=axes))
            self.bias.accumulate(dy.sum(axis=axes))
            dy = dy * self.weight.tensor.reshape(shape)  # dx̂
        if not from_batch:  # the running statistics do not depend on x
            return dy * inverse_std
        return standardize_gradient(dy, x_hat, inverse_std, axes)

    def _track(self, name: str, value: np.ndarray) -> None:
        running = getattr(self, name)
        running += self.momentum * (value.reshape(-1) - running)


class BatchNorm1D(_BatchNorm):
    """Standardize each feature over the batch, then scale and shift it: Ioffe and Szegedy 2015.

    In evaluation the running statistics, moving averages of those of the training batches, take the place of μ and σ².

    Equation:
        y = γ x̂ + β, x̂ = (x − μ) / √(σ² + eps)

    Shapes:
        x, y: (N, num_features) or (N, T, num_features); μ and σ² are taken over all axes but the last
        γ (weight), β (bias), running_mean, running_var: (num_features,)

    Gradients (given dy = ∂L/∂y; mean and Σ over all axes but the last):
        dx = (g − mean(g) − x̂ · mean(g · x̂)) / √(σ² + eps), g = γ dy
        dγ = Σ dy · x̂        dβ = Σ dy

    Args:
        num_features: Size of the last axis.
        eps: Keeps the division finite where a feature is constant.
        momentum: The share of a new batch in the running statistics.
        affine: If False there are no γ and β.
        track_running_stats: If False, evaluation uses the batch too.

    Raises:
        ValueError: x has another shape, or in training only one row, which has no variance.

    Example:
        >>> BatchNorm1D(2).forward(np.array([[0.0, 1.0], [2.0, 1.0]], np.float32)).round(2)
        array([[-1.,  0.],
               [ 1.,  0.]], dtype=float32)
    """

    def _axes(self, x: np.ndarray) -> tuple[Axes, tuple[int, ...]]:
        sequences.features_last(self, x, self.num_features)
        if self.training:
            sequences.more_than_one_row(self, x.shape, x.size // self.num_features)
        return tuple(range(x.ndim - 1)), (1,) * (x.ndim - 1) + (-1,)


class BatchNorm2D(_BatchNorm):
    """Standardize each channel over the batch and the pixels, then scale and shift it: Ioffe and Szegedy 2015.

    In evaluation the running statistics, moving averages of those of the training batches, take the place of μ and σ².

    Equation:
        y = γ x̂ + β, x̂ = (x − μ) / √(σ² + eps)

    Shapes:
        x, y: (N, num_features, H, W); μ and σ² are taken over N, H and W
        γ (weight), β (bias), running_mean, running_var: (num_features,)

    Gradients (given dy = ∂L/∂y; mean and Σ over N, H and W):
        dx = (g − mean(g) − x̂ · mean(g · x̂)) / √(σ² + eps), g = γ dy
        dγ = Σ dy · x̂        dβ = Σ dy

    Args:
        num_features: The channels.
        eps: Keeps the division finite where a channel is constant.
        momentum: The share of a new batch in the running statistics.
        affine: If False there are no γ and β.
        track_running_stats: If False, evaluation uses the batch too.

    Raises:
        ValueError: x has another shape, or in training only one pixel for each channel, which has no variance.

    Example:
        >>> BatchNorm2D(3).forward(np.ones((2, 3, 4, 4), np.float32)).max()
        np.float32(0.0)
    """

    any_layout = True

    def _axes(self, x: np.ndarray) -> tuple[Axes, tuple[int, ...]]:
        checks.floating_input(self, x)
        checks.input_shape(self, x, ("N", self.num_features, "H", "W"))
        if self.training:
            sequences.more_than_one_row(self, x.shape, x.size // self.num_features)
        return (0, 2, 3), (1, -1, 1, 1)


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
        groups = x.reshape(len(x), self.num_groups, -1)  # (N, groups, channels of a group and all pixels)
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

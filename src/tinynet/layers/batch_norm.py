"""Batch normalization: each feature is standardized over the batch, and over running statistics in evaluation."""

from __future__ import annotations

from abc import abstractmethod

import numpy as np

from tinynet.core import Parameter, checks
from tinynet.core.checks import sequences
from tinynet.layers.layer import Layer
from tinynet.layers.normalization import Axes, standardize


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
            if self.track_running_stats:
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
        dweight, dbias = (dy * x_hat).sum(axis=axes), dy.sum(axis=axes)
        scale = inverse_std  # γ / σ
        if self.weight is not None and self.bias is not None:
            self.weight.accumulate(dweight)
            self.bias.accumulate(dbias)
            scale = scale * self.weight.tensor.reshape(shape)
        if not from_batch:  # the running statistics do not depend on x
            return dy * scale
        n = dy.size // self.num_features
        # γ is one number for all that the means are taken over, so γ · sums / n are mean(g) and mean(g · x̂).
        return (dy - dbias.reshape(shape) / n - x_hat * (dweight.reshape(shape) / n)) * scale

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

"""Batch normalization: each feature is standardized over the batch, and over running statistics in evaluation."""

from __future__ import annotations

from abc import abstractmethod

import numpy as np

from tinynet.core import Parameter, checks
from tinynet.core.checks import sequences
from tinynet.engine import batch_norm
from tinynet.layers.activations import ReLU
from tinynet.layers.fused import Fused
from tinynet.layers.layer import Layer


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
    def _feature_axis(self, x: np.ndarray) -> int:
        """Check x, and return the axis of its features: mean and variance are taken over all others."""

    def forward(self, x: np.ndarray) -> np.ndarray:
        return self.normalize(x)

    def backward(self, dy: np.ndarray) -> np.ndarray:
        return self.gradient(dy)

    def normalize(self, x: np.ndarray, relu: bool = False) -> np.ndarray:
        """y; with `relu` that of the ReLU that follows, in the same pass."""
        axis = self._feature_axis(x)
        from_batch = self.training or not self.track_running_stats
        if from_batch:
            mean, var = batch_norm.statistics(x, axis)
            self._track(mean, var, x.size // self.num_features)
        else:
            mean, var = self.running_mean, self.running_var
        inverse_std = 1 / np.sqrt(var + x.dtype.type(self.eps))
        if self.weight is None or self.bias is None:
            scale, shift = inverse_std, np.zeros_like(mean)
        else:
            scale, shift = inverse_std * self.weight.tensor, self.bias.tensor
        self.remember(x, axis, mean, inverse_std, scale, shift, from_batch)
        return batch_norm.normalize(x, mean, scale, shift, axis, relu)

    def gradient(self, dy: np.ndarray, relu: bool = False) -> np.ndarray:
        """dx; with `relu`, dy is the gradient of what the ReLU that follows has made of y."""
        x, axis, mean, inverse_std, scale, bias, from_batch = self.recall()
        through = (scale, bias) if relu else None
        dbias, products = batch_norm.sums(dy, x, mean, axis, through)
        dweight = products * inverse_std  # Σ dy · x̂
        if self.weight is not None and self.bias is not None:
            self.weight.accumulate(dweight)
            self.bias.accumulate(dbias)
        shift, slope = np.zeros((2, len(mean)), x.dtype)
        if from_batch:  # else the statistics do not depend on x
            # γ is one number for all that the means are taken over: dx = (dy − mean(dy) − x̂ · mean(dy · x̂)) · γ / σ.
            n = dy.size // self.num_features
            shift, slope = dbias / n, dweight / n * inverse_std
        return batch_norm.input_gradient(dy, x, mean, scale, shift, slope, axis, through)

    def fuse_with(self, following: Layer) -> Layer | None:
        return BatchNormReLU(self, following) if type(following) is ReLU else None

    def _track(self, mean: np.ndarray, var: np.ndarray, n: int) -> None:
        if self.track_running_stats:
            self.running_mean += self.momentum * (mean - self.running_mean)
            self.running_var += self.momentum * (var * (n / (n - 1)) - self.running_var)  # unbiased, as in PyTorch
            self.num_batches_tracked += 1


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

    def _feature_axis(self, x: np.ndarray) -> int:
        sequences.features_last(self, x, self.num_features)
        if self.training:
            sequences.more_than_one_row(self, x.shape, x.size // self.num_features)
        return x.ndim - 1


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

    def _feature_axis(self, x: np.ndarray) -> int:
        checks.floating_input(self, x)
        checks.input_shape(self, x, ("N", self.num_features, "H", "W"))
        if self.training:
            sequences.more_than_one_row(self, x.shape, x.size // self.num_features)
        return 1


class BatchNormReLU(Fused):
    """Batch norm and the ReLU after it, whose x is never written: one pass for two forward, and one less back.

    Equation:
        y = max(γ x̂ + β, 0)

    Gradients (given dy = ∂L/∂y):
        those of the batch norm, of dy where y > 0, else 0

    Example:
        >>> both = BatchNorm1D(1).fuse_with(ReLU())
        >>> both.forward(np.array([[1.0], [2.0], [3.0]], np.float32)).round(2).ravel()
        array([0.  , 0.  , 1.22], dtype=float32)
    """

    first: _BatchNorm

    def forward(self, x: np.ndarray) -> np.ndarray:
        y = self.first.normalize(x, relu=True)
        self.second.remember(y)
        return y

    def backward(self, dy: np.ndarray) -> np.ndarray:
        return self.first.gradient(dy, relu=True)

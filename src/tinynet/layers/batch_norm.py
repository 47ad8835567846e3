"""Batch normalization: each feature is standardized over the batch, and over running statistics in evaluation."""

from __future__ import annotations

from abc import abstractmethod

import numpy as np

from tinynet.core import Parameter, checks
from tinynet.core.arrays import mean_of, mean_square, sum_of
from tinynet.core.checks.shapes import shape_text
from tinynet.core.checks.vocabulary import at_least, flag, number, optional, switch
from tinynet.core.faster import faster
from tinynet.layers.layer import Layer


class _BatchNorm(Layer):
    """What BatchNorm1D and BatchNorm2D share; they differ in the axis of the features."""

    num_features: int
    eps: float
    momentum: float | None
    affine: bool
    track_running_stats: bool
    feature_axis: int  #: Mean and variance are taken over all other axes.

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        bias: bool = True,
    ) -> None:
        checks.arguments(
            self,
            locals(),
            num_features=at_least(1),
            eps=number(minimum=0),
            momentum=optional(number(minimum=0)),
            affine=flag,
            track_running_stats=flag,
            bias=switch,
        )
        self.weight = Parameter(np.ones(num_features)) if affine else None
        self.bias = Parameter(np.zeros(num_features)) if affine and bias else None
        if track_running_stats:
            self.running_mean = np.zeros(num_features, np.float32)
            self.running_var = np.ones(num_features, np.float32)
            self.num_batches_tracked = np.zeros((), np.int64)

    @faster
    def forward(self, x: np.ndarray) -> np.ndarray:
        self.check_input(x)
        rows = self._swapped(x)  # (..., num_features)
        from_batch = self.uses_batch()
        if from_batch:
            over = tuple(range(x.ndim - 1))
            mean = mean_of(rows, over)
            var = mean_square(rows - mean, over)
            self.track(mean, var, x.size // self.num_features)
        else:
            mean, var = self.running_mean, self.running_var
        inverse_std = (1 / np.sqrt(var + self.eps)).astype(x.dtype)
        self.remember(x=x, mean=mean, inverse_std=inverse_std, from_batch=from_batch)
        x_hat = (rows - mean) * inverse_std
        y = x_hat if self.weight is None else self.weight.tensor * x_hat
        return self._swapped(y if self.bias is None else y + self.bias.tensor)

    @faster
    def backward(self, dy: np.ndarray) -> np.ndarray:
        x, mean, inverse_std, from_batch = self.recall()
        x_hat = (self._swapped(x) - mean) * inverse_std
        g = dy = self._swapped(dy)
        over = tuple(range(dy.ndim - 1))
        if self.bias is not None:
            self.bias.accumulate(sum_of(dy, over))
        if self.weight is not None:
            self.weight.accumulate(sum_of(dy * x_hat, over))
            g = self.weight.tensor * dy
        if from_batch:  # else μ and σ² do not depend on x
            g = g - mean_of(g, over) - x_hat * mean_of(g * x_hat, over)
        return self._swapped(g * inverse_std)  # dx

    @abstractmethod
    def check_input(self, x: np.ndarray) -> None:
        """Check that x has features at their axis and, in training, more than one value for each."""

    def uses_batch(self) -> bool:
        """Whether μ and σ² are those of the batch, and not the running ones."""
        return self.training or not self.track_running_stats

    def track(self, mean: np.ndarray, var: np.ndarray, n: int) -> None:
        """Move the running statistics towards those of a batch with n values for each feature."""
        if self.track_running_stats:
            self.num_batches_tracked += 1
            share = 1 / self.num_batches_tracked if self.momentum is None else self.momentum
            self.running_mean += share * (mean - self.running_mean)
            var = np.minimum(var * (n / (n - 1)), np.finfo(self.running_var.dtype).max)  # unbiased, as in PyTorch
            self.running_var += share * (var - self.running_var)

    def _swapped(self, x: np.ndarray) -> np.ndarray:
        """x with the axis of the features and the last one swapped; applied twice, it gives x again."""
        return x.swapaxes(self.feature_axis, -1)


class BatchNorm1D(_BatchNorm):
    """Standardize each feature over the batch, then scale and shift it: Ioffe and Szegedy 2015.

    In evaluation the running statistics, moving averages of those of the training batches, take the place of μ and σ².

    Equation:
        y = γ x̂ + β, x̂ = (x − μ) / √(σ² + eps)

    Shapes:
        x, y: (N, num_features) or (N, T, num_features); μ and σ² are taken over all axes but the last
        γ (weight), β (bias), running_mean, running_var: (num_features,)        num_batches_tracked: ()

    Gradients (given dy = ∂L/∂y; mean and Σ over all axes but the last):
        dx = (g − mean(g) − x̂ · mean(g · x̂)) / √(σ² + eps), g = γ dy
        dγ = Σ dy · x̂        dβ = Σ dy

    Args:
        num_features: Size of the last axis.
        eps: Keeps the division finite where a feature is constant.
        momentum: The share of a new batch in the running statistics. None: 1 / num_batches_tracked, so that they are
            the mean over all batches so far.
        affine: If False there are no γ and β.
        track_running_stats: If False, evaluation uses the batch too.
        bias: If False there is no β.

    Raises:
        ValueError: x has another shape, or in training only one row, which has no variance.
        TypeError: x does not hold floating-point numbers.
        RuntimeError: `backward` is called before `forward`.

    Example:
        >>> BatchNorm1D(2).forward(np.array([[0.0, 1.0], [2.0, 1.0]], np.float32)).round(2)
        array([[-1.,  0.],
               [ 1.,  0.]], dtype=float32)
    """

    feature_axis = -1

    def check_input(self, x: np.ndarray) -> None:
        checks.floating_input(self, x)
        if x.ndim not in (2, 3) or x.shape[-1] != self.num_features:
            _fail_on_features(self, x)
        _check_more_than_one_row(self, x)


class BatchNorm2D(_BatchNorm):
    """Standardize each channel over the batch and the pixels, then scale and shift it: Ioffe and Szegedy 2015.

    In evaluation the running statistics, moving averages of those of the training batches, take the place of μ and σ².

    Equation:
        y = γ x̂ + β, x̂ = (x − μ) / √(σ² + eps)

    Shapes:
        x, y: (N, num_features, H, W); μ and σ² are taken over N, H and W
        γ (weight), β (bias), running_mean, running_var: (num_features,)        num_batches_tracked: ()

    Gradients (given dy = ∂L/∂y; mean and Σ over N, H and W):
        dx = (g − mean(g) − x̂ · mean(g · x̂)) / √(σ² + eps), g = γ dy
        dγ = Σ dy · x̂        dβ = Σ dy

    Args:
        num_features: The channels.
        eps: Keeps the division finite where a channel is constant.
        momentum: The share of a new batch in the running statistics. None: 1 / num_batches_tracked, so that they are
            the mean over all batches so far.
        affine: If False there are no γ and β.
        track_running_stats: If False, evaluation uses the batch too.
        bias: If False there is no β.

    Raises:
        ValueError: x has another shape, or in training only one pixel for each channel, which has no variance.
        TypeError: x does not hold floating-point numbers.
        RuntimeError: `backward` is called before `forward`.

    Example:
        >>> BatchNorm2D(3).forward(np.ones((2, 3, 4, 4), np.float32)).max()
        np.float32(0.0)
    """

    feature_axis = 1

    def check_input(self, x: np.ndarray) -> None:
        checks.floating_input(self, x)
        checks.input_shape(self, x, ("N", self.num_features, "H", "W"))
        _check_more_than_one_row(self, x)


def _fail_on_features(layer: BatchNorm1D, x: np.ndarray) -> None:
    features = layer.num_features
    swapped = x.ndim == 3 and x.shape[1] == features
    checks.fail(
        layer,
        f"expected x of shape (N, {features}) or (N, T, {features}), got {shape_text(x.shape)}.",
        "sequences are (N, T, D) here: put the features last with Permute(1, 0) or x.transpose(0, 2, 1)."
        if swapped
        else "",
    )


def _check_more_than_one_row(layer: _BatchNorm, x: np.ndarray) -> None:
    if layer.training and x.size // layer.num_features < 2:
        checks.fail(
            layer,
            f"expected more than one value per feature in training, got x of shape {shape_text(x.shape)}.",
            "one value has no variance: use a larger batch, leave out a last batch of one by Learner(drop_last=True), "
            "or call eval() first.",
        )

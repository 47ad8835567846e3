"""Normalization: shift and scale numbers so that they have mean 0 and variance 1.

All layers here standardize, x̂ = (x − μ) / σ, and differ in the axes over which μ and σ are taken. Each x reaches the
loss by three ways: through its own x̂, through μ and through σ. The derivative that adds them up stands once, in
`kernels/layer_norm`, for rows of numbers.
"""

from __future__ import annotations

import math

import numpy as np

from tinynet.core import Parameter, checks
from tinynet.core.checks import sequences
from tinynet.engine import layer_norm
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
        weight, bias = self._affine()
        y, x_hat, inverse_std = layer_norm.forward(self._rows(x), weight, bias, self.eps)
        self.remember(x_hat, inverse_std, weight)
        return y.reshape(x.shape)

    def backward(self, dy: np.ndarray) -> np.ndarray:
        return self._backward(dy, None)

    def forward_of_sum(self, x: np.ndarray, r: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """h = x + r, for x and r of one shape, and y = forward(h): a residual, in one pass through the memory."""
        if self._is_changed():
            h = x + r
            return h, self.forward(h)
        checks.floating_input(self, x)
        checks.input_shape(self, x, ("...", *self.normalized_shape))
        weight, bias = self._affine()
        h, y, x_hat, inverse_std = layer_norm.forward_of_sum(self._rows(x), self._rows(r), weight, bias, self.eps)
        self.remember(x_hat, inverse_std, weight)
        return h.reshape(x.shape), y.reshape(x.shape)

    def backward_of_sum(self, dy: np.ndarray, dh: np.ndarray) -> np.ndarray:
        """dh + backward(dy): ∂L/∂x and ∂L/∂r, where h went by another way too, from which dh comes."""
        return self.backward(dy) + dh if self._is_changed() else self._backward(dy, self._rows(dh))

    def _backward(self, dy: np.ndarray, more: np.ndarray | None) -> np.ndarray:
        x_hat, inverse_std, weight = self.recall()
        dx, d_weight, d_bias = layer_norm.backward(self._rows(dy), x_hat, inverse_std, weight, more)
        if self.weight is not None:
            self.weight.accumulate(d_weight.reshape(self.normalized_shape))
        if self.bias is not None:
            self.bias.accumulate(d_bias.reshape(self.normalized_shape))
        return dx.reshape(dy.shape)

    def _affine(self) -> list[np.ndarray | None]:
        return [None if p is None else p.tensor.reshape(-1) for p in (self.weight, self.bias)]

    def _is_changed(self) -> bool:
        """Whether forward or backward are other ones, as while a net is watched: then they are called."""
        ours = type(self).forward is LayerNorm.forward and type(self).backward is LayerNorm.backward
        return not ours or "forward" in vars(self) or "backward" in vars(self)

    def _rows(self, x: np.ndarray) -> np.ndarray:
        """x with all that is standardized together in the last axis."""
        if len(self.normalized_shape) == 1:
            return x
        return x.reshape(*x.shape[: x.ndim - len(self.normalized_shape)], math.prod(self.normalized_shape))


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
        weight, bias = self._for_each_pixel(math.prod(x.shape[2:]))
        y, x_hat, inverse_std = layer_norm.forward(x.reshape(len(x), self.num_groups, size), weight, bias, self.eps)
        self.remember(x_hat, inverse_std, weight)
        return y.reshape(x.shape)

    def backward(self, dy: np.ndarray) -> np.ndarray:
        x_hat, inverse_std, weight = self.recall()
        dx, d_weight, d_bias = layer_norm.backward(dy.reshape(x_hat.shape), x_hat, inverse_std, weight)
        if self.weight is not None and self.bias is not None:
            self.weight.accumulate(d_weight.reshape(self.num_channels, -1).sum(axis=1))
            self.bias.accumulate(d_bias.reshape(self.num_channels, -1).sum(axis=1))
        return dx.reshape(dy.shape)

    def _for_each_pixel(self, n_pixels: int) -> list[np.ndarray | None]:
        """γ and β of each pixel of each group, (num_groups, pixels of its channels)."""
        return [
            None if p is None else p.tensor.repeat(n_pixels).reshape(self.num_groups, -1)
            for p in (self.weight, self.bias)
        ]


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

"""Many numbers made one, and sums of all numbers so far."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from tinynet.core import checks
from tinynet.core.arrays import mean_of, norm_of, sum_of, wide
from tinynet.core.checks.vocabulary import flag, integer, word
from tinynet.net.operations.arithmetic import same
from tinynet.net.operations.operation import Operation

#: Of floating-point numbers; sums of integers and of True and False are exact.
REDUCTIONS: Mapping[str, Callable] = {"mean": mean_of, "sum": sum_of, "max": np.max, "min": np.min}


class Reduce(Operation):
    """The mean, sum, maximum, minimum, norm, or logarithm of summed exponentials, over axes.

    Equation:
        mean: y = Σ x / n, where n numbers make one        sum: y = Σ x
        max: y = the greatest x        min: y = the least x
        norm: y = √(Σ x²)        logsumexp: y = log Σ eˣ

    Gradients (given dy = ∂L/∂y):
        mean: dx = dy / n        sum: dx = dy
        max, min: dx = dy for the greatest or least, in equal shares where there are several, else 0; NaN is both
        norm: dx = dy x / y, and 0 where y = 0        logsumexp: dx = dy eˣ⁻ʸ, and 0 where all x are −∞

    Args:
        operation: "mean", "sum", "max", "min", "norm" or "logsumexp".
        axes: The axes.
        keepdims: Whether each stays, with the size 1.

    Raises:
        ValueError: There is no number of which to take the maximum, minimum or logsumexp.

    Example:
        >>> Reduce("mean", (1,)).forward(np.ones((2, 3, 4))).shape
        (2, 1, 4)
        >>> Reduce("norm", (0,)).forward(np.array([3.0, 4.0]))
        array([5.])
    """

    operation: str
    axes: tuple[int, ...]
    keepdims: bool

    def __init__(self, operation: str, axes: tuple[int, ...], keepdims: bool = True) -> None:
        known = word("mean", "sum", "max", "min", "norm", "logsumexp")
        checks.arguments(self, locals(), operation=known, axes=_axes, keepdims=flag)

    def forward(self, x: np.ndarray) -> np.ndarray:
        if self._count(x) == 0 and self.operation in ("max", "min", "logsumexp"):
            checks.fail(self, f"expected at least one number, got x of shape {checks.shape_text(x.shape)}.")
        if self.operation == "norm":
            y = norm_of(x, self.axes, keepdims=True)
            y = y.astype(x.dtype) if x.dtype.kind == "f" else y
        elif self.operation == "logsumexp":
            top = x.max(axis=self.axes, keepdims=True)
            top = np.where(np.isfinite(top), top, 0)  # so that no exponential is too large
            with np.errstate(divide="ignore"):  # log 0 = −∞ where all x are −∞
                y = top + np.log(sum_of(np.exp(x - top), self.axes, keepdims=True))
        else:
            reduce = REDUCTIONS[self.operation] if x.dtype.kind == "f" else getattr(np, self.operation)
            y = reduce(x, self.axes, keepdims=True)
        self.remember(x=x, y=y)
        return y if self.keepdims else np.squeeze(y, self.axes)

    def backward(self, dy: np.ndarray) -> np.ndarray:
        x, y = self.recall()
        dy = dy.reshape(y.shape)
        if self.operation == "norm":
            return dy * (x / np.where(y == 0, 1, y))
        if self.operation == "logsumexp":
            return dy * np.exp(x - np.where(np.isneginf(y), 0, y))
        if self.operation in ("max", "min"):
            share = same(x, y)
            return np.where(share, dy / share.sum(axis=self.axes, keepdims=True), 0).astype(dy.dtype)
        n = max(1, self._count(x)) if self.operation == "mean" else 1
        return np.broadcast_to(dy / n, x.shape).astype(dy.dtype)

    def _count(self, x: np.ndarray) -> int:
        """How many numbers make one."""
        return math.prod(x.shape[axis] for axis in self.axes)


class CumulativeSum(Operation):
    """The sum of all numbers so far along an axis.

    Equation:
        y[t] = x[0] + x[1] + … + x[t]

    Gradients (given dy = ∂L/∂y):
        dx[t] = dy[t] + dy[t+1] + …, since x[t] is part of every later sum

    Args:
        axis: The axis.

    Example:
        >>> CumulativeSum(0).forward(np.array([1.0, 2.0, 3.0]))
        array([1., 3., 6.])
    """

    axis: int

    def __init__(self, axis: int) -> None:
        checks.arguments(self, locals(), axis=integer)

    def forward(self, x: np.ndarray) -> np.ndarray:
        self.remember()
        return _sums_so_far(x, self.axis)

    def backward(self, dy: np.ndarray) -> np.ndarray:
        self.recall()
        return np.flip(_sums_so_far(np.flip(dy, self.axis), self.axis), self.axis)


def _sums_so_far(x: np.ndarray, axis: int) -> np.ndarray:
    """Added up in float64 at least, for the last of many float32 numbers would hardly change a float32 sum."""
    return np.cumsum(x, axis=axis, dtype=wide(x)).astype(x.dtype) if x.dtype.kind == "f" else np.cumsum(x, axis=axis)


def _axes(who: str, name: str, value: Any, others: Mapping[str, Any]) -> tuple[int, ...]:
    """A tuple of integers."""
    if not isinstance(value, (tuple, list)):
        checks.fail(who, f"{name} must be a tuple of integers, got {value!r}.", kind=TypeError)
    return tuple(checks.integer(who, f"{name}[{index}]", axis) for index, axis in enumerate(value))

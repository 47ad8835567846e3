"""Single operations as modules: what a stack needs where PyTorch has functions."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn


def joined(tensors: Any, dim: int) -> torch.Tensor:
    """Tensors side by side; in the other axes, one of size 1 is repeated."""
    moved = [x.movedim(dim, -1) for x in tensors]
    others = torch.broadcast_shapes(*(x.shape[:-1] for x in moved))
    return torch.cat([x.expand(*others, -1) for x in moved], dim=-1).movedim(-1, dim)


def sizes_for(sizes: tuple, x: torch.Tensor) -> list[int]:
    """A shape in which "x0" stands for the size of axis 0 of x, and so on."""
    return [x.shape[int(size[1:])] if isinstance(size, str) else size for size in sizes]


class Combine(nn.Module):
    """The sum, difference, product, quotient, maximum or minimum of two tensors."""

    def __init__(self, operation: str) -> None:
        super().__init__()
        self.operation = operation

    def forward(self, a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        return getattr(torch, self.operation)(a, b)


class MatMul(nn.Module):
    """The product of two matrices, or of stacks of them."""

    def forward(self, a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        return a @ b


class Choose(nn.Module):
    """Each number from one tensor where the condition holds, else from the other."""

    def forward(self, condition: torch.Tensor, a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        return torch.where(condition.bool(), a, b)


class Compare(nn.Module):
    """1 where a comparison holds, else 0."""

    def __init__(self, comparison: str) -> None:
        super().__init__()
        self.comparison = comparison

    def forward(self, a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        holds = a == b if self.comparison == "equal" else getattr(torch, self.comparison)(a, b)
        return holds.to(a.dtype if a.is_floating_point() else torch.float32)


class Einsum(nn.Module):
    """A sum of products over named axes."""

    def __init__(self, equation: str) -> None:
        super().__init__()
        self.equation = equation

    def forward(self, *tensors: torch.Tensor) -> torch.Tensor:
        return torch.einsum(self.equation, *tensors)


class CumulativeSum(nn.Module):
    """The sum of all numbers so far along an axis."""

    def __init__(self, axis: int) -> None:
        super().__init__()
        self.axis = axis

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.cumsum(self.axis)


class Elementwise(nn.Module):
    """A function of each number by itself."""

    def __init__(self, function: str) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return getattr(torch, self.function)(x)


class Power(nn.Module):
    """Each number to a fixed power."""

    def __init__(self, exponent: float) -> None:
        super().__init__()
        self.exponent = exponent

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x**self.exponent


class Clip(nn.Module):
    """Numbers brought into a range, without a gradient at its ends."""

    def __init__(self, low: float | None = None, high: float | None = None) -> None:
        super().__init__()
        self.low, self.high = low, high

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        low = float("-inf") if self.low is None else self.low
        high = float("inf") if self.high is None else self.high
        return nn.functional.hardtanh(x, min(low, high), high)


class Reduce(nn.Module):
    """The mean, sum, maximum, minimum, length, or logarithm of summed exponentials, over axes."""

    def __init__(self, operation: str, axes: tuple[int, ...], keepdims: bool = True) -> None:
        super().__init__()
        self.operation, self.axes, self.keepdims = operation, axes, keepdims

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if not self.axes:
            return x.abs() if self.operation == "norm" else x  # PyTorch would take all axes
        if self.operation == "norm":
            return torch.linalg.vector_norm(x, dim=self.axes, keepdim=self.keepdims)
        reduce = {"max": x.amax, "min": x.amin}.get(self.operation) or getattr(x, self.operation)
        return reduce(dim=self.axes, keepdim=self.keepdims)


class Transpose(nn.Module):
    """The axes in another order, the batch axis included."""

    def __init__(self, *axes: int) -> None:
        super().__init__()
        self.axes = axes

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.permute(self.axes)


class View(nn.Module):
    """The same numbers in another shape: "x0" is the size of axis 0 of x, and -1 what is left."""

    def __init__(self, *sizes: int | str) -> None:
        super().__init__()
        self.sizes = sizes

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.reshape(sizes_for(self.sizes, x))


class Expand(nn.Module):
    """A tensor repeated along axes of size 1, and along new ones before the first; -1 keeps a size."""

    def __init__(self, *sizes: int | str) -> None:
        super().__init__()
        self.sizes = sizes

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.expand(sizes_for(self.sizes, x))


class Repeat(nn.Module):
    """One row, as often as another tensor has rows."""

    def forward(self, x: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
        return x.expand(other.shape[0], *x.shape[1:])


class Part(nn.Module):
    """Every step-th number of one axis, from start to stop, as in x[start:stop:step]."""

    def __init__(self, axis: int, start: int | None = None, stop: int | None = None, step: int = 1) -> None:
        super().__init__()
        self.axis, self.start, self.stop, self.step = axis, start, stop, step

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        start, stop = self.start, self.stop
        if self.step < 0:  # PyTorch counts forwards only; place i is place ~i from the other end
            x = x.flip(self.axis)
            start, stop = (None if place is None else ~place for place in (start, stop))
        return x[(slice(None),) * self.axis + (slice(start, stop, abs(self.step)),)]


class Take(nn.Module):
    """The numbers at given places of one axis."""

    def __init__(self, axis: int) -> None:
        super().__init__()
        self.axis = axis

    def forward(self, x: torch.Tensor, index: torch.Tensor) -> torch.Tensor:
        return x[(slice(None),) * self.axis + (index.long(),)]


class Join(nn.Module):
    """Several tensors side by side along one axis; in other axes, one of size 1 is repeated."""

    def __init__(self, axis: int) -> None:
        super().__init__()
        self.axis = axis

    def forward(self, *tensors: torch.Tensor) -> torch.Tensor:
        return joined(tensors, self.axis)

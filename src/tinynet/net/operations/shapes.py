"""The same numbers in another shape or order, parts of them, and several arrays side by side."""

from __future__ import annotations

from itertools import accumulate
from typing import Any

import numpy as np

from tinynet.core import checks
from tinynet.core.arrays import sum_of
from tinynet.core.checks.vocabulary import at_least, integer, optional
from tinynet.layers import Layer
from tinynet.net.operations.arithmetic import summed_to


class Transpose(Layer):
    """Put the axes into another order, the batch axis included.

    Equation:
        y[i₀, i₁, …] = x[j₀, j₁, …], where j[axes[k]] = i[k]

    Gradients (given dy = ∂L/∂y):
        dx = dy with the axes put back

    Args:
        *axes: For each axis of y, which axis of x it is.

    Raises:
        ValueError: An axis is missing or named twice.

    Example:
        >>> Transpose(1, 0, 2).forward(np.ones((2, 3, 4))).shape
        (3, 2, 4)
    """

    def __init__(self, *axes: int) -> None:
        self.axes = tuple(checks.integer("Transpose", f"axes[{index}]", axis) for index, axis in enumerate(axes))
        if sorted(self.axes) != list(range(len(self.axes))):
            checks.fail("Transpose", f"expected each axis from 0 to {len(axes) - 1} once, got {axes!r}.")

    def forward(self, x: np.ndarray) -> np.ndarray:
        self.remember()
        return x.transpose(self.axes)

    def backward(self, dy: np.ndarray) -> np.ndarray:
        self.recall()
        return dy.transpose(np.argsort(self.axes))

    def __repr__(self) -> str:
        return f"Transpose({', '.join(map(str, self.axes))})"


class View(Layer):
    """The same numbers in another shape, the batch axis included.

    Equation:
        y = the numbers of x, read along the last axis first, in another shape

    Gradients (given dy = ∂L/∂y):
        dx = dy in the shape of x

    Args:
        *sizes: The new shape: a number; "x0" for the size of axis 0 of x, and so on; or once -1 for what is left.

    Raises:
        ValueError: A size is below -1, or the numbers do not fit.
        TypeError: A size is neither a number nor such a name.

    Example:
        >>> View("x0", 2, -1).forward(np.ones((5, 8))).shape
        (5, 2, 4)
    """

    def __init__(self, *sizes: int | str) -> None:
        self.sizes = _sizes("View", sizes)

    def forward(self, x: np.ndarray) -> np.ndarray:
        self.remember(shape=x.shape)
        return x.reshape(_for(self.sizes, x))

    def backward(self, dy: np.ndarray) -> np.ndarray:
        (shape,) = self.recall()
        return dy.reshape(shape)

    def __repr__(self) -> str:
        return f"View({', '.join(map(repr, self.sizes))})"


class Expand(Layer):
    """Repeat an array along axes of size 1, and along new ones before the first.

    Equation:
        y = x, repeated

    Gradients (given dy = ∂L/∂y):
        dx = dy summed over the repetitions

    Args:
        *sizes: The new shape, as for `View`; -1 keeps a size.

    Raises:
        ValueError: A size is below -1, or the shape of x does not fit.
        TypeError: A size is neither a number nor such a name.

    Example:
        >>> Expand(4, 3).forward(np.ones(3)).shape
        (4, 3)
    """

    def __init__(self, *sizes: int | str) -> None:
        self.sizes = _sizes("Expand", sizes)

    def forward(self, x: np.ndarray) -> np.ndarray:
        self.remember(shape=x.shape)
        sizes = _for(self.sizes, x)
        more = len(sizes) - x.ndim
        return np.broadcast_to(x, [x.shape[i - more] if n == -1 else n for i, n in enumerate(sizes)]).copy()

    def backward(self, dy: np.ndarray) -> np.ndarray:
        (shape,) = self.recall()
        return summed_to(dy, shape)

    def __repr__(self) -> str:
        return f"Expand({', '.join(map(repr, self.sizes))})"


class Repeat(Layer):
    """One row for each sample: an array whose first axis has the size 1, as often as another array has rows.

    Equation:
        y[n] = x[0], for each row n of other

    Gradients (given dy = ∂L/∂y):
        dx = Σ dy over n; other has none

    Raises:
        ValueError: The first axis of x has another size than 1.

    Example:
        >>> Repeat().forward(np.ones((1, 3)), np.zeros((5, 4))).shape
        (5, 3)
    """

    def forward(self, x: np.ndarray, other: np.ndarray) -> np.ndarray:
        if x.shape[:1] != (1,):
            checks.fail(self, f"expected one row, got x of shape {checks.shape_text(x.shape)}.")
        self.remember(other=other)
        return np.repeat(x, len(other), axis=0)

    def backward(self, dy: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        (other,) = self.recall()
        return sum_of(dy, 0, keepdims=True), np.zeros_like(other, dtype=dy.dtype)


class Part(Layer):
    """Every step-th number of one axis, from start to stop, as in x[start:stop:step].

    Equation:
        y[i] = x[start + i · step] along the axis

    Gradients (given dy = ∂L/∂y):
        dx = dy at the places that were taken, else 0

    Args:
        axis: The axis.
        start: The first place; from the end if negative.
        stop: The place after the last; None for all.
        step: The distance from one to the next, not 0.

    Raises:
        ValueError: step is 0.

    Example:
        >>> Part(1, 0, 2).forward(np.ones((4, 5))).shape
        (4, 2)
    """

    axis: int
    start: int | None
    stop: int | None
    stride: int

    def __init__(self, axis: int, start: int | None = None, stop: int | None = None, step: int = 1) -> None:
        checks.arguments(
            self, locals(), axis=at_least(0), start=optional(integer), stop=optional(integer), step=integer
        )
        self.stride = vars(self).pop("step")  # `step` is a method of every layer
        if step == 0:
            checks.fail("Part", "step must not be 0.")

    def forward(self, x: np.ndarray) -> np.ndarray:
        self.remember(x=x)
        return x[self._place()]

    def backward(self, dy: np.ndarray) -> np.ndarray:
        (x,) = self.recall()
        dx = np.zeros_like(x, dtype=dy.dtype)
        dx[self._place()] = dy
        return dx

    def _place(self) -> tuple[slice, ...]:
        return (*[slice(None)] * self.axis, slice(self.start, self.stop, self.stride))


class Take(Layer):
    """The numbers at given places of one axis, in any order and as often as they are named.

    Equation:
        y[…, i, …] = x[…, index[i], …]

    Gradients (given dy = ∂L/∂y):
        dx[…, j, …] = Σ dy[…, i, …] over all i with index[i] = j; the index has none

    Args:
        axis: The axis of x, at least 0; the axes of the index take its place.

    Raises:
        IndexError: There is no such place.
        TypeError: The index is not of integers.

    Example:
        >>> Take(1).forward(np.array([[1.0, 2.0, 3.0]]), np.array([2, 0, 2]))
        array([[3., 1., 3.]])
    """

    axis: int

    def __init__(self, axis: int) -> None:
        checks.arguments(self, locals(), axis=at_least(0))

    def forward(self, x: np.ndarray, index: np.ndarray) -> np.ndarray:
        if index.dtype.kind not in "iu":
            checks.fail(self, f"expected an index of integers, got {index.dtype}.", kind=TypeError)
        self.remember(shape=x.shape, index=index)
        return np.take(x, index, axis=self.axis)

    def backward(self, dy: np.ndarray) -> tuple[np.ndarray, None]:
        shape, index = self.recall()
        dx = np.zeros_like(dy, shape=shape)
        np.add.at(dx, (*[slice(None)] * self.axis, index), dy)
        return dx, None


class Join(Layer):
    """Several arrays side by side along one axis; in other axes, one of size 1 is repeated.

    Equation:
        y = [x₀, x₁, …]

    Gradients (given dy = ∂L/∂y):
        dxᵢ = the part of dy that came from xᵢ, summed over the axes along which xᵢ was repeated

    Args:
        axis: The axis.

    Raises:
        ValueError: The arrays differ in another axis.

    Example:
        >>> Join(1).forward(np.ones((4, 2)), np.ones((4, 3))).shape
        (4, 5)
    """

    axis: int

    def __init__(self, axis: int) -> None:
        checks.arguments(self, locals(), axis=integer)

    def forward(self, *inputs: np.ndarray) -> np.ndarray:
        axis, sizes = self.axis % inputs[0].ndim, [x.shape[self.axis] for x in inputs]
        self.remember(ends=list(accumulate(sizes)), shapes=[x.shape for x in inputs])
        others = np.broadcast_shapes(*[(*x.shape[:axis], 1, *x.shape[axis + 1 :]) for x in inputs])
        rows = [
            np.broadcast_to(x, (*others[:axis], n, *others[axis + 1 :])) for x, n in zip(inputs, sizes, strict=True)
        ]
        return np.concatenate(rows, axis=axis)

    def backward(self, dy: np.ndarray) -> Any:
        ends, shapes = self.recall()
        parts = np.split(dy, ends[:-1], axis=self.axis)
        dx = [summed_to(part, shape) for part, shape in zip(parts, shapes, strict=True)]
        return dx[0] if len(dx) == 1 else tuple(dx)


def _sizes(who: str, sizes: tuple) -> tuple[int | str, ...]:
    """Check the sizes of a new shape."""
    for index, size in enumerate(sizes):
        if not (isinstance(size, str) and size[:1] == "x" and size[1:].isdigit()):
            checks.integer(who, f"sizes[{index}]", size, minimum=-1)
    return sizes


def _for(sizes: tuple[int | str, ...], x: np.ndarray) -> list[int]:
    """The new shape of x."""
    return [x.shape[int(size[1:])] if isinstance(size, str) else size for size in sizes]

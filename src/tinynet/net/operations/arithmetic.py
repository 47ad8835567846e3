"""Arithmetic: sums, products, functions of each number, and sums over axes."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from tinynet.core import checks
from tinynet.core.arrays import sum_of
from tinynet.core.checks.vocabulary import flag, number, word
from tinynet.layers import Layer


class Combine(Layer):
    """Add, subtract, multiply or divide two arrays, of which the smaller is repeated as NumPy does.

    Equation:
        y = a ∘ b, where ∘ is one of +, −, · and /

    Gradients (given dy = ∂L/∂y, each summed over the axes along which an array was repeated):
        add: da = dy, db = dy        subtract: da = dy, db = −dy
        multiply: da = dy b, db = dy a        divide: da = dy / b, db = −dy y / b

    Args:
        operation: "add", "subtract", "multiply" or "divide".

    Raises:
        ValueError: The shapes do not fit.

    Example:
        >>> Combine("add").forward(np.ones((2, 3)), np.ones(3)).shape
        (2, 3)
    """

    operation: str

    def __init__(self, operation: str) -> None:
        checks.arguments(self, locals(), operation=word("add", "subtract", "multiply", "divide"))

    def forward(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        y = getattr(np, self.operation)(a, b)
        self.remember(a=a, b=b, y=y)
        return y

    def backward(self, dy: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        a, b, y = self.recall()
        da, db = {
            "add": lambda: (dy, dy),
            "subtract": lambda: (dy, -dy),
            "multiply": lambda: (dy * b, dy * a),
            "divide": lambda: (dy / b, -dy * y / b),
        }[self.operation]()
        return summed_to(da, np.shape(a)), summed_to(db, np.shape(b))


class MatMul(Layer):
    """The product of two matrices, or of stacks of them.

    Equation:
        y = a b

    Shapes:
        a: (..., n, k)        b: (..., k, m)        y: (..., n, m)

    Gradients (given dy = ∂L/∂y, each summed over the axes along which an array was repeated):
        da = dy bᵀ        db = aᵀ dy

    Raises:
        ValueError: The shapes do not fit, or an array has less than two axes.

    Example:
        >>> MatMul().forward(np.ones((5, 2, 3)), np.ones((3, 4))).shape
        (5, 2, 4)
    """

    def forward(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        if min(np.ndim(a), np.ndim(b)) < 2:
            shapes = f"{checks.shape_text(np.shape(a))} and {checks.shape_text(np.shape(b))}"
            checks.fail(self, f"expected two arrays with at least two axes, got {shapes}.")
        self.remember(a=a, b=b)
        return a @ b

    def backward(self, dy: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        a, b = self.recall()
        return summed_to(dy @ b.swapaxes(-1, -2), a.shape), summed_to(a.swapaxes(-1, -2) @ dy, b.shape)

    def multiply_adds(self, x: Any, y: np.ndarray) -> int:
        return y.size * x[0].shape[-1]


class Choose(Layer):
    """Take each number from one array or from another.

    Equation:
        y = a where the condition holds, else b

    Gradients (given dy = ∂L/∂y, each summed over the axes along which an array was repeated):
        da = dy where the condition holds, else 0        db = dy where it does not, else 0

    Raises:
        ValueError: The shapes do not fit.

    Example:
        >>> Choose().forward(np.array([True, False]), np.ones(2), np.zeros(2))
        array([1., 0.])
    """

    def forward(self, condition: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        self.remember(condition=condition, shapes=(np.shape(a), np.shape(b)))
        return np.where(condition, a, b)

    def backward(self, dy: np.ndarray) -> tuple[None, np.ndarray, np.ndarray]:
        condition, (of_a, of_b) = self.recall()
        return None, summed_to(np.where(condition, dy, 0), of_a), summed_to(np.where(condition, 0, dy), of_b)


FUNCTIONS: Mapping[str, tuple[Callable, Callable]] = {  # f(x), and f′ as a function of x and y
    "abs": (np.abs, lambda x, y: np.sign(x)),
    "cos": (np.cos, lambda x, y: -np.sin(x)),
    "erf": (lambda x: _erf(x), lambda x, y: (2 / math.sqrt(math.pi)) * np.exp(-(x**2))),
    "exp": (np.exp, lambda x, y: y),
    "log": (np.log, lambda x, y: 1 / x),
    "negative": (np.negative, lambda x, y: -np.ones_like(x)),
    "reciprocal": (lambda x: 1 / x, lambda x, y: -(y**2)),
    "sin": (np.sin, lambda x, y: np.cos(x)),
    "sqrt": (np.sqrt, lambda x, y: 0.5 / y),
}


class Elementwise(Layer):
    """A function of each number by itself.

    Equation:
        y = f(x)

    Gradients (given dy = ∂L/∂y):
        dx = dy f′(x)

    Args:
        function: "abs", "cos", "erf", "exp", "log", "negative", "reciprocal", "sin" or "sqrt".

    Example:
        >>> Elementwise("sqrt").forward(np.array([4.0, 9.0]))
        array([2., 3.])
    """

    function: str

    def __init__(self, function: str) -> None:
        checks.arguments(self, locals(), function=word(*FUNCTIONS))

    def forward(self, x: np.ndarray) -> np.ndarray:
        y = FUNCTIONS[self.function][0](x)
        self.remember(x=x, y=y)
        return y

    def backward(self, dy: np.ndarray) -> np.ndarray:
        x, y = self.recall()
        return dy * FUNCTIONS[self.function][1](x, y)


class Power(Layer):
    """Each number to a fixed power.

    Equation:
        y = xᵖ

    Gradients (given dy = ∂L/∂y):
        dx = dy p xᵖ⁻¹

    Args:
        exponent: p.

    Example:
        >>> Power(2.0).forward(np.array([3.0]))
        array([9.])
    """

    exponent: float

    def __init__(self, exponent: float) -> None:
        checks.arguments(self, locals(), exponent=number())

    def forward(self, x: np.ndarray) -> np.ndarray:
        checks.floating_input(self, x)
        self.remember(x=x)
        return x**self.exponent

    def backward(self, dy: np.ndarray) -> np.ndarray:
        (x,) = self.recall()
        return dy * self.exponent * x ** (self.exponent - 1)


class Clip(Layer):
    """Bring numbers into a range that may be open to one side; with two bounds it is `Hardtanh`.

    Equation:
        y = min(max(x, low), high)

    Gradients (given dy = ∂L/∂y):
        dx = dy where low < x < high, else 0

    Args:
        low: The least number that comes out.
        high: The greatest.

    Example:
        >>> Clip(low=0.5).forward(np.array([-1.0, 2.0, 9.0]))
        array([0.5, 2. , 9. ])
    """

    low: float
    high: float

    def __init__(self, low: float = -3.4e38, high: float = 3.4e38) -> None:
        checks.arguments(self, locals(), low=number(), high=number())

    def forward(self, x: np.ndarray) -> np.ndarray:
        self.remember(x=x)
        return np.clip(x, self.low, self.high)

    def backward(self, dy: np.ndarray) -> np.ndarray:
        (x,) = self.recall()
        return np.where((x > self.low) & (x < self.high), dy, 0)


class Reduce(Layer):
    """The mean, sum or maximum over axes.

    Equation:
        y = mean, sum or maximum of x over the axes

    Gradients (given dy = ∂L/∂y):
        mean: dx = dy / n, where n numbers make one        sum: dx = dy
        max: dx = dy for the greatest, in equal shares where there are several, else 0

    Args:
        operation: "mean", "sum" or "max".
        axes: The axes.
        keepdims: Whether each stays, with the size 1.

    Example:
        >>> Reduce("mean", (1,)).forward(np.ones((2, 3, 4))).shape
        (2, 1, 4)
    """

    operation: str
    axes: tuple[int, ...]
    keepdims: bool

    def __init__(self, operation: str, axes: tuple[int, ...], keepdims: bool = True) -> None:
        checks.arguments(self, locals(), operation=word("mean", "sum", "max"), axes=_axes, keepdims=flag)

    def forward(self, x: np.ndarray) -> np.ndarray:
        if 0 in x.shape and self.operation == "max":
            checks.fail(self, f"expected at least one number, got x of shape {checks.shape_text(x.shape)}.")
        y = getattr(np, self.operation)(x, axis=self.axes, keepdims=True)
        self.remember(x=x, y=y)
        return y if self.keepdims else np.squeeze(y, self.axes)

    def backward(self, dy: np.ndarray) -> np.ndarray:
        x, y = self.recall()
        dy = dy.reshape(y.shape)
        if self.operation == "max":
            share = x == y
            return np.where(share, dy / share.sum(axis=self.axes, keepdims=True), 0).astype(dy.dtype)
        n = x.size // y.size if self.operation == "mean" else 1
        return np.broadcast_to(dy / n, x.shape).astype(dy.dtype)


def summed_to(gradient: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """A gradient summed over the axes along which an array of this shape was repeated.

    Example:
        >>> summed_to(np.ones((2, 3)), (1, 3))
        array([[2., 2., 2.]])
    """
    more = gradient.ndim - len(shape)
    repeated = tuple(axis + more for axis, size in enumerate(shape) if size == 1 and gradient.shape[axis + more] > 1)
    if more or repeated:
        gradient = sum_of(gradient, (*range(more), *repeated), keepdims=True)
    return gradient.reshape(shape)


def _erf(x: np.ndarray) -> np.ndarray:
    from scipy.special import erf  # imported here, because SciPy takes longer to load than NumPy

    return erf(x)


def _axes(who: str, name: str, value: Any, others: Mapping[str, Any]) -> tuple[int, ...]:
    """A tuple of integers."""
    if not isinstance(value, (tuple, list)):
        checks.fail(who, f"{name} must be a tuple of integers, got {value!r}.", kind=TypeError)
    return tuple(checks.integer(who, f"{name}[{index}]", axis) for index, axis in enumerate(value))

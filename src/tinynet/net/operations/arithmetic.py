"""Arithmetic with two arrays: sums, products, comparisons, and a choice between them."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet.core import checks
from tinynet.core.arrays import sum_of
from tinynet.core.checks.vocabulary import string, word
from tinynet.layers import Layer


class Combine(Layer):
    """Add, subtract, multiply, divide or compare two arrays, of which the smaller is repeated as NumPy does.

    Equation:
        y = a ∘ b, where ∘ is one of +, −, · and /, or y = max(a, b), or y = min(a, b)

    Gradients (given dy = ∂L/∂y, each summed over the axes along which an array was repeated):
        add: da = dy, db = dy        subtract: da = dy, db = −dy
        multiply: da = dy b, db = dy a        divide: da = dy / b, db = −dy y / b
        maximum, minimum: dy goes to the one that was taken, and half of it to each where they are equal

    Args:
        operation: "add", "subtract", "multiply", "divide", "maximum" or "minimum".

    Raises:
        ValueError: The shapes do not fit.

    Example:
        >>> Combine("add").forward(np.ones((2, 3)), np.ones(3)).shape
        (2, 3)
        >>> Combine("maximum").forward(np.array([1.0, 5.0]), np.array([2.0, 3.0]))
        array([2., 5.])
    """

    operation: str

    def __init__(self, operation: str) -> None:
        known = word("add", "subtract", "multiply", "divide", "maximum", "minimum")
        checks.arguments(self, locals(), operation=known)

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
            "maximum": lambda: (_taken(dy, a > b, a == b), _taken(dy, b > a, a == b)),
            "minimum": lambda: (_taken(dy, a < b, a == b), _taken(dy, b < a, a == b)),
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


class Compare(Layer):
    """Compare two arrays number by number, of which the smaller is repeated as NumPy does.

    Equation:
        y = 1 where a ∘ b holds, else 0, where ∘ is one of =, >, ≥, < and ≤

    Gradients (given dy = ∂L/∂y):
        da = 0, db = 0: a small change of a or b changes no answer

    Args:
        comparison: "equal", "greater", "greater_equal", "less" or "less_equal".

    Raises:
        ValueError: The shapes do not fit.

    Example:
        >>> Compare("greater").forward(np.array([1.0, 5.0]), np.array(3.0))
        array([0., 1.])
    """

    comparison: str

    def __init__(self, comparison: str) -> None:
        known = word("equal", "greater", "greater_equal", "less", "less_equal")
        checks.arguments(self, locals(), comparison=known)

    def forward(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        self.remember(a=a, b=b)
        return getattr(np, self.comparison)(a, b).astype(a.dtype if a.dtype.kind == "f" else np.float32)

    def backward(self, dy: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        a, b = self.recall()
        return np.zeros_like(a, dtype=dy.dtype), np.zeros_like(b, dtype=dy.dtype)


class Einsum(Layer):
    """A sum of products over named axes, as in np.einsum.

    Equation:
        y[the axes after ->] = Σ over all other axes of the product of the arrays

    Gradients (given dy = ∂L/∂y):
        dxᵢ = Σ over the axes that xᵢ has not, of dy times the product of the other arrays

    Args:
        equation: The axes of each array and, after ->, of the result, one letter an axis.

    Raises:
        ValueError: It is not such an equation, an array has the same axis twice, or the shapes do not fit.

    Example:
        >>> Einsum("nij,njk->nik").forward(np.ones((5, 2, 3)), np.ones((5, 3, 4))).shape
        (5, 2, 4)
    """

    equation: str

    def __init__(self, equation: str) -> None:
        checks.arguments(self, locals(), equation=string)
        self.equation = equation.replace(" ", "")
        given, _, result = self.equation.partition("->")
        parts = [*given.split(","), result]
        if "->" not in self.equation or not all(part.isalpha() or part == "" for part in parts):
            checks.fail("Einsum", f"expected an equation of letters, got {equation!r}.", 'write "nij,njk->nik".')
        if any(len(set(part)) < len(part) for part in parts) or not set(result) <= set(given):
            hint = "name each axis of an array once, and after -> only axes that an array has."
            checks.fail("Einsum", f"expected different axes in each array, got {equation!r}.", hint)

    def forward(self, *inputs: np.ndarray) -> np.ndarray:
        self.remember(inputs=inputs)
        return np.asarray(np.einsum(self.equation, *inputs))

    def backward(self, dy: np.ndarray) -> Any:
        (inputs,) = self.recall()
        given, _, result = self.equation.partition("->")
        axes = given.split(",")
        dx = []
        for i, x in enumerate(inputs):
            others, of_others = [*inputs[:i], *inputs[i + 1 :]], [*axes[:i], *axes[i + 1 :]]
            there = "".join(axis for axis in axes[i] if axis in "".join([result, *of_others]))
            part = np.einsum(f"{','.join([result, *of_others])}->{there}", dy, *others)
            # An axis that x alone has was summed: each place along it gets the same.
            shape = [size if axis in there else 1 for axis, size in zip(axes[i], x.shape, strict=True)]
            dx.append(np.broadcast_to(part.reshape(shape), x.shape))
        return dx[0] if len(dx) == 1 else tuple(dx)


def summed_to(gradient: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """A gradient summed over the axes along which an array of this shape was repeated.

    Example:
        >>> summed_to(np.ones((2, 3)), (1, 3))
        array([[2., 2., 2.]])
    """
    more = gradient.ndim - len(shape)
    repeated = tuple(axis + more for axis, size in enumerate(shape) if size != gradient.shape[axis + more])
    if more or repeated:
        gradient = sum_of(gradient, (*range(more), *repeated), keepdims=True)
    return gradient.reshape(shape)


def _taken(dy: np.ndarray, taken: np.ndarray, equal: np.ndarray) -> np.ndarray:
    """The gradient of an array of which some numbers were taken."""
    return np.where(equal, dy / 2, np.where(taken, dy, 0))

"""Which numbers of a result are born: not finite, although the numbers that they were computed from are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

FROM_FINITE, FROM_INFINITE, FROM_CONSTANT = 1, 2, 3  #: How a number is born; the later ways may be meant, as in masks.


def ways_of_birth(
    operation: Any, method: str, operands: Sequence[Any], is_constant: Sequence[bool], result: Any, **options: Any
) -> Any:
    """How each number of a result was born, 0 where it was not: an array like the result, or None if none was.

    A NaN is also born where operands are infinite and none is NaN, as in ∞ − ∞. A constant is an operand from outside,
    such as the −∞ of a mask; a number that only a constant has made is born from it.

    Args:
        operation: The function of NumPy.
        method: "__call__", "reduce" and so on for a ufunc, and "" for any other function.
        operands: Its inputs, plain arrays and numbers.
        is_constant: Which of them are constants.
        result: What came out, an array.
        options: Keyword arguments of the call.

    Example:
        >>> ways_of_birth(np.log, "__call__", [np.array([1.0, 0.0])], [False], np.array([0.0, -np.inf]))
        array([0, 1], dtype=int8)
    """
    if result.dtype.kind not in "fc":
        return None
    bad = ~np.isfinite(result)
    if not bad.any():
        return None
    reach = _reach(operation, method, options)
    marks, is_known = reach([_marks(x, _is_bad) for x in operands]), [not each for each in is_constant]
    known_bad, constant_bad = _joined(marks, is_known, bad.shape), _joined(marks, is_constant, bad.shape)
    was_nan = _joined(reach([_marks(x, np.isnan) for x in operands]), [True] * len(operands), bad.shape)
    ways = np.zeros(bad.shape, np.int8)
    ways[bad & ~known_bad] = FROM_FINITE
    ways[bad & ~known_bad & constant_bad] = FROM_CONSTANT
    ways[np.isnan(result) & ~was_nan & (known_bad | constant_bad)] = FROM_INFINITE
    return ways if ways.any() else None


def _is_bad(x: np.ndarray) -> np.ndarray:
    return ~np.isfinite(x)


def _reach(operation: Any, method: str, options: dict[str, Any]) -> Callable[[list[np.ndarray]], list[Any]]:
    """From what is marked in the operands to which numbers of the result each of them reaches."""
    if method == "reduce":
        axis, keepdims = options.get("axis", 0), options.get("keepdims", False)
        return lambda marks: [np.logical_or.reduce(marks[0], axis=axis, keepdims=keepdims)]
    if operation is np.matmul:
        return _through_a_product
    if operation is np.where or (method == "__call__" and operation.signature is None):
        return lambda marks: marks
    return lambda marks: [mark.any() for mark in marks]  # any number of an operand may be in any of the result


def _through_a_product(marks: list[Any]) -> list[Any]:
    left, right = marks
    if left.ndim < 2 or right.ndim < 2:
        return [left.any(), right.any()]
    return [left.any(axis=-1)[..., :, np.newaxis], right.any(axis=-2)[..., np.newaxis, :]]


def _marks(operand: Any, is_what: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    x = np.asarray(operand)
    return is_what(x) if x.dtype.kind in "fc" else np.zeros(x.shape, bool)


def _joined(marks: list[Any], chosen: Sequence[bool], shape: tuple[int, ...]) -> np.ndarray:
    found = np.zeros(shape, bool)
    for mark, is_chosen in zip(marks, chosen, strict=False):
        if is_chosen:
            found |= mark
    return found

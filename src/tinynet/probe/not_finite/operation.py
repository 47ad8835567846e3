"""An operation that gave a NaN or an infinity, in words: "log of -0.3 = nan"."""

from __future__ import annotations

import linecache
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

WORDS = {
    "log": "log of {}",
    "sqrt": "square root of {}",
    "exp": "exp of {}",
    "square": "square of {}",
    "reciprocal": "1 / {}",
    "divide": "{} / {}",
    "multiply": "{} · {}",
    "add": "{} + {}",
    "subtract": "{} - ({})",
    "power": "{} to the power of {}",
}
MIN_LARGE_OPERAND = 1e6  #: An infinity that comes of smaller numbers comes of a division or a logarithm, say.
# No reader wants to be sent there: it is where the arrays are watched, and the inside of NumPy.
HIDDEN = (str(Path(__file__).parent), str(Path(np.__file__).parent))


@dataclass(frozen=True)
class Operation:
    """One operation, its operands and where it stands in the code.

    Attributes:
        name: The name of the function in NumPy; "astype" for a change of type, "setitem" for a value written into an
            array.
        operands: The numbers that went in; of a sum or a product of matrices, the largest.
        result: What came out, NaN or an infinity.
        text: The operation in words, with its numbers.
        dtype: The type of the result.
        file: The file in which it stands; empty if it is not known.
        line: The number of the line.
        code: That line.

    Example:
        >>> describe(np.log, "__call__", [np.array([2.0, -0.3])], np.array([0.69, np.nan]), (1,)).text
        'log of -0.3 = nan'
    """

    name: str
    operands: tuple[float, ...]
    result: float
    text: str
    dtype: str
    file: str = ""
    line: int = 0
    code: str = ""
    place: tuple[int, ...] = ()  #: Of the number in the result, or of the largest term in the operand.
    shape: tuple[int, ...] = ()  #: That of the array in which the place is counted.

    @property
    def overflows(self) -> bool:
        """Whether the numbers that went in were finite, and what came out is too large for its type."""
        sizes = np.abs(self.operands)
        return bool(np.isinf(self.result) and np.isfinite(sizes).all() and sizes.max(initial=0) > MIN_LARGE_OPERAND)


def describe(
    operation: Any, method: str, operands: Sequence[Any], result: np.ndarray, place: tuple[int, ...], **options: Any
) -> Operation:
    """The operation that gave the number at one place of a result."""
    name = getattr(operation, "__name__", str(operation))
    value, where = float(np.real(result[place])), (place, result.shape)
    if method == "reduce":
        numbers, text, where = _of_a_sum(name, operands[0], place, options)
    elif name == "matmul" and min(map(np.ndim, operands)) >= 2:
        numbers, text, where = _of_a_product(operands[0], operands[1], place)
    elif method == "__call__" and operation.signature is None:
        numbers = tuple(float(np.broadcast_to(x, result.shape)[place]) for x in operands)
        text = WORDS.get(name, f"{name} of " + ", ".join(["{}"] * len(numbers))).format(*map(short, numbers))
    else:
        numbers = tuple(_largest(x) for x in operands if np.size(x) and np.asarray(x).dtype.kind in "biuf")
        text = f"{name} of arrays with numbers up to {' and '.join(map(short, numbers))}"
    text, dtype = f"{text} = {short(value)}", str(result.dtype)
    return Operation(name, numbers, value, text, dtype, *_calling_line(), *where)


def cast(x: np.ndarray, result: np.ndarray, place: tuple[int, ...]) -> Operation:
    """The change of one number to a type in which it has no place."""
    value, got = float(x[place]), float(result[place])
    text = f"{short(value)} in {result.dtype} = {short(got)}"
    return Operation("astype", (value,), got, text, str(result.dtype), *_calling_line(), place, x.shape)


def written(result: np.ndarray, place: tuple[int, ...]) -> Operation:
    """A NaN or an infinity that the code itself has written."""
    value = float(result[place])
    text = f"{short(value)}, written into an array"
    return Operation("setitem", (value,), value, text, str(result.dtype), *_calling_line(), place, result.shape)


def short(number: float) -> str:
    """A number in a few digits.

    Example:
        >>> short(-0.30000001192), short(3e38), short(float("nan"))
        ('-0.3', '3e+38', 'nan')
    """
    return f"{number:.4g}"


def _of_a_sum(name: str, x: Any, place: tuple[int, ...], options: dict[str, Any]) -> Any:
    """The numbers along the reduced axes: how many, and the largest."""
    axis = options.get("axis", 0)
    axes = tuple(range(x.ndim)) if axis is None else tuple(np.atleast_1d(axis) % max(x.ndim, 1))
    kept = iter(place)
    at: list[Any] = []
    for a in range(x.ndim):
        if a in axes:
            at.append(slice(None))
            if options.get("keepdims", False):
                next(kept)
        else:
            at.append(next(kept))
    part = np.abs(x[tuple(at)])
    inner = np.unravel_index(int(np.argmax(part)), part.shape) if part.size else ()
    steps = iter(inner)
    where = tuple(int(next(steps)) if isinstance(index, slice) else int(index) for index in at)
    largest = float(x[where])
    what = {"add": "a sum", "multiply": "a product"}.get(name, name)
    return (largest,), f"{what} of {part.size} numbers up to {short(largest)}", (where, x.shape)


def _of_a_product(a: Any, b: Any, place: tuple[int, ...]) -> Any:
    """Σₖ aᵢₖ bₖⱼ: the largest of its terms."""
    *batch, i, j = place
    each = batch_shape(a, b)
    rows, columns = (np.broadcast_to(x, (*each, *x.shape[-2:]))[tuple(batch)] for x in (a, b))
    left, right = rows[i].astype(np.float64), columns[:, j].astype(np.float64)
    k = int(np.argmax(np.abs(left * right)))
    numbers = float(left[k]), float(right[k])
    product = f"{short(numbers[0])} · {short(numbers[1])}"
    text = product if len(left) == 1 else f"a sum of {len(left)} products up to {product}"
    return numbers, text, ((*batch, i, k), (*each, *a.shape[-2:]))


def batch_shape(a: Any, b: Any) -> tuple[int, ...]:
    """The leading axes of a product of matrices."""
    return np.broadcast_shapes(a.shape[:-2], b.shape[:-2])


def _largest(x: Any) -> float:
    flat = np.ravel(x)
    return float(flat[int(np.argmax(np.abs(flat)))])


def _calling_line() -> tuple[str, int, str]:
    """The line of code, outside of NumPy and of this folder, that runs now."""
    frame: Any = sys._getframe()
    while frame is not None and frame.f_code.co_filename.startswith(HIDDEN):
        frame = frame.f_back
    if frame is None:
        return "", 0, ""
    file, line = frame.f_code.co_filename, frame.f_lineno
    return file, line, linecache.getline(file, line, frame.f_globals).strip()

"""What can be computed while the file is read: shapes, masks, weights in another order. It never depends on data."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from tinynet.exchange.onnx.read.file import MAX_NUMBERS, Unreadable

MAX_PRODUCTS = 2**32  #: Of a product of two weights: about a second.
Arrays = list[Any]  #: The inputs of a node; None for one that is left out.


def fold(op: str, inputs: Arrays, attributes: dict[str, Any], n_outputs: int) -> Arrays | None:
    """The outputs of a node whose inputs are all known; None if the operation is not one of these.

    Example:
        >>> fold("Add", [np.array([1]), np.array([2])], {}, 1)
        [array([3])]
    """
    if op == "Split":
        return _split(inputs, attributes, n_outputs)
    if op not in FOLDS:
        return None
    with np.errstate(all="ignore"):
        return [np.asarray(FOLDS[op](inputs, attributes))]


def limited(shape: Any) -> tuple[int, ...]:
    """A shape, once it is clear that it is no larger than an array may be.

    Example:
        >>> limited([2, 3])
        (2, 3)
    """
    sizes = tuple(int(size) for size in np.ravel(shape))
    if any(size < 0 for size in sizes) or math.prod(sizes) > MAX_NUMBERS:
        raise Unreadable(f"it makes an array of shape {sizes}, which is too large.")
    return sizes


def axes_of(inputs: Arrays, attributes: dict[str, Any], at: int = 1) -> tuple[int, ...] | None:
    """The axes that an operation names in an attribute or, later, in an input.

    Example:
        >>> axes_of([None, np.array([0, 2])], {})
        (0, 2)
    """
    value = attributes.get("axes")
    if value is None and len(inputs) > at and inputs[at] is not None:
        value = inputs[at]
    return None if value is None else tuple(int(axis) for axis in np.ravel(value))


def new_shape(x: Any, sizes: Any, allow_zero: bool = False) -> tuple[int, ...]:
    """The shape that Reshape gives x: 0 keeps a size, unless allow_zero, and −1 is what is left.

    Example:
        >>> new_shape(np.ones((2, 6)), [0, -1, 3])
        (2, 2, 3)
    """
    old = np.shape(x)
    wanted = [int(size) for size in np.ravel(sizes)]
    if any(size < -1 or (size == 0 and not allow_zero and i >= len(old)) for i, size in enumerate(wanted)):
        raise Unreadable(f"it asks for the shape {wanted}.")
    known = [old[i] if size == 0 and not allow_zero else size for i, size in enumerate(wanted)]
    if known.count(-1) == 1:
        rest = math.prod(size for size in known if size != -1)
        if rest == 0 or math.prod(old) % rest:
            raise Unreadable(f"an array of shape {old} cannot become {wanted}.")
        known[known.index(-1)] = math.prod(old) // rest
    if -1 in known or math.prod(known) != math.prod(old):
        raise Unreadable(f"an array of shape {old} cannot become {wanted}.")
    return tuple(known)


def slices_of(x: Any, inputs: Arrays, attributes: dict[str, Any]) -> list[tuple[int, int | None, int | None, int]]:
    """The axis, start, stop and step of each axis that a Slice cuts, as Python counts."""
    if "starts" in attributes:
        inputs = [x, attributes["starts"], attributes["ends"], attributes.get("axes"), None]
    inputs = [*inputs, None, None, None]
    starts, ends = (np.ravel(part).astype(object) for part in inputs[1:3])
    axes = range(len(starts)) if inputs[3] is None else np.ravel(inputs[3])
    steps = [1] * len(starts) if inputs[4] is None else np.ravel(inputs[4])
    found: list[tuple[int, int | None, int | None, int]] = []
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        size = np.shape(x)[int(axis)]
        stop = None if int(step) < 0 and int(end) < -size else int(end)
        stop = None if int(step) > 0 and int(end) >= size else stop
        found.append((int(axis) % np.ndim(x), int(start), stop, int(step)))
    return found


def shape_of(x: Any, attributes: dict[str, Any]) -> np.ndarray:
    """What the node Shape gives."""
    return np.array(np.shape(x)[attributes.get("start", 0) : attributes.get("end")], np.int64)


def _split(inputs: Arrays, attributes: dict[str, Any], n: int) -> Arrays:
    return np.split(inputs[0], split_ends(inputs, attributes, n), axis=attributes.get("axis", 0))


def split_ends(inputs: Arrays, attributes: dict[str, Any], n: int) -> list[int]:
    """Where Split cuts an axis into n parts."""
    sizes = attributes.get("split", inputs[1] if len(inputs) > 1 else None)
    if sizes is None:
        size = np.shape(inputs[0])[attributes.get("axis", 0)]
        each = -(-size // n)
        sizes = [each] * n
    return [int(end) for end in np.cumsum(np.ravel(sizes))[:-1]]


def _cast(i: Arrays, a: dict[str, Any]) -> Any:
    import onnx

    return np.asarray(i[0]).astype(onnx.helper.tensor_dtype_to_np_dtype(a["to"]))


def _slice(i: Arrays, a: dict[str, Any]) -> Any:
    x = i[0]
    for axis, start, stop, step in slices_of(x, i, a):
        x = x[(*[slice(None)] * axis, slice(start, stop, step))]
    return x


def _expand(i: Arrays, a: dict[str, Any]) -> Any:
    return np.broadcast_to(i[0], limited(np.broadcast_shapes(np.shape(i[0]), limited(i[1]))))


def _einsum(i: Arrays, a: dict[str, Any]) -> Any:
    """Sums of products, as `export_onnx` writes that of two weights; a MatMul may be a layer that is to be trained."""
    equation = a["equation"].replace(" ", "")
    sizes: dict[str, int] = {}
    for axes, x in zip(equation.partition("->")[0].split(","), i, strict=True):
        if not axes.isalpha():
            raise Unreadable("it is an Einsum of weights whose axes are not all named.", "name each axis by a letter.")
        sizes |= zip(axes, np.shape(x), strict=True)
    if math.prod(sizes.values()) > MAX_PRODUCTS:
        raise Unreadable("it multiplies weights that are too large for that.")
    limited([sizes[axis] for axis in equation.partition("->")[2]])
    return np.einsum(equation, *i, optimize=True)


def _constant_of_shape(i: Arrays, a: dict[str, Any]) -> Any:
    value = np.ravel(a.get("value", np.zeros(1, np.float32)))
    return np.full(limited(i[0]), value[0], value.dtype)


def _range(i: Arrays, a: dict[str, Any]) -> Any:
    start, stop, step = (np.ravel(x)[0] for x in i[:3])
    limited([max(0, math.ceil((float(stop) - float(start)) / float(step)))])
    return np.arange(start, stop, step).astype(np.asarray(i[0]).dtype)


def _unsqueeze(i: Arrays, a: dict[str, Any]) -> Any:
    return np.expand_dims(i[0], axes_of(i, a) or ())


def _tile(i: Arrays, a: dict[str, Any]) -> Any:
    limited(np.array(np.shape(i[0])) * np.ravel(i[1]))
    return np.tile(i[0], [int(n) for n in np.ravel(i[1])])


def _of_two(function: Callable) -> Callable[[Arrays, dict[str, Any]], Any]:
    def compute(i: Arrays, a: dict[str, Any]) -> Any:
        limited(np.broadcast_shapes(*[np.shape(x) for x in i]))
        return function(*i)

    return compute


def _reduced(function: Callable) -> Callable[[Arrays, dict[str, Any]], Any]:
    return lambda i, a: function(i[0], axis=axes_of(i, a), keepdims=bool(a.get("keepdims", 1)))


def _divide(x: Any, y: Any) -> Any:
    return np.trunc(x / np.where(y == 0, 1, y)).astype(x.dtype) if np.asarray(x).dtype.kind in "iu" else x / y


FOLDS: dict[str, Callable[[Arrays, dict[str, Any]], Any]] = {
    "Abs": lambda i, a: np.abs(i[0]),
    "Add": _of_two(np.add),
    "And": _of_two(np.logical_and),
    "Cast": _cast,
    "Ceil": lambda i, a: np.ceil(i[0]),
    "Concat": lambda i, a: np.concatenate(i, axis=a["axis"]),
    "ConstantOfShape": _constant_of_shape,
    "Cos": lambda i, a: np.cos(i[0]),
    "Div": _of_two(_divide),
    "Einsum": _einsum,
    "Equal": _of_two(np.equal),
    "Exp": lambda i, a: np.exp(i[0]),
    "Expand": _expand,
    "Flatten": lambda i, a: np.reshape(i[0], (math.prod(np.shape(i[0])[: a.get("axis", 1)]), -1)),
    "Floor": lambda i, a: np.floor(i[0]),
    "Gather": lambda i, a: np.take(i[0], i[1], axis=a.get("axis", 0)),
    "Greater": _of_two(np.greater),
    "GreaterOrEqual": _of_two(np.greater_equal),
    "Identity": lambda i, a: i[0],
    "IsNaN": lambda i, a: np.isnan(i[0]),
    "Less": _of_two(np.less),
    "LessOrEqual": _of_two(np.less_equal),
    "Log": lambda i, a: np.log(i[0]),
    "Max": lambda i, a: _of_two(np.maximum)(i, a) if len(i) == 2 else np.max(i, axis=0),
    "Min": lambda i, a: _of_two(np.minimum)(i, a) if len(i) == 2 else np.min(i, axis=0),
    "Mod": lambda i, a: _of_two(np.fmod if a.get("fmod", 0) else np.mod)(i, a),
    "Mul": _of_two(np.multiply),
    "Neg": lambda i, a: np.negative(i[0]),
    "Not": lambda i, a: np.logical_not(i[0]),
    "Or": _of_two(np.logical_or),
    "Pow": _of_two(lambda x, y: np.power(x, y).astype(np.asarray(x).dtype)),
    "Range": _range,
    "Reciprocal": lambda i, a: 1 / i[0],
    "ReduceMax": _reduced(np.max),
    "ReduceMean": _reduced(np.mean),
    "ReduceMin": _reduced(np.min),
    "ReduceProd": _reduced(np.prod),
    "ReduceSum": _reduced(np.sum),
    "Reshape": lambda i, a: np.reshape(i[0], new_shape(i[0], i[1], bool(a.get("allowzero", 0)))),
    "Sin": lambda i, a: np.sin(i[0]),
    "Size": lambda i, a: np.array(np.size(i[0]), np.int64),
    "Slice": _slice,
    "Sqrt": lambda i, a: np.sqrt(i[0]),
    "Squeeze": lambda i, a: np.squeeze(i[0], axes_of(i, a)),
    "Sub": _of_two(np.subtract),
    "Tile": _tile,
    "Transpose": lambda i, a: np.transpose(i[0], a.get("perm")),
    "Trilu": lambda i, a: (np.triu if a.get("upper", 1) else np.tril)(i[0], int(i[1]) if len(i) > 1 else 0),
    "Unsqueeze": _unsqueeze,
    "Where": _of_two(np.where),
}

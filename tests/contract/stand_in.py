"""A strict array that stands in for those of other libraries, such as CuPy: it speaks NumPy's protocols, and no more.

It never becomes a NumPy array (`np.asarray` of it fails), and never meets one in an operation: what a layer makes
beside it must be made of its kind (`np.zeros_like(x, shape=…)`, `np.asarray(mask, like=x)`). Reading one number of it,
as `float(x)` or `if x > 0` does, is counted, since on an accelerator it waits for everything before it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from tinynet.core import Parameter
from tinynet.core.arrays import is_array
from tinynet.layers import Layer

# What NumPy answers with plain Python values, or writes in place.
PLAIN = {np.shape, np.ndim, np.size, np.result_type, np.may_share_memory, np.shares_memory, np.iscomplexobj}


class StrictArray(NDArrayOperatorsMixin):
    """A wrapped NumPy array that nobody may unwrap."""

    n_reads: ClassVar[int] = 0  #: How many single numbers were read, by all of them.

    def __init__(self, values: np.ndarray) -> None:
        self._values = values

    def __array__(self, *_: Any, **__: Any) -> np.ndarray:
        raise TypeError("a StrictArray does not become a NumPy array")

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        result = getattr(ufunc, method)(*map(_inside, inputs), **{name: _inside(v) for name, v in options.items()})
        out = options.get("out")
        return _outside(result) if out is None else out[0] if len(out) == 1 else out

    def __array_function__(self, function: Callable, kinds: Any, arguments: Any, options: Any) -> Any:
        if function in (np.asarray, np.array):  # np.asarray(host, like=x): what is on the host is handed over
            given = arguments[0]._values if isinstance(arguments[0], StrictArray) else arguments[0]
            return StrictArray(np.array(given, *arguments[1:], **options))
        result = function(*_inside(tuple(arguments)), **{name: _inside(value) for name, value in options.items()})
        if options.get("out") is not None:
            return options["out"]
        return result if function in PLAIN else _outside(result)

    # What an array has, each of its kind or a plain number.

    shape = property(lambda self: self._values.shape)
    dtype = property(lambda self: self._values.dtype)
    ndim = property(lambda self: self._values.ndim)
    size = property(lambda self: self._values.size)
    itemsize = property(lambda self: self._values.itemsize)
    nbytes = property(lambda self: self._values.nbytes)
    T = property(lambda self: StrictArray(self._values.T))

    def __len__(self) -> int:
        return len(self._values)

    def __iter__(self) -> Iterator[Any]:
        return iter([_outside(row) for row in self._values])

    def __getitem__(self, index: Any) -> Any:
        return _outside(self._values[_inside(index)])

    def __setitem__(self, index: Any, value: Any) -> None:
        self._values[_inside(index)] = value._values if isinstance(value, StrictArray) else value

    def __deepcopy__(self, memo: Any) -> StrictArray:
        return StrictArray(self._values.copy())

    def __getattr__(self, name: str) -> Any:
        if name not in METHODS:
            raise AttributeError(f"a StrictArray has no {name}")
        method = getattr(self._values, name)
        return lambda *arguments, **options: _outside(
            method(*_inside(list(arguments)), **{key: _inside(value) for key, value in options.items()})
        )

    def _read(self) -> Any:
        StrictArray.n_reads += 1
        return self._values.item()

    def __bool__(self) -> bool:
        return bool(self._read())

    def __float__(self) -> float:
        return float(self._read())

    def __int__(self) -> int:
        return int(self._read())


METHODS = {
    "all", "any", "argmax", "argmin", "argsort", "astype", "clip", "conj", "copy", "cumsum", "dot", "fill", "flatten",
    "max", "mean", "min", "nonzero", "prod", "ravel", "repeat", "reshape", "round", "squeeze", "std", "sum", "swapaxes",
    "take", "transpose", "var",
}  # fmt: skip


def handed_over(value: Any) -> Any:
    """A value with every NumPy array in it replaced by a StrictArray."""
    if isinstance(value, np.ndarray):
        return StrictArray(value.copy())
    if isinstance(value, (list, tuple)):
        return type(value)(handed_over(item) for item in value)
    return value


def returned(value: Any) -> Any:
    """A value with every StrictArray in it turned back, for the test to look at."""
    if isinstance(value, StrictArray):
        return value._values
    if isinstance(value, (list, tuple)):
        return tuple(returned(item) for item in value)
    return value


def hand_over(layer: Layer) -> Layer:
    """Give every parameter, gradient and statistic of a layer to the other library."""
    for parameter in layer.parameters().values():
        hand_over_parameter(parameter)
    for _, inner in layer.layers_inside():
        for name, value in list(vars(inner).items()):
            if is_array(value) and name != "arguments":
                setattr(inner, name, handed_over(value))
    return layer


def hand_over_parameter(parameter: Parameter) -> Parameter:
    parameter._tensor, parameter._gradient = handed_over(parameter.tensor), handed_over(parameter.gradient)
    return parameter


def _inside(value: Any) -> Any:
    """The wrapped array; a NumPy array in its place is a mistake."""
    if isinstance(value, StrictArray):
        return value._values
    if isinstance(value, np.ndarray) and value.ndim:
        raise TypeError(f"a NumPy array of shape {value.shape} meets a StrictArray")
    if isinstance(value, (list, tuple)) and not hasattr(value, "_fields"):
        return type(value)(_inside(item) for item in value)
    return value


def _outside(value: Any) -> Any:
    if isinstance(value, (np.ndarray, np.generic)):
        return StrictArray(np.asarray(value)) if isinstance(value, np.ndarray) or value.ndim == 0 else value
    if isinstance(value, (list, tuple)):
        return type(value)(*map(_outside, value)) if hasattr(value, "_fields") else type(value)(map(_outside, value))
    return value

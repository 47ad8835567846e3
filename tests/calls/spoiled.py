"""Values that are wrong nearly everywhere, and those that must be refused because the good value is of another kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from tinynet.layers import Layer, Linear, ReLU
from tinynet.learner import EarlyStopping
from tinynet.losses import cross_entropy
from tinynet.net import Net
from tinynet.optimizers import SGD, Optimizer

NET = Net([Linear(2, 3)])

ANYTHING: dict[str, Any] = {
    "None": None,
    "''": "",
    "'no'": "no",
    "-1": -1,
    "0": 0,
    "5": 5,
    "10**30": 10**30,
    "-10**30": -(10**30),
    "0.5": 0.5,
    "-0.5": -0.5,
    "nan": float("nan"),
    "inf": float("inf"),
    "1e308": 1e308,
    "1j": 1j,
    "True": True,
    "False": False,
    "[]": [],
    "()": (),
    "{}": {},
    "object()": object(),
    "['a', 'b']": ["a", "b"],
    "[1, 'b']": [1, "b"],
    "[None]": [None],
    "ragged": [[1, 2], [3]],
    "b'no'": b"no",
    "int64(3)": np.int64(3),
    "a float array": np.ones(3, np.float32),
    "an int array": np.arange(3),
    "an empty array": np.zeros(0, np.float32),
    "an array of rank 0": np.array(2.0),
    "an array of rank 5": np.ones((1, 1, 1, 1, 1), np.float32),
    "an array of strings": np.array(["a", "b"]),
    "an array of objects": np.array([None, 1], object),
    "the class Linear": Linear,
    "a net": NET,
    "a layer": NET[0],
    "a list of layers": [ReLU()],
    "an optimizer": SGD(lr=0.1),
    "a callback": EarlyStopping(),
    "a loss": cross_entropy,
    "a function of nothing": lambda: 0,
}


def spoilt(good: Any) -> Iterator[tuple[str, Any]]:
    """Every bad value for an argument whose good value is known, with a word for it."""
    yield from ANYTHING.items()
    if isinstance(good, np.ndarray):
        yield from _spoilt_array(good)
    if isinstance(good, (tuple, list)) and good:
        make = type(good)
        for name in ("None", "'no'", "-1", "0.5", "nan", "10**30", "object()", "an int array", "True"):
            yield f"{name} as its first entry", make([ANYTHING[name], *good[1:]])
        yield "without its last entry", good[:-1]
        yield "with its last entry twice", make([*good, good[-1]])
    if isinstance(good, dict) and good:
        yield "other keys", dict(enumerate(good.values()))
        for name in ("None", "'no'", "0.5", "object()", "an array of strings"):
            yield f"{name} as every value", dict.fromkeys(good, ANYTHING[name])


def _spoilt_array(good: np.ndarray) -> Iterator[tuple[str, Any]]:
    yield "as a list", good.tolist()
    yield "one axis more", good[np.newaxis]
    yield "one axis less", good[0] if good.ndim else good
    yield "empty", good[:0] if good.ndim else good
    yield "an empty last axis", good[..., :0] if good.ndim else good
    yield "other rows", np.concatenate([good, good[:1]]) if good.ndim else good
    yield "other columns", np.concatenate([good, good[..., :1]], axis=-1) if good.ndim else good
    for dtype in (bool, np.int64, np.uint8, np.float16, np.float64, np.complex64, object, str):
        yield f"as {np.dtype(dtype).name}", good.astype(dtype)
    yield "negative", (-1 - good.astype(np.float64)).astype(good.dtype)
    yield "large", good + good.dtype.type(100)
    if good.dtype.kind == "f":
        yield "with NaN", np.where(np.arange(good.size).reshape(good.shape) == 0, np.nan, good).astype(good.dtype)
        yield "with infinity", np.where(np.arange(good.size).reshape(good.shape) == 0, np.inf, good).astype(good.dtype)


def must_be_refused(good: Any, bad: Any) -> bool:
    """Whether no argument whose good value is `good` may take `bad`, because it is of another kind."""
    kinds: Sequence[tuple[Callable[[Any], bool], Callable[[Any], bool]]] = (
        (lambda v: isinstance(v, (bool, np.bool_)), lambda v: isinstance(v, (bool, np.bool_))),
        (lambda v: isinstance(v, int), lambda v: _is_integer(v)),
        (lambda v: isinstance(v, float), lambda v: _is_number(v)),
        (lambda v: isinstance(v, str), lambda v: isinstance(v, str)),
        (lambda v: isinstance(v, Net), lambda v: isinstance(v, Layer)),
        (lambda v: isinstance(v, Layer), lambda v: isinstance(v, Layer) or _is_list_of_layers(v)),
        (lambda v: isinstance(v, Optimizer), lambda v: isinstance(v, Optimizer)),
        (callable, callable),
        (_is_list_of_layers, _is_list_of_layers),
        (lambda v: isinstance(v, np.ndarray), lambda v: _is_numbers(v)),
        (lambda v: isinstance(v, dict), lambda v: isinstance(v, dict)),
        (lambda v: isinstance(v, (tuple, list)), lambda v: _is_sequence_or_number(v)),
    )
    for is_kind, may_be in kinds:
        if is_kind(good):
            return not may_be(bad)
    return False


def _is_integer(value: Any) -> bool:
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


def _is_number(value: Any) -> bool:
    return (_is_integer(value) and abs(value) < 1e308) or (isinstance(value, float) and np.isfinite(value))


def _is_numbers(value: Any) -> bool:
    try:
        return np.asarray(value).dtype.kind in "biufc"
    except ValueError:
        return False


def _is_list_of_layers(value: Any) -> bool:
    return isinstance(value, (tuple, list)) and len(value) > 0 and all(isinstance(item, Layer) for item in value)


def _is_sequence_or_number(value: Any) -> bool:
    return isinstance(value, (tuple, list, np.ndarray, dict)) or _is_number(value)

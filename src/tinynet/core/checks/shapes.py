"""Checks of the shapes and types of arrays that pass through layers."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet.core import arrays
from tinynet.core.arrays import is_array
from tinynet.core.checks.words import fail


def shape_text(shape: tuple) -> str:
    """A shape as text; words stand for sizes that are free: ("N", 784) is (N, 784)."""
    inner = ", ".join(str(size) for size in shape)
    return f"({inner},)" if len(shape) == 1 else f"({inner})"


def same_shape(who: object, got: tuple[int, ...], expected: tuple[int, ...]) -> None:
    """Check that two shapes are equal."""
    if got != expected and tuple(got) != tuple(expected):
        fail(who, f"expected shape {shape_text(expected)}, got {shape_text(got)}.")


def gradient_shape(who: str, parameter: Any, gradient: np.ndarray) -> None:
    """Check that a gradient has the shape of its parameter, which a net then names by its path: see `locate`."""
    got, expected = np.shape(gradient), parameter.shape
    if got == expected:
        return
    try:
        fail(who, f"expected shape {shape_text(expected)}, got {shape_text(got)}.", shape_cause(got, expected)[0])
    except ValueError as error:
        error.parameter = parameter  # type: ignore[attr-defined]
        raise


def shape_cause(got: tuple[int, ...], expected: tuple[int, ...]) -> tuple[str, str]:
    """The likely reason for one shape in place of another: a hint, and a word."""
    if got != expected and sorted(got) == sorted(expected):
        return "likely cause: a transpose: the axes are in another order.", "transpose"
    if len(got) > len(expected) and got[len(got) - len(expected) :] == expected:
        return "likely cause: a missing sum over the batch, or over another leading axis.", "sum"
    if len(got) == len(expected) and all(e in (1, g) for g, e in zip(got, expected, strict=True)):
        return "likely cause: a missing sum over the axes that were broadcast; sum with keepdims=True.", "sum"
    return "", "shape"


def input_shape(who: object, x: np.ndarray, expected: tuple[int | str, ...], hint: str = "", name: str = "x") -> None:
    """Check an array against a shape in which words stand for sizes that are free.

    Args:
        who: The layer that complains.
        x: The array.
        expected: Like ("N", 784): as many axes, and where a number stands, that size. A first "..." stands for any
            number of leading axes.
        hint: What to do; if empty, a rank that is off by a missing batch axis is explained.
        name: What the array is called.
    """
    shape = np.shape(x)
    sizes = expected[1:] if expected[0] == "..." else expected
    fits = len(shape) >= len(sizes) if expected[0] == "..." else len(shape) == len(sizes)
    tail = shape[len(shape) - len(sizes) :]
    if fits and all(isinstance(want, str) or want == got for want, got in zip(sizes, tail, strict=True)):
        return
    without_batch = expected[0] == "N" and len(shape) == len(expected) - 1
    if without_batch and all(
        isinstance(want, str) or want == got for want, got in zip(expected[1:], shape, strict=True)
    ):
        hint = f"the batch axis is missing; pass {name}[np.newaxis] for a batch of one."
    fail(who, f"expected {name} of shape {shape_text(expected)}, got {shape_text(shape)}.", hint)


def unmasked(who: object, x: Any, name: str = "x") -> Any:
    """Check that no value of an array is masked: what lies under a mask must not be taken for a number."""
    if not isinstance(x, np.ma.MaskedArray):
        return x
    n_masked = int(np.ma.count_masked(x))
    if n_masked:
        hint = f"replace them, as in {name}.filled(0), or leave these samples out."
        fail(who, f"{name} is a masked array, in which {n_masked} of {x.size} values are masked.", hint)
    return np.asarray(x)


def as_array(who: object, name: str, value: object) -> np.ndarray:
    """An array of a value, unless it is one; the rows of a list must be of one length."""
    try:
        return arrays.as_array(value)
    except ValueError:  # NumPy's own sentence speaks of sequences and elements
        fail(who, f"{name} must be an array, got rows of different lengths.", "bring them to one length.", TypeError)


def numbers(who: object, name: str, value: object) -> np.ndarray:
    """An array of real numbers."""
    x = as_array(who, name, value)
    if x.dtype.kind not in "biuf":
        fail(who, f"{name} must hold real numbers, got {x.dtype}.", kind=TypeError)
    return x


def array(who: object, x: object, name: str = "x") -> None:
    """Check that a value is a NumPy array."""
    if not is_array(x):
        fail(
            who,
            f"expected {name} to be a NumPy array, got {type(x).__name__}.",
            "convert it with np.asarray.",
            TypeError,
        )
    unmasked(who, x, name)


def axis_of(who: object, x: np.ndarray, axis: int, name: str = "axis") -> int:
    """Check that x has an axis, and count it from the start."""
    if not -x.ndim <= axis < x.ndim:
        fail(who, f"{name} {axis} does not exist in x of shape {shape_text(x.shape)}.")
    return axis % x.ndim


def floating_input(who: object, x: np.ndarray, name: str = "x") -> None:
    """Check that an array of inputs holds floating-point numbers."""
    array(who, x, name)
    if x.dtype.kind != "f":
        fail(
            who,
            f"expected {name} of floating-point numbers, got {x.dtype}.",
            "convert it with .astype(np.float32); divide pixels by 255.",
            TypeError,
        )
    not_half(who, x, name)


def not_half(who: object, x: np.ndarray, name: str) -> None:
    """Check that floating-point numbers are not float16, in which too little can be computed."""
    if x.dtype.itemsize < 4:
        fail(
            who,
            f"expected {name} of float32 or float64, got {x.dtype}, which has three digits and ends at 65504.",
            "convert it with .astype(np.float32).",
            TypeError,
        )

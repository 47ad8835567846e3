"""Sentences of the gradient checker."""

from __future__ import annotations

from typing import Any, NoReturn

import numpy as np

from tinynet.core.checks.shapes import shape_cause, shape_text
from tinynet.core.checks.values import of_kind
from tinynet.core.checks.words import fail
from tinynet.layers import Layer


class GradientError(ValueError):
    """A layer, loss or net breaks its contract: its gradient is wrong, or something else that every one must keep.

    Attributes:
        name: What is wrong: an input such as "x", the path of a parameter such as "weight", or a rule such as "state".
        index: The index of the worst entry; None where the whole is meant.
        expected: The value by finite differences.
        found: The value that `backward` gives.
        cause: One word for the likely cause, such as "sign"; "" if none was found.

    Example:
        >>> from tinynet.gradcheck import check_loss
        >>> check_loss(lambda predicted, truth: (float(predicted.sum()), -np.ones_like(predicted)), (2, 3), None)
        Traceback (most recent call last):
        tinynet.gradcheck.sentences.GradientError: <lambda>: the gradient with respect to predicted is wrong ...
    """

    name: str = ""
    index: tuple[int, ...] | None = None
    expected: float | None = None
    found: float | None = None
    cause: str = ""


def in_order(who: str, **given: Any) -> None:
    """Check that a layer or a loss is not given in place of another argument; `given` holds all of them in order."""
    for name, is_right in (("layer", _is_layer), ("net", _is_layer), ("loss", _is_function)):
        if name in given and not is_right(given[name]):
            for other, value in given.items():
                if is_right(value):
                    what = f"{other} is {_what(value)} and {name} is {_what(given[name])}"
                    hint = f"the order is {who}({', '.join(given)})."
                    fail(who, f"the arguments seem to stand in another order: {what}.", hint, TypeError)


def _is_layer(value: Any) -> bool:
    return isinstance(value, Layer)


def _is_function(value: Any) -> bool:
    return callable(value) and not isinstance(value, (Layer, type))


def _what(value: Any) -> str:
    if _is_function(value):
        return f"the function {getattr(getattr(value, 'func', value), '__name__', type(value).__name__)}"
    if isinstance(value, tuple):
        return shape_text(value)
    if isinstance(value, np.ndarray):
        return f"an array of shape {shape_text(value.shape)}"
    return of_kind(value)


def broken_rule(who: object, name: str, problem: str, hint: str = "", cause: str = "") -> NoReturn:
    """One of the rules that every layer, loss or net must keep is broken."""
    try:
        fail(who, problem, hint, GradientError)
    except GradientError as error:
        error.name, error.cause = name, cause
        raise


def wrong_shape(who: object, name: str, got: Any, expected: tuple[int, ...], when: str = "") -> NoReturn:
    """An output, or the gradient with respect to an input, does not have the shape that it must have."""
    came = "nothing" if got is None else f"an array of shape {shape_text(np.shape(got))}"
    what = "the output" if name == "output" else f"the gradient with respect to {name}"
    hint, cause = shape_cause(np.shape(got), expected)
    broken_rule(who, name, f"expected {what} {when}to have shape {shape_text(expected)}, got {came}.", hint, cause)


def wrong_dtype(who: object, name: str, got: Any, expected: Any) -> NoReturn:
    """An output or a gradient has another type than the inputs."""
    broken_rule(
        who,
        name,
        f"expected {name} of type {np.dtype(expected)} for inputs of that type, got {np.dtype(got)}.",
        "keep constants plain Python numbers, or convert them with x.dtype.type(...).",
        "dtype",
    )


def not_finite(who: object, name: str) -> NoReturn:
    """NaN or infinity came out of finite inputs."""
    broken_rule(who, name, f"{name} holds NaN or infinity for finite inputs.", cause="not finite")

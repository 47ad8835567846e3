"""Sentences about a backward that gave no gradient, or added one of another shape."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from tinynet.core.arrays import is_array
from tinynet.core.checks.shapes import shape_cause, shape_text
from tinynet.core.checks.values import of_kind
from tinynet.core.checks.words import fail

#: What NumPy says where the sum does not fit into the array on the left of `+=`.
IN_PLACE = (
    r"output operand with shape (?P<expected>\(.*?\)) doesn't match the broadcast shape (?P<got>\(.*?\))",
    r"could not be broadcast together with shapes (?P<expected>\(.*?\)) (?P<got>\(.*?\)) (?P=expected)",
)


def giver_of_nothing(layers: Sequence[Any], index: int, dy: Any) -> int | None:
    """The index of the layer that gave no gradient, where what came back to layer `index` are no numbers.

    Layers of the package pass on what they get, so the next layer of a user's own has given it.
    """
    after = range(index + 1, len(layers))
    parts = dy if isinstance(dy, tuple) else (dy,)
    if not after or any(is_array(part) and part.dtype.kind in "biuf" for part in parts):
        return None
    return next((each for each in after if not type(layers[each]).__module__.startswith("tinynet.")), index + 1)


def no_gradient(layer: Any, dy: Any) -> TypeError:
    """The error of a layer whose backward returned no array of numbers, over which a layer before it has stumbled."""
    returned = "" if is_array(dy) else f"; it returned {of_kind(dy)}"
    hint = "" if isinstance(dy, list) else "a function needs `return` before its result."
    try:
        fail(layer, f"backward must return the gradient of the input, an array{returned}.", hint, TypeError)
    except TypeError as error:
        return error


def added_in_place(error: Exception, layer: Any) -> tuple[str, tuple[int, ...], tuple[int, ...]] | None:
    """The parameter to whose gradient an array of another shape was added by `+=`, what came, and what was due.

    Example:
        >>> class Bias:
        ...     def parameters(self):
        ...         return {"bias": np.ones(2)}
        >>> words = "non-broadcastable output operand with shape (2,) doesn't match the broadcast shape (5,2)"
        >>> added_in_place(ValueError(words), Bias())
        ('bias', (5, 2), (2,))
    """
    found = next((match for pattern in IN_PLACE if (match := re.search(pattern, str(error)))), None)
    if found is None:
        return None
    expected, got = (tuple(map(int, re.findall(r"\d+", found[name]))) for name in ("expected", "got"))
    names = [name for name, parameter in layer.parameters().items() if np.shape(parameter) == expected]
    return (" or ".join(names), got, expected) if names else None


def explain_in_place(error: Exception, layer: Any) -> None:
    """Let NumPy's error about `parameter.gradient += …` name the parameter and the likely cause."""
    found = added_in_place(error, layer)
    if found is not None and type(error) is ValueError:
        name, got, expected = found
        hint = shape_cause(got, expected)[0]
        problem = f"{name}.gradient: expected shape {shape_text(expected)}, got {shape_text(got)}."
        error.args = (problem + (f"\nHint: {hint}" if hint else ""),)

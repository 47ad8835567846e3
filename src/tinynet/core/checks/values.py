"""Checks of constructor and function arguments."""

from __future__ import annotations

import math
import numbers
from collections.abc import Sequence
from typing import Any

import numpy as np

from tinynet.core.checks.words import fail


def integer(who: object, name: str, value: object, minimum: int | None = None) -> int:
    """Check that a value is an integer (no bool) and not below `minimum`."""
    if isinstance(value, bool) or not isinstance(value, (int, numbers.Integral)):  # int first: the other answers slowly
        fail(who, f"{name} must be an integer, got {value!r}.", kind=TypeError)
    if minimum is not None and value < minimum:
        fail(who, f"{name} must be at least {minimum}, got {value}.")
    return int(value)


def number(
    who: object,
    name: str,
    value: object,
    minimum: float | None = None,
    *,
    above: float | None = None,
    hint: str = "",
) -> float:
    """Check that a value is a finite real number, at least `minimum` and greater than `above`."""
    if isinstance(value, bool) or not isinstance(value, (float, int, numbers.Real)):
        fail(who, f"{name} must be a number, got {value!r}.", hint, TypeError)
    if not math.isfinite(value):
        fail(who, f"{name} must be finite, got {value}.", hint)
    if minimum is not None and value < minimum:
        fail(who, f"{name} must be at least {minimum:g}, got {value:g}.", hint)
    if above is not None and value <= above:
        fail(who, f"{name} must be greater than {above:g}, got {value:g}.", hint)
    return float(value)


def fraction(who: object, name: str, value: object) -> float:
    """Check that a value is a number from 0 up to, but below, 1."""
    value = number(who, name, value)
    if not 0 <= value < 1:
        fail(who, f"{name} must be at least 0 and below 1, got {value:g}.")
    return value


def rate(who: object, name: str, value: object) -> Any:
    """Check that a learning rate is a number from 0 on, or a schedule, which is a function of the step."""
    hint = "give a number such as 0.1, or a function of the step such as lambda step: 0.1 * 0.99**step."
    return value if callable(value) else number(who, name, value, 0, hint=hint)


def one_of(who: object, name: str, value: object, allowed: Sequence[str]) -> str:
    """Check that a value is one of a few words."""
    if value not in allowed:
        import difflib

        words = ", ".join(repr(word) for word in allowed)
        close = difflib.get_close_matches(str(value), allowed, n=1)
        fail(who, f"{name} must be one of {words}; got {value!r}.", f"did you mean {close[0]!r}?" if close else "")
    return str(value)


def pair(who: object, name: str, value: object, minimum: int) -> tuple[int, int]:
    """Turn an integer into (value, value), or check a pair of integers (height, width)."""
    if isinstance(value, numbers.Integral):
        return (integer(who, name, value, minimum),) * 2
    if not isinstance(value, (tuple, list)) or len(value) != 2:
        fail(who, f"{name} must be an integer or a pair (height, width) of integers, got {value!r}.", kind=TypeError)
    return integer(who, f"{name}[0]", value[0], minimum), integer(who, f"{name}[1]", value[1], minimum)


def generator(who: object, rng: object) -> np.random.Generator:
    """Check that a source of random numbers is a NumPy generator."""
    if not isinstance(rng, np.random.Generator):
        hint = "pass np.random.default_rng(0), or None to follow tn.seed."
        fail(who, f"rng must be a np.random.Generator, got {rng!r}.", hint, TypeError)
    return rng

"""Checks of constructor and function arguments."""

from __future__ import annotations

import inspect
import math
import numbers
from collections.abc import Sequence
from typing import Any

import numpy as np

from tinynet.core.checks.words import fail

MAX_INTEGER = 2**53  #: Up to here every integer is also a float64; no array has as many entries.


def integer(
    who: object, name: str, value: object, minimum: int | None = None, maximum: int | None = MAX_INTEGER
) -> int:
    """Check that a value is an integer (no bool), not below `minimum` and not above `maximum`."""
    if isinstance(value, bool) or not isinstance(value, (int, numbers.Integral)):  # int first: the other answers slowly
        fail(who, f"{name} must be an integer, got {short(value)}.", kind=TypeError)
    if minimum is not None and value < minimum:
        fail(who, f"{name} must be at least {minimum}, got {value}.")
    value = int(value)
    if maximum is not None and abs(value) > maximum:
        bound = f"at most {maximum}" if value > 0 else f"at least {-maximum}"
        fail(who, f"{name} must be {bound}, got {integer_text(value)}.")
    return value


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
        fail(who, f"{name} must be a number, got {short(value)}.", hint, TypeError)
    try:
        value = float(value)
    except OverflowError:  # an integer or a fraction beyond 1.8e308
        value = math.inf
    if not math.isfinite(value):
        fail(who, f"{name} must be finite, got {value}.", hint)
    if minimum is not None and value < minimum:
        fail(who, f"{name} must be at least {minimum:g}, got {value:g}.", hint)
    if above is not None and value <= above:
        fail(who, f"{name} must be greater than {above:g}, got {value:g}.", hint)
    return value


def fraction(who: object, name: str, value: object) -> float:
    """Check that a value is a number from 0 up to, but below, 1."""
    value = number(who, name, value)
    if not 0 <= value < 1:
        fail(who, f"{name} must be at least 0 and below 1, got {value:g}.")
    return value


def rate(who: object, name: str, value: object) -> Any:
    """Check that a learning rate is a number of at least 0, or a schedule, which is a function of the step."""
    hint = "give a number such as 0.1, or a function of the step such as lambda step: 0.1 * 0.99**step."
    if not callable(value):
        return number(who, name, value, 0, hint=hint)
    return function(who, name, value, 1, hint, "a number or a function of the step")


def function(who: object, name: str, value: Any, n_arguments: int, hint: str = "", expected: str = "a function") -> Any:
    """Check that a value is a function of `n_arguments` arguments; a class or a layer, though callable, is none."""
    if not callable(value) or isinstance(value, type) or hasattr(value, "parameters") or not takes(value, n_arguments):
        fail(who, f"{name} must be {expected}, got {of_kind(value)}.", hint, TypeError)
    return value


def sizes(who: object, name: str, value: object) -> tuple[int, ...]:
    """Check the shape of an array: a tuple of integers of at least 0, and not more numbers than a memory can hold."""
    if not isinstance(value, (tuple, list)):
        fail(
            who, f"{name} must be a tuple of sizes, got {value!r}.", "a bias is (out,), a weight (out, in).", TypeError
        )
    shape = tuple([integer(who, f"{name}[{i}]", size, minimum=0) for i, size in enumerate(value)])
    if math.prod(shape) > 2**40:  # eight terabytes of float64
        fail(who, f"{name} {shape} has {math.prod(shape):.0e} numbers, more than a memory can hold.")
    return shape


def takes(function: Any, n_arguments: int) -> bool:
    """Whether a function can be called with `n_arguments` positional arguments; True where that cannot be known.

    Example:
        >>> takes(lambda step: 0.1, 1), takes(lambda: 0.1, 1)
        (True, False)
    """
    try:
        inspect.signature(function).bind(*[None] * n_arguments)
    except TypeError:
        return False
    except ValueError:  # some functions written in C have no signature
        return True
    return True


def one_of(who: object, name: str, value: object, allowed: Sequence[str]) -> str:
    """Check that a value is one of a few words."""
    if not isinstance(value, str) or value not in allowed:
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


def flag(who: object, name: str, value: object) -> bool:
    """Check that a value is True or False."""
    if not isinstance(value, (bool, np.bool_)):
        fail(who, f"{name} must be True or False, got {short(value)}.", kind=TypeError)
    return bool(value)


def text(who: object, name: str, value: object) -> str:
    """Check that a value is a string."""
    if not isinstance(value, str):
        fail(who, f"{name} must be a string, got {short(value)}.", kind=TypeError)
    return value


def instance(who: object, name: str, value: Any, kind: type, hint: str = "") -> Any:
    """Check that a value is an object of a class, and not the class itself."""
    if isinstance(value, type) and issubclass(value, kind):
        fail(who, f"{name} is the class {value.__name__}.", f"write {value.__name__}(...).", TypeError)
    if not isinstance(value, kind):
        fail(who, f"{name} must be a {kind.__name__}, got {of_kind(value)}.", hint, TypeError)
    return value


def of_kind(value: object) -> str:
    """What a value is, in a word or two: its repr could be pages long.

    Example:
        >>> of_kind(None), of_kind([1]), of_kind(of_kind)
        ('None', 'a list', 'a function')
    """
    if value is None:
        return "None"
    if isinstance(value, type):
        return f"the class {value.__name__}"
    name = type(value).__name__
    return f"{'an' if name[0].lower() in 'aeiou' else 'a'} {name}"


def short(value: object) -> str:
    """The repr of a value, or what it is where that would be long.

    Example:
        >>> short("no"), short(list(range(100)))
        ("'no'", 'a list')
    """
    text = repr(value)
    return text if len(text) <= 100 and "\n" not in text else of_kind(value)


def integer_text(value: int) -> str:
    """An integer, other than 0, as a short text.

    Example:
        >>> integer_text(10**30), integer_text(10**400)
        ('1e+30', 'one of 401 digits')
    """
    digits = int(math.log10(abs(value))) + 1
    return f"{value:g}" if digits < 300 else f"one of {digits} digits"

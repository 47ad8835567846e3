"""The small vocabulary in which a constructor declares what its arguments may be.

    checks.arguments(self, locals(), in_channels=at_least(1), kernel_size=pair(1), bias=flag)

Each word is a rule, or makes one: a function (who, name, value, others) that returns the value in the form in which it
is kept, or raises. `others` holds the arguments by name, those checked before in their kept form.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinynet.core.checks import values as check
from tinynet.core.checks.words import fail

Rule = Callable[[str, str, Any, Mapping[str, Any]], Any]
_declared: dict[type, dict[str, Rule]] = {}  # what the constructors of each class have declared, in their order


def arguments(owner: object, given: Mapping[str, Any], **rules: Rule) -> None:
    """Check the arguments of a constructor, and keep each as the attribute of the same name.

    Args:
        owner: The object that is being made; or the name of a function, whose arguments are checked and not kept.
        given: The arguments by name: `locals()` at the top of `__init__`.
        rules: What each may be, in the order in which they are checked.

    Example:
        >>> class Dice:
        ...     def __init__(self, sides=6):
        ...         arguments(self, locals(), sides=at_least(2))
        >>> Dice().sides
        6
        >>> Dice(sides=1)
        Traceback (most recent call last):
        ValueError: Dice: sides must be at least 2, got 1.
    """
    who, kept = owner if isinstance(owner, str) else type(owner).__name__, dict(given)
    for name, rule in rules.items():
        kept[name] = rule(who, name, given[name], kept)
        if not isinstance(owner, str) and not isinstance(rule, unkept):
            setattr(owner, name, kept[name])
    if not isinstance(owner, str):
        _declared[type(owner)] = {**_declared.get(type(owner), {}), **rules}


def check_again(owner: Any) -> None:
    """Check the attributes that a constructor has kept: another value may have been assigned since.

    Example:
        >>> class Dice:
        ...     def __init__(self, sides=6):
        ...         arguments(self, locals(), sides=at_least(2))
        >>> dice = Dice()
        >>> dice.sides = "six"
        >>> check_again(dice)
        Traceback (most recent call last):
        TypeError: Dice: sides must be an integer, got 'six'.
    """
    for name, rule in _declared.get(type(owner), {}).items():
        value = vars(owner).get(name)
        in_kept_form = isinstance(value, tuple)  # one into which a rule may have turned what it was given
        if name in vars(owner) and not in_kept_form and not isinstance(rule, unkept):
            rule(type(owner).__name__, name, value, vars(owner))


def at_least(minimum: int) -> Rule:
    """An integer that is not smaller."""
    return lambda who, name, value, others: check.integer(who, name, value, minimum)


def integer(who: str, name: str, value: Any, others: Mapping[str, Any]) -> int:
    """Any integer."""
    return check.integer(who, name, value)


def number(minimum: float | None = None, above: float | None = None) -> Rule:
    """A finite real number, at least `minimum` and greater than `above`."""
    return lambda who, name, value, others: check.number(who, name, value, minimum, above=above)


def fraction(who: str, name: str, value: Any, others: Mapping[str, Any]) -> float:
    """A number from 0 up to, but below, 1."""
    return check.fraction(who, name, value)


def share(above: float | None = None) -> Rule:
    """A number from 0 to 1, greater than `above`."""

    def rule(who: str, name: str, value: Any, others: Mapping[str, Any]) -> float:
        value = check.number(who, name, value, 0, above=above)
        if value > 1:
            fail(who, f"{name} must be at most 1, got {value:g}.")
        return value

    return rule


def two_fractions(who: str, name: str, value: Any, others: Mapping[str, Any]) -> tuple[float, float]:
    """A pair of numbers, each from 0 up to, but below, 1."""
    if not isinstance(value, (tuple, list)) or len(value) != 2:
        fail(who, f"{name} must be a pair of numbers, got {value!r}.", f"write {name}=(0.9, 0.999).", TypeError)
    return check.fraction(who, f"{name}[0]", value[0]), check.fraction(who, f"{name}[1]", value[1])


def rate(who: str, name: str, value: Any, others: Mapping[str, Any]) -> Any:
    """A learning rate: a number of at least 0, or a schedule."""
    return check.rate(who, name, value)


def pair(minimum: int) -> Rule:
    """A pair (height, width) of integers that are not smaller; one integer stands for both."""
    return lambda who, name, value, others: check.pair(who, name, value, minimum)


def word(*allowed: str) -> Rule:
    """One of a few words."""
    return lambda who, name, value, others: check.one_of(who, name, value, allowed)


def flag(who: str, name: str, value: Any, others: Mapping[str, Any]) -> bool:
    """True or False."""
    return check.flag(who, name, value)


def function(n_arguments: int) -> Rule:
    """A function of `n_arguments` arguments."""
    return lambda who, name, value, others: check.function(who, name, value, n_arguments)


def string(who: str, name: str, value: Any, others: Mapping[str, Any]) -> str:
    """A string."""
    return check.text(who, name, value)


def instance(kind: type, hint: str = "") -> Rule:
    """An object of a class."""
    return lambda who, name, value, others: check.instance(who, name, value, kind, hint)


def divides(*others_names: str) -> Rule:
    """An integer of at least 1 that divides other arguments."""

    def rule(who: str, name: str, value: Any, others: Mapping[str, Any]) -> int:
        divisor = check.integer(who, name, value, minimum=1)
        for other in others_names:
            if others[other] % divisor:
                fitting = ", ".join(str(n) for n in range(1, others[other] + 1) if others[other] % n == 0)
                fail(who, f"{name}={divisor} must divide {other}={others[other]}.", f"use one of {fitting}.")
        return divisor

    return rule


def divisor_of(dividend: str) -> Rule:
    """An integer of at least 1 that divides one other argument, which stands before it among the rules."""

    def rule(who: str, name: str, value: Any, others: Mapping[str, Any]) -> int:
        divisor, number = check.integer(who, name, value, minimum=1), others[dividend]
        if number % divisor:
            fitting = [d for d in range(1, number + 1) if number % d == 0]
            nearest = min(fitting, key=lambda d: abs(d - divisor))
            fail(who, f"{name}={divisor} does not divide {dividend}={number}.", f"{name}={nearest} would.")
        return divisor

    return rule


def generator(who: str, name: str, value: Any, others: Mapping[str, Any]) -> np.random.Generator:
    """A source of random numbers, a NumPy generator."""
    return check.generator(who, value)


def optional(rule: Rule) -> Rule:
    """None, or what another rule allows."""
    return lambda who, name, value, others: None if value is None else rule(who, name, value, others)


@dataclass(frozen=True)
class unkept:  # noqa: N801 - reads as a word of the vocabulary
    """What another rule allows, but checked only: the object keeps something else under that name, or nothing."""

    rule: Rule

    def __call__(self, who: str, name: str, value: Any, others: Mapping[str, Any]) -> Any:
        return self.rule(who, name, value, others)


switch = unkept(flag)  #: True or False: whether a part is made; the part is what is kept under the name.
weights_rng = unkept(optional(generator))  #: Where the numbers of the first weights come from; used and not kept.

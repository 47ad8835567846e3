"""The functions that occur in formulas, applied to expressions: exp(z), log(z), max(a, b), a where b > 0, else c."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinynet.probe.explain.expressions import Expression, Operand, Show, ValueOf, as_expression
from tinynet.probe.explain.text import ATOM, CHOICE, bracketed

_erf = np.frompyfunc(math.erf, 1, 1)


@dataclass(eq=False)
class Function(Expression):
    """f(a, b)"""

    name: str
    arguments: list[Expression]
    function: Callable

    def text(self, show: Show) -> tuple[str, int]:
        return f"{self.name}({', '.join(argument.text(show)[0] for argument in self.arguments)})", ATOM

    def evaluate(self, value_of: ValueOf) -> Any:
        return self.function(*[argument.evaluate(value_of) for argument in self.arguments])

    def parts(self) -> list[Expression]:
        return self.arguments


@dataclass(eq=False)
class Choice(Expression):
    """a where a condition holds, else b"""

    condition: Expression
    if_true: Expression
    if_false: Expression

    def text(self, show: Show) -> tuple[str, int]:
        texts = [bracketed(part.text(show), CHOICE + 1) for part in self.parts()]
        return f"{texts[1]} where {texts[0]}, else {texts[2]}", CHOICE

    def evaluate(self, value_of: ValueOf) -> Any:
        return (self.if_true if self.condition.evaluate(value_of) else self.if_false).evaluate(value_of)

    def parts(self) -> list[Expression]:
        return [self.condition, self.if_true, self.if_false]


def where(condition: Expression, if_true: Operand, if_false: Operand) -> Expression:
    """One expression where a condition holds, else another.

    Example:
        >>> from tinynet.probe.explain.expressions import Number
        >>> x, dy = Number("x", -0.5), Number("dy", 3.0)
        >>> where(x > 0, dy, 0).symbols(), where(x > 0, dy, 0).numbers()
        ('dy where x > 0, else 0', '3 where −0.5 > 0, else 0')
    """
    return Choice(condition, as_expression(if_true), as_expression(if_false))


def exp(z: Operand) -> Expression:
    """eᶻ"""
    return Function("exp", [as_expression(z)], np.exp)


def log(z: Operand) -> Expression:
    """The natural logarithm."""
    return Function("log", [as_expression(z)], np.log)


def sqrt(z: Operand) -> Expression:
    """The square root."""
    return Function("√", [as_expression(z)], np.sqrt)


def tanh(z: Operand) -> Expression:
    """The hyperbolic tangent."""
    return Function("tanh", [as_expression(z)], np.tanh)


def erf(z: Operand) -> Expression:
    """The error function."""
    return Function("erf", [as_expression(z)], _erf)


def sin(z: Operand) -> Expression:
    """The sine."""
    return Function("sin", [as_expression(z)], np.sin)


def cos(z: Operand) -> Expression:
    """The cosine."""
    return Function("cos", [as_expression(z)], np.cos)


def absolute(z: Operand) -> Expression:
    """|z|"""
    return Function("abs", [as_expression(z)], np.abs)


def sign(z: Operand) -> Expression:
    """−1, 0 or 1."""
    return Function("sign", [as_expression(z)], np.sign)


def maximum(*values: Operand) -> Expression:
    """The largest of several expressions; NaN if one is."""
    return Function("max", [as_expression(value) for value in values], lambda *numbers: np.max(numbers))


def minimum(*values: Operand) -> Expression:
    """The smallest of several expressions; NaN if one is."""
    return Function("min", [as_expression(value) for value in values], lambda *numbers: np.min(numbers))

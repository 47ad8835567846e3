"""Expressions that know their value, and print themselves with symbols and with the numbers in place.

An explanation is written as its formula: `y = total([w * x for ...]) + b`. The leaves are numbers of a trace. An
expression prints twice, once with the symbols of its leaves and once with their numbers:

    >>> w, x, b = Number("W[2, 0]", 0.5), Number("x[7, 0]", 2.0), Number("b[2]", -1.0)
    >>> y = w * x + b
    >>> y.symbols()
    'W[2, 0]·x[7, 0] + b[2]'
    >>> y.numbers(), float(y.value)
    ('0.5·2 − 1', 0.0)
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from tinynet.probe.explain.numbers import sum_up
from tinynet.probe.explain.text import (
    ATOM,
    COMPARISON,
    POWER,
    PRODUCT,
    SIGN,
    SUM,
    SUPERSCRIPTS,
    bracketed,
    number_text,
    signed,
)

Index = tuple[int, ...]
Source = tuple[str, Index]
Show = Callable[["Leaf"], tuple[str, int]]
ValueOf = Callable[["Leaf"], Any]
Method = Callable[["Expression", Any], "Expression"]


def _both_ways(sign: str, binds: int, function: Callable) -> tuple[Method, Method]:
    """The methods of an operator: with the expression on its left, and on its right."""

    def on_the_left(self: Expression, other: Operand) -> Expression:
        return Operation(sign, binds, self, as_expression(other), function)

    def on_the_right(self: Expression, other: Operand) -> Expression:
        return Operation(sign, binds, as_expression(other), self, function)

    return on_the_left, on_the_right


class Expression(ABC):
    """A number that was computed from others, and how."""

    @abstractmethod
    def text(self, show: Show) -> tuple[str, int]:
        """The expression as text, its leaves shown by `show`, and how strongly it binds."""

    @abstractmethod
    def evaluate(self, value_of: ValueOf) -> Any:
        """The value, with each leaf's taken from `value_of`."""

    @abstractmethod
    def parts(self) -> list[Expression]:
        """The expressions directly inside it."""

    @property
    def value(self) -> np.float64:
        """The value, computed in float64 from the leaves as they are."""
        with np.errstate(all="ignore"):
            return np.float64(self.evaluate(lambda leaf: leaf._value))

    def symbols(self) -> str:
        """The expression with the symbols of its leaves."""
        return self.text(symbol_of)[0]

    def numbers(self, digits: int = 5) -> str:
        """The expression with the numbers of its leaves, rounded to some significant digits."""
        return self.text(lambda leaf: leaf.number(digits))[0]

    def leaves(self) -> Iterator[Leaf]:
        """The leaves, from left to right; one that occurs twice comes twice."""
        for part in self.parts():
            yield from part.leaves()

    def __add__(self, other: Operand) -> Expression:
        return Sum([self, as_expression(other)])

    def __radd__(self, other: Operand) -> Expression:
        return Sum([as_expression(other), self])

    def __pow__(self, exponent: Operand) -> Expression:
        return Power(self, as_expression(exponent))

    def __neg__(self) -> Expression:
        return Negative(self)

    def equals(self, other: Operand) -> Expression:
        """The comparison self == other."""
        return Operation(" == ", COMPARISON, self, as_expression(other), np.equal)

    __sub__, __rsub__ = _both_ways(" − ", SUM, np.subtract)
    __mul__, __rmul__ = _both_ways("·", PRODUCT, np.multiply)
    __truediv__, __rtruediv__ = _both_ways(" / ", PRODUCT, np.divide)
    __gt__, __lt__ = _both_ways(" > ", COMPARISON, np.greater)[0], _both_ways(" < ", COMPARISON, np.less)[0]
    __ge__, __le__ = _both_ways(" ≥ ", COMPARISON, np.greater_equal)[0], _both_ways(" ≤ ", COMPARISON, np.less_equal)[0]

    def __bool__(self) -> bool:
        return bool(self.value)

    def __float__(self) -> float:
        return float(self.value)


Operand = Expression | float


class Leaf(Expression):
    """A number with a symbol; where it was computed from others in a line of its own, `made_from` says how.

    Attributes:
        symbol: What stands for it, as in "x[7, 2]".
        source: The name of an array in the trace, and the index of this number in it; None if it is in no array.
        made_from: The expression of the line that computes it, or None.
        exact: Whether it is printed with all its digits, as counts and settings are.
    """

    def __init__(
        self,
        symbol: str,
        value: Any,
        source: Source | None = None,
        *,
        made_from: Expression | None = None,
        exact: bool = False,
    ) -> None:
        self.symbol = symbol
        self._value = np.float64(value)
        self.source = source
        self.made_from = made_from
        self.exact = exact
        self.key = symbol, float(self._value)  # two leaves with one key are one number

    def text(self, show: Show) -> tuple[str, int]:
        return show(self)

    def evaluate(self, value_of: ValueOf) -> Any:
        return value_of(self)

    def parts(self) -> list[Expression]:
        return []

    def leaves(self) -> Iterator[Leaf]:
        yield self

    def refresh(self) -> None:
        """Compute the value again from what it was made from."""
        if self.made_from is not None:
            for leaf in {id(leaf): leaf for leaf in self.made_from.leaves()}.values():
                leaf.refresh()
            self._value = self.made_from.value
            self.key = self.symbol, float(self._value)

    def number(self, digits: int) -> tuple[str, int]:
        """The number with some significant digits, and how strongly that binds: a negative one is a sign and a number.

        Example:
            >>> Number("x", 1 / 3).number(4), Number("n", -123456, exact=True).number(4)
            (('0.3333', 6), ('−123456', 4))
        """
        return number_text(self._value, None if self.exact else digits)


def Number(symbol: str, value: Any, source: Source | None = None, *, exact: bool = False) -> Leaf:  # noqa: N802
    """A leaf: a number with the symbol that stands for it.

    Args:
        symbol: The symbol, as in "x[7, 2]".
        value: Its value.
        source: Where it stands in the trace: a name and an index, ("0.x", (7, 2)).
        exact: Print all its digits, for counts and settings (N = 128, eps = 1e-05).

    Example:
        >>> Number("N", 32, exact=True).numbers()
        '32'
    """
    return Leaf(symbol, value, source, exact=exact)


def named(symbol: str, expression: Expression, source: Source | None = None) -> Leaf:
    """A step on the way: an expression that gets a line and a symbol of its own, and is used by its symbol.

    Example:
        >>> mean = named("μ", (Number("x[0]", 1.0) + Number("x[1]", 2.0)) / 2)
        >>> (Number("x[0]", 1.0) - mean).symbols(), mean.made_from.symbols()
        ('x[0] − μ', '(x[0] + x[1]) / 2')
    """
    return Leaf(symbol, expression.value, source, made_from=expression)


def constant(value: float, symbol: str | None = None) -> Leaf:
    """A number that is printed with all its digits, in symbols too unless it has one."""
    return Leaf(number_text(np.float64(value), None)[0] if symbol is None else symbol, value, exact=True)


def zero(reason: str) -> Leaf:
    """A number that is 0 because it was cut off, with the reason in its symbol.

    Example:
        >>> zero("the step is padding").symbols(), zero("the step is padding").numbers()
        ('0 (the step is padding)', '0')
    """
    return constant(0, f"0 ({reason})")


def as_expression(value: Operand) -> Expression:
    """An expression as it is; any number as a constant."""
    return value if isinstance(value, Expression) else constant(value)


class Sum(Expression):
    """a + b + …"""

    def __init__(self, terms: list[Expression]) -> None:
        self.terms: list[Expression] = []
        for term in terms:
            self.terms += term.terms if type(term) is Sum else [term]

    def text(self, show: Show) -> tuple[str, int]:
        return " ".join(signed([term.text(show) for term in self.terms])), SUM

    def evaluate(self, value_of: ValueOf) -> Any:
        return sum_up([term.evaluate(value_of) for term in self.terms])

    def parts(self) -> list[Expression]:
        return self.terms


class Operation(Expression):
    """Two expressions with a sign between them: a − b, a·b, a / b, a > b."""

    def __init__(self, sign: str, binds: int, left: Expression, right: Expression, function: Callable) -> None:
        self.sign, self.binds, self.left, self.right, self.function = sign, binds, left, right, function

    def text(self, show: Show) -> tuple[str, int]:
        left = bracketed(self.left.text(show), self.binds, is_first=True)
        # a − (b + c) and a / (b·c) need brackets also where both sides bind alike
        needed = self.binds + (self.sign in (" − ", " / "))
        return f"{left}{self.sign}{bracketed(self.right.text(show), needed)}", self.binds

    def evaluate(self, value_of: ValueOf) -> Any:
        return self.function(self.left.evaluate(value_of), self.right.evaluate(value_of))

    def parts(self) -> list[Expression]:
        return [self.left, self.right]


class Negative(Expression):
    """−a"""

    def __init__(self, of: Expression) -> None:
        self.of = of

    def text(self, show: Show) -> tuple[str, int]:
        return f"−{bracketed(self.of.text(show), POWER)}", SIGN

    def evaluate(self, value_of: ValueOf) -> Any:
        return -self.of.evaluate(value_of)

    def parts(self) -> list[Expression]:
        return [self.of]


class Power(Expression):
    """a², a³, a^b"""

    def __init__(self, base: Expression, exponent: Expression) -> None:
        self.base, self.exponent = base, exponent

    def text(self, show: Show) -> tuple[str, int]:
        base = bracketed(self.base.text(show), ATOM)
        exponent, binds = self.exponent.text(show)
        if exponent.isascii() and exponent.isdigit():
            return f"{base}{exponent.translate(SUPERSCRIPTS)}", POWER
        return f"{base}^{bracketed((exponent, binds), ATOM)}", POWER

    def evaluate(self, value_of: ValueOf) -> Any:
        return np.power(self.base.evaluate(value_of), self.exponent.evaluate(value_of))

    def parts(self) -> list[Expression]:
        return [self.base, self.exponent]


def symbol_of(leaf: Leaf) -> tuple[str, int]:
    """The symbol of a leaf, and how strongly it binds: a constant may be a negative number."""
    return leaf.symbol, SIGN if leaf.symbol.startswith("−") else ATOM

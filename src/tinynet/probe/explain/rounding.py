"""How many digits are printed: as few as let every result be recomputed from what is printed."""

from __future__ import annotations

import numpy as np

from tinynet.probe.explain.expressions import Expression, Leaf, number_text

#: Significant digits of a result that nothing else is computed from.
RESULT_DIGITS = 5
#: With this many significant digits a number of float64 is exact.
EXACT_DIGITS = 17

Equation = tuple[Leaf, Expression]


class Digits:
    """The digits of every number in some lines, each line a leaf and the expression that it equals.

    A number is printed alike wherever it occurs. Its digits are raised until each line, computed again from its printed
    numbers, gives the printed result to the last digit.

    Example:
        >>> from tinynet.probe.explain.expressions import Number
        >>> third, seventh = Number("a", 1 / 3), Number("b", 1 / 7)
        >>> line = Number("a − b", 1 / 3 - 1 / 7), third - seventh
        >>> digits = Digits([line])
        >>> digits.number(third)[0], digits.number(seventh)[0], digits.number(line[0])[0]
        ('0.333333', '0.142857', '0.19048')
    """

    def __init__(self, lines: list[Equation]) -> None:
        self._digits: dict[tuple[str, float], int] = {}
        while failing := [expression for result, expression in lines if not self._holds(result, expression)]:
            for leaf in {leaf.key: leaf for expression in failing for leaf in expression.leaves()}.values():
                self._digits[leaf.key] = min(self._of(leaf) + 1, EXACT_DIGITS)

    def number(self, leaf: Leaf) -> tuple[str, int]:
        """The number of a leaf as text, and how strongly it binds."""
        return number_text(leaf._value, None if leaf.exact else self._of(leaf))

    def _of(self, leaf: Leaf) -> int:
        return self._digits.get(leaf.key, RESULT_DIGITS)

    def _holds(self, result: Leaf, expression: Expression) -> bool:
        with np.errstate(all="ignore"):
            again = np.float64(expression.evaluate(self._printed))
        return number_text(again, self._of(result)) == number_text(result._value, self._of(result))

    def _printed(self, leaf: Leaf) -> np.float64:
        text = self.number(leaf)[0].replace("−", "-").replace("∞", "inf")
        return np.float64(text)

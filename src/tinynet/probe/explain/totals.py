"""Long sums: the largest terms are shown, the others become one number."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from tinynet.probe.explain.expressions import Expression, Leaf, Number, Show, ValueOf
from tinynet.probe.explain.functions import maximum
from tinynet.probe.explain.numbers import sum_up
from tinynet.probe.explain.text import ATOM, SUM, signed

#: How many terms of a sum are shown.
SHOWN_TERMS = 8


class Total(Expression):
    """A sum over samples, places or units, its largest terms first.

    Attributes:
        formula: The sum with symbols, as in "Σₙ dy[n, 2]·x[n, 3]"; "" leaves it to the terms.
        cut: From a reason to how many terms it has set to zero: {"layer 1 (ReLU) was closed": 7}.
        shown_terms: How many terms are shown.
    """

    def __init__(
        self,
        values: np.ndarray,
        term: Callable[[int], Expression],
        formula: str = "",
        cut: dict[str, int] | None = None,
    ) -> None:
        self.values = np.asarray(values, np.float64).ravel()
        self.term = term
        self.formula = formula
        self.cut = {reason: count for reason, count in (cut or {}).items() if count}
        self.shown_terms: int | None = SHOWN_TERMS

    @cached_property
    def shown(self) -> list[Expression]:
        """The terms that are printed, the last of them what is left of the others."""
        sizes = np.where(np.isnan(self.values), np.inf, np.abs(self.values))
        order = np.argsort(-sizes, kind="stable")
        order = order[sizes[order] > 0]
        n_shown = len(order) if self.shown_terms is None else self.shown_terms
        if len(order) == n_shown + 1:
            n_shown += 1  # one more term says more than "1 smaller term"
        terms = [self.term(int(at)) for at in order[:n_shown]]
        if len(order) > n_shown:
            rest = order[n_shown:]
            terms.append(Number(f"{len(rest)} smaller terms", sum_up(list(self.values[rest]))))
        return terms

    def show(self, terms: int | None) -> None:
        """Show this many terms, or all if None."""
        self.shown_terms = terms
        self.__dict__.pop("shown", None)

    def remarks(self) -> list[str]:
        """What the terms that are zero say: how many there are, and why."""
        n_zeros = int(np.sum(self.values == 0))
        lines = [f"{_terms(count)} 0: {reason}" for reason, count in self.cut.items()]
        n_others = n_zeros - sum(self.cut.values())
        return lines + ([f"{_terms(n_others)} 0"] if n_others > 0 else [])

    def text(self, show: Show) -> tuple[str, int]:
        if not self.shown:
            return "0", ATOM
        if len(self.shown) == 1:
            return self.shown[0].text(show)
        return " ".join(signed([term.text(show) for term in self.shown])), SUM

    def evaluate(self, value_of: ValueOf) -> Any:
        return sum_up([term.evaluate(value_of) for term in self.shown])

    def parts(self) -> list[Expression]:
        return self.shown


def total(terms: Sequence[Expression], formula: str = "", cut: dict[str, int] | None = None) -> Total:
    """The sum of some expressions, its largest terms first.

    Args:
        terms: The terms; those that are zero are counted, not shown.
        formula: The sum with symbols, "Σᵢ W[2, i]·x[7, i]".
        cut: From a reason to how many of the terms it has set to zero.

    Example:
        >>> parts = [Number("a", 0.5), Number("b", 0.0), Number("c", -2.0)]
        >>> whole = total(parts, "Σ aᵢ", cut={"b is masked": 1})
        >>> whole.symbols(), whole.numbers(), whole.remarks()
        ('c + a', '−2 + 0.5', ['1 term is 0: b is masked'])
    """
    values = np.array([term.value for term in terms], np.float64)
    return Total(values, lambda at: terms[at], formula, cut)


def total_of(
    values: np.ndarray, term: Callable[[int], Expression], formula: str = "", cut: dict[str, int] | None = None
) -> Total:
    """The sum of many terms, of which only those that are shown are made: values of all, and the expression of one.

    Args:
        values: The values of all terms, as an array of any shape.
        term: Makes the term at a place of `values.ravel()`; its value is `values.ravel()[place]`.
        formula: As in `total`.
        cut: As in `total`.

    Example:
        >>> x = np.arange(1000.0)
        >>> whole = total_of(x, lambda i: Number(f"x[{i}]", x[i]), "Σᵢ x[i]")
        >>> whole.show(2)
        >>> whole.symbols(), whole.numbers(6)
        ('x[999] + x[998] + 997 smaller terms', '999 + 998 + 497503')
    """
    return Total(values, term, formula, cut)


def all_totals(expression: Expression) -> list[Total]:
    """The sums inside an expression, and inside what its symbols were made from."""
    found: list[Total] = [expression] if isinstance(expression, Total) else []
    inner: list[Expression] = list(expression.parts())
    if isinstance(expression, Leaf) and expression.made_from is not None:
        inner.append(expression.made_from)
    for part in inner:
        found += all_totals(part)
    return found


def _terms(count: int) -> str:
    return "1 term is" if count == 1 else f"{count} terms are"


def largest_of(values: np.ndarray, term: Callable[[int], Expression]) -> Expression:
    """The maximum of many numbers, of which the largest are shown.

    Args:
        values: The values of all.
        term: Makes the expression at a place of `values.ravel()`.

    Example:
        >>> x = np.arange(100.0)
        >>> largest_of(x, lambda i: Number(f"x[{i}]", x[i])).symbols()
        'max(x[99], x[98], x[97], x[96], the largest of 96 others)'
    """
    values = np.asarray(values, np.float64).ravel()
    order = np.argsort(np.where(np.isnan(values), -np.inf, -values), kind="stable")
    shown = order if len(order) <= SHOWN_TERMS else order[: SHOWN_TERMS // 2]
    terms = [term(int(at)) for at in shown]
    if len(shown) < len(order):
        terms.append(Number(f"the largest of {len(order) - len(shown)} others", values[order[len(shown)]]))
    return maximum(*terms)

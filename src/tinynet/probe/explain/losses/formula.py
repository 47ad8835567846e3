"""What the explanations of all losses share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable

import numpy as np

from tinynet.probe.explain.expressions import Expression, Index, Leaf, Number, constant, named
from tinynet.probe.explain.numbers import unraveled
from tinynet.probe.explain.rows import LossRow
from tinynet.probe.explain.totals import Total, total_of
from tinynet.probe.explain.views import LossView
from tinynet.probe.trace import GROUND_TRUTH, LOSS


class LossFormula(ABC):
    """A loss as the sum of a term for each number or each row of the batch, divided by their count.

    Attributes:
        loss: The loss of a trace.
        y: What the net predicted, in float64; the first of several outputs.
        is_short: Whether the terms stand in the sum themselves. Longer ones are explained in turn: "loss" at the index
            of a term is that term.
        on_the_way: The names of methods that take an index and explain a value on the way: "loss.S" is S at an index.
    """

    on_the_way: tuple[str, ...] = ()
    predicted_symbol, truth_symbol = "predicted", "truth"
    is_short = False

    def __init__(self, loss: LossView) -> None:
        self.loss = loss
        self.output = "y" if loss.has("y") else "y.0"
        self.y = loss.array(self.output).astype(np.float64)
        self.is_mean = loss.options.get("reduction", "mean") == "mean"

    @property
    @abstractmethod
    def values(self) -> np.ndarray:
        """The value of each term, in the shape in which the terms are counted."""

    @abstractmethod
    def term(self, index: Index) -> Expression:
        """One term."""

    @abstractmethod
    def gradient(self, index: Index, part: int) -> Expression:
        """∂L/∂ of one predicted number; `part` counts the outputs of the net."""

    @property
    def symbols(self) -> str:
        """The sum with symbols."""
        return f"Σ {LOSS}[n]"

    @property
    def cut(self) -> dict[str, int]:
        """Why terms are 0, and how many."""
        return {}

    @property
    def count(self) -> Expression | None:
        """What the sum is divided by; None if by nothing."""
        return constant(self.values.size, "n") if self.is_mean else None

    def number(self) -> Expression:
        """The loss of the batch."""
        everything = self.sum_of(())
        return everything if self.count is None else named("sum", everything) / self.count

    def sum_of(self, first: Index) -> Expression:
        """The sum of the terms whose index starts so: of all, of those of a sample, or one alone."""
        values = self.values[first]
        if values.ndim == 0:
            return self.term(first)

        def term(index: Index) -> Expression:
            if self.is_short:
                return self.term(first + index)
            return Number(f"{LOSS}[{text(first + index)}]", values[index], (LOSS, first + index))

        return sum_over(values, term, self.symbols, None if first else self.cut)

    def divided(self, expression: Expression) -> Expression:
        """The expression over the count, for a mean."""
        return expression if self.count is None else expression / self.count

    def predicted(self, index: Index) -> Leaf:
        """A number that the net predicted."""
        return self.loss.at(self.output, index, self.predicted_symbol)

    def truth(self, index: Index) -> Leaf:
        """A number of the truth."""
        return self.loss.at(GROUND_TRUTH, index, self.truth_symbol)

    @property
    def t(self) -> np.ndarray:
        """The truth, as an array."""
        return self.loss.array(GROUND_TRUTH)


def text(index: Index) -> str:
    """An index as it stands in brackets.

    Example:
        >>> text((7, 2))
        '7, 2'
    """
    return ", ".join(str(int(at)) for at in index)


def sum_over(
    values: np.ndarray,
    term: Callable[[Index], Expression],
    formula: str = "",
    cut: dict[str, int] | None = None,
) -> Total:
    """A sum whose terms are made from an index of `values`, as `total_of` makes them from a place.

    Example:
        >>> x = np.array([[1.0, 5.0]])
        >>> sum_over(x, lambda index: Number(f"x[{text(index)}]", x[index])).symbols()
        'x[0, 1] + x[0, 0]'
    """
    values = np.asarray(values)

    return total_of(values, lambda place: term(unraveled(place, values.shape)), formula, cut)


def row_of(formula: type[LossFormula]) -> LossRow:
    """The row of the table for a formula."""

    def on_the_way(name: str) -> Callable[[LossView, Index], Expression]:
        return lambda loss, index: getattr(formula(loss), name)(index)

    return LossRow(
        loss=lambda loss: formula(loss).number(),
        gradient=lambda loss, index, part: formula(loss).gradient(index, part),
        terms=lambda loss, index: formula(loss).sum_of(index),
        memory={name: on_the_way(name) for name in formula.on_the_way},
    )

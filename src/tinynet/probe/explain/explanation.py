"""Explanation: why one number of a trace is what it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from textwrap import fill, indent
from unicodedata import combining

from tinynet.probe.explain.expressions import Expression, Leaf, Source, Sum, symbol_of
from tinynet.probe.explain.rounding import RESULT_DIGITS, Digits
from tinynet.probe.explain.text import number_text, signed
from tinynet.probe.explain.totals import Total, all_totals

#: The left column is at most this wide; longer symbols get a row of their own.
SYMBOL_WIDTH = 58
#: Significant digits of a number that was given: all that float32 has.
GIVEN_DIGITS = 9
#: Sentences are broken at this width.
TEXT_WIDTH = 110
#: A sum with more terms than this is written one term a row.
TERMS_IN_A_ROW = 2


@dataclass(frozen=True)
class Row:
    """One row of an explanation: symbols on the left, the numbers in their places on the right.

    Attributes:
        symbols: The left side.
        numbers: The right side.
        term: The value of a term of a sum that has a row of its own.
    """

    symbols: str
    numbers: str
    term: float | None = None


@dataclass(frozen=True)
class Line:
    """One equation of an explanation.

    Attributes:
        symbol: What is computed, as in "0.weight.gradient[2, 3]".
        rows: The equation with symbols and with numbers; the last row ends in the result.
        result: The result as it is printed.
    """

    symbol: str
    rows: list[Row]
    result: str


@dataclass
class Explanation:
    """Why one number of a trace is what it is: the formula, with symbols and with the numbers in place.

    Printed in a terminal it is text in two columns, shown in a notebook a table. Every printed result is what the
    printed numbers give, to its last digit.

    Attributes:
        result: The number, with its symbol, its place in the trace, and as `made_from` the expression that computes it.
        title: What it is, in words.
        formula: The formulas of the layer, loss or rule, from its docstring.
        remarks: Sentences for below the lines.
        recorded: The value that the step itself computed, in float32 mostly; None if the trace has none.
        explain_source: Explains a number that this one comes from.
        chapters: Explanations that follow this one: of what became of the number.

    Example:
        >>> from tinynet.probe.explain.expressions import Number, named
        >>> w, x = Number("W[0, 0]", 3.0, ("0.weight", (0, 0))), Number("x[0, 0]", 2.0, ("0.x", (0, 0)))
        >>> print(Explanation(named("y[0, 0]", w * x), "An output."))
        An output.
        <BLANKLINE>
        y[0, 0] = W[0, 0]·x[0, 0]   │ 3·2 = 6
    """

    result: Leaf
    title: str = ""
    formula: dict[str, str] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)
    recorded: float | None = None
    explain_source: Callable[[Source], Explanation] | None = None
    chapters: list[Explanation] = field(default_factory=list)

    @property
    def value(self) -> float:
        """The number as the formula gives it, in float64."""
        return float(self.result.value)

    @property
    def expression(self) -> Expression:
        """What the number is computed from."""
        made_from = self.result.made_from
        return self.result if made_from is None else made_from

    @cached_property
    def equations(self) -> list[tuple[Leaf, Expression]]:
        """A leaf and the expression that it equals, for each line; what is used comes before what uses it."""
        found: dict[tuple[str, float], tuple[Leaf, Expression]] = {}

        def visit(leaf: Leaf) -> None:
            if leaf.made_from is not None and leaf.key not in found:
                for inner in leaf.made_from.leaves():
                    visit(inner)
                found[leaf.key] = leaf, leaf.made_from

        visit(self.result)
        return list(found.values())

    @cached_property
    def lines(self) -> list[Line]:
        """The equations, the number itself last; only the number where the step did not compute it."""
        if not self.equations:
            text = number_text(self.result.value, None if self.result.exact else GIVEN_DIGITS)[0]
            return [Line(self.result.symbol, [Row(f"{self.result.symbol} = {text}", "")], text)]
        digits = Digits(self.equations)
        return [_line(leaf, expression, digits) for leaf, expression in self.equations]

    @property
    def sources(self) -> list[Source]:
        """Where the shown numbers stand in the trace, as names and indices that can be explained in turn."""
        leaves = [leaf for _, expression in reversed(self.equations) for leaf in expression.leaves()]
        return list(dict.fromkeys(leaf.source for leaf in leaves if leaf.source is not None))

    def show_terms(self, terms: int | None) -> Explanation:
        """Show this many terms of each sum, or all if None."""
        for each in all_totals(self.result):
            each.show(terms)
        self.result.refresh()  # what is added in another order may differ in the last bit
        for name in ("lines", "equations"):
            self.__dict__.pop(name, None)
        return self

    def walk(self, depth: int = 3, sources: int = 1) -> list[Explanation]:
        """This explanation, and those of where its numbers come from, and so on.

        Args:
            depth: How many steps to go back.
            sources: How many numbers of each explanation to follow: those of the largest terms.
        """
        found, seen = [self], {self.result.source}
        ahead = [(self, depth)]
        while ahead:
            here, left = ahead.pop(0)
            fresh = [source for source in here.sources if source not in seen][:sources] if left else []
            for source in fresh:
                seen.add(source)
                if here.explain_source is not None:
                    found.append(here.explain_source(source))
                    ahead.append((found[-1], left - 1))
        return found

    def __str__(self) -> str:
        formulas = [f"{name}:\n{indent(text, '    ')}" for name, text in self.formula.items()]
        rows = [row for line in self.lines for row in line.rows]
        remarks = [fill(remark, TEXT_WIDTH) for remark in self.all_remarks()]
        parts = [fill(self.title, TEXT_WIDTH), "\n".join(formulas), "\n".join(_columns(rows)), "\n".join(remarks)]
        return "\n\n".join([*(part for part in parts if part), *map(str, self.chapters)])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        """A table for a notebook."""
        from tinynet.probe.explain.html import explanation_html

        return explanation_html(self)

    def all_remarks(self) -> list[str]:
        """The sentences below the lines, with one on how the step's own number differs, if it does."""
        remarks = list(self.remarks)
        shown = self.lines[-1].result if self.lines else ""
        if self.recorded is not None and self.equations:
            recorded = number_text(self.recorded, RESULT_DIGITS)[0]
            if recorded != shown:
                remarks.append(f"The step itself has {recorded}: it rounds each partial result.")
        return remarks


def _line(leaf: Leaf, expression: Expression, digits: Digits) -> Line:
    result = digits.number(leaf)[0]
    terms = _terms(expression)
    zeros = [Row(f"  + {remark}", "") for each in _totals_here(expression) for remark in each.remarks()]
    if len(terms) <= TERMS_IN_A_ROW and not (zeros and terms != [expression]):
        numbers = expression.text(digits.number)[0]
        rows = [Row(f"{leaf.symbol} = {expression.symbols()}", f"{numbers} = {result}"), *zeros]
    else:
        rows = [Row(f"{leaf.symbol} = {_formula(expression)}", "")]
        lefts, rights = ([*signed([term.text(show) for term in terms])] or ["0"] for show in (symbol_of, digits.number))
        lefts[0], rights[0] = f"  {lefts[0]}", f"  {rights[0]}"
        values = [float(term.value) for term in terms] or [0.0]
        rows += [Row(f"  {left}", right, term) for left, right, term in zip(lefts, rights, values, strict=True)]
        rows += [*zeros, Row("", f"= {result}")]
    return Line(leaf.symbol, rows, result)


def _terms(expression: Expression) -> list[Expression]:
    """The terms of a sum that are shown; the expression itself if it is no sum."""
    if isinstance(expression, Total):
        return expression.shown
    if isinstance(expression, Sum):
        return [inner for term in expression.terms for inner in _terms(term)]
    return [expression]


def _totals_here(expression: Expression) -> list[Total]:
    return (
        [expression]
        if isinstance(expression, Total)
        else [t for part in expression.parts() for t in _totals_here(part)]
    )


def _formula(expression: Expression) -> str:
    """A sum with symbols, long ones as their Σ."""
    if isinstance(expression, Total):
        return expression.formula or "the sum of"
    if isinstance(expression, Sum):
        return " + ".join(_formula(term) for term in expression.terms)
    return expression.symbols()


def _columns(rows: list[Row]) -> list[str]:
    """The rows as text in two columns; where the symbols are too long, the numbers stand in the row below."""
    width = min(SYMBOL_WIDTH, max((_width(row.symbols) for row in rows), default=0) + 2)
    lines = []
    for row in rows:
        if not row.numbers:
            lines.append(row.symbols)
        elif _width(row.symbols) > width:
            lines += [row.symbols, f"{'':{width}} │ {row.numbers}"]
        else:
            lines.append(f"{row.symbols}{' ' * (width - _width(row.symbols))} │ {row.numbers}")
    return lines


def _width(text: str) -> int:
    """How many columns of a terminal a text takes: the hat of x̂ stands over its letter."""
    return sum(not combining(letter) for letter in text)

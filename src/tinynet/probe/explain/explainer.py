"""Explains the numbers of one trace."""

from __future__ import annotations

import numpy as np

from tinynet.core import checks
from tinynet.core.checks.shapes import shape_text
from tinynet.probe.explain import meanings as kinds
from tinynet.probe.explain.answers import Answers
from tinynet.probe.explain.explanation import GIVEN_DIGITS, Explanation
from tinynet.probe.explain.expressions import Index, Leaf, Source, named
from tinynet.probe.explain.meanings import Meaning
from tinynet.probe.explain.numbers import at_index
from tinynet.probe.explain.optimizers.clipping import SQUARES
from tinynet.probe.explain.text import number_text
from tinynet.probe.explain.totals import SHOWN_TERMS
from tinynet.probe.trace import LOSS, Trace


class Explainer:
    """Explains numbers of one trace.

    Attributes:
        answers: How the numbers are computed.
    """

    def __init__(self, trace: Trace, terms: int | None = SHOWN_TERMS) -> None:
        self.trace, self.terms = trace, terms
        self.answers = Answers(trace)
        self.meanings = self.answers.meanings

    @np.errstate(all="ignore")  # a step that is not finite is explained like any other
    def explain(self, name: str, index: Index) -> Explanation:
        """The explanation of one number."""
        origin = self.meanings.origin(name)
        meaning = self.meanings.meaning(origin)
        if meaning.kind == kinds.PARAMETER:
            return self._story(meaning, index)
        symbol = at_index(origin, index)
        expression, title, formulas = self.answers.answer(meaning, origin, index)
        recorded = self._recorded(origin, index)
        if isinstance(expression, Leaf) and expression.source == (origin, index):
            result = expression  # the step did not compute it
        else:
            result = named(symbol, expression, (origin, index))
        also = "" if name == origin else f" It is {at_index(name, index)}, too."
        explanation = Explanation(result, title + also, formulas, recorded=recorded)
        explanation.explain_source = self._explain_source
        return explanation.show_terms(self.terms)

    def is_on_the_way(self, name: str) -> bool:
        """Whether a name stands for numbers without an array in the trace: terms of the loss, "0.weight.X"."""
        if name == LOSS:
            return True
        if not isinstance(name, str) or name in self.trace:
            return False
        meaning = self.meanings.meaning(name)
        if meaning.kind == kinds.THE_LOSS:
            row = self.answers.loss_row()
            return row is not None and meaning.short in row.memory
        if meaning.kind != kinds.SLOT:
            return False
        rule = self.answers.optimizer_row(self.trace.parameters[meaning.path])
        return meaning.short == SQUARES or (rule is not None and meaning.short in rule.slots)

    def explain_on_the_way(self, name: str, index: Index) -> Explanation:
        """The explanation of a number that has no array in the trace."""
        try:
            return self.explain(name, index)
        except (IndexError, TypeError, ValueError):
            problem = f"it has no number at the index {shape_text(index)}."
            checks.fail(f"explain: {name}", problem, "take an index from the sources of an explanation.", IndexError)

    def _recorded(self, name: str, index: Index) -> float | None:
        """The value that the step itself computed; None for one on the way, which it did not keep."""
        if name not in self.trace.values or len(index) != np.ndim(self.trace[name]):
            return None
        return float(self.trace[name][index])

    def _explain_source(self, source: Source) -> Explanation:
        return self.explain(*source)

    def _story(self, meaning: Meaning, index: Index) -> Explanation:
        """A parameter: its gradient, what reached the rule, and its update."""
        path = meaning.path
        names = [f"{path}.gradient", f"{path}.gradient.used", f"{path}.after"]
        chapters = [self.explain(name, index) for name in names if name in self.trace]
        before = number_text(self.trace[path][index], GIVEN_DIGITS)[0]
        chapters[0].title = f"{at_index(path, index)} = {before} before the step. {chapters[0].title}"
        chapters[0].chapters = chapters[1:]
        return chapters[0]

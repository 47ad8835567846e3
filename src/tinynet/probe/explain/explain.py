"""tn.explain: from the name of a number to its explanation."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet import optimizers
from tinynet.core import checks, formula
from tinynet.core.checks.shapes import shape_text
from tinynet.probe.explain import meanings as kinds
from tinynet.probe.explain.cuts import Cuts
from tinynet.probe.explain.explanation import GIVEN_DIGITS, Explanation
from tinynet.probe.explain.expressions import Expression, Index, Leaf, Number, Source, named, number_text
from tinynet.probe.explain.layers import LAYERS
from tinynet.probe.explain.layers.of_models import ROWS as ROWS_OF_MODELS
from tinynet.probe.explain.losses import LOSSES
from tinynet.probe.explain.losses.evidence import ROWS as LOSSES_OF_MODELS
from tinynet.probe.explain.meanings import Meaning, Meanings
from tinynet.probe.explain.numbers import at_index
from tinynet.probe.explain.optimizers import OPTIMIZERS
from tinynet.probe.explain.optimizers.clipping import SQUARES, gradient_used, sum_of_squares, waits
from tinynet.probe.explain.own_layers import own_input_gradient, own_output, own_parameter_gradient
from tinynet.probe.explain.places import given_index, place_of
from tinynet.probe.explain.rows import LayerRow
from tinynet.probe.explain.totals import SHOWN_TERMS
from tinynet.probe.explain.views import LayerView, LossView, ParameterView
from tinynet.probe.trace import LOSS, LayerStep, Trace


def explain(
    trace: Trace, name: str, index: Any = None, *, sample: int | None = None, terms: int | None = SHOWN_TERMS
) -> Explanation:
    """Say why one number of a training step is what it is.

    The answer has the formula, with symbols and with the numbers in place, and says where the numbers come from. Each
    of them can be explained in turn, back to the data and forward to the loss.

    Args:
        trace: What `tinynet.trace` gave.
        name: Any name of the trace: "0.weight" (its gradient, then its update), "0.weight.gradient", "0.weight.after",
            "2.y", "2.dx", "loss", "dy".
        index: Which number of that array, as (2, 3).
        sample: The first index, where only a sample of the batch is meant. Without `index`, the number of that sample
            that is farthest from zero.
        terms: How many terms of a sum are shown; all of them if None.

    Returns:
        The explanation, which prints itself, in a notebook as a table.

    Raises:
        KeyError: The trace has no such name.
        IndexError: The array has no number at that index.

    Example:
        >>> from tinynet.layers import Linear
        >>> from tinynet.losses import mean_squared_error
        >>> from tinynet.net import Net
        >>> from tinynet.optimizers import SGD
        >>> from tinynet.probe import trace
        >>> net = Net([Linear(2, 1, bias=False)])
        >>> net[0].weight.tensor = [[3.0, 0.5]]
        >>> step = trace(net, np.array([[2.0, 4.0]]), np.array([[5.0]]), mean_squared_error, SGD(lr=0.1))
        >>> print(explain(step, "0.y", (0, 0)))
        0.y[0, 0], an output of layer 0, Linear(in_features=2, out_features=1, bias=False).
        <BLANKLINE>
        Equation:
            y = x Wᵀ + b
        <BLANKLINE>
        0.y[0, 0] = W[0, 0]·x[0, 0] + W[0, 1]·x[0, 1]   │ 3·2 + 0.5·4 = 8
    """
    checks.instance("explain", "trace", trace, Trace)
    explainer = Explainer(trace, terms)
    if explainer.is_on_the_way(name):
        return explainer.explain_on_the_way(name, given_index(index, sample))
    return explainer.explain(name, place_of(trace, name, index, sample))


Answer = tuple[Expression, str, dict[str, str]]


class Explainer:
    """Explains numbers of one trace."""

    def __init__(self, trace: Trace, terms: int | None = SHOWN_TERMS) -> None:
        self.trace, self.terms = trace, terms
        self.meanings = Meanings(trace)
        self.cuts = Cuts(trace, self.meanings, self.row)

    @np.errstate(all="ignore")  # a step that is not finite is explained like any other
    def explain(self, name: str, index: Index) -> Explanation:
        """The explanation of one number."""
        origin = self.meanings.origin(name)
        meaning = self.meanings.meaning(origin)
        if meaning.kind == kinds.PARAMETER:
            return self._story(meaning, index)
        symbol = at_index(origin, index)
        expression, title, formulas = self._answer(meaning, origin, index)
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
        """Whether a name stands for numbers that have no array in the trace: terms of the loss, "loss.S", "0.weight.X"."""
        if name == LOSS:
            return True
        if not isinstance(name, str) or name in self.trace:
            return False
        meaning = self.meanings.meaning(name)
        if meaning.kind == kinds.THE_LOSS:
            row = self._loss_row()
            return row is not None and meaning.short in row.memory
        if meaning.kind != kinds.SLOT:
            return False
        rule = OPTIMIZERS.get(getattr(optimizers, self.trace.parameters[meaning.path].rule, None))
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

    def row(self, step: LayerStep) -> LayerRow | None:
        """The row of a layer's class, if it is one of Tinynet's and has one."""
        rows = {kind.__name__: row for kind, row in LAYERS.items()} | ROWS_OF_MODELS
        return rows.get(step.kind) if step.built_in else None

    def layer(self, path: str) -> LayerView:
        """The layer at a path."""
        return LayerView(self.trace, self.trace.layers[path], self.cuts)

    def _explain_source(self, source: Source) -> Explanation:
        return self.explain(*source)

    def _answer(self, meaning: Meaning, name: str, index: Index) -> Answer:
        """How a number was computed, what it is in words, and the formulas for it."""
        answers = {
            kinds.OUTPUT: self._output,
            kinds.INPUT_GRADIENT: self._input_gradient,
            kinds.MEMORY: self._memory,
            kinds.GRADIENT: self._gradient,
            kinds.GRADIENT_USED: self._gradient_used,
            kinds.THE_LOSS: self._loss,
            kinds.OUTPUT_GRADIENT: self._output_gradient,
            kinds.UPDATE: self._update,
            kinds.SLOT: self._update,
        }
        answer = answers.get(meaning.kind, self._given)
        return answer(meaning, name, index)

    def _output(self, meaning: Meaning, name: str, index: Index) -> Answer:
        step = self.trace.layers[meaning.path]
        row = self.row(step)
        title = f"{at_index(name, index)}, an output of {described(step)}."
        if row is None:
            return own_output(self.layer(meaning.path), index, meaning.part), title, _only(step.formula, "Equation")
        return row.output(self.layer(meaning.path), index, meaning.part), title, _only(step.formula, "Equation")

    def _input_gradient(self, meaning: Meaning, name: str, index: Index) -> Answer:
        step = self.trace.layers[meaning.path]
        row = self.row(step)
        title = f"{at_index(name, index)} = ∂L/∂x of {described(step)}: how the loss changes with that input."
        find = own_input_gradient if row is None else row.input_gradient
        return find(self.layer(meaning.path), index, meaning.part), title, _only(step.formula, "Gradients")

    def _memory(self, meaning: Meaning, name: str, index: Index) -> Answer:
        step = self.trace.layers[meaning.path]
        row = self.row(step)
        verb = "remembered" if name in self.trace.values else "computed on the way"
        title = f"{at_index(name, index)}, {verb} by {described(step)}."
        layer = self.layer(meaning.path)
        if row is not None and meaning.short in row.memory:
            return row.memory[meaning.short](layer, index), title, _only(step.formula, "Equation")
        if row is not None and row.on_the_way is not None:
            return row.on_the_way(layer, meaning.short, index), title, step.formula
        return self._leaf(name, index), title, {}

    def _gradient(self, meaning: Meaning, name: str, index: Index) -> Answer:
        """A parameter that several layers share gets the sum of their gradients, and what was there before."""
        parts: list[Expression] = []
        formulas: dict[str, str] = {}
        owners: list[str] = []
        for step in self.trace.layers.values():
            for short, path in step.parameters.items():
                if path == meaning.path:
                    row = self.row(step)
                    find = (row and row.parameter_gradient) or own_parameter_gradient
                    parts.append(find(self.layer(step.path), short, index))
                    owners.append(described(step))
                    formulas |= _only(step.formula, "Gradients")
        before = f"{meaning.path}.gradient.before"
        if before in self.trace:
            parts.append(self._leaf(before, index))
        whole = parts[0] if len(parts) == 1 else sum(parts[1:], parts[0]) if parts else self._leaf(name, index)
        where = f"{meaning.path} of {' and of '.join(owners)}"
        title = f"{at_index(name, index)} = ∂L/∂w: how the loss changes with this number of {where}."
        return whole, title, formulas

    def _loss(self, meaning: Meaning, name: str, index: Index) -> Answer:
        row, loss = self._loss_row(), self.trace.loss
        title = f"The loss of this batch, {loss['name']}."
        if row is None:
            title += " It is not one of Tinynet's: this is what it gave."
            return self._leaf(name, index), title, _only(loss["formula"], "Equation")
        if meaning.short in row.memory:
            title = f"{at_index(name, index)}, a value on the way to the loss, {loss['name']}."
            return row.memory[meaning.short](LossView(self.trace), index), title, _only(loss["formula"], "Equation")
        if index and row.terms is not None:
            title = f"{at_index(name, index)}: what this part of the batch adds to the sum in the loss, {loss['name']}."
            return row.terms(LossView(self.trace), index), title, _only(loss["formula"], "Equation")
        return row.loss(LossView(self.trace)), title, _only(loss["formula"], "Equation")

    def _output_gradient(self, meaning: Meaning, name: str, index: Index) -> Answer:
        """∂L/∂y that no layer has computed comes from the loss, or from the layer around."""
        step, loss = self.trace.layers[meaning.path], self.trace.loss
        is_last = any(self._is(name, net_name) for net_name in self.trace.layers[""].output_gradients)
        if not is_last:
            return self._given(meaning, name, index)
        part = next(
            part for part, net_name in enumerate(self.trace.layers[""].output_gradients) if self._is(name, net_name)
        )
        row = self._loss_row()
        title = (
            f"{at_index(name, index)} = ∂L/∂y, the gradient of the loss {loss['name']}, which {described(step)} gets."
        )
        if row is None:
            return self._leaf(name, index), title, _only(loss["formula"], "Gradients")
        return row.gradient(LossView(self.trace), index, part), title, _only(loss["formula"], "Gradients")

    def _gradient_used(self, meaning: Meaning, name: str, index: Index) -> Answer:
        title = f"{at_index(name, index)}: the gradient that reached the rule, after means and clipping."
        return gradient_used(ParameterView(self.trace, self.trace.parameters[meaning.path]), index), title, {}

    def _update(self, meaning: Meaning, name: str, index: Index) -> Answer:
        step = self.trace.parameters.get(meaning.path)
        if step is None:  # a statistic after the step
            return self._given(meaning, name, index)
        rule = getattr(optimizers, step.rule, None)
        row = OPTIMIZERS.get(rule) if rule is not None else None
        if meaning.short == SQUARES:
            title = f"{at_index(name, index)}, of which the norm for clipping is taken."
            return sum_of_squares(ParameterView(self.trace, step), *index), title, {}
        title = f"{at_index(name, index)}, after the update by {step.rule or 'no rule'}."
        formulas = {} if rule is None else formula(rule)
        if not step.rule or waits(self.trace, meaning.path):
            why = "It stays: gradients of more steps are added first." if step.rule else "It stays: nothing updates it."
            before = meaning.path if meaning.kind == kinds.UPDATE else f"{name}.before"
            return self._leaf(before, index), f"{title} {why}", {}
        if row is None or (meaning.kind == kinds.SLOT and meaning.short not in row.slots):
            return self._leaf(name, index), title, formulas
        find = row.update if meaning.kind == kinds.UPDATE else row.slots[meaning.short]
        return find(ParameterView(self.trace, step), index), title, formulas

    def _given(self, meaning: Meaning, name: str, index: Index) -> Answer:
        """What the step did not compute: the batch, a parameter before it. Or what a layer gives to one inside it."""
        if meaning.kind in (kinds.INPUT, kinds.OUTPUT_GRADIENT) and meaning.path:
            parent = self.meanings.parent(meaning.path)
            row = None if parent is None else self.row(parent)
            if parent is not None and row is not None and row.inside is not None:
                short = name.removeprefix(f"{parent.path}.") if parent.path else name
                title = f"{at_index(name, index)}, which {described(parent)} passes on."
                return row.inside(self.layer(parent.path), short, index), title, parent.formula
        return self._leaf(name, index), f"{at_index(name, index)}: {self._where_from(meaning)}.", {}

    def _where_from(self, meaning: Meaning) -> str:
        words = {
            kinds.INPUT: "the data" if not meaning.path else "an input",
            kinds.TRUTH: "the truth",
            kinds.STATISTIC: "a running statistic",
        }
        return words.get(meaning.kind, "it is given, the step did not compute it")

    def _story(self, meaning: Meaning, index: Index) -> Explanation:
        """A parameter: its gradient, what reached the rule, and its update."""
        path = meaning.path
        names = [f"{path}.gradient", f"{path}.gradient.used", f"{path}.after"]
        chapters = [self.explain(name, index) for name in names if name in self.trace]
        before = number_text(self.trace[path][index], GIVEN_DIGITS)[0]
        chapters[0].title = f"{at_index(path, index)} = {before} before the step. {chapters[0].title}"
        chapters[0].chapters = chapters[1:]
        return chapters[0]

    def _loss_row(self) -> Any:
        rows = {loss.__name__: row for loss, row in LOSSES.items()} | LOSSES_OF_MODELS
        return rows.get(self.trace.loss["name"]) if self.trace.loss["built_in"] else None

    def _is(self, name: str, other: str) -> bool:
        return self.trace.values[name] is self.trace.values[other]

    def _leaf(self, name: str, index: Index) -> Leaf:
        return Number(at_index(name, index), self.trace[name][index], (name, index))


def described(step: LayerStep) -> str:
    """A layer in words: "layer 0, Linear(in_features=2, out_features=3)".

    Example:
        >>> described(LayerStep("2", "ReLU", {}, {}, True, {}, True, [], [], {}))
        'layer 2, ReLU()'
    """
    arguments = ", ".join(f"{name}={value}" for name, value in step.arguments.items())
    what = f"{step.kind}({arguments})" if len(arguments) < 80 else step.kind
    return f"layer {step.path}, {what}" if step.path else what


def _only(formulas: dict[str, str], section: str) -> dict[str, str]:
    return {name: text for name, text in formulas.items() if name == section}

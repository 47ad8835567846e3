"""How each kind of number is explained: a layer's output, a gradient, the loss, an update."""

from __future__ import annotations

from tinynet import optimizers
from tinynet.core import formula
from tinynet.probe.explain import meanings as kinds
from tinynet.probe.explain.cuts import Cuts
from tinynet.probe.explain.expressions import Expression, Index, Leaf, Number, zero
from tinynet.probe.explain.layers import LAYERS, of_models
from tinynet.probe.explain.losses import LOSSES, evidence
from tinynet.probe.explain.meanings import Meaning, Meanings
from tinynet.probe.explain.numbers import at_index
from tinynet.probe.explain.optimizers import OPTIMIZERS
from tinynet.probe.explain.optimizers.clipping import SQUARES, gradient_used, sum_of_squares, waits
from tinynet.probe.explain.own_layers import own_input_gradient, own_output, own_parameter_gradient
from tinynet.probe.explain.rows import LayerRow, LossRow, OptimizerRow
from tinynet.probe.explain.views import LayerView, LossView, ParameterView
from tinynet.probe.trace import LayerStep, ParameterStep, Trace

Answer = tuple[Expression, str, dict[str, str]]


class Answers:
    """How the numbers of a trace are computed: their expression, what they are in words, and the formulas."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.meanings = Meanings(trace)
        self.cuts = Cuts(trace, self.meanings, self.row)

    def answer(self, meaning: Meaning, name: str, index: Index) -> Answer:
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
            kinds.STATISTIC: self._statistic,
        }
        answer = answers.get(meaning.kind, self._given)
        return answer(meaning, name, index)

    def row(self, step: LayerStep) -> LayerRow | None:
        """The row of a layer's class, if it is one of Tinynet's and has one."""
        rows = {kind.__name__: row for kind, row in LAYERS.items()} | of_models.ROWS
        return rows.get(step.kind) if step.built_in else None

    def optimizer_row(self, step: ParameterStep) -> OptimizerRow | None:
        """The row of the rule that updated a parameter, if it is one of Tinynet's."""
        rows = {kind.__name__: row for kind, row in OPTIMIZERS.items()}
        return rows.get(step.rule)

    def layer(self, path: str) -> LayerView:
        """The layer at a path."""
        return LayerView(self.trace, self.trace.layers[path], self.cuts)

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

    def _statistic(self, meaning: Meaning, name: str, index: Index) -> Answer:
        """A running statistic: the step was given it, and has moved it."""
        step = self.trace.layers[meaning.path]
        row = self.row(step)
        if row is None or meaning.short not in row.memory:
            return self._given(meaning, name, index)
        title = f"{at_index(name, index)}, a running statistic of {described(step)}, after the step."
        return row.memory[meaning.short](self.layer(meaning.path), index), title, {}

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
        if not self.trace.parameters[meaning.path].trainable:
            return zero("the parameter is frozen"), title, {}
        return whole, title, formulas

    def _loss(self, meaning: Meaning, name: str, index: Index) -> Answer:
        row, loss = self.loss_row(), self.trace.loss
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
        row = self.loss_row()
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
        row = self.optimizer_row(step)
        if meaning.short == SQUARES:
            title = f"{at_index(name, index)}, of which the norm for clipping is taken."
            return sum_of_squares(ParameterView(self.trace, step), *index), title, {}
        title = f"{at_index(name, index)}, after the update by {step.rule or 'no rule'}."
        formulas = formula(getattr(optimizers, step.rule)) if row is not None else {}
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

    def loss_row(self) -> LossRow | None:
        """The row of the loss, if it is one of Tinynet's."""
        rows = {loss.__name__: row for loss, row in LOSSES.items()} | evidence.ROWS
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

"""What the explanations of all update rules share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import cached_property

from tinynet.probe.explain.expressions import Expression, Index, Leaf, Number, constant, named
from tinynet.probe.explain.optimizers.rates import learning_rate
from tinynet.probe.explain.rows import OptimizerRow
from tinynet.probe.explain.views import ParameterView


class Update(ABC):
    """How a rule changed one number of a parameter; a subclass writes the formula in the docstring's symbols.

    Attributes:
        slots: Pairs: the name of what the rule keeps, and the attribute here that explains it after the step.
        w: The number before the step.
        gradient: ∇, the gradient that reached the rule.
        rate: ε, the learning rate of this step.
    """

    slots: tuple[tuple[str, str], ...] = ()

    def __init__(self, parameter: ParameterView, index: Index) -> None:
        self.parameter, self.index = parameter, index
        self.w = self.at("before", "w")
        self.gradient = self.at("gradient", "∇")
        self.rate = learning_rate(parameter.step.settings)

    @abstractmethod
    def after(self) -> Expression:
        """The number after the step."""

    def at(self, short: str, symbol: str) -> Leaf:
        """This number of another array that belongs to the parameter."""
        value = self.parameter.array(short)[self.index]
        return Number(symbol, value, (self.parameter.name(short), self.index))

    def before(self, slot: str, symbol: str) -> Leaf:
        """What the rule kept before the step, as "m_before"."""
        return self.at(f"{slot}.before", f"{symbol}_before")

    def kept(self, slot: str, symbol: str, expression: Expression) -> Leaf:
        """What the rule keeps after the step, with a line of its own."""
        return named(symbol, expression, (self.parameter.name(slot), self.index))

    def is_set(self, name: str) -> bool:
        """Whether a setting of the rule is neither 0 nor False."""
        return bool(self.parameter.setting(name))

    @cached_property
    def g(self) -> Leaf:
        """g = ∇ + λ w; ∇ itself without weight decay."""
        if not self.is_set("weight_decay"):
            return self.gradient
        return named("g", self.gradient + self.parameter.constant("weight_decay", "λ") * self.w)

    @cached_property
    def t(self) -> Leaf:
        """Which update of the parameter this is, counted from 1."""
        return constant(self.parameter.step.count, "t")

    def beta(self, which: int) -> Leaf:
        """β₁ or β₂."""
        return constant(self.parameter.setting("betas")[which - 1], f"β{'₁₂'[which - 1]}")


def row_of(rule: type[Update]) -> OptimizerRow:
    """The row of the table for a rule."""

    def explain_slot(attribute: str) -> Callable[[ParameterView, Index], Expression]:
        def of(parameter: ParameterView, index: Index) -> Expression:
            leaf: Leaf = getattr(rule(parameter, index), attribute)
            return leaf if leaf.made_from is None else leaf.made_from

        return of

    slots = {slot: explain_slot(attribute) for slot, attribute in rule.slots}
    return OptimizerRow(lambda parameter, index: rule(parameter, index).after(), slots)

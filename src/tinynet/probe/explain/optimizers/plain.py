"""SGD and Lion, explained."""

from __future__ import annotations

from functools import cached_property

from tinynet.optimizers import SGD, Lion, Optimizer
from tinynet.probe.explain.expressions import Expression, Leaf, named
from tinynet.probe.explain.functions import sign
from tinynet.probe.explain.optimizers.update import Update, row_of
from tinynet.probe.explain.rows import OptimizerRow


class SGDUpdate(Update):
    """v ← μ v + g; w ← w − ε v, or w ← w − ε (g + μ v) with Nesterov"""

    slots: tuple[tuple[str, str], ...] = (("velocity", "v"),)

    @cached_property
    def mu(self) -> Leaf:
        """μ"""
        return self.parameter.constant("momentum", "μ")

    @cached_property
    def v(self) -> Leaf:
        """The velocity after the step."""
        return self.kept("velocity", "v", self.mu * self.before("velocity", "v") + self.g)

    def after(self) -> Expression:
        if not self.is_set("momentum"):
            return self.w - self.rate * self.g
        if self.is_set("nesterov"):
            return self.w - self.rate * (self.g + self.mu * self.v)
        return self.w - self.rate * self.v


class LionUpdate(Update):
    """u = sign(β₁ m + (1 − β₁) ∇); w ← w − ε (u + λ w); m ← β₂ m + (1 − β₂) ∇"""

    slots: tuple[tuple[str, str], ...] = (("m", "m"),)

    @cached_property
    def m(self) -> Leaf:
        """The momentum after the step."""
        m = self.before("m", "m")
        return self.kept("m", "m", m + (1 - self.beta(2)) * (self.gradient - m))

    def after(self) -> Expression:
        u = named("u", sign(self.beta(1) * self.before("m", "m") + (1 - self.beta(1)) * self.gradient))
        if self.is_set("weight_decay"):
            return self.w - self.rate * (u + self.parameter.constant("weight_decay", "λ") * self.w)
        return self.w - self.rate * u


ROWS: dict[type[Optimizer], OptimizerRow] = {SGD: row_of(SGDUpdate), Lion: row_of(LionUpdate)}

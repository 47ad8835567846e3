"""Adagrad, Adadelta and RMSProp, explained."""

from __future__ import annotations

from functools import cached_property

from tinynet.optimizers import Adadelta, Adagrad, Optimizer, RMSProp
from tinynet.probe.explain.expressions import Expression, Leaf, named
from tinynet.probe.explain.functions import maximum, sqrt
from tinynet.probe.explain.optimizers.update import Update, row_of
from tinynet.probe.explain.rows import OptimizerRow


class AdagradUpdate(Update):
    """s ← s + g²; w ← w − ε / (1 + (t − 1) η) g / (√s + eps)"""

    slots: tuple[tuple[str, str], ...] = (("sum", "s"),)

    @cached_property
    def s(self) -> Leaf:
        """The sum of all squared gradients."""
        return self.kept("sum", "s", self.before("sum", "s") + self.g**2)

    def after(self) -> Expression:
        rate: Expression = self.rate
        if self.is_set("lr_decay"):
            rate = named("rate", rate / (1 + (self.t - 1) * self.parameter.constant("lr_decay", "η")))
        return self.w - rate * self.g / (sqrt(self.s) + self.parameter.constant("eps"))


class AdadeltaUpdate(Update):
    """s ← ρ s + (1 − ρ) g²; d = √(u + eps) / √(s + eps) g; u ← ρ u + (1 − ρ) d²; w ← w − ε d"""

    slots: tuple[tuple[str, str], ...] = (("squares", "s"), ("steps", "u"))

    @cached_property
    def rho(self) -> Leaf:
        """ρ"""
        return self.parameter.constant("rho", "ρ")

    @cached_property
    def s(self) -> Leaf:
        """The mean square of the gradients."""
        s = self.before("squares", "s")
        return self.kept("squares", "s", s + (1 - self.rho) * (self.g**2 - s))

    @cached_property
    def d(self) -> Leaf:
        """The step, in the unit of the weights."""
        eps = self.parameter.constant("eps")
        return named("d", sqrt(self.before("steps", "u") + eps) / sqrt(self.s + eps) * self.g)

    @cached_property
    def u(self) -> Leaf:
        """The mean square of the steps."""
        u = self.before("steps", "u")
        return self.kept("steps", "u", u + (1 - self.rho) * (self.d**2 - u))

    def after(self) -> Expression:
        return self.w - self.rate * self.d


class RMSPropUpdate(Update):
    """s ← α s + (1 − α) g²; w ← w − ε g / (√s + eps), or √(s − a²) if centered, or with a velocity"""

    slots: tuple[tuple[str, str], ...] = (("squares", "s"), ("mean", "a"), ("velocity", "v"))

    @cached_property
    def alpha(self) -> Leaf:
        """α"""
        return self.parameter.constant("alpha", "α")

    @cached_property
    def s(self) -> Leaf:
        """The mean square of the gradients."""
        s = self.before("squares", "s")
        return self.kept("squares", "s", s + (1 - self.alpha) * (self.g**2 - s))

    @cached_property
    def a(self) -> Leaf:
        """The mean of the gradients."""
        a = self.before("mean", "a")
        return self.kept("mean", "a", a + (1 - self.alpha) * (self.g - a))

    @cached_property
    def sigma(self) -> Leaf:
        """σ"""
        return named("σ", sqrt(maximum(self.s - self.a**2, 0) if self.is_set("centered") else self.s))

    @cached_property
    def step(self) -> Leaf:
        """The gradient over σ."""
        return named("step", self.g / (self.sigma + self.parameter.constant("eps")))

    @cached_property
    def v(self) -> Leaf:
        """The velocity, of steps."""
        mu = self.parameter.constant("momentum", "μ")
        return self.kept("velocity", "v", mu * self.before("velocity", "v") + self.step)

    def after(self) -> Expression:
        return self.w - self.rate * (self.v if self.is_set("momentum") else self.step)


ROWS: dict[type[Optimizer], OptimizerRow] = {
    Adagrad: row_of(AdagradUpdate),
    Adadelta: row_of(AdadeltaUpdate),
    RMSProp: row_of(RMSPropUpdate),
}

"""Adam and its descendants, explained."""

from __future__ import annotations

from functools import cached_property

from tinynet.optimizers import Adam, Adamax, AdamW, NAdam, Optimizer, RAdam
from tinynet.probe.explain.expressions import Expression, Leaf, Number, constant, named
from tinynet.probe.explain.functions import absolute, maximum, sqrt
from tinynet.probe.explain.optimizers.update import Update, row_of
from tinynet.probe.explain.rows import OptimizerRow


class AdamUpdate(Update):
    """m ← β₁ m + (1 − β₁) g; v ← β₂ v + (1 − β₂) g²; w ← w − ε m̂ / (√v̂ + eps)"""

    slots: tuple[tuple[str, str], ...] = (("m", "m"), ("v", "v"), ("largest_v", "largest_v"))

    @cached_property
    def m(self) -> Leaf:
        """The mean gradient after the step."""
        m = self.before("m", "m")
        return self.kept("m", "m", m + (1 - self.beta(1)) * (self.g - m))

    @cached_property
    def v(self) -> Leaf:
        """The mean square of the gradients after the step."""
        v = self.before("v", "v")
        return self.kept("v", "v", v + (1 - self.beta(2)) * (self.g**2 - v))

    @cached_property
    def largest_v(self) -> Leaf:
        """The largest v so far, of AMSGrad."""
        return self.kept("largest_v", "largest_v", maximum(self.before("largest_v", "largest_v"), self.v))

    @cached_property
    def v_hat(self) -> Leaf:
        """v without the bias of its start at 0."""
        v = self.largest_v if self.is_set("amsgrad") else self.v
        return named("v̂", v / (1 - self.beta(2) ** self.t))

    @cached_property
    def step(self) -> Leaf:
        """What is taken from w."""
        m_hat = named("m̂", self.m / (1 - self.beta(1) ** self.t))
        return named("step", self.rate * m_hat / (sqrt(self.v_hat) + self.eps))

    @property
    def eps(self) -> Leaf:
        """What keeps the division finite."""
        return self.parameter.constant("eps")

    def after(self) -> Expression:
        return self.w - self.step


class AdamWUpdate(AdamUpdate):
    """w ← (1 − ε λ) w; w ← w − ε m̂ / (√v̂ + eps), with the plain gradient"""

    @cached_property
    def g(self) -> Leaf:
        """∇: the decay does not pass through the adaptive step."""
        return self.gradient

    def after(self) -> Expression:
        return (1 - self.rate * self.parameter.constant("weight_decay", "λ")) * self.w - self.step


class NAdamUpdate(AdamUpdate):
    """w ← w − ε ((1 − μₜ) g / (1 − Πₜ) + μₜ₊₁ m / (1 − Πₜ₊₁)) / (√v̂ + eps)"""

    slots: tuple[tuple[str, str], ...] = (("m", "m"), ("v", "v"))

    @cached_property
    def step(self) -> Leaf:
        t = self.parameter.step.count
        before = Number(f"Π[{t - 1}]", self._product(t - 1))  # of all μ up to the last step
        now, ahead = self._mu(t), self._mu(t + 1)
        product = named(f"Π[{t}]", before * now)
        product_ahead = named(f"Π[{t + 1}]", product * ahead)
        mixed = (1 - now) * self.g / (1 - product) + ahead * self.m / (1 - product_ahead)
        return named("step", self.rate * named("look ahead", mixed) / (sqrt(self.v_hat) + self.eps))

    @cached_property
    def v_hat(self) -> Leaf:
        return named("v̂", self.v / (1 - self.beta(2) ** self.t))

    def _mu(self, t: int) -> Leaf:
        """μₜ = β₁ (1 − ½ 0.96^(t ψ))"""
        psi = self.parameter.constant("momentum_decay", "ψ")
        return named(f"μ[{t}]", self.beta(1) * (1 - 0.5 * constant(0.96) ** (constant(t, "t") * psi)))

    def _product(self, t: int) -> float:
        product = 1.0
        for s in range(1, t + 1):
            product *= float(self._mu(s))
        return product


class RAdamUpdate(AdamUpdate):
    """w ← w − ε m̂ where ρₜ ≤ 5, else w ← w − ε m̂ rₜ √(1 − β₂ᵗ) / (√v + eps)"""

    slots: tuple[tuple[str, str], ...] = (("m", "m"), ("v", "v"))

    @cached_property
    def g(self) -> Leaf:
        """∇ + λ w; ∇ itself where the decay does not pass through the adaptive step."""
        return self.gradient if self.is_set("decoupled_weight_decay") else super().g

    @cached_property
    def step(self) -> Leaf:
        step = self.rate * named("m̂", self.m / (1 - self.beta(1) ** self.t))
        remembered = self.beta(2) ** self.t
        last = named("ρ∞", 2 / (1 - self.beta(2)) - 1)
        rho = named("ρ", last - 2 * self.t * remembered / (1 - remembered))
        if rho.value <= 5:
            return named("step", step)  # the mean of so few squares is not used yet
        r = named("r", sqrt((rho - 4) * (rho - 2) * last / ((last - 4) * (last - 2) * rho)))
        return named("step", step * r * sqrt(1 - remembered) / (sqrt(self.v) + self.eps))

    def after(self) -> Expression:
        if not self.is_set("decoupled_weight_decay"):
            return self.w - self.step
        return (1 - self.rate * self.parameter.constant("weight_decay", "λ")) * self.w - self.step


class AdamaxUpdate(AdamUpdate):
    """u ← max(β₂ u, |g| + eps); w ← w − ε m̂ / u"""

    slots: tuple[tuple[str, str], ...] = (("m", "m"), ("u", "u"))

    @cached_property
    def u(self) -> Leaf:
        """The largest gradient of late, after the step."""
        return self.kept("u", "u", maximum(self.beta(2) * self.before("u", "u"), absolute(self.g) + self.eps))

    @cached_property
    def step(self) -> Leaf:
        m_hat = named("m̂", self.m / (1 - self.beta(1) ** self.t))
        return named("step", self.rate * m_hat / self.u)


ROWS: dict[type[Optimizer], OptimizerRow] = {
    Adam: row_of(AdamUpdate),
    AdamW: row_of(AdamWUpdate),
    NAdam: row_of(NAdamUpdate),
    RAdam: row_of(RAdamUpdate),
    Adamax: row_of(AdamaxUpdate),
}

"""Cross-entropy and focal loss: the softmax of each row, and its surprise at the truth."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np

from tinynet import losses
from tinynet.probe.explain.expressions import Expression, Index, Leaf, Number, constant, named, zero
from tinynet.probe.explain.functions import exp, log
from tinynet.probe.explain.losses.formula import row_of, sum_over, text
from tinynet.probe.explain.losses.labels import RowFormula
from tinynet.probe.explain.rows import LossRow
from tinynet.probe.explain.views import LossView
from tinynet.probe.trace import GROUND_TRUTH


class Softmax:
    """p = softmax(x) of one row, and −log p: each exponent without the largest score, so that exp cannot overflow."""

    def __init__(self, x: np.ndarray, score: Callable[[int], Leaf], row: Index) -> None:
        self.x, self.score, self.row = x, score, row
        self.top = int(x.argmax())
        self.e = np.exp(x - x[self.top])

    def shifted(self, c: int) -> Expression:
        """xₖ − max x"""
        return self.score(c) - self.score(self.top)

    @cached_property
    def sum(self) -> Leaf:
        """Σₖ exp(xₖ − max x)"""
        everything = sum_over(self.e, lambda index: exp(self.shifted(*index)), "Σₖ exp(x[k] − max x)")
        return named(f"Σexp[{text(self.row)}]", everything)

    def p(self, c: int) -> Leaf:
        """The probability of a class."""
        return named(f"p[{text((*self.row, c))}]", exp(self.shifted(c)) / self.sum)

    def surprise(self, c: int) -> Expression:
        """−log pₖ"""
        return log(self.sum) - self.shifted(c)

    def miss(self, label: int) -> Leaf:
        """1 − p of the label: what the other classes got."""
        e = np.where(np.arange(len(self.e)) == label, 0, self.e)
        others = sum_over(e, lambda index: exp(self.shifted(*index)), "Σ exp(x[c] − max x) of the other classes")
        return named(f"miss[{text(self.row)}]", named(f"others[{text(self.row)}]", others) / self.sum)


class CrossEntropy(RowFormula):
    """L = −1/Z Σₙ Σₖ tₙₖ log pₙₖ, with tₖ = wₖ ((1 − ε) qₖ + ε/C)"""

    def __init__(self, loss: LossView) -> None:
        super().__init__(loss)
        self.epsilon = float(loss.options.get("label_smoothing", 0.0))
        self.q = np.moveaxis(self.t, self.axis, -1) if self.label is None else self._one_hot()
        spread = self.epsilon / self.x.shape[-1]
        self._made: dict[tuple[Index, int], Leaf] = {}
        self.targets = self.w * ((1 - self.epsilon) * self.q + spread * self.is_kept[..., np.newaxis])

    def _one_hot(self) -> np.ndarray:
        return (self.labels[..., np.newaxis] == np.arange(self.x.shape[-1])) & self.is_kept[..., np.newaxis]

    @property
    def values(self) -> np.ndarray:
        top = self.x.max(axis=-1, keepdims=True)
        surprise = np.log(np.exp(self.x - top).sum(axis=-1, keepdims=True)) + top - self.x
        return np.where(self.targets != 0, self.targets * surprise, 0).sum(axis=-1)

    def term(self, index: Index) -> Expression:
        softmax = self.softmax(index)
        if self.label is not None and not self.epsilon:
            if not self.targets[index].any():
                return zero("the label does not count")
            c = int(self.labels[index])
            surprise = softmax.surprise(c)
            return self.weight(c) * surprise if self.is_weighted else surprise
        return sum_over(
            np.where(self.targets[index] != 0, -self.targets[index] * np.log(softmax.e / softmax.e.sum()), 0),
            lambda c: self.target(index, *c) * named(f"surprise[{text((*index, *c))}]", softmax.surprise(*c)),
            "Σₖ −t[k]·log p[k]",
        )

    @property
    def symbols(self) -> str:
        return "Σₙ −log p[n, label]" if self.label is not None and not self.epsilon else "Σₙ Σₖ −t[n, k]·log p[n, k]"

    @property
    def count(self) -> Expression | None:
        if not self.is_mean:
            return None
        if self.label is None:
            return constant(self.values.size, "N")
        if not self.is_weighted:
            return constant(max(int(self.is_kept.sum()), 1), "N")
        weights = np.where(self.is_kept, self.w[self.labels], 0)
        if not weights.any():
            return constant(1, "Z")
        return named("Z", sum_over(weights, lambda row: self.weight(self.labels[row]), "Σₙ w[label of n]"))

    def softmax(self, row: Index) -> Softmax:
        """The softmax of a row."""
        return Softmax(self.x[row], lambda c: self.score(row, c), row)

    def target(self, row: Index, c: int) -> Leaf:
        """t of a class, the same leaf each time."""
        if (row, c) not in self._made:
            self._made[row, c] = self._target(row, c)
        return self._made[row, c]

    def _target(self, row: Index, c: int) -> Leaf:
        """t of a class: its truth q, smoothed and weighted."""
        at = f"{text((*row, c))}"
        place = row if self.label is not None else (*row[: self.axis], c, *row[self.axis :])
        q = Number(f"q[{at}]", self.q[row][c], (GROUND_TRUTH, place), exact=True)
        t: Expression = q
        if self.epsilon:
            epsilon = constant(self.epsilon, "ε")
            t = (1 - epsilon) * q + epsilon / constant(self.x.shape[-1], "C")
        if self.is_weighted:
            t = self.weight(c) * t
        return q if t is q else named(f"t[{at}]", t)

    def gradient(self, index: Index, part: int) -> Expression:
        row, c = self.split(index)
        if not self.targets[row].any():
            return zero("the row does not count")
        p = self.softmax(row).p(c)
        difference = p * self.sum_of_targets(row) - self.target(row, c) if self._needs_sum else p - self.target(row, c)
        return self.divided(difference)

    @property
    def _needs_sum(self) -> bool:
        return self.label is None or self.is_weighted

    def sum_of_targets(self, row: Index) -> Leaf:
        """Σₖ tₖ, by which p is multiplied in the gradient."""
        values = sum_over(self.targets[row], lambda c: self.target(row, *c), "Σₖ t[k]")
        return named(f"Σt[{text(row)}]", values)


class Focal(RowFormula):
    """L = −1/N Σₙ α[labelₙ] (1 − pₙ)^γ log pₙ"""

    predicted_symbol, weight_name = "x", "alpha"

    def __init__(self, loss: LossView) -> None:
        super().__init__(loss)
        self.gamma = constant(loss.options.get("gamma", 2.0), "γ")

    @property
    def values(self) -> np.ndarray:
        top = self.x.max(axis=-1, keepdims=True)
        e = np.exp(self.x - top)
        sums, label = e.sum(axis=-1), self.labels[..., np.newaxis]
        x = np.take_along_axis(self.x - top, label, -1)[..., 0]
        np.put_along_axis(e, label, 0, -1)
        return self.w[self.labels] * (e.sum(axis=-1) / sums) ** float(self.gamma) * (np.log(sums) - x)

    def term(self, index: Index) -> Expression:
        c, softmax = int(self.labels[index]), Softmax(self.x[index], lambda c: self.score(index, c), index)
        surprise = named(f"surprise[{text(index)}]", softmax.surprise(c))
        return self._alpha(c, softmax.miss(c) ** self.gamma * surprise)

    @property
    def symbols(self) -> str:
        return "Σₙ −α·(1 − p[n, label])^γ·log p[n, label]"

    def gradient(self, index: Index, part: int) -> Expression:
        row, c = self.split(index)
        label, softmax = int(self.labels[row]), Softmax(self.x[row], lambda c: self.score(row, c), row)
        if not self.w[label]:
            return zero("the label does not count")
        miss, p, surprise = (
            softmax.miss(label),
            softmax.p(label),
            named(f"surprise[{text(row)}]", softmax.surprise(label)),
        )
        ratio = -surprise / miss if miss.value > 0 else constant(-1)
        slope = named("∂L/∂log p", self.divided(self._alpha(label, miss**self.gamma * (self.gamma * p * ratio - 1))))
        return slope * miss if c == label else -slope * softmax.p(c)

    def _alpha(self, c: int, expression: Expression) -> Expression:
        return constant(self.w[c], f"α[{c}]") * expression if self.is_weighted else expression


ROWS: dict[Callable[..., Any], LossRow] = {
    losses.cross_entropy: row_of(CrossEntropy),
    losses.focal: row_of(Focal),
}

"""Losses of rows of scores over classes: each row adds a term."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinynet import losses
from tinynet.losses.truth import class_weights
from tinynet.probe.explain.expressions import Expression, Index, Leaf, constant, named, zero
from tinynet.probe.explain.functions import log, maximum
from tinynet.probe.explain.losses.formula import LossFormula, row_of, sum_over, text
from tinynet.probe.explain.rows import LossRow
from tinynet.probe.explain.views import LossView


class RowFormula(LossFormula):
    """A loss of rows of scores over the classes.

    Attributes:
        x: What the net predicted, (N, …, C), the class axis last.
        label: The true classes (N, …); None if the truth is probabilities.
        w: The weight of each class.
    """

    weight_name = "weight"

    def __init__(self, loss: LossView) -> None:
        super().__init__(loss)
        self.axis = loss.options.get("axis", -1) % self.y.ndim
        self.x = np.moveaxis(self.y, self.axis, -1)
        self.label = self.t.astype(np.intp) if self.t.dtype.kind != "f" else None
        self.w = class_weights(loss.options.get(self.weight_name), self.x)
        self.is_weighted = loss.options.get(self.weight_name) is not None

    @property
    def is_kept(self) -> np.ndarray:
        """Whether the label of a row is not to be ignored, (N, …)."""
        ignored = self.loss.options.get("ignore_index")
        if ignored is None or self.label is None:
            return np.ones(self.x.shape[:-1], bool)
        return self.label != ignored

    @property
    def labels(self) -> np.ndarray:
        """The true classes, 0 where the label is ignored."""
        return np.where(self.is_kept, 0 if self.label is None else self.label, 0)

    @property
    def cut(self) -> dict[str, int]:
        return {"the label is ignored": int((~self.is_kept).sum())}

    def split(self, index: Index) -> tuple[Index, int]:
        """The row and the class of a predicted number."""
        return index[: self.axis] + index[self.axis + 1 :], index[self.axis]

    def score(self, row: Index, c: int) -> Leaf:
        """What the net predicted for a class of a row."""
        return self.predicted((*row[: self.axis], c, *row[self.axis :]))

    def weight(self, c: int) -> Leaf:
        """How much a class counts."""
        return constant(self.w[c], f"w[{c}]")

    def of_the_label(self, row: Index) -> np.ndarray:
        """The scores of a row without that of the true class."""
        return np.delete(self.x[row], self.labels[row])


class NegativeLogLikelihood(RowFormula):
    """L = −1/Z Σₙ w[labelₙ] predicted[n, labelₙ]"""

    is_short = True

    @property
    def weights(self) -> np.ndarray:
        """The weight of each row, 0 where its label is ignored."""
        return np.where(self.is_kept, self.w[self.labels], 0)

    @property
    def values(self) -> np.ndarray:
        scores = np.take_along_axis(self.x, self.labels[..., np.newaxis], -1)[..., 0]
        return np.where(self.weights != 0, -self.weights * scores, 0)

    def term(self, index: Index) -> Expression:
        c = int(self.labels[index])
        if not self.weights[index]:
            return zero("the label does not count")
        return self.weight(c) * -self.score(index, c) if self.is_weighted else -self.score(index, c)

    @property
    def symbols(self) -> str:
        return "Σₙ −w[label]·predicted[n, label]" if self.is_weighted else "Σₙ −predicted[n, label]"

    @property
    def count(self) -> Expression | None:
        if not self.is_mean:
            return None
        if not self.is_weighted or not self.weights.any():
            return constant(max(int(self.is_kept.sum()), 1) if not self.is_weighted else 1, "Z")
        return named("Z", sum_over(self.weights, lambda row: self.weight(self.labels[row]), "Σₙ w[label of n]"))

    def gradient(self, index: Index, part: int) -> Expression:
        row, c = self.split(index)
        is_the_label = bool(self.weights[row]) and c == self.labels[row]
        return self.divided(-self.weight(c)) if is_the_label else zero("it is not the label")


class MultiMargin(RowFormula):
    """L = 1/N Σₙ w[yₙ]/C Σ_{c ≠ yₙ} max(0, margin − xₙ[yₙ] + xₙ[c])"""

    predicted_symbol = "x"

    def __init__(self, loss: LossView) -> None:
        super().__init__(loss)
        self.margin = constant(loss.options.get("margin", 1.0), "margin")
        self.n_classes = constant(self.x.shape[-1], "C")
        label = self.labels[..., np.newaxis]
        self.short = np.maximum(0, float(self.margin) - np.take_along_axis(self.x, label, -1) + self.x)
        np.put_along_axis(self.short, label, 0, -1)

    @property
    def values(self) -> np.ndarray:
        return self.w[self.labels] * self.short.sum(axis=-1) / self.x.shape[-1]

    def term(self, index: Index) -> Expression:
        label = int(self.labels[index])
        reason = {"the true class wins by the margin": int((self.short[index] == 0).sum()) - 1}
        symbols = "Σ max(0, margin − x[label] + x[c]) over c ≠ label"
        everything = sum_over(self.short[index], lambda c: maximum(0, self._short(index, label, *c)), symbols, reason)
        return self._weighted(label, named(f"short[{text(index)}]", everything)) / self.n_classes

    @property
    def symbols(self) -> str:
        return "Σₙ loss[n]"

    def gradient(self, index: Index, part: int) -> Expression:
        row, c = self.split(index)
        label = int(self.labels[row])
        if c != label:
            is_short = constant(1) if self.short[row][c] > 0 else zero("the true class wins by the margin")
            return self._slope(label, is_short)
        n_short = constant(int((self.short[row] > 0).sum()), "classes within the margin")
        return -self._slope(label, n_short)

    def _short(self, row: Index, label: int, c: int) -> Expression:
        return self.margin - self.score(row, label) + self.score(row, c)

    def _weighted(self, label: int, expression: Expression) -> Expression:
        return self.weight(label) * expression if self.is_weighted else expression

    def _slope(self, label: int, count: Expression) -> Expression:
        return self.divided(self._weighted(label, count) / self.n_classes)


class KLDivergence(RowFormula):
    """L = 1/N Σₙ Σₖ qₙₖ (log qₙₖ − predictedₙₖ)"""

    truth_symbol = "q"

    @property
    def q(self) -> np.ndarray:
        """The truth, (N, …, C)."""
        return np.moveaxis(self.t, self.axis, -1).astype(np.float64)

    def _terms(self, row: Any) -> np.ndarray:
        q = self.q[row]
        return np.where(q > 0, q * (np.log(np.where(q > 0, q, 1)) - self.x[row]), 0)

    @property
    def values(self) -> np.ndarray:
        return self._terms(...).sum(axis=-1)

    def term(self, index: Index) -> Expression:
        def of_class(at: Index) -> Expression:
            q = self.truth(index[: self.axis] + at + index[self.axis :])
            return q * (log(q) - self.score(index, *at))

        values = self._terms(index)
        reason = {"the truth is 0": int((self.q[index] == 0).sum())}
        return sum_over(values, of_class, "Σₖ q[k]·(log(q[k]) − predicted[k])", reason)

    def gradient(self, index: Index, part: int) -> Expression:
        return self.divided(-self.truth(index))


ROWS: dict[Callable[..., Any], LossRow] = {
    losses.negative_log_likelihood: row_of(NegativeLogLikelihood),
    losses.multi_margin: row_of(MultiMargin),
    losses.kl_divergence: row_of(KLDivergence),
}

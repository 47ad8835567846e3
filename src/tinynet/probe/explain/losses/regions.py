"""Soft Dice: the overlap of each region with its truth."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinynet import losses
from tinynet.losses.truth import class_weights, one_hot
from tinynet.probe.explain.expressions import Expression, Index, Leaf, Number, constant, named, zero
from tinynet.probe.explain.losses.formula import LossFormula, row_of, sum_over, text
from tinynet.probe.explain.rows import LossRow
from tinynet.probe.explain.views import LossView
from tinynet.probe.trace import GROUND_TRUTH, LOSS


class SoftDice(LossFormula):
    """L = 1/Z Σₙ Σₖ wₖ (1 − Dₙₖ),   Dₙₖ = (2 Σᵢ pₙᵢₖ tₙᵢₖ + s) / (Σᵢ pₙᵢₖ² + Σᵢ tₙᵢₖ² + s)"""

    on_the_way = ("D", "areas")
    predicted_symbol = "p"

    def __init__(self, loss: LossView) -> None:
        super().__init__(loss)
        self.axis = loss.options.get("axis", -1)
        self.p = self.y[..., np.newaxis] if self.axis is None else np.moveaxis(self.y, self.axis, -1)
        self.truths, self.is_kept = self._truths()
        self.p = np.where(self.is_kept, self.p, 0)
        self.smooth = constant(loss.options.get("smooth", 1.0), "s")
        self.w = class_weights(loss.options.get("weight"), self.p)
        places = tuple(range(1, self.p.ndim - 1))
        self.sums = (self.p**2).sum(axis=places) + (self.truths**2).sum(axis=places) + float(self.smooth)
        overlaps = 2 * (self.p * self.truths).sum(axis=places) + float(self.smooth)
        self.overlaps = np.where(self.sums == 0, 1, overlaps / np.where(self.sums == 0, 1, self.sums))

    @property
    def values(self) -> np.ndarray:
        return self.w * (1 - self.overlaps)

    @property
    def count(self) -> Expression | None:
        count = len(self.p) * self.w.sum()
        return constant(count or 1, "Z") if self.is_mean else None

    def term(self, index: Index) -> Expression:
        return self._weighted(index, 1 - self._leaf("D", self.overlaps, index))

    def gradient(self, index: Index, part: int) -> Expression:
        n, *place, k = self._split(index)
        if not self.is_kept[(n, *place, 0)]:
            return zero("the label is ignored")
        if not self.sums[n, k]:
            return zero("nothing is there or predicted")
        D, areas = self._leaf("D", self.overlaps, (n, k)), self._leaf("areas", self.sums, (n, k))
        t = self._truth((n, *place, k))
        return self.divided(self._weighted((n, k), 2 * (D * self.predicted(index) - t)) / areas)

    def D(self, index: Index) -> Expression:  # noqa: N802 - the docstring's symbol
        """The overlap of a region of a sample with its truth."""
        if not self.sums[index]:
            return constant(1)
        n, k = index

        def product(place: Index) -> Expression:
            return self._predicted((n, *place, k)) * self._truth((n, *place, k))

        p, t = self.p[n, ..., k], self.truths[n, ..., k]
        overlap = named("overlap", sum_over(p * t, product, "Σᵢ p[i]·t[i]", {"it is not there": int((t == 0).sum())}))
        return (2 * overlap + self.smooth) / self._leaf("areas", self.sums, index)

    def areas(self, index: Index) -> Expression:
        """The area that is predicted, and that of the truth."""
        n, k = index
        p, t = self.p[n, ..., k], self.truths[n, ..., k]
        predicted = sum_over(p**2, lambda place: self._predicted((n, *place, k)) ** 2, "Σᵢ p[i]²")
        truth = sum_over(t**2, lambda place: self._truth((n, *place, k)) ** 2, "Σᵢ t[i]²")
        return named("predicted", predicted) + named("truth", truth) + self.smooth

    def _truths(self) -> tuple[np.ndarray, np.ndarray]:
        """t (N, …, C), and which places count."""
        ignored = self.loss.options.get("ignore_index")
        is_kept = np.ones(self.p.shape[:-1], bool) if ignored is None else self.t != ignored
        if self.axis is None:
            t = self.t[..., np.newaxis]
        elif self.t.dtype.kind == "f":
            t = np.moveaxis(self.t, self.axis, -1)
        else:
            t = one_hot(self.t, self.p, ignored)
        return np.where(is_kept[..., np.newaxis], t, 0).astype(np.float64), is_kept[..., np.newaxis]

    def _split(self, index: Index) -> Index:
        """The index of a predicted number, with that of its class at the end."""
        if self.axis is None:
            return (*index, 0)
        at = self.axis % self.y.ndim
        return (*index[:at], *index[at + 1 :], index[at])

    def _joined(self, index: Index) -> Index:
        """The index of a predicted number, from one with that of the class at the end."""
        if self.axis is None:
            return index[:-1]
        at = self.axis % self.y.ndim
        return (*index[:-1][:at], index[-1], *index[:-1][at:])

    def _predicted(self, index: Index) -> Leaf:
        if not self.is_kept[(*index[:-1], 0)]:
            return zero("the label is ignored")
        return self.predicted(self._joined(index))

    def _truth(self, index: Index) -> Leaf:
        is_label = self.axis is None or self.t.dtype.kind != "f"
        place = index[:-1] if is_label else self._joined(index)
        return Number(f"t[{text(index)}]", self.truths[index], (GROUND_TRUTH, place), exact=True)

    def _leaf(self, name: str, values: np.ndarray, index: Index) -> Leaf:
        return Number(f"{name}[{text(index)}]", values[index], (f"{LOSS}.{name}", index))

    def _weighted(self, index: Index, expression: Expression) -> Expression:
        if self.loss.options.get("weight") is None:
            return expression
        return constant(self.w[index[-1]], f"w[{index[-1]}]") * expression


ROWS: dict[Callable[..., Any], LossRow] = {losses.soft_dice: row_of(SoftDice)}

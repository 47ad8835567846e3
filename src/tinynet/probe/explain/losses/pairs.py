"""Losses of two outputs: two scores, two vectors, or a mean and a variance."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinynet import losses
from tinynet.probe.explain.expressions import Expression, Index, Leaf, Number, constant, named, zero
from tinynet.probe.explain.functions import log, maximum, sqrt, where
from tinynet.probe.explain.losses.formula import LossFormula, row_of, sum_over, text
from tinynet.probe.explain.rows import LossRow
from tinynet.probe.explain.views import LossView
from tinynet.probe.trace import LOSS


class PairFormula(LossFormula):
    """A loss of two outputs of the net."""

    symbols_of_outputs = ("a", "b")
    truth_symbol = "t"

    def __init__(self, loss: LossView) -> None:
        super().__init__(loss)
        self.other = loss.array("y.1").astype(np.float64)

    def output_at(self, part: int, index: Index) -> Leaf:
        """A number of one of the outputs."""
        return self.loss.at(f"y.{part}", index, self.symbols_of_outputs[part])


class MarginRanking(PairFormula):
    """L = 1/n Σᵢ max(0, margin − tᵢ (aᵢ − bᵢ))"""

    is_short = True

    def __init__(self, loss: LossView) -> None:
        super().__init__(loss)
        self.margin = constant(loss.options.get("margin", 0.0), "margin")

    @property
    def values(self) -> np.ndarray:
        return np.maximum(0, float(self.margin) - self.t * (self.y - self.other))

    def term(self, index: Index) -> Expression:
        return maximum(0, self.margin - self._difference(index))

    @property
    def symbols(self) -> str:
        return "Σᵢ max(0, margin − t[i]·(a[i] − b[i]))"

    @property
    def cut(self) -> dict[str, int]:
        return {"the difference is right by the margin": int((self.values == 0).sum())}

    def gradient(self, index: Index, part: int) -> Expression:
        t = self.truth(index)
        return self.divided(where(self._difference(index) <= self.margin, t if part else -t, 0))

    def _difference(self, index: Index) -> Expression:
        return self.truth(index) * (self.output_at(0, index) - self.output_at(1, index))


class CosineEmbedding(PairFormula):
    """L = 1/N Σₙ 1 − cₙ where tₙ = 1, and max(0, cₙ − margin) where tₙ = −1"""

    on_the_way = ("c", "length_a", "length_b")

    def __init__(self, loss: LossView) -> None:
        super().__init__(loss)
        self.margin = constant(loss.options.get("margin", 0.0), "margin")
        self.lengths = [np.sqrt((rows**2).sum(axis=1)) for rows in (self.y, self.other)]
        products = self.lengths[0] * self.lengths[1]
        self.cosines = (self.y * self.other).sum(axis=1) / np.where(products == 0, np.inf, products)

    @property
    def values(self) -> np.ndarray:
        return np.where(self.t == 1, 1 - self.cosines, np.maximum(0, self.cosines - float(self.margin)))

    def term(self, index: Index) -> Expression:
        c = self._cosine(*index)
        return 1 - c if self.t[index] == 1 else maximum(0, c - self.margin)

    def gradient(self, index: Index, part: int) -> Expression:
        n = index[0]
        if not self.lengths[0][n] or not self.lengths[1][n]:
            return zero("a length is 0")
        c, length, other = self._cosine(n), self._length(part, n), self._length(1 - part, n)
        if self.t[n] != 1 and c.value < self.margin.value:
            return zero("the cosine is below the margin")
        across = self.output_at(1 - part, index) / other - c * self.output_at(part, index) / length
        return self.divided((across if self.t[n] != 1 else -across) / length)

    def c(self, index: Index) -> Expression:
        """The cosine of a pair."""
        (n,) = index
        if not self.lengths[0][n] or not self.lengths[1][n]:
            return zero("a length is 0")
        dot = sum_over(
            self.y[n] * self.other[n],
            lambda d: self.output_at(0, (n, *d)) * self.output_at(1, (n, *d)),
            f"Σ_d a[{n}, d]·b[{n}, d]",
        )
        return named("dot", dot) / (self._length(0, n) * self._length(1, n))

    def length_a(self, index: Index) -> Expression:
        """|aₙ|"""
        return self._root_of_squares(0, *index)

    def length_b(self, index: Index) -> Expression:
        """|bₙ|"""
        return self._root_of_squares(1, *index)

    def _cosine(self, n: int) -> Leaf:
        return Number(f"c[{text((n,))}]", self.cosines[n], (f"{LOSS}.c", (n,)))

    def _length(self, part: int, n: int) -> Leaf:
        name = self.symbols_of_outputs[part]
        return Number(f"|{name}[{text((n,))}]|", self.lengths[part][n], (f"{LOSS}.length_{name}", (n,)))

    def _root_of_squares(self, part: int, n: int) -> Expression:
        rows, name = (self.y, self.other)[part], self.symbols_of_outputs[part]
        squares = sum_over(rows[n] ** 2, lambda d: self.output_at(part, (n, *d)) ** 2, f"Σ_d {name}[{n}, d]²")
        return sqrt(named("squares", squares))


class Gaussian(PairFormula):
    """L = 1/n Σᵢ ½ (log vᵢ + (μᵢ − tᵢ)² / vᵢ + c), v = max(variance, eps)"""

    is_short = True
    symbols_of_outputs = ("μ", "variance")

    def __init__(self, loss: LossView) -> None:
        super().__init__(loss)
        self.eps = constant(loss.options.get("eps", 1e-6), "eps")
        self.adds_constant = loss.options.get("full", False)

    @property
    def variances(self) -> np.ndarray:
        """v, at least eps, in the shape of the means."""
        rows = self.other if self.other.ndim == self.y.ndim else self.other[..., np.newaxis]
        return np.broadcast_to(np.maximum(rows, float(self.eps)), self.y.shape)

    @property
    def values(self) -> np.ndarray:
        c, v = np.log(2 * np.pi) if self.adds_constant else 0, self.variances
        return (np.log(v) + (self.y - self.t) ** 2 / v + c) / 2

    def term(self, index: Index) -> Expression:
        v = self._variance(index)
        terms = log(v) + self._difference(index) ** 2 / v
        return (terms + log(2 * constant(np.pi, "π")) if self.adds_constant else terms) / 2

    @property
    def symbols(self) -> str:
        return "Σᵢ (log v[i] + (μ[i] − t[i])² / v[i]" + (" + log 2π) / 2" if self.adds_constant else ") / 2")

    def gradient(self, index: Index, part: int) -> Expression:
        if part == 0:
            return self.divided(self._difference(index) / self._variance(index))
        if self.other.shape == self.y.shape:
            return self.divided(self._slope(index))
        row = index[: self.y.ndim - 1]  # one variance for the whole row
        v = self.variances[row]
        slopes = (1 / v - ((self.y[row] - self.t[row]) / v) ** 2) / 2
        everything = sum_over(slopes, lambda d: self._slope((*row, *d)), "Σ (1 / v − ((μ − t) / v)²) / 2")
        return self.divided(named("sum", everything))

    def _slope(self, index: Index) -> Expression:
        v = self._variance(index)
        return (1 / v - (self._difference(index) / v) ** 2) / 2

    def _difference(self, index: Index) -> Expression:
        return self.output_at(0, index) - self.truth(index)

    def _variance(self, index: Index) -> Expression:
        place = index if self.other.shape == self.y.shape else (*index[:-1], 0)[: self.other.ndim]
        variance = self.output_at(1, place)
        return variance if variance.value >= self.eps.value else self.eps


ROWS: dict[Callable[..., Any], LossRow] = {
    losses.margin_ranking: row_of(MarginRanking),
    losses.cosine_embedding: row_of(CosineEmbedding),
    losses.gaussian_nll: row_of(Gaussian),
}

"""Losses of numbers: each number of the batch adds a term."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinynet import losses
from tinynet.probe.explain.expressions import Expression, Index, Leaf, constant, zero
from tinynet.probe.explain.functions import absolute, exp, log, maximum, minimum, sign, where
from tinynet.probe.explain.losses.formula import LossFormula, row_of
from tinynet.probe.explain.rows import LossRow
from tinynet.probe.explain.views import LossView


class NumberFormula(LossFormula):
    """A loss of the differences between predicted numbers and the truth."""

    is_short = True

    @property
    def difference(self) -> np.ndarray:
        """predicted − truth, for all numbers."""
        return self.y - self.t

    def d(self, index: Index) -> Expression:
        """predicted − truth, for one number."""
        return self.predicted(index) - self.truth(index)


class MeanSquaredError(NumberFormula):
    """L = 1/n Σᵢ (predictedᵢ − truthᵢ)²"""

    @property
    def values(self) -> np.ndarray:
        return self.difference**2

    def term(self, index: Index) -> Expression:
        return self.d(index) ** 2

    @property
    def symbols(self) -> str:
        return "Σᵢ (predicted[i] − truth[i])²"

    def gradient(self, index: Index, part: int) -> Expression:
        return self.divided(2 * self.d(index))


class MeanAbsoluteError(NumberFormula):
    """L = 1/n Σᵢ |predictedᵢ − truthᵢ|"""

    @property
    def values(self) -> np.ndarray:
        return np.abs(self.difference)

    def term(self, index: Index) -> Expression:
        return absolute(self.d(index))

    @property
    def symbols(self) -> str:
        return "Σᵢ abs(predicted[i] − truth[i])"

    def gradient(self, index: Index, part: int) -> Expression:
        return self.divided(sign(self.d(index)))


class Huber(NumberFormula):
    """L = 1/n Σᵢ dᵢ²/2 where |dᵢ| ≤ δ, else δ (|dᵢ| − δ/2)"""

    @property
    def delta(self) -> Expression:
        """δ"""
        return constant(self.loss.options.get("delta", 1.0), "δ")

    @property
    def values(self) -> np.ndarray:
        delta, size = float(self.delta), np.abs(self.difference)
        return np.where(size <= delta, size**2 / 2, delta * (size - delta / 2))

    def term(self, index: Index) -> Expression:
        d, delta = self.d(index), self.delta
        return d**2 / 2 if absolute(d).value <= delta.value else delta * (absolute(d) - delta / 2)

    @property
    def symbols(self) -> str:
        return "Σᵢ d[i]² / 2, or δ·(abs(d[i]) − δ / 2) beyond δ"

    def gradient(self, index: Index, part: int) -> Expression:
        return self.divided(minimum(maximum(self.d(index), -self.delta), self.delta))


class Hinge(NumberFormula):
    """L = 1/n Σᵢ max(0, margin − truthᵢ predictedᵢ)"""

    @property
    def margin(self) -> Expression:
        """How far beyond zero a score has to be."""
        return constant(self.loss.options.get("margin", 1.0), "margin")

    @property
    def values(self) -> np.ndarray:
        return np.maximum(0, float(self.margin) - self.t * self.y)

    def term(self, index: Index) -> Expression:
        return maximum(0, self.margin - self.truth(index) * self.predicted(index))

    @property
    def symbols(self) -> str:
        return "Σᵢ max(0, margin − truth[i]·predicted[i])"

    @property
    def cut(self) -> dict[str, int]:
        return {"the score is right by the margin": int((self.values == 0).sum())}

    def gradient(self, index: Index, part: int) -> Expression:
        t = self.truth(index)
        return self.divided(where(t * self.predicted(index) < self.margin, -t, 0))


class BinaryCrossEntropy(NumberFormula):
    """L = 1/Z Σᵢ wᵢ (−πᵢ tᵢ log σ(xᵢ) − (1 − tᵢ) log σ(−xᵢ)), with −log σ(x) = log(1 + exp(−|x|)) − min(x, 0)"""

    predicted_symbol, truth_symbol = "x", "t"

    @property
    def values(self) -> np.ndarray:
        x, t = self.y, self.t
        w, pi = (self._spread(name) for name in ("weight", "pos_weight"))
        bend = np.log1p(np.exp(-np.abs(x)))
        yes, no = w * pi * t, w * (1 - t)
        return np.where(yes, yes * (bend - np.minimum(x, 0)), 0) + np.where(no, no * (bend + np.maximum(x, 0)), 0)

    def term(self, index: Index) -> Expression:
        x, t = self.predicted(index), self.truth(index)
        bend = log(1 + exp(-absolute(x)))
        return self._weighted(index, bend - minimum(x, 0), bend + maximum(x, 0), t)

    @property
    def symbols(self) -> str:
        return "Σᵢ −t[i]·log σ(x[i]) − (1 − t[i])·log σ(−x[i])" + ("" if self._is_plain else ", weighted")

    def gradient(self, index: Index, part: int) -> Expression:
        x, t = self.predicted(index), self.truth(index)
        return self.divided(self._weighted(index, -(1 / (1 + exp(x))), 1 / (1 + exp(-x)), t))

    @property
    def _is_plain(self) -> bool:
        return self.loss.options.get("weight") is None and self.loss.options.get("pos_weight") is None

    def _spread(self, name: str) -> np.ndarray:
        value = self.loss.options.get(name)
        return np.broadcast_to(1.0 if value is None else np.asarray(value), self.y.shape)

    def _weighted(self, index: Index, of_yes: Expression, of_no: Expression, t: Expression) -> Expression:
        """w (π t of_yes + (1 − t) of_no), without what the truth makes 0."""
        if self.loss.options.get("pos_weight") is not None:
            of_yes = constant(self._spread("pos_weight")[index], "π") * of_yes
        parts = t * of_yes + (1 - t) * of_no
        if t.value in (0, 1):
            parts = of_yes if t.value else of_no
        if self.loss.options.get("weight") is None:
            return parts
        return constant(self._spread("weight")[index], "w") * parts


class BinaryOfProbabilities(NumberFormula):
    """L = 1/Z Σᵢ wᵢ (−tᵢ log pᵢ − (1 − tᵢ) log(1 − pᵢ)), a logarithm being at least −100"""

    predicted_symbol, truth_symbol = "p", "t"

    @property
    def weights(self) -> np.ndarray:
        """The weight of each number."""
        value = self.loss.options.get("weight")
        return np.broadcast_to(1.0 if value is None else np.asarray(value), self.y.shape)

    @property
    def values(self) -> np.ndarray:
        with np.errstate(all="ignore"):
            log_p, log_q = np.maximum(np.log(self.y), -100), np.maximum(np.log1p(-self.y), -100)
        return np.where(self.weights, self.weights * (-self.t * log_p - (1 - self.t) * log_q), 0)

    def term(self, index: Index) -> Expression:
        p, t = self.predicted(index), self.truth(index)
        of_yes, of_no = -self._log(p), -self._log(1 - p)
        if t.value in (0, 1):
            return self._weighted(index, of_yes if t.value else of_no)
        return self._weighted(index, t * of_yes + (1 - t) * of_no)

    @property
    def symbols(self) -> str:
        is_plain = self.loss.options.get("weight") is None
        return "Σᵢ −t[i]·log p[i] − (1 − t[i])·log(1 − p[i])" + ("" if is_plain else ", weighted")

    @property
    def cut(self) -> dict[str, int]:
        return {"the weight is 0": int((self.weights == 0).sum())}

    def gradient(self, index: Index, part: int) -> Expression:
        p = self.predicted(index)
        spread = p * (1 - p)
        spread = spread if spread.value > 1e-12 else maximum(spread, 1e-12)
        return self.divided(self._weighted(index, (p - self.truth(index)) / spread))

    def _log(self, p: Expression) -> Expression:
        return log(p) if log(p).value > -100 else maximum(log(p), -100)

    def _weighted(self, index: Index, expression: Expression) -> Expression:
        if self.loss.options.get("weight") is None:
            return expression
        w = self.weights[index]
        return constant(w, "w") * expression if w else zero("the weight is 0")


class Poisson(NumberFormula):
    """L = 1/n Σᵢ (λᵢ − tᵢ log λᵢ + cᵢ)"""

    predicted_symbol, truth_symbol = "x", "t"

    def __init__(self, loss: LossView) -> None:
        super().__init__(loss)
        self.takes_logarithms = loss.options.get("log_input", True)
        self.eps = constant(loss.options.get("eps", 1e-8), "eps")
        self.adds_constant = loss.options.get("full", False)
        self.kind = loss.array(self.output).dtype

    @property
    def values(self) -> np.ndarray:
        x, t = self.y, self.t.astype(np.float64)
        with np.errstate(all="ignore"):
            rate, log_rate = x, np.log(x + float(self.eps))
            if self.takes_logarithms:
                rate, log_rate = np.exp(x.astype(self.kind)).astype(np.float64), x  # infinite where the step's is
            stirling = np.where(t > 1, t * np.log(t) - t + np.log(2 * np.pi * t) / 2, 0)
            return rate - np.where(t != 0, t * log_rate, 0) + (stirling if self.adds_constant else 0)

    def term(self, index: Index) -> Expression:
        x, t = self.predicted(index), self.truth(index)
        rate, log_rate = (self._rate(x), x) if self.takes_logarithms else (x, log(x + self.eps))
        expression = rate - t * log_rate if t.value else rate
        if self.adds_constant and t.value > 1:
            return expression + t * log(t) - t + log(2 * constant(np.pi, "π") * t) / 2
        return expression

    @property
    def symbols(self) -> str:
        terms = "Σᵢ exp(x[i]) − t[i]·x[i]" if self.takes_logarithms else "Σᵢ x[i] − t[i]·log(x[i] + eps)"
        return terms + (" + log t[i]!" if self.adds_constant else "")

    def gradient(self, index: Index, part: int) -> Expression:
        x, t = self.predicted(index), self.truth(index)
        return self.divided(self._rate(x) - t if self.takes_logarithms else 1 - t / (x + self.eps))

    def _rate(self, x: Leaf) -> Expression:
        if exp(x).value <= np.finfo(self.kind).max:
            return exp(x)
        return constant(np.inf, f"∞ (exp({x.symbol}) is too large for {self.kind})")


ROWS: dict[Callable[..., Any], LossRow] = {
    losses.mean_squared_error: row_of(MeanSquaredError),
    losses.mean_absolute_error: row_of(MeanAbsoluteError),
    losses.huber: row_of(Huber),
    losses.hinge: row_of(Hinge),
    losses.binary_cross_entropy: row_of(BinaryOfProbabilities),
    losses.binary_cross_entropy_with_logits: row_of(BinaryCrossEntropy),
    losses.poisson_nll: row_of(Poisson),
}

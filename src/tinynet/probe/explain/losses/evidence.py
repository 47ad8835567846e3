"""The loss of the variational autoencoder, explained. It stands on a lower floor, so its row goes by name."""

from __future__ import annotations

import numpy as np

from tinynet.probe.explain.expressions import Expression, Index, named
from tinynet.probe.explain.functions import absolute, exp, log, maximum
from tinynet.probe.explain.losses.formula import LossFormula, row_of, sum_over
from tinynet.probe.explain.rows import LossRow
from tinynet.probe.explain.views import LossView
from tinynet.probe.trace import GROUND_TRUTH


class Evidence(LossFormula):
    """L = 1/N Σₙ (Σ log(1 + e^a) − x a + ½ Σ (μ² + σ² − 1 − log σ²))"""

    predicted_symbol, truth_symbol = "a", "x"

    def __init__(self, loss: LossView) -> None:
        super().__init__(loss)
        self.mean, self.log_variance = (loss.array(name).astype(np.float64) for name in ("y.1", "y.2"))

    @property
    def drawing(self) -> np.ndarray:
        """The surprise at each pixel."""
        return np.maximum(self.y, 0) + np.log1p(np.exp(-np.abs(self.y))) - self.t * self.y

    @property
    def distance(self) -> np.ndarray:
        """μ² + σ² − 1 − log σ² of each number of the code."""
        return self.mean**2 + np.exp(self.log_variance) - 1 - self.log_variance

    @property
    def values(self) -> np.ndarray:
        n = len(self.y)
        return self.drawing.reshape(n, -1).sum(axis=1) + self.distance.sum(axis=1) / 2

    def term(self, index: Index) -> Expression:
        (n,) = index

        def pixel(at: Index) -> Expression:
            a = self.predicted((n, *at))
            return maximum(a, 0) + log(1 + exp(-absolute(a))) - self.truth((n, *at)) * a

        def code(at: Index) -> Expression:
            mean, log_variance = self.loss.at("y.1", (n, *at), "μ"), self.loss.at("y.2", (n, *at), "log σ²")
            return mean**2 + exp(log_variance) - 1 - log_variance

        drawing = named("drawing", sum_over(self.drawing[n], pixel, "Σ log(1 + exp(a)) − x·a"))
        return drawing + named("distance", sum_over(self.distance[n], code, "Σ μ² + σ² − 1 − log σ²")) / 2

    def gradient(self, index: Index, part: int) -> Expression:
        if part == 0:
            return self.divided(1 / (1 + exp(-self.predicted(index))) - self.loss.at(GROUND_TRUTH, index, "x"))
        if part == 1:
            return self.divided(self.loss.at("y.1", index, "μ"))
        return self.divided((exp(self.loss.at("y.2", index, "log σ²")) - 1) / 2)


ROWS: dict[str, LossRow] = {"evidence_loss": row_of(Evidence)}

"""InfoNCE: the softmax of the cosines of each query."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinynet import losses
from tinynet.probe.explain.expressions import Expression, Index, Leaf, Number, constant, named, zero
from tinynet.probe.explain.functions import sqrt
from tinynet.probe.explain.losses.formula import LossFormula, row_of, sum_over, text
from tinynet.probe.explain.losses.softmax import Softmax
from tinynet.probe.explain.rows import LossRow
from tinynet.probe.explain.views import LossView
from tinynet.probe.trace import GROUND_TRUTH, LOSS

QUERIES, KEYS = 0, 1
SYMBOLS = ("query", "key")


class InfoNCE(LossFormula):
    """L = cross_entropy(S, truth), with S[n, m] = cos(queryₙ, keyₘ) / τ"""

    on_the_way = ("S", "dS", "du_query", "du_key", "length_query", "length_key")

    def __init__(self, loss: LossView) -> None:
        super().__init__(loss)
        self.rows = [loss.array(f"y.{part}").astype(np.float64) for part in (QUERIES, KEYS)]
        self.labels = self.t.astype(np.intp) if loss.has(GROUND_TRUTH) else np.arange(len(self.rows[QUERIES]))
        self.tau = constant(loss.options.get("temperature", 0.1), "τ")
        self.lengths = [np.sqrt((rows**2).sum(axis=1)) for rows in self.rows]
        u, v = (rows / np.where(n == 0, np.inf, n)[:, None] for rows, n in zip(self.rows, self.lengths, strict=True))
        self.scores = u @ v.T / float(self.tau)

    @property
    def values(self) -> np.ndarray:
        top = self.scores.max(axis=1)
        of_the_label = self.scores[np.arange(len(self.labels)), self.labels]
        return np.log(np.exp(self.scores - top[:, np.newaxis]).sum(axis=1)) + top - of_the_label

    def term(self, index: Index) -> Expression:
        (n,) = index
        return self._softmax(n).surprise(int(self.labels[n]))

    def S(self, index: Index) -> Expression:  # noqa: N802 - the docstring's symbol
        """The cosine of a query and a key, over τ."""
        n, m = index
        products = self.rows[QUERIES][n] * self.rows[KEYS][m]
        if not self.lengths[QUERIES][n] or not self.lengths[KEYS][m]:
            return zero("a length is 0")
        dot = sum_over(
            products, lambda d: self._at(QUERIES, n, *d) * self._at(KEYS, m, *d), "Σ_d query[n, d]·key[m, d]"
        )
        return named("dot", dot) / (self._length(QUERIES, n) * self._length(KEYS, m) * self.tau)

    def dS(self, index: Index) -> Expression:  # noqa: N802 - the docstring's symbol
        """∂L/∂S[n, m] = (p[n, m] − δ) / N"""
        n, m = index
        p = self._softmax(n).p(m)
        return self.divided(p - 1 if m == self.labels[n] else p)

    def gradient(self, index: Index, part: int) -> Expression:
        row, d = index
        if not self.lengths[part][row]:
            return zero("its length is 0")
        length, du = self._length(part, row), self.du(part)[row]

        def term(at: Index) -> Expression:
            return self._at(part, row, *at) * self._du(part, row, *at)

        products = sum_over(self.rows[part][row] * du, term, f"Σ_d {SYMBOLS[part]}[{row}, d]·du[d]")
        along = named("u·du", named("x·du", products) / length)  # what of du changes the length of the row alone
        return (self._du(part, row, d) - self._at(part, row, d) / length * along) / length

    def du_query(self, index: Index) -> Expression:
        """du[n, d] = Σₘ dS[n, m] v[m, d] / τ"""
        return self._through_scores(QUERIES, index)

    def du_key(self, index: Index) -> Expression:
        """dv[m, d] = Σₙ dS[n, m] u[n, d] / τ"""
        return self._through_scores(KEYS, index)

    def length_query(self, index: Index) -> Expression:
        """|queryₙ|"""
        return self._root_of_squares(QUERIES, *index)

    def length_key(self, index: Index) -> Expression:
        """|keyₘ|"""
        return self._root_of_squares(KEYS, *index)

    def slopes(self) -> np.ndarray:
        """dS, (N, M)."""
        e = np.exp(self.scores - self.scores.max(axis=1, keepdims=True))
        p = e / e.sum(axis=1, keepdims=True)
        p[np.arange(len(self.labels)), self.labels] -= 1
        return p / len(self.labels) if self.is_mean else p

    def du(self, part: int) -> np.ndarray:
        """The gradients of the directions of one side."""
        slopes = self.slopes() if part == QUERIES else self.slopes().T
        return slopes @ self._directions(1 - part) / float(self.tau)

    def _through_scores(self, part: int, index: Index) -> Expression:
        row, d = index
        other, slopes = 1 - part, (self.slopes() if part == QUERIES else self.slopes().T)[row]

        def term(at: Index) -> Expression:
            pair = (row, *at) if part == QUERIES else (*at, row)
            dS = Number(f"dS[{text(pair)}]", slopes[at], (f"{LOSS}.dS", pair))
            return dS * self._at(other, at[0], d) / self._length(other, at[0])

        symbols = f"Σ dS·{SYMBOLS[other]}[m, {d}] / |{SYMBOLS[other]}[m]|"
        return named("sum", sum_over(slopes * self._directions(other)[:, d], term, symbols)) / self.tau

    def _softmax(self, n: int) -> Softmax:
        def score(m: int) -> Leaf:
            return Number(f"S[{n}, {m}]", self.scores[n, m], (f"{LOSS}.S", (n, m)))

        return Softmax(self.scores[n], score, (n,))

    def _directions(self, part: int) -> np.ndarray:
        lengths = np.where(self.lengths[part] == 0, np.inf, self.lengths[part])
        return self.rows[part] / lengths[:, np.newaxis]

    def _at(self, part: int, row: int, d: int) -> Leaf:
        return self.loss.at(f"y.{part}", (row, d), SYMBOLS[part])

    def _du(self, part: int, row: int, d: int) -> Leaf:
        name = SYMBOLS[part]
        return Number(f"du_{name}[{row}, {d}]", self.du(part)[row, d], (f"{LOSS}.du_{name}", (row, d)))

    def _length(self, part: int, row: int) -> Leaf:
        name = SYMBOLS[part]
        return Number(f"|{name}[{row}]|", self.lengths[part][row], (f"{LOSS}.length_{name}", (row,)))

    def _root_of_squares(self, part: int, row: int) -> Expression:
        squares = self.rows[part][row] ** 2
        symbols = f"Σ_d {SYMBOLS[part]}[{row}, d]²"
        return sqrt(named("squares", sum_over(squares, lambda d: self._at(part, row, *d) ** 2, symbols)))


ROWS: dict[Callable[..., Any], LossRow] = {losses.info_nce: row_of(InfoNCE)}

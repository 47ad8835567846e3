"""CTC: the probability of a sequence of labels, summed over all ways to place them in time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinynet import losses
from tinynet.probe.explain.expressions import Expression, Index, Leaf, Number, constant, named, zero
from tinynet.probe.explain.functions import exp, log
from tinynet.probe.explain.losses.formula import LossFormula, row_of, sum_over, text
from tinynet.probe.explain.losses.softmax import Softmax
from tinynet.probe.explain.rows import LossRow
from tinynet.probe.explain.views import LossView
from tinynet.probe.trace import LOSS


class CTC(LossFormula):
    """L = mean of −log P(labels) / number of labels, with P from the recursion of α over steps t and places s.

    Places are the labels with blanks between and around them. All is in logarithms: log_alpha, log_beta and log_p.
    """

    on_the_way = ("log_alpha", "log_beta", "log_p", "surprise")

    def __init__(self, loss: LossView) -> None:
        super().__init__(loss)
        labels, self.n_steps, self.n_labels = (np.asarray(part).astype(np.intp) for part in loss.truth)
        self.blank = loss.options.get("blank", 0)
        self.places = [self._with_blanks(row[:n]) for row, n in zip(labels, self.n_labels, strict=True)]
        shifted = self.y - self.y.max(axis=-1, keepdims=True)
        self.logs = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))  # log softmax(x)
        self.alphas = [self._recursion(n) for n in range(len(self.places))]
        self.betas = [self._recursion(n, backward=True) for n in range(len(self.places))]
        self.log_P = np.array([np.logaddexp.reduce(alpha[-1, -2:]) for alpha in self.alphas])

    @property
    def values(self) -> np.ndarray:
        of_impossible = 0 if self.loss.options.get("zero_infinity") else np.inf
        return np.where(np.isneginf(self.log_P), of_impossible, -self.log_P / self._share)

    @property
    def _share(self) -> np.ndarray:
        """What −log P of a sample is divided by: its number of labels, in a mean."""
        return np.maximum(self.n_labels, 1) if self.is_mean else np.ones(len(self.places))

    def term(self, index: Index) -> Expression:
        (n,) = index
        if np.isneginf(self.log_P[n]):
            return constant(self.values[n])
        return self._surprise_leaf(n) / constant(self._share[n], "labels") if self.is_mean else self._surprise_leaf(n)

    def surprise(self, index: Index) -> Expression:
        """−log P = −log(α_T(last) + α_T(last but one))"""
        (n,) = index
        last, S = len(self.alphas[n]) - 1, len(self.places[n])
        return -log_of_sum([self._leaf("log_alpha", (n, last, s)) for s in range(max(S - 2, 0), S)])

    def log_alpha(self, index: Index) -> Expression:
        """log α_t(s) = log p[t, s] + log(α_{t−1}(s) + α_{t−1}(s − 1) + α_{t−1}(s − 2))"""
        n, t, s = index
        if np.isneginf(self.alphas[n][t, s]):
            return constant(-np.inf)
        log_p = self._leaf("log_p", (n, t, int(self.places[n][s])))
        if t == 0:
            return log_p
        arrived = [self._leaf("log_alpha", (n, t - 1, before)) for before in self._before(n, s)]
        return log_p + named("arrived", log_of_sum(arrived))

    def log_beta(self, index: Index) -> Expression:
        """log β_t(s) = log of the sum over the next places s′ of p[t + 1, s′] β_{t+1}(s′), and 0 at the end"""
        n, t, s = index
        if t == len(self.betas[n]) - 1 or np.isneginf(self.betas[n][t, s]):
            return constant(self.betas[n][t, s])
        terms = []
        for after in self._after(n, s):
            log_p = self._leaf("log_p", (n, t + 1, int(self.places[n][after])))
            beta = self._leaf("log_beta", (n, t + 1, after))
            if not np.isneginf(beta.value):
                terms.append(named(f"from {after}", log_p + beta))
        return log_of_sum(terms)

    def log_p(self, index: Index) -> Expression:
        """log softmax(x)"""
        n, t, c = index
        return -self._softmax(n, t).surprise(c)

    def gradient(self, index: Index, part: int) -> Expression:
        n, t, c = index
        if np.isneginf(self.log_P[n]) or t >= self.n_steps[n]:
            return zero("no path gives the labels, or the step is beyond the input")
        p: Expression = self._softmax(n, t).p(c)
        log_P = -self._surprise_leaf(n)
        alpha, beta = self.alphas[n][t], self.betas[n][t]
        held = (self.places[n] == c) * np.exp(alpha + beta - self.log_P[n])

        def share(at: Index) -> Expression:
            place = (n, t, *at)
            return exp(self._leaf("log_alpha", place) + self._leaf("log_beta", place) - log_P)

        if held.any():
            p = p - named(f"share of {c}", sum_over(held, share, "Σ α_t(s)·β_t(s) / P over the places of this class"))
        return self.divided(p / constant(self._share[n], "labels") if self.is_mean else p)

    def _leaf(self, name: str, index: Index) -> Leaf:
        """A value on the way as an operand."""
        n, t, s = index
        value = {"log_alpha": self.alphas, "log_beta": self.betas}[name][n][t, s] if name != "log_p" else None
        value = self.logs[index] if value is None else value
        return Number(f"{name}[{text(index)}]", value, (f"{LOSS}.{name}", index))

    def _surprise_leaf(self, n: int) -> Leaf:
        return Number(f"surprise[{n}]", -self.log_P[n], (f"{LOSS}.surprise", (n,)))

    def _softmax(self, n: int, t: int) -> Softmax:
        return Softmax(self.y[n, t], lambda c: self.loss.at(self.output, (n, t, c), "x"), (n, t))

    def _with_blanks(self, labels: np.ndarray) -> np.ndarray:
        places = np.full(2 * len(labels) + 1, self.blank)
        places[1::2] = labels
        return places

    def _before(self, n: int, s: int) -> list[int]:
        """The places from which a path can come to place s in one step."""
        places = self.places[n]
        skips = s >= 2 and places[s] != self.blank and places[s] != places[s - 2]
        return [before for before in (s, s - 1, s - 2)[: 3 if skips else 2] if before >= 0]

    def _after(self, n: int, s: int) -> list[int]:
        """The places to which a path can go from place s in one step."""
        return [after for after in range(s, min(s + 3, len(self.places[n]))) if s in self._before(n, after)]

    def _recursion(self, n: int, backward: bool = False) -> np.ndarray:
        """log α or log β of a sample, (steps, places)."""
        places, T = self.places[n], int(self.n_steps[n])
        log_p, skips = self.logs[n, :T][:, places], self._skips(n)
        table = np.full(log_p.shape, -np.inf)
        if backward:
            table[-1, -2:] = 0
            for t in reversed(range(T - 1)):
                after = table[t + 1] + log_p[t + 1]
                table[t] = np.logaddexp(after, _shifted(after, -1))
                table[t] = np.logaddexp(table[t], np.where(_shifted(skips, -2), _shifted(after, -2), -np.inf))
            return table
        table[0, :2] = log_p[0, :2]
        for t in range(1, T):
            before = table[t - 1]
            arrived = np.logaddexp(before, _shifted(before, 1))
            arrived = np.logaddexp(arrived, np.where(skips, _shifted(before, 2), -np.inf))
            table[t] = arrived + log_p[t]
        return table

    def _skips(self, n: int) -> np.ndarray:
        """Whether a path may come to a place from the one two before it."""
        return np.array([s - 2 in self._before(n, s) for s in range(len(self.places[n]))])


def _shifted(row: np.ndarray, by: int) -> np.ndarray:
    """A row moved to the right, or to the left if negative; −∞ or False comes in."""
    moved = np.full_like(row, False if row.dtype == bool else -np.inf)
    if by > 0:
        moved[by:] = row[:-by]
    else:
        moved[:by] = row[-by:]
    return moved


def log_of_sum(logarithms: list[Leaf]) -> Expression:
    """log(eᵃ + eᵇ + …), with the largest exponent taken out, so that nothing underflows."""
    finite = [leaf for leaf in logarithms if not np.isneginf(leaf.value)]
    if not finite:
        return constant(-np.inf)
    top = max(finite, key=lambda leaf: leaf.value)
    others = [exp(leaf - top) for leaf in finite if leaf is not top]
    whole: Expression = constant(1)
    for other in others:
        whole = whole + other
    return top + log(whole) if others else top


ROWS: dict[Callable[..., Any], LossRow] = {losses.ctc: row_of(CTC)}

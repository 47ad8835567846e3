"""Muon, explained: the momentum, and the steps that make it orthogonal."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from tinynet.optimizers import Muon, Optimizer
from tinynet.optimizers.muon import COEFFICIENTS
from tinynet.probe.explain.expressions import Expression, Index, Leaf, Number, constant, named
from tinynet.probe.explain.functions import maximum, sqrt
from tinynet.probe.explain.numbers import unraveled
from tinynet.probe.explain.optimizers.update import Update, row_of
from tinynet.probe.explain.rows import OptimizerRow
from tinynet.probe.explain.totals import total_of
from tinynet.probe.explain.views import ParameterView


class MuonUpdate(Update):
    """m ← μ m + ∇; u = ∇ + μ m; X of u by Newton-Schulz steps; w ← (1 − ε λ) w − ε √max(1, rows / columns) X"""

    slots: tuple[tuple[str, str], ...] = (("momentum", "m"), ("u", "u"))

    @cached_property
    def mu(self) -> Leaf:
        """μ"""
        return self.parameter.constant("momentum", "μ")

    @cached_property
    def m(self) -> Leaf:
        """The momentum after the step."""
        return self.kept("momentum", "m", self.mu * self.before("momentum", "m") + self.gradient)

    @cached_property
    def u(self) -> Leaf:
        """What is made orthogonal."""
        return named("u", self.gradient + self.mu * self.m) if self.is_set("nesterov") else self.m

    def after(self) -> Expression:
        matrices = Orthogonal(self.parameter)
        row, column = self.index[0], int(np.ravel_multi_index(self.index[1:], self.parameter.array("before").shape[1:]))
        rows, columns = matrices.rows.shape
        X = matrices.leaf("X", len(matrices.X) - 1, *matrices.place(row, column))
        step = self.rate * sqrt(maximum(1, constant(rows, "rows") / constant(columns, "columns"))) * X
        return (1 - self.rate * self.parameter.constant("weight_decay", "λ")) * self.w - step


class Orthogonal:
    """X₀ = u / ‖u‖, then X ← a X + B X with B = b A + c A² and A = X Xᵀ, each matrix by the count of steps done.

    The matrices lie so that they have no more rows than columns.
    """

    def __init__(self, parameter: ParameterView) -> None:
        self.parameter = parameter
        gradient = parameter.array("gradient").astype(np.float64)
        mu = parameter.setting("momentum")
        m = mu * parameter.array("momentum.before") + gradient
        u = gradient + mu * m if parameter.setting("nesterov") else m
        self.rows = u.reshape(len(u), -1)
        self.is_turned = self.rows.shape[0] > self.rows.shape[1]
        wide = self.rows.T if self.is_turned else self.rows
        self.norm = np.sqrt((wide**2).sum())
        self.X, self.A, self.B = [wide / (self.norm + 1e-7)], [], []
        a, b, c = COEFFICIENTS
        for k in range(parameter.setting("ns_steps")):
            self.A.append(self.X[k] @ self.X[k].T)
            self.B.append(b * self.A[k] + c * self.A[k] @ self.A[k])
            self.X.append(a * self.X[k] + self.B[k] @ self.X[k])

    def place(self, row: int, column: int) -> tuple[int, int]:
        """Where a number of the parameter, as a matrix, stands in X."""
        return (column, row) if self.is_turned else (row, column)

    def leaf(self, name: str, k: int, i: int, j: int) -> Leaf:
        """A number of X, A or B after k steps."""
        value = getattr(self, name)[k][i, j]
        return Number(f"{name}[{k}][{i}, {j}]", value, (self.parameter.name(name), (k, i, j)))

    def explain_X(self, k: int, i: int, j: int) -> Expression:  # noqa: N802 - the docstring's symbol
        """X₀ = u / ‖u‖, or one step from the X before."""
        if k == 0:
            row, column = self.place(i, j)
            index = (row, *unraveled(column, self.parameter.array("before").shape[1:]))
            u = Number("u", self.rows[row, column], (self.parameter.name("u"), index))
            return u / (Number("‖u‖", self.norm, (self.parameter.name("norm"), ())) + 1e-7)
        a, before = constant(COEFFICIENTS[0], "a"), self.X[k - 1]

        def term(at: int) -> Expression:
            return self.leaf("B", k - 1, i, at) * self.leaf("X", k - 1, at, j)

        products = total_of(self.B[k - 1][i] * before[:, j], term, f"Σₗ B[{k - 1}][{i}, l]·X[{k - 1}][l, {j}]")
        return a * self.leaf("X", k - 1, i, j) + named("BX", products)

    def explain_A(self, k: int, i: int, j: int) -> Expression:  # noqa: N802 - the docstring's symbol
        """A = X Xᵀ"""
        values = self.X[k][i] * self.X[k][j]
        symbols = f"Σₗ X[{k}][{i}, l]·X[{k}][{j}, l]"
        return total_of(values, lambda at: self.leaf("X", k, i, at) * self.leaf("X", k, j, at), symbols)

    def explain_B(self, k: int, i: int, j: int) -> Expression:  # noqa: N802 - the docstring's symbol
        """B = b A + c A²"""
        b, c = (constant(value, symbol) for value, symbol in zip(COEFFICIENTS[1:], "bc", strict=True))
        values = self.A[k][i] * self.A[k][:, j]
        symbols = f"Σₗ A[{k}][{i}, l]·A[{k}][l, {j}]"
        square = total_of(values, lambda at: self.leaf("A", k, i, at) * self.leaf("A", k, at, j), symbols)
        return b * self.leaf("A", k, i, j) + c * named("A²", square)

    def explain_norm(self) -> Expression:
        """‖u‖ = √Σ u²"""
        shape = self.parameter.array("before").shape

        def term(at: int) -> Expression:
            index = unraveled(at, shape)
            symbol = f"u[{', '.join(map(str, index))}]"
            return Number(symbol, self.rows.ravel()[at], (self.parameter.name("u"), index)) ** 2

        return sqrt(named("squares", total_of(self.rows**2, term, "Σ u²")))


def _matrices(name: str) -> dict:
    def of(parameter: ParameterView, index: Index) -> Expression:
        return getattr(Orthogonal(parameter), f"explain_{name}")(*index)

    return {name: of}


_row = row_of(MuonUpdate)
ROWS: dict[type[Optimizer], OptimizerRow] = {
    Muon: OptimizerRow(
        _row.update, {**_row.slots, **_matrices("X"), **_matrices("A"), **_matrices("B"), **_matrices("norm")}
    )
}

"""The formulas of one step of RNN, LSTM and GRU, forward and backward."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import numpy as np

from tinynet.layers import GRU, LSTM, RNN
from tinynet.probe.derived.recurrent import suffixes_of
from tinynet.probe.explain.expressions import Expression, Index, Leaf, named, zero
from tinynet.probe.explain.functions import exp, maximum, tanh, where
from tinynet.probe.explain.layers.linear import wide
from tinynet.probe.explain.numbers import unraveled
from tinynet.probe.explain.totals import total_of


class Cell(ABC):
    """One pass of a recurrent layer; t counts its steps in the order in which it reads."""

    gates: tuple[str, ...] = ()
    recurrent_gradient = "da"

    def __init__(self, passes: Any, k: int) -> None:
        self.passes, self.k, self.H = passes, k, passes.H
        self.suffix = suffixes_of(passes.layer.step)[k]
        self.states: tuple[Callable[[int, int, int], Leaf], ...] = (self.h, self.c)

    @abstractmethod
    def new_state(self, which: int, t: int, n: int, j: int) -> Expression:
        """h (0) or c (1) after step t."""

    @abstractmethod
    def da(self, t: int, n: int, row: int) -> Expression:
        """∂L/∂a of a row of W_ih."""

    def gate_expression(self, t: int, n: int, column: int) -> Expression:
        """A gate, from x and the state before."""
        raise NotImplementedError

    def h(self, t: int, n: int, j: int) -> Leaf:
        """The state after step t; −1 is the first one."""
        return self._state(0, "h", t, n, j)

    def c(self, t: int, n: int, j: int) -> Leaf:
        """The cell state after step t."""
        return self._state(1, "c", t, n, j)

    def _state(self, which: int, symbol: str, t: int, n: int, j: int) -> Leaf:
        leaf = self.passes.leaf(self.k, f"states.{which}", (t + 1, n, j))
        leaf.symbol = f"{symbol}[{t}, {n}, {j}]"
        return leaf

    def gate(self, name: str, t: int, n: int, j: int) -> Leaf:
        """A gate after step t, by its letter."""
        leaf = self.passes.leaf(self.k, "gates", (t, n, self.gates.index(name) * self.H + j))
        leaf.symbol = f"{name}[{t}, {n}, {j}]"
        return leaf

    def leaf(self, name: str, t: int, n: int, j: int) -> Leaf:
        """A gradient of the pass."""
        return self.passes.leaf(self.k, name, (t, n, j))

    def is_padding(self, t: int, n: int) -> bool:
        """Whether step t is padding."""
        return bool(self.passes.array(self.k, "padding")[t, n, 0])

    def da_of(self, kind: str) -> str:
        """The gradient that belongs to a kind of parameter: those of h may have another."""
        return self.recurrent_gradient if kind.endswith("hh") else "da"

    def product(self, kind: str, t: int, n: int, row: int) -> Expression:
        """x[t] W_ihᵀ + b_ih of a row, or h[t−1] W_hhᵀ + b_hh."""
        layer, weight = self.passes.layer, f"weight_{kind}{self.suffix}"
        weights = wide(layer.array(weight)[row])
        read = self.passes.array(self.k, "x")[t, n] if kind == "ih" else self.passes.array(self.k, "states.0")[t, n]

        def term(d: int) -> Expression:
            x = self.leaf("x", t, n, d) if kind == "ih" else self.h(t - 1, n, d)
            return layer.at(weight, (row, d), f"W_{kind}") * x

        symbols = f"Σ W_ih[{row}, d]·x[{t}, {n}, d]" if kind == "ih" else f"Σ W_hh[{row}, j]·h[{t - 1}, {n}, j]"
        y: Expression = total_of(weights * wide(read), term, symbols)
        bias = f"bias_{kind}{self.suffix}"
        return y + layer.at(bias, (row,), f"b_{kind}") if bias in layer.step.parameters else y

    def a(self, t: int, n: int, row: int) -> Leaf:
        """x[t] W_ihᵀ + b_ih + h[t−1] W_hhᵀ + b_hh of a row."""
        return named(f"a[{t}, {n}, {row}]", self.product("ih", t, n, row) + self.product("hh", t, n, row))

    def through_weights(self, da: str, kind: str, t: int, n: int, column: int) -> Expression:
        """da[t] W: Σ over the rows."""
        layer, weight = self.passes.layer, kind + self.suffix
        values = wide(self.passes.array(self.k, da)[t, n]) * wide(layer.array(weight)[:, column])

        def term(row: int) -> Expression:
            return self.leaf(da, t, n, row) * layer.at(weight, (row, column), f"W_{kind[-2:]}")

        return total_of(values, term, f"Σ {da}[{t}, {n}, row]·W_{kind[-2:]}[row, {column}]")

    def dh(self, t: int, n: int, j: int) -> Expression:
        """∂L/∂h of step t: from above, and back from the next step."""
        back = self.flows_back(0, t, n, j)
        return back if self.is_padding(t, n) else self.leaf("dy", t, n, j) + back

    def flows_back(self, which: int, t: int, n: int, j: int) -> Expression:
        """∂L/∂ of the state after step t, from the steps that follow, or from the last state."""
        if t + 1 == self.passes.n_steps:
            name, layer = f"dy.{which + 1}", self.passes.layer
            return layer.at(name, (self.k, n, j)) if layer.has(name) else zero("it is the last step")
        if self.is_padding(t + 1, n):
            return self.leaf(("dh", "dc")[which], t + 1, n, j)
        return self.through_step(which, t + 1, n, j)

    def through_step(self, which: int, t: int, n: int, j: int) -> Expression:
        """∂L/∂ of the state before step t, through that step."""
        return self.through_weights(self.recurrent_gradient, "weight_hh", t, n, j)

    def explain(self, name: str, t: int, n: int, j: int) -> Expression:
        """A gate or a gradient of the pass."""
        if name == "dh":
            return self.dh(t, n, j)
        if name == "dx":
            return self.through_weights("da", "weight_ih", t, n, j)
        if self.is_padding(t, n) and name != "dc":
            return zero("the step is padding") if name.startswith("da") else self.gate_expression(t, n, j)
        return {"gates": self.gate_expression, "da": self.da, "da_h": self.da_h, "dc": self.dc}[name](t, n, j)

    def da_h(self, t: int, n: int, row: int) -> Expression:
        """∂L/∂(h[t−1] W_hhᵀ + b_hh) of a row."""
        return self.da(t, n, row)

    def dc(self, t: int, n: int, j: int) -> Expression:
        """∂L/∂c of step t."""
        raise NotImplementedError


class RNNCell(Cell):
    """h[t] = f(a), f = tanh or ReLU"""

    @property
    def is_tanh(self) -> bool:
        """Whether f is tanh."""
        return self.passes.layer.setting("nonlinearity") == "tanh"

    def new_state(self, which: int, t: int, n: int, j: int) -> Expression:
        a = self.a(t, n, j)
        return tanh(a) if self.is_tanh else maximum(a, 0)

    def da(self, t: int, n: int, row: int) -> Expression:
        dh, h = self.leaf("dh", t, n, row), self.h(t, n, row)
        return dh * (1 - h**2) if self.is_tanh else where(h > 0, dh, 0)


class LSTMCell(Cell):
    """c[t] = f c[t−1] + i g; h[t] = o tanh(c[t]), projected or not"""

    gates = ("i", "f", "g", "o")

    def __init__(self, passes: Any, k: int) -> None:
        super().__init__(passes, k)
        self.H = passes.array(k, "states.1").shape[-1]
        self.is_projected = f"weight_hr{self.suffix}" in passes.layer.step.parameters

    def gate_expression(self, t: int, n: int, column: int) -> Expression:
        a = self.a(t, n, column)
        return tanh(a) if self.gates[column // self.H] == "g" else sigmoid(a)

    def new_state(self, which: int, t: int, n: int, j: int) -> Expression:
        if which == 0:
            return self.projected(t, n, j) if self.is_projected else self.s(t, n, j)
        i, f, g = (self.gate(name, t, n, j) for name in "ifg")
        return f * self.c(t - 1, n, j) + i * g

    def dc(self, t: int, n: int, j: int) -> Expression:
        back = self.flows_back(1, t, n, j)
        if self.is_padding(t, n):
            return back
        return back + self.ds(t, n, j) * self.gate("o", t, n, j) * (1 - tanh(self.c(t, n, j)) ** 2)

    def through_step(self, which: int, t: int, n: int, j: int) -> Expression:
        if which == 1:
            return self.leaf("dc", t, n, j) * self.gate("f", t, n, j)
        return super().through_step(which, t, n, j)

    def da(self, t: int, n: int, row: int) -> Expression:
        which, j = divmod(row, self.H)
        i, f, g, o = (self.gate(name, t, n, j) for name in self.gates)
        dc = self.leaf("dc", t, n, j)
        if which == 0:
            return dc * g * i * (1 - i)
        if which == 1:
            return dc * self.c(t - 1, n, j) * f * (1 - f)
        if which == 2:
            return dc * i * (1 - g**2)
        return self.ds(t, n, j) * tanh(self.c(t, n, j)) * o * (1 - o)

    def s(self, t: int, n: int, j: int) -> Expression:
        """s = o tanh(c), which is h where nothing is projected."""
        return self.gate("o", t, n, j) * tanh(self.c(t, n, j))

    def s_values(self) -> np.ndarray:
        """s of all steps, (T, N, H)."""
        o = wide(self.passes.array(self.k, "gates"))[..., 3 * self.H :]
        return o * np.tanh(wide(self.passes.array(self.k, "states.1"))[1:])

    def projected(self, t: int, n: int, p: int) -> Expression:
        """h = s W_hrᵀ"""
        weight = f"weight_hr{self.suffix}"
        values = wide(self.passes.layer.array(weight)[p]) * self.s_values()[t, n]

        def term(j: int) -> Expression:
            return self.passes.layer.at(weight, (p, j), "W_hr") * self.s(t, n, j)

        return total_of(values, term, f"Σ W_hr[{p}, j]·s[{t}, {n}, j]")

    def ds(self, t: int, n: int, j: int) -> Expression:
        """∂L/∂s = dh, or dh W_hr where s is projected."""
        if not self.is_projected:
            return self.leaf("dh", t, n, j)
        weight = f"weight_hr{self.suffix}"
        values = wide(self.passes.array(self.k, "dh")[t, n]) * wide(self.passes.layer.array(weight)[:, j])

        def term(p: int) -> Expression:
            return self.leaf("dh", t, n, p) * self.passes.layer.at(weight, (p, j), "W_hr")

        return named(f"ds[{t}, {n}, {j}]", total_of(values, term, f"Σ dh[{t}, {n}, p]·W_hr[p, {j}]"))

    def projection_gradient(self, index: Index) -> Expression:
        """dW_hr = Σₜ dh[t]ᵀ s[t]; padding adds nothing"""
        p, j = index
        padding = self.passes.array(self.k, "padding")[..., 0]
        dh = np.where(padding, 0, wide(self.passes.array(self.k, "dh"))[..., p])  # (T, N)
        values = np.where(padding, 0, dh * self.s_values()[..., j])

        def term(place: int) -> Expression:
            t, n = unraveled(place, dh.shape)
            return self.leaf("dh", t, n, p) * self.s(t, n, j)

        return total_of(values, term, f"Σ dh[t, n, {p}]·s[t, n, {j}]", {"the step is padding": int(padding.sum())})


class GRUCell(Cell):
    """h[t] = (1 − z) n + z h[t−1]; the fourth of the gates is h[t−1] W_hnᵀ + b_hn"""

    gates = ("r", "z", "n", "h_n")
    recurrent_gradient = "da_h"

    def gate_expression(self, t: int, n: int, column: int) -> Expression:
        which, j = divmod(column, self.H)
        if which == 3:
            return self.product("hh", t, n, 2 * self.H + j)
        if which == 2:
            x_n = named(f"x_n[{t}, {n}, {j}]", self.product("ih", t, n, column))
            return tanh(x_n + self.gate("r", t, n, j) * self.gate("h_n", t, n, j))
        return sigmoid(self.a(t, n, column))

    def new_state(self, which: int, t: int, n: int, j: int) -> Expression:
        z, new = self.gate("z", t, n, j), self.gate("n", t, n, j)
        return (1 - z) * new + z * self.h(t - 1, n, j)

    def through_step(self, which: int, t: int, n: int, j: int) -> Expression:
        kept = self.leaf("dh", t, n, j) * self.gate("z", t, n, j)
        return kept + super().through_step(which, t, n, j)

    def da(self, t: int, n: int, row: int) -> Expression:
        which, j = divmod(row, self.H)
        dh, (r, z, new, h_n) = self.leaf("dh", t, n, j), (self.gate(name, t, n, j) for name in self.gates)
        if which == 0:
            return self.leaf("da", t, n, 2 * self.H + j) * h_n * r * (1 - r)
        if which == 1:
            return dh * (self.h(t - 1, n, j) - new) * z * (1 - z)
        return dh * (1 - z) * (1 - new**2)

    def da_h(self, t: int, n: int, row: int) -> Expression:
        which, j = divmod(row, self.H)
        da = self.leaf("da", t, n, row)
        return self.gate("r", t, n, j) * da if which == 2 else da


def sigmoid(a: Expression) -> Expression:
    """σ(a) = 1 / (1 + e⁻ᵃ)"""
    return 1 / (1 + exp(-a))


CELLS: dict[type, type[Cell]] = {RNN: RNNCell, LSTM: LSTMCell, GRU: GRUCell}

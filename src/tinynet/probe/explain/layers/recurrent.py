"""Recurrent layers, explained: the gates and states of each step, and the gradients back through time.

A pass is a layer in one direction; inside, time comes first, in the order in which the pass reads. h[t, n, j] is the
state after step t.
"""

from __future__ import annotations

import numpy as np

from tinynet.layers import GRU, LSTM, RNN, Layer
from tinynet.layers.recurrent import Weights
from tinynet.probe.derived.recurrent import KINDS, suffixes_of
from tinynet.probe.explain.expressions import Expression, Index, Leaf, Number, zero
from tinynet.probe.explain.layers.cells import CELLS, Cell, LSTMCell
from tinynet.probe.explain.layers.linear import wide
from tinynet.probe.explain.numbers import unraveled
from tinynet.probe.explain.rows import LayerRow
from tinynet.probe.explain.totals import total_of
from tinynet.probe.explain.views import LayerView


def output(layer: LayerView, index: Index, part: int) -> Expression:
    """y[n, t] is h of the last layer after step t, 0 at padding; the further outputs are the last states."""
    passes = Passes(layer)
    if part > 0:
        k, n, j = index
        return passes.state(k, part - 1, (passes.n_steps, n, j))
    n, t, j = index
    return passes.shown(passes.last_layer, n, t, j)


def input_gradient(layer: LayerView, index: Index, part: int) -> Expression:
    """dx[n, t] = da[t] W_ih, of both directions; for a first state what flows back out of step 0."""
    passes = Passes(layer)
    if part > 0:
        k, n, j = index
        return passes.cell(k).flows_back(part - 1, -1, n, j)
    n, t, d = index
    if passes.n_directions == 1:
        return passes.cell(0).through_weights("da", "weight_ih", t, n, d)
    return passes.leaf(0, "dx", (t, n, d)) + passes.leaf(1, "dx", (passes.n_steps - 1 - t, n, d))


def parameter_gradient(layer: LayerView, name: str, index: Index) -> Expression:
    """dW_ih = Σₜ da[t]ᵀ x[t], dW_hh = Σₜ da[t]ᵀ h[t−1], db = Σ da; padding adds nothing"""
    passes, row = Passes(layer), index[0]
    kind = next(kind for kind in Weights._fields if name.startswith(kind))
    k = suffixes_of(layer.step).index(name.removeprefix(kind))
    cell = passes.cell(k)
    if isinstance(cell, LSTMCell) and kind == "weight_hr":
        return cell.projection_gradient(index)
    da = wide(passes.array(k, cell.da_of(kind)))[..., row]  # (T, N)
    cut = {"the step is padding": int(passes.array(k, "padding").sum())}

    def slope(place: int) -> Leaf:
        return passes.leaf(k, cell.da_of(kind), (*unraveled(place, da.shape), row))

    if kind.startswith("bias"):
        return total_of(da, slope, f"Σ da[t, n, {row}]", cut)
    column = index[1]
    read = wide(passes.array(k, "x") if kind == "weight_ih" else passes.array(k, "states.0")[:-1])[..., column]
    symbol = "x[t, n, " if kind == "weight_ih" else "h[t − 1, n, "

    def term(place: int) -> Expression:
        t, n = unraveled(place, da.shape)
        if kind == "weight_ih":
            return slope(place) * passes.leaf(k, "x", (t, n, column))
        return slope(place) * cell.h(t - 1, n, column)

    return total_of(np.where(da != 0, da * read, 0), term, f"Σ da[t, n, {row}]·{symbol}{column}]", cut)


def on_the_way(layer: LayerView, short: str, index: Index) -> Expression:
    """A number of a pass: "passes.0.gates", "passes.0.states.1", "passes.0.da"."""
    passes = Passes(layer)
    _, k, name = short.split(".", 2)
    return passes.explain(int(k), name, index)


class Passes:
    """The passes of a recurrent layer."""

    def __init__(self, layer: LayerView) -> None:
        self.layer = layer
        suffixes = suffixes_of(layer.step)
        self.n_directions = 2 if suffixes[-1].endswith("_reverse") else 1
        self.last_layer = len(suffixes) // self.n_directions - 1
        self.n_steps = len(self.array(0, "x"))
        self.H = self.array(0, "states.0").shape[-1]

    def array(self, k: int, name: str) -> np.ndarray:
        """An array of pass k."""
        return self.layer.array(f"passes.{k}.{name}")

    def leaf(self, k: int, name: str, index: Index) -> Leaf:
        """A number of pass k."""
        return self.layer.at(f"passes.{k}.{name}", index, name)

    def cell(self, k: int) -> Cell:
        """The formulas of pass k."""
        return CELLS[KINDS[self.layer.step.kind]](self, k)

    def step(self, k: int, t: int) -> int:
        """When pass k reads place t."""
        return self.n_steps - 1 - t if k % self.n_directions else t

    def shown(self, layer: int, n: int, t: int, j: int) -> Expression:
        """What a layer of the stack gives at place t: h of one direction, 0 at padding."""
        direction, unit = divmod(j, self.H)
        k = layer * self.n_directions + direction
        step = self.step(k, t)
        if self.array(k, "padding")[step, n, 0]:
            return zero("the step is padding")
        return self.state(k, 0, (step + 1, n, unit))

    def state(self, k: int, which: int, index: Index) -> Expression:
        """h (0) or c (1) of pass k: the first, the one before where the step is padding, or what the cell makes."""
        t, n, j = index
        cell = self.cell(k)
        if t == 0:
            given = f"x.{which + 1}"
            return self.layer.at(given, (k, n, j)) if self.layer.has(given) else zero("no first state was given")
        if self.array(k, "padding")[t - 1, n, 0]:
            return cell.states[which](t - 2, n, j)
        return cell.new_state(which, t - 1, n, j)

    def explain(self, k: int, name: str, index: Index) -> Expression:
        """The expression of a number of pass k."""
        cell = self.cell(k)
        if name.startswith("states."):
            return self.state(k, int(name[-1]), index)
        t, n, j = index
        if name == "x":
            return self._read(k, t, n, j)
        if name == "dy":
            return self._given_back(k, t, n, j)
        if name == "padding":
            return Number("padding", self.array(k, "padding")[index])
        return cell.explain(name, t, n, j)

    def _read(self, k: int, t: int, n: int, d: int) -> Expression:
        """x of a pass: that of the layer, or what the layer below gives; 0 at padding."""
        layer, place = k // self.n_directions, self.step(k, t)
        if self.array(k, "padding")[t, n, 0]:
            return zero("the step is padding")
        if layer > 0:
            return self.shown(layer - 1, n, place, d)
        return self.layer.at("x" if self.layer.has("x") else "x.0", (n, place, d))

    def _given_back(self, k: int, t: int, n: int, j: int) -> Expression:
        """∂L/∂h from above: dy of the layer, or dx of the passes above."""
        layer, place = k // self.n_directions, self.step(k, t)
        column = (k % self.n_directions) * self.H + j
        if layer == self.last_layer:
            return self.layer.at("dy" if self.layer.has("dy") else "dy.0", (n, place, column))
        above = [(layer + 1) * self.n_directions + direction for direction in range(self.n_directions)]
        parts = [self.leaf(upper, "dx", (self.step(upper, place), n, column)) for upper in above]
        return parts[0] if len(parts) == 1 else parts[0] + parts[1]


ROW = LayerRow(output, input_gradient, parameter_gradient, on_the_way=on_the_way)
ROWS: dict[type[Layer], LayerRow] = {RNN: ROW, LSTM: ROW, GRU: ROW}

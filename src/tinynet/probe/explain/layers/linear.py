"""The fully connected layer, explained."""

from __future__ import annotations

from tinynet.layers import Layer, Linear
from tinynet.probe.explain.expressions import Expression, Index
from tinynet.probe.explain.numbers import unraveled, wide
from tinynet.probe.explain.rows import LayerRow
from tinynet.probe.explain.totals import total_of
from tinynet.probe.explain.views import LayerView


def output(layer: LayerView, index: Index, part: int) -> Expression:
    """y[n, o] = Σᵢ W[o, i] x[n, i] + b[o]"""
    *row, o = index
    weights, x = wide(layer.array("weight")[o]), wide(layer.array("x")[tuple(row)])

    def term(i: int) -> Expression:
        return layer.at("weight", (o, i), "W") * layer.at("x", (*row, i))

    cut = layer.cut(weights * x, x=lambda x: x[tuple(row)])
    y = total_of(weights * x, term, f"Σᵢ W[{o}, i]·x[{places(row)}i]", cut)
    return y + layer.at("bias", (o,), "b") if "bias" in layer.step.parameters else y


def input_gradient(layer: LayerView, index: Index, part: int) -> Expression:
    """dx[n, i] = Σₒ dy[n, o] W[o, i]"""
    *row, i = index
    dy, weights = wide(layer.array("dy")[tuple(row)]), wide(layer.array("weight")[:, i])

    def term(o: int) -> Expression:
        return layer.at("dy", (*row, o)) * layer.at("weight", (o, i), "W")

    cut = layer.cut(dy * weights, dy=lambda dy: dy[tuple(row)])
    return total_of(dy * weights, term, f"Σₒ dy[{places(row)}o]·W[o, {i}]", cut)


def parameter_gradient(layer: LayerView, name: str, index: Index) -> Expression:
    """dW[o, i] = Σₙ dy[n, o] x[n, i], and db[o] = Σₙ dy[n, o]"""
    o = index[0]
    dy = layer.array("dy")
    rows = dy.shape[:-1]
    if name == "bias":
        cut = layer.cut(dy[..., o], dy=lambda dy: dy[..., o])
        return total_of(dy[..., o], lambda n: layer.at("dy", (*unraveled(n, rows), o)), f"Σₙ dy[n, {o}]", cut)
    i = index[1]

    def term(n: int) -> Expression:
        row = unraveled(n, rows)
        return layer.at("dy", (*row, o)) * layer.at("x", (*row, i))

    values = wide(dy[..., o]) * wide(layer.array("x")[..., i])
    cut = layer.cut(values, dy=lambda dy: dy[..., o], x=lambda x: x[..., i])
    return total_of(values, term, f"Σₙ dy[n, {o}]·x[n, {i}]", cut)


def places(row: list[int] | Index) -> str:
    """The leading indices as text, "7, 2, "."""
    return "".join(f"{at}, " for at in row)


ROWS: dict[type[Layer], LayerRow] = {Linear: LayerRow(output, input_gradient, parameter_gradient)}

"""Layers that are composed of others, explained: the transformer block and SwiGLU lead to their parts."""

from __future__ import annotations

from tinynet.layers import Layer, SwiGLU, TransformerBlock
from tinynet.probe.explain.expressions import Expression, Index
from tinynet.probe.explain.rows import LayerRow
from tinynet.probe.explain.views import LayerView


def block_output(layer: LayerView, index: Index, part: int) -> Expression:
    """y = h + dropout2(…), or norm2 of that"""
    if norm_is_last(layer):
        return layer.at("norm2.y", index)
    return layer.at("norm2.x", index, "h") + layer.at("dropout2.y", index)


def block_input_gradient(layer: LayerView, index: Index, part: int) -> Expression:
    """dx = dh + norm1′ …, or dr + attention′ …"""
    if norm_is_last(layer):
        return layer.at("norm1.dx", index, "dr") + layer.at("attention.dx", index)
    return layer.at("dropout1.dy", index, "dh") + layer.at("norm1.dx", index)


def norm_is_last(layer: LayerView) -> bool:
    """Whether a norm stands after each sum."""
    return layer.step.arguments.get("norm_first") == "False"


def block_inside(layer: LayerView, short: str, index: Index) -> Expression:
    """h, dh, and what goes from one part to the next."""
    if norm_is_last(layer):
        return block_inside_with_norm_last(layer, short, index)
    if short == "norm2.x":
        return layer.at("x", index) + layer.at("dropout1.y", index)
    if short == "dropout1.dy":
        return layer.at("dy", index) + layer.at("norm2.dx", index)
    return layer.at(BLOCK_WIRES[short], index)


BLOCK_WIRES = {
    "norm1.x": "x",
    "attention.x": "norm1.y",
    "dropout1.x": "attention.y",
    "linear1.x": "norm2.y",
    "activation.x": "linear1.y",
    "linear2.x": "activation.y",
    "dropout2.x": "linear2.y",
    "dropout2.dy": "dy",
    "linear2.dy": "dropout2.dx",
    "activation.dy": "linear2.dx",
    "linear1.dy": "activation.dx",
    "norm2.dy": "linear1.dx",
    "attention.dy": "dropout1.dx",
    "norm1.dy": "attention.dx",
}


def block_inside_with_norm_last(layer: LayerView, short: str, index: Index) -> Expression:
    """The sums that the norms read, dh, and what goes from one part to the next."""
    if short == "norm1.x":
        return layer.at("x", index) + layer.at("dropout1.y", index)
    if short == "norm2.x":
        return layer.at("norm1.y", index, "h") + layer.at("dropout2.y", index)
    if short == "norm1.dy":
        return layer.at("norm2.dx", index, "ds") + layer.at("linear1.dx", index)
    return layer.at((BLOCK_WIRES | WIRES_WITH_NORM_LAST)[short], index)


WIRES_WITH_NORM_LAST = {
    "attention.x": "x",
    "linear1.x": "norm1.y",
    "norm2.dy": "dy",
    "dropout2.dy": "norm2.dx",
    "dropout1.dy": "norm1.dx",
}


def gated_output(layer: LayerView, index: Index, part: int) -> Expression:
    """y = h W_downᵀ, which the layer inside computes"""
    return layer.at("down.y", index)


def gated_input_gradient(layer: LayerView, index: Index, part: int) -> Expression:
    """dx = dg W_gate + du W_up"""
    return layer.at("gate.dx", index) + layer.at("up.dx", index)


def gated_inside(layer: LayerView, short: str, index: Index) -> Expression:
    """h = a ⊙ u, du = dh ⊙ a, ∂L/∂a = dh ⊙ u, and what goes from one part to the next."""
    if short == "down.x":
        return layer.at("silu.y", index, "a") * layer.at("up.y", index, "u")
    if short == "up.dy":
        return layer.at("down.dx", index, "dh") * layer.at("silu.y", index, "a")
    if short == "silu.dy":
        return layer.at("down.dx", index, "dh") * layer.at("up.y", index, "u")
    return layer.at(GATED_WIRES[short], index)


GATED_WIRES = {"gate.x": "x", "up.x": "x", "silu.x": "gate.y", "down.dy": "dy", "gate.dy": "silu.dx"}

ROWS: dict[type[Layer], LayerRow] = {
    TransformerBlock: LayerRow(block_output, block_input_gradient, inside=block_inside),
    SwiGLU: LayerRow(
        gated_output,
        gated_input_gradient,
        memory={"u": lambda layer, index: layer.at("up.y", index), "a": lambda layer, index: layer.at("silu.y", index)},
        inside=gated_inside,
    ),
}

"""Layers of a user's own, explained through their own backward."""

from __future__ import annotations

from tinynet.probe.explain.expressions import Expression, Index
from tinynet.probe.explain.views import LayerView


def own_output(layer: LayerView, index: Index, part: int) -> Expression:
    """y as forward gave it."""
    return layer.at(f"y.{part}" if len(layer.step.outputs) > 1 else "y", index)


def own_input_gradient(layer: LayerView, index: Index, part: int) -> Expression:
    """dxⱼ = Σᵢ dyᵢ · ∂yᵢ/∂xⱼ"""
    return layer.at(f"dx.{part}" if len(layer.step.inputs) > 1 else "dx", index)


def own_parameter_gradient(layer: LayerView, name: str, index: Index) -> Expression:
    """dw = Σᵢ dyᵢ · ∂yᵢ/∂w"""
    return layer.at(f"{name}.gradient", index)

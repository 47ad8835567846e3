"""Batch normalization, explained."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tinynet.layers import BatchNorm1D, BatchNorm2D, Layer
from tinynet.probe.explain.expressions import Expression, Index, Leaf, named
from tinynet.probe.explain.functions import sqrt
from tinynet.probe.explain.numbers import at_index, unraveled, wide
from tinynet.probe.explain.rows import LayerRow
from tinynet.probe.explain.totals import Total, total_of
from tinynet.probe.explain.views import LayerView


def output(layer: LayerView, index: Index, part: int) -> Expression:
    """y = γ x̂ + β"""
    feature = index[_axis(layer)]
    y: Expression = named(at_index("x̂", index), _x_hat(layer, index))
    if "weight" in layer.step.parameters:
        y = layer.at("weight", (feature,), "γ") * y
    return y + layer.at("bias", (feature,), "β") if "bias" in layer.step.parameters else y


def input_gradient(layer: LayerView, index: Index, part: int) -> Expression:
    """dx = (g − mean(g) − x̂ mean(g x̂)) / σ with g = γ dy; with running statistics dx = g / σ"""
    feature = index[_axis(layer)]
    dy, inverse_std = layer.at("dy", index), layer.at("inverse_std", (feature,))
    has_weight = "weight" in layer.step.parameters
    gamma = layer.at("weight", (feature,), "γ") if has_weight else None
    g = dy if gamma is None else gamma * dy
    if not layer.step.memory["from_batch"]:
        return g * inverse_std
    n = layer.array("x").size // layer.setting("num_features")
    mean_dy = named("mean(dy)", _over_batch(layer, feature, with_x_hat=False) / n)
    mean_dyx = named("mean(dy·x̂)", _over_batch(layer, feature, with_x_hat=True) / n)
    inner = dy - mean_dy - named(at_index("x̂", index), _x_hat(layer, index)) * mean_dyx
    return inner * inverse_std if gamma is None else gamma * inner * inverse_std


def parameter_gradient(layer: LayerView, name: str, index: Index) -> Expression:
    """dγ = Σ dy x̂, and dβ = Σ dy"""
    return _over_batch(layer, index[0], with_x_hat=name == "weight")


def mean(layer: LayerView, index: Index) -> Expression:
    """μ = Σ x / n over the batch"""
    if not layer.step.memory["from_batch"]:
        return layer.at("running_mean", index)
    x, place = _column(layer, "x", index[0])
    return total_of(x, lambda k: layer.at("x", place(k)), "Σ x over the batch") / x.size


def inverse_std(layer: LayerView, index: Index) -> Expression:
    """1/√(σ² + eps), where σ² is the mean of (x − μ)² over the batch"""
    if not layer.step.memory["from_batch"]:
        return 1 / sqrt(layer.at("running_var", index) + layer.constant("eps"))
    return 1 / sqrt(_variance(layer, index) + layer.constant("eps"))


def std(layer: LayerView, index: Index) -> Expression:
    """σ = √(σ² + eps)"""
    if not layer.step.memory["from_batch"]:
        return sqrt(layer.at("running_var", index) + layer.constant("eps"))
    return sqrt(_variance(layer, index) + layer.constant("eps"))


def running_mean(layer: LayerView, index: Index) -> Expression:
    """r + momentum (μ − r), with the running mean r before the step; r + (μ − r) / batches without momentum"""
    before = layer.at("running_mean", index)
    return _moved(layer, before, layer.at("mean", index)) if _tracks(layer) else before


def running_var(layer: LayerView, index: Index) -> Expression:
    """r + momentum (σ² n / (n − 1) − r), with the running variance r before the step, or likewise without momentum"""
    before = layer.at("running_var", index)
    if not _tracks(layer):
        return before
    n = layer.array("x").size // layer.setting("num_features")
    unbiased = named("σ²·n / (n − 1)", _variance(layer, index) * n / (n - 1))
    return _moved(layer, before, unbiased)


def batches_tracked(layer: LayerView, index: Index) -> Expression:
    """One more in training."""
    before = layer.at("num_batches_tracked", index)
    return before + 1 if _tracks(layer) else before


def _moved(layer: LayerView, before: Expression, new: Expression) -> Expression:
    """A running statistic on its way to that of this batch."""
    if layer.setting("momentum") is None:
        return before + (new - before) / layer.at("num_batches_tracked.after")
    return before + layer.constant("momentum") * (new - before)


def _tracks(layer: LayerView) -> bool:
    return bool(layer.step.memory["from_batch"] and layer.setting("track_running_stats"))


def _variance(layer: LayerView, index: Index) -> Leaf:
    x, place = _column(layer, "x", index[0])
    mu = layer.at("mean", index)
    values = np.square(x - mu.value)
    parts = total_of(values, lambda k: (layer.at("x", place(k)) - mu) ** 2, "Σ (x − mean)² over the batch")
    return named("σ²", parts / x.size)


def _over_batch(layer: LayerView, feature: int, with_x_hat: bool) -> Total:
    """Σ dy, or Σ dy x̂, over the batch."""
    dy, place = _column(layer, "dy", feature)
    picks = {"dy": lambda mask: np.moveaxis(mask, _axis(layer), -1)[..., feature]}
    if not with_x_hat:
        cut = layer.cut(dy, **picks)
        return total_of(dy, lambda k: layer.at("dy", place(k)), "Σ dy over the batch", cut)
    x, _ = _column(layer, "x", feature)
    mu, r = layer.at("mean", (feature,)), layer.at("inverse_std", (feature,))
    values = dy * (x - mu.value) * r.value

    def term(k: int) -> Expression:
        return layer.at("dy", place(k)) * (layer.at("x", place(k)) - mu) * r

    return total_of(values, term, "Σ dy·x̂ over the batch", layer.cut(values, **picks))


def _x_hat(layer: LayerView, index: Index) -> Expression:
    feature = index[_axis(layer)]
    return (layer.at("x", index) - layer.at("mean", (feature,))) * layer.at("inverse_std", (feature,))


def _column(layer: LayerView, name: str, feature: int) -> tuple[np.ndarray, Callable[[int], Index]]:
    """All numbers of a feature, and a function from their number to their index."""
    axis = _axis(layer)
    rows = np.moveaxis(layer.array(name), axis, -1)

    def place(k: int) -> Index:
        at = list(unraveled(k, rows.shape[:-1]))
        at.insert(axis if axis >= 0 else len(at), feature)
        return tuple(at)

    return wide(rows[..., feature]), place


def _axis(layer: LayerView) -> int:
    return 1 if layer.step.kind == "BatchNorm2D" else -1


ROWS: dict[type[Layer], LayerRow] = {
    kind: LayerRow(
        output,
        input_gradient,
        parameter_gradient,
        memory={
            "mean": mean,
            "inverse_std": inverse_std,
            "x_hat": _x_hat,
            "std": std,
            "running_mean.after": running_mean,
            "running_var.after": running_var,
            "num_batches_tracked.after": batches_tracked,
        },
    )
    for kind in (BatchNorm1D, BatchNorm2D)
}

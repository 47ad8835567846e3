"""Layer norm, group norm and RMS norm, explained. They differ in which numbers share a mean and a spread."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinynet.layers import GroupNorm, Layer, LayerNorm, RMSNorm
from tinynet.probe.explain.expressions import Expression, Index, constant, named
from tinynet.probe.explain.functions import sqrt
from tinynet.probe.explain.numbers import unraveled, wide
from tinynet.probe.explain.rows import LayerRow
from tinynet.probe.explain.totals import Total, total_of
from tinynet.probe.explain.views import LayerView


class Block:
    """The numbers that are standardized together with one of x: a row's features, or a group of a sample's channels."""

    def __init__(self, layer: LayerView, index: Index) -> None:
        self.layer = layer
        shape = layer.array("x").shape
        self.slices: tuple[Any, ...]
        self.start: Index
        if layer.step.kind == "GroupNorm":
            width = layer.setting("num_channels") // layer.setting("num_groups")
            group = index[1] // width
            self.slices = (index[0], slice(group * width, (group + 1) * width))
            self.start, self.shape = (index[0], group * width), (width, *shape[2:])
            self.scale_at: Index = (index[0], group, 0)
        else:
            n_features = len(layer.setting("normalized_shape"))
            row = index[: len(shape) - n_features]
            self.slices, self.start, self.shape = row, row, shape[len(row) :]
            self.scale_at = (*row, *(0,) * n_features)

    def numbers(self, name: str) -> np.ndarray:
        """Those of an array."""
        return wide(self.layer.array(name)[self.slices])

    def place(self, k: int) -> Index:
        """The index of the k-th of them."""
        at = unraveled(k, self.shape)
        if self.layer.step.kind == "GroupNorm":
            return (self.start[0], self.start[1] + at[0], *at[1:])
        return (*self.start, *at)

    def weights(self) -> np.ndarray | float:
        """γ for each of them, 1 without."""
        if "weight" not in self.layer.step.parameters:
            return 1.0
        W = wide(self.layer.array("weight"))
        if self.layer.step.kind != "GroupNorm":
            return W
        channels = W[self.start[1] : self.start[1] + self.shape[0]]
        return channels.reshape(-1, *(1,) * (len(self.shape) - 1))

    @property
    def size(self) -> int:
        """How many they are."""
        return int(np.prod(self.shape))


def output(layer: LayerView, index: Index, part: int) -> Expression:
    """y = γ x̂ + β"""
    y: Expression = layer.at("x_hat", index, "x̂")
    parameters, at = layer.step.parameters, _feature(layer, index)
    if "weight" in parameters:
        y = layer.at("weight", at, "γ") * y
    return y + layer.at("bias", at, "β") if "bias" in parameters else y


def input_gradient(layer: LayerView, index: Index, part: int) -> Expression:
    """dx = (g − mean(g) − x̂ mean(g x̂)) / σ with g = γ dy; for RMS norm without mean(g)"""
    block = Block(layer, index)
    mean_gx = named("mean(g·x̂)", _sum_of_g(layer, block, with_x_hat=True) / block.size)
    x_hat = layer.at("x_hat", index, "x̂")
    if layer.step.kind == "RMSNorm":
        return (_g(layer, index) - x_hat * mean_gx) * layer.at("inverse_rms", block.scale_at)
    mean_g = named("mean(g)", _sum_of_g(layer, block, with_x_hat=False) / block.size)
    return (_g(layer, index) - mean_g - x_hat * mean_gx) * layer.at("inverse_std", block.scale_at)


def parameter_gradient(layer: LayerView, name: str, index: Index) -> Expression:
    """dγ = Σ dy x̂, and dβ = Σ dy, over the rows, or over all that share the channel"""
    by_channel = layer.step.kind == "GroupNorm"

    def pick(array: np.ndarray) -> np.ndarray:
        return array[:, index[0]] if by_channel else np.moveaxis(array, range(-len(index), 0), range(len(index)))[index]

    def place(at: Index) -> Index:
        return (at[0], index[0], *at[1:]) if by_channel else (*at, *index)

    dy = layer.array("dy")
    shape = pick(dy).shape

    def term(k: int) -> Expression:
        at = place(unraveled(k, shape))
        dy_leaf = layer.at("dy", at)
        return dy_leaf * layer.at("x_hat", at, "x̂") if name == "weight" else dy_leaf

    values = wide(pick(dy)) * (wide(pick(layer.array("x_hat"))) if name == "weight" else 1)
    return total_of(values, term, "Σ dy·x̂" if name == "weight" else "Σ dy", layer.cut(values, dy=pick))


def x_hat(layer: LayerView, index: Index) -> Expression:
    """x̂ = (x − μ) / √(σ² + eps); for RMS norm x / √(mean(x²) + eps)"""
    block = Block(layer, index)
    if layer.step.kind == "RMSNorm":
        return layer.at("x", index) * layer.at("inverse_rms", block.scale_at)
    return (layer.at("x", index) - _mean(layer, block)) * layer.at("inverse_std", block.scale_at)


def inverse_std(layer: LayerView, index: Index) -> Expression:
    """1 / √(σ² + eps), where σ² is the mean of (x − μ)²"""
    block = _block_of_scale(layer, index)
    mu = _mean(layer, block)
    values = np.square(block.numbers("x") - mu.value)
    parts = total_of(values, lambda k: (layer.at("x", block.place(k)) - mu) ** 2, "Σ (x − μ)²")
    return 1 / sqrt(named("σ²", parts / block.size) + layer.constant("eps"))


def std(layer: LayerView, index: Index) -> Expression:
    """σ = 1 / (1/σ), which the layer remembers"""
    return 1 / layer.at("inverse_std", index)


def rms(layer: LayerView, index: Index) -> Expression:
    """The root mean square, of which the layer remembers the inverse"""
    return 1 / layer.at("inverse_rms", index)


def inverse_rms(layer: LayerView, index: Index) -> Expression:
    """1 / √(mean(x²) + eps)"""
    block = _block_of_scale(layer, index)
    parts = total_of(np.square(block.numbers("x")), lambda k: layer.at("x", block.place(k)) ** 2, "Σ x²")
    eps = layer.setting("eps")
    eps = float(np.finfo(layer.array("x").dtype).eps) if eps is None else eps
    return 1 / sqrt(named("mean(x²)", parts / block.size) + constant(eps, "eps"))


def _block_of_scale(layer: LayerView, index: Index) -> Block:
    if layer.step.kind == "GroupNorm":
        width = layer.setting("num_channels") // layer.setting("num_groups")
        return Block(layer, (index[0], index[1] * width, *(0,) * (layer.array("x").ndim - 2)))
    return Block(layer, index)


def _mean(layer: LayerView, block: Block) -> Expression:
    parts = total_of(block.numbers("x"), lambda k: layer.at("x", block.place(k)), "Σ x")
    return named("μ", parts / block.size)


def _g(layer: LayerView, index: Index) -> Expression:
    dy = layer.at("dy", index)
    has_weight = "weight" in layer.step.parameters
    return layer.at("weight", _feature(layer, index), "γ") * dy if has_weight else dy


def _sum_of_g(layer: LayerView, block: Block, with_x_hat: bool) -> Total:
    values = block.weights() * block.numbers("dy")
    if not with_x_hat:
        return total_of(values, lambda k: _g(layer, block.place(k)), "Σ g")
    values = values * block.numbers("x_hat")
    return total_of(values, lambda k: _g(layer, block.place(k)) * layer.at("x_hat", block.place(k), "x̂"), "Σ g·x̂")


def _feature(layer: LayerView, index: Index) -> Index:
    """The index of γ and β for a number of x."""
    if layer.step.kind == "GroupNorm":
        return (index[1],)
    return index[len(index) - len(layer.setting("normalized_shape")) :]


_ROW = LayerRow(
    output, input_gradient, parameter_gradient, memory={"x_hat": x_hat, "inverse_std": inverse_std, "std": std}
)
ROWS: dict[type[Layer], LayerRow] = {
    LayerNorm: _ROW,
    GroupNorm: _ROW,
    RMSNorm: LayerRow(
        output, input_gradient, parameter_gradient, memory={"x_hat": x_hat, "inverse_rms": inverse_rms, "rms": rms}
    ),
}

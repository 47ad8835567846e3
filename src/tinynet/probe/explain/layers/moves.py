"""Layers that put numbers elsewhere, explained: reshaping, permuting, padding and unpooling.

Each number of y is one number of x, or zero. So one array says it all: for each y, the index of its x, or −1.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tinynet.layers import (
    Flatten,
    Layer,
    MaxUnpool1D,
    MaxUnpool2D,
    Permute,
    ReflectionPad1D,
    ReflectionPad2D,
    ReplicationPad1D,
    ReplicationPad2D,
    Reshape,
    ZeroPad1D,
    ZeroPad2D,
)
from tinynet.probe.explain.expressions import Expression, Index, constant
from tinynet.probe.explain.layers.grid import Grid
from tinynet.probe.explain.numbers import unraveled
from tinynet.probe.explain.rows import LayerRow
from tinynet.probe.explain.totals import total_of
from tinynet.probe.explain.views import LayerView

Origins = Callable[[LayerView], np.ndarray]


def row(origins: Origins, reason: str = "", keeps_places: bool = False) -> LayerRow:
    """The row of a layer, given for each y the index of its x in x.ravel(), or −1 if it is zero."""

    def output(layer: LayerView, index: Index, part: int) -> Expression:
        origin = int(origins(layer)[index])
        if origin < 0:
            return constant(0)
        return layer.at(_input(layer), unraveled(origin, layer.array(_input(layer)).shape))

    def input_gradient(layer: LayerView, index: Index, part: int) -> Expression:
        dy, x = layer.array("dy"), layer.array(_input(layer))
        readers = np.argwhere(origins(layer) == np.ravel_multi_index(index, x.shape))
        values = np.array([dy[tuple(at)] for at in readers])
        whole = total_of(values, lambda k: layer.at("dy", tuple(readers[k])), "Σ dy where it was read")
        return layer.at("dy", tuple(readers[0])) if len(readers) == 1 else whole

    def outside(layer: LayerView) -> tuple[str, np.ndarray]:
        return reason, origins(layer) < 0

    def carried(layer: LayerView, mask: np.ndarray) -> np.ndarray:
        places = origins(layer)
        return np.where(places < 0, False, mask.ravel()[places])

    made = LayerRow(output, input_gradient, keeps_places=keeps_places)
    if reason:
        made.cut["y"] = outside
    if not keeps_places:
        made.carry["y"] = carried
    return made


def _input(layer: LayerView) -> str:
    return "x" if layer.has("x") else "x.0"


def _numbers(layer: LayerView) -> np.ndarray:
    """The index of each x."""
    shape = layer.array(_input(layer)).shape
    return np.arange(int(np.prod(shape))).reshape(shape)


def reshaped(layer: LayerView) -> np.ndarray:
    """The numbers in their order, in another shape."""
    return _numbers(layer).reshape(layer.array("y").shape)


def permuted(layer: LayerView) -> np.ndarray:
    """The axes of each sample in another order."""
    return _numbers(layer).transpose(0, *(axis + 1 for axis in layer.setting("axes")))


def zero_padded(layer: LayerView) -> np.ndarray:
    """A border without an x."""
    return np.pad(_numbers(layer), _borders(layer), constant_values=-1)


def reflected(layer: LayerView) -> np.ndarray:
    """A border that mirrors the inside."""
    return np.pad(_numbers(layer), _borders(layer), mode="reflect")


def replicated(layer: LayerView) -> np.ndarray:
    """A border that repeats the outermost numbers."""
    return np.pad(_numbers(layer), _borders(layer), mode="edge")


def unpooled(layer: LayerView) -> np.ndarray:
    """Each x where its switch points; where several do, the last stays."""
    grid = Grid(layer)
    numbers, y = grid.as_images(_numbers(layer)), grid.array("y")
    origins = np.full((*y.shape[:2], y.shape[2] * y.shape[3]), -1)
    switches = layer.array("switches").reshape(*y.shape[:2], -1)
    np.put_along_axis(origins, switches, numbers.reshape(switches.shape), axis=2)
    return grid.as_given(origins.reshape(y.shape))


def _borders(layer: LayerView) -> list[tuple[int, int]]:
    padding = layer.setting("padding")
    if layer.step.kind.endswith("1D"):
        return [(0, 0), tuple(padding), (0, 0)]
    return [(0, 0), (0, 0), *(tuple(sides) for sides in padding)]


ROWS: dict[type[Layer], LayerRow] = {
    Flatten: row(reshaped, keeps_places=True),
    Reshape: row(reshaped, keeps_places=True),
    Permute: row(permuted),
    ZeroPad1D: row(zero_padded, "it is in the padding"),
    ZeroPad2D: row(zero_padded, "it is in the padding"),
    ReflectionPad1D: row(reflected),
    ReflectionPad2D: row(reflected),
    ReplicationPad1D: row(replicated),
    ReplicationPad2D: row(replicated),
    MaxUnpool1D: row(unpooled, "no switch points there"),
    MaxUnpool2D: row(unpooled, "no switch points there"),
}

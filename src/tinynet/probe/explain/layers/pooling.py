"""Pooling by the maximum, explained."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tinynet.layers import (
    AdaptiveMaxPool1D,
    AdaptiveMaxPool2D,
    GlobalMaxPool1D,
    GlobalMaxPool2D,
    Layer,
    MaxPool1D,
    MaxPool2D,
)
from tinynet.probe.explain.expressions import Expression, Index
from tinynet.probe.explain.layers.grid import Grid, over, under
from tinynet.probe.explain.rows import LayerRow
from tinynet.probe.explain.totals import largest_of, total_of
from tinynet.probe.explain.views import LayerView

Place = tuple[int, int]
#: For an output place (r, s), the pixels of its window; for a pixel, the output places of the windows it is in.
Window = Callable[[LayerView, Place], list[Place]]


def output(window: Window) -> Callable[[LayerView, Index, int], Expression]:
    """y[n, c, r, s] = max x[n, c, p, q] over the window"""

    def row(layer: LayerView, index: Index, part: int) -> Expression:
        grid = Grid(layer)
        n, c, r, s = _place(layer, index)
        if part == 1:  # the switches: where the largest pixel was
            return layer.at("y.1", index)
        pixels = window(layer, (r, s))
        x = grid.array("x")[n, c]
        return largest_of(np.array([x[at] for at in pixels]), lambda k: grid.at("x", n, c, *pixels[k]))

    return row


def input_gradient(windows: Window) -> Callable[[LayerView, Index, int], Expression]:
    """dx[n, c, p, q] = Σ dy[n, c, r, s] over the windows that this pixel won"""

    def row(layer: LayerView, index: Index, part: int) -> Expression:
        grid = Grid(layer)
        n, c, p, q = grid.place(index)
        outputs = windows(layer, (p, q))
        won = winners(layer)[n, c]
        dy = _outputs_as_images(layer, _gradient_name(layer))[n, c]
        is_won = np.array([won[at] == p * grid.array("x").shape[3] + q for at in outputs], bool)
        values = np.where(is_won, np.array([dy[at] for at in outputs]), 0)
        lost = {"another number of the window was the largest": int(np.sum(~is_won))}

        def term(k: int) -> Expression:
            return layer.at(_gradient_name(layer), _index(layer, n, c, outputs[k]))

        return total_of(values, term, "Σ dy over the windows that it won", lost)

    return row


def lost(layer: LayerView) -> tuple[str, np.ndarray]:
    """The pixels that were the largest of no window."""
    won = _reached(layer, np.ones(winners(layer).shape, bool))
    return "it was not the largest of its window", Grid(layer).as_given(~won)


def carried_back(layer: LayerView, mask: np.ndarray) -> np.ndarray:
    """Which pixels won windows, but only such whose gradient was cut."""
    cut = _masks_as_images(layer, mask)
    return Grid(layer).as_given(_reached(layer, cut) & ~_reached(layer, ~cut))


def _reached(layer: LayerView, windows: np.ndarray) -> np.ndarray:
    """The pixels (N, C, H, W) that won one of some windows (N, C, OH, OW)."""
    N, C, H, W = Grid(layer).array("x").shape
    reached = np.zeros((N, C, H * W), bool)
    n, c, *_ = np.nonzero(windows)
    reached[n, c, winners(layer)[windows]] = True
    return reached.reshape(N, C, H, W)


def _masks_as_images(layer: LayerView, mask: np.ndarray) -> np.ndarray:
    images = Grid(layer).as_images(mask)
    return images[:, :, np.newaxis, np.newaxis] if images.ndim == 2 else images


def carried(layer: LayerView, mask: np.ndarray) -> np.ndarray:
    """Which outputs are numbers that were cut before."""
    grid = Grid(layer)
    N, C, H, W = grid.array("x").shape
    won = winners(layer)
    picked = np.take_along_axis(grid.as_images(mask).reshape(N, C, H * W), won.reshape(N, C, -1), axis=2)
    if layer.step.kind.startswith("Global"):
        return picked[:, :, 0]
    return grid.as_given(picked.reshape(won.shape))


def winners(layer: LayerView) -> np.ndarray:
    """The index row·W + column of the pixel that won each window, (N, C, OH, OW)."""
    grid = Grid(layer)
    width = grid.array("x").shape[3]
    if layer.step.kind in ("MaxPool1D", "MaxPool2D"):
        cell = layer.array("cell").astype(np.int64)
        sliding = grid.sliding
        i, j = np.divmod(cell, sliding.kernel_size[1])
        r, s = np.arange(cell.shape[2])[:, np.newaxis], np.arange(cell.shape[3])
        p = r * sliding.stride[0] + i * sliding.dilation[0] - sliding.padding[0][0]
        return p * width + s * sliding.stride[1] + j * sliding.dilation[1] - sliding.padding[1][0]
    index = layer.array("index").astype(np.int64)
    return index.reshape(*index.shape[:2], 1, 1) if index.ndim == 2 else index


def _sliding_window(layer: LayerView, place: Place) -> list[Place]:
    grid = Grid(layer)
    _, _, H, W = grid.array("x").shape
    rows, columns = under(grid.sliding, 0, place[0], H), list(under(grid.sliding, 1, place[1], W))
    return [(p, q) for _, p in rows for _, q in columns]


def _sliding_windows(layer: LayerView, place: Place) -> list[Place]:
    grid = Grid(layer)
    OH, OW = winners(layer).shape[2:]
    rows, columns = over(grid.sliding, 0, place[0], OH), list(over(grid.sliding, 1, place[1], OW))
    return [(r, s) for _, r in rows for _, s in columns]


def _adaptive_window(layer: LayerView, place: Place) -> list[Place]:
    ranges = [_bin(at, n, size) for at, n, size in _sizes(layer, place)]
    return [(p, q) for p in ranges[0] for q in ranges[1]]


def _adaptive_windows(layer: LayerView, place: Place) -> list[Place]:
    ranges = [[at for at in range(n) if pixel in _bin(at, n, size)] for pixel, n, size in _sizes(layer, place)]
    return [(r, s) for r in ranges[0] for s in ranges[1]]


def _sizes(layer: LayerView, place: Place) -> list[tuple[int, int, int]]:
    outputs, sizes = winners(layer).shape[2:], Grid(layer).array("x").shape[2:]
    return [(place[axis], outputs[axis], sizes[axis]) for axis in (0, 1)]


def _bin(output: int, n_outputs: int, size: int) -> range:
    """The pixels of one of n windows that share an axis: from ⌊r size / n⌋ to ⌈(r + 1) size / n⌉."""
    return range(output * size // n_outputs, -(-(output + 1) * size // n_outputs))


def _gradient_name(layer: LayerView) -> str:
    return "dy.0" if layer.has("dy.0") else "dy"


def _outputs_as_images(layer: LayerView, name: str) -> np.ndarray:
    array = Grid(layer).array(name)
    return array[:, :, np.newaxis, np.newaxis] if array.ndim == 2 else array


def _place(layer: LayerView, index: Index) -> tuple[int, int, int, int]:
    return (*index, 0, 0) if len(index) == 2 else Grid(layer).place(index)


def _index(layer: LayerView, n: int, c: int, place: Place) -> Index:
    if layer.step.kind.startswith("Global"):
        return n, c
    return (n, place[1], c) if Grid(layer).is_sequence else (n, c, *place)


_SLIDING = LayerRow(
    output(_sliding_window),
    input_gradient(_sliding_windows),
    cut={"dx": lost},
    carry={"y": carried, "dx": carried_back},
)
_ADAPTIVE = LayerRow(
    output(_adaptive_window),
    input_gradient(_adaptive_windows),
    cut={"dx": lost},
    carry={"y": carried, "dx": carried_back},
)
ROWS: dict[type[Layer], LayerRow] = {
    MaxPool1D: _SLIDING,
    MaxPool2D: _SLIDING,
    AdaptiveMaxPool1D: _ADAPTIVE,
    AdaptiveMaxPool2D: _ADAPTIVE,
    GlobalMaxPool1D: _ADAPTIVE,  # one window that is the whole image
    GlobalMaxPool2D: _ADAPTIVE,
}

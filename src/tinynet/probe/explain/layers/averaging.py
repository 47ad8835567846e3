"""Layers whose outputs are weighted means of pixels, explained: average pooling and upsampling.

Each is y = A x Bᵀ for each channel: A weights the rows of pixels, B the columns.
"""

from __future__ import annotations

import numpy as np

from tinynet.layers import (
    AdaptiveAvgPool1D,
    AdaptiveAvgPool2D,
    AvgPool1D,
    AvgPool2D,
    GlobalAvgPool1D,
    GlobalAvgPool2D,
    Layer,
    Upsample,
)
from tinynet.probe.explain.expressions import Expression, Index, constant
from tinynet.probe.explain.layers.grid import Grid, under
from tinynet.probe.explain.numbers import wide
from tinynet.probe.explain.rows import LayerRow
from tinynet.probe.explain.totals import total_of
from tinynet.probe.explain.views import LayerView

Matrices = tuple[np.ndarray, np.ndarray]


def output(layer: LayerView, index: Index, part: int) -> Expression:
    """y[n, c, r, s] = Σ A[r, p] B[s, q] x[n, c, p, q]"""
    A, B = _matrices(layer)
    n, c, r, s = (*index, 0, 0) if len(index) == 2 else Grid(layer).place(index)
    return _mean(layer, "x", n, c, np.outer(A[r], B[s]))


def input_gradient(layer: LayerView, index: Index, part: int) -> Expression:
    """dx[n, c, p, q] = Σ A[r, p] B[s, q] dy[n, c, r, s]"""
    A, B = _matrices(layer)
    n, c, p, q = Grid(layer).place(index)
    return _mean(layer, "dy", n, c, np.outer(A[:, p], B[:, q]))


def _mean(layer: LayerView, name: str, n: int, c: int, weights: np.ndarray) -> Expression:
    """Σ weights · numbers of one channel; as a sum over a count where all weights are alike."""
    grid = Grid(layer)
    array = grid.array(name)
    image = array[n, c].reshape(weights.shape)
    places = np.argwhere(weights)
    used = np.array([weights[tuple(at)] for at in places])
    values = wide(np.array([image[tuple(at)] for at in places]))

    def number(k: int) -> Expression:
        row, column = (int(i) for i in places[k])
        return layer.at(name, (n, c)) if array.ndim == 2 else grid.at(name, n, c, row, column)

    def pick(mask: np.ndarray) -> np.ndarray:
        picked = grid.as_images(mask)[n, c].reshape(weights.shape)
        return np.array([picked[tuple(at)] for at in places], bool)

    cut = layer.cut(values, **{name: pick})
    if len(used) and np.allclose(used, used[0], rtol=1e-12, atol=0):
        count = 1 / used[0]
        whole = total_of(values, number, f"Σ {name} over its places", cut)
        if abs(count - round(count)) < 1e-9:
            return whole if round(count) == 1 else whole / constant(round(count))
    return total_of(values * used, lambda k: constant(used[k]) * number(k), f"Σ weight·{name} over its places", cut)


def _matrices(layer: LayerView) -> Matrices:
    if layer.has("A"):
        A = wide(layer.array("A"))
        return (A, wide(layer.array("B"))) if layer.has("B") else (np.ones((1, 1)), A)
    _, _, H, W = Grid(layer).array("x").shape
    if layer.step.kind.startswith("Global"):
        return np.full((1, H), 1 / H), np.full((1, W), 1 / W)
    OH, OW = Grid(layer).array("y").shape[2:]
    return _shares(layer, 0, H, OH), _shares(layer, 1, W, OW)


def _shares(layer: LayerView, axis: int, size: int, n_outputs: int) -> np.ndarray:
    """(outputs, pixels): 1/count where a pixel is in the window of an output."""
    sliding = Grid(layer).sliding
    matrix = np.zeros((n_outputs, size))
    for output in range(n_outputs):
        pixels = [pixel for _, pixel in under(sliding, axis, output, size)]
        matrix[output, pixels] = 1 / _count(layer, axis, output, size)
    return matrix


def _count(layer: LayerView, axis: int, output: int, size: int) -> int:
    """How many rows, or columns, of a window count: those of the image and maybe of its padding."""
    if layer.step.kind == "AvgPool2D" and layer.setting("divisor_override") is not None:
        return layer.setting("divisor_override") if axis == 0 else 1
    sliding = Grid(layer).sliding
    before, after = sliding.padding[axis] if layer.setting("count_include_pad") else (0, 0)
    first = output * sliding.stride[axis] - sliding.padding[axis][0]
    return min(first + sliding.kernel_size[axis], size + after) - max(first, -before)


_ROW = LayerRow(output, input_gradient)
ROWS: dict[type[Layer], LayerRow] = {
    AvgPool1D: _ROW,
    AvgPool2D: _ROW,
    AdaptiveAvgPool1D: _ROW,
    AdaptiveAvgPool2D: _ROW,
    GlobalAvgPool1D: _ROW,
    GlobalAvgPool2D: _ROW,
    Upsample: _ROW,
}

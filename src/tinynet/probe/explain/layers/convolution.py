"""Convolutions and transposed convolutions of images and sequences, explained.

All four are the same three sums. With a large image and a small one, a kernel over the large one makes one number of
the small one (`gathered`), each number of the small one is stamped with the kernel onto the large one (`stamped`), and
each weight meets all pairs that it has joined (`joined`). A convolution reads the large image, a transposed one writes
it.
"""

from __future__ import annotations

import numpy as np

from tinynet.layers import Conv1D, Conv2D, ConvTranspose1D, ConvTranspose2D, Layer
from tinynet.layers.windows import Sliding
from tinynet.probe.explain.expressions import Expression, Index, Leaf
from tinynet.probe.explain.layers.grid import Grid, over, under
from tinynet.probe.explain.numbers import unraveled, wide
from tinynet.probe.explain.rows import LayerRow
from tinynet.probe.explain.totals import Total, total_of
from tinynet.probe.explain.views import LayerView

IN_THE_PADDING = "the kernel was over the padding there"


def conv_output(layer: LayerView, index: Index, part: int) -> Expression:
    """y[n, o, r, s] = b[o] + Σ W[o, c, i, j] x[n, c, p, q]"""
    y = gathered(layer, "x", Grid(layer).place(index))
    return _with_bias(layer, y, index)


def conv_input_gradient(layer: LayerView, index: Index, part: int) -> Expression:
    """dx[n, c, p, q] = Σ W[o, c, i, j] dy[n, o, r, s]"""
    return stamped(layer, "dy", Grid(layer).place(index))


def conv_parameter_gradient(layer: LayerView, name: str, index: Index) -> Expression:
    """dW[o, c, i, j] = Σ x[n, c, p, q] dy[n, o, r, s], and db[o] = Σ dy[n, o, r, s]"""
    return _bias_gradient(layer, index[0]) if name == "bias" else joined(layer, "x", "dy", index)


def transposed_output(layer: LayerView, index: Index, part: int) -> Expression:
    """y[n, o, p, q] = b[o] + Σ W[c, o, i, j] x[n, c, r, s]"""
    return _with_bias(layer, stamped(layer, "x", Grid(layer).place(index)), index)


def transposed_input_gradient(layer: LayerView, index: Index, part: int) -> Expression:
    """dx[n, c, r, s] = Σ W[c, o, i, j] dy[n, o, p, q]"""
    return gathered(layer, "dy", Grid(layer).place(index))


def transposed_parameter_gradient(layer: LayerView, name: str, index: Index) -> Expression:
    """dW[c, o, i, j] = Σ x[n, c, r, s] dy[n, o, p, q], and db[o] = Σ dy[n, o, p, q]"""
    return _bias_gradient(layer, index[0]) if name == "bias" else joined(layer, "dy", "x", index)


def gathered(layer: LayerView, large: str, place: tuple[int, int, int, int]) -> Total:
    """Σ W[o, c, i, j] · large[n, c, p, q] for one number (n, o, r, s) of the small image."""
    grid, (n, o, r, s) = Grid(layer), place
    W, image = _kernel(layer), grid.array(large)
    sliding, n_channels = grid.sliding, W.shape[1]
    first = o // (len(W) // layer.setting("groups")) * n_channels  # the first channel of the group of o
    patch, pixels = np.zeros(W.shape[1:]), {}
    is_inside = np.zeros(W.shape[1:], bool)
    for i, p in under(sliding, 0, r, image.shape[2]):
        for j, q in under(sliding, 1, s, image.shape[3]):
            patch[:, i, j] = image[n, first : first + n_channels, p, q]
            is_inside[:, i, j] = True
            pixels[i, j] = p, q

    def term(at: int) -> Expression:
        c, i, j = unraveled(at, W.shape[1:])
        return _weight(layer, o, c, i, j) * grid.at(large, n, first + c, *pixels[i, j])

    def pick(mask: np.ndarray) -> np.ndarray:
        mask, picked = grid.as_images(mask), np.zeros(W.shape[1:], bool)
        for (i, j), (p, q) in pixels.items():
            picked[:, i, j] = mask[n, first : first + n_channels, p, q]
        return picked

    values = np.where(is_inside, wide(W[o]) * patch, 0)
    cut = _padding(~is_inside) | layer.cut(np.where(is_inside, values, 1), **{large: pick})
    return total_of(values, term, f"Σ W[{o}, c, {_cells(grid)}]·{large}", cut)


def stamped(layer: LayerView, small: str, place: tuple[int, int, int, int]) -> Total:
    """Σ W[o, c, i, j] · small[n, o, r, s] over what comes over one pixel (n, c, p, q) of the large image."""
    grid, (n, c, p, q) = Grid(layer), place
    W, image = _kernel(layer), grid.array(small)
    sliding, (group, c_inside) = grid.sliding, divmod(c, W.shape[1])
    n_outputs = len(W) // layer.setting("groups")
    first = group * n_outputs
    cells = [
        (i, j, r, s) for i, r in over(sliding, 0, p, image.shape[2]) for j, s in over(sliding, 1, q, image.shape[3])
    ]
    outputs = range(first, first + n_outputs)
    places = [(o, *cell) for o in outputs for cell in cells]
    values = np.array([float(W[o, c_inside, i, j]) * float(image[n, o, r, s]) for o, i, j, r, s in places])

    def term(at: int) -> Expression:
        o, i, j, r, s = places[at]
        return _weight(layer, o, c_inside, i, j) * grid.at(small, n, o, r, s)

    def pick(mask: np.ndarray) -> np.ndarray:
        mask = grid.as_images(mask)
        return np.array([mask[n, o, r, s] for o, _, _, r, s in places], bool)

    cut = layer.cut(values, **{small: pick})
    return total_of(values, term, f"Σ W[o, {c_inside}, {_cells(grid)}]·{small}", cut)


def joined(layer: LayerView, large: str, small: str, index: Index) -> Total:
    """Σ large[n, c, p, q] · small[n, o, r, s] over the samples and places that one weight (o, c, i, j) has joined."""
    grid = Grid(layer)
    o, c, i, j = (index[0], index[1], 0, index[2]) if grid.is_sequence else index
    W, sliding = _kernel(layer), grid.sliding
    channel = o // (len(W) // layer.setting("groups")) * W.shape[1] + c
    images, outputs = grid.array(large), grid.array(small)
    p, row_inside = _pixels(sliding, 0, i, outputs.shape[2], images.shape[2])
    q, column_inside = _pixels(sliding, 1, j, outputs.shape[3], images.shape[3])
    is_inside = np.broadcast_to(row_inside[:, np.newaxis] & column_inside, (len(images), len(p), len(q)))

    def read(array: np.ndarray) -> np.ndarray:
        picked = grid.as_images(array)[:, channel][:, p.clip(0, images.shape[2] - 1)]
        return picked[:, :, q.clip(0, images.shape[3] - 1)]

    values = np.where(is_inside, wide(read(layer.array(large))) * wide(outputs[:, o]), 0)

    def term(at: int) -> Expression:
        n, r, s = unraveled(at, values.shape)
        return grid.at(large, n, channel, int(p[r]), int(q[s])) * grid.at(small, n, o, r, s)

    picks = {small: lambda mask: grid.as_images(mask)[:, o], large: read}
    cut = _padding(~is_inside) | layer.cut(np.where(is_inside, values, 1), **picks)
    return total_of(values, term, f"Σ {large}·{small} over the samples and places", cut)


def _pixels(sliding: Sliding, axis: int, cell: int, n_outputs: int, size: int) -> tuple[np.ndarray, np.ndarray]:
    """The pixel under one cell of the kernel at each output place, and whether it is inside the image."""
    outputs = np.arange(n_outputs)
    pixels = outputs * sliding.stride[axis] + cell * sliding.dilation[axis] - sliding.padding[axis][0]
    return pixels, (pixels >= 0) & (pixels < size)


def _kernel(layer: LayerView) -> np.ndarray:
    """W as (O, C, kh, kw), also of sequences."""
    W = layer.array("weight")
    return W[:, :, np.newaxis] if W.ndim == 3 else W


def _weight(layer: LayerView, o: int, c: int, i: int, j: int) -> Leaf:
    index = (o, c, i, j) if layer.array("weight").ndim == 4 else (o, c, j)
    return layer.at("weight", index, "W")


def _with_bias(layer: LayerView, y: Expression, index: Index) -> Expression:
    channel = Grid(layer).place(index)[1]
    return y + layer.at("bias", (channel,), "b") if "bias" in layer.step.parameters else y


def _bias_gradient(layer: LayerView, o: int) -> Total:
    grid = Grid(layer)
    dy = grid.array("dy")[:, o]

    def term(at: int) -> Expression:
        n, r, s = unraveled(at, dy.shape)
        return grid.at("dy", n, o, r, s)

    cut = layer.cut(dy, dy=lambda mask: grid.as_images(mask)[:, o])
    return total_of(dy, term, "Σ dy over the samples and places", cut)


def _padding(outside: np.ndarray) -> dict[str, int]:
    return {IN_THE_PADDING: int(outside.sum())}


def _cells(grid: Grid) -> str:
    return "i" if grid.is_sequence else "i, j"


_CONV = LayerRow(conv_output, conv_input_gradient, conv_parameter_gradient)
_TRANSPOSED = LayerRow(transposed_output, transposed_input_gradient, transposed_parameter_gradient)
ROWS: dict[type[Layer], LayerRow] = {
    Conv1D: _CONV,
    Conv2D: _CONV,
    ConvTranspose1D: _TRANSPOSED,
    ConvTranspose2D: _TRANSPOSED,
}

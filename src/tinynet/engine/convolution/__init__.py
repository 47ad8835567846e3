"""The sums of a convolution, each by the route that was fastest when it was measured.

`gathered` is im2col in NumPy, for small images and for groups. All other routes are compiled; `compiled.route` chooses.
Results are channels-last in memory, because matrix products on rows of channels run near the machine's peak.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tinynet.engine.convolution import gathered
from tinynet.engine.machine import layout
from tinynet.engine.machine.gemm import column_sums
from tinynet.engine.serves import MIN_SAMPLE_SIZE, compiled_code, is_floating
from tinynet.layers import Conv1D, Conv2D, ConvTranspose1D, ConvTranspose2D
from tinynet.layers import convolution as lesson
from tinynet.layers.convolution1d import as_images
from tinynet.layers.windows import Pair, Sliding

# For an image with this many multiply-adds compiling pays, even if it has few numbers.
MIN_MULTIPLY_ADDS = 1 << 15


def convolve(x: np.ndarray, W: np.ndarray, b: np.ndarray | None, sliding: Sliding, groups: int) -> Any:
    """y = W ⋆ x + b."""
    if not (is_floating(x, W) and x.ndim == 4 and x.size and x.shape[1] == W.shape[1] * groups):
        return NotImplemented
    if min(sliding.output_size(x.shape[2:])) < 1:  # back from a transposed convolution of images without pixels
        return NotImplemented
    way = route_of_convolve(x, W, b, sliding, groups)
    if way != "pointwise" and not _is_finite(W):
        return NotImplemented
    if way == "gathered":
        return gathered.convolve(x, W, b, sliding, groups)
    return _compiled().convolve(way, x, W, b, sliding)


def convolve_back(dy: np.ndarray, W: np.ndarray, size: Pair, sliding: Sliding, groups: int) -> Any:
    """dx: every product adds W dy to the gradient of its pixel."""
    if not (is_floating(dy, W) and dy.size and _are_outputs(dy, len(W), size, sliding)):
        return NotImplemented
    way = route_of_convolve_back(dy, W, size, sliding, groups)
    if way != "pointwise" and not _is_finite(W):
        return NotImplemented
    if way == "gathered":
        return gathered.convolve_back(dy, W, size, sliding, groups)
    return _compiled().convolve_back(way, dy, W, size, sliding)


def correlate(x: np.ndarray, dy: np.ndarray, sliding: Sliding, groups: int) -> Any:
    """dW: every product adds x dy to the gradient of its weight."""
    if not (is_floating(x, dy) and x.ndim == 4 and x.size and dy.size and len(x) == len(dy)):
        return NotImplemented
    O, size = dy.shape[1], x.shape[2:]
    if O % groups or not _are_outputs(dy, O, size, sliding):
        return NotImplemented
    way = route_of_correlate(x, dy, sliding, groups)
    gather = way == "gathered"
    dW = gathered.correlate(x, dy, sliding, groups) if gather else _compiled().correlate(way, x, dy, sliding)
    return dW if way == "pointwise" or _is_finite(dW) else NotImplemented


def channel_sums(dy: np.ndarray) -> Any:
    """db = Σ dy over all output positions."""
    return column_sums(layout.rows(dy)) if is_floating(dy) and dy.ndim == 4 else NotImplemented


def route(
    what: str, size: tuple[int, ...], kernels: tuple[int, ...], sliding: Sliding, groups: int, dtype: np.dtype
) -> str:
    """The name of the route for one of the sums, in float32 or float64.

    Args:
        what: "convolve", "convolve_back" or "correlate".
        size: Height and width of x.
        kernels: The shape of W, (O, C/groups, kh, kw).
        sliding: How the kernels slide.
        groups: The number of groups of channels.
        dtype: The floating type of all arrays.

    Example:
        >>> route("convolve", (6, 6), (8, 1, 3, 3), Sliding((3, 3)), 1, np.dtype(np.float32))
        'gathered'
    """
    n_pixels = size[0] * size[1]
    n_numbers = max(kernels[0], kernels[1] * groups) * n_pixels
    pays = math.prod(kernels) * n_pixels >= MIN_MULTIPLY_ADDS
    compiled = compiled_code("convolution", MIN_SAMPLE_SIZE if pays else n_numbers)
    return "gathered" if compiled is None else compiled.route(what, size, kernels, sliding, groups, dtype)


def route_of_convolve(x: np.ndarray, W: np.ndarray, b: Any, sliding: Sliding, groups: int) -> str:
    """The route of `convolve` for its arguments."""
    return route("convolve", x.shape[2:], W.shape, sliding, groups, x.dtype)


def route_of_convolve_back(dy: np.ndarray, W: np.ndarray, size: Pair, sliding: Sliding, groups: int) -> str:
    """The route of `convolve_back` for its arguments."""
    return route("convolve_back", size, W.shape, sliding, groups, dy.dtype)


def route_of_correlate(x: np.ndarray, dy: np.ndarray, sliding: Sliding, groups: int) -> str:
    """The route of `correlate` for its arguments."""
    kernels = (dy.shape[1], x.shape[1] // groups, *sliding.kernel_size)
    return route("correlate", x.shape[2:], kernels, sliding, groups, x.dtype)


def add_up(layer: Conv1D | Conv2D, dy: np.ndarray) -> None:
    """dW and db of a convolution, without dx."""
    (x,) = layer.recall()
    _accumulate(layer, lesson.correlate(_images(x), _images(dy), layer.sliding, layer.groups), dy)


def add_up_transposed(layer: ConvTranspose1D | ConvTranspose2D, dy: np.ndarray) -> None:
    """dW and db of a transposed convolution, without dx."""
    (x,) = layer.recall()
    _accumulate(layer, lesson.correlate(_images(dy), _images(x), layer.sliding, layer.groups), dy)


def _accumulate(layer: Any, dW: np.ndarray, dy: np.ndarray) -> None:
    layer.weight.accumulate(dW.reshape(layer.weight.shape))
    if layer.bias is not None:
        layer.bias.accumulate(lesson.channel_sums(_images(dy)))


def _images(x: np.ndarray) -> np.ndarray:
    return as_images(x) if x.ndim == 3 else x


def _is_finite(W: np.ndarray) -> bool:
    """Whether all numbers are finite, and their squares; else it is for the lesson to say what becomes of them.

    The routes multiply the zeros around an image too, and 0 · NaN is NaN.
    """
    return math.isfinite(np.vdot(W, W))  # in a fraction of the time that isfinite takes, and without a warning


def _are_outputs(dy: np.ndarray, O: int, size: tuple[int, ...], sliding: Sliding) -> bool:
    """Whether dy is (N, O, OH, OW) with no more output positions than images of this size have.

    It may have fewer: a transposed convolution with output_padding makes images that have room for more.
    """
    OH, OW = sliding.output_size((size[0], size[1]))
    return dy.ndim == 4 and dy.shape[1] == O and dy.shape[2] <= OH and dy.shape[3] <= OW


def _compiled() -> Any:
    return compiled_code("convolution", MIN_SAMPLE_SIZE)

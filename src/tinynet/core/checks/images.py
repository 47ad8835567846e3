"""Sentences about images and the windows that slide over them."""

from __future__ import annotations

import numpy as np

from tinynet.core.checks.shapes import floating_input, input_shape, shape_text
from tinynet.core.checks.values import pair
from tinynet.core.checks.words import fail

Pair = tuple[int, int]
Padding = tuple[Pair, Pair]


def image_input(who: object, x: np.ndarray, channels: int | None = None) -> None:
    """Check that x holds floating-point images (N, C, H, W), of so many channels where that is given."""
    floating_input(who, x)
    if x.ndim == 4 and channels in (None, x.shape[1]):
        return
    hint = "" if channels is None else _image_hint(who, x.shape, channels)
    input_shape(who, x, ("N", "C" if channels is None else channels, "H", "W"), hint)


def _image_hint(who: object, shape: tuple[int, ...], channels: int) -> str:
    if len(shape) == 4 and shape[3] == channels:
        return "images are (N, C, H, W); bring the channels to the front with x.transpose(0, 3, 1, 2)."
    if len(shape) == 4:
        return f"write {type(who).__name__}({shape[1]}, ...) for such images."
    if len(shape) == 3 and channels == 1:
        return "the channel axis is missing; pass x[:, np.newaxis]."
    if len(shape) == 2:
        return f"a row of pixels has no height and width; reshape it with x.reshape(-1, {channels}, H, W)."
    return ""


def kernel_fits(who: object, size: Pair, span: Pair, padding: Padding, least: Pair = (1, 1)) -> None:
    """Check that a kernel which reaches over `span` pixels fits into images of `size`, and at least `least`."""
    if size[0] >= max(span[0], least[0]) and size[1] >= max(span[1], least[1]):
        return  # without any padding
    smallest = tuple([max(least[axis], span[axis] - sum(padding[axis])) for axis in (0, 1)])
    if size[0] < smallest[0] or size[1] < smallest[1]:
        fail(
            who,
            f"expected images of at least {smallest[0]} × {smallest[1]} pixels (height × width), "
            f"which the kernel needs, got {size[0]} × {size[1]}.",
            "use a smaller kernel_size, more padding, or fewer strides and poolings before this layer.",
        )


def pooling_padding(who: object, value: object, kernel_size: Pair) -> Padding:
    """Turn an integer or a pair into ((top, bottom), (left, right)), and check that no window lies in it as a whole."""
    h, w = pair(who, "padding", value, minimum=0)
    if 2 * h > kernel_size[0] or 2 * w > kernel_size[1]:
        most = (kernel_size[0] // 2, kernel_size[1] // 2)
        fail(who, f"padding must be at most half of kernel_size={kernel_size}, got {(h, w)}.", f"use padding={most}.")
    return (h, h), (w, w)


def positive_size(who: object, size: Pair, got: Pair) -> None:
    """Check that an output has pixels."""
    if min(size) < 1:
        fail(
            who,
            f"images of {got[0]} × {got[1]} pixels (height × width) would become {size[0]} × {size[1]}.",
            "use less padding, a larger kernel_size or larger images.",
        )


def switches(who: object, x: np.ndarray, values: object, size: Pair) -> None:
    """Check that there is a switch for each number of x, and that each names a pixel of an image of `size`."""
    if not isinstance(values, np.ndarray) or values.dtype.kind not in "iu":
        kind = values.dtype if isinstance(values, np.ndarray) else type(values).__name__
        fail(
            who,
            f"expected switches to be an array of integers, got {kind}.",
            "MaxPool2D(..., return_switches=True) returns them beside y.",
            TypeError,
        )
    if values.shape != x.shape:
        fail(who, f"expected switches of the shape of x, {shape_text(x.shape)}, got {shape_text(values.shape)}.")
    if values.size and not (values.min() >= 0 and values.max() < size[0] * size[1]):
        fail(
            who,
            f"expected switches from 0 to {size[0] * size[1] - 1}, the pixels of {size[0]} × {size[1]}, "
            f"got {values.min()} to {values.max()}.",
            "pass output_size, the height and width of the images that were pooled.",
        )


def unpooled_size(who: object, value: object, default: Pair, stride: Pair) -> Pair:
    """Turn an output_size into a pair, and check that it is less than one stride away from the default."""
    if value is None:
        return default
    if isinstance(value, (tuple, list)) and len(value) == 4:
        value = tuple(value[2:])
    h, w = pair(who, "output_size", value, minimum=1)
    if abs(h - default[0]) >= stride[0] or abs(w - default[1]) >= stride[1]:
        fail(who, f"output_size must be less than one stride={stride} away from {default}, got {(h, w)}.")
    return h, w

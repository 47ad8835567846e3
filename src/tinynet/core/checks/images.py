"""Sentences about images and the windows that slide over them."""

from __future__ import annotations

import numpy as np

from tinynet.core.checks.shapes import floating_input, input_shape
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


def group_count(who: object, groups: int, **channels: int) -> None:
    """Check that the groups divide each of the channel counts."""
    for name, count in channels.items():
        if count % groups:
            divisors = ", ".join(str(n) for n in range(1, count + 1) if count % n == 0)
            fail(who, f"groups={groups} must divide {name}={count}.", f"use one of {divisors}.")


def convolution_padding(who: object, value: object, stride: Pair, span: Pair) -> Padding:
    """Turn an integer, a pair, "valid" or "same" into ((top, bottom), (left, right)).

    "same" keeps the size of the image; an odd pixel is put at the bottom or right.
    """
    if isinstance(value, str):
        if value not in ("valid", "same"):
            fail(who, f"padding must be an integer, a pair, 'valid' or 'same', got {value!r}.")
        if value == "same" and stride != (1, 1):
            fail(who, f"padding='same' needs stride=1, got stride={stride}.", "give the padding as a number.")
        (rows, columns) = (0, 0) if value == "valid" else (span[0] - 1, span[1] - 1)
        return (rows // 2, rows - rows // 2), (columns // 2, columns - columns // 2)
    h, w = pair(who, "padding", value, minimum=0)
    return (h, h), (w, w)


def output_padding(who: object, value: object, stride: Pair, dilation: Pair) -> Pair:
    """Turn an integer or a pair into a pair, and check that it is smaller than the stride or the dilation."""
    h, w = pair(who, "output_padding", value, minimum=0)
    if h >= max(stride[0], dilation[0]) or w >= max(stride[1], dilation[1]):
        fail(who, f"output_padding must be smaller than stride={stride} or dilation={dilation}, got {(h, w)}.")
    return h, w


def positive_size(who: object, size: Pair, got: Pair) -> None:
    """Check that an output has pixels."""
    if min(size) < 1:
        fail(
            who,
            f"images of {got[0]} × {got[1]} pixels (height × width) would become {size[0]} × {size[1]}.",
            "use less padding, a larger kernel_size or larger images.",
        )

"""Sentences about images and the windows that slide over them."""

from __future__ import annotations

import numpy as np

from tinynet.core.checks.shapes import floating_input, input_shape
from tinynet.core.checks.words import fail

Pair = tuple[int, int]
Padding = tuple[Pair, Pair]


def image_input(who: object, x: np.ndarray, channels: int | None = None) -> None:
    """Check that x holds floating-point images (N, C, H, W), with this number of channels if one is given."""
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


def positive_size(who: object, size: Pair, got: Pair) -> None:
    """Check that an output has pixels."""
    if min(size) < 1:
        fail(
            who,
            f"images of {got[0]} × {got[1]} pixels (height × width) would become {size[0]} × {size[1]}.",
            "use less padding, a larger kernel_size or larger images.",
        )

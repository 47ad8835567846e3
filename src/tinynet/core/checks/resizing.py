"""Sentences about layers that change the size or the axes of an array, or act on each of its channels."""

from __future__ import annotations

import numbers

import numpy as np

from tinynet.core.checks.shapes import floating_input, input_shape, shape_text
from tinynet.core.checks.values import integer, number
from tinynet.core.checks.words import fail


def slope_for_each_channel(who: object, x: np.ndarray, n_slopes: int) -> None:
    """Check that x has as many channels as there are slopes."""
    axis = 1 if x.ndim == 4 else x.ndim - 1
    if x.ndim < 2 or x.shape[axis] != n_slopes:
        what = "axis 1" if x.ndim == 4 else "the last axis"
        fail(
            who,
            f"expected x with {n_slopes} channels in {what}, got shape {shape_text(x.shape)}.",
            "give num_parameters=1 for one slope for all channels.",
        )


def sequence_input(who: object, x: np.ndarray, features: int | None = None) -> None:
    """Check that x holds floating-point sequences (N, T, D), of so many features where that is given."""
    floating_input(who, x)
    if x.ndim == 3 and x.shape[2] == features:
        return
    hint = ""
    if x.ndim == 3 and x.shape[1] == features:
        hint = "sequences are (N, T, D): put the features last with Permute(1, 0) or x.transpose(0, 2, 1)."
    elif x.ndim == 2 and features == 1:
        hint = "the feature axis is missing; pass x[:, :, np.newaxis]."
    elif x.ndim == 4:
        name = type(who).__name__
        hint = f"for images use {name[:-2]}2D." if name.endswith("1D") else ""
    input_shape(who, x, ("N", "T", "D" if features is None else features), hint)


def window_fits(who: object, length: int, span: int, padding: tuple[int, int], least: int = 1) -> None:
    """Check that a window which reaches over `span` steps fits into a padded sequence."""
    smallest = max(least, span - sum(padding))
    if length < smallest:
        fail(
            who,
            f"expected sequences of at least {smallest} steps, which the kernel needs, got {length}.",
            "use a smaller kernel_size, more padding, or fewer strides and poolings before this layer.",
        )


def convolution_padding(who: object, value: object, stride: int, span: int) -> tuple[int, int]:
    """Turn an integer, "valid" or "same" into (before, after); "same" puts an odd zero at the end."""
    if not isinstance(value, str):
        return (integer(who, "padding", value, minimum=0),) * 2
    if value not in ("valid", "same"):
        fail(who, f"padding must be an integer, 'valid' or 'same', got {value!r}.")
    if value == "same" and stride != 1:
        fail(who, f"padding='same' needs stride=1, got stride={stride}.", "give the padding as a number.")
    total = span - 1 if value == "same" else 0
    return total // 2, total - total // 2


def pooling_padding(who: object, value: object, kernel_size: int) -> int:
    """Check that no window lies in the padding as a whole."""
    padding = integer(who, "padding", value, minimum=0)
    if 2 * padding > kernel_size:
        hint = f"use padding={kernel_size // 2}."
        fail(who, f"padding must be at most half of kernel_size={kernel_size}, got {padding}.", hint)
    return padding


def output_padding(who: object, value: object, stride: int, dilation: int) -> int:
    """Check that an output_padding is smaller than the stride or the dilation."""
    padding = integer(who, "output_padding", value, minimum=0)
    if padding >= max(stride, dilation):
        fail(who, f"output_padding must be smaller than stride={stride} or dilation={dilation}, got {padding}.")
    return padding


def positive_length(who: object, length: int, got: int) -> None:
    """Check that an output has steps."""
    if length < 1:
        fail(
            who,
            f"sequences of {got} steps would become {length} long.",
            "use less padding, a larger kernel_size or longer sequences.",
        )


def not_empty(who: object, x: np.ndarray) -> None:
    """Check that there is something to take the mean or the maximum of in each sample."""
    if 0 in x.shape[1:]:
        fail(who, f"expected at least one number in each sample, got x of shape {shape_text(x.shape)}.")


def border(who: object, value: object, sides: tuple[str, ...]) -> tuple[int, ...]:
    """Turn an integer into one border for each side, or check one for each."""
    if isinstance(value, (tuple, list)) and len(value) == len(sides):
        return tuple(integer(who, f"padding[{i}]", size, minimum=0) for i, size in enumerate(value))
    if isinstance(value, (tuple, list)) or not isinstance(value, numbers.Integral):
        fail(who, f"padding must be an integer or ({', '.join(sides)}), got {value!r}.", kind=TypeError)
    return (integer(who, "padding", value, minimum=0),) * len(sides)


def reflection_fits(who: object, sizes: tuple[int, ...], padding: tuple[tuple[int, int], ...]) -> None:
    """Check that each border is smaller than what is reflected in it."""
    for size, (before, after) in zip(sizes, padding, strict=True):
        if max(before, after) >= size:
            fail(
                who,
                f"a border of {max(before, after)} needs more than as many numbers to reflect, got {size}.",
                f"use a padding of at most {size - 1}, or zeros." if size > 1 else "use zeros.",
            )


def scale_or_size(who: str, size: object, scale_factor: object) -> None:
    """Check that just one of two ways to name an output size was used."""
    if (size is None) == (scale_factor is None):
        came = "neither" if size is None else "both"
        fail(who, f"expected either size or scale_factor, got {came}.", "write Upsample(scale_factor=2).", TypeError)


def corners_to_align(who: str, align_corners: object, mode: str) -> None:
    """Check that align_corners comes with the mode that it is for."""
    if align_corners and mode != "bilinear":
        fail(who, f"align_corners is for mode='bilinear', not for mode={mode!r}.", "leave it out.")


def scales(who: str, value: object) -> tuple[float, float]:
    """Turn a number into (value, value), or check a pair (height, width); each is greater than 0."""
    if isinstance(value, (tuple, list)):
        if len(value) != 2:
            fail(who, f"scale_factor must be a number or a pair (height, width), got {value!r}.", kind=TypeError)
        first, second = (number(who, f"scale_factor[{i}]", scale, above=0) for i, scale in enumerate(value))
        return first, second
    return (number(who, "scale_factor", value, above=0),) * 2

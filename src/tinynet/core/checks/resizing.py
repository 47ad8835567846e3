"""Sentences about layers that change the size or the axes of an array, or act on each of its channels."""

from __future__ import annotations

import numpy as np

from tinynet.core.checks.shapes import floating_input, input_shape, shape_text
from tinynet.core.checks.words import fail


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

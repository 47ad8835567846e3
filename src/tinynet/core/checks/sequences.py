"""Sentences about sequences, and about inputs in which there is nothing."""

from __future__ import annotations

import numpy as np

from tinynet.core.arrays import is_array
from tinynet.core.checks.shapes import floating_input, input_shape, shape_text
from tinynet.core.checks.words import fail


def sequence_input(who: object, x: np.ndarray, features: int | None = None) -> None:
    """Check that x holds floating-point sequences (N, T, D), with this number of features if one is given."""
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


def not_empty(who: object, x: np.ndarray) -> None:
    """Check that there is something to take the mean or the maximum of in each sample."""
    if 0 in x.shape[1:]:
        fail(who, f"expected at least one number in each sample, got x of shape {shape_text(x.shape)}.")


def sequence(layer: object, x: np.ndarray, features: int) -> None:
    """Check x of shape (N, T, features)."""
    floating_input(layer, x)
    if x.ndim != 3 or x.shape[-1] != features:
        fail(layer, f"expected x of shape (N, T, {features}), got {shape_text(x.shape)}.")


def mask(layer: object, given: np.ndarray | None, shape: tuple[int, ...]) -> None:
    """Check a padding mask, where one is given: bools, in the shape of the places."""
    if given is None:
        return
    if not is_array(given) or given.dtype != bool:
        kind = given.dtype if is_array(given) else type(given).__name__
        fail(layer, f"expected a mask of bools, True at padding, got {kind}.", kind=TypeError)
    if given.shape != tuple(shape):
        fail(layer, f"expected a mask of shape {shape_text(shape)}, got {shape_text(given.shape)}.")

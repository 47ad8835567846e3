"""Sentences about layers that change the size or the axes of an array, or act on each of its channels."""

from __future__ import annotations

import math

import numpy as np

from tinynet.core.checks.shapes import floating_input, input_shape, shape_text
from tinynet.core.checks.values import integer
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


def target_shape(who: str, shape: tuple) -> tuple[int, ...]:
    """Check the shape that each sample is brought to: sizes, at most one of them −1."""
    if len(shape) == 1 and isinstance(shape[0], (tuple, list)):
        fail(who, f"expected sizes, got {shape[0]!r}.", f"write {who}(*{shape[0]!r}).", TypeError)
    sizes = tuple(integer(who, f"shape[{i}]", size, minimum=-1) for i, size in enumerate(shape))
    if sizes.count(-1) > 1:
        fail(who, f"at most one size may be -1, got {shape_text(sizes)}.")
    return sizes


def reshapes_to(who: object, x: np.ndarray, shape: tuple[int, ...]) -> tuple[int, ...]:
    """Check that the numbers of each sample of x fit into a shape, and return it without −1."""
    given, known = math.prod(x.shape[1:]), math.prod(size for size in shape if size != -1)
    fits = (known and given % known == 0) if -1 in shape else given == known
    if x.ndim < 1 or not fits:
        samples = f"samples of {given} numbers" if x.ndim else "a single number"
        fail(who, f"{samples}, x of shape {shape_text(x.shape)}, cannot become {shape_text(shape)} each.")
    return tuple(given // known if size == -1 else size for size in shape)


def permutation(who: str, axes: tuple) -> tuple[int, ...]:
    """Check that every axis from 0 on is named once."""
    if len(axes) == 1 and isinstance(axes[0], (tuple, list)):
        fail(who, f"expected axes, got {axes[0]!r}.", f"write {who}(*{axes[0]!r}).", TypeError)
    for i, axis in enumerate(axes):
        integer(who, f"axes[{i}]", axis)
    if sorted(axes) != list(range(len(axes))):
        hint = "the axes of one sample count from 0; the batch axis stays first and is not named."
        fail(who, f"expected each axis from 0 to {len(axes) - 1} once, got {shape_text(axes)}.", hint)
    return tuple(axes)


def axes_to_permute(who: object, x: np.ndarray, n_axes: int) -> None:
    """Check that each sample of x has as many axes as are named."""
    if x.ndim != n_axes + 1:
        fail(who, f"expected x with {n_axes} axes after the batch axis, got shape {shape_text(x.shape)}.")

"""Checks of layers over features, channels, sequences and tokens."""

from __future__ import annotations

import numpy as np

from tinynet.core.arrays import is_array
from tinynet.core.checks.shapes import floating_input, shape_text
from tinynet.core.checks.values import integer
from tinynet.core.checks.words import fail


def sizes(who: object, name: str, value: object) -> tuple[int, ...]:
    """Turn an integer, or a tuple of them, into a tuple of sizes of at least 1."""
    if isinstance(value, (tuple, list)):
        if not value:
            fail(who, f"{name} must name at least one axis, got {value!r}.")
        return tuple(integer(who, f"{name}[{index}]", size, minimum=1) for index, size in enumerate(value))
    return (integer(who, name, value, minimum=1),)


def divides(who: object, name: str, divisor: int, other_name: str, number: int) -> None:
    """Check that one size is a multiple of another."""
    if number % divisor:
        fitting = [d for d in range(1, number + 1) if number % d == 0]
        nearest = min(fitting, key=lambda d: abs(d - divisor))
        fail(who, f"{name}={divisor} does not divide {other_name}={number}.", f"{name}={nearest} would.")


def features_last(layer: object, x: np.ndarray, features: int) -> None:
    """Check x of shape (N, features) or (N, T, features)."""
    floating_input(layer, x)
    if x.ndim in (2, 3) and x.shape[-1] == features:
        return
    swapped = x.ndim == 3 and x.shape[1] == features
    fail(
        layer,
        f"expected x of shape (N, {features}) or (N, T, {features}), got {shape_text(x.shape)}.",
        "sequences are (N, T, D) here: put the features last with Permute(1, 0) or x.transpose(0, 2, 1)."
        if swapped
        else "",
    )


def channels_second(layer: object, x: np.ndarray, channels: int) -> None:
    """Check x of shape (N, channels, ...)."""
    if x.ndim < 2 or x.shape[1] != channels:
        fail(layer, f"expected x of shape (N, {channels}, ...), got {shape_text(x.shape)}.")


def more_than_one_row(layer: object, shape: tuple[int, ...], n_values: int) -> None:
    """Check that batch norm has more than one value for each feature to take a variance over."""
    if n_values < 2:
        fail(
            layer,
            f"expected more than one value per feature in training, got x of shape {shape_text(shape)}.",
            "one value has no variance: use a larger batch, drop a last batch of one, or call eval() first.",
        )


def token(who: object, name: str, value: int | None, n_tokens: int) -> int | None:
    """Check that a token, where one is given, is one of the vocabulary."""
    if value is None:
        return None
    if integer(who, name, value, minimum=0) >= n_tokens:
        fail(who, f"{name} must be below {n_tokens}, got {value}.")
    return value


def tokens(layer: object, x: np.ndarray, n_tokens: int) -> None:
    """Check that x holds integers from 0 to n_tokens − 1."""
    if not isinstance(x, np.ndarray) or x.dtype.kind not in "iu":
        kind = x.dtype if isinstance(x, np.ndarray) else type(x).__name__
        fail(layer, f"expected an array of integer tokens, got {kind}.", "convert with .astype(np.int64).", TypeError)
    if x.size and (x.min() < 0 or x.max() >= n_tokens):
        wrong = x.min() if x.min() < 0 else x.max()
        fail(
            layer,
            f"expected tokens from 0 to {n_tokens - 1}, got {wrong}.",
            f"make it Embedding({wrong + 1}, ...)." if wrong >= 0 else "",
        )


def sequence(layer: object, x: np.ndarray, features: int) -> None:
    """Check x of shape (N, T, features)."""
    floating_input(layer, x)
    if x.ndim != 3 or x.shape[-1] != features:
        fail(layer, f"expected x of shape (N, T, {features}), got {shape_text(x.shape)}.")


def states(layer: object, given: tuple, n_states: int, shape: tuple[int, ...]) -> None:
    """Check the first states of a recurrent layer: none at all, or as many as it has, in their shape."""
    if len(given) not in (0, n_states):
        fail(layer, f"expected {n_states} first state{'s' * (n_states > 1)} or none, got {len(given)}.", kind=TypeError)
    for state in given:
        if np.shape(state) != shape:
            fail(layer, f"expected a first state of shape {shape_text(shape)}, got {shape_text(np.shape(state))}.")


def mask(layer: object, given: np.ndarray | None, shape: tuple[int, ...]) -> None:
    """Check a padding mask, where one is given: bools, in the shape of the places."""
    if given is None:
        return
    if not is_array(given) or given.dtype != bool:
        kind = given.dtype if is_array(given) else type(given).__name__
        fail(layer, f"expected a mask of bools, True at padding, got {kind}.", kind=TypeError)
    if given.shape != tuple(shape):
        fail(layer, f"expected a mask of shape {shape_text(shape)}, got {shape_text(given.shape)}.")


def one_direction(layer: object, bidirectional: bool) -> None:
    """Check that a layer that goes on step by step does not read backward as well."""
    if bidirectional:
        fail(layer, "step cannot go on in both directions of time.", "use forward on the whole sequence.", RuntimeError)

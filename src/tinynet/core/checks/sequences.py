"""Checks of layers over features, channels, sequences and tokens."""

from __future__ import annotations

import numpy as np

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


def even(who: object, name: str, number: int) -> None:
    """Check that a number of features can be taken in pairs."""
    if number % 2:
        fail(who, f"{name} must be even, since features are taken in pairs; got {number}.", f"use {number + 1}.")


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


def sequence(layer: object, x: np.ndarray, features: int) -> None:
    """Check x of shape (N, T, features)."""
    floating_input(layer, x)
    if x.ndim != 3 or x.shape[-1] != features:
        fail(layer, f"expected x of shape (N, T, {features}), got {shape_text(x.shape)}.")


def not_longer(layer: object, length: int, longest: int) -> None:
    """Check that a sequence is not longer than a layer was made for."""
    if length > longest:
        fail(layer, f"expected at most {longest} places, got a sequence of {length}.", "give it a greater max_length.")


def mask(layer: object, given: np.ndarray | None, shape: tuple[int, ...]) -> None:
    """Check a padding mask, where one is given: bools, in the shape of the places."""
    if given is None:
        return
    if not isinstance(given, np.ndarray) or given.dtype != bool:
        kind = given.dtype if isinstance(given, np.ndarray) else type(given).__name__
        fail(layer, f"expected a mask of bools, True at padding, got {kind}.", kind=TypeError)
    if given.shape != tuple(shape):
        fail(layer, f"expected a mask of shape {shape_text(shape)}, got {shape_text(given.shape)}.")


def readable(layer: object, query: np.ndarray, key: np.ndarray | None, value: np.ndarray | None, width: int) -> None:
    """Check the inputs of attention: (N, T, width) queries, and as many keys as values for the same N."""
    if key is None and value is not None:
        fail(
            layer, "expected a key with the value, got None.", "pass (query, memory) or (query, key, value).", TypeError
        )
    for x in (query, key, value):
        if x is not None:
            sequence(layer, x, width)
    if key is not None and len(key) != len(query):
        fail(layer, f"expected keys for {len(query)} sequences, as there are queries; got {len(key)}.")
    if key is not None and value is not None and key.shape != value.shape:
        fail(layer, f"expected a value for each key, of shape {shape_text(key.shape)}; got {shape_text(value.shape)}.")


def looks_back_only(layer: object, causal: bool) -> None:
    """Check that a layer that goes on place by place does not look at places that are still to come."""
    if not causal:
        fail(layer, "step cannot go on where places see later ones.", "build it with causal=True.", RuntimeError)

"""Checks of layers over features, channels, sequences and tokens."""

from __future__ import annotations

import numpy as np

from tinynet.core.checks.shapes import floating_input, shape_text
from tinynet.core.checks.words import fail


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

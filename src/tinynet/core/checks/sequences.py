"""Checks of layers over features, channels, sequences and tokens."""

from __future__ import annotations

import numpy as np

from tinynet.core.checks.shapes import floating_input, shape_text
from tinynet.core.checks.values import integer
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


def not_longer(layer: object, length: int, longest: int) -> None:
    """Check that a sequence is not longer than a layer was made for."""
    if length > longest:
        fail(layer, f"expected at most {longest} places, got a sequence of {length}.", "give it a greater max_length.")


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


def one_direction(layer: object, bidirectional: bool) -> None:
    """Check that a layer that goes on step by step does not read backward as well."""
    if bidirectional:
        fail(layer, "step cannot go on in both directions of time.", "use forward on the whole sequence.", RuntimeError)

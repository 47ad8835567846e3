"""Checks of layers over features, channels, sequences and tokens."""

from __future__ import annotations

import numpy as np

from tinynet.core.arrays import is_array
from tinynet.core.checks.shapes import floating_input, shape_text
from tinynet.core.checks.words import fail


def divides(who: object, name: str, divisor: int, other_name: str, number: int) -> None:
    """Check that one size is a multiple of another."""
    if number % divisor:
        fitting = [d for d in range(1, number + 1) if number % d == 0]
        nearest = min(fitting, key=lambda d: abs(d - divisor))
        fail(who, f"{name}={divisor} does not divide {other_name}={number}.", f"{name}={nearest} would.")


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

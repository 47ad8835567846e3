"""Sentences about summaries, pictures and reports."""

from __future__ import annotations

from typing import Any

from tinynet.core.checks.arguments import integer
from tinynet.core.checks.words import fail


def input_shapes(who: object, value: object) -> list[tuple[int, ...]]:
    """Check the shape of one input without its batch axis, or a list of such shapes, and return a list of them."""
    shapes: list[Any] = value if isinstance(value, list) else [value]
    if not shapes or not all(isinstance(shape, tuple) for shape in shapes):
        fail(
            who,
            f"input_shape must be a tuple of integers, got {value!r}.",
            "leave out the batch axis, as in (1, 28, 28) or (784,); for several inputs give a list of tuples.",
            TypeError,
        )
    return [
        tuple(integer(who, f"input_shape[{axis}]", size, minimum=1) for axis, size in enumerate(shape))
        for shape in shapes
    ]

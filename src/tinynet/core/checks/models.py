"""Sentences about the ready models: what they take and give."""

from __future__ import annotations

from typing import Any

from tinynet.core.checks.shapes import shape_text
from tinynet.core.checks.values import integer
from tinynet.core.checks.words import fail


def model_input(
    who: str, input_shape: Any, n_classes: int = 2, *, smallest: int, multiple: int = 1
) -> tuple[int, int, int]:
    """Check that a shape is (channels, height, width) of pictures, large enough, and the classes at least 2."""
    if not isinstance(input_shape, (tuple, list)) or len(input_shape) != 3:
        got = shape_text(tuple(input_shape)) if isinstance(input_shape, (tuple, list)) else repr(input_shape)
        hint = "models.mlp takes anything; a convolution needs pictures."
        fail(who, f"input_shape must be (channels, height, width), got {got}.", hint)
    channels, height, width = (integer(who, f"input_shape[{i}]", size, minimum=1) for i, size in enumerate(input_shape))
    if min(height, width) < smallest:
        fail(
            who,
            f"pictures must be at least {smallest} × {smallest} pixels (height × width), got {height} × {width}.",
            "use mlp for small pictures." if who == "digits_cnn" else "use digits_cnn or mlp for small pictures.",
        )
    if height % multiple or width % multiple:
        fail(
            who,
            f"height and width must be multiples of {multiple}, got {height} × {width}.",
            "crop or pad the pictures.",
        )
    integer(who, "n_classes", n_classes, minimum=2)
    return channels, height, width

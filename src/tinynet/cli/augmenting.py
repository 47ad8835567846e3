"""Augmentation from the command line: pictures are changed at random each time they are learned from."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

from tinynet.cli.named import Named, check_options, named
from tinynet.cli.tasks import input_shape_of
from tinynet.core.checks.words import fail
from tinynet.data import RandomCrop, RandomFlip

#: Each by its name, with what differs from the defaults of its class.
AUGMENTATIONS: dict[str, tuple[Callable[..., Any], dict[str, Any]]] = {
    "flip": (RandomFlip, {}),
    "crop": (RandomCrop, {"padding": 2}),  # of the picture's own size: a shift by up to 2 pixels
}


def augmentation(text: object) -> Named:
    """Check an augmentation with its options, as in "crop:padding=4".

    Example:
        >>> str(augmentation("crop:padding=4"))
        'crop:padding=4'
    """
    found = named("augmentation", text, tuple(AUGMENTATIONS))
    make, usual = AUGMENTATIONS[found.name]
    check_options(
        found.name, found.options, [name for name in inspect.signature(make).parameters if name not in ("size", "rng")]
    )
    make(**({"size": 1} if found.name == "crop" else {}) | usual | found.options)
    return found


def augmented(data: Any, wanted: Sequence[str]) -> Any:
    """Training data with the augmentations that were asked for, in that order.

    Raises:
        ValueError: They are no pictures.
    """
    if not wanted:
        return data
    shape = input_shape_of(data)
    if len(shape) != 3:
        problem = f"--augment is for pictures, but a sample of these data has the shape {shape}."
        fail("tinynet", problem, "leave it out.")
    return data.with_transform([_made(augmentation(each), shape) for each in wanted])


def _made(chosen: Named, shape: tuple[int, ...]) -> Any:
    make, usual = AUGMENTATIONS[chosen.name]
    return make(**({"size": shape[1:]} if chosen.name == "crop" else {}) | usual | chosen.options)

"""Sentences about layers, nets and their state."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tinynet.core.arrays import is_array
from tinynet.core.checks.shapes import as_array, shape_text
from tinynet.core.checks.words import fail


def output_gradients(who: str, gradients: tuple, shapes: tuple[tuple[int, ...], ...]) -> None:
    """Check that what goes back are arrays of the shapes that came out."""
    if len(gradients) != len(shapes):
        fail(who, f"expected as many gradients as outputs, {len(shapes)}, got {len(gradients)}.", kind=TypeError)
    for gradient, shape in zip(gradients, shapes, strict=True):
        if not is_array(gradient) or gradient.dtype.kind not in "iuf":
            kind = f"an array of {gradient.dtype}" if is_array(gradient) else type(gradient).__name__
            fail(
                who,
                f"expected a gradient, an array of shape {shape_text(shape)}, got {kind}.",
                "a loss returns (loss, gradient); pass the gradient.",
                TypeError,
            )
        if gradient.shape != shape:
            fail(
                who,
                f"expected a gradient of the output's shape {shape_text(shape)}, got {shape_text(gradient.shape)}.",
                "pass the derivative of the loss with respect to the output of the last forward.",
            )


def floating_dtype(who: object, dtype: Any) -> np.dtype:
    """Check that a dtype is a floating type."""
    names_a_type = isinstance(dtype, (type, str, np.dtype))  # NumPy takes None for float64
    try:
        dtype = np.dtype(dtype if names_a_type else "object")
    except TypeError:
        fail(who, f"dtype must be a floating type, got {dtype!r}.", "use np.float32 or np.float64.", TypeError)
    if dtype.kind != "f":
        fail(who, f"dtype must be a floating type, got {dtype}.", "use np.float32 or np.float64.", TypeError)
    if dtype.itemsize < 4:
        problem = f"dtype must be wider than {dtype}, in which 300² is infinite and 1e-8 is 0."
        hint = "compute in np.float32; files of float16 weights load, and are converted to it."
        fail(who, problem, hint, TypeError)
    return dtype


def matching_state(layer: object, state: Any, shapes: dict[str, tuple[int, ...]]) -> None:
    """Check that a state has just the entries of a layer, numbers in their shapes, and name every one that is off."""
    if not isinstance(state, Mapping):
        came = type(state).__name__
        hint = "net.state() gives one, and tn.load_weights(net, path) reads a file."
        fail(type(layer).__name__, f"expected a state, a dict from path to array, got {came}.", hint, TypeError)
    who, found = type(layer).__name__, [path for path in shapes if path in state]
    given = {path: as_array(who, f"{path} of the state", state[path]) for path in found}
    missing = [path for path in shapes if path not in state]
    unexpected = [path for path in state if path not in shapes]
    wrong = [
        f"{path} (expected {shape_text(shapes[path])}, got {shape_text(array.shape)})"
        for path, array in given.items()
        if array.shape != tuple(shapes[path])
    ]
    no_numbers = [path for path, array in given.items() if array.dtype.kind not in "biuf"]
    kinds = {"missing": missing, "unexpected": unexpected, "wrong shape": wrong, "no real numbers": no_numbers}
    problems = [f"{what}: {', '.join(map(str, entries))}" for what, entries in kinds.items() if entries]
    if problems:
        fail(
            type(layer).__name__,
            f"the state does not fit this network; {'; '.join(problems)}.",
            "build the network with the arguments it was saved with, or use tn.load(path), which rebuilds it.",
        )


def kept_state(who: str, state: Any, *names: str) -> None:
    """Check that a memory is a dict with the entries that `state()` of the same class gives."""
    if not isinstance(state, Mapping):
        came = type(state).__name__
        fail(who, f"expected what state() gave, a dict, got {came}.", kind=TypeError)
    missing = [name for name in names if name not in state]
    if missing:
        fail(who, f"expected what state() gave; {', '.join(missing)} is missing.", "take the state of the same class.")


def non_empty_list(who: str, name: str, value: object) -> None:
    """Check that a value is a list or tuple with something in it."""
    if not isinstance(value, (list, tuple)):
        fail(who, f"{name} must be a list, got {type(value).__name__}.", kind=TypeError)
    if not value:
        fail(who, f"{name} must hold at least one entry, got an empty list.")

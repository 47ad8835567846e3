"""Sentences about the arrays of a data set, its rows and its transforms."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from numbers import Real
from typing import Any

import numpy as np

from tinynet.core import arrays
from tinynet.core.checks.shapes import as_array, shape_text, unmasked
from tinynet.core.checks.words import fail


def array_of_samples(name: str, value: object) -> np.ndarray:
    """Turn a value into an array of numbers with one row per sample; memory-mapped arrays stay as they are."""
    if value is None or isinstance(value, (str, bytes, dict, set)):
        fail("Dataset", f"{name} must be an array, got {type(value).__name__}.", "pass a NumPy array.", TypeError)
    value = unmasked("Dataset", value, name)
    try:
        array = value if isinstance(value, np.memmap) else np.asarray(arrays.as_array(value))
    except ValueError:  # rows of different lengths
        fail("Dataset", f"{name} must be an array, got rows of different shapes.", "bring all samples to one shape.")
    array = numbers_of_objects(array) if array.dtype.kind == "O" else array
    if array.dtype.kind not in "biuf":
        fail("Dataset", f"{name} must hold numbers, got {array.dtype}.", _as_numbers(name, array), TypeError)
    if array.ndim == 0:
        fail("Dataset", f"{name} must have one row per sample, got the single number {array}.")
    if len(array) == 0:
        fail(
            "Dataset",
            f"{name} is empty, its shape is {shape_text(array.shape)}.",
            "a data set needs at least one sample.",
        )
    return array


def numbers_of_objects(array: np.ndarray) -> np.ndarray:
    """An array of Python objects as one of numbers, if it holds nothing else; else as it is.

    A frame of pandas whose columns have different types gives such arrays.

    Example:
        >>> numbers_of_objects(np.array([[1, 2.5], [3, True]], object))
        array([[1. , 2.5],
               [3. , 1. ]])
    """
    items = array.ravel().tolist()
    if not all(isinstance(item, (Real, np.bool_)) for item in items):
        return array
    numbers = np.asarray(items)
    try:
        return (numbers if numbers.dtype.kind in "biuf" else numbers.astype(np.float64)).reshape(array.shape)
    except OverflowError:  # an integer of more than 300 digits
        return array


def _as_numbers(name: str, array: np.ndarray) -> str:
    """How what is in an array is made numbers."""
    if array.dtype.kind in "Mm":
        return f'a difference of times in days is a number: ({name} - {name}[0]) / np.timedelta64(1, "D").'
    if array.dtype.kind == "c":
        return "take .real and .imag, or np.abs."
    if array.dtype.names:
        return "numpy.lib.recfunctions.structured_to_unstructured makes an array of numbers of it."
    if array.ndim == 0 and hasattr(array.item(), "toarray"):
        return f"it is a sparse {type(array.item()).__name__}; make it an array with .toarray()."
    if array.dtype.kind in "US":
        return f"encode words as numbers: classes, {name} = np.unique({name}, return_inverse=True)."
    return "encode words and objects as numbers."


def equal_lengths(lengths: dict[str, int]) -> None:
    """Check that all arrays of a data set have the same number of rows."""
    if len(set(lengths.values())) > 1:
        found = ", ".join(f"{name} has {length}" for name, length in lengths.items())
        fail("Dataset", f"x and y must have one row per sample each, but {found}.", "check how the arrays were cut.")


def finite_samples(name: str, array: np.ndarray, rows: np.ndarray | None = None) -> None:
    """Check that there is no NaN or infinity, and name the first sample that has one.

    Args:
        name: What the array is called.
        array: Samples along the first axis.
        rows: The numbers of the samples, if they are not 0, 1, 2, …
    """
    if array.dtype.kind != "f" or array.size == 0:
        return
    with np.errstate(invalid="ignore"):
        extremes = array.min(), array.max()  # NaN and infinity show in these, without a mask as large as the data
    if np.isfinite(extremes).all():
        return
    bad = np.flatnonzero(~np.isfinite(array).reshape(len(array), -1).all(axis=1))
    first = bad[0] if rows is None else rows[bad[0]]
    fail(
        "Dataset",
        f"{name} has NaN or infinity in {len(bad)} of {len(array)} samples, the first is sample {first}.",
        "remove or replace them, for example with np.nan_to_num or by leaving these samples out.",
    )


def class_names(classes: object, y: Any) -> tuple[str, ...] | None:
    """Check the names of the classes, and that every label has one."""
    if classes is None:
        return None
    if isinstance(classes, np.ndarray) and classes.ndim == 1:  # from np.unique, say
        classes = [str(name) for name in classes] if classes.dtype.kind in "biu" else classes.tolist()
    if isinstance(classes, str) or not isinstance(classes, Sequence) or not all(isinstance(c, str) for c in classes):
        fail(
            "Dataset", f"classes must be a list of names, got {classes!r}.", 'write classes=["cat", "dog"].', TypeError
        )
    if isinstance(y, np.ndarray) and not isinstance(y, np.memmap) and y.dtype.kind in "iu":
        low, high = int(y.min()), int(y.max())
        if low < 0 or high >= len(classes):
            fail(
                "Dataset",
                f"labels must lie in 0 to {len(classes) - 1} for {len(classes)} classes, got {low} to {high}.",
                "labels count from 0; name every class.",
            )
    return tuple(str(name) for name in classes)  # without NumPy's own kind of text


def row_numbers(who: object, indices: object, n_samples: int) -> np.ndarray:
    """Turn a slice, a boolean mask, an integer or integers into row numbers from 0 to n_samples − 1."""
    if isinstance(indices, slice):
        return np.arange(n_samples)[indices]
    rows = as_array(who, "indices", indices)
    if rows.dtype.kind == "b" and rows.shape == (n_samples,):
        return np.flatnonzero(rows)
    if rows.size == 0 and rows.ndim == 1:
        return np.empty(0, np.int64)
    if rows.dtype.kind not in "iu" or rows.ndim > 1:
        got = f"{rows.dtype} of shape {shape_text(rows.shape)}" if rows.dtype.kind != "O" else type(indices).__name__
        fail(
            who,
            f"indices must be an integer, a slice or integers, got {got}.",
            "as in d[3], d[:10] or d[[0, 5]].",
            TypeError,
        )
    beyond = rows[(rows < -n_samples) | (rows >= n_samples)]
    if beyond.size:
        fail(who, f"there is no sample {beyond[0]}, they count from 0 to {n_samples - 1}.", kind=IndexError)
    return np.where(rows < 0, rows + n_samples, rows)


def callable_transform(who: object, transform: object) -> Callable:
    """Check that a transform can be called on a batch."""
    if not callable(transform):
        fail(
            who,
            f"transform must be callable on a batch x, got {type(transform).__name__}.",
            "pass a transform such as RandomFlip(), a function of x, or a list of them.",
            TypeError,
        )
    return transform

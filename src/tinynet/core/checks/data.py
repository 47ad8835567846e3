"""Sentences about data sets: their arrays, rows and generators."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tinynet.core.checks.shapes import shape_text
from tinynet.core.checks.values import number
from tinynet.core.checks.words import fail


def array_of_samples(who: object, name: str, value: object) -> np.ndarray:
    """Turn a value into an array of numbers with one row per sample; memory-mapped arrays stay as they are."""
    if value is None or isinstance(value, (str, bytes, dict, set)):
        fail(who, f"{name} must be an array, got {type(value).__name__}.", "pass a NumPy array.", TypeError)
    try:
        array = value if isinstance(value, np.memmap) else np.asarray(value)
    except ValueError:  # rows of different lengths
        fail(who, f"{name} must be an array, got rows of different shapes.", "bring all samples to one shape.")
    if array.dtype.kind not in "biuf":
        fail(who, f"{name} must hold numbers, got {array.dtype}.", "encode words and objects as numbers.", TypeError)
    if array.ndim == 0:
        fail(who, f"{name} must have one row per sample, got the single number {array}.")
    if len(array) == 0:
        fail(who, f"{name} is empty, its shape is {shape_text(array.shape)}.", "a data set needs at least one sample.")
    return array


def equal_lengths(who: object, lengths: dict[str, int]) -> None:
    """Check that all arrays of a data set have the same number of rows."""
    if len(set(lengths.values())) > 1:
        found = ", ".join(f"{name} has {length}" for name, length in lengths.items())
        fail(who, f"x and y must have one row per sample each, but {found}.", "check how the arrays were cut.")


def finite_samples(who: object, name: str, array: np.ndarray, rows: np.ndarray | None = None) -> None:
    """Check that there is no NaN or infinity, and name the first sample that has one.

    Args:
        who: The object that complains.
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
        who,
        f"{name} has NaN or infinity in {len(bad)} of {len(array)} samples, the first is sample {first}.",
        "remove or replace them, for example with np.nan_to_num or by leaving these samples out.",
    )


def class_names(who: object, classes: object, y: Any) -> tuple[str, ...] | None:
    """Check the names of the classes, and that every label has one."""
    if classes is None:
        return None
    if isinstance(classes, str) or not isinstance(classes, Sequence) or not all(isinstance(c, str) for c in classes):
        fail(who, f"classes must be a list of names, got {classes!r}.", 'write classes=["cat", "dog"].', TypeError)
    if isinstance(y, np.ndarray) and not isinstance(y, np.memmap) and y.dtype.kind in "iu":
        low, high = int(y.min()), int(y.max())
        if low < 0 or high >= len(classes):
            fail(
                who,
                f"labels must lie in 0 to {len(classes) - 1} for {len(classes)} classes, got {low} to {high}.",
                "labels count from 0; name every class.",
            )
    return tuple(classes)


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


def row_numbers(who: object, indices: object, n_samples: int) -> np.ndarray:
    """Turn a slice, a boolean mask, an integer or integers into row numbers from 0 to n_samples − 1."""
    if isinstance(indices, slice):
        return np.arange(n_samples)[indices]
    rows = np.asarray(indices)
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


def random_generator(who: object, rng: object) -> np.random.Generator:
    """Turn an integer seed into a generator, or check that it is one."""
    if isinstance(rng, np.random.Generator):
        return rng
    if isinstance(rng, (int, np.integer)) and not isinstance(rng, bool) and rng >= 0:
        return np.random.default_rng(int(rng))
    fail(
        who,
        f"rng must be a np.random.Generator or a seed from 0 on, got {rng!r}.",
        "pass np.random.default_rng(0), or None to follow tn.seed.",
        TypeError,
    )


def proper_fraction(who: object, fraction: object, n_samples: int) -> int:
    """Check the share of a split and return how many of the samples it is; neither part may be empty."""
    share = number(who, "fraction", fraction)
    if not 0 < share < 1:
        fail(who, f"fraction must lie between 0 and 1, got {share:g}.", "split(0.1) gives a part of a tenth.")
    n_part = round(share * n_samples)
    if n_part in (0, n_samples):
        fail(
            who,
            f"fraction {share:g} of {n_samples} samples leaves one part empty.",
            "take another fraction or more data.",
        )
    return n_part


def dataset(who: object, source: object) -> int:
    """Check that something can be read in batches, and return its number of samples."""
    if (
        not hasattr(source, "__len__")
        or not hasattr(source, "__getitem__")
        or isinstance(source, (str, dict, list, tuple, np.ndarray))
    ):
        fail(
            who,
            f"expected a data set with len(d) and d[indices] -> (x, y), got {type(source).__name__}.",
            "wrap arrays as Dataset(x, y).",
            TypeError,
        )
    n_samples = len(source)
    if n_samples == 0:
        fail(who, f"{source!r} is empty.", "a data set needs at least one sample.")
    return n_samples


def no_full_batch(who: object, n_samples: int, batch_size: int) -> None:
    """Check that leaving out the last short batch leaves any."""
    if n_samples < batch_size:
        fail(
            who,
            f"drop_last leaves no batch, there are {n_samples} samples and batch_size is {batch_size}.",
            f"take a batch_size of at most {n_samples}, or drop_last=False.",
        )


def samples(who: object, got: object) -> tuple:
    """Check that a data set answered with a pair (x, y)."""
    if not isinstance(got, tuple) or len(got) != 2:
        fail(
            who,
            f"d[indices] must be a pair (x, y), got {type(got).__name__}.",
            "return (x, y) from __getitem__.",
            TypeError,
        )
    return got


def mean_and_std(who: object, mean: object, std: object) -> tuple[np.ndarray, np.ndarray]:
    """Check the numbers of a normalisation: one for all channels or one per channel, and no std of 0."""
    arrays = []
    for name, value in (("mean", mean), ("std", std)):
        array = np.atleast_1d(np.asarray(value))
        if array.dtype.kind not in "iuf" or array.ndim > 1:
            fail(who, f"{name} must be a number or one number per channel, got {value!r}.", kind=TypeError)
        if not np.isfinite(array).all():
            fail(who, f"{name} must be finite, got {value!r}.")
        arrays.append(array.astype(np.float64))
    if (arrays[1] <= 0).any():
        fail(who, f"std must be greater than 0, got {std!r}.", "a channel that never changes needs std 1.")
    if 1 not in (arrays[0].size, arrays[1].size) and arrays[0].size != arrays[1].size:
        fail(who, f"mean has {arrays[0].size} channels and std has {arrays[1].size}.", "give one of each per channel.")
    return arrays[0], arrays[1]


def channels(who: object, x: object, n_channels: int) -> None:
    """Check that a batch has the channels of a transform; one number serves any."""
    if not isinstance(x, np.ndarray) or x.ndim < 2 or n_channels not in (1, x.shape[1]):
        expected = "(N, C, ...)" if n_channels == 1 else f"(N, {n_channels}, ...)"
        fail(who, f"expected x of shape {expected}, got {_what(x)}.", "give one mean and one std per channel.")


def images(who: object, x: object) -> None:
    """Check that a batch is (N, C, H, W)."""
    if not isinstance(x, np.ndarray) or x.ndim != 4:
        fail(who, f"expected x of shape (N, C, H, W), got {_what(x)}.", "this transform is for images.")


def window_fits(who: object, size: tuple[int, int], image: tuple[int, ...]) -> None:
    """Check that a crop is no larger than the padded image."""
    if size[0] > image[0] or size[1] > image[1]:
        fail(
            who,
            f"the window {shape_text(size)} is larger than the padded image {shape_text(image)}.",
            f"take a size of at most {shape_text(image)}, or more padding.",
        )


def probability(who: object, name: str, value: object) -> float:
    """Check that a value is a number from 0 to 1."""
    value = number(who, name, value)
    if not 0 <= value <= 1:
        fail(who, f"{name} must be from 0 to 1, got {value:g}.")
    return value


def _what(x: object) -> str:
    return shape_text(x.shape) if isinstance(x, np.ndarray) else type(x).__name__


def function_of_x(who: object, function: object) -> None:
    """Check that a curve is given as something that can be called."""
    if not callable(function):
        fail(
            who,
            f"function must be callable on x, got {type(function).__name__}.",
            "pass a function, as np.sin.",
            TypeError,
        )

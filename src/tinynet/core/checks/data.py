"""Sentences about data sets: their arrays, rows and generators."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tinynet.core.checks.shapes import shape_text
from tinynet.core.checks.words import fail


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

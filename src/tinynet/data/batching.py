"""One pass over a data set, a batch at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from tinynet.core import checks
from tinynet.data.randomness import generator


def batches(
    dataset: Any,
    batch_size: int,
    shuffle: bool = False,
    rng: np.random.Generator | int | None = None,
    drop_last: bool = False,
    first: int = 0,
) -> Iterator[tuple[Any, Any]]:
    """Read a data set once, batch after batch.

    Only the rows of one batch are read at a time, so a memory-mapped file may be larger than memory.

    Args:
        dataset: Anything with `len(d)` and `d[indices] -> (x, y)` for an array of integers.
        batch_size: Samples per batch, at least 1. The last batch holds what is left.
        shuffle: Whether the order is drawn anew, as soon as `batches` is called.
        rng: A generator or a seed for the order; the package's shuffling stream if None.
        drop_last: Whether to leave out a last batch that is shorter than the others.
        first: The index of the batch to begin with; those before it are left out.

    Returns:
        An iterator over pairs (x, y).

    Raises:
        TypeError: The data set cannot be read like one.
        ValueError: batch_size is below 1, first is below 0, the data set is empty, or drop_last leaves no batch.

    Example:
        >>> from tinynet.data import Dataset
        >>> d = Dataset(np.arange(5.0)[:, None], np.arange(5))
        >>> [y.tolist() for x, y in batches(d, 2)]
        [[0, 1], [2, 3], [4]]
    """
    n_samples = _check_dataset(dataset)
    batch_size = checks.integer("batches", "batch_size", batch_size, minimum=1)
    first = checks.integer("batches", "first", first, minimum=0)
    shuffle, drop_last = checks.flag("batches", "shuffle", shuffle), checks.flag("batches", "drop_last", drop_last)
    if drop_last and n_samples < batch_size:
        checks.fail(
            "batches",
            f"drop_last leaves no batch, there are {n_samples} samples and batch_size is {batch_size}.",
            f"take a batch_size of at most {n_samples}, or drop_last=False.",
        )
    order = generator("batches", rng).permutation(n_samples) if shuffle else np.arange(n_samples)
    if drop_last:
        order = order[: n_samples - n_samples % batch_size]
    return _read(dataset, order[first * batch_size :], batch_size)


def _read(dataset: Any, order: np.ndarray, batch_size: int) -> Iterator[tuple[Any, Any]]:
    for start in range(0, len(order), batch_size):
        samples = dataset[order[start : start + batch_size]]
        if not isinstance(samples, tuple) or len(samples) != 2:
            problem = f"d[indices] must be a pair (x, y), got {type(samples).__name__}."
            checks.fail("batches", problem, "return (x, y) from __getitem__.", TypeError)
        yield samples


def _check_dataset(dataset: Any) -> int:
    """Check that something can be read in batches, and return its number of samples."""
    if (
        not hasattr(dataset, "__len__")
        or not hasattr(dataset, "__getitem__")
        or isinstance(dataset, (str, dict, list, tuple, np.ndarray))
    ):
        checks.fail(
            "batches",
            f"expected a data set with len(d) and d[indices] -> (x, y), got {type(dataset).__name__}.",
            "wrap arrays as Dataset(x, y).",
            TypeError,
        )
    n_samples = len(dataset)
    if n_samples == 0:
        checks.fail("batches", f"{dataset!r} is empty.", "a data set needs at least one sample.")
    return n_samples

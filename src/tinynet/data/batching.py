"""One pass over a data set, a batch at a time."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from tinynet.core import checks, generator_states, set_generator_states
from tinynet.core.arrays import as_array, is_array
from tinynet.core.checks.shapes import shape_text
from tinynet.core.streams import place_kept
from tinynet.data.dataset import Dataset
from tinynet.data.own.rows import pair_of
from tinynet.data.randomness import generator

ERRORS = (TypeError, ValueError, LookupError, AttributeError, OSError)  # of an index of another kind than expected


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
        dataset: Anything with `len(d)` and `d[indices] -> (x, y)` for an array of integers. Of one that takes only a
            single integer, as many of PyTorch do, the samples are read one by one and stacked. It may give tensors,
            and dicts with names such as "image" and "label", as data sets of Hugging Face do.
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
    one_by_one = batch_size == 1 and len(order) > 0 and _takes_singles_only(dataset, order[:1])
    for start in range(0, len(order), batch_size):
        rows = order[start : start + batch_size]
        if not one_by_one:
            place = generator_states()
            try:
                samples = dataset[rows]
            except ERRORS:
                set_generator_states(place)  # a try draws no random numbers
                one_by_one = _takes_singles_only(dataset, rows)
                if not one_by_one:
                    raise  # it is about something else
        yield _stacked([_pair(dataset[int(row)]) for row in rows]) if one_by_one else _pair(samples)


def _takes_singles_only(dataset: Any, rows: np.ndarray) -> bool:
    """Whether a data set takes a single row number, as PyTorch's may, but no array of them."""
    if isinstance(dataset, Dataset):
        return False
    with place_kept():
        two = np.resize(rows, 2)  # an array of one may pass for a number
        return not _takes(dataset, two) and _takes(dataset, int(rows[0]))


def _takes(dataset: Any, index: Any) -> bool:
    with warnings.catch_warnings(action="ignore"):
        try:
            dataset[index]
        except ERRORS:
            return False
    return True


def _pair(samples: Any) -> tuple[Any, Any]:
    if isinstance(samples, tuple) and len(samples) == 2 and is_array(samples[0]) and is_array(samples[1]):
        return samples
    return pair_of(samples)


def _stacked(samples: Sequence[Any]) -> Any:
    """Single samples as one batch, each of their arrays for itself; None stays None."""
    if samples[0] is None:
        return None
    if isinstance(samples[0], tuple):
        return tuple(_stacked(parts) for parts in zip(*samples, strict=True))
    arrays = [as_array(sample) for sample in samples]
    shapes = list(dict.fromkeys(array.shape for array in arrays))
    if len(shapes) > 1:
        problem = f"the samples of a batch have the shapes {shape_text(shapes[0])} and {shape_text(shapes[1])}."
        checks.fail("batches", problem, "bring all samples to one shape.")
    return np.stack(arrays)


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

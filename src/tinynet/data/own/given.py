"""What people hand over as data, as a data set."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from tinynet.core.arrays import as_array, is_array
from tinynet.core.checks.words import fail
from tinynet.data.dataset import Dataset
from tinynet.data.own.hugging_face import HuggingFaceRows, is_hugging_face
from tinynet.data.own.numpy_files import array_of_file, arrays_of_file
from tinynet.data.own.rows import TRUTH, pair_of, plain

Named = dict[str, Any]


def as_dataset(who: str, name: str, value: Any) -> Any:
    """Something with `len(d)` and `d[indices] -> (x, y)`, of what is such or can be made such.

    Args:
        who: The function that complains.
        name: What the argument is called.
        value: A pair (x, y) of arrays, lists, frames or names of .npy files; a list of samples; a dict or an .npz file
            with x and y; a frame with a column called y, label or target; or a data set of any library, as it is.

    Raises:
        TypeError: It is nothing of the kind.
        ValueError: It is empty, or does not tell what is x and what is y.

    Example:
        >>> as_dataset("Learner", "train", ([[0.0, 1.0], [2.0, 3.0]], [0, 1]))
        Dataset(2 samples, x=(2,) float64, y=() int64)
    """
    if isinstance(value, tuple) and len(value) == 2:
        return _of_pair(who, name, *value)
    if isinstance(value, list):
        return _of_samples(who, name, value)
    if isinstance(value, (str, os.PathLike)) and str(value).lower().endswith((".npz", ".npy")):
        return _of_file(who, name, Path(value))
    if isinstance(value, Mapping):
        return _of_mapping(who, name, value)
    if is_hugging_face(value) and len(value):
        return HuggingFaceRows(who, name, value)
    if hasattr(value, "columns") and hasattr(value, "iloc"):
        return _of_frame(who, name, value)
    if isinstance(value, (tuple, str, bytes, Path)) or is_array(value) or hasattr(value, "parameters"):
        _no_dataset(who, name, value)
    if not hasattr(value, "__len__") or not hasattr(value, "__getitem__"):
        came, hint = type(value).__name__, ""
        if hasattr(value, "dataset") and hasattr(value, "batch_size"):  # a DataLoader
            hint = "a Learner makes the batches itself: pass loader.dataset, and batch_size=…."
        elif hasattr(value, "__iter__") and hasattr(value, "take"):  # one that streams
            hint = "rows that stream cannot be drawn by number: load it without streaming, or pass list(data.take(…))."
        elif isinstance(value, Iterator):  # a zip or a generator
            hint = f"it can be read only once: pass list({name})."
        fail(who, f"{name} must have len(d) and d[indices] -> (x, y), got {came}.", hint, TypeError)
    try:
        n_samples = len(value)
    except (TypeError, ValueError) as error:
        fail(who, f"len({name}) fails: {error}.", "return the number of samples from __len__.", type(error))
    if not n_samples:
        fail(who, f"{name} is empty.", "check how the data were selected or split.")
    return value


def _of_pair(who: str, name: str, x: Any, y: Any) -> Dataset:
    """A data set of inputs and truth, each an array, a list, a frame, or the name of an .npy file."""
    both = (_array(who, f"{name}[0]", x), _array(who, f"{name}[1]", y))
    with _naming(who, [str(part) for part in (x, y) if isinstance(part, (str, os.PathLike))]):
        return _dataset(who, name, *both)


def _array(who: str, name: str, value: Any) -> Any:
    if isinstance(value, (str, os.PathLike)):
        path = Path(value)
        return arrays_of_file(who, path) if path.suffix.lower() == ".npz" else array_of_file(who, path)
    if isinstance(value, tuple) and _are_numbers(value):
        value = _as_list(value)
    if isinstance(value, tuple):
        return tuple(_array(who, f"{name}[{i}]", part) for i, part in enumerate(value))
    if not is_array(value) and not hasattr(value, "__len__") and not hasattr(value, "__array__"):
        hint = f"pass {name[:-3]} as (x, y)."
        hint = "it can be read only once: make it a list." if isinstance(value, Iterator) else hint
        fail(who, f"{name} must be an array, got {type(value).__name__}.", hint, TypeError)
    return value if hasattr(value, "nnz") else plain(value)  # a sparse matrix may be too large to be made whole


def _are_numbers(value: tuple) -> bool:
    """Whether a tuple is no tuple of several inputs, but one that holds numbers, or rows of them."""
    if all(isinstance(row, tuple) and row for row in value):
        return all(map(_are_numbers, value))
    return all(isinstance(part, (int, float, np.generic)) for part in value)


def _as_list(value: tuple) -> list[Any]:
    return [_as_list(part) if isinstance(part, tuple) else part for part in value]


def _of_samples(who: str, name: str, samples: Sequence[Any]) -> Dataset:
    """A data set of a list of samples, each a pair (x, y) or a dict."""
    if not samples:
        fail(who, f"{name} is empty.", "check how the data were selected or split.")
    pairs = []
    for row, sample in enumerate(samples):
        if not isinstance(sample, (tuple, list, Mapping)) or (not isinstance(sample, Mapping) and len(sample) != 2):
            came = type(sample).__name__ + (f" of {len(sample)}" if isinstance(sample, (tuple, list)) else "")
            problem = f"each row of {name} must be a pair (x, y), but row {row} is a {came}."
            fail(who, problem, "arrays of all x and all y go in as a tuple (x, y).", TypeError)
        pairs.append(pair_of(sample))
    return _dataset(who, name, *(plain(list(column)) for column in zip(*pairs, strict=True)))


def _of_mapping(who: str, name: str, value: Mapping[str, Any]) -> Dataset:
    """A data set of arrays with names."""
    if not value or not any(key in value for key in TRUTH):
        keys = list(value)[:10]
        came = f"{type(value).__name__} with {', '.join(map(repr, keys)) or 'nothing'}"
        parts = {"train", "test", "validation"}.intersection(value)
        hint = f'pass one of the parts, as in data["{keys[0]}"].' if parts else 'name them "x" and "y".'
        fail(who, f"{name} must be a dataset, got a {came}.", hint, TypeError)
    return _dataset(who, name, *pair_of(value))


def _of_frame(who: str, name: str, frame: Any) -> Dataset:
    """A data set of a frame whose truth is in a column with a name that tells it."""
    found = [column for column in frame.columns if str(column).lower() in TRUTH]
    if len(found) != 1:
        columns = ", ".join(map(repr, list(frame.columns)[:10]))
        problem = f"{name} is a frame with the columns {columns}, and it is not to be seen which is to be predicted."
        hint = 'pass (frame[["a", "b"]], frame["c"]), or see tinynet.data.table, which takes texts and gaps too.'
        fail(who, problem, hint)
    others = [column for column in frame.columns if column != found[0]]
    for column in others:
        if as_array(frame[column]).dtype.kind not in "biuf":
            problem = f"the column {column!r} of {name} does not hold numbers."
            fail(who, problem, "leave it out, or see tinynet.data.table, which takes texts and gaps too.", TypeError)
    return _dataset(who, name, plain(frame[others]), plain(frame[found[0]]))


def _of_file(who: str, name: str, path: Path) -> Dataset:
    """A data set of an .npz file with x and y."""
    if path.suffix.lower() == ".npy":
        problem = f"{name} is {path}, which holds one array, but there must be two: x and y."
        fail(who, problem, f'pass a pair, as in ("x.npy", "{path.name}").')
    arrays = arrays_of_file(who, path)
    with _naming(who, [str(path)]):
        return _of_mapping(who, name, arrays)


@contextmanager
def _naming(who: str, files: list[str]) -> Iterator[None]:
    """Name the files whose numbers cannot be used, if they come from files."""
    try:
        yield
    except (TypeError, ValueError) as error:
        if not files:
            raise
        problem, _, hint = str(error).partition(": ")[2].partition("\nHint: ")
        fail(who, f"in {' and '.join(files)}: {problem}", hint, type(error))


def _dataset(who: str, name: str, x: Any, y: Any) -> Dataset:
    try:
        return Dataset(x, y)
    except (TypeError, ValueError) as error:
        problem, _, hint = str(error).removeprefix("Dataset: ").partition("\nHint: ")
        fail(who, f"{name} cannot be used: {problem}", hint, type(error))


def _no_dataset(who: str, name: str, value: Any) -> NoReturn:
    """A value is nothing that has rows of x and y."""
    hint = "pass a pair of arrays (x, y), or wrap them as Dataset(x, y)."
    fail(who, f"{name} must be a dataset, got a {type(value).__name__}.", hint, TypeError)

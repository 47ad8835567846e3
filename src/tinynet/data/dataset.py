"""Samples and their ground truth, side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tinynet.core import checks
from tinynet.data import sentences
from tinynet.data.randomness import generator
from tinynet.data.transforms import Compose

Arrays = Any  # an array, or a tuple of arrays: several inputs, or several outputs


class Dataset:
    """Arrays x and y with one row per sample, read as `d[indices] -> (x, y)`.

    Anything with `len(d)` and `d[indices]` serves as a data set; this class is the one for arrays. Arrays in memory
    are checked for NaN and infinity once, here. Memory-mapped ones (`np.load(path, mmap_mode="r")`, `np.memmap`) are
    never read as a whole: rows are checked as they are read. `split` and `subset` keep row numbers and copy nothing.

    Shapes:
        x: (N, ...), or a tuple of such arrays for a network with several inputs
        y: (N,) integer class labels, (N, ...) numbers, or a tuple of such arrays

    Args:
        x: The inputs.
        y: The ground truth.
        classes: The names of the classes, in the order of the labels 0, 1, 2, …
        transform: A function of a batch x, or a list of them, applied whenever rows are read; see `with_transform`.

    Attributes:
        source: Where the data came from and whether it was verified, in words; empty if made from arrays.

    Raises:
        TypeError: An array does not hold numbers, or classes are not names.
        ValueError: An array is empty, x and y differ in length, a number is NaN or infinite, or a label has no class.

    Example:
        >>> d = Dataset(np.zeros((6, 1, 8, 8), np.float32), np.array([0, 1, 0, 1, 0, 1]), classes=["cat", "dog"])
        >>> d
        Dataset(6 samples, x=(1, 8, 8) float32, y=() int64, 2 classes)
        >>> x, y = d[[0, 5]]
        >>> x.shape, y
        ((2, 1, 8, 8), array([0, 1]))
    """

    def __init__(
        self,
        x: Arrays,
        y: Arrays,
        classes: Sequence[str] | None = None,
        transform: Callable | Sequence[Callable] | None = None,
    ) -> None:
        self._x = _checked("x", x)
        self._y = _checked("y", y)
        lengths = {name: len(array) for name, array in [*_named("x", self._x), *_named("y", self._y)]}
        sentences.equal_lengths(lengths)
        self._rows: np.ndarray | None = None  # of a part: which rows of the arrays belong to it
        self._n_samples = next(iter(lengths.values()))
        self.classes = sentences.class_names(classes, self._y)
        self.transform = _as_transform(transform)
        self.source = ""

    @property
    def x(self) -> Arrays:
        """All inputs, not transformed; on a part of a data set, a copy of its rows made at each use."""
        return self._x if self._rows is None else _read(self._x, self._rows)

    @property
    def y(self) -> Arrays:
        """The ground truth of all samples; on a part of a data set, a copy of its rows made at each use."""
        return self._y if self._rows is None else _read(self._y, self._rows)

    def __len__(self) -> int:
        return self._n_samples

    def __getitem__(self, indices: Any) -> tuple[Arrays, Arrays]:
        """Read samples: those of a slice, of integers or of a boolean mask, or a single one without the batch axis."""
        chosen = sentences.row_numbers("Dataset", indices, len(self))
        rows = chosen if self._rows is None else self._rows[chosen]
        x, y = _read(self._x, np.atleast_1d(rows)), _read(self._y, np.atleast_1d(rows))
        if self.transform is not None:
            x = self.transform(x)
        return (x, y) if chosen.ndim else (_first(x), _first(y))

    def subset(self, indices: Any) -> Dataset:
        """A data set of some of the samples, which shares the arrays of this one.

        Example:
            >>> Dataset(np.arange(10.0)[:, None], np.arange(10)).subset(slice(0, 10, 3)).y
            array([0, 3, 6, 9])
        """
        chosen = np.atleast_1d(sentences.row_numbers("Dataset.subset", indices, len(self)))
        if not len(chosen):
            checks.fail("Dataset.subset", "no sample was chosen.", "a data set needs at least one sample.")
        part = self.with_transform(self.transform)
        part._rows = chosen if self._rows is None else self._rows[chosen]
        part._n_samples = len(chosen)
        return part

    def split(self, fraction: float, rng: np.random.Generator | int | None = None) -> tuple[Dataset, Dataset]:
        """Cut off a random part: `train, valid = train.split(0.1)`.

        Where y holds integer labels, the part has the same share of every class, as nearly as whole samples allow. Both
        parts keep the order of the samples, share the arrays, and have this data set's transform; so split first and
        augment the training part afterwards.

        Args:
            fraction: The share of the second part, between 0 and 1.
            rng: A generator or a seed; the package's shuffling stream if None.

        Returns:
            The rest and the part.

        Raises:
            ValueError: The fraction is not between 0 and 1, or a part would be empty.

        Example:
            >>> d = Dataset(np.arange(20.0)[:, None], np.arange(20) % 2)
            >>> rest, part = d.split(0.3, rng=0)
            >>> len(rest), np.bincount(part.y)
            (14, array([3, 3]))
        """
        n_part = _proper_fraction(fraction, len(self))
        rng = generator("Dataset.split", rng)
        if isinstance(self._y, np.ndarray) and self._y.ndim == 1 and self._y.dtype.kind in "biu":
            chosen = _stratified(np.asarray(self.y), n_part, rng)
        else:
            chosen = rng.permutation(len(self))[:n_part]
        in_part = np.zeros(len(self), bool)
        in_part[chosen] = True
        return self.subset(~in_part), self.subset(in_part)

    def with_transform(self, transform: Callable | Sequence[Callable] | None) -> Dataset:
        """The same samples, shared and not copied, read through another transform (none if None).

        Example:
            >>> from tinynet.data import RandomCrop, RandomFlip
            >>> d = Dataset(np.ones((4, 3, 32, 32), np.float32), np.zeros(4, int))
            >>> d.with_transform([RandomCrop(32, padding=4), RandomFlip()])[:2][0].shape
            (2, 3, 32, 32)
        """
        other = object.__new__(type(self))
        other.__dict__ |= self.__dict__
        other.transform = _as_transform(transform)
        return other

    def __repr__(self) -> str:
        words = [f"{len(self)} samples"]
        words += [f"{name}={array.shape[1:]} {array.dtype}" for name, array in _named("x", self._x)]
        words += [f"{name}={array.shape[1:]} {array.dtype}" for name, array in _named("y", self._y)]
        words += [f"{len(self.classes)} classes"] if self.classes else []
        words += [f"transform={self.transform!r}"] if self.transform else []
        words += [f"source={self.source!r}"] if self.source else []
        return f"Dataset({', '.join(words)})"


def _checked(name: str, value: Any) -> Arrays:
    if isinstance(value, tuple):
        if not value:
            checks.fail("Dataset", f"{name} is an empty tuple.", "pass an array, or a tuple of arrays.")
        return tuple(_checked(f"{name}[{index}]", item) for index, item in enumerate(value))
    array = sentences.array_of_samples(name, value)
    if not isinstance(array, np.memmap):
        sentences.finite_samples(name, array)
    return array


def _named(name: str, arrays: Arrays) -> list[tuple[str, np.ndarray]]:
    if isinstance(arrays, tuple):
        return [(f"{name}[{index}]", array) for index, array in enumerate(arrays)]
    return [(name, arrays)]


def _read(arrays: Arrays, rows: np.ndarray) -> Arrays:
    if isinstance(arrays, tuple):
        return tuple(_read(array, rows) for array in arrays)
    if not isinstance(arrays, np.memmap):
        return arrays[rows]
    order = np.argsort(rows, kind="stable")  # a disk is read forwards
    batch = np.empty((len(rows), *arrays.shape[1:]), arrays.dtype)
    batch[order] = arrays[rows[order]]
    sentences.finite_samples(f"the memory-mapped array {arrays.filename or ''}".rstrip(), batch, rows)
    return batch


def _first(arrays: Arrays) -> Arrays:
    return tuple(array[0] for array in arrays) if isinstance(arrays, tuple) else arrays[0]


def _as_transform(transform: Callable | Sequence[Callable] | None) -> Callable | None:
    if transform is None:
        return None
    if isinstance(transform, (list, tuple)):
        return Compose(transform)
    return sentences.callable_transform("Dataset", transform)


def _stratified(labels: np.ndarray, n_part: int, rng: np.random.Generator) -> np.ndarray:
    """Draw `n_part` rows with the classes in proportion; samples left over by rounding go to the largest remainders."""
    _, label, counts = np.unique(labels, return_inverse=True, return_counts=True)
    take, remainder = np.divmod(counts * n_part, len(labels))
    take[np.argsort(-remainder, kind="stable")[: n_part - take.sum()]] += 1
    shuffled = rng.permutation(len(labels))
    by_class = shuffled[np.argsort(label[shuffled], kind="stable")]  # one class after the other, shuffled inside
    place = np.arange(len(labels)) - np.repeat(np.cumsum(counts) - counts, counts)
    return by_class[place < np.repeat(take, counts)]


def _proper_fraction(fraction: object, n_samples: int) -> int:
    """Check the share of a split and return how many of the samples it is; neither part may be empty."""
    share = checks.number("Dataset.split", "fraction", fraction)
    if not 0 < share < 1:
        checks.fail(
            "Dataset.split", f"fraction must lie between 0 and 1, got {share:g}.", "split(0.1) gives a part of a tenth."
        )
    n_part = round(share * n_samples)
    if n_part in (0, n_samples):
        checks.fail(
            "Dataset.split",
            f"fraction {share:g} of {n_samples} samples leaves one part empty.",
            "take another fraction or more data.",
        )
    return n_part

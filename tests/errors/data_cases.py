"""Data sets and transforms."""

import numpy as np

from tests.errors.case import Case, ones, points
from tinynet import data
from tinynet.data import Dataset, Normalize, RandomCrop, RandomFlip, batches, moons, spirals

CASES = [
    Case(
        "x and y of other lengths",
        lambda: Dataset(ones(3, 2), np.zeros(4)),
        ValueError,
        r"Dataset: x and y must have one row per sample each, but x has 3, y has 4",
    ),
    Case(
        "no samples",
        lambda: Dataset(ones(0, 2), np.zeros(0)),
        ValueError,
        r"Dataset: x is empty, its shape is \(0, 2\)\.\nHint: a data set needs at least one sample",
    ),
    Case("no array", lambda: Dataset(None, np.zeros(2)), TypeError, r"Dataset: x must be an array, got NoneType"),
    Case(
        "rows of other lengths",
        lambda: Dataset([[1.0, 2.0], [3.0]], np.zeros(2)),
        ValueError,
        r"Dataset: x must be an array, got rows of different shapes",
    ),
    Case(
        "words as inputs",
        lambda: Dataset(np.array(["a", "b"]), np.zeros(2)),
        TypeError,
        r"Dataset: x must hold numbers, got <U1",
    ),
    Case(
        "NaN in the inputs",
        lambda: Dataset(np.array([[1.0, 2], [np.nan, 1]]), np.zeros(2, int)),
        ValueError,
        r"Dataset: x has NaN or infinity in 1 of 2 samples, the first is sample 1\.\nHint: remove or replace",
    ),
    Case(
        "infinity in the truth",
        lambda: Dataset(ones(2, 2), np.array([np.inf, 0])),
        ValueError,
        r"Dataset: y has NaN or infinity in 1 of 2 samples, the first is sample 0",
    ),
    Case(
        "a label without a name",
        lambda: Dataset(ones(2, 2), np.array([0, 3]), classes=["a", "b"]),
        ValueError,
        r"Dataset: labels must lie in 0 to 1 for 2 classes, got 0 to 3",
    ),
    Case(
        "one word as names",
        lambda: Dataset(ones(2, 2), np.array([0, 1]), classes="ab"),
        TypeError,
        r"Dataset: classes must be a list of names, got 'ab'",
    ),
    Case(
        "a transform that is none",
        lambda: Dataset(ones(2, 2), np.zeros(2), transform=3),
        TypeError,
        r"Dataset: transform must be callable on a batch x, got int",
    ),
    Case(
        "a sample that is not there",
        lambda: points()[99],
        IndexError,
        r"Dataset: there is no sample 99, they count from 0 to 7",
    ),
    Case(
        "half an index",
        lambda: points()[1.5],
        TypeError,
        r"Dataset: indices must be an integer, a slice or integers, got float64",
    ),
    Case(
        "a split of everything",
        lambda: points().split(1.5),
        ValueError,
        r"Dataset\.split: fraction must lie between 0 and 1, got 1\.5",
    ),
    Case(
        "a split that leaves a part empty",
        lambda: points(2).split(0.1),
        ValueError,
        r"Dataset\.split: fraction 0\.1 of 2 samples leaves one part empty",
    ),
    Case(
        "an unknown data set",
        lambda: data.load("minst"),
        ValueError,
        r"data\.load: name must be one of 'digits', .*; got 'minst'\.\nHint: did you mean 'mnist'",
    ),
    Case(
        "a batch size of 0", lambda: batches(points(), 0), ValueError, r"batches: batch_size must be at least 1, got 0"
    ),
    Case(
        "a batch of two and a half",
        lambda: batches(points(), 2.5),
        TypeError,
        r"batches: batch_size must be an integer, got 2\.5",
    ),
    Case(
        "batches of a list",
        lambda: batches([1, 2], 2),
        TypeError,
        r"batches: expected a data set with len\(d\) .*, got list\.\nHint: wrap arrays as Dataset\(x, y\)",
    ),
    Case(
        "a last batch alone left out",
        lambda: batches(points(), 99, drop_last=True),
        ValueError,
        r"batches: drop_last leaves no batch, there are 8 samples and batch_size is 99",
    ),
    Case("spirals of no points", lambda: spirals(0), ValueError, r"spirals: n_samples must be at least 3, got 0"),
    Case("a negative noise", lambda: moons(10, noise=-1), ValueError, r"moons: noise must be at least 0, got -1"),
    Case("a spread of 0", lambda: Normalize(0, 0), ValueError, r"Normalize: std must be greater than 0, got 0"),
    Case(
        "a mean for other channels",
        lambda: Normalize([0, 0], [1, 1])(ones(1, 3, 4, 4)),
        ValueError,
        r"Normalize\(.*\): expected x of shape \(N, 2, \.\.\.\), got \(1, 3, 4, 4\)",
    ),
    Case(
        "a crop larger than the image",
        lambda: RandomCrop(40)(ones(1, 1, 4, 4)),
        ValueError,
        r"the window \(40, 40\) is larger than the padded image \(4, 4\)",
    ),
    Case(
        "a flip of rows",
        lambda: RandomFlip()(ones(2, 2)),
        ValueError,
        r"RandomFlip\(p=0\.5\): expected x of shape \(N, C, H, W\), got \(2, 2\)",
    ),
    Case("a probability of 2", lambda: RandomFlip(p=2), ValueError, r"RandomFlip: p must be from 0 to 1, got 2"),
]

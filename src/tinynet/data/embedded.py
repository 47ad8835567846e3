"""The data set that comes with the package."""

from __future__ import annotations

from importlib import resources

import numpy as np

from tinynet.data.dataset import Dataset

CLASSES = tuple("0123456789")


def digits() -> tuple[Dataset, Dataset]:
    """The 1,797 handwritten digits of 8×8 pixels from the UCI repository; they need no download.

    The split is fixed and stratified: 1,437 digits to learn from and 360 to test with. By E. Alpaydin and C. Kaynak,
    under CC BY 4.0; `files/digits.txt` has the attribution.

    Shapes:
        x: (N, 1, 8, 8) float32 in [0, 1]    y: (N,) int64, 0 to 9

    Returns:
        The training set and the test set.

    Example:
        >>> train, test = digits()
        >>> len(train), len(test), train.x.shape
        (1437, 360, (1437, 1, 8, 8))
    """
    path = resources.files("tinynet.data").joinpath("files/digits.npz")
    with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
        pixels, labels, test = arrays["pixels"], arrays["labels"], arrays["test"]
    x = pixels[:, None].astype(np.float32) / np.float32(16)  # (N, 1, 8, 8), stored as 0 to 16
    y = labels.astype(np.int64)
    in_test = np.zeros(len(y), bool)
    in_test[test] = True
    parts = Dataset(x[~in_test], y[~in_test], CLASSES), Dataset(x[in_test], y[in_test], CLASSES)
    for part in parts:
        part.source = "UCI optical digits, embedded"
    return parts

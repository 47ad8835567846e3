"""The data set that comes with the package."""

from __future__ import annotations

import io
from importlib import resources
from typing import NoReturn

import numpy as np

from tinynet.core import checks
from tinynet.data.dataset import Dataset
from tinynet.data.sources import sha256

CLASSES = tuple("0123456789")
SIZE = 45_443  # bytes of digits.npz, which tools/make_digits.py has written
SHA256 = "f4ba4531392818a6a2754ae0e44a7a32fac85e5a8d7c97a408f5bb22306ae343"


def digits() -> tuple[Dataset, Dataset]:
    """The 1,797 handwritten digits of 8×8 pixels from the UCI repository; they need no download.

    The split is fixed and stratified: 1,437 digits to learn from and 360 to test with. By E. Alpaydin and C. Kaynak,
    under CC BY 4.0; `files/digits.txt` has the attribution.

    Shapes:
        x: (N, 1, 8, 8) float32 in [0, 1]    y: (N,) int64, 0 to 9

    Returns:
        The training set and the test set.

    Raises:
        OSError: The file is missing from the installed package, or it is not as it was published.

    Example:
        >>> train, test = digits()
        >>> len(train), len(test), train.x.shape
        (1437, 360, (1437, 1, 8, 8))
    """
    with np.load(io.BytesIO(_content()), allow_pickle=False) as arrays:
        pixels, labels, test = arrays["pixels"], arrays["labels"], arrays["test"]
    x = pixels[:, None].astype(np.float32) / np.float32(16)  # (N, 1, 8, 8), stored as 0 to 16
    y = labels.astype(np.int64)
    in_test = np.zeros(len(y), bool)
    in_test[test] = True
    parts = Dataset(x[~in_test], y[~in_test], CLASSES), Dataset(x[in_test], y[in_test], CLASSES)
    for part in parts:
        part.source = "UCI optical digits, embedded"
    return parts


def _content() -> bytes:
    """The bytes of the file, unpacked only if they are those that were published."""
    path = resources.files("tinynet.data").joinpath("files/digits.npz")
    if not path.is_file():  # a pipe would be waited for
        _incomplete_package(path, "there is no such file")
    try:
        with path.open("rb") as file:
            content = file.read(SIZE + 1)  # whatever may lie there instead, no more is read
    except OSError as error:
        _incomplete_package(path, error.strerror or str(error))
    if sha256(content) != SHA256:
        _incomplete_package(path, "it is damaged, its SHA-256 is not the published one")
    return content


def _incomplete_package(path: object, problem: str) -> NoReturn:
    """A file of the package is not there, or is another."""
    hint = "install Tinynet again: pip install --force-reinstall tinynet."
    checks.fail("data", f"{path}, a file of the package, cannot be read: {problem}.", hint, OSError)

"""CIFAR-10, from its binary version; the pickled one is never read, because a pickle can run code."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NoReturn

import numpy as np

from tinynet.core import checks
from tinynet.core.temporary import temporary_folder
from tinynet.data.archive import unpack
from tinynet.data.dataset import Dataset
from tinynet.data.sources import RemoteFile, cache_folder, damaged, data_folders, find_or_download, labels_below, sha256

FOLDER = "cifar-10-batches-bin"
ARCHIVE = RemoteFile(
    "cifar-10-binary.tar.gz",
    "",
    "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
    (
        "https://www.cs.toronto.edu/~kriz",
        "https://cave.cs.toronto.edu/kriz",
        "https://storage.googleapis.com/s4tf-hosted-binaries/datasets/CIFAR10",
    ),
)
TRAIN = tuple(f"data_batch_{number}.bin" for number in range(1, 6))
TEST = "test_batch.bin"
META = "batches.meta.txt"
SUMS = "SHA256SUMS"  # written next to the files of a verified archive, in the format of the sha256sum command
CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
RECORD = 1 + 3 * 32 * 32  # a label, then the red, the green and the blue pixels
LONGEST = 10_000 * RECORD  # bytes of a file, as they were published
LONGEST_TEXT = 100_000  # bytes of the names or of the sums, which are a few hundred


def cifar10() -> tuple[Dataset, Dataset]:
    """CIFAR-10: 50,000 colour photographs of 32×32 pixels in ten classes to learn from, and 10,000 to test with.

    The files are taken from the subfolder `cifar-10-batches-bin` of the folder that TINYNET_DATA names or of the cache
    folder, or from a folder that TINYNET_DATA names itself; otherwise `cifar-10-binary.tar.gz` is taken from there or
    downloaded (170 MB). A folder with only some of the training files works too, and `source` says so. By A. Krizhevsky
    (2009).

    Shapes:
        x: (N, 3, 32, 32) float32 in [0, 1]    y: (N,) int64, 0 to 9

    Returns:
        The training set and the test set.

    Raises:
        OSError: The files are missing and cannot be downloaded.
        ValueError: A file is truncated or of another kind.

    Example:
        >>> train, test = cifar10()  # doctest: +SKIP
        >>> train.x.shape  # doctest: +SKIP
        (50000, 3, 32, 32)
    """
    folder = _find_folder() or _unpack(find_or_download(ARCHIVE))
    train = [folder / name for name in TRAIN if os.path.lexists(folder / name)]
    _cifar_files(folder, train, folder / TEST)
    classes = _class_names(folder / META, folder / META)
    parts = _read(train, classes), _read([folder / TEST], classes)
    missing = "" if len(train) == len(TRAIN) else f"only {len(train)} of {len(TRAIN)} training files, "
    verified = "verified" if not missing and _is_verified(folder) else "unverified"
    for part in parts:
        part.source = f"CIFAR-10, {folder}, {missing}{verified}"
    return parts


def _find_folder() -> Path | None:
    folders = data_folders()
    places = [folder / FOLDER for folder in folders] + [folder for folder in folders[:1] if (folder / TEST).exists()]
    return next((place for place in places if place.is_dir()), None)


def _read(paths: list[Path], classes: tuple[str, ...]) -> Dataset:
    for path in paths:
        _check_batch(path, path)
    n_samples = sum(path.stat().st_size for path in paths) // RECORD
    x = np.empty((n_samples, 3, 32, 32), np.float32)
    y = np.empty(n_samples, np.int64)
    start = 0
    for path in paths:
        records = _records(path)
        here = slice(start, start + len(records))
        np.divide(records[:, 1:].reshape(-1, 3, 32, 32), 255, out=x[here], dtype=np.float32)
        y[here] = records[:, 0]
        start += len(records)
    return Dataset(x, y, classes)


def _records(path: Path) -> np.ndarray:
    """One row per image: its label, then its pixels."""
    return np.fromfile(path, np.uint8).reshape(-1, RECORD)


def _check_batch(path: Path, blamed: Path) -> None:
    """Check a file of images; `blamed` is what the user gave us: this file, or the archive that it came from."""
    checks.readable_file("data", path)
    size = path.stat().st_size
    inside = "" if path == blamed else f" in its {path.name}"
    if size == 0 or size % RECORD:
        damaged(blamed, f"a multiple of {RECORD} bytes, one record per image{inside}", f"{size} bytes")
    labels_below(blamed, _records(path)[:, 0], len(CLASSES), inside)


def _class_names(path: Path, blamed: Path) -> tuple[str, ...]:
    if not path.exists():
        return CLASSES
    names = tuple(_text(path).split())
    if len(names) != len(CLASSES):
        inside = "" if path == blamed else f" in its {path.name}"
        damaged(blamed, f"the names of {len(CLASSES)} classes{inside}", f"{len(names)} words")
    return names


def _is_verified(folder: Path) -> bool:
    if not (folder / SUMS).exists():
        return False
    sums = _text(folder / SUMS)
    return all(f"{sha256((folder / name).read_bytes())}  {name}\n" in sums for name in (*TRAIN, TEST))


def _text(path: Path) -> str:
    checks.readable_file("data", path)
    with open(path, encoding="ascii", errors="replace") as file:
        return file.read(LONGEST_TEXT)


def _unpack(archive: Path) -> Path:
    """Unpack the files that are known by name into the cache folder; the folder appears there whole or not at all."""
    target = cache_folder() / FOLDER
    longest = dict.fromkeys((*TRAIN, TEST), LONGEST) | {META: LONGEST_TEXT}
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with temporary_folder(target.parent) as temporary:
            folder = temporary / FOLDER
            folder.mkdir()
            unpack(archive, {f"{FOLDER}/{name}": size for name, size in longest.items()}, temporary)
            _check_unpacked(archive, folder)
            if sha256(archive.read_bytes()) == ARCHIVE.sha256:
                lines = [f"{sha256((folder / name).read_bytes())}  {name}\n" for name in longest]
                (folder / SUMS).write_text("".join(lines), encoding="ascii")
            if not target.is_dir():  # it is there if another process was faster
                os.replace(folder, target)
    except OSError as error:
        _not_unpacked(archive, target, error)
    return target


def _check_unpacked(archive: Path, folder: Path) -> None:
    """Check the files before they are kept: found in the cache, they would be read instead of a mended archive."""
    for name in (*TRAIN, TEST):
        _check_batch(folder / name, archive)
    _class_names(folder / META, archive)


def _cifar_files(folder: Path, train: list[Path], test: Path) -> None:
    """Check that a folder has at least one training file and the test file of CIFAR-10."""
    missing = ([] if train else ["data_batch_1.bin"]) + ([] if os.path.lexists(test) else [test.name])
    if missing:
        checks.fail(
            "data",
            f"{folder} has no {' and no '.join(missing)}.",
            "put the files of cifar-10-binary.tar.gz there; the pickled version, without .bin, is never read.",
            FileNotFoundError,
        )


def _not_unpacked(archive: Path, target: Path, error: OSError) -> NoReturn:
    """The files of an archive cannot be written."""
    checks.fail(
        "data",
        f"{archive} could not be unpacked into {target}: {error.strerror or error}.",
        f"unpack it by hand, and let TINYNET_DATA name the folder that has {FOLDER} in it.",
        type(error),
    )

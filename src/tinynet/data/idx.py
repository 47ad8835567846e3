"""MNIST and Fashion-MNIST, which come as IDX files.

An IDX file starts with two zero bytes, a byte for the type of the numbers (8: unsigned bytes) and the number of axes;
then the size of each axis follows as a big-endian 32-bit integer, and then the numbers, the last axis running fastest.
"""

from __future__ import annotations

import gzip
import os
import zlib
from pathlib import Path

import numpy as np

from tinynet.data.dataset import Dataset
from tinynet.data.sources import RemoteFile, damaged, find_or_download, is_verified, labels_below

MNIST_MIRRORS = (
    "https://storage.googleapis.com/cvdf-datasets/mnist",
    "https://ossci-datasets.s3.amazonaws.com/mnist",
)
FASHION_MIRRORS = (
    "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion",
    "https://storage.googleapis.com/tensorflow/tf-keras-datasets",
    "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com",
)
NAMES = (
    "train-images-idx3-ubyte.gz",
    "train-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
)
MNIST_SHA256 = (  # of the file, and of what it holds
    (
        "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    ),
    (
        "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    ),
    (
        "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    ),
    (
        "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    ),
)
FASHION_SHA256 = (
    "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
    "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
    "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
    "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
)
MNIST_FOLDERS = ("MNIST/raw", "MNIST")  # as torchvision names them
FASHION_FOLDERS = ("FashionMNIST/raw", "FashionMNIST", "fashion_mnist")
MNIST_FILES = tuple(
    RemoteFile(name, "mnist", sha256, MNIST_MIRRORS, content, MNIST_FOLDERS, (other,))
    for name, (sha256, content), other in zip(NAMES, MNIST_SHA256, FASHION_SHA256, strict=True)
)
FASHION_FILES = tuple(
    RemoteFile(name, "fashion-mnist", sha256, FASHION_MIRRORS, "", FASHION_FOLDERS, others)
    for name, sha256, others in zip(NAMES, FASHION_SHA256, MNIST_SHA256, strict=True)
)
FASHION_CLASSES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)


def mnist() -> tuple[Dataset, Dataset]:
    """MNIST: 60,000 handwritten digits of 28×28 pixels to learn from, and 10,000 to test with.

    The files are taken from the subfolder `mnist`, or `MNIST/raw` as torchvision has it, of the folder that
    TINYNET_DATA names or of the cache folder, packed as .gz or not; otherwise they are downloaded (12 MB). TINYNET_DATA
    may also name that subfolder itself. By Y. LeCun, C. Cortes and C. Burges.

    Shapes:
        x: (N, 1, 28, 28) float32 in [0, 1]    y: (N,) int64, 0 to 9

    Returns:
        The training set and the test set; `source` says where the files lie and whether they are as published.

    Raises:
        OSError: A file is missing and cannot be downloaded.
        ValueError: A file is truncated or of another kind.

    Example:
        >>> train, test = mnist()  # doctest: +SKIP
        >>> train.x.shape  # doctest: +SKIP
        (60000, 1, 28, 28)
    """
    return _image_sets("MNIST", MNIST_FILES, tuple("0123456789"))


def fashion_mnist() -> tuple[Dataset, Dataset]:
    """Fashion-MNIST: 60,000 pictures of clothes of 28×28 pixels to learn from, and 10,000 to test with.

    The files are taken from the subfolder `fashion-mnist`, or `FashionMNIST/raw` as torchvision has it, of the folder
    that TINYNET_DATA names or of the cache folder, packed as .gz or not; otherwise they are downloaded (31 MB).
    TINYNET_DATA may also name that subfolder itself. By H. Xiao, K. Rasul and R. Vollgraf (2017).

    Shapes:
        x: (N, 1, 28, 28) float32 in [0, 1]    y: (N,) int64, 0 to 9

    Returns:
        The training set and the test set; `source` says where the files lie and whether they are as published.

    Raises:
        OSError: A file is missing and cannot be downloaded.
        ValueError: A file is truncated or of another kind.

    Example:
        >>> train, test = fashion_mnist()  # doctest: +SKIP
        >>> train.classes[9]  # doctest: +SKIP
        'Ankle boot'
    """
    return _image_sets("Fashion-MNIST", FASHION_FILES, FASHION_CLASSES)


#: A gzip file may unpack to this many bytes, and to as many more for each byte that it has itself: MNIST shrinks to a
#: fifth, but 4 MB can be made that would fill 4 GB.
MAX_UNPACKED, MAX_RATIO = 2**26, 32


def _image_sets(name: str, files: tuple[RemoteFile, ...], classes: tuple[str, ...]) -> tuple[Dataset, Dataset]:
    paths = [find_or_download(file) for file in files]
    contents = [_content(path) for path in paths]
    unverified = [
        path.name
        for file, path, content in zip(files, paths, contents, strict=True)
        if not is_verified(file, path, content)
    ]
    parts = []
    for images, labels in ((0, 1), (2, 3)):
        pixels = parse_idx(contents[images], paths[images], (28, 28))
        y = parse_idx(contents[labels], paths[labels], ()).astype(np.int64)
        _equal_counts(paths[images], len(pixels), paths[labels], len(y))
        labels_below(paths[labels], y, len(classes))
        x = np.divide(pixels[:, None], 255, dtype=np.float32)  # (N, 1, 28, 28)
        parts.append(Dataset(x, y, classes))
        parts[-1].source = f"{name}, {paths[images].parent}, " + (
            f"unverified: another SHA-256 than published for {', '.join(unverified)}" if unverified else "verified"
        )
    return parts[0], parts[1]


def _content(path: Path) -> bytes:
    if path.suffix != ".gz":
        return path.read_bytes()
    limit = MAX_UNPACKED + MAX_RATIO * os.path.getsize(path)
    try:
        with gzip.open(path) as file:
            content = file.read(limit + 1)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        damaged(path, "a complete gzip file", str(error))
    if len(content) > limit:
        damaged(path, f"at most {limit:,} bytes when it is unpacked", "more")
    return content


def parse_idx(content: bytes, path: Path, sample: tuple[int, ...]) -> np.ndarray:
    """Read unsigned bytes from the content of an IDX file.

    Args:
        content: The bytes of the file, unpacked.
        path: The file, for the error.
        sample: The shape of one sample.

    Returns:
        An array of shape (N, *sample), type uint8.

    Raises:
        ValueError: The file is not such an IDX file, or its length is not what its header says.
    """
    n_axes = 1 + len(sample)
    magic = bytes([0, 0, 8, n_axes])
    if content[:4] != magic:
        damaged(path, f"an IDX file that starts with the bytes {magic.hex(' ')}", content[:4].hex(" ") or "nothing")
    header = 4 + 4 * n_axes
    if len(content) < header:
        damaged(path, f"a header of {header} bytes", f"{len(content)} bytes")
    n_samples, *got = np.frombuffer(content, ">u4", n_axes, offset=4).tolist()
    if tuple(got) != sample:
        damaged(path, f"samples of shape {sample}", f"{tuple(got)}")
    size = header + n_samples * int(np.prod(sample, dtype=np.int64))
    if n_samples == 0 or len(content) != size:
        damaged(path, f"{size} bytes for {n_samples} samples" if n_samples else "samples", f"{len(content)} bytes")
    return np.frombuffer(content, np.uint8, offset=header).reshape(n_samples, *sample)


def _equal_counts(images: Path, n_images: int, labels: Path, n_labels: int) -> None:
    """Check that there are as many labels as images."""
    if n_images != n_labels:
        damaged(labels, f"{n_images} labels, as many as {images.name} has images", f"{n_labels} labels")

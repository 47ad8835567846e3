"""Files of data sets: IDX, gzip, CIFAR-10's archive and its files, the digits of the package, text."""

from __future__ import annotations

import gzip
import os
import tarfile
import zlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

from tinynet import data
from tinynet.data import cifar, embedded, idx
from tools.fuzz.kind import Format
from tools.fuzz.mutations import BYTES, Rng

RNG = np.random.default_rng(0)


def _make_idx(folder: Path, packed: bool) -> list[Path]:
    (folder / "mnist").mkdir()
    for name in idx.NAMES:
        array = RNG.integers(0, 256, (5, 28, 28), np.uint8) if "images" in name else np.array([0, 9, 3, 3, 7], np.uint8)
        content = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes() + array.tobytes()
        path = folder / "mnist" / (name if packed else name.removesuffix(".gz"))
        path.write_bytes(gzip.compress(content, mtime=0) if packed else content)
    return sorted((folder / "mnist").iterdir())


def _check_images(parts: tuple[Any, Any], shape: tuple[int, ...]) -> None:
    for part in parts:
        assert part.x.shape == (len(part.y), *shape), "another shape"
        assert np.abs(part.x - 0.5).max() <= 0.5, "pixels out of range"
        assert set(part.y.tolist()) <= set(range(10)), "labels out of range"


def _in_folder(folder: Path, read: Callable[[], Any]) -> Any:
    """Read with `folder` as TINYNET_DATA and as the cache, and no connection."""
    environment = {"TINYNET_DATA": str(folder), "XDG_CACHE_HOME": str(folder)}
    with (
        mock.patch.dict(os.environ, environment),
        mock.patch("tinynet.data.sources.cache_folder", return_value=folder),
        mock.patch("tinynet.data.cifar.cache_folder", return_value=folder),
        mock.patch("pooch.retrieve", side_effect=OSError("no connection")),
    ):
        return read()


def in_gzip(rng: Rng, content: bytes) -> bytes:
    """What a gzip file holds is changed, and packed again; or it is packed many times over."""
    if rng.random() < 0.1:
        return gzip.compress(bytes(int(rng.choice([10**6, 3 * 10**7, 2 * 10**8]))), 1)
    change = BYTES[int(rng.integers(len(BYTES)))]
    return gzip.compress(change(rng, zlib.decompress(content, 31)), 1, mtime=0)


def _make_cifar(folder: Path) -> list[Path]:
    inside = folder / cifar.FOLDER
    inside.mkdir()
    records = RNG.integers(0, 10, (3, cifar.RECORD), np.uint8)
    for name in (*cifar.TRAIN, cifar.TEST):
        records.tofile(inside / name)
    (inside / cifar.META).write_text("\n".join(cifar.CLASSES))
    (inside / cifar.SUMS).write_text("0" * 64 + "  data_batch_1.bin\n")
    return sorted(inside.iterdir())


def _make_tar(folder: Path) -> list[Path]:
    loose = folder / "loose"
    loose.mkdir()
    with tarfile.open(folder / cifar.ARCHIVE.name, "w:gz", compresslevel=1) as tar:
        for path in _make_cifar(loose):
            tar.add(path, f"{cifar.FOLDER}/{path.name}")
    return [folder / cifar.ARCHIVE.name]


def tar_header(rng: Rng, content: bytes) -> bytes:
    """A member of the archive is another kind of thing: a link, also to itself, sparse, of any size, a long name."""
    raw = bytearray(zlib.decompress(content, 31))
    starts = [at for at in range(0, len(raw), 512) if raw[at + 257 : at + 262] == b"ustar"]
    start = starts[int(rng.integers(len(starts)))]
    header = raw[start : start + 512]
    header[156:157] = rng.choice(list(b"0123456789gxLKSV\0")).astype(np.uint8).tobytes() if rng.random() < 0.7 else b"0"
    if rng.random() < 0.5:
        header[157:257] = bytes(header[:100])  # the link leads to itself
    if rng.random() < 0.5:
        size = (
            b"00000000000\0",
            b"77777777777\0",
            b"\x80" + b"\0" * 7 + b"\x7f\xff\xff\xff",
            b"\xff" * 11 + b"\0",
            b"-0000000001\0",
        )
        header[124:136] = size[int(rng.integers(len(size)))]
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    raw[start : start + 512] = header
    return gzip.compress(bytes(raw), 1, mtime=0)


def _read_digits(folder: Path) -> None:
    class Package:
        def joinpath(self, name: str) -> Path:
            return folder / Path(name).name

    with mock.patch.object(embedded.resources, "files", return_value=Package()):
        assert len(data.digits()[0]) == 1437


def _make_digits(folder: Path) -> list[Path]:
    source = Path(embedded.__file__).parent / "files" / "digits.npz"
    (folder / "digits.npz").write_bytes(source.read_bytes())
    return [folder / "digits.npz"]


def _make_text(folder: Path) -> list[Path]:
    (folder / "story.txt").write_text(
        "Es war einmal ein Müller, der hatte drei Söhne. 😀 1 2 3\n" * 4, encoding="utf-8"
    )
    return [folder / "story.txt"]


def _read_text(folder: Path) -> None:
    corpus = data.text(folder / "story.txt", length=4)
    content = corpus.decode(corpus.codes)
    assert content.replace("\ufeff", "") == _universal(folder / "story.txt").replace("\ufeff", ""), "another text"


def _universal(path: Path) -> str:
    return path.read_bytes().decode("utf-8").replace("\r\n", "\n").replace("\r", "\n")


def _read_mnist(folder: Path) -> None:
    _check_images(_in_folder(folder, data.mnist), (1, 28, 28))


def _read_cifar(folder: Path) -> None:
    _check_images(_in_folder(folder, data.cifar10), (3, 32, 32))


FORMATS = {
    "idx": Format(partial(_make_idx, packed=False), _read_mnist),
    "gzip": Format(partial(_make_idx, packed=True), _read_mnist, BYTES + (in_gzip,) * 16),
    "cifar": Format(_make_cifar, _read_cifar),
    "tar": Format(_make_tar, _read_cifar, BYTES + (in_gzip,) * 8 + (tar_header,) * 16),
    "npz": Format(_make_digits, _read_digits),
    "text": Format(_make_text, _read_text),
}

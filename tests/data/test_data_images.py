"""MNIST, Fashion-MNIST and CIFAR-10 from small files of the same formats, whole and damaged."""

from __future__ import annotations

import gzip
import io
import tarfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.data.conftest import Server
from tinynet.data import cifar, cifar10, fashion_mnist, idx, mnist
from tinynet.data.sources import sha256

RNG = np.random.default_rng(0)
PIXELS = RNG.integers(0, 256, (5, 28, 28), dtype=np.uint8)
LABELS = np.array([0, 9, 3, 3, 7], np.uint8)
RECORDS = np.concatenate([LABELS[:, None], RNG.integers(0, 256, (5, 3072), dtype=np.uint8)], axis=1)


def idx_bytes(array: np.ndarray) -> bytes:
    return bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes() + array.tobytes()


def write_mnist(folder: Path, packed: bool = True) -> Path:
    folder.mkdir(parents=True)
    for name in idx.NAMES:
        content = idx_bytes(PIXELS if "images" in name else LABELS)
        if packed:
            (folder / name).write_bytes(gzip.compress(content, mtime=0))
        else:
            (folder / name.removesuffix(".gz")).write_bytes(content)
    return folder


@pytest.mark.parametrize("packed", [True, False])
def test_mnist_put_there_by_hand(cache: Path, packed: bool) -> None:
    folder = write_mnist(cache / "mnist", packed)
    train, test = mnist()
    for part in (train, test):
        assert part.x.shape == (5, 1, 28, 28)
        assert part.x.dtype == np.float32
        assert np.array_equal(part.x[:, 0], PIXELS.astype(np.float32) / np.float32(255))
        assert part.y.dtype == np.int64
        assert part.y.tolist() == LABELS.tolist()
        assert part.classes == tuple("0123456789")
        assert part.source.startswith(f"MNIST, {folder}, unverified: another SHA-256 than published for train-images")


def test_fashion_mnist_has_its_own_folder_and_classes(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_mnist(tmp_path / "mine" / "fashion-mnist")
    monkeypatch.setenv("TINYNET_DATA", str(tmp_path / "mine"))
    assert fashion_mnist()[0].classes[9] == "Ankle boot"


def test_mnist_is_downloaded_and_verified(cache: Path, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    files = []
    for file in idx.MNIST_FILES:
        content = gzip.compress(idx_bytes(PIXELS if "images" in file.name else LABELS), mtime=0)
        server.pages[f"/good/{file.name}"] = content
        server.pages[f"/refusing/{file.name}"] = 403
        mirrors = (f"{server.address}/refusing", f"{server.address}/good")
        files.append(replace(file, sha256=sha256(content), content="", mirrors=mirrors))
    monkeypatch.setattr(idx, "MNIST_FILES", tuple(files))
    train, _ = mnist()
    assert train.source == f"MNIST, {cache / 'mnist'}, verified"
    assert len(server.asked) == 8
    again, _ = mnist()
    assert np.array_equal(again.x, train.x)
    assert len(server.asked) == 8


def test_the_same_content_packed_again_is_verified(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_mnist(cache / "mnist")
    contents = [sha256(idx_bytes(array)) for array in (PIXELS, LABELS) * 2]
    files = [replace(file, content=content) for file, content in zip(idx.MNIST_FILES, contents, strict=True)]
    monkeypatch.setattr(idx, "MNIST_FILES", tuple(files))
    assert mnist()[1].source.endswith(", verified")


WHOLE = idx_bytes(PIXELS)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        (
            "data_batch_3",
            b"\xff" + RECORDS.tobytes()[1:],
            "labels from 0 to 9 in its data_batch_3.bin, found the label 255",
        ),
        ("test_batch", b"1", "one record per image in its test_batch.bin, found 1 bytes"),
        ("test_batch", b"", "one record per image in its test_batch.bin, found 0 bytes"),
        ("batches", b"cat dog", "the names of 10 classes in its batches.meta.txt, found 2 words"),
    ],
)
def test_an_archive_of_damaged_files_is_blamed_itself_and_none_of_them_is_kept(
    cache: Path, name: str, content: bytes, words: str
) -> None:
    cache.mkdir(parents=True)
    (cache / cifar.ARCHIVE.name).write_bytes(cifar_archive(**{name: content}))
    with pytest.raises(
        ValueError, match=rf"{cifar.ARCHIVE.name} is damaged or another kind of file: expected .*{words}"
    ):
        cifar10()
    assert [path.name for path in cache.iterdir()] == [cifar.ARCHIVE.name]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        (0, gzip.compress(WHOLE, mtime=0)[:-20], "expected a complete gzip file, found"),
        (0, b"<html>not found</html>", r"expected a complete gzip file, found Not a gzipped file"),
        (
            0,
            gzip.compress(WHOLE, mtime=0)[:300] + bytes(50) + gzip.compress(WHOLE, mtime=0)[350:],
            "expected a complete gzip file",
        ),
        (0, gzip.compress(WHOLE[:-1], mtime=0), "expected 3936 bytes for 5 samples, found 3935 bytes"),
        (0, gzip.compress(WHOLE + b"x", mtime=0), "expected 3936 bytes for 5 samples, found 3937 bytes"),
        (0, gzip.compress(b"", mtime=0), "starts with the bytes 00 00 08 03, found nothing"),
        (0, gzip.compress(WHOLE[:9], mtime=0), "expected a header of 16 bytes, found 9 bytes"),
        (0, gzip.compress(idx_bytes(LABELS), mtime=0), "starts with the bytes 00 00 08 03, found 00 00 08 01"),
        (0, gzip.compress(idx_bytes(PIXELS[:, :8]), mtime=0), r"expected samples of shape \(28, 28\), found \(8, 28\)"),
        (0, gzip.compress(idx_bytes(PIXELS[:0]), mtime=0), "expected samples, found 16 bytes"),
        (
            1,
            gzip.compress(idx_bytes(LABELS[:4]), mtime=0),
            "expected 5 labels, as many as train-images.* found 4 labels",
        ),
        (3, gzip.compress(idx_bytes(LABELS + 10), mtime=0), "expected labels from 0 to 9, found the label 19"),
    ],
)
def test_damaged_mnist_files(cache: Path, name: int, content: bytes, words: str) -> None:
    path = write_mnist(cache / "mnist") / idx.NAMES[name]
    path.write_bytes(content)
    with pytest.raises(ValueError, match=f"{path.name} is damaged or another kind of file: .*{words}"):
        mnist()
    assert path.read_bytes() == content


def write_cifar(folder: Path, n_train: int = 5) -> Path:
    folder.mkdir(parents=True)
    for name in (*cifar.TRAIN[:n_train], cifar.TEST):
        RECORDS.tofile(folder / name)
    (folder / cifar.META).write_text("\n".join(cifar.CLASSES) + "\n\n")
    return folder


def cifar_archive(leave_out: str = "", **others: bytes) -> bytes:
    """An archive of CIFAR-10; `others` are contents that differ, by the name of the file without its end."""
    contents = dict.fromkeys((*cifar.TRAIN, cifar.TEST), RECORDS.tobytes())
    contents |= {cifar.META: "\n".join(cifar.CLASSES).encode(), "../evil": b"outside"}
    contents |= {name: others[name.split(".")[0]] for name in contents if name.split(".")[0] in others}
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, content in contents.items():
            if name != leave_out:
                member = tarfile.TarInfo(f"{cifar.FOLDER}/{name}")
                member.size = len(content)
                tar.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def test_cifar_put_there_by_hand(cache: Path) -> None:
    folder = write_cifar(cache / cifar.FOLDER)
    train, test = cifar10()
    assert train.x.shape == (25, 3, 32, 32)
    assert train.x.dtype == np.float32
    assert np.array_equal(test.x, RECORDS[:, 1:].reshape(5, 3, 32, 32).astype(np.float32) / np.float32(255))
    assert train.y.tolist() == LABELS.tolist() * 5
    assert train.classes[9] == "truck"
    assert train.source == f"CIFAR-10, {folder}, unverified"


def test_cifar_with_some_of_the_training_files_says_so(cache: Path) -> None:
    folder = write_cifar(cache / cifar.FOLDER, n_train=2)
    (folder / cifar.META).unlink()
    train, _ = cifar10()
    assert len(train) == 10
    assert train.classes == cifar.CLASSES
    assert "only 2 of 5 training files, unverified" in repr(train)


def test_cifar_archive_is_downloaded_unpacked_and_verified(
    cache: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = cifar_archive()
    server.pages = {f"/one/{cifar.ARCHIVE.name}": content}
    monkeypatch.setattr(
        cifar, "ARCHIVE", replace(cifar.ARCHIVE, sha256=sha256(content), mirrors=(f"{server.address}/one",))
    )
    folder = cache / cifar.FOLDER
    assert cifar10()[0].source == f"CIFAR-10, {folder}, verified"
    assert sorted(path.name for path in cache.iterdir()) == [cifar.FOLDER, cifar.ARCHIVE.name]
    assert sorted(path.name for path in folder.iterdir()) == sorted([*cifar.TRAIN, cifar.TEST, cifar.META, cifar.SUMS])
    assert cifar10()[0].source.endswith(", verified")
    RECORDS[::-1].tofile(folder / cifar.TRAIN[3])
    assert cifar10()[0].source.endswith(", unverified")
    assert len(server.asked) == 1


def test_cifar_archive_put_there_by_hand_is_unverified(cache: Path) -> None:
    cache.mkdir(parents=True)
    (cache / cifar.ARCHIVE.name).write_bytes(cifar_archive())
    assert cifar10()[1].source == f"CIFAR-10, {cache / cifar.FOLDER}, unverified"


@pytest.mark.parametrize(
    "content", [cifar_archive()[:-500], b"no archive", cifar_archive(cifar.TEST)], ids=["cut", "foreign", "no test"]
)
def test_damaged_cifar_archives_leave_nothing_behind(cache: Path, content: bytes) -> None:
    cache.mkdir(parents=True)
    (cache / cifar.ARCHIVE.name).write_bytes(content)
    with pytest.raises(ValueError, match=r"cifar-10-binary\.tar\.gz is damaged.*expected an archive of the binary"):
        cifar10()
    assert [path.name for path in cache.iterdir()] == [cifar.ARCHIVE.name]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        (
            cifar.TEST,
            RECORDS.tobytes()[:-1],
            "expected a multiple of 3073 bytes, one record per image, found 15364 bytes",
        ),
        (cifar.TRAIN[0], b"", "expected a multiple of 3073 bytes, one record per image, found 0 bytes"),
        (cifar.TRAIN[0], bytes([10]) * 3073, "expected labels from 0 to 9, found the label 10"),
        (cifar.META, b"cat\ndog\n", "expected the names of 10 classes, found 2 words"),
    ],
)
def test_damaged_cifar_files(cache: Path, name: str, content: bytes, words: str) -> None:
    path = write_cifar(cache / cifar.FOLDER) / name
    path.write_bytes(content)
    with pytest.raises(ValueError, match=f"{path.name} is damaged or another kind of file: {words}"):
        cifar10()


def test_a_folder_without_the_binary_files(cache: Path) -> None:
    (cache / cifar.FOLDER).mkdir(parents=True)
    with pytest.raises(
        FileNotFoundError, match=r"has no data_batch_1.bin and no test_batch.bin.*\n.*the pickled version"
    ):
        cifar10()

"""Data sets are found under the names and in the folders that other programs give them."""

from __future__ import annotations

import gzip
import os
from dataclasses import replace
from pathlib import Path

import pytest

from tests.data.conftest import Server
from tests.data.test_data_images import LABELS, PIXELS, RECORDS, idx_bytes
from tinynet.data import cifar10, fashion_mnist, idx, mnist, sources, text
from tinynet.data.sources import RemoteFile, cache_folder, data_folders, find_or_download, sha256


@pytest.fixture
def mine(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that TINYNET_DATA names."""
    folder = tmp_path / "mine"
    folder.mkdir()
    monkeypatch.setenv("TINYNET_DATA", str(folder))
    return folder


def write(folder: Path, name_of=lambda name: name) -> Path:
    """The four files, each under the name that `name_of` makes of the published one; packed if it ends with .gz."""
    for name in idx.NAMES:
        content = idx_bytes(PIXELS if "images" in name else LABELS)
        path = folder / name_of(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.compress(content, mtime=0) if path.suffix == ".gz" else content)
    return folder


def unpacked(name: str) -> str:
    return name.removesuffix(".gz")


def dotted(name: str) -> str:
    return unpacked(name).replace("-idx", ".idx")


NAMES = {
    "as published": lambda name: f"mnist/{name}",
    "unpacked": lambda name: f"mnist/{unpacked(name)}",
    "7-Zip": lambda name: f"mnist/{dotted(name)}",
    "packed with a dot": lambda name: f"mnist/{dotted(name)}.gz",
    "torchvision": lambda name: f"MNIST/raw/{unpacked(name)}",
    "torchvision, packed": lambda name: f"MNIST/raw/{name}",
    "Kaggle": lambda name: f"mnist/{unpacked(name)}/{unpacked(name)}",
    "Kaggle, unpacked here": lambda name: f"{unpacked(name)}/{unpacked(name)}",
    "in the folder itself": lambda name: name,
    "in the folder itself, with a dot": dotted,
    "a link in capitals": lambda name: f"MNIST/{name}",
}


@pytest.mark.parametrize("way", NAMES)
def test_mnist_is_found_under_the_names_of_others(mine: Path, way: str) -> None:
    write(mine, NAMES[way])
    train, _ = mnist()
    assert train.y.tolist() == LABELS.tolist()


@pytest.mark.parametrize("inside", ["mnist", "MNIST", "MNIST/raw"])
def test_tinynet_data_may_name_the_folder_itself(mine: Path, monkeypatch: pytest.MonkeyPatch, inside: str) -> None:
    write(mine / inside)
    monkeypatch.setenv("TINYNET_DATA", str(mine / inside))
    assert str(mine / inside) in mnist()[0].source
    write(mine / "MNIST" / "raw")
    monkeypatch.setenv("TINYNET_DATA", str(mine / "MNIST"))
    assert len(mnist()[0]) == 5


def test_fashion_is_never_taken_for_mnist(mine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    quiet = [tuple(replace(file, mirrors=()) for file in files) for files in (idx.MNIST_FILES, idx.FASHION_FILES)]
    monkeypatch.setattr(idx, "MNIST_FILES", quiet[0])
    monkeypatch.setattr(idx, "FASHION_FILES", quiet[1])
    for folder, right, wrong in (("mnist", mnist, fashion_mnist), ("FashionMNIST/raw", fashion_mnist, mnist)):
        monkeypatch.setenv("TINYNET_DATA", str(write(mine / folder)))
        assert len(right()[0]) == 5
        with pytest.raises(OSError, match="is not in"):
            wrong()
    # Where the folder's name says nothing, the hash does.
    packed = gzip.compress(idx_bytes(PIXELS), mtime=0)
    others = tuple(replace(file, others=(sha256(packed),)) for file in idx.MNIST_FILES)
    monkeypatch.setattr(idx, "MNIST_FILES", others)
    monkeypatch.setenv("TINYNET_DATA", str(write(mine / "some")))
    with pytest.raises(OSError, match="is not in"):
        mnist()
    assert len(fashion_mnist()[0]) == 5


def test_cifar_may_lie_in_the_folder_itself(mine: Path) -> None:
    for name in ("data_batch_1.bin", "test_batch.bin"):
        (mine / name).write_bytes(RECORDS.tobytes())
    assert len(cifar10()[0]) == 5


def test_a_tilde_in_tinynet_data_is_the_home_folder(mine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(mine.parent))
    monkeypatch.setenv("TINYNET_DATA", "~/mine")
    assert data_folders()[0] == mine
    write(mine / "mnist")
    assert len(mnist()[0]) == 5


def test_the_error_lists_every_place_searched(mine: Path, cache: Path, server: Server) -> None:
    file = RemoteFile("a.gz", "room", sha256(b""), (f"{server.address}/one",), "", ("Room/raw",))
    with pytest.raises(OSError, match="is not in") as caught:
        find_or_download(file)
    places = [mine / "room", mine / "Room/raw", mine / "raw", mine, cache / "room", cache / "Room/raw"]
    assert all(f"{place}," in str(caught.value) for place in places)


def without_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    for name in ("HOME", "USERPROFILE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(os.path, "expanduser", lambda path: path)


def test_a_user_without_a_home_has_data_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without_home(monkeypatch)
    monkeypatch.setattr(sources.tempfile, "gettempdir", lambda: str(tmp_path))
    assert cache_folder().parent == tmp_path
    monkeypatch.setenv("TINYNET_DATA", str(write(tmp_path / "mnist")))
    assert len(mnist()[0]) == 5


def test_a_byte_order_mark_is_no_letter(tmp_path: Path) -> None:
    path = tmp_path / "x.txt"
    path.write_bytes("\ufeffhello world, hello again".encode())
    corpus = text(path, length=4, valid=0)
    assert "\ufeff" not in corpus.vocabulary
    assert corpus.decode(corpus.codes[:5]) == "hello"
    path.write_bytes("\ufeff".encode())
    with pytest.raises(ValueError, match="is empty"):
        text(path)

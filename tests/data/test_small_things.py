"""Small things about data that a user would notice: names before sentences, defaults, odd archives, quiet tries."""

from __future__ import annotations

import gzip
import io
import tarfile
import warnings
from pathlib import Path

import numpy as np
import pytest

from tests.data.conftest import Server
from tests.data.test_data_images import LABELS, PIXELS, cifar_archive, idx_bytes, write_cifar, write_mnist
from tinynet.data import (
    Compose,
    Dataset,
    RandomFlip,
    Text,
    Windows,
    batches,
    cifar,
    cifar10,
    circles,
    curve,
    digits,
    idx,
    line,
    mnist,
    polynomial,
    sine,
    text,
)
from tinynet.data.archive import MAX_REST, unpack
from tinynet.data.sources import RemoteFile, find_or_download, sha256


class TestArchives:
    def put(self, cache: Path, content: bytes) -> None:
        cache.mkdir(parents=True)
        (cache / cifar.ARCHIVE.name).write_bytes(content)

    def test_many_files_that_nobody_wants_are_too_much_together(self, cache: Path) -> None:
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w") as tar:
            for name in ("first", "second"):
                member = tarfile.TarInfo(name)
                member.size = MAX_REST * 2 // 3
                tar.addfile(member, io.BytesIO(bytes(member.size)))
            members = buffer.tell()
        foreign = buffer.getvalue()[:members]
        self.put(cache, gzip.compress(foreign + gzip.decompress(cifar_archive()), 1))
        with pytest.raises(ValueError, match=r"cifar-10-binary\.tar\.gz is damaged.*found 'second' of 699050 bytes"):
            cifar10()

    def test_one_that_ends_in_the_middle_of_its_last_file(self, cache: Path) -> None:
        raw = gzip.decompress(cifar_archive())
        self.put(cache, gzip.compress(raw[: raw.index(b"airplane") + 20]))
        with pytest.raises(ValueError, match=r"cifar-10-binary\.tar\.gz is damaged.*it ends in the middle of a file"):
            cifar10()
        assert [path.name for path in cache.iterdir()] == [cifar.ARCHIVE.name]

    def test_a_file_in_it_may_be_empty(self, tmp_path: Path) -> None:
        with tarfile.open(tmp_path / "a.tar.gz", "w:gz") as tar:
            tar.addfile(tarfile.TarInfo("empty"))
        unpack(tmp_path / "a.tar.gz", {"empty": 10}, tmp_path)
        assert (tmp_path / "empty").read_bytes() == b""


class Singles:
    """A data set that takes one number at a time, and complains aloud about anything else."""

    def __len__(self) -> int:
        return 3

    def __getitem__(self, index: int) -> tuple[np.ndarray, int]:
        if isinstance(index, np.ndarray):
            warnings.warn("an array is no index", stacklevel=2)
            raise TypeError("one number at a time")
        return np.full(2, float(index)), index


class Broken:
    """A data set with nothing in it, or with samples that are no pairs."""

    def __init__(self, length: int) -> None:
        self.length = length

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: np.ndarray) -> np.ndarray:
        return index

    def __repr__(self) -> str:
        return "Broken()"


class TestBatches:
    def test_a_try_of_the_index_is_quiet(self) -> None:
        with warnings.catch_warnings(record=True) as heard:
            warnings.simplefilter("always")
            assert [y.tolist() for _, y in batches(Singles(), 1)] == [[0], [1], [2]]
        assert not heard

    def test_nothing_is_left_behind_the_last_batch(self) -> None:
        assert list(batches(Singles(), 1, first=3)) == []

    def test_sentences_begin_with_the_function(self) -> None:
        with pytest.raises(ValueError, match=r"^batches: Broken\(\) is empty\.\nHint: a data set needs"):
            batches(Broken(0), 2)
        with pytest.raises(TypeError, match=r"^batches: d\[indices\] must be a pair \(x, y\), got ndarray"):
            next(batches(Broken(3), 2))


class TestText:
    @pytest.mark.parametrize(
        ("arguments", "kind", "words"),
        [
            ({"stride": 0}, ValueError, "Windows: stride must be at least 1, got 0"),
            ({"codes": [[1, 2], [3]]}, TypeError, "Windows: codes must be an array, got rows of different lengths"),
            (
                {"codes": np.arange(8.0)},
                TypeError,
                r"Windows: codes must be integers of .* got float64 of shape \(8,\)",
            ),
            ({"codes": np.ones((4, 2), int)}, TypeError, r"Windows: codes must be integers of .* of shape \(4, 2\)"),
            ({"classes": [1, 2]}, TypeError, r"Windows: classes must be a string or a list of .* got \[1, 2\]"),
            ({"classes": 5}, TypeError, "Windows: classes must be a string or a list of characters, got 5"),
        ],
    )
    def test_windows_that_cannot_be(self, arguments: dict, kind: type[Exception], words: str) -> None:
        with pytest.raises(kind, match=f"^{words}"):
            Windows(**{"codes": np.arange(8), "length": 2} | arguments)

    def test_the_first_code_behind_the_vocabulary(self) -> None:
        with pytest.raises(ValueError, match=r"Text\.decode: codes must lie in 0 to 2, got 3"):
            Text("abc" * 9, length=4, valid=0).decode([2, 3])

    @pytest.mark.parametrize("name", ["length", "stride", "valid"])
    def test_a_wrong_number_is_told_before_the_file_is_read(self, tmp_path: Path, name: str) -> None:
        with pytest.raises(ValueError, match=f"^text: {name} must be at least"):
            text(tmp_path / "nowhere.txt", **{name: -1})


class TestImages:
    def test_the_test_set_is_not_the_training_set(self, cache: Path) -> None:
        folder = write_mnist(cache / "mnist", packed=False)
        for name, array in zip(idx.NAMES[2:], (PIXELS[:2], LABELS[:2]), strict=True):
            (folder / name.removesuffix(".gz")).write_bytes(idx_bytes(array))
        train, test = mnist()
        assert train.y.tolist() == LABELS.tolist()
        assert test.y.tolist() == LABELS[:2].tolist()

    def test_names_of_classes_beyond_ascii_read_alike_on_every_machine(self, cache: Path) -> None:
        path = write_cifar(cache / cifar.FOLDER) / cifar.META
        path.write_bytes("\n".join([*cifar.CLASSES[:9], "Lkw_für_alle"]).encode())
        assert cifar10()[0].classes == (*cifar.CLASSES[:9], "Lkw_f\ufffd\ufffdr_alle")

    def test_names_of_classes_that_are_no_text(self, cache: Path) -> None:
        path = write_cifar(cache / cifar.FOLDER) / cifar.META
        path.write_bytes(b"\xff\xfe\xfd")
        with pytest.raises(ValueError, match=rf"{path.name} is damaged .*: expected the names of 10 classes, found 1"):
            cifar10()

    def test_digits_say_where_they_are_from(self) -> None:
        for part in digits():
            assert part.source == "UCI optical digits, embedded"
            assert "source='UCI optical digits, embedded'" in repr(part)

    @pytest.mark.parametrize(
        ("error", "reason"),
        [
            (PermissionError(13, "Permission denied"), "Permission denied"),
            (OSError("a torn archive"), "a torn archive"),
        ],
    )
    def test_digits_that_may_not_be_read(self, monkeypatch: pytest.MonkeyPatch, error: OSError, reason: str) -> None:
        def refuse(*_: object) -> None:
            raise error

        monkeypatch.setattr(Path, "open", refuse)
        words = rf"^data: \S.*digits\.npz, a file of the package, cannot be read: {reason}\.\nHint: install Tinynet"
        with pytest.raises(OSError, match=words):
            digits()

    def test_a_download_leaves_nothing_in_other_folders(
        self, tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("TINYNET_DATA", raising=False)
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
        monkeypatch.setenv("HOME", str(tmp_path))
        server.pages = {"/one/a.gz": b"whole"}
        path = find_or_download(RemoteFile("a.gz", "room", sha256(b"whole"), (f"{server.address}/one",)))
        assert path.read_bytes() == b"whole"
        files_and_folders = [str(place.relative_to(tmp_path)) for place in tmp_path.rglob("*")]
        assert sorted(files_and_folders) == sorted(
            str(place.relative_to(tmp_path)) for place in (path, *path.parents) if tmp_path in place.parents
        )


class TestMadeUpData:
    def test_what_curves_are_like_if_nothing_is_said(self) -> None:
        d = curve(np.sin, rng=0)
        assert len(d) == len(line(rng=0)) == 100
        assert -1 <= d.x.min() < -0.9
        assert 0.9 < d.x.max() <= 1
        d = sine(2000, rng=0)
        assert np.std(d.y - np.sin(d.x)) == pytest.approx(0.1, rel=0.1)

    def test_coefficients_of_a_polynomial(self) -> None:
        d = polynomial(20, 0.0, 0, coefficients=np.array([1, 0, 3]))
        assert np.allclose(d.y, 1 + 3 * d.x**2)
        with pytest.raises(TypeError, match=r"^polynomial: coefficients must be a list of numbers, got 3\.0"):
            polynomial(coefficients=3.0)
        with pytest.raises(TypeError, match=r"^polynomial: coefficients\[0\] must be a number"):
            polynomial(coefficients=[[1.0, 2.0]])

    def test_circles_go_all_the_way_round(self) -> None:
        d = circles(400, 0.0, 0)
        for label, radius in ((0, 1.0), (1, 0.5)):
            points = d.x[d.y == label]
            assert np.all(points.min(axis=0) < -0.9 * radius)
            assert np.all(points.max(axis=0) > 0.9 * radius)


def test_sentences_begin_with_what_complains() -> None:
    with pytest.raises(ValueError, match=r"^Dataset: x is an empty tuple\.\nHint: pass an array"):
        Dataset((), np.zeros(3))
    with pytest.raises(TypeError, match=r"^Compose: transforms must be a list of functions, got .*RandomFlip"):
        Compose(RandomFlip())  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="^RandomFlip: p must be a number, got 'often'"):
        RandomFlip(p="often")  # type: ignore[arg-type]

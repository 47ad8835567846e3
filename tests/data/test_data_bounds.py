"""Files of data sets that are damaged, or made to cost much: a sentence that names the file, at little cost."""

import gzip
import io
import os
import struct
import tarfile
import time
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from tests.data.conftest import Server
from tests.data.test_data_images import LABELS, PIXELS, cifar_archive, idx_bytes, write_cifar, write_mnist
from tinynet.data import cifar, cifar10, digits, embedded, idx, mnist, text
from tinynet.data.sources import RemoteFile, find_or_download, sha256
from tinynet.learner import CSVLog


@pytest.fixture(autouse=True)
def _cheap():
    """No test here takes more than a second or 400 MB."""
    tracemalloc.start()
    start = time.perf_counter()
    yield
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert time.perf_counter() - start < 5  # tracing makes it slow
    assert peak < 400e6


class TestGzip:
    def test_a_small_file_that_would_fill_the_memory(self, cache: Path) -> None:
        folder = write_mnist(cache / "mnist")
        bomb = gzip.compress(bytes(10**7), mtime=0) * 30  # 300 MB in 300 kB
        (folder / idx.NAMES[0]).write_bytes(bomb)
        with pytest.raises(
            ValueError, match=r"train-images-idx3-ubyte\.gz is damaged.*expected at most 7.,...,... bytes"
        ):
            mnist()

    def test_as_many_samples_as_were_published_fit(self) -> None:
        assert idx.MAX_UNPACKED > 60_000 * 784 + 16

    @pytest.mark.parametrize("count", [0, 1, 2**31, 2**32 - 1])
    def test_a_header_that_counts_other_samples(self, cache: Path, count: int) -> None:
        folder = write_mnist(cache / "mnist", packed=False)
        content = idx_bytes(PIXELS)
        (folder / idx.NAMES[2].removesuffix(".gz")).write_bytes(content[:4] + struct.pack(">I", count) + content[8:])
        with pytest.raises(ValueError, match=r"t10k-images-idx3-ubyte is damaged or another kind of file: expected"):
            mnist()


def archive(**members: object) -> bytes:
    """An archive of CIFAR-10 in which some members are replaced, by their name without the end."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as new, tarfile.open(fileobj=io.BytesIO(cifar_archive())) as old:
        for member in old.getmembers():
            stem = Path(member.name).stem
            if stem in members:
                change = members[stem]
                change(member)  # type: ignore[operator]
                new.addfile(member, io.BytesIO(bytes(member.size)) if member.isreg() else None)
            else:
                new.addfile(member, old.extractfile(member))
    return buffer.getvalue()


def link_to_itself(member: tarfile.TarInfo) -> None:
    member.type, member.linkname, member.size = tarfile.LNKTYPE, member.name, 0


def symbolic_link(member: tarfile.TarInfo) -> None:
    member.type, member.linkname, member.size = tarfile.SYMTYPE, "/etc/passwd", 0


def sparse(member: tarfile.TarInfo) -> None:
    member.type, member.size = tarfile.GNUTYPE_SPARSE, 0


def too_long(member: tarfile.TarInfo) -> None:
    member.size = cifar.LONGEST + cifar.RECORD


@pytest.mark.parametrize("change", [link_to_itself, symbolic_link, sparse, too_long])
@pytest.mark.parametrize("stem", ["data_batch_2", "test_batch", "batches.meta"])
def test_members_that_are_no_plain_files(cache: Path, change: object, stem: str) -> None:
    cache.mkdir(parents=True)
    (cache / cifar.ARCHIVE.name).write_bytes(archive(**{stem: change}))
    with pytest.raises(ValueError, match=rf"cifar-10-binary\.tar\.gz is damaged.*found cifar-10-batches-bin/{stem}"):
        cifar10()
    assert [path.name for path in cache.iterdir()] == [cifar.ARCHIVE.name]


def with_size(field: bytes) -> bytes:
    """An archive whose first header claims another size, with the right checksum."""
    raw = bytearray(gzip.decompress(cifar_archive()))
    raw[124:136] = field
    raw[148:156] = b" " * 8
    raw[148:156] = b"%06o\0 " % sum(raw[:512])
    return gzip.compress(bytes(raw))


@pytest.mark.parametrize(
    "content",
    [
        with_size(b"77777777777\0"),
        with_size(b"\xff" * 10 + b"\xfe\x00"),  # −512: a reader that goes back by it never ends
        with_size(b"\x80" + b"\x7f" + b"\0" * 10),
        with_size(b"no number..."),
        gzip.compress(tarfile.TarInfo("empty").tobuf() * 200_000, 1),  # many members
        gzip.compress(bytes(tarfile.TarInfo("x").tobuf()) + bytes(10**8), 1),  # a long end
        gzip.compress(b"") + b"rest",
        gzip.compress(bytes(511)),
        gzip.compress(os.urandom(5000)),
    ],
    ids=["huge", "negative", "beyond", "no number", "members", "end", "nothing", "short", "noise"],
)
def test_archives_that_would_keep_a_reader_busy(cache: Path, content: bytes) -> None:
    cache.mkdir(parents=True)
    (cache / cifar.ARCHIVE.name).write_bytes(content)
    with pytest.raises(
        ValueError, match=r"cifar-10-binary\.tar\.gz is damaged or another kind of file: expected an archive"
    ):
        cifar10()


def test_leftovers_of_a_killed_unpacking_are_removed(cache: Path) -> None:
    (cache / ".tinynet-0.tmp" / cifar.FOLDER).mkdir(parents=True)
    (cache / cifar.ARCHIVE.name).write_bytes(cifar_archive())
    cifar10()
    assert sorted(path.name for path in cache.iterdir()) == [cifar.FOLDER, cifar.ARCHIVE.name]


def test_a_killed_download_is_removed_by_the_next(cache: Path, server: Server) -> None:
    (cache / "room" / ".tinynet-0.tmp").mkdir(parents=True)
    (cache / "room" / ".tinynet-0.tmp" / "tmp12345").write_bytes(b"half")
    server.pages = {"/one/a.gz": b"whole"}
    find_or_download(RemoteFile("a.gz", "room", sha256(b"whole"), (f"{server.address}/one",)))
    assert [path.name for path in (cache / "room").iterdir()] == ["a.gz"]


def test_a_folder_where_nothing_can_be_unpacked(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache.mkdir(parents=True)
    (cache / cifar.ARCHIVE.name).write_bytes(cifar_archive())

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(
        OSError, match=r"^data: \S*cifar-10-binary\.tar\.gz could not be unpacked into .*: No space left on device\."
    ):
        cifar10()
    assert [path.name for path in cache.iterdir()] == [cifar.ARCHIVE.name]


def replaced(path: Path, kind: str) -> Path:
    """Something else at a path."""
    path.unlink(missing_ok=True)
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to({"loop": path.name, "dangling": "nowhere", "endless": "/dev/zero"}[kind])
    return path


KINDS = {
    "folder": (IsADirectoryError, "directory"),
    "pipe": (OSError, "device or a pipe"),
    "loop": (OSError, "Too many levels of symbolic links"),
    "dangling": (FileNotFoundError, "there is no file"),
    "endless": (OSError, "device or a pipe"),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", [*cifar.TRAIN[:1], cifar.TEST, cifar.META, cifar.SUMS])
def test_something_else_where_a_file_of_cifar_was(cache: Path, kind: str, name: str) -> None:
    error, words = KINDS[kind]
    folder = write_cifar(cache / cifar.FOLDER)
    (folder / cifar.SUMS).write_text("")
    path = replaced(folder / name, kind)
    if kind in ("loop", "dangling") and name in (cifar.META, cifar.SUMS):
        return  # these are not needed
    with pytest.raises(error, match=rf"data: .*{path.name}.*|{words}") as caught:
        cifar10()
    assert words in str(caught.value)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("kind", ["pipe", "endless"])
def test_something_else_where_a_log_shall_be(tmp_path: Path, kind: str) -> None:
    with pytest.raises(OSError, match=r"CSVLog: .*log\.csv is a device or a pipe, not a file\.\nHint: name a file"):
        CSVLog(replaced(tmp_path / "log.csv", kind))
    CSVLog(os.devnull)


@pytest.mark.parametrize("kind", KINDS)
def test_something_else_where_a_text_was(tmp_path: Path, kind: str) -> None:
    error, words = KINDS[kind]
    with pytest.raises(error, match=r"text: .*story\.txt") as caught:
        text(replaced(tmp_path / "story.txt", kind))
    assert words in str(caught.value)


def test_a_file_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.txt").write_text("a story")

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("builtins.open", refuse)  # permissions do not bind root
    with pytest.raises(PermissionError, match=r"text: there is no permission to read .*a\.txt\.\nHint"):
        text(tmp_path / "a.txt")


def test_a_text_that_is_too_short_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("abc")
    with pytest.raises(ValueError, match=r"text: .*a\.txt was not taken\. Windows: a window of 64 characters"):
        text(tmp_path / "a.txt")


class TestDigits:
    @pytest.fixture
    def package(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        """A copy of the file of the package, which is read in place of it."""
        path = tmp_path / "digits.npz"
        path.write_bytes((Path(embedded.__file__).parent / "files" / "digits.npz").read_bytes())
        monkeypatch.setattr(embedded.resources, "files", lambda _: tmp_path / "..")
        monkeypatch.setattr(Path, "joinpath", lambda *_: path)
        return path

    def test_the_file_as_it_was_published(self, package: Path) -> None:
        assert package.stat().st_size == embedded.SIZE
        assert [len(part) for part in digits()] == [1437, 360]

    @pytest.mark.parametrize("place", [0, 30, 1000, -30])
    def test_one_bit(self, package: Path, place: int) -> None:
        content = bytearray(package.read_bytes())
        content[place] ^= 1
        package.write_bytes(bytes(content))
        with pytest.raises(
            OSError, match=r"digits\.npz, a file of the package, cannot be read: it is damaged.*\n.*force"
        ):
            digits()

    @pytest.mark.parametrize("content", [b"", b"PK\x03\x04", bytes(10**8)])
    def test_another_file(self, package: Path, content: bytes) -> None:
        package.write_bytes(content)
        with pytest.raises(OSError, match=r"digits\.npz, a file of the package, cannot be read: it is damaged"):
            digits()

    @pytest.mark.parametrize("kind", KINDS)
    def test_something_else(self, package: Path, kind: str) -> None:
        replaced(package, kind)
        with pytest.raises(OSError, match=r"digits\.npz, a file of the package, cannot be read: there is no such file"):
            digits()


def test_labels_and_pixels_are_as_before(cache: Path) -> None:
    write_mnist(cache / "mnist")
    assert mnist()[0].y.tolist() == LABELS.tolist()
    assert np.array_equal(mnist()[1].x[:, 0] * 255, PIXELS.astype(np.float32))

"""Finding and downloading files: mirrors in order, hashes that bind, and errors that say what to do."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from tests.data.conftest import Server
from tinynet.data.sources import RemoteFile, data_folders, find, find_or_download, sha256

GOOD, BAD = b"the real file", b"another file"


@pytest.fixture(autouse=True)
def _quiet() -> None:
    logging.getLogger("pooch").setLevel(logging.ERROR)


def remote(server: Server, *mirrors: str) -> RemoteFile:
    return RemoteFile("a.gz", "room", sha256(GOOD), tuple(f"{server.address}/{mirror}" for mirror in mirrors))


def test_first_good_mirror_is_taken_after_a_refusing_and_a_corrupt_one(cache: Path, server: Server) -> None:
    server.pages = {"/one/a.gz": 403, "/two/a.gz": BAD, "/three/a.gz": GOOD, "/four/a.gz": GOOD}
    path = find_or_download(remote(server, "one", "two/", "three", "four"))
    assert path == cache / "room" / "a.gz"
    assert path.read_bytes() == GOOD
    assert server.asked == ["/one/a.gz", "/two/a.gz", "/three/a.gz"]
    assert [other.name for other in path.parent.iterdir()] == ["a.gz"]


def test_what_is_there_is_not_downloaded_again(cache: Path, server: Server) -> None:
    server.pages = {"/one/a.gz": GOOD}
    file = remote(server, "one")
    assert find_or_download(file) == find_or_download(file) == find(file)
    assert len(server.asked) == 1


def test_a_file_put_there_by_hand_is_kept_as_it_is(cache: Path, server: Server) -> None:
    (cache / "room").mkdir(parents=True)
    (cache / "room" / "a.gz").write_bytes(BAD)
    server.pages = {"/one/a.gz": GOOD}
    assert find_or_download(remote(server, "one")).read_bytes() == BAD
    assert server.asked == []


def test_tinynet_data_comes_first_and_unpacked_files_count(
    cache: Path, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in (cache, tmp_path / "mine"):
        (folder / "room").mkdir(parents=True)
    (cache / "room" / "a.gz").write_bytes(GOOD)
    (tmp_path / "mine" / "room" / "a").write_bytes(GOOD)
    file = remote(server, "one")
    assert find(file) == cache / "room" / "a.gz"
    monkeypatch.setenv("TINYNET_DATA", str(tmp_path / "mine"))
    assert find(file) == tmp_path / "mine" / "room" / "a"
    assert data_folders() == [tmp_path / "mine", cache]


def test_all_mirrors_failing_names_file_folder_addresses_and_hash(cache: Path, server: Server) -> None:
    server.pages = {"/one/a.gz": 403, "/two/a.gz": BAD}
    file = remote(server, "one", "two")
    file = RemoteFile(file.name, file.folder, file.sha256, (*file.mirrors, "http://127.0.0.1:9/closed"))
    with pytest.raises(OSError, match=r"data: a.gz is not in .*room, and no address gave it:") as caught:
        find_or_download(file)
    message = str(caught.value)
    assert f"\n  {server.address}/one/a.gz: the server answers 403 Forbidden\n" in message
    assert f"\n  {server.address}/two/a.gz: what it gives has another SHA-256\n" in message
    assert "\n  http://127.0.0.1:9/closed/a.gz: no connection (ConnectionError)\n" in message
    assert f"put it into {cache / 'room'}, or into the same subfolder of the folder that the environment" in message
    assert f"its SHA-256 is {sha256(GOOD)}." in message
    assert not any((cache / "room").glob("*"))


def test_a_cache_folder_that_cannot_be_made(cache: Path, server: Server) -> None:
    cache.parent.mkdir()
    cache.write_bytes(b"a file where the folder should be")
    with pytest.raises(OSError, match=r"no address gave it:\n  http.*a\.gz: .*(exists|directory)"):
        find_or_download(remote(server, "one"))


def test_tinynet_data_that_is_no_folder(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TINYNET_DATA", str(tmp_path / "nowhere"))
    with pytest.raises(NotADirectoryError, match=r"TINYNET_DATA: expected a folder, but .*nowhere does not exist"):
        data_folders()
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("TINYNET_DATA", str(tmp_path / "file"))
    with pytest.raises(NotADirectoryError, match=r"TINYNET_DATA: expected a folder, but .*file is a file"):
        data_folders()


def test_a_directory_in_place_of_a_file(cache: Path, server: Server) -> None:
    (cache / "room" / "a.gz").mkdir(parents=True)
    with pytest.raises(IsADirectoryError, match=r"expected a file, but .*a\.gz is a directory"):
        find_or_download(remote(server, "one"))

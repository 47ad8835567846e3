"""Temporary files and folders where the file system has no locks."""

import errno
import fcntl
import os
import sys

import pytest

from tinynet.core import temporary


@pytest.fixture(params=["no locks in Python", "no locks on the drive"])
def _without_locks(request, monkeypatch):
    def refuse(descriptor, operation):
        raise OSError(errno.ENOLCK, "No locks available")

    if request.param == "no locks on the drive":
        monkeypatch.setattr(fcntl, "flock", refuse)
    else:
        monkeypatch.setitem(sys.modules, "fcntl", None)


@pytest.mark.usefixtures("_without_locks")
def test_files_and_folders_are_made_and_removed_without_locks(tmp_path):
    with temporary.temporary_file(tmp_path) as file, temporary.temporary_folder(tmp_path) as folder:
        (folder / "inside").write_bytes(b"1")
        assert file.stat().st_size == 0
        assert {path.name[:9] + path.suffix for path in (file, folder)} == {".tinynet-.tmp"}
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("_without_locks")
def test_without_locks_leftovers_stay_and_nobody_waits(tmp_path):
    (tmp_path / ".tinynet-1.tmp").touch()
    temporary.remove_leftovers(tmp_path)
    assert (tmp_path / ".tinynet-1.tmp").exists()
    with temporary.alone_in(tmp_path), temporary.alone_in(tmp_path):
        pass


def test_what_is_held_is_not_taken_for_a_leftover(tmp_path):
    with temporary.temporary_file(tmp_path) as file, temporary.temporary_folder(tmp_path) as folder:
        temporary.remove_leftovers(tmp_path)
        assert file.exists()
        assert folder.is_dir()


def test_a_file_that_has_moved_stays_and_no_descriptor_is_left_open(tmp_path):
    before = len(os.listdir("/dev/fd"))
    with temporary.temporary_file(tmp_path) as file:
        file.rename(tmp_path / "kept")
    with temporary.alone_in(tmp_path), pytest.raises(BlockingIOError), temporary.alone_in(tmp_path):
        pass
    with temporary.alone_in(tmp_path):  # it is free again
        pass
    temporary.remove_leftovers(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]
    assert len(os.listdir("/dev/fd")) == before
